// Sorting through a function pointer, with an implementation of our own so that both sides run the same code.

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int (*compare)(const void *, const void *);

static void swap(char *a, char *b, size_t size) {
    for (size_t i = 0; i < size; i++) {
        char t = a[i];
        a[i] = b[i];
        b[i] = t;
    }
}

static void sort(char *base, size_t count, size_t size, compare less) {
    while (count > 12) {
        char *middle = base + count / 2 * size, *last = base + (count - 1) * size;
        if (less(middle, base) < 0) swap(middle, base, size);
        if (less(last, base) < 0) swap(last, base, size);
        if (less(last, middle) < 0) swap(last, middle, size);
        char pivot[16];
        memcpy(pivot, middle, size);
        char *i = base, *j = last;
        for (;;) {
            while (less(i, pivot) < 0) i += size;
            while (less(pivot, j) < 0) j -= size;
            if (i >= j) break;
            swap(i, j, size);
            i += size;
            j -= size;
        }
        if (i == j) i += size;
        size_t left = (i - base) / size;
        sort(i, count - left, size, less);
        count = left;
    }
    for (char *i = base + size; i < base + count * size; i += size)
        for (char *j = i; j > base && less(j, j - size) < 0; j -= size) swap(j, j - size, size);
}

struct pair {
    uint64_t key;
    uint32_t index;
};

static int by_key(const void *a, const void *b) {
    const struct pair *x = a, *y = b;
    return x->key < y->key ? -1 : x->key > y->key;
}

static int by_index(const void *a, const void *b) {
    const struct pair *x = a, *y = b;
    return (x->index > y->index) - (x->index < y->index);
}

int main(int argc, char **argv) {
    enum { COUNT = 100000 };
    static struct pair pairs[COUNT];
    int rounds = argc > 1 ? atoi(argv[1]) : 12;
    uint64_t x = 1, digest = 0;
    for (int round = 0; round < rounds; round++) {
        for (uint32_t i = 0; i < COUNT; i++) {
            x = x * 6364136223846793005u + 1442695040888963407u;
            pairs[i] = (struct pair){x >> 20, i};
        }
        sort((char *)pairs, COUNT, sizeof *pairs, by_key);
        for (uint32_t i = 0; i < COUNT; i++) digest = digest * 31 + pairs[i].index;
        for (uint32_t i = 1; i < COUNT; i++)
            if (pairs[i - 1].key > pairs[i].key) return 1;
        sort((char *)pairs, COUNT, sizeof *pairs, by_index);
        for (uint32_t i = 0; i < COUNT; i++)
            if (pairs[i].index != i) return 1;
    }
    printf("%016llx\n", (unsigned long long)digest);
    return 0;
}
