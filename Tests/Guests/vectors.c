// Vector instructions that compilers use by intrinsics, against the same in plain C: saturation with FPSR.QC, dot products,
// and cryptography with the published results.
#pragma GCC target("arch=armv8.2-a+dotprod+crypto+crc")
#include "check.h"
#include <arm_neon.h>
#include <asm/hwcap.h>
#include <sys/auxv.h>

static uint64_t get_fpsr(void) {
    uint64_t value;
    __asm__ volatile("mrs %0, fpsr" : "=r"(value));
    return value;
}
static void set_fpsr(uint64_t value) { __asm__ volatile("msr fpsr, %0" ::"r"(value)); }

enum { QC = 1 << 27 };
static uint32_t seed = 1;
static uint32_t next_number(void) { return seed = seed * 1664525 + 1013904223; }
static int64_t clamp(int64_t value, int64_t least, int64_t most) {
    return value < least ? least : value > most ? most : value;
}

// A number that is often at an end.
static int16_t halfword(void) {
    uint32_t number = next_number() >> 8;
    return number % 5 == 0 ? INT16_MIN : number % 5 == 1 ? INT16_MAX : (int16_t)(number >> 4);
}

static void saturation(void) {
    int sums = 1, products = 1, narrowed = 1, shifted = 1, accumulated = 1, flags = 1;
    for (int round = 0; round < 2000; round++) {
        int16_t a[8], b[8], c[8], got[8];
        int8_t bytes[8];
        for (int n = 0; n < 8; n++) a[n] = halfword(), b[n] = halfword(), c[n] = halfword();
        int16x8_t va = vld1q_s16(a), vb = vld1q_s16(b), vc = vld1q_s16(c);
        set_fpsr(0);
        vst1q_s16(got, vqaddq_s16(va, vb));
        int saturates = 0;
        for (int n = 0; n < 8; n++) {
            int sum = a[n] + b[n];
            saturates |= sum != (int16_t)sum;
            sums &= got[n] == clamp(sum, INT16_MIN, INT16_MAX);
        }
        flags &= (get_fpsr() & QC) == (saturates ? QC : 0);
        set_fpsr(0);
        vst1q_s16(got, vqrdmulhq_s16(va, vb));
        saturates = 0;
        for (int n = 0; n < 8; n++) {
            saturates |= a[n] == INT16_MIN && b[n] == INT16_MIN;
            products &= got[n] == clamp((2 * (int64_t)a[n] * b[n] + 32768) >> 16, INT16_MIN, INT16_MAX);
        }
        flags &= (get_fpsr() & QC) == (saturates ? QC : 0);
        int16x8_t lah;
        __asm__("mov %0.16b, %1.16b\n sqrdmlah %0.8h, %2.8h, %3.8h"
                : "=&w"(lah) : "w"(vc), "w"(va), "w"(vb));
        vst1q_s16(got, lah);
        for (int n = 0; n < 8; n++) {
            int64_t sum = ((int64_t)c[n] << 16) + 2 * (int64_t)a[n] * b[n] + 32768;
            accumulated &= got[n] == clamp(sum >> 16, INT16_MIN, INT16_MAX);
        }
        set_fpsr(0);
        vst1_s8(bytes, vqmovn_s16(va));
        saturates = 0;
        for (int n = 0; n < 8; n++) {
            saturates |= a[n] != (int8_t)a[n];
            narrowed &= bytes[n] == clamp(a[n], INT8_MIN, INT8_MAX);
        }
        flags &= (get_fpsr() & QC) == (saturates ? QC : 0);
        int16_t by[8];
        for (int n = 0; n < 8; n++) by[n] = (int16_t)(next_number() >> 16) % 20;
        vst1q_s16(got, vqrshlq_s16(va, vld1q_s16(by)));
        for (int n = 0; n < 8; n++) {
            int64_t exact = by[n] >= 0 ? (int64_t)a[n] << by[n] : (a[n] + (1ll << (-by[n] - 1))) >> -by[n];
            shifted &= got[n] == clamp(exact, INT16_MIN, INT16_MAX);
        }
    }
    CHECK(sums);
    CHECK(products);
    CHECK(accumulated);
    CHECK(narrowed);
    CHECK(shifted);
    CHECK(flags);
    set_fpsr(QC);
    CHECK(get_fpsr() & QC);
    set_fpsr(0);
    CHECK(!(get_fpsr() & QC));
}

// A handler finds QC in its frame, and what it makes of it counts afterwards.
static uint32_t seen;

static void on_signal(int number, siginfo_t *info, void *context) {
    struct _aarch64_ctx *record = (struct _aarch64_ctx *)((ucontext_t *)context)->uc_mcontext.__reserved;
    while (record->magic != FPSIMD_MAGIC) record = (struct _aarch64_ctx *)((char *)record + record->size);
    struct fpsimd_context *vectors = (struct fpsimd_context *)record;
    seen = vectors->fpsr;
    vectors->fpsr ^= QC;
}

static void flags_in_handlers(void) {
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR1, &action, 0);
    set_fpsr(0);
    int8x8_t sum = vdup_n_s8(100);
    __asm__ volatile("sqadd %0.8b, %0.8b, %0.8b" : "+w"(sum));
    raise(SIGUSR1);
    CHECK(seen & QC);
    CHECK(!(get_fpsr() & QC));
    raise(SIGUSR1);
    CHECK(!(seen & QC));
    CHECK(get_fpsr() & QC);
}

static void dot_products(void) {
    int all = 1;
    for (int round = 0; round < 500; round++) {
        int8_t a[16], b[16];
        for (int n = 0; n < 16; n++) a[n] = (int8_t)(next_number() >> 24), b[n] = (int8_t)(next_number() >> 24);
        int32x4_t sum = vdupq_n_s32(round);
        __asm__("sdot %0.4s, %1.16b, %2.16b" : "+w"(sum) : "w"(vld1q_s8(a)), "w"(vld1q_s8(b)));
        for (int n = 0; n < 4; n++) {
            int expected = round;
            for (int k = 0; k < 4; k++) expected += a[4 * n + k] * b[4 * n + k];
            all &= sum[n] == expected;
        }
    }
    CHECK(all);
}

// FIPS 197, appendix B: the first round of the example.
static void aes(void) {
    static const uint8_t state[16] = {0x32, 0x43, 0xf6, 0xa8, 0x88, 0x5a, 0x30, 0x8d, 0x31, 0x31, 0x98, 0xa2, 0xe0, 0x37, 0x07, 0x34};
    static const uint8_t key[16] = {0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c};
    static const uint8_t mixed[16] = {0x04, 0x66, 0x81, 0xe5, 0xe0, 0xcb, 0x19, 0x9a, 0x48, 0xf8, 0xd3, 0x7a, 0x28, 0x06, 0x26, 0x4c};
    uint8x16_t value = vld1q_u8(state), with = vld1q_u8(key);
    uint8_t result[16];
    __asm__("aese %0.16b, %1.16b\n aesmc %0.16b, %0.16b" : "+w"(value) : "w"(with));
    vst1q_u8(result, value);
    CHECK(memcmp(result, mixed, 16) == 0);
    uint8x16_t zero = vdupq_n_u8(0);
    __asm__("aesimc %0.16b, %0.16b\n aesd %0.16b, %1.16b" : "+w"(value) : "w"(zero));
    vst1q_u8(result, veorq_u8(value, with));
    CHECK(memcmp(result, state, 16) == 0);
}

// FIPS 180-4: the message "abc", whose padded block is the same for SHA-1 and SHA-256.
static void hashes(void) {
    uint32_t block[16] = {0x61626380, [15] = 24};
    static const uint32_t constants[64] = {
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01,
        0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
        0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
        0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08,
        0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
        0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};
    uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    uint32x4_t abcd = vld1q_u32(start), efgh = vld1q_u32(start + 4), words[4];
    for (int n = 0; n < 4; n++) words[n] = vld1q_u32(block + 4 * n);
    for (int n = 0; n < 16; n++) {
        uint32x4_t w = vaddq_u32(words[n % 4], vld1q_u32(constants + 4 * n)), old = abcd;
        __asm__("sha256h %q0, %q1, %2.4s" : "+w"(abcd) : "w"(efgh), "w"(w));
        __asm__("sha256h2 %q0, %q1, %2.4s" : "+w"(efgh) : "w"(old), "w"(w));
        __asm__("sha256su0 %0.4s, %1.4s\n sha256su1 %0.4s, %2.4s, %3.4s"
                : "+&w"(words[n % 4])
                : "w"(words[(n + 1) % 4]), "w"(words[(n + 2) % 4]), "w"(words[(n + 3) % 4]));
    }
    uint32_t result[8];
    vst1q_u32(result, vaddq_u32(abcd, vld1q_u32(start)));
    vst1q_u32(result + 4, vaddq_u32(efgh, vld1q_u32(start + 4)));
    CHECK(result[0] == 0xba7816bf && result[1] == 0x8f01cfea && result[7] == 0xf20015ad);

    uint32_t start1[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    static const uint32_t constants1[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
    uint32_t e = start1[4];
    abcd = vld1q_u32(start1);
    for (int n = 0; n < 4; n++) words[n] = vld1q_u32(block + 4 * n);
    for (int n = 0; n < 20; n++) {
        uint32x4_t w = vaddq_u32(words[n % 4], vdupq_n_u32(constants1[n / 5]));
        uint32x4_t state = abcd;
        uint32x4_t in = vsetq_lane_u32(e, vdupq_n_u32(0), 0), out;
        __asm__("sha1h %s0, %s1" : "=w"(out) : "w"(abcd));
        if (n / 5 == 0) __asm__("sha1c %q0, %s1, %2.4s" : "+w"(state) : "w"(in), "w"(w));
        else if (n / 5 == 2) __asm__("sha1m %q0, %s1, %2.4s" : "+w"(state) : "w"(in), "w"(w));
        else __asm__("sha1p %q0, %s1, %2.4s" : "+w"(state) : "w"(in), "w"(w));
        abcd = state;
        e = vgetq_lane_u32(out, 0);
        __asm__("sha1su0 %0.4s, %1.4s, %2.4s\n sha1su1 %0.4s, %3.4s"
                : "+&w"(words[n % 4])
                : "w"(words[(n + 1) % 4]), "w"(words[(n + 2) % 4]), "w"(words[(n + 3) % 4]));
    }
    vst1q_u32(result, vaddq_u32(abcd, vld1q_u32(start1)));
    CHECK(result[0] == 0xa9993e36 && result[1] == 0x4706816a && result[3] == 0x7850c26c);
    CHECK(e + start1[4] == 0x9cd0d89d);
}

static void carryless(void) {
    uint64_t a = 0x123456789abcdef1, b = 0xfedcba9876543211, low = 0, high = 0;
    for (int n = 0; n < 64; n++)
        if (b >> n & 1) low ^= a << n, high ^= n ? a >> (64 - n) : 0;
    uint64x2_t va = vdupq_n_u64(a), vb = vcombine_u64(vcreate_u64(1), vcreate_u64(b)), product;
    __asm__("pmull2 %0.1q, %1.2d, %2.2d" : "=w"(product) : "w"(va), "w"(vb));
    CHECK(product[0] == low && product[1] == high);
    __asm__("pmull %0.1q, %1.1d, %2.1d" : "=w"(product) : "w"(va), "w"(vb));
    CHECK(product[0] == a && product[1] == 0);
    uint32_t crc = ~0u;
    const char *digits = "123456789";
    uint64_t eight;
    memcpy(&eight, digits, 8);
    __asm__("crc32x %w0, %w0, %1" : "+r"(crc) : "r"(eight));
    __asm__("crc32b %w0, %w0, %w1" : "+r"(crc) : "r"(digits[8]));
    CHECK(~crc == 0xcbf43926);
}

// What the kernel tells and what the registers say is the same.
static void features(void) {
    uint64_t told = getauxval(AT_HWCAP), more = getauxval(AT_HWCAP2), first, second, main_id;
    CHECK(told & HWCAP_CPUID);
    __asm__("mrs %0, id_aa64isar0_el1" : "=r"(first));
    __asm__("mrs %0, id_aa64isar1_el1" : "=r"(second));
    __asm__("mrs %0, midr_el1" : "=r"(main_id));
    uint64_t processor, more_processor;
    __asm__("mrs %0, id_aa64pfr0_el1" : "=r"(processor));
    __asm__("mrs %0, id_aa64pfr1_el1" : "=r"(more_processor));
    CHECK((main_id >> 16 & 15) == 15);
    CHECK((processor >> 16 & 15) == 1 && told & HWCAP_FPHP);
    CHECK((processor >> 20 & 15) == 1 && told & HWCAP_ASIMDHP);
    CHECK((processor >> 48 & 15) == 1 && told & HWCAP_DIT);
    CHECK((more_processor >> 4 & 15) == 2 && told & HWCAP_SSBS);
    CHECK((first >> 48 & 15) == 1 && told & HWCAP_ASIMDFHM);
    CHECK((second & 15) == 2 && told & HWCAP_DCPOP && more & HWCAP2_DCPODP);
    CHECK((second >> 44 & 15) == 1 && more & HWCAP2_BF16);
    CHECK((first >> 4 & 15) == 2 && told & HWCAP_AES && told & HWCAP_PMULL);
    CHECK((first >> 8 & 15) == 1 && told & HWCAP_SHA1);
    CHECK((first >> 12 & 15) == 2 && told & HWCAP_SHA2 && told & HWCAP_SHA512);
    CHECK((first >> 16 & 15) == 1 && told & HWCAP_CRC32);
    CHECK((first >> 20 & 15) == 2 && told & HWCAP_ATOMICS);
    CHECK((first >> 28 & 15) == 1 && told & HWCAP_ASIMDRDM);
    CHECK((first >> 32 & 15) == 1 && told & HWCAP_SHA3);
    CHECK((first >> 44 & 15) == 1 && told & HWCAP_ASIMDDP);
    CHECK((first >> 52 & 15) == 2 && told & HWCAP_FLAGM && more & HWCAP2_FLAGM2);
    CHECK((second >> 12 & 15) == 1 && told & HWCAP_JSCVT);
    CHECK((second >> 16 & 15) == 1 && told & HWCAP_FCMA);
    CHECK((second >> 20 & 15) == 2 && told & HWCAP_LRCPC && told & HWCAP_ILRCPC);
    CHECK((second >> 32 & 15) == 1 && more & HWCAP2_FRINT);
    CHECK((second >> 36 & 15) == 1 && told & HWCAP_SB);
    CHECK((second >> 52 & 15) == 1 && more & HWCAP2_I8MM);
}

int main(void) {
    features();

    CHECK(getauxval(AT_HWCAP) & HWCAP_AES && getauxval(AT_HWCAP) & HWCAP_ASIMDDP);
    saturation();
    flags_in_handlers();
    dot_products();
    aes();
    hashes();
    carryless();
    return finish();
}
