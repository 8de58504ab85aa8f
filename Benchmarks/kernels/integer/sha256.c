// SHA-256 (FIPS 180-4): rotations, logic and 32-bit additions. The constants are computed: the first 32 bits of the fraction of
// cube and square roots of primes.

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t k[64], start[8];

// The first 32 bits behind the point of p^(1/degree), by bisection.
static uint32_t root_fraction(uint32_t p, int degree) {
    uint64_t low = 0, high = 1ull << 37;  // with 32 bits behind the point
    while (high - low > 1) {
        uint64_t middle = (low + high) / 2;
        unsigned __int128 square = (unsigned __int128)middle * middle;
        int above = degree == 2 ? square > (unsigned __int128)p << 64 : square * middle > (unsigned __int128)p << 96;
        if (above) high = middle; else low = middle;
    }
    return (uint32_t)low;
}

static uint32_t rotate(uint32_t x, int n) { return x >> n | x << (32 - n); }

static void block(uint32_t *h, const uint8_t *data) {
    uint32_t w[64], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], i = h[7];
    for (int t = 0; t < 16; t++, data += 4) w[t] = (uint32_t)data[0] << 24 | data[1] << 16 | data[2] << 8 | data[3];
    for (int t = 16; t < 64; t++)
        w[t] = w[t - 16] + w[t - 7] + (rotate(w[t - 15], 7) ^ rotate(w[t - 15], 18) ^ w[t - 15] >> 3) +
               (rotate(w[t - 2], 17) ^ rotate(w[t - 2], 19) ^ w[t - 2] >> 10);
    for (int t = 0; t < 64; t++) {
        uint32_t one = i + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + k[t] + w[t];
        uint32_t two = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
        i = g, g = f, f = e, e = d + one, d = c, c = b, b = a, a = one + two;
    }
    h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e, h[5] += f, h[6] += g, h[7] += i;
}

int main(int argc, char **argv) {
    for (uint32_t p = 2, n = 0; n < 64; p++) {
        int prime = 1;
        for (uint32_t q = 2; q * q <= p; q++) prime &= p % q != 0;
        if (!prime) continue;
        if (n < 8) start[n] = root_fraction(p, 2);
        k[n++] = root_fraction(p, 3);
    }
    uint32_t blocks = argc > 1 ? atoi(argv[1]) : 800000, h[8];
    uint8_t data[64];
    memcpy(h, start, sizeof h);
    for (uint32_t n = 0; n < blocks; n++) {
        for (int i = 0; i < 64; i++) data[i] = (uint8_t)(n + i);
        block(h, data);
    }
    memset(data, 0, sizeof data);
    data[0] = 0x80;
    for (int i = 0; i < 8; i++) data[63 - i] = (uint8_t)((uint64_t)blocks * 512 >> 8 * i);
    block(h, data);
    for (int i = 0; i < 8; i++) printf("%08x", h[i]);
    printf("\n");
    return 0;
}
