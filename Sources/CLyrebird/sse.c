// Floating point of SSE: the host's instruction with the wanted MXCSR. It is written in assembly, which no compiler moves, folds or
// does in another rounding. What not every host has is put together from what they all have: comparisons of AVX, fused operations
// and half precision.

#include "sse.h"
#include "float_environment.h"
#include <immintrin.h>
#include <math.h>

typedef __m128 vector;

static int format_of(uint64_t word) { return word >> 8 & 3; }
static int is_scalar(int format) { return format < LYREBIRD_SSE_PS; }
static int is_double(int format) { return format & 1; }

#define ONE(name, a, b) __asm__ volatile(name " %1, %0" : "+x"(a) : "x"(b))
#define EACH(name, a, b)                                    \
    switch (format) {                                       \
    case LYREBIRD_SSE_SS: ONE(name "ss", a, b); break;      \
    case LYREBIRD_SSE_SD: ONE(name "sd", a, b); break;      \
    case LYREBIRD_SSE_PS: ONE(name "ps", a, b); break;      \
    default: ONE(name "pd", a, b);                          \
    }

static void set_mxcsr(uint32_t value) { __asm__ volatile("ldmxcsr %0" : : "m"(value)); }
static uint32_t get_mxcsr(void) {
    uint32_t value;
    __asm__ volatile("stmxcsr %0" : "=m"(value));
    return value;
}

// MARK: Rounding, by its immediate

#define ROUND(number)                                                                                   \
    case number:                                                                                        \
        switch (format) {                                                                               \
        case LYREBIRD_SSE_SS: ONE("roundss $" #number ",", a, b); break;                                \
        case LYREBIRD_SSE_SD: ONE("roundsd $" #number ",", a, b); break;                                \
        case LYREBIRD_SSE_PS: ONE("roundps $" #number ",", a, b); break;                                \
        default: ONE("roundpd $" #number ",", a, b);                                                    \
        }                                                                                               \
        break;

static vector rounded(int format, int mode, vector a, vector b) {
    switch (mode & 15) {
        ROUND(0) ROUND(1) ROUND(2) ROUND(3) ROUND(4) ROUND(5) ROUND(6) ROUND(7)
        ROUND(8) ROUND(9) ROUND(10) ROUND(11) ROUND(12) ROUND(13) ROUND(14) ROUND(15)
    }
    return a;
}

// MARK: Comparison

// AVX's 32 predicates (SDM volume 2, CMPPD): which of unordered, less, equal and greater make ones, and whether a quiet NaN is
// invalid. The second sixteen are the first with the other answer to the last question.
static const struct {
    uint8_t unordered, less, equal, greater, signals;
} predicates[16] = {
    {0, 0, 1, 0, 0}, {0, 1, 0, 0, 1}, {0, 1, 1, 0, 1}, {1, 0, 0, 0, 0}, {1, 1, 0, 1, 0}, {1, 0, 1, 1, 1},
    {1, 0, 0, 1, 1}, {0, 1, 1, 1, 0}, {1, 0, 1, 0, 0}, {1, 1, 0, 0, 1}, {1, 1, 1, 0, 1}, {0, 0, 0, 0, 0},
    {0, 1, 0, 1, 0}, {0, 0, 1, 1, 1}, {0, 0, 0, 1, 1}, {1, 1, 1, 1, 0},
};

static vector compared(int format, int predicate, vector a, vector b) {
    vector unordered = a, equal = a, less = a, all;
    EACH("cmpunord", unordered, b)
    EACH("cmpeq", equal, b)
    if (predicates[predicate & 15].signals ^ (predicate >> 4 & 1)) {
        vector signals = a;
        EACH("cmplt", signals, b)
    }
    // Of what is unordered, zeros are compared.
    less = _mm_andnot_ps(unordered, a);
    EACH("cmplt", less, _mm_andnot_ps(unordered, b))
    all = _mm_castsi128_ps(_mm_set1_epi32(-1));
    vector greater = _mm_andnot_ps(_mm_or_ps(unordered, _mm_or_ps(equal, less)), all), result = _mm_setzero_ps();
    if (predicates[predicate & 15].unordered) result = _mm_or_ps(result, unordered);
    if (predicates[predicate & 15].equal) result = _mm_or_ps(result, equal);
    if (predicates[predicate & 15].less) result = _mm_or_ps(result, less);
    if (predicates[predicate & 15].greater) result = _mm_or_ps(result, greater);
    if (format == LYREBIRD_SSE_SS) return _mm_move_ss(a, result);
    if (format == LYREBIRD_SSE_SD)
        return _mm_castpd_ps(_mm_move_sd(_mm_castps_pd(a), _mm_castps_pd(result)));
    return result;
}

// ZF, PF and CF as the IR has them: bits 14, 10 and 8; bit 9 is always one.
static uint64_t ordered(int format, int signals, vector a, vector b) {
    int zero, parity, carry;
#define ORDER(name) __asm__ volatile(name " %4, %3" : "=@ccz"(zero), "=@ccp"(parity), "=@ccc"(carry) : "x"(a), "x"(b))
    if (format == LYREBIRD_SSE_SS) {
        if (signals) ORDER("comiss");
        else ORDER("ucomiss");
    } else {
        if (signals) ORDER("comisd");
        else ORDER("ucomisd");
    }
    return (uint64_t)zero << 14 | (uint64_t)parity << 10 | (uint64_t)carry << 8 | 0x200;
}

// MARK: Conversion

static uint64_t to_integer(int format, int is_wide, int truncates, vector b) {
    uint64_t wide;
    uint32_t narrow;
#define TO_INTEGER(name)                                                                                \
    if (is_wide) __asm__ volatile(name " %1, %q0" : "=r"(wide) : "x"(b));                               \
    else __asm__ volatile(name " %1, %k0" : "=r"(narrow) : "x"(b));
    if (format == LYREBIRD_SSE_SS) {
        if (truncates) { TO_INTEGER("cvttss2si") } else { TO_INTEGER("cvtss2si") }
    } else {
        if (truncates) { TO_INTEGER("cvttsd2si") } else { TO_INTEGER("cvtsd2si") }
    }
    return is_wide ? wide : narrow;
}

static vector from_integer(int format, int is_wide, vector a, uint64_t b) {
    if (format == LYREBIRD_SSE_SS) {
        if (is_wide) __asm__ volatile("cvtsi2ssq %q1, %0" : "+x"(a) : "r"(b));
        else __asm__ volatile("cvtsi2ssl %k1, %0" : "+x"(a) : "r"(b));
    } else {
        if (is_wide) __asm__ volatile("cvtsi2sdq %q1, %0" : "+x"(a) : "r"(b));
        else __asm__ volatile("cvtsi2sdl %k1, %0" : "+x"(a) : "r"(b));
    }
    return a;
}

static vector to_words(int format, int truncates, vector a) {
    if (format == LYREBIRD_SSE_PS) {
        if (truncates) ONE("cvttps2dq", a, a);
        else ONE("cvtps2dq", a, a);
    } else {
        if (truncates) ONE("cvttpd2dq", a, a);
        else ONE("cvtpd2dq", a, a);
    }
    return a;
}

static vector from_words(int format, vector a) {
    if (format == LYREBIRD_SSE_PS) ONE("cvtdq2ps", a, a);
    else ONE("cvtdq2pd", a, a);
    return a;
}

// From the format to the other precision.
static vector converted(int format, vector a, vector b) {
    switch (format) {
    case LYREBIRD_SSE_SS: ONE("cvtss2sd", a, b); break;
    case LYREBIRD_SSE_SD: ONE("cvtsd2ss", a, b); break;
    case LYREBIRD_SSE_PS: ONE("cvtps2pd", a, b); break;
    default: ONE("cvtpd2ps", a, b);
    }
    return a;
}

// MARK: Half precision (SDM volume 1, 14.4)

// Subnormal halves are numbers whatever MXCSR says, and no flag.
static uint64_t from_half(struct environment *e, uint64_t x) {
    if (is_nan(H, x)) {
        if (is_signalling(H, x)) e->flags |= LYREBIRD_FLOAT_INVALID;
        return (x & 0x8000) << 16 | infinities[S] | quiet_bits[S] | (x & 0x3FF) << 13;
    }
    return float_bits((float)lyrebird_half_value(e, x));
}

static uint64_t to_half(struct environment *e, uint64_t x) {
    if (is_nan(S, x)) {
        if (is_signalling(S, x)) e->flags |= LYREBIRD_FLOAT_INVALID;
        return (x >> 16 & 0x8000) | infinities[H] | quiet_bits[H] | (x >> 13 & 0x3FF);
    }
    if (is_subnormal(S, x)) {
        if (e->control & LYREBIRD_FLOAT_DENORMALS_ARE_ZEROS) x &= sign_bits[S];
        else e->flags |= LYREBIRD_FLOAT_DENORMAL;
    }
    uint32_t before = e->flags;
    e->flags = 0;
    uint64_t half = lyrebird_half_bits(e, (double)as_float(x));
    // Tiny is what is so after rounding.
    if (magnitude(H, half) == normals[H]) {
        struct environment unbounded = {e->control, 0};
        double doubled = 2 * (double)as_float(x);
        if (magnitude(H, lyrebird_half_bits(&unbounded, doubled)) == 2 * normals[H]) e->flags &= ~(uint32_t)LYREBIRD_FLOAT_UNDERFLOW;
    }
    e->flags |= before;
    return half;
}

static void halves(struct environment *e, int is_widening, int mode, const uint64_t *a, uint64_t *result) {
    result[0] = result[1] = 0;
    // Of the control word, what MXCSR has.
    const uint32_t known = LYREBIRD_FLOAT_ROUNDING | LYREBIRD_FLOAT_DENORMALS_ARE_ZEROS;
    struct environment local = {e->control & known, 0};
    set_mxcsr(lyrebird_mxcsr(0));
    if (!(mode & 4)) local.control = (local.control & ~3u) | (uint32_t)(mode & 3);
    for (int n = 0; n < 4; n++) {
        if (is_widening) put(result, S, n, from_half(&local, get(a, H, n)));
        else put(result, H, n, to_half(&local, get(a, S, n)));
    }
    set_mxcsr(lyrebird_mxcsr(e->control));
    e->flags |= local.flags;
}

// MARK: Fused operations

// The first NaN among the factors and the addend, made quiet; an invalid operation's NaN is negative.
static uint64_t fused_lane(struct environment *e, int lane, uint64_t a, uint64_t b, uint64_t c, int negates, int subtracts) {
    uint64_t operands[] = {a, b, c};
    int denormal = 0;
    for (int n = 0; n < 3; n++) {
        if (!is_subnormal(lane, operands[n])) continue;
        if (e->control & LYREBIRD_FLOAT_DENORMALS_ARE_ZEROS) operands[n] &= sign_bits[lane];
        else denormal = 1;
    }
    uint64_t nan = 0;
    for (int n = 2; n >= 0; n--)
        if (is_nan(lane, operands[n])) nan = operands[n] | quiet_bits[lane];
    for (int n = 0; n < 3; n++)
        if (is_signalling(lane, operands[n])) e->flags |= LYREBIRD_FLOAT_INVALID;
    if (nan) return nan;
    uint64_t x = operands[0] ^ (negates ? sign_bits[lane] : 0), y = operands[1];
    uint64_t z = operands[2] ^ (subtracts ? sign_bits[lane] : 0);
    uint64_t product = (x ^ y) & sign_bits[lane];
    int is_infinite = is_infinity(lane, x) || is_infinity(lane, y);
    if ((is_infinity(lane, x) && is_zero(lane, y)) || (is_zero(lane, x) && is_infinity(lane, y)) ||
        (is_infinite && is_infinity(lane, z) && product != (z & sign_bits[lane]))) {
        e->flags |= LYREBIRD_FLOAT_INVALID;
        return sign_bits[lane] | default_nan(lane);
    }
    if (denormal) e->flags |= LYREBIRD_FLOAT_DENORMAL;
    set_mxcsr(lyrebird_mxcsr(e->control & LYREBIRD_FLOAT_ROUNDING));
    uint64_t result;
    if (lane == D) {
        volatile double value = fma(as_double(x), as_double(y), as_double(z));
        result = double_bits(value);
    } else {
        volatile float value = fmaf(as_float(x), as_float(y), as_float(z));
        result = float_bits(value);
    }
    uint32_t raised = lyrebird_mxcsr_flags(get_mxcsr()) & ~(uint32_t)LYREBIRD_FLOAT_DENORMAL;
    set_mxcsr(lyrebird_mxcsr(e->control));
    // What is rounded up to the least normal number may have been tiny, too.
    int is_tiny = is_subnormal(lane, result) || raised & LYREBIRD_FLOAT_UNDERFLOW;
    if (is_tiny && e->control & LYREBIRD_FLOAT_FLUSH_TO_ZERO) {
        result &= sign_bits[lane];
        raised |= LYREBIRD_FLOAT_UNDERFLOW | LYREBIRD_FLOAT_INEXACT;
    }
    e->flags |= raised;
    return result;
}

// By the form, which of the three operands are multiplied and which is added.
static void fused(struct environment *e, uint64_t word, struct lyrebird_float_words *w) {
    int form = word >> 12 & 3, kind = word >> 14 & 7, format = format_of(word), lane = is_double(format) ? D : S;
    const uint64_t *x = form == 0 ? w->a : w->b, *y = form == 0 ? w->c : form == 1 ? w->a : w->c;
    const uint64_t *z = form == 0 ? w->b : form == 1 ? w->c : w->a;
    int count = is_scalar(format) ? 1 : lane == D ? 2 : 4;
    uint64_t result[2] = {0, 0};
    for (int n = 0; n < (lane == D ? 2 : 4); n++) {
        if (n >= count) {
            put(result, lane, n, get(w->a, lane, n));
            continue;
        }
        int subtracts = kind == 1 || kind == 3 || (kind == 4 && n % 2 == 0) || (kind == 5 && n % 2 == 1);
        int negates = kind == 2 || kind == 3;
        put(result, lane, n, fused_lane(e, lane, get(x, lane, n), get(y, lane, n), get(z, lane, n), negates, subtracts));
    }
    memcpy(w->result, result, sizeof result);
}

// MARK: All of them

static vector computed(int operation, int format, int number, vector a, vector b) {
    switch (operation) {
    case LYREBIRD_SSE_ADD: EACH("add", a, b) break;
    case LYREBIRD_SSE_SUB: EACH("sub", a, b) break;
    case LYREBIRD_SSE_MUL: EACH("mul", a, b) break;
    case LYREBIRD_SSE_DIV: EACH("div", a, b) break;
    case LYREBIRD_SSE_MIN: EACH("min", a, b) break;
    case LYREBIRD_SSE_MAX: EACH("max", a, b) break;
    case LYREBIRD_SSE_SQRT: EACH("sqrt", a, b) break;
    case LYREBIRD_SSE_RECIPROCAL:
        if (is_scalar(format)) ONE("rcpss", a, b);
        else ONE("rcpps", a, b);
        break;
    case LYREBIRD_SSE_RECIPROCAL_ROOT:
        if (is_scalar(format)) ONE("rsqrtss", a, b);
        else ONE("rsqrtps", a, b);
        break;
    case LYREBIRD_SSE_ADD_SUB:
        if (is_double(format)) ONE("addsubpd", a, b);
        else ONE("addsubps", a, b);
        break;
    case LYREBIRD_SSE_ADD_PAIRS:
        if (is_double(format)) ONE("haddpd", a, b);
        else ONE("haddps", a, b);
        break;
    case LYREBIRD_SSE_SUB_PAIRS:
        if (is_double(format)) ONE("hsubpd", a, b);
        else ONE("hsubps", a, b);
        break;
    case LYREBIRD_SSE_ROUND: return rounded(format, number, a, b);
    case LYREBIRD_SSE_COMPARE: return compared(format, number, a, b);
    case LYREBIRD_SSE_TO_WORDS: return to_words(format, number, a);
    case LYREBIRD_SSE_FROM_WORDS: return from_words(format, a);
    case LYREBIRD_SSE_CONVERT: return converted(format, a, b);
    default: return converted(format, a, a);
    }
    return a;
}

void lyrebird_sse(struct lyrebird_float_words *words, uint64_t word) {
    int operation = word & 0xFF, format = format_of(word), number = word >> 12 & 0xFF;
    int is_wide = (word & LYREBIRD_SSE_WIDE) != 0;
    struct environment e = {words->control, 0};
    // The flags that the caller's MXCSR holds are the guest's.
    uint32_t before = get_mxcsr();
    set_mxcsr(lyrebird_mxcsr(e.control));
    vector a = _mm_loadu_ps((const float *)words->a), b = _mm_loadu_ps((const float *)words->b);
    uint64_t half[2];
    switch (operation) {
    case LYREBIRD_SSE_ORDER: words->result[0] = ordered(format, number, a, b); break;
    case LYREBIRD_SSE_TO_INT: words->result[0] = to_integer(format, is_wide, number, a); break;
    case LYREBIRD_SSE_FROM_INT:
        _mm_storeu_ps((float *)words->result, from_integer(format, is_wide, a, words->b[0]));
        break;
    case LYREBIRD_SSE_FROM_HALF:
    case LYREBIRD_SSE_TO_HALF:
        halves(&e, operation == LYREBIRD_SSE_FROM_HALF, number, words->a, half);
        memcpy(words->result, half, sizeof half);
        break;
    case LYREBIRD_SSE_FUSED: fused(&e, word, words); break;
    default: _mm_storeu_ps((float *)words->result, computed(operation, format, number, a, b));
    }
    words->flags |= e.flags | lyrebird_mxcsr_flags(get_mxcsr());
    set_mxcsr(before);
}
