// Cryptography (FIPS 180-4, FIPS 197, GB/T 32905, GB/T 32907) in the steps that AArch64 has instructions for (Arm ARM C7.2) or x86
// (SDM volume 2), carry-less products, and the estimates that are made of integers. Written to be read: hosts have instructions for what is
// used most.

#include "special.h"
#include <string.h>

struct words32 {
    uint32_t w[4];
};

static uint32_t rol(uint32_t x, int n) { return x << n | x >> (32 - n); }
static uint32_t ror(uint32_t x, int n) { return x >> n | x << (32 - n); }
static uint32_t choose(uint32_t x, uint32_t y, uint32_t z) { return (x & y) ^ (~x & z); }
static uint32_t parity(uint32_t x, uint32_t y, uint32_t z) { return x ^ y ^ z; }
static uint32_t majority(uint32_t x, uint32_t y, uint32_t z) { return (x & y) ^ (x & z) ^ (y & z); }

// AES

static const uint8_t substitution[256] = {
    0x63, 0x7C, 0x77, 0x7B, 0xF2, 0x6B, 0x6F, 0xC5, 0x30, 0x01, 0x67, 0x2B, 0xFE, 0xD7, 0xAB, 0x76,
    0xCA, 0x82, 0xC9, 0x7D, 0xFA, 0x59, 0x47, 0xF0, 0xAD, 0xD4, 0xA2, 0xAF, 0x9C, 0xA4, 0x72, 0xC0,
    0xB7, 0xFD, 0x93, 0x26, 0x36, 0x3F, 0xF7, 0xCC, 0x34, 0xA5, 0xE5, 0xF1, 0x71, 0xD8, 0x31, 0x15,
    0x04, 0xC7, 0x23, 0xC3, 0x18, 0x96, 0x05, 0x9A, 0x07, 0x12, 0x80, 0xE2, 0xEB, 0x27, 0xB2, 0x75,
    0x09, 0x83, 0x2C, 0x1A, 0x1B, 0x6E, 0x5A, 0xA0, 0x52, 0x3B, 0xD6, 0xB3, 0x29, 0xE3, 0x2F, 0x84,
    0x53, 0xD1, 0x00, 0xED, 0x20, 0xFC, 0xB1, 0x5B, 0x6A, 0xCB, 0xBE, 0x39, 0x4A, 0x4C, 0x58, 0xCF,
    0xD0, 0xEF, 0xAA, 0xFB, 0x43, 0x4D, 0x33, 0x85, 0x45, 0xF9, 0x02, 0x7F, 0x50, 0x3C, 0x9F, 0xA8,
    0x51, 0xA3, 0x40, 0x8F, 0x92, 0x9D, 0x38, 0xF5, 0xBC, 0xB6, 0xDA, 0x21, 0x10, 0xFF, 0xF3, 0xD2,
    0xCD, 0x0C, 0x13, 0xEC, 0x5F, 0x97, 0x44, 0x17, 0xC4, 0xA7, 0x7E, 0x3D, 0x64, 0x5D, 0x19, 0x73,
    0x60, 0x81, 0x4F, 0xDC, 0x22, 0x2A, 0x90, 0x88, 0x46, 0xEE, 0xB8, 0x14, 0xDE, 0x5E, 0x0B, 0xDB,
    0xE0, 0x32, 0x3A, 0x0A, 0x49, 0x06, 0x24, 0x5C, 0xC2, 0xD3, 0xAC, 0x62, 0x91, 0x95, 0xE4, 0x79,
    0xE7, 0xC8, 0x37, 0x6D, 0x8D, 0xD5, 0x4E, 0xA9, 0x6C, 0x56, 0xF4, 0xEA, 0x65, 0x7A, 0xAE, 0x08,
    0xBA, 0x78, 0x25, 0x2E, 0x1C, 0xA6, 0xB4, 0xC6, 0xE8, 0xDD, 0x74, 0x1F, 0x4B, 0xBD, 0x8B, 0x8A,
    0x70, 0x3E, 0xB5, 0x66, 0x48, 0x03, 0xF6, 0x0E, 0x61, 0x35, 0x57, 0xB9, 0x86, 0xC1, 0x1D, 0x9E,
    0xE1, 0xF8, 0x98, 0x11, 0x69, 0xD9, 0x8E, 0x94, 0x9B, 0x1E, 0x87, 0xE9, 0xCE, 0x55, 0x28, 0xDF,
    0x8C, 0xA1, 0x89, 0x0D, 0xBF, 0xE6, 0x42, 0x68, 0x41, 0x99, 0x2D, 0x0F, 0xB0, 0x54, 0xBB, 0x16,
};

static const uint8_t inverse_substitution[256] = {
    0x52, 0x09, 0x6A, 0xD5, 0x30, 0x36, 0xA5, 0x38, 0xBF, 0x40, 0xA3, 0x9E, 0x81, 0xF3, 0xD7, 0xFB,
    0x7C, 0xE3, 0x39, 0x82, 0x9B, 0x2F, 0xFF, 0x87, 0x34, 0x8E, 0x43, 0x44, 0xC4, 0xDE, 0xE9, 0xCB,
    0x54, 0x7B, 0x94, 0x32, 0xA6, 0xC2, 0x23, 0x3D, 0xEE, 0x4C, 0x95, 0x0B, 0x42, 0xFA, 0xC3, 0x4E,
    0x08, 0x2E, 0xA1, 0x66, 0x28, 0xD9, 0x24, 0xB2, 0x76, 0x5B, 0xA2, 0x49, 0x6D, 0x8B, 0xD1, 0x25,
    0x72, 0xF8, 0xF6, 0x64, 0x86, 0x68, 0x98, 0x16, 0xD4, 0xA4, 0x5C, 0xCC, 0x5D, 0x65, 0xB6, 0x92,
    0x6C, 0x70, 0x48, 0x50, 0xFD, 0xED, 0xB9, 0xDA, 0x5E, 0x15, 0x46, 0x57, 0xA7, 0x8D, 0x9D, 0x84,
    0x90, 0xD8, 0xAB, 0x00, 0x8C, 0xBC, 0xD3, 0x0A, 0xF7, 0xE4, 0x58, 0x05, 0xB8, 0xB3, 0x45, 0x06,
    0xD0, 0x2C, 0x1E, 0x8F, 0xCA, 0x3F, 0x0F, 0x02, 0xC1, 0xAF, 0xBD, 0x03, 0x01, 0x13, 0x8A, 0x6B,
    0x3A, 0x91, 0x11, 0x41, 0x4F, 0x67, 0xDC, 0xEA, 0x97, 0xF2, 0xCF, 0xCE, 0xF0, 0xB4, 0xE6, 0x73,
    0x96, 0xAC, 0x74, 0x22, 0xE7, 0xAD, 0x35, 0x85, 0xE2, 0xF9, 0x37, 0xE8, 0x1C, 0x75, 0xDF, 0x6E,
    0x47, 0xF1, 0x1A, 0x71, 0x1D, 0x29, 0xC5, 0x89, 0x6F, 0xB7, 0x62, 0x0E, 0xAA, 0x18, 0xBE, 0x1B,
    0xFC, 0x56, 0x3E, 0x4B, 0xC6, 0xD2, 0x79, 0x20, 0x9A, 0xDB, 0xC0, 0xFE, 0x78, 0xCD, 0x5A, 0xF4,
    0x1F, 0xDD, 0xA8, 0x33, 0x88, 0x07, 0xC7, 0x31, 0xB1, 0x12, 0x10, 0x59, 0x27, 0x80, 0xEC, 0x5F,
    0x60, 0x51, 0x7F, 0xA9, 0x19, 0xB5, 0x4A, 0x0D, 0x2D, 0xE5, 0x7A, 0x9F, 0x93, 0xC9, 0x9C, 0xEF,
    0xA0, 0xE0, 0x3B, 0x4D, 0xAE, 0x2A, 0xF5, 0xB0, 0xC8, 0xEB, 0xBB, 0x3C, 0x83, 0x53, 0x99, 0x61,
    0x17, 0x2B, 0x04, 0x7E, 0xBA, 0x77, 0xD6, 0x26, 0xE1, 0x69, 0x14, 0x63, 0x55, 0x21, 0x0C, 0x7D,
};

static const uint8_t sm4_substitution[256] = {
    0xD6, 0x90, 0xE9, 0xFE, 0xCC, 0xE1, 0x3D, 0xB7, 0x16, 0xB6, 0x14, 0xC2, 0x28, 0xFB, 0x2C, 0x05,
    0x2B, 0x67, 0x9A, 0x76, 0x2A, 0xBE, 0x04, 0xC3, 0xAA, 0x44, 0x13, 0x26, 0x49, 0x86, 0x06, 0x99,
    0x9C, 0x42, 0x50, 0xF4, 0x91, 0xEF, 0x98, 0x7A, 0x33, 0x54, 0x0B, 0x43, 0xED, 0xCF, 0xAC, 0x62,
    0xE4, 0xB3, 0x1C, 0xA9, 0xC9, 0x08, 0xE8, 0x95, 0x80, 0xDF, 0x94, 0xFA, 0x75, 0x8F, 0x3F, 0xA6,
    0x47, 0x07, 0xA7, 0xFC, 0xF3, 0x73, 0x17, 0xBA, 0x83, 0x59, 0x3C, 0x19, 0xE6, 0x85, 0x4F, 0xA8,
    0x68, 0x6B, 0x81, 0xB2, 0x71, 0x64, 0xDA, 0x8B, 0xF8, 0xEB, 0x0F, 0x4B, 0x70, 0x56, 0x9D, 0x35,
    0x1E, 0x24, 0x0E, 0x5E, 0x63, 0x58, 0xD1, 0xA2, 0x25, 0x22, 0x7C, 0x3B, 0x01, 0x21, 0x78, 0x87,
    0xD4, 0x00, 0x46, 0x57, 0x9F, 0xD3, 0x27, 0x52, 0x4C, 0x36, 0x02, 0xE7, 0xA0, 0xC4, 0xC8, 0x9E,
    0xEA, 0xBF, 0x8A, 0xD2, 0x40, 0xC7, 0x38, 0xB5, 0xA3, 0xF7, 0xF2, 0xCE, 0xF9, 0x61, 0x15, 0xA1,
    0xE0, 0xAE, 0x5D, 0xA4, 0x9B, 0x34, 0x1A, 0x55, 0xAD, 0x93, 0x32, 0x30, 0xF5, 0x8C, 0xB1, 0xE3,
    0x1D, 0xF6, 0xE2, 0x2E, 0x82, 0x66, 0xCA, 0x60, 0xC0, 0x29, 0x23, 0xAB, 0x0D, 0x53, 0x4E, 0x6F,
    0xD5, 0xDB, 0x37, 0x45, 0xDE, 0xFD, 0x8E, 0x2F, 0x03, 0xFF, 0x6A, 0x72, 0x6D, 0x6C, 0x5B, 0x51,
    0x8D, 0x1B, 0xAF, 0x92, 0xBB, 0xDD, 0xBC, 0x7F, 0x11, 0xD9, 0x5C, 0x41, 0x1F, 0x10, 0x5A, 0xD8,
    0x0A, 0xC1, 0x31, 0x88, 0xA5, 0xCD, 0x7B, 0xBD, 0x2D, 0x74, 0xD0, 0x12, 0xB8, 0xE5, 0xB4, 0xB0,
    0x89, 0x69, 0x97, 0x4A, 0x0C, 0x96, 0x77, 0x7E, 0x65, 0xB9, 0xF1, 0x09, 0xC5, 0x6E, 0xC6, 0x84,
    0x18, 0xF0, 0x7D, 0xEC, 0x3A, 0xDC, 0x4D, 0x20, 0x79, 0xEE, 0x5F, 0x3E, 0xD7, 0xCB, 0x39, 0x48,
};

// In the field of 256 elements by x^8 + x^4 + x^3 + x + 1.
static uint8_t field_product(uint8_t a, uint8_t b) {
    uint8_t result = 0;
    for (int n = 0; n < 8; n++) {
        if (b >> n & 1) result ^= a;
        a = (uint8_t)(a << 1 ^ (a & 0x80 ? 0x1B : 0));
    }
    return result;
}

// Row r of the state, every fourth byte, goes r places to the left, or to the right for the inverse.
static void aes_substitute(uint8_t *state, int inverse) {
    uint8_t from[16];
    memcpy(from, state, 16);
    for (int n = 0; n < 16; n++) {
        int row = n % 4;
        uint8_t byte = from[(n + (inverse ? -4 : 4) * row) & 15];
        state[n] = inverse ? inverse_substitution[byte] : substitution[byte];
    }
}

static void aes_mix(uint8_t *state, int inverse) {
    static const uint8_t factors[2][4] = {{2, 3, 1, 1}, {14, 11, 13, 9}};
    uint8_t from[16];
    memcpy(from, state, 16);
    for (int n = 0; n < 16; n++) {
        state[n] = 0;
        for (int k = 0; k < 4; k++) state[n] ^= field_product(from[(n & ~3) + (n + k) % 4], factors[inverse][k]);
    }
}

static void aes(int operation, uint8_t *state, const uint8_t *key) {
    int inverse = operation == LYREBIRD_AES_DECRYPT || operation == LYREBIRD_AES_DECRYPT_LAST ||
                  operation == LYREBIRD_AES_MIX_INVERSE;
    int mixes_only = operation == LYREBIRD_AES_MIX || operation == LYREBIRD_AES_MIX_INVERSE;
    int is_last = operation == LYREBIRD_AES_ENCRYPT_LAST || operation == LYREBIRD_AES_DECRYPT_LAST;
    if (!mixes_only) aes_substitute(state, inverse);
    if (!is_last) aes_mix(state, inverse);
    if (mixes_only) return;
    for (int n = 0; n < 16; n++) state[n] ^= key[n];
}

// The words of a key schedule, the constant in those that are rotated.
static void aes_key_assist(uint32_t *a, uint32_t constant) {
    uint32_t from[2] = {a[1], a[3]};
    for (int n = 0; n < 2; n++) {
        uint32_t word = 0;
        for (int k = 0; k < 32; k += 8) word |= (uint32_t)substitution[from[n] >> k & 0xFF] << k;
        a[2 * n] = word;
        a[2 * n + 1] = ror(word, 8) ^ constant;
    }
}

// SHA-1 and SHA-256

static void sha1(int operation, uint32_t *abcd, uint32_t e, const uint32_t *w) {
    for (int n = 0; n < 4; n++) {
        uint32_t a = abcd[0], b = abcd[1], c = abcd[2], d = abcd[3];
        uint32_t f = operation == LYREBIRD_SHA1_CHOOSE   ? choose(b, c, d)
                     : operation == LYREBIRD_SHA1_PARITY ? parity(b, c, d)
                                                         : majority(b, c, d);
        abcd[0] = rol(a, 5) + f + e + w[n];
        abcd[1] = a;
        abcd[2] = rol(b, 30);
        abcd[3] = c;
        e = d;
    }
}

static void sha256_round(uint32_t *x, uint32_t *y, uint32_t w) {
    uint32_t sigma1 = ror(y[0], 6) ^ ror(y[0], 11) ^ ror(y[0], 25);
    uint32_t sigma0 = ror(x[0], 2) ^ ror(x[0], 13) ^ ror(x[0], 22);
    uint32_t first = y[3] + sigma1 + choose(y[0], y[1], y[2]) + w;
    uint32_t second = sigma0 + majority(x[0], x[1], x[2]);
    uint32_t e = x[3] + first;
    memmove(y + 1, y, 12);
    memmove(x + 1, x, 12);
    y[0] = e;
    x[0] = first + second;
}

static void sha256(uint32_t *x, uint32_t *y, const uint32_t *w) {
    for (int n = 0; n < 4; n++) sha256_round(x, y, w[n]);
}

static void sha256_schedule0(uint32_t *a, const uint32_t *b) {
    uint32_t next[5] = {a[0], a[1], a[2], a[3], b[0]};
    for (int n = 0; n < 4; n++) a[n] += ror(next[n + 1], 7) ^ ror(next[n + 1], 18) ^ next[n + 1] >> 3;
}

static void sha256_schedule1(uint32_t *a, const uint32_t *b) {
    for (int n = 0; n < 4; n++) {
        uint32_t before = n < 2 ? b[n + 2] : a[n - 2];
        a[n] += ror(before, 17) ^ ror(before, 19) ^ before >> 10;
    }
}

// SHA as x86 has it (SDM volume 2): the first word is the highest

static void reverse(uint32_t *a) {
    uint32_t from[4];
    memcpy(from, a, 16);
    for (int n = 0; n < 4; n++) a[n] = from[3 - n];
}

static void sha1_rounds4(uint32_t *a, uint32_t *w, int function) {
    static const uint32_t constants[4] = {0x5A827999, 0x6ED9EBA1, 0x8F1BBCDC, 0xCA62C1D6};
    static const int operations[4] = {LYREBIRD_SHA1_CHOOSE, LYREBIRD_SHA1_PARITY, LYREBIRD_SHA1_MAJORITY,
                                      LYREBIRD_SHA1_PARITY};
    reverse(a);
    reverse(w);
    for (int n = 0; n < 4; n++) w[n] += constants[function];
    // E is in the first of w.
    sha1(operations[function], a, 0, w);
    reverse(a);
}

static void sha1_schedule0(uint32_t *a, const uint32_t *b) {
    uint32_t w[6] = {a[3], a[2], a[1], a[0], b[3], b[2]};
    for (int n = 0; n < 4; n++) a[3 - n] = w[n + 2] ^ w[n];
}

static void sha1_schedule1(uint32_t *a, const uint32_t *b) {
    a[3] = rol(a[3] ^ b[2], 1);
    a[2] = rol(a[2] ^ b[1], 1);
    a[1] = rol(a[1] ^ b[0], 1);
    a[0] = rol(a[0] ^ a[3], 1);
}

static void sha256_rounds2(uint32_t *cdgh, const uint32_t *abef, const uint32_t *w) {
    uint32_t x[4] = {abef[3], abef[2], cdgh[3], cdgh[2]}, y[4] = {abef[1], abef[0], cdgh[1], cdgh[0]};
    for (int n = 0; n < 2; n++) sha256_round(x, y, w[n]);
    cdgh[3] = x[0];
    cdgh[2] = x[1];
    cdgh[1] = y[0];
    cdgh[0] = y[1];
}

// SM3: a vector's highest word is the first of the state

static uint32_t sm3_permuted0(uint32_t x) { return x ^ rol(x, 9) ^ rol(x, 17); }
static uint32_t sm3_permuted1(uint32_t x) { return x ^ rol(x, 15) ^ rol(x, 23); }

static void sm3_round(int operation, uint32_t *d, uint32_t n, uint32_t w) {
    int is_second = operation == LYREBIRD_SM3_ROUND2A || operation == LYREBIRD_SM3_ROUND2B;
    uint32_t f = operation == LYREBIRD_SM3_ROUND1B   ? majority(d[3], d[2], d[1])
                 : operation == LYREBIRD_SM3_ROUND2B ? choose(d[3], d[2], d[1])
                                                     : parity(d[3], d[2], d[1]);
    uint32_t sum = f + d[0] + w + (is_second ? n : n ^ rol(d[3], 12));
    d[0] = d[1];
    d[1] = rol(d[2], is_second ? 19 : 9);
    d[2] = d[3];
    d[3] = is_second ? sm3_permuted0(sum) : sum;
}

static void sm3(int operation, uint32_t *a, const uint32_t *b, const uint32_t *c) {
    switch (operation) {
    case LYREBIRD_SM3_PART1:
        for (int k = 0; k < 4; k++)
            a[k] = sm3_permuted1(a[k] ^ b[k] ^ rol(k < 3 ? c[k + 1] : a[0], 15));
        break;
    case LYREBIRD_SM3_PART2: {
        uint32_t first = b[0] ^ rol(c[0], 7);
        for (int k = 0; k < 4; k++) a[k] ^= b[k] ^ rol(c[k], 7);
        a[3] ^= sm3_permuted1(rol(first, 15));
        break;
    }
    case LYREBIRD_SM3_SUM:
        a[3] = rol(rol(a[3], 12) + b[3] + c[3], 7);
        a[0] = a[1] = a[2] = 0;
        break;
    default: sm3_round(operation, a, b[3], c[0]); break;
    }
}

// SM4

static void sm4(int operation, uint32_t *a, const uint32_t *keys) {
    for (int n = 0; n < 4; n++) {
        uint32_t x = a[1] ^ a[2] ^ a[3] ^ keys[n], y = 0;
        for (int k = 0; k < 32; k += 8) y |= (uint32_t)sm4_substitution[x >> k & 0xFF] << k;
        uint32_t mixed = operation == LYREBIRD_SM4_KEY ? y ^ rol(y, 13) ^ rol(y, 23)
                                                       : y ^ rol(y, 2) ^ rol(y, 10) ^ rol(y, 18) ^ rol(y, 24);
        uint32_t next = a[0] ^ mixed;
        memmove(a, a + 1, 12);
        a[3] = next;
    }
}

// Integers

static void multiply_carryless(uint64_t *result, uint64_t a, uint64_t b) {
    result[0] = result[1] = 0;
    for (int n = 0; n < 64; n++) {
        if (!(b >> n & 1)) continue;
        result[0] ^= a << n;
        if (n) result[1] ^= a >> (64 - n);
    }
}

uint32_t lyrebird_reciprocal_estimate(uint32_t a) { return ((1u << 19) / (2 * a + 1) + 1) / 2; }

uint32_t lyrebird_root_estimate(uint32_t a) {
    a = a < 256 ? 2 * a + 1 : ((a & ~1u) + 1) * 2;
    uint32_t b = 512;
    while ((uint64_t)a * (b + 1) * (b + 1) < 1u << 28) b++;
    return (b + 1) / 2;
}

static void estimate(int operation, uint32_t *a) {
    int is_root = operation == LYREBIRD_RSQRT_ESTIMATE_UNSIGNED;
    for (int n = 0; n < 4; n++) {
        if (a[n] >> (is_root ? 30 : 31) == 0) a[n] = UINT32_MAX;
        else a[n] = (is_root ? lyrebird_root_estimate(a[n] >> 23) : lyrebird_reciprocal_estimate(a[n] >> 23)) << 23;
    }
}

void lyrebird_special(struct lyrebird_float_words *words, uint64_t word) {
    int operation = word & 0xFF, number = word >> 12 & 3;
    if (operation >= LYREBIRD_FLOAT_SPECIAL_FIRST) return lyrebird_float_special(words, word);
    if (operation >= LYREBIRD_PACKED_FIRST) return lyrebird_packed(words, word);
    struct words32 a, b, c;
    memcpy(&a, words->a, 16);
    memcpy(&b, words->b, 16);
    memcpy(&c, words->c, 16);
    switch (operation) {
    case LYREBIRD_MUL_CARRYLESS: multiply_carryless(words->result, words->a[number & 1], words->b[number >> 1]); return;
    case LYREBIRD_RECIP_ESTIMATE_UNSIGNED:
    case LYREBIRD_RSQRT_ESTIMATE_UNSIGNED: estimate(operation, a.w); break;
    case LYREBIRD_AES_KEY_ASSIST: aes_key_assist(a.w, word >> 17 & 0xFF); break;
    case LYREBIRD_SHA1_ROUNDS4: sha1_rounds4(a.w, b.w, number); break;
    case LYREBIRD_SHA1_NEXT_E:
        b.w[3] += rol(a.w[3], 30);
        a = b;
        break;
    case LYREBIRD_SHA1_SCHEDULE0: sha1_schedule0(a.w, b.w); break;
    case LYREBIRD_SHA1_SCHEDULE1: sha1_schedule1(a.w, b.w); break;
    case LYREBIRD_SHA256_ROUNDS2: sha256_rounds2(a.w, b.w, c.w); break;
    case LYREBIRD_SHA1_CHOOSE:
    case LYREBIRD_SHA1_PARITY:
    case LYREBIRD_SHA1_MAJORITY: sha1(operation, a.w, b.w[0], c.w); break;
    case LYREBIRD_SHA256_HASH: sha256(a.w, b.w, c.w); break;
    case LYREBIRD_SHA256_HASH2: sha256(b.w, a.w, c.w); break;
    case LYREBIRD_SHA256_SCHEDULE0: sha256_schedule0(a.w, b.w); break;
    case LYREBIRD_SHA256_SCHEDULE1: sha256_schedule1(a.w, b.w); break;
    case LYREBIRD_SM4_ENCRYPT:
    case LYREBIRD_SM4_KEY: sm4(operation, a.w, b.w); break;
    default:
        if (operation < LYREBIRD_SHA1_CHOOSE) aes(operation, (uint8_t *)&a, (const uint8_t *)&b);
        else sm3(operation, a.w, b.w, c.w);
        break;
    }
    memcpy(words->result, &a, 16);
}
