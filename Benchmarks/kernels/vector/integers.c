// Sums, extremes, selections and products of 32-bit integers.

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { N = 4096 };
static int32_t a[N], b[N];

__attribute__((noinline)) static int64_t reduce(int32_t limit) {
    int64_t sum = 0;
    int32_t least = INT32_MAX, most = INT32_MIN;
    uint32_t mix = 0;
    for (int i = 0; i < N; i++) {
        int32_t value = a[i] > limit ? a[i] - b[i] : a[i] + (b[i] >> 3);
        sum += value;
        least = value < least ? value : least;
        most = value > most ? value : most;
        mix ^= (uint32_t)value * 0x9E3779B1u;
    }
    return sum + least + most + mix;
}

int main(int argc, char **argv) {
    int rounds = argc > 1 ? atoi(argv[1]) : 200000;
    uint64_t sum = 0;
    for (int i = 0; i < N; i++) a[i] = i * 2654435761u >> 4, b[i] = i * 40503u >> 3;
    for (int round = 0; round < rounds; round++) sum = sum * 3 + (uint64_t)reduce(round * 1000);
    printf("%llu\n", (unsigned long long)sum);
}
