// Gaussian elimination with pivots and the solution of a system, in floats: comparisons of magnitudes, divisions, and rows
// that are subtracted from each other (after Linpack).

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    int n = argc > 1 ? atoi(argv[1]) : 250, rounds = 20;
    float *a = malloc(n * n * sizeof *a), *x = malloc(n * sizeof *x), largest = 0;
    for (int round = 0; round < rounds; round++) {
        unsigned seed = 1325;
        for (int i = 0; i < n; i++) {
            x[i] = 0;
            for (int j = 0; j < n; j++) {
                seed = seed * 3125 % 65536;
                a[i * n + j] = (seed / 16384.0f - 2) + (i == j ? 8 : 0);
                x[i] += a[i * n + j];
            }
        }
        for (int k = 0; k < n; k++) {
            int pivot = k;
            for (int i = k + 1; i < n; i++)
                if (fabsf(a[i * n + k]) > fabsf(a[pivot * n + k])) pivot = i;
            if (pivot != k) {
                for (int j = k; j < n; j++) {
                    float t = a[k * n + j];
                    a[k * n + j] = a[pivot * n + j];
                    a[pivot * n + j] = t;
                }
                float t = x[k];
                x[k] = x[pivot];
                x[pivot] = t;
            }
            for (int i = k + 1; i < n; i++) {
                float factor = a[i * n + k] / a[k * n + k];
                for (int j = k; j < n; j++) a[i * n + j] -= factor * a[k * n + j];
                x[i] -= factor * x[k];
            }
        }
        for (int i = n - 1; i >= 0; i--) {
            for (int j = i + 1; j < n; j++) x[i] -= a[i * n + j] * x[j];
            x[i] /= a[i * n + i];
        }
        for (int i = 0; i < n; i++)
            if (fabsf(x[i] - 1) > largest) largest = fabsf(x[i] - 1);
    }
    printf("%d\n", largest < 0.01f);
}
