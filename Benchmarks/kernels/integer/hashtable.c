// A hash table with open addressing: 64-bit multiplications and mixing, and memory in no order.

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { BITS = 18, SIZE = 1 << BITS };
static uint64_t keys[SIZE], values[SIZE];

static uint64_t mix(uint64_t x) {  // two rounds of multiply and shift
    x ^= x >> 32;
    x *= 0xe9846af9b1a615dull;
    x ^= x >> 32;
    x *= 0xe9846af9b1a615dull;
    return x ^ x >> 28;
}

static uint64_t *slot(uint64_t key) {
    for (uint64_t i = mix(key);; i++) {
        uint64_t *k = &keys[i & (SIZE - 1)];
        if (*k == key) return &values[k - keys];
        if (*k == 0) {
            *k = key;
            return &values[k - keys];
        }
    }
}

int main(int argc, char **argv) {
    uint64_t count = argc > 1 ? strtoull(argv[1], 0, 0) : 12000000, x = 42, high = 0;
    for (uint64_t i = 0; i < count; i++) {
        x = mix(x + i);
        uint64_t key = (x >> 40) % 150000 + 1;
        uint64_t *value = slot(key);
        *value += (unsigned __int128)x * key >> 64 | 1;
        high ^= *value;
    }
    printf("%016llx\n", (unsigned long long)high);
    return 0;
}
