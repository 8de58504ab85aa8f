// Two images of bytes blended by an alpha: widening, multiplication, rounding, narrowing.

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { N = 8192 };
static uint8_t a[N], b[N], out[N];

__attribute__((noinline)) static void blend(unsigned alpha) {
    for (int i = 0; i < N; i++) out[i] = (a[i] * alpha + b[i] * (255 - alpha) + 128) >> 8;
}

int main(int argc, char **argv) {
    int rounds = argc > 1 ? atoi(argv[1]) : 300000;
    unsigned sum = 0;
    for (int i = 0; i < N; i++) a[i] = i * 7, b[i] = i * 13 + 5;
    for (int round = 0; round < rounds; round++) {
        blend(round & 255);
        sum = sum * 31 + out[round % N];
    }
    printf("%u\n", sum);
}
