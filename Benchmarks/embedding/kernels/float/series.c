// Sums of a series and of polynomials: divisions, conversions, comparisons.
#include "bits.h"

unsigned long kernel(unsigned long n) {
    double sum = 0, high = 0;
    for (unsigned long k = 1; k <= n; k++) {
        double x = 1.0 / k, y = ((((x * 0.3 - 0.7) * x + 1.1) * x - 0.2) * x + 0.9) * x;
        sum += k & 1 ? y : -y;
        if (y > high) high = y;
        if (sum < 0) sum = -sum;
    }
    return bits(sum) + bits(high) + (unsigned long)(long)(sum * 1e9);
}
