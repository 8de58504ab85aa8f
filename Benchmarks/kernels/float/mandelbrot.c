// Points of the Mandelbrot set: multiplications, additions, and a comparison that decides.

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    int size = argc > 1 ? atoi(argv[1]) : 700;
    long inside = 0, steps = 0;
    for (int row = 0; row < size; row++)
        for (int column = 0; column < size; column++) {
            double a = 2.5 * column / size - 1.9, b = 2.0 * row / size - 0.97, x = 0, y = 0;
            int n = 0;
            for (; n < 150 && x * x + y * y < 4; n++) {
                double next = x * x - y * y + a;
                y = 2 * x * y + b;
                x = next;
            }
            inside += n == 150;
            steps += n;
        }
    printf("%ld %ld\n", inside / 100, steps / 100000);
}
