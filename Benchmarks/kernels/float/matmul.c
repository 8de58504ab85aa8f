// Product of two matrices of doubles, the inner loop along rows: loads, fused or separate multiplications and additions.

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    int n = argc > 1 ? atoi(argv[1]) : 500;
    double *a = malloc(n * n * sizeof *a), *b = malloc(n * n * sizeof *b), *c = calloc(n * n, sizeof *c);
    for (int i = 0; i < n * n; i++) a[i] = i % 17 - 8, b[i] = i % 13 * 0.25;
    for (int i = 0; i < n; i++)
        for (int k = 0; k < n; k++) {
            double factor = a[i * n + k];
            for (int j = 0; j < n; j++) c[i * n + j] += factor * b[k * n + j];
        }
    double trace = 0;
    for (int i = 0; i < n; i++) trace += c[i * n + i];
    printf("%.3f %.3f\n", trace, c[n + 1]);
}
