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

// An operand as it counts: zero if subnormal numbers are flushed.
static inline uint64_t operand(struct environment *e, int lane, uint64_t x) {
    if (!(e->control & LYREBIRD_FLOAT_FLUSH) || lane == H || !is_subnormal(lane, x)) return x;
    e->flags |= LYREBIRD_FLOAT_SUBNORMAL;
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

// A result of numbers, with its flags: LYREBIRD_FLOAT_ADD to DIV, SQRT, MUL_ADD, and CONVERT from double to single precision.
uint64_t lyrebird_float_arithmetic(
    struct environment *e, int operation, int lane, uint64_t a, uint64_t b, uint64_t c);
