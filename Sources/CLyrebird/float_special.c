// Floating point that hosts do not have, on bit patterns: products and steps with exceptions of their own, estimates, rounding
// to odd and to integers of a size (Arm ARM, shared pseudocode: FPMulX, FPRecipStepFused, FPRSqrtStepFused, FPRecipEstimate,
// FPRSqrtEstimate, FPRecpX, FPRoundIntN, FPConvertNoTrap with FPRounding_ODD, FPToFixedJS).
//
// Results only: which exceptions each would raise stands beside it, in FPSR's names.

#include "special.h"
#include <math.h>
#include <string.h>

enum { S = 2, D = 3 };

static const uint64_t infinities[4] = {0, 0, 0x7F800000, 0x7FF0000000000000};
static const uint64_t quiet_bits[4] = {0, 0, 0x00400000, 0x0008000000000000};
static const uint64_t sign_bits[4] = {0, 0, 0x80000000, 0x8000000000000000};
static const int fraction_bits[4] = {0, 0, 23, 52};

static uint64_t magnitude(int lane, uint64_t x) { return x & ~sign_bits[lane]; }
static int is_nan(int lane, uint64_t x) { return magnitude(lane, x) > infinities[lane]; }
static int is_infinity(int lane, uint64_t x) { return magnitude(lane, x) == infinities[lane]; }
static int is_zero(int lane, uint64_t x) { return magnitude(lane, x) == 0; }
static uint64_t default_nan(int lane) { return infinities[lane] | quiet_bits[lane]; }
static int exponent_of(int lane, uint64_t x) { return (int)(magnitude(lane, x) >> fraction_bits[lane]); }

// The NaN that is the result because an operand is one, 0 if none is. A signalling one: IOC.
static uint64_t propagated(int lane, uint64_t a, uint64_t b) {
    if (is_nan(lane, a) && !(a & quiet_bits[lane])) return a | quiet_bits[lane];
    if (is_nan(lane, b) && !(b & quiet_bits[lane])) return b | quiet_bits[lane];
    return is_nan(lane, a) ? a : is_nan(lane, b) ? b : 0;
}

// Volatile: computed when it is asked for, never by the compiler.
static double number(int lane, uint64_t x) {
    volatile double wide;
    volatile float narrow;
    uint32_t bits = (uint32_t)x;
    if (lane == D) {
        memcpy((void *)&wide, &x, 8);
        return wide;
    }
    memcpy((void *)&narrow, &bits, 4);
    return narrow;
}
static uint64_t double_bits(double value) {
    uint64_t x;
    memcpy(&x, &value, 8);
    return x;
}
static uint64_t float_bits(float value) {
    uint32_t x;
    memcpy(&x, &value, 4);
    return x;
}
static uint64_t of_number(int lane, double value) { return lane == D ? double_bits(value) : float_bits((float)value); }

// Rounded once: IOC of infinity and zero (which is handled before), and OFC, UFC, IXC as for any sum or product.
static uint64_t fused(int lane, uint64_t a, uint64_t b, double c) {
    if (lane == D) return double_bits(fma(number(D, a), number(D, b), c));
    return float_bits(fmaf((float)number(S, a), (float)number(S, b), (float)c));
}

static int infinity_times_zero(int lane, uint64_t a, uint64_t b) {
    return (is_infinity(lane, a) && is_zero(lane, b)) || (is_zero(lane, a) && is_infinity(lane, b));
}

static uint64_t multiply_extended(int lane, uint64_t a, uint64_t b) {
    uint64_t nan = propagated(lane, a, b), sign = (a ^ b) & sign_bits[lane];
    if (nan) return nan;
    if (infinity_times_zero(lane, a, b)) return sign | of_number(lane, 2);
    if (lane == D) return double_bits(number(D, a) * number(D, b));
    return float_bits((float)number(S, a) * (float)number(S, b));
}

static uint64_t reciprocal_step(int lane, uint64_t a, uint64_t b) {
    a ^= sign_bits[lane];
    uint64_t nan = propagated(lane, a, b);
    if (nan) return nan;
    return infinity_times_zero(lane, a, b) ? of_number(lane, 2) : fused(lane, a, b, 2);
}

// The sum is rounded before it is halved, but where it is rounded its half is no subnormal number. Only an overflow is none
// after halving: then an operand, one of which is great, is halved before.
static uint64_t root_step(int lane, uint64_t a, uint64_t b) {
    a ^= sign_bits[lane];
    uint64_t nan = propagated(lane, a, b);
    if (nan) return nan;
    if (infinity_times_zero(lane, a, b)) return of_number(lane, 1.5);
    uint64_t sum = fused(lane, a, b, 3);
    if (!is_infinity(lane, sum)) return of_number(lane, number(lane, sum) / 2);
    int a_is_greater = magnitude(lane, a) > magnitude(lane, b);
    uint64_t half = of_number(lane, number(lane, a_is_greater ? a : b) / 2);
    return fused(lane, half, a_is_greater ? b : a, 1.5);
}

// Zero: DZC. What overflows: OFC and IXC.
static uint64_t reciprocal_estimate(int lane, uint64_t a) {
    uint64_t sign = a & sign_bits[lane], size = magnitude(lane, a), nan = propagated(lane, a, a);
    if (nan) return nan;
    if (is_infinity(lane, a)) return sign;
    // Less than 2^-128, or 2^-1024: to the nearest, that is infinity.
    if (size < quiet_bits[lane] / 2) return sign | infinities[lane];
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
    int result_exponent = (lane == D ? 2045 : 253) - exponent;
    uint64_t result = estimate << (bits - 8);
    if (result_exponent > 0) return sign | (uint64_t)result_exponent << bits | (result & (((uint64_t)1 << bits) - 1));
    return sign | result >> (1 - result_exponent);
}

// Zero: DZC. Less than zero: IOC.
static uint64_t root_estimate(int lane, uint64_t a) {
    uint64_t sign = a & sign_bits[lane], nan = propagated(lane, a, a);
    if (nan) return nan;
    if (is_zero(lane, a)) return sign | infinities[lane];
    if (sign) return default_nan(lane);
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
    uint64_t result_exponent = (uint64_t)((lane == D ? 3068 : 380) - exponent) / 2;
    return result_exponent << bits | (estimate & 0xFF) << (bits - 8);
}

static uint64_t reciprocal_exponent(int lane, uint64_t a) {
    uint64_t sign = a & sign_bits[lane], nan = propagated(lane, a, a);
    if (nan) return nan;
    int bits = fraction_bits[lane], all = (int)(infinities[lane] >> bits), exponent = exponent_of(lane, a);
    return sign | (uint64_t)(exponent == 0 ? all - 1 : ~exponent & all) << bits;
}

// What does not fit, NaNs too: IOC. What is not exact: IXC.
static uint64_t round_to_integer(int lane, int kind, uint64_t a) {
    double limit = ldexp(1, kind & 2 ? 63 : 31);
    uint64_t outside = of_number(lane, -limit);
    if (is_nan(lane, a) || is_infinity(lane, a)) return outside;
    double value = number(lane, a);
    value = kind & 1 ? nearbyint(value) : trunc(value);
    return value >= limit || value < -limit ? outside : of_number(lane, value);
}

// Not exact: IXC; greater than all numbers: OFC; less than the normal ones: UFC.
static uint64_t convert_odd(uint64_t a) {
    uint64_t sign = a >> 32 & 0x80000000, size = magnitude(D, a);
    if (is_nan(D, a)) return sign | default_nan(S) | (size >> 29 & 0x3FFFFF);
    if (is_infinity(D, a)) return sign | infinities[S];
    if (size == 0) return sign;
    int exponent = (int)(size >> 52) - 1023;
    if (exponent > 127) return sign | 0x7F7FFFFF;
    uint64_t significand = (size & 0xFFFFFFFFFFFFF) | (uint64_t)1 << 52;
    int shift = exponent >= -126 ? 29 : 29 - 126 - exponent;
    if (shift > 60) return sign | 1;
    uint64_t result = significand >> shift | ((significand & (((uint64_t)1 << shift) - 1)) != 0);
    // The highest bit of a normal number's significand adds one to the exponent.
    return sign | (result + (exponent >= -126 ? (uint64_t)(exponent + 126) << 23 : 0));
}

// What does not fit 32 bits, or is NaN: IOC. What is not exact: IXC.
static uint64_t to_integer_modulo(uint64_t a) {
    int exponent = exponent_of(D, a) - 1023;
    if (exponent == 1024 || exponent < 0) return a == 0 ? (uint64_t)1 << 32 : 0;
    uint64_t significand = (a & 0xFFFFFFFFFFFFF) | (uint64_t)1 << 52;
    uint64_t size = 0;
    int is_exact = exponent < 32;
    if (exponent < 52) {
        size = significand >> (52 - exponent);
        is_exact &= size << (52 - exponent) == significand;
    } else if (exponent < 84) {
        size = significand << (exponent - 52);
    }
    int is_negative = a >> 63 != 0;
    is_exact &= size <= 0x7FFFFFFF + (uint64_t)is_negative;
    return ((is_negative ? -size : size) & 0xFFFFFFFF) | (uint64_t)is_exact << 32;
}

static uint64_t one(int operation, int lane, int kind, uint64_t a, uint64_t b) {
    switch (operation) {
    case LYREBIRD_FLOAT_MUL_EXTENDED: return multiply_extended(lane, a, b);
    case LYREBIRD_FLOAT_RECIP_STEP: return reciprocal_step(lane, a, b);
    case LYREBIRD_FLOAT_RSQRT_STEP: return root_step(lane, a, b);
    case LYREBIRD_FLOAT_RECIP_ESTIMATE: return reciprocal_estimate(lane, a);
    case LYREBIRD_FLOAT_RSQRT_ESTIMATE: return root_estimate(lane, a);
    case LYREBIRD_FLOAT_RECIP_EXPONENT: return reciprocal_exponent(lane, a);
    case LYREBIRD_FLOAT_ROUND_INTEGER: return round_to_integer(lane, kind, a);
    case LYREBIRD_FLOAT_CONVERT_ODD: return convert_odd(a);
    default: return to_integer_modulo(a);
    }
}

void lyrebird_float_special(struct lyrebird_float_words *words, uint64_t word) {
    int operation = word & 0xFF, lane = word >> 8 & 3, kind = word >> 12 & 3, is_vector = word >> 16 & 1;
    int narrows = operation == LYREBIRD_FLOAT_CONVERT_ODD;
    uint64_t result[2] = {0, 0};
    if (lane == D) {
        uint64_t low = one(operation, D, kind, words->a[0], words->b[0]);
        uint64_t high = is_vector ? one(operation, D, kind, words->a[1], words->b[1]) : 0;
        result[0] = narrows ? low | high << 32 : low;
        result[1] = narrows ? 0 : high;
    } else {
        for (int n = 0; n < (is_vector ? 4 : 1); n++) {
            uint32_t a = (uint32_t)(words->a[n / 2] >> n % 2 * 32), b = (uint32_t)(words->b[n / 2] >> n % 2 * 32);
            result[n / 2] |= one(operation, S, kind, a, b) << n % 2 * 32;
        }
    }
    words->result[0] = result[0];
    words->result[1] = result[1];
}
