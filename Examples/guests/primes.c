// Counts the primes below a number (a million unless one is given) with a sieve of bits, and prints the last few.

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    uint32_t limit = argc > 1 ? strtoul(argv[1], 0, 0) : 1000000;
    uint64_t *composite = calloc(limit / 64 + 1, 8);
    if (!composite) return 1;
    uint32_t count = 0, last[4] = {0};
    for (uint32_t n = 2; n < limit; n++) {
        if (composite[n / 64] >> (n % 64) & 1) continue;
        last[count++ % 4] = n;
        for (uint64_t m = (uint64_t)n * n; m < limit; m += n) composite[m / 64] |= 1ull << (m % 64);
    }
    printf("%u primes below %u, the last of them:", count, limit);
    for (uint32_t i = count < 4 ? 0 : count; i < count + 4; i++)
        if (last[i % 4]) printf(" %u", last[i % 4]);
    printf("\n");
    free(composite);
    return 0;
}
