// Points of the Mandelbrot set: a chain of multiplications and additions.
unsigned long kernel(unsigned long n) {
    unsigned long sum = 0;
    for (unsigned long y = 0; y < n; y++)
        for (unsigned long x = 0; x < 64; x++) {
            double cr = x * (3.0 / 64) - 2, ci = y * (2.0 / n) - 1, r = 0, i = 0;
            unsigned steps = 0;
            for (; steps < 256 && r * r + i * i <= 4; steps++) {
                double t = r * r - i * i + cr;
                i = 2 * r * i + ci, r = t;
            }
            sum = sum * 3 + steps;
        }
    return sum;
}
