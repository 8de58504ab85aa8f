// IEEE 754 with what it leaves open chosen: a NaN operand is the result, signalling ones first, then by order, made quiet; an
// invalid operation gives the positive quiet NaN without payload; numbers are tiny before they are rounded. Integers out of
// range saturate. Arithmetic is the host's, in the wanted rounding; this file adds NaNs, flushing and the flags.

#include "float_environment.h"
#include "special.h"
#include "sse.h"
#include <math.h>
#include <xmmintrin.h>

// MARK: The host's arithmetic

// Of subnormal operands the host says more than is asked for.
static uint32_t raised(void) { return lyrebird_mxcsr_flags(_mm_getcsr()) & ~(uint32_t)LYREBIRD_FLOAT_DENORMAL; }

// What the host computes and the flags it raises. Operands and results are volatile: computed when it is asked for, in the
// rounding that MXCSR says, never by the compiler.
struct outcome {
    uint64_t bits;
    uint32_t flags;
};

static struct outcome computed_double(int operation, uint32_t rounding, uint64_t a, uint64_t b, uint64_t c) {
    volatile double x = as_double(a), y = as_double(b), z = as_double(c), result;
    _mm_setcsr(lyrebird_mxcsr(rounding));
    switch (operation) {
    case LYREBIRD_FLOAT_ADD: result = x + y; break;
    case LYREBIRD_FLOAT_SUB: result = x - y; break;
    case LYREBIRD_FLOAT_MUL: result = x * y; break;
    case LYREBIRD_FLOAT_DIV: result = x / y; break;
    case LYREBIRD_FLOAT_SQRT: result = sqrt(x); break;
    default: result = fma(x, y, z); break;
    }
    double value = result;
    return (struct outcome){double_bits(value), raised()};
}

static struct outcome computed_float(int operation, uint32_t rounding, uint64_t a, uint64_t b, uint64_t c) {
    volatile float x = as_float(a), y = as_float(b), z = as_float(c), result;
    volatile double wide = as_double(a);
    _mm_setcsr(lyrebird_mxcsr(rounding));
    switch (operation) {
    case LYREBIRD_FLOAT_ADD: result = x + y; break;
    case LYREBIRD_FLOAT_SUB: result = x - y; break;
    case LYREBIRD_FLOAT_MUL: result = x * y; break;
    case LYREBIRD_FLOAT_DIV: result = x / y; break;
    case LYREBIRD_FLOAT_SQRT: result = sqrtf(x); break;
    case LYREBIRD_FLOAT_CONVERT: result = (float)wide; break;
    default: result = fmaf(x, y, z); break;
    }
    float value = result;
    return (struct outcome){float_bits(value), raised()};
}

double lyrebird_rounded_to_odd(struct environment *e, int operation, double a, double b, double c) {
    uint64_t x = double_bits(a), y = double_bits(b), z = double_bits(c);
    struct outcome outcome = computed_double(operation, 3, x, y, z);
    _mm_setcsr(lyrebird_mxcsr(0));
    e->flags |= outcome.flags & (LYREBIRD_FLOAT_INVALID | LYREBIRD_FLOAT_DIVIDED_BY_ZERO);
    // What a difference of equal numbers has as its sign is a matter of the rounding.
    if (is_zero(D, outcome.bits) && !(outcome.flags & LYREBIRD_FLOAT_INEXACT))
        return as_double(computed_double(operation, e->control & LYREBIRD_FLOAT_ROUNDING, x, y, z).bits);
    return as_double(outcome.bits | (outcome.flags & LYREBIRD_FLOAT_INEXACT ? 1 : 0));
}

static uint64_t half_arithmetic(struct environment *e, int operation, uint64_t a, uint64_t b, uint64_t c) {
    double result = lyrebird_rounded_to_odd(
        e, operation, lyrebird_half_value(e, a), lyrebird_half_value(e, b), lyrebird_half_value(e, c));
    return isnan(result) ? default_nan(H) : lyrebird_half_bits(e, result);
}

static struct outcome computed(int operation, int lane, uint32_t rounding, uint64_t a, uint64_t b, uint64_t c) {
    return lane == D ? computed_double(operation, rounding, a, b, c) : computed_float(operation, rounding, a, b, c);
}

// A result of numbers, with its flags. The host says that a number is tiny if it is so after rounding. It was so before if it
// is when it is rounded to zero.
uint64_t lyrebird_float_arithmetic(
    struct environment *e, int operation, int lane, uint64_t a, uint64_t b, uint64_t c) {
    if (lane == H) return half_arithmetic(e, operation, a, b, c);
    struct outcome outcome = computed(operation, lane, e->control & LYREBIRD_FLOAT_ROUNDING, a, b, c);
    if (is_nan(lane, outcome.bits)) return invalid(e, lane);
    uint32_t inexact = outcome.flags & LYREBIRD_FLOAT_INEXACT;
    outcome.flags &= ~(uint32_t)LYREBIRD_FLOAT_UNDERFLOW;
    if (magnitude(lane, outcome.bits) <= normals[lane] && (inexact || !is_zero(lane, outcome.bits))) {
        int is_tiny = magnitude(lane, computed(operation, lane, 3, a, b, c).bits) < normals[lane];
        if (is_tiny && e->control & LYREBIRD_FLOAT_FLUSH) {
            e->flags |= LYREBIRD_FLOAT_UNDERFLOW;
            return outcome.bits & sign_bits[lane];
        }
        if (is_tiny && inexact) outcome.flags |= LYREBIRD_FLOAT_UNDERFLOW;
    }
    e->flags |= outcome.flags;
    return outcome.bits;
}

static uint64_t two_operands(struct environment *e, int operation, int lane, uint64_t a, uint64_t b) {
    const uint64_t operands[] = {operand(e, lane, a), operand(e, lane, b)};
    uint64_t nan = propagated(e, lane, operands, 2);
    return nan ? nan : lyrebird_float_arithmetic(e, operation, lane, operands[0], operands[1], 0);
}

static uint64_t multiply_add(struct environment *e, int lane, uint64_t a, uint64_t b, uint64_t c) {
    a = operand(e, lane, a), b = operand(e, lane, b), c = operand(e, lane, c);
    const uint64_t operands[] = {c, a, b};
    // The product is invalid whatever is added, unless a signalling NaN comes first.
    int is_invalid = (is_infinity(lane, a) && is_zero(lane, b)) || (is_zero(lane, a) && is_infinity(lane, b));
    if (is_invalid && !is_signalling(lane, c)) return invalid(e, lane);
    uint64_t nan = propagated(e, lane, operands, 3);
    return nan ? nan : lyrebird_float_arithmetic(e, LYREBIRD_FLOAT_MUL_ADD, lane, a, b, c);
}

// A number of half precision, or a NaN with its payload, in single precision.
static uint64_t widened(struct environment *e, uint64_t x) {
    x = operand(e, H, x);
    if (is_nan(H, x)) return (x & 0x8000) << 16 | infinities[S] | (x & 0x3FF) << 13;
    return float_bits((float)lyrebird_half_value(e, x));
}

static uint64_t square_root(struct environment *e, int lane, uint64_t a) {
    a = operand(e, lane, a);
    uint64_t nan = propagated(e, lane, &a, 1);
    return nan ? nan : lyrebird_float_arithmetic(e, LYREBIRD_FLOAT_SQRT, lane, a, 0, 0);
}

// MARK: Half precision

double lyrebird_half_value(struct environment *e, uint64_t x) {
    uint64_t sign = x >> 15 << 63, exponent = x >> 10 & 31, fraction = x & 0x3FF;
    if (exponent == 31 && !(e->control & LYREBIRD_FLOAT_ALTERNATIVE_HALF)) return as_double(sign | infinities[D]);
    if (exponent) return as_double(sign | (exponent + 1008) << 52 | fraction << 42);
    return as_double(sign | double_bits((double)fraction * 0x1p-24));
}

uint64_t lyrebird_half_bits(struct environment *e, double value) {
    uint64_t sign = signbit(value) ? 0x8000 : 0;
    int is_alternative = e->control & LYREBIRD_FLOAT_ALTERNATIVE_HALF;
    if (isinf(value)) {
        if (!is_alternative) return sign | 0x7C00;
        e->flags |= LYREBIRD_FLOAT_INVALID;
        return sign | 0x7FFF;
    }
    int exponent;
    double fraction = fabs(frexp(value, &exponent));
    if (fraction == 0) return sign;
    // In units of the last place: 2^-24 for subnormal numbers and the least normal ones.
    int is_tiny = exponent < -13;
    if (is_tiny && flushes(e, H)) {
        e->flags |= LYREBIRD_FLOAT_UNDERFLOW;
        return sign;
    }
    int unit = is_tiny ? -24 : exponent - 11;
    double scaled = ldexp(fraction, exponent - unit), whole = floor(scaled), rest = scaled - whole;
    uint64_t number = (uint64_t)whole;
    int rounding = e->control & LYREBIRD_FLOAT_ROUNDING;
    int is_up = rounding == 0   ? rest > 0.5 || (rest == 0.5 && number & 1)
                : rounding == 3 ? 0
                                : rest > 0 && (rounding == 1) == (sign != 0);
    // A carry out of the fraction is one more in the exponent, as it should be.
    uint64_t bits = (is_tiny ? number : ((uint64_t)(exponent + 13) << 10) + number) + (uint64_t)is_up;
    if (is_alternative && (exponent > 17 || bits > 0x7FFF)) {
        e->flags |= LYREBIRD_FLOAT_INVALID;
        return sign | 0x7FFF;
    }
    if (rest != 0) e->flags |= LYREBIRD_FLOAT_INEXACT | (is_tiny ? LYREBIRD_FLOAT_UNDERFLOW : 0u);
    if (!is_alternative && (exponent > 16 || bits >= 0x7C00)) {
        e->flags |= LYREBIRD_FLOAT_OVERFLOW | LYREBIRD_FLOAT_INEXACT;
        int is_infinite = rounding == 0 || (rounding != 3 && (rounding == 1) == (sign != 0));
        return sign | (is_infinite ? 0x7C00 : 0x7BFF);
    }
    return sign | bits;
}

// MARK: Numbers as doubles

// Exact for every lane. Of a number, not of a NaN.
static double value_of(struct environment *e, int lane, uint64_t x) {
    return lane == D ? as_double(x) : lane == S ? (double)as_float(x) : lyrebird_half_value(e, x);
}

static double rounded(struct environment *e, double value, int mode) {
    switch (mode == LYREBIRD_FLOAT_CURRENT ? (int)(e->control & LYREBIRD_FLOAT_ROUNDING) : mode) {
    case 0: return rint(value);
    case 1: return floor(value);
    case 2: return ceil(value);
    case 3: return trunc(value);
    default: return round(value);
    }
}

static uint64_t round_to_integral(struct environment *e, int lane, int mode, int is_exact, uint64_t a) {
    a = operand(e, lane, a);
    if (is_nan(lane, a)) return quieted(e, lane, a);
    double value = value_of(e, lane, a), whole = rounded(e, value, mode);
    if (is_exact && whole != value) e->flags |= LYREBIRD_FLOAT_INEXACT;
    return lane == D ? double_bits(whole) : lane == S ? float_bits((float)whole) : lyrebird_half_bits(e, whole);
}

// -0 is less than +0. The forms for numbers take a number before a quiet NaN.
static uint64_t extremum(struct environment *e, int operation, int lane, uint64_t a, uint64_t b) {
    int number = operation == LYREBIRD_FLOAT_MAX_NUMBER || operation == LYREBIRD_FLOAT_MIN_NUMBER;
    int maximum = operation == LYREBIRD_FLOAT_MAX || operation == LYREBIRD_FLOAT_MAX_NUMBER;
    a = operand(e, lane, a), b = operand(e, lane, b);
    if (number && is_nan(lane, a) && !is_signalling(lane, a) && !is_nan(lane, b)) return b;
    if (number && is_nan(lane, b) && !is_signalling(lane, b) && !is_nan(lane, a)) return a;
    const uint64_t operands[] = {a, b};
    uint64_t nan = propagated(e, lane, operands, 2);
    if (nan) return nan;
    double x = value_of(e, lane, a), y = value_of(e, lane, b);
    if (x == y) return maximum ? a & b : a | b;
    return (x > y) == maximum ? a : b;
}

static uint64_t converted(struct environment *e, int from, int to, uint64_t a) {
    static const int fraction_bits[4] = {0, 10, 23, 52};
    int is_alternative = e->control & LYREBIRD_FLOAT_ALTERNATIVE_HALF;
    a = operand(e, from, a);
    if (!is_nan(from, a) || (from == H && is_alternative)) {
        if (to == H) return lyrebird_half_bits(e, value_of(e, from, a));
        if (to == S && from == D && !is_infinity(from, a))
            return lyrebird_float_arithmetic(e, LYREBIRD_FLOAT_CONVERT, S, a, 0, 0);
        double value = value_of(e, from, a);
        return to == D ? double_bits(value) : float_bits((float)value);
    }
    uint64_t sign = a & sign_bits[from] ? sign_bits[to] : 0;
    if (to == H && is_alternative) {
        e->flags |= LYREBIRD_FLOAT_INVALID;
        return sign;
    }
    if (is_signalling(from, a)) e->flags |= LYREBIRD_FLOAT_INVALID;
    if (e->control & LYREBIRD_FLOAT_DEFAULT_NAN) return default_nan(to);
    // The payload is kept at its upper end.
    uint64_t payload = a & (infinities[from] ^ (sign_bits[from] - 1));
    int shift = fraction_bits[to] - fraction_bits[from];
    return sign | default_nan(to) | (shift >= 0 ? payload << shift : payload >> -shift);
}

// Bits of a flags value as the IR has them: N less, Z equal, C less (a borrow), V unordered; bit 9 is always one.
static uint64_t compared(struct environment *e, int lane, int is_signal, uint64_t a, uint64_t b) {
    a = operand(e, lane, a), b = operand(e, lane, b);
    if (is_nan(lane, a) || is_nan(lane, b)) {
        if (is_signal || is_signalling(lane, a) || is_signalling(lane, b)) e->flags |= LYREBIRD_FLOAT_INVALID;
        return 0x0201;
    }
    double x = value_of(e, lane, a), y = value_of(e, lane, b);
    return x < y ? 0x8300 : x == y ? 0x4200 : 0x0200;
}

static uint64_t to_integer(
    struct environment *e, int operation, int lane, int width, int mode, int fraction, uint64_t a) {
    a = operand(e, lane, a);
    if (is_nan(lane, a)) {
        e->flags |= LYREBIRD_FLOAT_INVALID;
        return 0;
    }
    // Scaling is exact: what would be out of the range of a double is out of that of the integer, or has nothing in front of
    // its point.
    double value = value_of(e, lane, a), scaled = ldexp(value, fraction), whole = rounded(e, scaled, mode);
    int bits = 8 << width, is_signed = operation == LYREBIRD_FLOAT_TO_SIGNED;
    uint64_t ones = bits == 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
    double limit = ldexp(1, is_signed ? bits - 1 : bits), least = is_signed ? -limit : 0;
    if (whole >= limit || whole < least) {
        e->flags |= LYREBIRD_FLOAT_INVALID;
        uint64_t most = is_signed ? ones >> 1 : ones;
        return whole < least ? ~most & ones : most;
    }
    if (whole != scaled) e->flags |= LYREBIRD_FLOAT_INEXACT;
    return (is_signed ? (uint64_t)(int64_t)whole : (uint64_t)whole) & ones;
}

// Bits of fraction are for half precision only.
static uint64_t from_integer(
    struct environment *e, int operation, int lane, int width, int fraction, uint64_t a) {
    int unused = 64 - (8 << width);
    int64_t number = (int64_t)(a << unused) >> unused;
    if (operation == LYREBIRD_FLOAT_FROM_UNSIGNED) number = (int64_t)(a << unused >> unused);
    // The upper half of the unsigned numbers: half of it, what is shifted out kept for the rounding, and twice that. What
    // compilers make of such a conversion is right to nearest only.
    int is_large = operation == LYREBIRD_FLOAT_FROM_UNSIGNED && number < 0;
    if (is_large) number = (int64_t)((uint64_t)number >> 1) | (number & 1);
    volatile int64_t source = number;
    volatile double x = 0;
    volatile float y = 0;
    if (lane == H) {
        // Rounded to odd first, then once more.
        _mm_setcsr(lyrebird_mxcsr(3));
        x = (double)source;
        double value = x;
        int is_inexact = (raised() & LYREBIRD_FLOAT_INEXACT) != 0;
        _mm_setcsr(lyrebird_mxcsr(0));
        value = as_double(double_bits(value) | (uint64_t)is_inexact);
        return lyrebird_half_bits(e, ldexp(value, is_large - fraction));
    }
    _mm_setcsr(lyrebird_mxcsr(e->control));
    if (lane == D) x = (double)source;
    else y = (float)source;
    e->flags |= raised();
    return lane == D ? double_bits(is_large ? 2 * x : x) : float_bits(is_large ? 2 * y : y);
}

// By the low byte of the other lane, signed: to the left, or to the right where it is negative.
static uint64_t shifted(int operation, int lane, uint64_t a, uint64_t b) {
    int bits = 8 << lane, unused = 64 - bits, n = (int8_t)b;
    int is_signed = operation == LYREBIRD_FLOAT_SHIFT_SIGNED;
    if (n >= 0) return n < bits ? a << n : 0;
    if (!is_signed) return -n < bits ? a << unused >> unused >> -n : 0;
    return (uint64_t)((int64_t)(a << unused) >> unused >> (-n < bits ? -n : bits - 1));
}

static uint64_t one(struct environment *e, uint64_t word, uint64_t a, uint64_t b, uint64_t c) {
    int operation = word & 0xFF, lane = word >> 8 & 3, to = word >> 10 & 3, mode = word >> 12 & 7;
    int flag = word >> 15 & 1, fraction = word >> 17 & 0x7F;
    _mm_setcsr(lyrebird_mxcsr(0));
    switch (operation) {
    case LYREBIRD_FLOAT_ADD:
    case LYREBIRD_FLOAT_SUB:
    case LYREBIRD_FLOAT_MUL:
    case LYREBIRD_FLOAT_DIV: return two_operands(e, operation, lane, a, b);
    case LYREBIRD_FLOAT_MAX:
    case LYREBIRD_FLOAT_MIN:
    case LYREBIRD_FLOAT_MAX_NUMBER:
    case LYREBIRD_FLOAT_MIN_NUMBER: return extremum(e, operation, lane, a, b);
    case LYREBIRD_FLOAT_SQRT: return square_root(e, lane, a);
    case LYREBIRD_FLOAT_ROUND: return round_to_integral(e, lane, mode, flag, a);
    case LYREBIRD_FLOAT_MUL_ADD: return multiply_add(e, lane, a, b, c);
    case LYREBIRD_FLOAT_EQ: return compared(e, lane, 0, a, b) & 0x4000 ? UINT64_MAX : 0;
    case LYREBIRD_FLOAT_GE: return compared(e, lane, 1, a, b) & 0x8001 ? 0 : UINT64_MAX;
    case LYREBIRD_FLOAT_GT: return compared(e, lane, 1, a, b) == 0x0200 ? UINT64_MAX : 0;
    case LYREBIRD_FLOAT_COMPARE: return compared(e, lane, flag, a, b);
    case LYREBIRD_FLOAT_TO_SIGNED:
    case LYREBIRD_FLOAT_TO_UNSIGNED: return to_integer(e, operation, lane, to, mode, fraction, a);
    case LYREBIRD_FLOAT_FROM_SIGNED:
    case LYREBIRD_FLOAT_FROM_UNSIGNED: return from_integer(e, operation, lane, to, fraction, a);
    case LYREBIRD_FLOAT_CONVERT: return converted(e, lane, to, a);
    case LYREBIRD_FLOAT_MUL_ADD_WIDE: return multiply_add(e, S, widened(e, a), widened(e, b), c);
    default: return shifted(operation, lane, a, b);
    }
}

void lyrebird_float(struct lyrebird_float_words *words, uint64_t word) {
    if ((word & 0xFF) >= LYREBIRD_SSE_FIRST && (word & 0xFF) <= LYREBIRD_SSE_LAST) return lyrebird_sse(words, word);
    if ((word & 0xFF) >= LYREBIRD_SPECIAL_FIRST) return lyrebird_special(words, word);
    int operation = word & 0xFF, lane = word >> 8 & 3, to = word >> 10 & 3;
    // An integer operand has the width of the other side.
    int is_integer = operation == LYREBIRD_FLOAT_FROM_SIGNED || operation == LYREBIRD_FLOAT_FROM_UNSIGNED;
    int from = is_integer ? to : lane;
    int into = operation == LYREBIRD_FLOAT_CONVERT ? to : operation == LYREBIRD_FLOAT_MUL_ADD_WIDE ? S : lane;
    // A conversion to wider lanes takes the low half, one to narrower lanes fills it.
    int count = word & 0x10000 ? 16 >> (into > lane ? into : lane) : 1;
    // Changes of precision know the alternative half precision, and do not flush halves; all else does as it has no such thing.
    uint32_t unknown =
        operation == LYREBIRD_FLOAT_CONVERT ? LYREBIRD_FLOAT_FLUSH_HALF : LYREBIRD_FLOAT_ALTERNATIVE_HALF;
    struct environment environment = {words->control & ~unknown, 0};
    uint64_t result[2] = {0, 0};
    // The flags that the caller's MXCSR holds are the guest's: what this function computes does not count.
    unsigned mxcsr = _mm_getcsr();
    for (int n = 0; n < count; n++) {
        uint64_t value =
            one(&environment, word, get(words->a, from, n), get(words->b, lane, n), get(words->c, into, n));
        if (word & 0x10000) put(result, into, n, value);
        else result[0] = value;
    }
    _mm_setcsr(mxcsr);
    words->result[0] = result[0];
    words->result[1] = result[1];
    words->flags |= environment.flags;
}
