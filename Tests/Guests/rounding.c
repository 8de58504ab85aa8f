// The floating-point environment: rounding, exceptions and flushing, and that a signal handler and a child get and leave theirs.
#include "check.h"
#include <fenv.h>
#include <math.h>

static volatile double one = 1, three = 3, tiny = 2.2250738585072014e-308, huge_number = 1e308, zero = 0;
static volatile int seen_rounding = -1, seen_flags = -1;

// Behind the compiler's back: it moves what it can compute past what changes the environment.
__attribute__((noinline)) static double divided(double a, double b) {
    double result;
    __asm__ volatile("fdiv %d0, %d1, %d2" : "=w"(result) : "w"(a), "w"(b));
    return result;
}

static uint64_t bits(double value) {
    uint64_t word;
    memcpy(&word, &value, 8);
    return word;
}

static uint64_t fpcr(void) {
    uint64_t word;
    __asm__ volatile("mrs %0, fpcr" : "=r"(word));
    return word;
}

static void set_fpcr(uint64_t word) { __asm__ volatile("msr fpcr, %0" : : "r"(word)); }

static void handler(int signal) {
    (void)signal;
    seen_rounding = fegetround();
    seen_flags = fetestexcept(FE_ALL_EXCEPT);
    fesetround(FE_UPWARD);
    feraiseexcept(FE_DIVBYZERO);
}

int main(void) {
    CHECK(fegetround() == FE_TONEAREST && fetestexcept(FE_ALL_EXCEPT) == 0);
    double nearest = divided(one, three);
    CHECK(fetestexcept(FE_ALL_EXCEPT) == FE_INEXACT);
    CHECK(fesetround(FE_UPWARD) == 0 && fegetround() == FE_UPWARD);
    double up = divided(one, three);
    CHECK(fesetround(FE_DOWNWARD) == 0);
    double down = divided(one, three);
    CHECK(fesetround(FE_TOWARDZERO) == 0);
    double chopped = divided(-one, three);
    CHECK(bits(up) == bits(down) + 1 && (nearest == up || nearest == down) && chopped == -down);
    CHECK(rint(2.5 + zero) == 2 && nearbyint(-2.5 + zero) == -2 && lrint(3.99 + zero) == 3);
    fesetround(FE_TONEAREST);
    CHECK(rint(2.5 + zero) == 2 && rint(3.5 + zero) == 4 && round(2.5 + zero) == 3 && round(-2.5 + zero) == -3);

    feclearexcept(FE_ALL_EXCEPT);
    CHECK(isinf(divided(one, zero)) && fetestexcept(FE_ALL_EXCEPT) == FE_DIVBYZERO);
    feclearexcept(FE_ALL_EXCEPT);
    CHECK(isnan(divided(zero, zero)) && fetestexcept(FE_ALL_EXCEPT) == FE_INVALID);
    feclearexcept(FE_ALL_EXCEPT);
    CHECK(isinf(huge_number * 10) && fetestexcept(FE_ALL_EXCEPT) == (FE_OVERFLOW | FE_INEXACT));
    feclearexcept(FE_ALL_EXCEPT);
    CHECK(divided(tiny, 3) > 0 && fetestexcept(FE_ALL_EXCEPT) == (FE_UNDERFLOW | FE_INEXACT));
    feclearexcept(FE_ALL_EXCEPT);
    CHECK(divided(tiny, 2) > 0 && fetestexcept(FE_ALL_EXCEPT) == 0);
    CHECK((int)(1e20 + zero) == INT32_MAX && fetestexcept(FE_ALL_EXCEPT) == FE_INVALID);
    feclearexcept(FE_ALL_EXCEPT);
    CHECK((unsigned)(0.5 + zero) == 0 && fetestexcept(FE_ALL_EXCEPT) == FE_INEXACT);
    feclearexcept(FE_ALL_EXCEPT);

    set_fpcr(1 << 24);
    CHECK(divided(tiny, 2) == 0 && fetestexcept(FE_ALL_EXCEPT) == FE_UNDERFLOW);
    set_fpcr(1 << 25);
    CHECK(bits(-NAN + zero) == 0x7FF8000000000000);
    set_fpcr(0);
    feclearexcept(FE_ALL_EXCEPT);

    fesetround(FE_DOWNWARD);
    feraiseexcept(FE_INVALID);
    signal(SIGUSR1, handler);
    raise(SIGUSR1);
    CHECK(seen_rounding == FE_DOWNWARD && seen_flags == FE_INVALID);
    // The frame has the environment: what the handler did to it is gone.
    CHECK(fegetround() == FE_DOWNWARD && fetestexcept(FE_ALL_EXCEPT) == FE_INVALID);
    CHECK(divided(one, three) == down);
    pid_t child = fork();
    if (child == 0) _exit(fegetround() == FE_DOWNWARD && fetestexcept(FE_INVALID) && divided(one, three) == down ? 7 : 1);
    int status;
    CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 7);
    CHECK(fpcr() >> 22 == 2);
    return finish();
}
