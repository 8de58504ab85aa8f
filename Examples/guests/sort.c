// Sorts numbers and names three ways: the C library's qsort with a function pointer, a heap sort written out, and an
// insertion of strings into a list; checks that the results agree.

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT 20000

static uint64_t state = 88172645463325252u;

static uint64_t next(void) {  // xorshift64
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

static int ascending(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void sift(uint64_t *a, size_t root, size_t end) {
    while (2 * root + 1 < end) {
        size_t child = 2 * root + 1;
        if (child + 1 < end && a[child] < a[child + 1]) child++;
        if (a[root] >= a[child]) return;
        uint64_t t = a[root];
        a[root] = a[child];
        a[child] = t;
        root = child;
    }
}

static void heap_sort(uint64_t *a, size_t count) {
    for (size_t n = count / 2; n-- > 0;) sift(a, n, count);
    for (size_t end = count; end-- > 1;) {
        uint64_t t = a[0];
        a[0] = a[end];
        a[end] = t;
        sift(a, 0, end);
    }
}

struct name {
    struct name *next;
    char text[16];
};

int main(void) {
    static uint64_t a[COUNT], b[COUNT];
    for (size_t i = 0; i < COUNT; i++) a[i] = b[i] = next() >> 8;
    qsort(a, COUNT, sizeof *a, ascending);
    heap_sort(b, COUNT);
    printf("numbers: %s, %" PRIu64 " to %" PRIu64 "\n", memcmp(a, b, sizeof a) ? "differ" : "agree", a[0], a[COUNT - 1]);

    struct name *first = 0;
    for (int i = 0; i < 40; i++) {
        struct name *name = malloc(sizeof *name);
        if (!name) return 1;
        for (int k = 0; k < 7; k++) name->text[k] = 'a' + next() % 26;
        name->text[7] = 0;
        struct name **place = &first;
        while (*place && strcmp((*place)->text, name->text) < 0) place = &(*place)->next;
        name->next = *place;
        *place = name;
    }
    printf("names:");
    for (int n = 0; first && n < 5; first = first->next, n++) printf(" %s", first->text);
    printf("\n");
    return 0;
}
