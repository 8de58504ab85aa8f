// Everything at once, for a time given in seconds: threads that call code which others rewrite, that make and drop code of
// their own, fork, and get signals from a timer and from each other. What each should have computed is known; that it did is
// checked. To be run with a small translation cache, too.
#include "check.h"
#include <pthread.h>
#include <sched.h>

enum { WORKERS = 2, CHAIN = 400 };

static volatile int stopping;
static int kind_failed[8];
static long kind_rounds[8];
enum { OWN, SHARED, MAPPED, CHAINED, FORKED, QUEUED };

#define EXPECT(kind, condition)                                                                           \
    do {                                                                                                  \
        if (!(condition) && !__atomic_exchange_n(&kind_failed[kind], 1, __ATOMIC_SEQ_CST))                \
            printf("FAIL %s:%d %s (errno %d)\n", __FILE__, __LINE__, #condition, errno), fflush(stdout);  \
    } while (0)

typedef unsigned long (*function)(unsigned long);

static unsigned mov_x0(unsigned value) { return 0xd2800000 | value << 5; }          // movz x0, #value
static unsigned add_x0(unsigned value) { return 0x91000000 | value << 10; }         // add x0, x0, #value
static const unsigned ret = 0xd65f03c0;

static void *code_memory(size_t size, int protection) {
    void *p = mmap(NULL, size, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

static void flush(void *start, size_t size) { __builtin___clear_cache(start, (char *)start + size); }

// A function of this thread's own, rewritten before each call.
static void *own_code(void *unused) {
    unsigned *code = code_memory(4096, PROT_READ | PROT_WRITE | PROT_EXEC);
    unsigned long sum = 0, expected = 0;
    for (unsigned n = 0; !stopping; n++) {
        unsigned *at = code + (n & 3) * 32;
        at[0] = add_x0(n & 0xfff), at[1] = ret;
        flush(at, 8);
        sum += ((function)at)(7);
        expected += 7 + (n & 0xfff);
        __atomic_add_fetch(&kind_rounds[OWN], 1, __ATOMIC_RELAXED);
    }
    EXPECT(OWN, sum == expected);
    return NULL;
}

// One function that all call, and one thread that changes it. Who has seen that it was changed never meets an older form.
static unsigned *shared;
static volatile unsigned published;

static int is_current(unsigned long result, unsigned seen) { return (result - seen & 0xffff) < 0x8000; }

static void *shared_caller(void *unused) {
    for (long calls = 0; !stopping; calls++) {
        unsigned seen = __atomic_load_n(&published, __ATOMIC_ACQUIRE);
        asm volatile("isb" : : : "memory");
        EXPECT(SHARED, is_current(((function)shared)(0), seen));
        __atomic_add_fetch(&kind_rounds[SHARED], 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

static void *shared_writer(void *unused) {
    for (unsigned n = 1; !stopping; n++) {
        __atomic_store_n(shared, mov_x0(n & 0xffff), __ATOMIC_RELEASE);
        flush(shared, 4);
        __atomic_store_n(&published, n & 0xffff, __ATOMIC_RELEASE);
        if (n % 128 == 0) usleep(1000);
    }
    return NULL;
}

// Code that comes and goes with its mapping.
static void *mapped_code(void *unused) {
    for (unsigned n = 0; !stopping; n++) {
        unsigned *code = code_memory(8192, PROT_READ | PROT_WRITE);
        EXPECT(MAPPED, code != NULL);
        if (!code) break;
        code[0] = mov_x0(n & 0xffff), code[1] = ret;
        code[1024] = mov_x0(~n & 0xffff), code[1025] = ret;
        flush(code, 8192);
        EXPECT(MAPPED, mprotect(code, 8192, PROT_READ | PROT_EXEC) == 0);
        EXPECT(MAPPED, ((function)code)(1) == (n & 0xffff) && ((function)(code + 1024))(1) == (~n & 0xffff));
        EXPECT(MAPPED, mprotect(code, 4096, PROT_READ | PROT_WRITE) == 0);
        code[0] = mov_x0(n + 1 & 0xffff);
        EXPECT(MAPPED, mprotect(code, 4096, PROT_READ | PROT_EXEC) == 0);
        EXPECT(MAPPED, ((function)code)(1) == (n + 1 & 0xffff));
        EXPECT(MAPPED, munmap(code, 8192) == 0);
        __atomic_add_fetch(&kind_rounds[MAPPED], 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

// More blocks than a small cache holds, each of which jumps to the next; every tenth is a call.
static unsigned *chain;

static void make_chain(void) {
    chain = code_memory(CHAIN * 64, PROT_READ | PROT_WRITE | PROT_EXEC);
    unsigned *at = chain;
    *at++ = 0xa9bf7bfd;  // stp x29, x30, [sp, #-16]!
    for (int n = 0; n < CHAIN; n++) {
        if (n % 10 == 9) {
            *at++ = 0x94000002;  // bl over the next
            *at++ = 0x14000003;  // b behind the function
            *at++ = add_x0(1), *at++ = ret;
        } else {
            *at++ = add_x0(1);
            *at++ = 0xf100001f;  // cmp x0, #0
            *at++ = 0x54000041;  // b.ne over the next
            *at++ = 0;
        }
    }
    *at++ = 0xa8c17bfd, *at++ = ret;  // ldp x29, x30, [sp], #16
    flush(chain, CHAIN * 64);
}

static void *chained(void *unused) {
    for (unsigned long n = 0; !stopping; n++) {
        EXPECT(CHAINED, ((function)chain)(n) == n + CHAIN);
        __atomic_add_fetch(&kind_rounds[CHAINED], 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

// A child has its forker only, which goes on with all kinds of code.
static void *forker(void *unused) {
    for (unsigned n = 0; !stopping; n++) {
        pid_t child = fork();
        if (child == 0) {
            unsigned *code = code_memory(4096, PROT_READ | PROT_WRITE | PROT_EXEC);
            void *block = malloc(1000 + n);
            code[0] = mov_x0(n & 63), code[1] = ret;
            flush(code, 8);
            int status = ((function)code)(0) + (((function)chain)(5) == 5 + CHAIN) + (block != NULL);
            code[0] = mov_x0(1);
            flush(code, 4);
            _exit(status + ((function)code)(0));
        }
        int status = 0;
        EXPECT(FORKED, child > 0);
        if (child <= 0) break;
        pid_t found;
        while ((found = waitpid(child, &status, 0)) == -1 && errno == EINTR) {}
        EXPECT(FORKED, found == child && WIFEXITED(status) && WEXITSTATUS(status) == (n & 63) + 3);
        __atomic_add_fetch(&kind_rounds[FORKED], 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

// Queued signals: each that was sent is received, by its thread.
static pid_t targets[WORKERS];
static long sent[WORKERS];
static volatile long received[WORKERS];
static __thread volatile long *own_received;
static volatile long ticks;

static void on_queued(int signal, siginfo_t *info, void *context) {
    if (own_received) ++*own_received;
    if (((function)chain)(3) != 3 + CHAIN) _exit(90);
}

static void on_tick(int signal, siginfo_t *info, void *context) {
    __atomic_add_fetch(&ticks, 1, __ATOMIC_RELAXED);
    unsigned seen = __atomic_load_n(&published, __ATOMIC_ACQUIRE);
    asm volatile("isb" : : : "memory");
    if (!is_current(((function)shared)(0), seen)) _exit(91);
}

static void *target(void *argument) {
    long index = (long)argument;
    own_received = &received[index];
    __atomic_store_n(&targets[index], syscall(SYS_gettid), __ATOMIC_RELEASE);
    double x = 1, y = 0;
    for (unsigned long n = 1; !stopping; n++) {
        // Registers, flags and vectors survive.
        x = x * 1.5 - x / 2, y += n * 0.0;
        EXPECT(QUEUED, x == 1 && y == 0);
    }
    return NULL;
}

static void *sender(void *unused) {
    siginfo_t info = {.si_code = SI_QUEUE};
    for (int n = 0; !stopping; n++) {
        int index = n % WORKERS;
        pid_t tid = __atomic_load_n(&targets[index], __ATOMIC_ACQUIRE);
        if (tid && syscall(SYS_rt_tgsigqueueinfo, getpid(), tid, SIGRTMIN + 1, &info) == 0) sent[index]++;
        if (n % 64 == 63) usleep(500);
    }
    return NULL;
}

int main(int argc, char **argv) {
    int seconds = argc > 1 ? atoi(argv[1]) : 2;
    make_chain();
    shared = code_memory(4096, PROT_READ | PROT_WRITE | PROT_EXEC);
    shared[0] = mov_x0(0), shared[1] = ret;
    flush(shared, 8);

    struct sigaction action = {.sa_sigaction = on_queued, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigaction(SIGRTMIN + 1, &action, NULL);
    action.sa_sigaction = on_tick;
    sigaction(SIGRTMIN + 2, &action, NULL);
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 2};
    struct itimerspec interval = {{0, 1000000}, {0, 1000000}};
    CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0 && timer_settime(timer, 0, &interval, NULL) == 0);

    static void *(*const bodies[])(void *) = {own_code, own_code, shared_caller, shared_writer, mapped_code,
                                              chained,  forker,   sender};
    enum { BODIES = sizeof bodies / sizeof *bodies };
    pthread_t ids[BODIES + WORKERS];
    int started = 0;
    for (int i = 0; i < BODIES; i++) started += !pthread_create(&ids[i], NULL, bodies[i], NULL);
    for (long i = 0; i < WORKERS; i++) started += !pthread_create(&ids[BODIES + i], NULL, target, (void *)i);
    CHECK(started == BODIES + WORKERS);
    time_t end = time(NULL) + seconds;
    while (time(NULL) < end) usleep(50000);
    stopping = 1;
    // A thread with signals that wait gets them before it ends.
    for (int i = 0; i < started; i++) pthread_join(ids[i], NULL);
    timer_delete(timer);

    CHECK(!kind_failed[OWN] && kind_rounds[OWN] > 0);
    CHECK(!kind_failed[SHARED] && kind_rounds[SHARED] > 0);
    CHECK(!kind_failed[MAPPED] && kind_rounds[MAPPED] > 0);
    CHECK(!kind_failed[CHAINED] && kind_rounds[CHAINED] > 0);
    CHECK(!kind_failed[FORKED] && kind_rounds[FORKED] > 0);
    CHECK(!kind_failed[QUEUED]);
    for (int i = 0; i < WORKERS; i++) CHECK(sent[i] > 0 && received[i] == sent[i]);
    CHECK(ticks > 0);
    return finish();
}
