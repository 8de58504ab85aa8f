// Fourier transforms forth and back, radix 2, in place: complex arithmetic on pairs of doubles and strided access.

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct complex { double re, im; };

static void transform(struct complex *x, const struct complex *roots, int n, int inverse) {
    for (int i = 1, j = 0; i < n; i++) {
        int bit = n >> 1;
        for (; j & bit; bit >>= 1) j ^= bit;
        j ^= bit;
        if (i < j) {
            struct complex t = x[i];
            x[i] = x[j];
            x[j] = t;
        }
    }
    for (int span = 1; span < n; span *= 2)
        for (int start = 0; start < n; start += 2 * span)
            for (int k = 0; k < span; k++) {
                struct complex w = roots[k * (n / 2 / span)], *p = x + start + k, *q = p + span;
                if (inverse) w.im = -w.im;
                struct complex t = {q->re * w.re - q->im * w.im, q->re * w.im + q->im * w.re};
                *q = (struct complex){p->re - t.re, p->im - t.im};
                *p = (struct complex){p->re + t.re, p->im + t.im};
            }
    if (inverse)
        for (int i = 0; i < n; i++) x[i].re /= n, x[i].im /= n;
}

int main(int argc, char **argv) {
    int rounds = argc > 1 ? atoi(argv[1]) : 60, n = 1 << 14;
    struct complex *x = malloc(n * sizeof *x), *roots = malloc(n / 2 * sizeof *roots);
    for (int i = 0; i < n / 2; i++) {
        double angle = -2 * 3.14159265358979323846 * i / n;
        roots[i] = (struct complex){cos(angle), sin(angle)};
    }
    for (int i = 0; i < n; i++) x[i] = (struct complex){i % 101 - 50, i % 37 * 0.5};
    for (int round = 0; round < rounds; round++) transform(x, roots, n, 0), transform(x, roots, n, 1);
    double sum = 0;
    for (int i = 0; i < n; i++) sum += fabs(x[i].re - (i % 101 - 50)) + fabs(x[i].im - i % 37 * 0.5);
    printf("%.3f %.3f %.6f\n", x[7].re, x[100].im, sum);
}
