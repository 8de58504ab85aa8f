// Three bodies that attract each other: square roots and divisions.
#include "bits.h"

static double p[3][3], v[3][3];
static const double start[3][3] = {{0, 0, 0}, {1, 0.1, 0}, {-0.5, 1.5, 0.2}}, mass[3] = {10, 0.01, 0.02};

unsigned long kernel(unsigned long n) {
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++) p[i][k] = start[i][k], v[i][k] = i ? start[i][(k + 1) % 3] * 2.5 : 0;
    while (n--) {
        for (int i = 0; i < 3; i++)
            for (int j = i + 1; j < 3; j++) {
                double d[3], square = 1e-3;
                for (int k = 0; k < 3; k++) d[k] = p[i][k] - p[j][k], square += d[k] * d[k];
                double magnitude = 1e-4 / (square * __builtin_sqrt(square));
                for (int k = 0; k < 3; k++) v[i][k] -= d[k] * mass[j] * magnitude, v[j][k] += d[k] * mass[i] * magnitude;
            }
        for (int i = 0; i < 3; i++)
            for (int k = 0; k < 3; k++) p[i][k] += v[i][k] * 1e-4;
    }
    return bits(p[1][0]) ^ bits(p[2][1]);
}
