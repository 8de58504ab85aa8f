// The sieve of Eratosthenes over bytes: stores at a stride, then a count.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv) {
    enum { LIMIT = 2000000 };
    static char composite[LIMIT];
    unsigned count = 0;
    for (int round = argc > 1 ? atoi(argv[1]) : 100; round > 0; round--) {
        memset(composite, 0, sizeof composite);
        for (unsigned n = 2; n * n < LIMIT; n++)
            if (!composite[n])
                for (unsigned m = n * n; m < LIMIT; m += n) composite[m] = 1;
        for (unsigned n = 2; n < LIMIT; n++) count += !composite[n];
    }
    printf("%u\n", count);
    return 0;
}
