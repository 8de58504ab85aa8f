// Floating point of SSE, FMA and F16C: what the IR's operations of that group mean. `lyrebird_float` leads here.
#pragma once
#include "float.h"

enum lyrebird_sse_operation {
    LYREBIRD_SSE_FIRST = 64,
    LYREBIRD_SSE_ADD = LYREBIRD_SSE_FIRST,
    LYREBIRD_SSE_SUB,
    LYREBIRD_SSE_MUL,
    LYREBIRD_SSE_DIV,
    LYREBIRD_SSE_MIN,
    LYREBIRD_SSE_MAX,
    LYREBIRD_SSE_SQRT,
    LYREBIRD_SSE_RECIPROCAL,
    LYREBIRD_SSE_RECIPROCAL_ROOT,
    LYREBIRD_SSE_ADD_SUB,
    LYREBIRD_SSE_ADD_PAIRS,
    LYREBIRD_SSE_SUB_PAIRS,
    LYREBIRD_SSE_ROUND,
    LYREBIRD_SSE_COMPARE,
    LYREBIRD_SSE_ORDER,
    LYREBIRD_SSE_TO_INT,
    LYREBIRD_SSE_FROM_INT,
    LYREBIRD_SSE_TO_WORDS,
    LYREBIRD_SSE_FROM_WORDS,
    LYREBIRD_SSE_CONVERT,
    LYREBIRD_SSE_CONVERT_LANES,
    LYREBIRD_SSE_FROM_HALF,
    LYREBIRD_SSE_TO_HALF,
    LYREBIRD_SSE_FUSED,
    LYREBIRD_SSE_LAST = 127,
};

// What an operation works on.
enum lyrebird_sse_format { LYREBIRD_SSE_SS, LYREBIRD_SSE_SD, LYREBIRD_SSE_PS, LYREBIRD_SSE_PD };

// The word: bits 0-7 the operation, 8-9 the format, 10 set for an integer of 64 bits, 12-19 the immediate; of a fused operation 12-13 the form (132, 213, 231) and 14-16 what is done (add, subtract, both of
// these of the product negated, add and subtract in turn, the other way round).
enum { LYREBIRD_SSE_WIDE = 1 << 10 };

void lyrebird_sse(struct lyrebird_float_words *words, uint64_t word);
