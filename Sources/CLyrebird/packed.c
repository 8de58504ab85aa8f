// Vector operations that only newer hosts have, or that take more than a vector instruction: shifts of each lane by its own
// amount, permutations of two vectors, and comparisons of strings (Intel SDM volume 2, 4.1, "Imm8 control byte operation").

#include "special.h"
#include <string.h>

static void shift_words(int operation, uint32_t *a, const uint32_t *n) {
    for (int k = 0; k < 4; k++) {
        if (operation == LYREBIRD_SHIFT_SIGNED_EACH) a[k] = (uint32_t)((int32_t)a[k] >> (n[k] < 31 ? n[k] : 31));
        else if (n[k] > 31) a[k] = 0;
        else a[k] = operation == LYREBIRD_SHIFT_LEFT_EACH ? a[k] << n[k] : a[k] >> n[k];
    }
}

static void shift_doublewords(int operation, uint64_t *a, const uint64_t *n) {
    for (int k = 0; k < 2; k++) {
        if (n[k] > 63) a[k] = 0;
        else a[k] = operation == LYREBIRD_SHIFT_LEFT_EACH ? a[k] << n[k] : a[k] >> n[k];
    }
}

// Strings

enum { SIGNED_ELEMENTS = 2, ANY = 0, RANGES = 1, EACH = 2 };

struct string {
    int32_t at[16];
    int length;
};

static void read_string(struct string *to, const uint64_t *from, int control, int length) {
    int count = control & 1 ? 8 : 16;
    to->length = length < count ? length : count;
    for (int n = 0; n < count; n++) {
        uint16_t wide;
        uint8_t narrow;
        memcpy(&wide, (const char *)from + 2 * (n & 7), 2);
        memcpy(&narrow, (const char *)from + n, 1);
        if (control & SIGNED_ELEMENTS) to->at[n] = control & 1 ? (int16_t)wide : (int8_t)narrow;
        else to->at[n] = control & 1 ? wide : narrow;
    }
    if (length >= 0) return;
    // It ends before the first zero.
    to->length = 0;
    while (to->length < count && to->at[to->length]) to->length++;
}

// What element j of b is, said by the elements of a: a bit.
static int compare_element(const struct string *a, const struct string *b, int j, int count, int aggregation) {
    int is_valid = j < b->length;
    switch (aggregation) {
    case ANY:
        for (int i = 0; i < a->length; i++)
            if (is_valid && a->at[i] == b->at[j]) return 1;
        return 0;
    case RANGES:
        for (int i = 0; i + 1 < a->length; i += 2)
            if (is_valid && b->at[j] >= a->at[i] && b->at[j] <= a->at[i + 1]) return 1;
        return 0;
    case EACH: return is_valid == (j < a->length) && (!is_valid || a->at[j] == b->at[j]);
    default:
        // All of a, as far as the vector goes.
        for (int i = 0; i < a->length && i + j < count; i++)
            if (i + j >= b->length || a->at[i] != b->at[i + j]) return 0;
        return 1;
    }
}

// IntRes2.
static uint32_t compare_strings(const struct string *a, const struct string *b, int control) {
    int count = control & 1 ? 8 : 16, polarity = control >> 4 & 3;
    uint32_t result = 0;
    for (int j = 0; j < count; j++) {
        int bit = compare_element(a, b, j, count, control >> 2 & 3);
        if (polarity == 1 || (polarity == 3 && j < b->length)) bit = !bit;
        result |= (uint32_t)bit << j;
    }
    return result;
}

static uint32_t string_index(uint32_t found, int control) {
    if (!found) return control & 1 ? 8 : 16;
    return (uint32_t)(control & 0x40 ? 31 - __builtin_clz(found) : __builtin_ctz(found));
}

// As the IR has flags: Z bit 14, N 15, C 8, V 0, and bit 9 set.
static uint32_t string_flags(const struct string *a, const struct string *b, uint32_t found, int control) {
    int count = control & 1 ? 8 : 16;
    return 1u << 9 | (uint32_t)(found != 0) << 8 | (uint32_t)(b->length < count) << 14 |
           (uint32_t)(a->length < count) << 15 | (found & 1);
}

static void string_mask(uint64_t *result, uint32_t found, int control) {
    result[0] = control & 0x40 ? 0 : found;
    result[1] = 0;
    if (!(control & 0x40)) return;
    for (int n = 0; n < 16; n++) {
        int element = control & 1 ? n / 2 : n;
        if (found >> element & 1) result[n / 8] |= 0xFFull << (8 * (n & 7));
    }
}

static void strings(struct lyrebird_float_words *words, int operation, int control) {
    struct string a, b;
    int a_length = -1, b_length = -1;
    if (operation == LYREBIRD_STRING_EXPLICIT) {
        int32_t lengths[4];
        memcpy(lengths, words->c, 16);
        // A length counts without its sign.
        a_length = lengths[0] < -16 || lengths[0] > 16 ? 16 : lengths[0] < 0 ? -lengths[0] : lengths[0];
        b_length = lengths[1] < -16 || lengths[1] > 16 ? 16 : lengths[1] < 0 ? -lengths[1] : lengths[1];
        control = lengths[2];
    }
    read_string(&a, words->a, control, a_length);
    read_string(&b, words->b, control, b_length);
    uint32_t found = compare_strings(&a, &b, control);
    uint64_t index = string_index(found, control), flags = string_flags(&a, &b, found, control);
    words->result[1] = 0;
    if (operation == LYREBIRD_STRING_INDEX) words->result[0] = index;
    else if (operation == LYREBIRD_STRING_FLAGS) words->result[0] = flags;
    else if (operation == LYREBIRD_STRING_MASK || control & 0x100) string_mask(words->result, found, control);
    else words->result[0] = index | flags << 32;
}

void lyrebird_packed(struct lyrebird_float_words *words, uint64_t word) {
    int operation = word & 0xFF;
    if (operation >= LYREBIRD_STRING_INDEX) return strings(words, operation, word >> 17 & 0x7F);
    if (operation == LYREBIRD_PERMUTE) {
        uint32_t table[8], index[4];
        memcpy(table, words->a, 16);
        memcpy(table + 4, words->b, 16);
        memcpy(index, words->c, 16);
        for (int n = 0; n < 4; n++) index[n] = table[index[n] & 7];
        memcpy(words->result, index, 16);
        return;
    }
    if ((word >> 8 & 3) == 3) {
        memcpy(words->result, words->a, 16);
        return shift_doublewords(operation, words->result, words->b);
    }
    uint32_t a[4], n[4];
    memcpy(a, words->a, 16);
    memcpy(n, words->b, 16);
    shift_words(operation, a, n);
    memcpy(words->result, a, 16);
}
