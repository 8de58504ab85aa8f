// All ways to put queens on a board, by bits: recursion with logic and branches that are hard to foresee.

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint32_t place(uint32_t all, uint32_t columns, uint32_t left, uint32_t right) {
    if (columns == all) return 1;
    uint32_t count = 0;
    for (uint32_t free = all & ~(columns | left | right); free; free &= free - 1) {
        uint32_t bit = free & -free;
        count += place(all, columns | bit, (left | bit) << 1, (right | bit) >> 1);
    }
    return count;
}

int main(int argc, char **argv) {
    int size = argc > 1 ? atoi(argv[1]) : 13;
    uint32_t sum = 0;
    for (int round = 0; round < 3; round++) sum += place((1u << size) - 1, 0, 0, 0);
    printf("%u\n", sum);
    return 0;
}
