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
    LYREBIRD_FLOAT_SHIFT_SIGNED,
    LYREBIRD_FLOAT_SHIFT_UNSIGNED,
};

// Operands a, b and c, low half first, then the result; then the operation: bits 0-7 what, 8-9 the lane and 10-11 the lane of
// the other side of a conversion (log2 of the bytes), 12-14 the rounding, 16 set for a vector.
struct lyrebird_float_words {
    uint64_t a[2], b[2], c[2], result[2];
    uint64_t operation;
};

void lyrebird_float(struct lyrebird_float_words *words, uint64_t operation);
