// Floating point that hosts do not have: products and steps with exceptions of their own, estimates, rounding to odd and to
// integers of a size (Arm ARM, shared pseudocode: FPMulX, FPRecipStepFused, FPRSqrtStepFused, FPRecipEstimate,
// FPRSqrtEstimate, FPRecpX, FPRoundIntN, FPConvert with FPRounding_ODD, FPToFixedJS).

#include "float_environment.h"
#include "special.h"
#include <math.h>
#include <xmmintrin.h>

static const int fraction_bits[4] = {0, 10, 23, 52};
// The exponent, biased, whose reciprocal is the least normal number's.
static const int last_exponents[4] = {0, 29, 253, 2045};

static int exponent_of(int lane, uint64_t x) { return (int)(magnitude(lane, x) >> fraction_bits[lane]); }
static double number(struct environment *e, int lane, uint64_t x) {
    return lane == D ? as_double(x) : lane == S ? (double)as_float(x) : lyrebird_half_value(e, x);
}
static uint64_t of_number(struct environment *e, int lane, double value) {
    return lane == D ? double_bits(value) : lane == S ? float_bits((float)value) : lyrebird_half_bits(e, value);
}

static uint64_t propagated_two(struct environment *e, int lane, uint64_t a, uint64_t b) {
    const uint64_t operands[] = {a, b};
    return propagated(e, lane, operands, 2);
}

static int infinity_times_zero(int lane, uint64_t a, uint64_t b) {
    return (is_infinity(lane, a) && is_zero(lane, b)) || (is_zero(lane, a) && is_infinity(lane, b));
}

static uint64_t multiply_extended(struct environment *e, int lane, uint64_t a, uint64_t b) {
    a = operand(e, lane, a), b = operand(e, lane, b);
    uint64_t nan = propagated_two(e, lane, a, b);
    if (nan) return nan;
    if (infinity_times_zero(lane, a, b)) return ((a ^ b) & sign_bits[lane]) | of_number(e, lane, 2);
    return lyrebird_float_arithmetic(e, LYREBIRD_FLOAT_MUL, lane, a, b, 0);
}

static uint64_t reciprocal_step(struct environment *e, int lane, uint64_t a, uint64_t b) {
    a = operand(e, lane, a ^ sign_bits[lane]), b = operand(e, lane, b);
    uint64_t nan = propagated_two(e, lane, a, b), two = of_number(e, lane, 2);
    if (nan) return nan;
    if (infinity_times_zero(lane, a, b)) return two;
    return lyrebird_float_arithmetic(e, LYREBIRD_FLOAT_MUL_ADD, lane, a, b, two);
}

// The sum is rounded before it is halved, but where it is rounded its half is no subnormal number. Only an overflow is none
// after halving: then an operand, one of which is great, is halved before.
static uint64_t root_step(struct environment *e, int lane, uint64_t a, uint64_t b) {
    a = operand(e, lane, a ^ sign_bits[lane]), b = operand(e, lane, b);
    uint64_t nan = propagated_two(e, lane, a, b);
    if (nan) return nan;
    if (infinity_times_zero(lane, a, b)) return of_number(e, lane, 1.5);
    if (lane == H) {
        double sum = lyrebird_rounded_to_odd(e, LYREBIRD_FLOAT_MUL_ADD, number(e, H, a), number(e, H, b), 3);
        return lyrebird_half_bits(e, sum / 2);
    }
    struct environment attempt = {e->control, 0};
    uint64_t sum = lyrebird_float_arithmetic(&attempt, LYREBIRD_FLOAT_MUL_ADD, lane, a, b, of_number(e, lane, 3));
    if (attempt.flags & LYREBIRD_FLOAT_OVERFLOW) {
        int a_is_greater = magnitude(lane, a) > magnitude(lane, b);
        uint64_t half = of_number(e, lane, number(e, lane, a_is_greater ? a : b) / 2);
        return lyrebird_float_arithmetic(
            e, LYREBIRD_FLOAT_MUL_ADD, lane, half, a_is_greater ? b : a, of_number(e, lane, 1.5));
    }
    e->flags |= attempt.flags;
    return of_number(e, lane, number(e, lane, sum) / 2);
}

// Infinity, or the greatest number where it is rounded towards zero.
static uint64_t overflowed(struct environment *e, int lane, uint64_t sign) {
    e->flags |= LYREBIRD_FLOAT_OVERFLOW | LYREBIRD_FLOAT_INEXACT;
    uint32_t rounding = e->control & LYREBIRD_FLOAT_ROUNDING;
    int is_infinite = rounding == 0 || (rounding != 3 && (rounding == 1) == (sign != 0));
    return sign | (infinities[lane] - !is_infinite);
}

static uint64_t reciprocal_estimate(struct environment *e, int lane, uint64_t a) {
    a = operand(e, lane, a);
    uint64_t sign = a & sign_bits[lane], size = magnitude(lane, a);
    if (is_nan(lane, a)) return quieted(e, lane, a);
    if (is_infinity(lane, a)) return sign;
    if (is_zero(lane, a)) {
        e->flags |= LYREBIRD_FLOAT_DIVIDED_BY_ZERO;
        return sign | infinities[lane];
    }
    // Less than 2^-16, 2^-128 or 2^-1024.
    if (size < quiet_bits[lane] / 2) return overflowed(e, lane, sign);
    // The reciprocal of 2^14, 2^126 or 2^1022 and more is no normal number.
    if (flushes(e, lane) && exponent_of(lane, a) >= last_exponents[lane]) {
        e->flags |= LYREBIRD_FLOAT_UNDERFLOW;
        return sign;
    }
    int exponent = exponent_of(lane, a), bits = fraction_bits[lane];
    uint64_t fraction = size << (64 - bits);
    if (exponent == 0) {
        if (!(fraction >> 63)) {
            exponent = -1;
            fraction <<= 1;
        }
        fraction <<= 1;
    }
    uint64_t estimate = lyrebird_reciprocal_estimate(256 | (uint32_t)(fraction >> 56));
    int result_exponent = last_exponents[lane] - exponent;
    uint64_t result = estimate << (bits - 8);
    if (result_exponent > 0) return sign | (uint64_t)result_exponent << bits | (result & (((uint64_t)1 << bits) - 1));
    return sign | result >> (1 - result_exponent);
}

static uint64_t root_estimate(struct environment *e, int lane, uint64_t a) {
    a = operand(e, lane, a);
    uint64_t sign = a & sign_bits[lane];
    if (is_nan(lane, a)) return quieted(e, lane, a);
    if (is_zero(lane, a)) {
        e->flags |= LYREBIRD_FLOAT_DIVIDED_BY_ZERO;
        return sign | infinities[lane];
    }
    if (sign) return invalid(e, lane);
    if (is_infinity(lane, a)) return 0;
    int exponent = exponent_of(lane, a), bits = fraction_bits[lane];
    uint64_t fraction = a << (64 - bits);
    if (exponent == 0) {
        while (!(fraction >> 63)) {
            fraction <<= 1;
            exponent--;
        }
        fraction <<= 1;
    }
    uint32_t scaled = exponent & 1 ? 128 | (uint32_t)(fraction >> 57) : 256 | (uint32_t)(fraction >> 56);
    uint64_t estimate = lyrebird_root_estimate(scaled);
    uint64_t result_exponent = (uint64_t)((lane == D ? 3068 : lane == S ? 380 : 44) - exponent) / 2;
    return result_exponent << bits | (estimate & 0xFF) << (bits - 8);
}

static uint64_t reciprocal_exponent(struct environment *e, int lane, uint64_t a) {
    a = operand(e, lane, a);
    uint64_t sign = a & sign_bits[lane];
    if (is_nan(lane, a)) return quieted(e, lane, a);
    int bits = fraction_bits[lane], all = (int)(infinities[lane] >> bits), exponent = exponent_of(lane, a);
    return sign | (uint64_t)(exponent == 0 ? all - 1 : ~exponent & all) << bits;
}

static uint64_t round_to_integer(struct environment *e, int lane, int kind, uint64_t a) {
    a = operand(e, lane, a);
    double limit = ldexp(1, kind & 2 ? 63 : 31), value = number(e, lane, a), whole = 0;
    if (!is_nan(lane, a) && !is_infinity(lane, a)) {
        switch (kind & 1 ? (int)(e->control & LYREBIRD_FLOAT_ROUNDING) : 3) {
        case 0: whole = rint(value); break;
        case 1: whole = floor(value); break;
        case 2: whole = ceil(value); break;
        default: whole = trunc(value); break;
        }
        if (whole < limit && whole >= -limit) {
            if (whole != value) e->flags |= LYREBIRD_FLOAT_INEXACT;
            return of_number(e, lane, whole);
        }
    }
    e->flags |= LYREBIRD_FLOAT_INVALID;
    return of_number(e, lane, -limit);
}

static uint64_t convert_odd(struct environment *e, uint64_t a) {
    a = operand(e, D, a);
    uint64_t sign = a >> 32 & sign_bits[S], size = magnitude(D, a);
    if (is_nan(D, a)) {
        a = quieted(e, D, a);
        return e->control & LYREBIRD_FLOAT_DEFAULT_NAN ? default_nan(S) : sign | default_nan(S) | (a >> 29 & 0x3FFFFF);
    }
    if (is_infinity(D, a)) return sign | infinities[S];
    if (size == 0) return sign;
    int exponent = exponent_of(D, a) - 1023;
    if (exponent > 127) {
        e->flags |= LYREBIRD_FLOAT_OVERFLOW | LYREBIRD_FLOAT_INEXACT;
        return sign | (infinities[S] - 1);
    }
    int is_tiny = exponent < -126;
    if (is_tiny && e->control & LYREBIRD_FLOAT_FLUSH) {
        e->flags |= LYREBIRD_FLOAT_UNDERFLOW;
        return sign;
    }
    uint64_t significand = (size & 0xFFFFFFFFFFFFF) | (uint64_t)1 << 52;
    int shift = is_tiny ? 29 - 126 - exponent : 29;
    // Beyond that nothing is left but the fact.
    if (shift > 60) shift = 60;
    int is_inexact = (significand & (((uint64_t)1 << shift) - 1)) != 0;
    if (is_inexact) e->flags |= LYREBIRD_FLOAT_INEXACT | (is_tiny ? LYREBIRD_FLOAT_UNDERFLOW : 0u);
    // The highest bit of a normal number's significand adds one to the exponent.
    uint64_t bits = (significand >> shift) + (is_tiny ? 0 : (uint64_t)(exponent + 126) << 23);
    return sign | bits | (uint64_t)is_inexact;
}

// Bit 32 of the result: nothing was lost, not even the sign of zero.
static uint64_t to_integer_modulo(struct environment *e, uint64_t original) {
    uint64_t a = operand(e, D, original);
    int exponent = exponent_of(D, a) - 1023;
    if (is_zero(D, a)) return original == 0 ? (uint64_t)1 << 32 : 0;
    if (exponent < 0) {
        e->flags |= LYREBIRD_FLOAT_INEXACT;
        return 0;
    }
    uint64_t significand = (a & 0xFFFFFFFFFFFFF) | (uint64_t)1 << 52;
    uint64_t size = 0;
    int is_exact = 1, is_negative = a >> 63 != 0, fits = exponent < 32;
    if (exponent < 52) {
        size = significand >> (52 - exponent);
        is_exact = size << (52 - exponent) == significand;
    } else if (exponent < 84) {
        size = significand << (exponent - 52);
    }
    fits &= size <= 0x7FFFFFFF + (uint64_t)is_negative;
    if (!fits) e->flags |= LYREBIRD_FLOAT_INVALID;
    else if (!is_exact) e->flags |= LYREBIRD_FLOAT_INEXACT;
    return ((is_negative ? -size : size) & 0xFFFFFFFF) | (uint64_t)(fits && is_exact) << 32;
}

// To BF16, in the lower half.
static uint64_t convert_brain(struct environment *e, uint64_t a) {
    a = operand(e, S, a);
    if (is_nan(S, a)) return quieted(e, S, a) >> 16;
    uint64_t bits = a >> 16, rest = a & 0xFFFF, sign = a >> 31;
    if (rest == 0) return bits;
    uint32_t rounding = e->control & LYREBIRD_FLOAT_ROUNDING;
    int is_up = rounding == 0   ? rest > 0x8000 || (rest == 0x8000 && bits & 1)
                : rounding == 3 ? 0
                                : (rounding == 1) == (sign != 0);
    e->flags |= LYREBIRD_FLOAT_INEXACT | (is_subnormal(S, a) ? LYREBIRD_FLOAT_UNDERFLOW : 0u);
    // A carry out of the fraction is one more in the exponent, as it should be, up to infinity.
    bits += (uint64_t)is_up;
    if ((bits & 0x7FFF) == 0x7F80) e->flags |= LYREBIRD_FLOAT_OVERFLOW;
    return bits;
}

// A sum or product of numbers of single precision, rounded to odd; too great is infinite.
static uint64_t odd_single(struct environment *e, int operation, uint64_t a, uint64_t b) {
    double result = lyrebird_rounded_to_odd(e, operation, (double)as_float(a), (double)as_float(b), 0);
    e->flags = 0;
    uint64_t bits = convert_odd(e, double_bits(result));
    return e->flags & LYREBIRD_FLOAT_OVERFLOW ? bits + 1 : bits;
}

// A BF16 as it counts there, in single precision.
static uint64_t brain(struct environment *e, uint64_t x) { return operand(e, S, x << 16 & UINT32_MAX); }

// Two products of BF16 and the sum of all: to odd at each step, flushed, with default NaNs, and nobody is told anything.
static uint64_t dot_brain(uint64_t a, uint64_t b, uint64_t c) {
    struct environment own = {LYREBIRD_FLOAT_FLUSH | LYREBIRD_FLOAT_DEFAULT_NAN, 0};
    uint64_t low = odd_single(&own, LYREBIRD_FLOAT_MUL, brain(&own, a), brain(&own, b));
    uint64_t high = odd_single(&own, LYREBIRD_FLOAT_MUL, brain(&own, a >> 16), brain(&own, b >> 16));
    uint64_t sum = odd_single(&own, LYREBIRD_FLOAT_ADD, low, high);
    return odd_single(&own, LYREBIRD_FLOAT_ADD, operand(&own, S, c), sum);
}

static uint64_t one(
    struct environment *e, int operation, int lane, int kind, uint64_t a, uint64_t b, uint64_t c) {
    _mm_setcsr(lyrebird_mxcsr(0));
    switch (operation) {
    case LYREBIRD_FLOAT_MUL_EXTENDED: return multiply_extended(e, lane, a, b);
    case LYREBIRD_FLOAT_RECIP_STEP: return reciprocal_step(e, lane, a, b);
    case LYREBIRD_FLOAT_RSQRT_STEP: return root_step(e, lane, a, b);
    case LYREBIRD_FLOAT_RECIP_ESTIMATE: return reciprocal_estimate(e, lane, a);
    case LYREBIRD_FLOAT_RSQRT_ESTIMATE: return root_estimate(e, lane, a);
    case LYREBIRD_FLOAT_RECIP_EXPONENT: return reciprocal_exponent(e, lane, a);
    case LYREBIRD_FLOAT_ROUND_INTEGER: return round_to_integer(e, lane, kind, a);
    case LYREBIRD_FLOAT_CONVERT_ODD: return convert_odd(e, a);
    case LYREBIRD_FLOAT_CONVERT_BRAIN: return convert_brain(e, a);
    case LYREBIRD_FLOAT_DOT_BRAIN: return dot_brain(a, b, c);
    default: return to_integer_modulo(e, a);
    }
}

void lyrebird_float_special(struct lyrebird_float_words *words, uint64_t word) {
    int operation = word & 0xFF, lane = word >> 8 & 3, kind = word >> 12 & 3, is_vector = word >> 16 & 1;
    int narrows = operation == LYREBIRD_FLOAT_CONVERT_ODD || operation == LYREBIRD_FLOAT_CONVERT_BRAIN;
    int count = is_vector ? 16 >> lane : 1, into = narrows ? lane - 1 : lane;
    struct environment environment = {words->control & ~(uint32_t)LYREBIRD_FLOAT_ALTERNATIVE_HALF, 0};
    uint64_t result[2] = {0, 0};
    unsigned mxcsr = _mm_getcsr();
    for (int n = 0; n < count; n++) {
        uint64_t a = get(words->a, lane, n), b = get(words->b, lane, n), c = get(words->c, lane, n);
        put(result, into, n, one(&environment, operation, lane, kind, a, b, c));
    }
    _mm_setcsr(mxcsr);
    words->flags |= environment.flags;
    words->result[0] = result[0];
    words->result[1] = result[1];
}
