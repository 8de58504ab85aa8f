// What x86-64 programs do with SSE's floating point, its control register and its exceptions, without a C library: each fact is a
// line that begins with "ok", and the last line is "all well". The host itself runs it, too.
#define _GNU_SOURCE
#include <asm/unistd_64.h>
#include <immintrin.h>
#include <signal.h>
#include <ucontext.h>

typedef unsigned long word;
typedef struct { word handler, flags, restorer, mask; } action;

enum { SIGINFO = 4, RESTORER = 0x4000000 };

static word call(word n, word a, word b, word c, word d) {
    register word r10 __asm__("r10") = d;
    word result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
    return result;
}

static void say(const char *text) {
    word size = 0;
    while (text[size]) size++;
    call(__NR_write, 1, (word)text, size, 0);
}

static int failures;
static void check(int holds, const char *what) {
    say(holds ? "ok " : "FAILED ");
    say(what);
    say("\n");
    failures += !holds;
}

static unsigned bits(float x) { return (unsigned)_mm_cvtsi128_si32(_mm_castps_si128(_mm_set_ss(x))); }
static word long_bits(double x) { return (word)_mm_cvtsi128_si64(_mm_castpd_si128(_mm_set_sd(x))); }

// Memory that the compiler does not look through.
static volatile double d[8];
static volatile float f[8];

// Rounding and flags

enum { INVALID = 1, DENORMAL = 2, ZERO = 4, OVERFLOW = 8, UNDERFLOW = 16, INEXACT = 32, DAZ = 64, DEFAULT = 0x1F80, FTZ = 0x8000 };

static unsigned flags_of_division(double a, double b) {
    d[0] = a, d[1] = b;
    _mm_setcsr(DEFAULT);
    d[2] = d[0] / d[1];
    return _mm_getcsr() & 63;
}

// Where it stands, which is all that its rounding depends on.
static int integer(double x) {
    int result;
    __asm__ volatile("cvtsd2si %1, %0" : "=r"(result) : "x"(x));
    return result;
}

static void control(void) {
    static const word thirds[4] = {0x3FD5555555555555, 0x3FD5555555555555, 0x3FD5555555555556, 0x3FD5555555555555};
    static const int integers[4] = {2, 2, 3, 2}, below[4] = {-2, -3, -2, -2};
    d[0] = 1, d[1] = 3, d[3] = 2.5, d[4] = -2.5;
    for (unsigned mode = 0; mode < 4; mode++) {
        _mm_setcsr(DEFAULT | mode << 13);
        d[2] = d[0] / d[1];
        int up = integer(d[3]), down = integer(d[4]);
        unsigned seen = _mm_getcsr();
        _mm_setcsr(DEFAULT);
        check(long_bits(d[2]) == thirds[mode] && up == integers[mode] && down == below[mode], "rounds as MXCSR says");
        check(seen == (DEFAULT | mode << 13 | INEXACT), "an inexact quotient is told");
    }
    check(flags_of_division(1, 0) == ZERO, "a division by zero is told");
    check(flags_of_division(0, 0) == INVALID && long_bits(d[2]) == 0xFFF8000000000000, "0/0 is invalid, a negative NaN");
    check(flags_of_division(1e308, 1e-10) == (OVERFLOW | INEXACT), "so is an overflow");
    check(flags_of_division(3e-308, 7) == (UNDERFLOW | INEXACT), "and an underflow");
    check(flags_of_division(5e-324, 1) == DENORMAL, "and a denormal operand");
    check(flags_of_division(6, 3) == 0, "an exact quotient is nothing to tell");
    d[0] = 5e-324, d[1] = 3e-308, d[2] = 4;
    _mm_setcsr(DEFAULT | FTZ | DAZ);
    d[3] = d[0] * d[2], d[4] = d[1] / d[2];
    unsigned seen = _mm_getcsr();
    _mm_setcsr(DEFAULT);
    check(long_bits(d[3]) == 0 && long_bits(d[4]) == 0, "denormals are zeros where they are to be");
    check((seen & 63) == (UNDERFLOW | INEXACT), "with an underflow for the result");
    d[1] = d[0] / d[2];
    check(_mm_getcsr() & UNDERFLOW, "flags go on being collected");
}

// Values

static void values(void) {
    f[0] = 0, f[1] = -0.0f, d[0] = 1e30;
    check(bits(_mm_cvtss_f32(_mm_max_ss(_mm_set_ss(f[0]), _mm_set_ss(f[1])))) == 0x80000000, "MAXSS gives the second zero");
    check(_mm_cvttsd_si32(_mm_set_sd(d[0])) == (int)0x80000000, "what does not fit is the least integer");
    check(_mm_cvttsd_si64(_mm_set_sd(-d[0])) == (long)0x8000000000000000, "of 64 bits, too");
    __m128d nan = _mm_castsi128_pd(_mm_set1_epi64x(0x7FF0000000000001)), other = _mm_castsi128_pd(_mm_set1_epi64x(0x7FF8000000000002));
    __asm__("" : "+x"(nan), "+x"(other));
    check(long_bits(_mm_cvtsd_f64(_mm_add_sd(nan, other))) == 0x7FF8000000000001, "the first NaN goes before the second");
    check(long_bits(_mm_cvtsd_f64(_mm_add_sd(other, nan))) == 0x7FF8000000000002, "quiet or not");
    unsigned char equal, unordered;
    __asm__("ucomisd %2, %2\n sete %0\n setp %1" : "=r"(equal), "=r"(unordered) : "x"(nan) : "cc");
    check(equal && unordered, "a NaN is unordered");
    d[1] = 2, d[2] = 3;
    __m128d root = _mm_sqrt_sd(_mm_set_pd(7, 1), _mm_set_sd(d[1] + d[1]));
    check(_mm_cvtsd_f64(root) == 2 && _mm_cvtsd_f64(_mm_unpackhi_pd(root, root)) == 7, "a scalar keeps what is above");
    __m256d wide = _mm256_set_pd(4, 3, 2, 1), sum = _mm256_hadd_pd(wide, wide);
    double lanes[4];
    _mm256_storeu_pd(lanes, _mm256_fmadd_pd(sum, wide, _mm256_set1_pd(d[2])));
    check(lanes[0] == 6 && lanes[1] == 9 && lanes[2] == 24 && lanes[3] == 31, "256 bits are computed");
    __m128i halves = _mm_cvtps_ph(_mm_set_ps(65504, -2, 0.5f, 1), 0);
    check(_mm_cvtsi128_si64(halves) == 0x7BFFC00038003C00, "halves are made");
    check(_mm_cvtss_f32(_mm_cvtph_ps(_mm_srli_si128(halves, 6))) == 65504, "and read");
}

// Exceptions

static struct { unsigned mxcsr, inside; int signal, code; word address, vector, pc; } seen;

static void on_signal(int signal, siginfo_t *info, ucontext_t *context) {
    greg_t *registers = context->uc_mcontext.gregs;
    fpregset_t state = context->uc_mcontext.fpregs;
    seen.inside = _mm_getcsr();
    seen.signal = signal, seen.code = info->si_code, seen.address = (word)info->si_addr;
    seen.vector = (word)registers[REG_TRAPNO], seen.pc = (word)registers[REG_RIP], seen.mxcsr = state->mxcsr;
    if (signal == SIGFPE) state->mxcsr = DEFAULT;
    // An aligned address.
    if (signal == SIGSEGV) registers[REG_RDI] &= ~31l;
    if (signal == SIGUSR1) state->_xmm[0].element[0] = 0x40400000, state->mxcsr = DEFAULT | 3 << 13;
    // What is returned to has registers of its own.
    _mm_setcsr(DEFAULT | 2 << 13);
}

void restorer(void);
__asm__("restorer: mov $15, %eax\n syscall");

static double unmasked(unsigned mask, double a, double b) {
    seen.signal = 0;
    d[0] = a, d[1] = b;
    _mm_setcsr(DEFAULT & ~(mask << 7));
    d[2] = d[0] / d[1];
    _mm_setcsr(DEFAULT);
    return d[2];
}

static unsigned char place[128] __attribute__((aligned(64)));

static void exceptions(void) {
    action a = {(word)on_signal, SIGINFO | RESTORER, (word)restorer, 0};
    call(__NR_rt_sigaction, SIGFPE, (word)&a, 0, 8);
    call(__NR_rt_sigaction, SIGSEGV, (word)&a, 0, 8);
    call(__NR_rt_sigaction, SIGUSR1, (word)&a, 0, 8);

    double infinity = unmasked(ZERO, 1, 0);
    check(seen.signal == SIGFPE && seen.code == FPE_FLTDIV, "a division by zero is SIGFPE if it is not masked");
    check(seen.address == seen.pc && seen.vector == 19, "with the instruction's address");
    check(seen.mxcsr == ((DEFAULT & ~(ZERO << 7)) | ZERO), "and MXCSR as it is");
    check(seen.inside == DEFAULT, "a handler starts with MXCSR as a program does");
    check(long_bits(infinity) == 0x7FF0000000000000, "masked by the handler, it is an infinity");
    unmasked(INVALID, 0, 0);
    check(seen.signal == SIGFPE && seen.code == FPE_FLTINV, "so is an invalid operation");
    unmasked(OVERFLOW, 1e308, 1e-10);
    check(seen.signal == SIGFPE && seen.code == FPE_FLTOVF, "an overflow");
    unmasked(INEXACT, 1, 3);
    check(seen.signal == SIGFPE && seen.code == FPE_FLTRES, "and an inexact result");
    unmasked(ZERO, 1, 3);
    check(seen.signal == 0 && long_bits(d[2]) == 0x3FD5555555555555, "others go on as they would");

    for (int n = 0; n < 64; n++) place[n] = (unsigned char)n;
    __m128 low;
    word at = (word)place + 33;
    seen.signal = 0;
    __asm__ volatile("movaps (%1), %0" : "=x"(low), "+D"(at) : : "memory");
    check(seen.signal == SIGSEGV && seen.code == SI_KERNEL && seen.address == 0 && seen.vector == 13, "MOVAPS wants its operand aligned");
    check(at == (word)place + 32 && (bits(_mm_cvtss_f32(low)) & 255) == 32, "and is repeated with one that is");
    __m256 wide;
    at = (word)place + 16, seen.signal = 0;
    __asm__ volatile("vmovaps (%1), %0" : "=x"(wide), "+D"(at) : : "memory");
    check(seen.signal == SIGSEGV && seen.vector == 13 && at == (word)place, "VMOVAPS of 32 bytes to 32");
    at = (word)place + 1, seen.signal = 0;
    __asm__ volatile("movups (%1), %0" : "=x"(low), "+D"(at) : : "memory");
    check(seen.signal == 0, "MOVUPS does not");
    __asm__ volatile("vaddps (%1), %0, %0" : "+x"(low), "+D"(at) : : "memory");
    check(seen.signal == 0, "nor does VADDPS");
    __asm__ volatile("addps (%1), %0" : "+x"(low), "+D"(at) : : "memory");
    check(seen.signal == SIGSEGV, "but ADDPS does");

    register __m128 first __asm__("xmm0") = _mm_set_ss(1);
    word result;
    _mm_setcsr(DEFAULT);
    __asm__ volatile("syscall" : "=a"(result), "+x"(first) : "0"(__NR_kill), "D"(call(__NR_getpid, 0, 0, 0, 0)), "S"(SIGUSR1) : "rcx", "r11", "memory");
    unsigned after = _mm_getcsr();
    _mm_setcsr(DEFAULT);
    check(_mm_cvtss_f32(first) == 3 && after == (DEFAULT | 3 << 13), "a handler changes XMM0 and MXCSR");
}

__attribute__((force_align_arg_pointer)) void _start(void) {
    control();
    values();
    exceptions();
    say(failures ? "failures\n" : "all well\n");
    call(__NR_exit_group, failures != 0, 0, 0, 0);
}
