// What x86-64 programs do with vectors of integers, without a C library: each fact is a line that begins with "ok", and the last
// line is "all well". The tables are those of the standards: FIPS 197, FIPS 180-4, RFC 3720.
#include <asm/unistd_64.h>
#include <immintrin.h>

typedef unsigned long word;

static word call(word n, word a, word b, word c, word d) {
    register word r10 __asm__("r10") = d;
    word result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
    return result;
}

static void say(const char *text) {
    word size = 0;
    while (text[size]) size++;
    call(__NR_write, 1, (word)text, size, 0);
}

static int failures;
static void check(int holds, const char *what) {
    say(holds ? "ok " : "FAILED ");
    say(what);
    say("\n");
    failures += !holds;
}

static int same(const void *a, const void *b, word size) {
    const unsigned char *x = a, *y = b;
    for (word n = 0; n < size; n++)
        if (x[n] != y[n]) return 0;
    return 1;
}

// Memory and strings

static unsigned char from[4096 + 64] __attribute__((aligned(64))), to[4096 + 64] __attribute__((aligned(64)));

__attribute__((noinline)) static word length(const char *text) {
    // Whole aligned sixteens, the part before the text masked off.
    word offset = (word)text & 15, base = (word)text - offset;
    unsigned found = _mm_movemask_epi8(_mm_cmpeq_epi8(*(__m128i *)base, _mm_setzero_si128())) >> offset;
    if (found) return __builtin_ctz(found);
    for (word n = 16;; n += 16) {
        found = _mm_movemask_epi8(_mm_cmpeq_epi8(*(__m128i *)(base + n), _mm_setzero_si128()));
        if (found) return n + __builtin_ctz(found) - offset;
    }
}

__attribute__((noinline)) static void copy(unsigned char *to, const unsigned char *from, word size) {
    word n = 0;
    for (; n + 32 <= size; n += 32) _mm256_storeu_si256((__m256i *)(to + n), _mm256_loadu_si256((__m256i *)(from + n)));
    for (; n < size; n++) to[n] = from[n];
}

__attribute__((noinline)) static int find(const char *text, const char *set) {
    __m128i letters = _mm_loadu_si128((__m128i *)set);
    for (int n = 0;; n += 16) {
        __m128i part = _mm_loadu_si128((__m128i *)(text + n));
        int index = _mm_cmpistri(letters, part, _SIDD_CMP_EQUAL_ANY);
        if (index < 16) return n + index;
        if (_mm_cmpistrz(letters, part, _SIDD_CMP_EQUAL_ANY)) return -1;
    }
}

static void memory(void) {
    for (word n = 0; n < sizeof from; n++) from[n] = n * 7 + (n >> 8) | 1;
    int holds = 1;
    for (word start = 0; start < 33; start++)
        for (word size = 0; size < 70; size++) {
            from[start + size] = 0;
            holds &= length((char *)from + start) == size;
            from[start + size] = (start + size) * 7 + (start + size >> 8) | 1;
        }
    check(holds, "strings have their lengths");
    copy(to + 3, from + 5, 4000);
    check(same(to + 3, from + 5, 4000), "memory is copied");
    static const char text[64] = "a text in which there is no other letter than these: q is last";
    static const char set[16] = "qz", none[16] = "%&";
    check(find(text, set) == 53 && find(text, none) == -1, "letters of a set are found");
    check(_mm_cmpestri(_mm_set1_epi8('b'), 1, _mm_setr_epi8('a', 'b', 0, 'b', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), 4,
              _SIDD_CMP_EQUAL_ANY | _SIDD_MOST_SIGNIFICANT) == 3, "the last one of them is, too");
    const char *digits = "123456789";
    unsigned crc = ~0u;
    for (int n = 0; n < 9; n++) crc = _mm_crc32_u8(crc, digits[n]);
    check(~crc == 0xE3069283u, "CRC-32C");
}

// Arithmetic

__attribute__((noinline)) static void sums(int *to, const int *a, const int *b, int count) {
    for (int n = 0; n < count; n += 8) {
        __m256i x = _mm256_loadu_si256((__m256i *)(a + n)), y = _mm256_loadu_si256((__m256i *)(b + n));
        __m256i sum = _mm256_add_epi32(x, _mm256_mullo_epi32(y, _mm256_set1_epi32(3)));
        _mm256_storeu_si256((__m256i *)(to + n), _mm256_max_epi32(sum, _mm256_setzero_si256()));
    }
}

__attribute__((noinline)) static int dot(const signed char *a, const unsigned char *b, int count) {
    __m256i all = _mm256_setzero_si256();
    for (int n = 0; n < count; n += 32) {
        __m256i pairs = _mm256_maddubs_epi16(
            _mm256_loadu_si256((__m256i *)(b + n)), _mm256_loadu_si256((__m256i *)(a + n)));
        all = _mm256_add_epi32(all, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
    }
    __m128i half = _mm_add_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));
    half = _mm_hadd_epi32(half, half);
    half = _mm_hadd_epi32(half, half);
    return _mm_cvtsi128_si32(half);
}

static void arithmetic(void) {
    static int a[64], b[64], c[64];
    static signed char small[64];
    static unsigned char bytes[64];
    int holds = 1, expected = 0;
    for (int n = 0; n < 64; n++) a[n] = n * 1000003 - 20000000, b[n] = n * n - 900, small[n] = n * 3 - 90, bytes[n] = n * 2;
    sums(c, a, b, 64);
    for (int n = 0; n < 64; n++) {
        int sum = a[n] + 3 * b[n];
        holds &= c[n] == (sum > 0 ? sum : 0);
        expected += small[n] * bytes[n];
    }
    check(holds, "sums, products and maxima");
    check(dot(small, bytes, 64) == expected, "a sum of products of bytes");
    __m256i order = _mm256_setr_epi32(7, 0, 6, 1, 5, 2, 4, 3);
    __m256i source = _mm256_setr_epi32(10, 11, 12, 13, 14, 15, 16, 17);
    int turned[8], wanted[8] = {17, 10, 16, 11, 15, 12, 14, 13};
    _mm256_storeu_si256((__m256i *)turned, _mm256_permutevar8x32_epi32(source, order));
    check(same(turned, wanted, 32), "a permutation of words");
}

// Gathers

static void gathers(void) {
    static int table[1024];
    for (int n = 0; n < 1024; n++) table[n] = n * n;
    __m256i index = _mm256_setr_epi32(3, 1023, 0, 77, 500, 4, 12, 900);
    int got[8], holds = 1, places[8] = {3, 1023, 0, 77, 500, 4, 12, 900};
    _mm256_storeu_si256((__m256i *)got, _mm256_i32gather_epi32(table, index, 4));
    for (int n = 0; n < 8; n++) holds &= got[n] == places[n] * places[n];
    check(holds, "a gather of all lanes");
    // The lanes that are not wanted are at no address.
    index = _mm256_setr_epi32(3, 0x7FFFFFFF, 0, 0x7FFFFFF0, 500, 4, 0x70000000, 900);
    __m256i mask = _mm256_setr_epi32(-1, 0, -1, 0, -1, -1, 0, -1);
    _mm256_storeu_si256(
        (__m256i *)got, _mm256_mask_i32gather_epi32(_mm256_set1_epi32(-5), table, index, mask, 4));
    int wanted[8] = {9, -5, 0, -5, 250000, 16, -5, 810000};
    check(same(got, wanted, 32), "a gather of some lanes");
    int stored[8] = {1, 2, 3, 4, 5, 6, 7, 8}, left[8] = {-5, 2, -5, 4, -5, -5, 7, -5};
    _mm256_maskstore_epi32(stored, mask, _mm256_set1_epi32(-5));
    check(same(stored, left, 32), "a store of some lanes");
}

// Cryptography

// Each word is the sum of all up to it, and of the assisting one.
static __m128i expanded(__m128i key, __m128i assist) {
    __m128i shifted = key;
    for (int n = 0; n < 3; n++) shifted = _mm_slli_si128(shifted, 4), key = _mm_xor_si128(key, shifted);
    return _mm_xor_si128(key, _mm_shuffle_epi32(assist, 0xFF));
}

static void aes(void) {
    // FIPS 197, appendix C.1.
    static const unsigned char result[16] = {
        0x69, 0xC4, 0xE0, 0xD8, 0x6A, 0x7B, 0x04, 0x30, 0xD8, 0xCD, 0xB7, 0x80, 0x70, 0xB4, 0xC5, 0x5A};
    unsigned char plain[16], bytes[16];
    for (int n = 0; n < 16; n++) plain[n] = n * 0x11, bytes[n] = n;
    __m128i keys[11];
    keys[0] = _mm_loadu_si128((__m128i *)bytes);
#define ROUND(n, constant) keys[n] = expanded(keys[n - 1], _mm_aeskeygenassist_si128(keys[n - 1], constant))
    ROUND(1, 1), ROUND(2, 2), ROUND(3, 4), ROUND(4, 8), ROUND(5, 16);
    ROUND(6, 32), ROUND(7, 64), ROUND(8, 128), ROUND(9, 0x1B), ROUND(10, 0x36);
    __m128i state = _mm_xor_si128(_mm_loadu_si128((__m128i *)plain), keys[0]);
    for (int n = 1; n < 10; n++) state = _mm_aesenc_si128(state, keys[n]);
    state = _mm_aesenclast_si128(state, keys[10]);
    check(same(&state, result, 16), "AES encrypts");
    state = _mm_xor_si128(state, keys[10]);
    for (int n = 9; n > 0; n--) state = _mm_aesdec_si128(state, _mm_aesimc_si128(keys[n]));
    state = _mm_aesdeclast_si128(state, keys[0]);
    check(same(&state, plain, 16), "and decrypts");
    __m128i product = _mm_clmulepi64_si128(_mm_set_epi64x(5, 3), _mm_set_epi64x(7, 1l << 63), 0x01);
    check(_mm_extract_epi64(product, 0) == (1l << 63) && _mm_extract_epi64(product, 1) == 2, "a product without carries");
}

static const unsigned constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01,
    0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
    0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08,
    0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static void sha256(void) {
    // The one block of "abc".
    unsigned block[16] = {0x61626380, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 24};
    static const unsigned result[8] = {
        0xba7816bf, 0x8f01cfea, 0x414140de, 0x5dae2223, 0xb00361a3, 0x96177a9c, 0xb410ff61, 0xf20015ad};
    // From the lowest word: F, E, B, A, and H, G, D, C.
    __m128i abef = _mm_setr_epi32(0x9b05688c, 0x510e527f, 0xbb67ae85, 0x6a09e667);
    __m128i cdgh = _mm_setr_epi32(0x5be0cd19, 0x1f83d9ab, 0xa54ff53a, 0x3c6ef372);
    __m128i first = abef, second = cdgh, w[16];
    for (int n = 0; n < 4; n++) w[n] = _mm_loadu_si128((__m128i *)block + n);
    for (int n = 4; n < 16; n++) {
        __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(w[n - 4], w[n - 3]), _mm_alignr_epi8(w[n - 1], w[n - 2], 4));
        w[n] = _mm_sha256msg2_epu32(sum, w[n - 1]);
    }
    for (int n = 0; n < 16; n++) {
        __m128i words = _mm_add_epi32(w[n], _mm_loadu_si128((__m128i *)constants + n));
        cdgh = _mm_sha256rnds2_epu32(cdgh, abef, words);
        abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(words, 0x0E));
    }
    abef = _mm_add_epi32(abef, first), cdgh = _mm_add_epi32(cdgh, second);
    unsigned x[4], y[4];
    _mm_storeu_si128((__m128i *)x, abef), _mm_storeu_si128((__m128i *)y, cdgh);
    unsigned digest[8] = {x[3], x[2], y[3], y[2], x[1], x[0], y[1], y[0]};
    check(same(digest, result, 32), "SHA-256");
}

static void sha1(void) {
    static const unsigned result[5] = {0xa9993e36, 0x4706816a, 0xba3e2571, 0x7850c26c, 0x9cd0d89d};
    __m128i w[20], abcd = _mm_setr_epi32(0x10325476, 0x98badcfe, 0xefcdab89, 0x67452301), before = abcd;
    w[0] = _mm_setr_epi32(0, 0, 0, 0x61626380), w[1] = w[2] = _mm_setzero_si128(), w[3] = _mm_setr_epi32(24, 0, 0, 0);
    for (int n = 4; n < 20; n++)
        w[n] = _mm_sha1msg2_epu32(_mm_xor_si128(_mm_sha1msg1_epu32(w[n - 4], w[n - 3]), w[n - 2]), w[n - 1]);
    __m128i e = _mm_setr_epi32(0, 0, 0, 0xc3d2e1f0), last = abcd;
    for (int n = 0; n < 20; n++) {
        __m128i sum = n == 0 ? _mm_add_epi32(e, w[0]) : _mm_sha1nexte_epu32(last, w[n]);
        last = abcd;
        abcd = n < 5 ? _mm_sha1rnds4_epu32(abcd, sum, 0) : n < 10 ? _mm_sha1rnds4_epu32(abcd, sum, 1)
            : n < 15 ? _mm_sha1rnds4_epu32(abcd, sum, 2) : _mm_sha1rnds4_epu32(abcd, sum, 3);
    }
    e = _mm_sha1nexte_epu32(last, e);
    abcd = _mm_add_epi32(abcd, before);
    unsigned x[4], y[4];
    _mm_storeu_si128((__m128i *)x, abcd), _mm_storeu_si128((__m128i *)y, e);
    unsigned digest[5] = {x[3], x[2], x[1], x[0], y[3]};
    check(same(digest, result, 20), "SHA-1");
}

void begin(void) {
    memory();
    arithmetic();
    gathers();
    aes();
    sha256();
    sha1();
    if (!failures) say("all well\n");
    call(__NR_exit_group, failures, 0, 0, 0);
}

__asm__(".globl _start\n_start: xor %ebp, %ebp\n call begin\n hlt");
