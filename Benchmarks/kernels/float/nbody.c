// Five bodies that attract each other (after the Computer Language Benchmarks Game's n-body): scalar doubles, square roots and
// divisions in a chain.

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { BODIES = 5 };
struct body { double x[3], v[3], mass; };

static double energy(const struct body *b) {
    double e = 0;
    for (int i = 0; i < BODIES; i++) {
        e += 0.5 * b[i].mass * (b[i].v[0] * b[i].v[0] + b[i].v[1] * b[i].v[1] + b[i].v[2] * b[i].v[2]);
        for (int j = i + 1; j < BODIES; j++) {
            double square = 0;
            for (int k = 0; k < 3; k++) square += (b[i].x[k] - b[j].x[k]) * (b[i].x[k] - b[j].x[k]);
            e -= b[i].mass * b[j].mass / sqrt(square);
        }
    }
    return e;
}

static void step(struct body *b, double dt) {
    for (int i = 0; i < BODIES; i++)
        for (int j = i + 1; j < BODIES; j++) {
            double d[3], square = 0;
            for (int k = 0; k < 3; k++) {
                d[k] = b[i].x[k] - b[j].x[k];
                square += d[k] * d[k];
            }
            double factor = dt / (square * sqrt(square));
            for (int k = 0; k < 3; k++) {
                b[i].v[k] -= d[k] * b[j].mass * factor;
                b[j].v[k] += d[k] * b[i].mass * factor;
            }
        }
    for (int i = 0; i < BODIES; i++)
        for (int k = 0; k < 3; k++) b[i].x[k] += dt * b[i].v[k];
}

int main(int argc, char **argv) {
    int steps = argc > 1 ? atoi(argv[1]) : 2000000;
    struct body b[BODIES];
    for (int i = 0; i < BODIES; i++) {
        double angle = 1.3 * i, distance = i ? 2 + 3.1 * i : 0, speed = i ? sqrt(39.5 / distance) : 0;
        b[i] = (struct body){
            {distance * cos(angle), distance * sin(angle), 0.1 * i},
            {-speed * sin(angle), speed * cos(angle), 0.01 * i},
            i ? 0.04 / i : 39.5,
        };
    }
    printf("%.6f\n", energy(b));
    for (int n = 0; n < steps; n++) step(b, 0.001);
    printf("%.6f\n", energy(b));
}
