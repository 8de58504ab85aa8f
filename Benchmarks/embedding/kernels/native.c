// The kernels on this machine: prints the nanoseconds of each round and the result.
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

unsigned long kernel(unsigned long n);

int main(int argc, char **argv) {
    unsigned long n = strtoul(argv[1], 0, 0), rounds = strtoul(argv[2], 0, 0), result = 0;
    for (unsigned long round = 0; round < rounds; round++) {
        struct timespec from, to;
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
        result = kernel(n);
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
        printf("%ld ", (to.tv_sec - from.tv_sec) * 1000000000l + to.tv_nsec - from.tv_nsec);
    }
    printf("%lu\n", result);
    return 0;
}
