// Products of matrices, n of them: loads, multiplications and additions.
#include "bits.h"

enum { size = 48 };
static double a[size][size], b[size][size], c[size][size];

unsigned long kernel(unsigned long n) {
    for (int i = 0; i < size; i++)
        for (int j = 0; j < size; j++) a[i][j] = (i * 7 + j) % 13 - 6, b[i][j] = (i * 3 + j * 5) % 11 * 0.015;
    while (n--) {
        for (int i = 0; i < size; i++)
            for (int j = 0; j < size; j++) {
                double sum = 0;
                for (int k = 0; k < size; k++) sum += a[i][k] * b[k][j];
                c[i][j] = sum;
            }
        a[n % size][n * 5 % size] = c[n * 7 % size][n * 3 % size] * 0.01;
    }
    return bits(c[3][5]) ^ bits(c[17][40]);
}
