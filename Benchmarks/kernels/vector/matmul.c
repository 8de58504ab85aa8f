// Product of two matrices of floats, along rows, vectorised.

#include <stdio.h>
#include <stdlib.h>

enum { N = 512 };
static float a[N][N], b[N][N], c[N][N];

int main(int argc, char **argv) {
    int rounds = argc > 1 ? atoi(argv[1]) : 6;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) a[i][j] = (i * 3 + j) % 17 - 8, b[i][j] = (i + j * 5) % 13 * 0.25f;
    for (int round = 0; round < rounds; round++)
        for (int i = 0; i < N; i++)
            for (int k = 0; k < N; k++) {
                float factor = a[i][k];
                for (int j = 0; j < N; j++) c[i][j] += factor * b[k][j];
            }
    printf("%.2f %.2f\n", c[3][5], c[N - 1][N - 1]);
}
