// y += a x over floats that fit the first cache.

#include <stdio.h>
#include <stdlib.h>

enum { N = 2048 };
static float x[N], y[N];

__attribute__((noinline)) static void saxpy(float a) {
    for (int i = 0; i < N; i++) y[i] += a * x[i];
}

int main(int argc, char **argv) {
    int rounds = argc > 1 ? atoi(argv[1]) : 1000000;
    for (int i = 0; i < N; i++) x[i] = i % 7, y[i] = i % 5;
    for (int round = 0; round < rounds; round++) saxpy(round & 1 ? 0.25f : -0.25f);
    printf("%.3f %.3f\n", y[3], y[N - 1]);
}
