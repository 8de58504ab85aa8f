// What the files of floating point share: numbers as bit patterns by lane, the environment that operations run in, operands
// as they count, and the NaN that is the result.
#pragma once
#include "float.h"
#include <string.h>

enum { H = 1, S = 2, D = 3 };

static const uint64_t infinities[4] = {0, 0x7C00, 0x7F800000, 0x7FF0000000000000};
static const uint64_t quiet_bits[4] = {0, 0x0200, 0x00400000, 0x0008000000000000};
static const uint64_t sign_bits[4] = {0, 0x8000, 0x80000000, 0x8000000000000000};
// The least normal number.
static const uint64_t normals[4] = {0, 0x0400, 0x00800000, 0x0010000000000000};

struct environment {
    uint32_t control, flags;
};

static inline uint64_t magnitude(int lane, uint64_t x) { return x & ~sign_bits[lane]; }
static inline int is_nan(int lane, uint64_t x) { return magnitude(lane, x) > infinities[lane]; }
static inline int is_signalling(int lane, uint64_t x) { return is_nan(lane, x) && !(x & quiet_bits[lane]); }
static inline int is_infinity(int lane, uint64_t x) { return magnitude(lane, x) == infinities[lane]; }
static inline int is_zero(int lane, uint64_t x) { return magnitude(lane, x) == 0; }
static inline int is_subnormal(int lane, uint64_t x) { return !is_zero(lane, x) && magnitude(lane, x) < normals[lane]; }

static inline uint64_t default_nan(int lane) { return infinities[lane] | quiet_bits[lane]; }

static inline uint64_t invalid(struct environment *e, int lane) {
    e->flags |= LYREBIRD_FLOAT_INVALID;
    return default_nan(lane);
}

// Whether subnormal numbers of a lane are flushed.
static inline int flushes(struct environment *e, int lane) {
    return (e->control & (lane == H ? LYREBIRD_FLOAT_FLUSH_HALF : LYREBIRD_FLOAT_FLUSH)) != 0;
}

// An operand as it counts: zero if subnormal numbers are flushed. Of half precision that is not told.
static inline uint64_t operand(struct environment *e, int lane, uint64_t x) {
    if (!flushes(e, lane) || !is_subnormal(lane, x)) return x;
    if (lane != H) e->flags |= LYREBIRD_FLOAT_SUBNORMAL;
    return x & sign_bits[lane];
}

// A NaN operand as the result.
static inline uint64_t quieted(struct environment *e, int lane, uint64_t x) {
    if (is_signalling(lane, x)) e->flags |= LYREBIRD_FLOAT_INVALID;
    return e->control & LYREBIRD_FLOAT_DEFAULT_NAN ? default_nan(lane) : x | quiet_bits[lane];
}

// The NaN that is the result because an operand is one; 0 if none is.
static inline uint64_t propagated(struct environment *e, int lane, const uint64_t *operands, int count) {
    for (int n = 0; n < count; n++)
        if (is_signalling(lane, operands[n])) return quieted(e, lane, operands[n]);
    for (int n = 0; n < count; n++)
        if (is_nan(lane, operands[n])) return quieted(e, lane, operands[n]);
    return 0;
}

static inline double as_double(uint64_t x) {
    double value;
    memcpy(&value, &x, 8);
    return value;
}
static inline float as_float(uint64_t x) {
    float value;
    uint32_t bits = (uint32_t)x;
    memcpy(&value, &bits, 4);
    return value;
}
static inline uint64_t double_bits(double value) {
    uint64_t x;
    memcpy(&x, &value, 8);
    return x;
}
static inline uint64_t float_bits(float value) {
    uint32_t x;
    memcpy(&x, &value, 4);
    return x;
}

// A lane of a vector.
static inline uint64_t get(const uint64_t *vector, int lane, int index) {
    int bits = 8 << lane, at = index * bits;
    uint64_t word = vector[at / 64] >> at % 64;
    return bits == 64 ? word : word & (((uint64_t)1 << bits) - 1);
}

// Sets one that is zero.
static inline void put(uint64_t *vector, int lane, int index, uint64_t value) {
    int bits = 8 << lane, at = index * bits;
    if (bits < 64) value &= ((uint64_t)1 << bits) - 1;
    vector[at / 64] |= value << at % 64;
}

// A result of numbers, with its flags: LYREBIRD_FLOAT_ADD to DIV, SQRT, MUL_ADD, and CONVERT from double to single precision.
uint64_t lyrebird_float_arithmetic(
    struct environment *e, int operation, int lane, uint64_t a, uint64_t b, uint64_t c);

// The same of doubles, rounded to odd: from there it can be rounded once more, to less than 52 bits, as if that were the first
// time. Flags are those of division by zero and of invalid operations only; then the result is a NaN.
double lyrebird_rounded_to_odd(struct environment *e, int operation, double a, double b, double c);

// Half precision, without NaNs.
double lyrebird_half_value(struct environment *e, uint64_t x);
uint64_t lyrebird_half_bits(struct environment *e, double value);
