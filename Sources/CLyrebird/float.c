// IEEE 754 with what it leaves open chosen: to nearest even; a NaN operand is the result, signalling ones first, then by
// order, made quiet; an invalid operation gives the positive quiet NaN without payload. Integers out of range saturate.

#include "special.h"
#include <math.h>
#include <string.h>

enum { H = 1, S = 2, D = 3 };

static const uint64_t infinities[4] = {0, 0x7C00, 0x7F800000, 0x7FF0000000000000};
static const uint64_t quiet_bits[4] = {0, 0x0200, 0x00400000, 0x0008000000000000};
static const uint64_t sign_bits[4] = {0, 0x8000, 0x80000000, 0x8000000000000000};

static int is_nan(int lane, uint64_t x) { return (x & ~sign_bits[lane]) > infinities[lane]; }
static int is_signalling(int lane, uint64_t x) { return is_nan(lane, x) && !(x & quiet_bits[lane]); }
static int is_infinity(int lane, uint64_t x) { return (x & ~sign_bits[lane]) == infinities[lane]; }
static int is_zero(int lane, uint64_t x) { return (x & ~sign_bits[lane]) == 0; }
static uint64_t default_nan(int lane) { return infinities[lane] | quiet_bits[lane]; }

// The NaN that is the result because an operand is one; 0 if none is.
static uint64_t propagated(int lane, const uint64_t *operands, int count) {
    for (int n = 0; n < count; n++)
        if (is_signalling(lane, operands[n])) return operands[n] | quiet_bits[lane];
    for (int n = 0; n < count; n++)
        if (is_nan(lane, operands[n])) return operands[n];
    return 0;
}

// Volatile: computed when it is asked for, never by the compiler.
static double as_double(uint64_t x) {
    volatile double value;
    memcpy((void *)&value, &x, 8);
    return value;
}
static float as_float(uint64_t x) {
    volatile float value;
    uint32_t bits = (uint32_t)x;
    memcpy((void *)&value, &bits, 4);
    return value;
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

// Of a number, not of a NaN.
static double half_value(uint64_t x) {
    int exponent = x >> 10 & 31;
    double fraction = (double)(x & 0x3FF);
    double value = exponent == 31 ? INFINITY : exponent ? ldexp(fraction + 1024, exponent - 25) : ldexp(fraction, -24);
    return x & 0x8000 ? -value : value;
}
static uint64_t half_bits(double value) {
    uint64_t sign = signbit(value) ? 0x8000 : 0;
    value = fabs(value);
    if (value >= 65520) return sign | 0x7C00;
    if (value < 0x1p-14) return sign | (uint64_t)rint(ldexp(value, 24));
    int exponent;
    frexp(value, &exponent);
    // A carry out of the fraction is one more in the exponent, as it should be.
    return sign | ((uint64_t)(exponent + 13) << 10) + (uint64_t)rint(ldexp(value, 11 - exponent));
}

static double value_of(int lane, uint64_t x) {
    return lane == D ? as_double(x) : lane == S ? (double)as_float(x) : half_value(x);
}

static double rounded(double value, int mode) {
    switch (mode) {
    case 0: return rint(value);
    case 1: return floor(value);
    case 2: return ceil(value);
    case 3: return trunc(value);
    default: return round(value);
    }
}

static uint64_t arithmetic(int operation, int lane, uint64_t a, uint64_t b) {
    const uint64_t operands[] = {a, b};
    uint64_t result = propagated(lane, operands, 2);
    if (result) return result;
    if (lane == D) {
        double x = as_double(a), y = as_double(b);
        double z = operation == LYREBIRD_FLOAT_ADD   ? x + y
                   : operation == LYREBIRD_FLOAT_SUB ? x - y
                   : operation == LYREBIRD_FLOAT_MUL ? x * y
                                                     : x / y;
        result = double_bits(z);
    } else {
        float x = as_float(a), y = as_float(b);
        float z = operation == LYREBIRD_FLOAT_ADD   ? x + y
                  : operation == LYREBIRD_FLOAT_SUB ? x - y
                  : operation == LYREBIRD_FLOAT_MUL ? x * y
                                                    : x / y;
        result = float_bits(z);
    }
    return is_nan(lane, result) ? default_nan(lane) : result;
}

// -0 is less than +0. The forms for numbers take a number before a quiet NaN.
static uint64_t extremum(int operation, int lane, uint64_t a, uint64_t b) {
    int number = operation == LYREBIRD_FLOAT_MAX_NUMBER || operation == LYREBIRD_FLOAT_MIN_NUMBER;
    int maximum = operation == LYREBIRD_FLOAT_MAX || operation == LYREBIRD_FLOAT_MAX_NUMBER;
    if (number && is_nan(lane, a) && !is_signalling(lane, a) && !is_nan(lane, b)) return b;
    if (number && is_nan(lane, b) && !is_signalling(lane, b) && !is_nan(lane, a)) return a;
    const uint64_t operands[] = {a, b};
    uint64_t result = propagated(lane, operands, 2);
    if (result) return result;
    double x = value_of(lane, a), y = value_of(lane, b);
    if (x == y) return maximum ? a & b : a | b;
    return (x > y) == maximum ? a : b;
}

static uint64_t multiply_add(int lane, uint64_t a, uint64_t b, uint64_t c) {
    const uint64_t operands[] = {c, a, b};
    int invalid = (is_infinity(lane, a) && is_zero(lane, b)) || (is_zero(lane, a) && is_infinity(lane, b));
    uint64_t result = propagated(lane, operands, 3);
    // The product is invalid whatever is added, unless a signalling NaN comes first.
    if (invalid && !is_signalling(lane, c)) return default_nan(lane);
    if (result) return result;
    result = lane == D ? double_bits(fma(as_double(a), as_double(b), as_double(c)))
                       : float_bits(fmaf(as_float(a), as_float(b), as_float(c)));
    return is_nan(lane, result) ? default_nan(lane) : result;
}

static uint64_t square_root(int lane, uint64_t a) {
    uint64_t result = propagated(lane, &a, 1);
    if (result) return result;
    if (a & sign_bits[lane] && !is_zero(lane, a)) return default_nan(lane);
    return lane == D ? double_bits(sqrt(as_double(a))) : float_bits(sqrtf(as_float(a)));
}

static uint64_t of_value(int lane, double value) {
    return lane == D ? double_bits(value) : lane == S ? float_bits((float)value) : half_bits(value);
}

static uint64_t converted(int from, int to, uint64_t a) {
    static const int fraction_bits[4] = {0, 10, 23, 52};
    if (!is_nan(from, a)) return of_value(to, value_of(from, a));
    // The payload is kept at its upper end.
    uint64_t payload = a & (infinities[from] ^ (sign_bits[from] - 1));
    int shift = fraction_bits[to] - fraction_bits[from];
    payload = shift >= 0 ? payload << shift : payload >> -shift;
    return (a & sign_bits[from] ? sign_bits[to] : 0) | default_nan(to) | payload;
}

// Bits of a flags value as the IR has them: N less, Z equal, C less (a borrow), V unordered; bit 9 is always one.
static uint64_t compared(int lane, uint64_t a, uint64_t b) {
    if (is_nan(lane, a) || is_nan(lane, b)) return 0x0201;
    double x = value_of(lane, a), y = value_of(lane, b);
    return x < y ? 0x8300 : x == y ? 0x4200 : 0x0200;
}

static uint64_t to_integer(int operation, int lane, int width, int mode, uint64_t a) {
    if (is_nan(lane, a)) return 0;
    double value = rounded(value_of(lane, a), mode);
    int bits = 8 << width;
    uint64_t ones = bits == 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
    if (operation == LYREBIRD_FLOAT_TO_UNSIGNED) {
        if (value <= 0) return 0;
        return value >= ldexp(1, bits) ? ones : (uint64_t)value;
    }
    if (value >= ldexp(1, bits - 1)) return ones >> 1;
    if (value < -ldexp(1, bits - 1)) return (ones >> 1) + 1;
    return (uint64_t)(int64_t)value & ones;
}

static uint64_t from_integer(int operation, int lane, int width, uint64_t a) {
    int unused = 64 - (8 << width);
    if (operation == LYREBIRD_FLOAT_FROM_SIGNED) {
        volatile int64_t value = (int64_t)(a << unused) >> unused;
        return lane == D ? double_bits((double)value) : float_bits((float)value);
    }
    volatile uint64_t value = a << unused >> unused;
    return lane == D ? double_bits((double)value) : float_bits((float)value);
}

// By the low byte of the other lane, signed: to the left, or to the right where it is negative.
static uint64_t shifted(int operation, int lane, uint64_t a, uint64_t b) {
    int bits = 8 << lane, unused = 64 - bits, n = (int8_t)b;
    int is_signed = operation == LYREBIRD_FLOAT_SHIFT_SIGNED;
    if (n >= 0) return n < bits ? a << n : 0;
    if (!is_signed) return -n < bits ? a << unused >> unused >> -n : 0;
    return (uint64_t)((int64_t)(a << unused) >> unused >> (-n < bits ? -n : bits - 1));
}

static uint64_t one(int operation, int lane, int to, int mode, uint64_t a, uint64_t b, uint64_t c) {
    switch (operation) {
    case LYREBIRD_FLOAT_ADD:
    case LYREBIRD_FLOAT_SUB:
    case LYREBIRD_FLOAT_MUL:
    case LYREBIRD_FLOAT_DIV: return arithmetic(operation, lane, a, b);
    case LYREBIRD_FLOAT_MAX:
    case LYREBIRD_FLOAT_MIN:
    case LYREBIRD_FLOAT_MAX_NUMBER:
    case LYREBIRD_FLOAT_MIN_NUMBER: return extremum(operation, lane, a, b);
    case LYREBIRD_FLOAT_SQRT: return square_root(lane, a);
    case LYREBIRD_FLOAT_ROUND:
        return is_nan(lane, a) ? a | quiet_bits[lane] : of_value(lane, rounded(value_of(lane, a), mode));
    case LYREBIRD_FLOAT_MUL_ADD: return multiply_add(lane, a, b, c);
    case LYREBIRD_FLOAT_EQ: return compared(lane, a, b) & 0x4000 ? UINT64_MAX : 0;
    case LYREBIRD_FLOAT_GE: return compared(lane, a, b) & 0x8001 ? 0 : UINT64_MAX;
    case LYREBIRD_FLOAT_GT: return compared(lane, a, b) == 0x0200 ? UINT64_MAX : 0;
    case LYREBIRD_FLOAT_COMPARE: return compared(lane, a, b);
    case LYREBIRD_FLOAT_TO_SIGNED:
    case LYREBIRD_FLOAT_TO_UNSIGNED: return to_integer(operation, lane, to, mode, a);
    case LYREBIRD_FLOAT_FROM_SIGNED:
    case LYREBIRD_FLOAT_FROM_UNSIGNED: return from_integer(operation, lane, to, a);
    case LYREBIRD_FLOAT_CONVERT: return converted(lane, to, a);
    default: return shifted(operation, lane, a, b);
    }
}

static uint64_t get(const uint64_t *vector, int lane, int index) {
    int bits = 8 << lane, at = index * bits;
    uint64_t word = vector[at / 64] >> at % 64;
    return bits == 64 ? word : word & (((uint64_t)1 << bits) - 1);
}

static void put(uint64_t *vector, int lane, int index, uint64_t value) {
    int bits = 8 << lane, at = index * bits;
    if (bits < 64) value &= ((uint64_t)1 << bits) - 1;
    vector[at / 64] |= value << at % 64;
}

void lyrebird_float(struct lyrebird_float_words *words, uint64_t word) {
    if ((word & 0xFF) >= LYREBIRD_SPECIAL_FIRST) return lyrebird_special(words, word);
    int operation = word & 0xFF, lane = word >> 8 & 3, to = word >> 10 & 3, mode = word >> 12 & 7;
    // An integer operand has the width of the other side.
    int is_integer = operation == LYREBIRD_FLOAT_FROM_SIGNED || operation == LYREBIRD_FLOAT_FROM_UNSIGNED;
    int from = is_integer ? to : lane;
    int into = operation == LYREBIRD_FLOAT_CONVERT ? to : lane;
    // A conversion to wider lanes takes the low half, one to narrower lanes fills it.
    int count = word & 0x10000 ? 16 >> (into > lane ? into : lane) : 1;
    uint64_t result[2] = {0, 0};
    for (int n = 0; n < count; n++) {
        uint64_t value =
            one(operation, lane, to, mode, get(words->a, from, n), get(words->b, lane, n), get(words->c, lane, n));
        if (word & 0x10000) put(result, into, n, value);
        else result[0] = value;
    }
    words->result[0] = result[0];
    words->result[1] = result[1];
}
