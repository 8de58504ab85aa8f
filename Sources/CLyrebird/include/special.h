// Operations on vectors that are one function each: cryptography, carry-less products, and floating point
// that hosts do not have. The interpreter calls
// nothing else; generated code calls it where the host has no instruction. They share the words and the entry of float.h.
#pragma once
#include "float.h"

enum lyrebird_special_operation {
    LYREBIRD_SPECIAL_FIRST = 128,
    LYREBIRD_MUL_CARRYLESS = LYREBIRD_SPECIAL_FIRST,
    LYREBIRD_RECIP_ESTIMATE_UNSIGNED,
    LYREBIRD_RSQRT_ESTIMATE_UNSIGNED,
    LYREBIRD_AES_ENCRYPT,
    LYREBIRD_AES_ENCRYPT_LAST,
    LYREBIRD_AES_DECRYPT,
    LYREBIRD_AES_DECRYPT_LAST,
    LYREBIRD_AES_MIX,
    LYREBIRD_AES_MIX_INVERSE,
    LYREBIRD_AES_KEY_ASSIST,
    LYREBIRD_SHA1_CHOOSE,
    LYREBIRD_SHA1_PARITY,
    LYREBIRD_SHA1_MAJORITY,
    LYREBIRD_SHA256_HASH,
    LYREBIRD_SHA256_HASH2,
    LYREBIRD_SHA256_SCHEDULE0,
    LYREBIRD_SHA256_SCHEDULE1,
    LYREBIRD_SHA1_ROUNDS4,
    LYREBIRD_SHA1_NEXT_E,
    LYREBIRD_SHA1_SCHEDULE0,
    LYREBIRD_SHA1_SCHEDULE1,
    LYREBIRD_SHA256_ROUNDS2,
    LYREBIRD_SM3_PART1,
    LYREBIRD_SM3_PART2,
    LYREBIRD_SM3_SUM,
    LYREBIRD_SM3_ROUND1A,
    LYREBIRD_SM3_ROUND1B,
    LYREBIRD_SM3_ROUND2A,
    LYREBIRD_SM3_ROUND2B,
    LYREBIRD_SM4_ENCRYPT,
    LYREBIRD_SM4_KEY,
    // Shifts of words and doublewords by those of b; permutations and comparisons of strings (packed.c).
    LYREBIRD_PACKED_FIRST,
    LYREBIRD_PERMUTE = LYREBIRD_PACKED_FIRST,
    LYREBIRD_SHIFT_LEFT_EACH,
    LYREBIRD_SHIFT_RIGHT_EACH,
    LYREBIRD_SHIFT_SIGNED_EACH,
    LYREBIRD_STRING_INDEX,
    LYREBIRD_STRING_MASK,
    LYREBIRD_STRING_FLAGS,
    LYREBIRD_STRING_EXPLICIT,
    LYREBIRD_FLOAT_SPECIAL_FIRST,
    LYREBIRD_FLOAT_MUL_EXTENDED = LYREBIRD_FLOAT_SPECIAL_FIRST,
    LYREBIRD_FLOAT_RECIP_STEP,
    LYREBIRD_FLOAT_RSQRT_STEP,
    LYREBIRD_FLOAT_RECIP_ESTIMATE,
    LYREBIRD_FLOAT_RSQRT_ESTIMATE,
    LYREBIRD_FLOAT_RECIP_EXPONENT,
    LYREBIRD_FLOAT_ROUND_INTEGER,
    LYREBIRD_FLOAT_CONVERT_ODD,
    LYREBIRD_FLOAT_TO_INTEGER_MODULO,
    // Of BF16, which are single precision without its lower half.
    LYREBIRD_FLOAT_CONVERT_BRAIN,
    LYREBIRD_FLOAT_DOT_BRAIN,
};

// `lyrebird_float` comes here with operations from LYREBIRD_SPECIAL_FIRST on.
void lyrebird_special(struct lyrebird_float_words *words, uint64_t operation);
// And from there with those from LYREBIRD_PACKED_FIRST on, and from LYREBIRD_FLOAT_SPECIAL_FIRST on.
void lyrebird_packed(struct lyrebird_float_words *words, uint64_t operation);
void lyrebird_float_special(struct lyrebird_float_words *words, uint64_t operation);

// RecipEstimate and RecipSqrtEstimate of the manual's shared pseudocode: of nine bits, the highest or one of the two highest
// of them set.
uint32_t lyrebird_reciprocal_estimate(uint32_t a);
uint32_t lyrebird_root_estimate(uint32_t a);
