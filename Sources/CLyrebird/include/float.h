// Floating point, one function for all of it: what the IR's floating-point operations mean. The interpreter calls nothing else;
// generated code calls it for the operands that the host's instructions treat differently.
#pragma once
#include <stdint.h>

enum lyrebird_float_operation {
    LYREBIRD_FLOAT_ADD,
    LYREBIRD_FLOAT_SUB,
    LYREBIRD_FLOAT_MUL,
    LYREBIRD_FLOAT_DIV,
    LYREBIRD_FLOAT_MAX,
    LYREBIRD_FLOAT_MIN,
    LYREBIRD_FLOAT_MAX_NUMBER,
    LYREBIRD_FLOAT_MIN_NUMBER,
    LYREBIRD_FLOAT_SQRT,
    LYREBIRD_FLOAT_ROUND,
    LYREBIRD_FLOAT_MUL_ADD,
    LYREBIRD_FLOAT_EQ,
    LYREBIRD_FLOAT_GE,
    LYREBIRD_FLOAT_GT,
    LYREBIRD_FLOAT_COMPARE,
    LYREBIRD_FLOAT_TO_SIGNED,
    LYREBIRD_FLOAT_TO_UNSIGNED,
    LYREBIRD_FLOAT_FROM_SIGNED,
    LYREBIRD_FLOAT_FROM_UNSIGNED,
    LYREBIRD_FLOAT_CONVERT,
    // Products of half precision added in single precision.
    LYREBIRD_FLOAT_MUL_ADD_WIDE,
    LYREBIRD_FLOAT_SHIFT_SIGNED,
    LYREBIRD_FLOAT_SHIFT_UNSIGNED,
};

// How to round and what to do with what is special: the control word of a CPU.
enum lyrebird_float_control {
    // Bits 0-1: to nearest even, down, up, to zero (the host's numbers).
    LYREBIRD_FLOAT_ROUNDING = 3,
    // Subnormal operands and results are zeros, but in half precision.
    LYREBIRD_FLOAT_FLUSH = 4,
    // Every NaN result is the default NaN.
    LYREBIRD_FLOAT_DEFAULT_NAN = 8,
    // Half precision has neither infinities nor NaNs: in changes of precision, nowhere else.
    LYREBIRD_FLOAT_ALTERNATIVE_HALF = 16,
    // Subnormal operands and results in half precision are zeros, but in changes of precision.
    LYREBIRD_FLOAT_FLUSH_HALF = 32,
    // MXCSR's own: subnormal operands are zeros, subnormal results are. Of these the operations of SSE know, no others.
    LYREBIRD_FLOAT_DENORMALS_ARE_ZEROS = 64,
    LYREBIRD_FLOAT_FLUSH_TO_ZERO = 128,
};

// What an operation ran into. Sticky: a CPU's flags are the union over its operations.
enum lyrebird_float_flags {
    LYREBIRD_FLOAT_INVALID = 1,
    LYREBIRD_FLOAT_DIVIDED_BY_ZERO = 2,
    LYREBIRD_FLOAT_OVERFLOW = 4,
    // The number was below the least normal one before it was rounded, and inexact or flushed.
    LYREBIRD_FLOAT_UNDERFLOW = 8,
    LYREBIRD_FLOAT_INEXACT = 16,
    // A subnormal operand was not flushed: of SSE.
    LYREBIRD_FLOAT_DENORMAL = 32,
    // A subnormal operand was flushed.
    LYREBIRD_FLOAT_SUBNORMAL = 128,
};

// Roundings of an operation that names its own; numbers below 4 are those of the control word.
enum { LYREBIRD_FLOAT_TIES_AWAY = 4, LYREBIRD_FLOAT_CURRENT = 5 };

// Operands a, b and c, low half first, then the result; then the operation: bits 0-7 what, 8-9 the lane and 10-11 the lane of
// the other side of a conversion (log2 of the bytes), 12-14 the rounding, 15 whether rounding to an integral value is inexact
// or a comparison of quiet NaNs invalid, 16 set for a vector, 17-23 the fraction bits of an integer. Then the control word, and
// the flags, to which those of the operation are added.
struct lyrebird_float_words {
    uint64_t a[2], b[2], c[2], result[2];
    uint64_t operation;
    uint32_t control, flags;
};

void lyrebird_float(struct lyrebird_float_words *words, uint64_t operation);

// MXCSR for a control word, and the flags that an MXCSR holds.
static inline uint32_t lyrebird_mxcsr(uint32_t control) {
    return 0x1F80u | (control & LYREBIRD_FLOAT_ROUNDING) << 13 | (control & LYREBIRD_FLOAT_DENORMALS_ARE_ZEROS) |
           (control & LYREBIRD_FLOAT_FLUSH_TO_ZERO) << 8;
}
static inline uint32_t lyrebird_mxcsr_flags(uint32_t mxcsr) {
    return (mxcsr & 1) | (mxcsr >> 1 & 0x1E) | (mxcsr & 2) << 4;
}
