// Single operations: what each costs, in nanoseconds, as the fastest of several samples. Each sample takes a few
// milliseconds, so that a slow translator does not need longer than a fast one. `micro NAME …` measures only those.

#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef void Operation(long times);

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static volatile uint64_t sink;

static void empty_loop(long times) {
    for (long i = 0; i < times; i++) __asm__ volatile("" : "+r"(i));
}

static void mutex(long times) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    for (long i = 0; i < times; i++) {
        pthread_mutex_lock(&lock);
        pthread_mutex_unlock(&lock);
    }
}

static void strlen32(long times) {
    static char text[64] = "twelve plus twenty bytes, a text";
    char *p = text;
    uint64_t sum = 0;
    for (long i = 0; i < times; i++) {
        __asm__ volatile("" : "+r"(p) : : "memory");
        sum += strlen(p);
    }
    sink = sum;
}

static void copy(long times, size_t size) {
    static char from[1 << 16], to[1 << 16];
    void *a = to, *b = from;
    for (long i = 0; i < times; i++) {
        __asm__ volatile("" : "+r"(a), "+r"(b) : : "memory");
        memcpy(a, b, size);
    }
}

static void memcpy64(long times) { copy(times, 64); }
static void memcpy64k(long times) { copy(times, 1 << 16); }

static void clock_time(long times) {
    struct timespec t;
    for (long i = 0; i < times; i++) clock_gettime(CLOCK_MONOTONIC, &t);
    sink = t.tv_nsec;
}

static void set_and_long_jump(long times) {
    static jmp_buf place;
    volatile long i;  // what lies in a register may be lost by the jump
    for (i = 0; i < times; i++)
        if (!_setjmp(place)) _longjmp(place, 1);
}

static __attribute__((noinline)) long plus(long x) {
    __asm__ volatile("" : "+r"(x));
    return x + 1;
}
static __attribute__((noinline)) long twice(long x) {
    __asm__ volatile("" : "+r"(x));
    return x + x;
}
static __attribute__((noinline)) long same(long x) {
    __asm__ volatile("" : "+r"(x));
    return x;
}

static void direct_call(long times) {
    long x = 0;
    for (long i = 0; i < times; i++) x = plus(x);
    sink = x;
}

static void indirect_call(long times) {
    static long (*volatile functions[4])(long) = {plus, twice, same, plus};
    long x = 0;
    for (long i = 0; i < times; i++) x = functions[i & 3](x);
    sink = x;
}

static void getpid_call(long times) {
    for (long i = 0; i < times; i++) sink = syscall(SYS_getpid);
}

static void on_signal(int number) { sink = number; }

static void signal_round_trip(long times) {
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGUSR1, &action, 0);
    for (long i = 0; i < times; i++) raise(SIGUSR1);
}

static void map_unmap(long times) {
    for (long i = 0; i < times; i++) {
        char *p = mmap(0, 64 << 10, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED) fail("mmap");
        p[0] = 1;
        munmap(p, 64 << 10);
    }
}

static void *nothing(void *p) { return p; }

static void thread_create_join(long times) {
    for (long i = 0; i < times; i++) {
        pthread_t thread;
        if (pthread_create(&thread, 0, nothing, 0)) fail("pthread_create");
        pthread_join(thread, 0);
    }
}

static void fork_wait(long times) {
    for (long i = 0; i < times; i++) {
        pid_t pid = fork();
        if (pid < 0) fail("fork");
        if (!pid) _exit(0);
        waitpid(pid, 0, 0);
    }
}

// Writes a function that returns a number, and calls it.
static void rewrite_code(long times) {
    static uint32_t *code;
    if (!code) {
        code = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (code == MAP_FAILED) fail("mmap");
    }
    uint64_t sum = 0, expected = 0;
    for (long i = 0; i < times; i++) {
        uint32_t number = i & 0xFFFF;
#if defined __aarch64__
        code[0] = 0x52800000 | number << 5;  // mov w0, #number
        code[1] = 0xD65F03C0;                // ret
#elif defined __x86_64__
        unsigned char bytes[8] = {0xB8, number, number >> 8, 0, 0, 0xC3};  // mov eax, number; ret
        memcpy(code, bytes, sizeof bytes);
#else
#error "which code?"
#endif
        __builtin___clear_cache((char *)code, (char *)(code + 2));
        sum += ((unsigned (*)(void))(void *)code)();
        expected += number;
    }
    if (sum != expected) {
        fprintf(stderr, "stale code ran\n");
        exit(1);
    }
}

static const struct {
    const char *name;
    Operation *run;
} operations[] = {
    {"empty loop", empty_loop},
    {"mutex lock + unlock", mutex},
    {"strlen of 32 bytes", strlen32},
    {"memcpy of 64 bytes", memcpy64},
    {"memcpy of 64 KB", memcpy64k},
    {"setjmp + longjmp", set_and_long_jump},
    {"direct call + return", direct_call},
    {"indirect call + return", indirect_call},
    {"clock_gettime", clock_time},
    {"getpid", getpid_call},
    {"signal round trip", signal_round_trip},
    {"mmap + munmap of 64 KB", map_unmap},
    {"thread create + join", thread_create_join},
    {"fork + wait", fork_wait},
    {"rewrite code + run it", rewrite_code},
};

int main(int argc, char **argv) {
    for (size_t n = 0; n < sizeof operations / sizeof *operations; n++) {
        int wanted = argc == 1;
        for (int i = 1; i < argc; i++) wanted |= !strcmp(argv[i], operations[n].name);
        if (!wanted) continue;
        long times = 1;
        double took;
        // Until a sample is long enough; the first ones also translate the code.
        for (;;) {
            double start = now();
            operations[n].run(times);
            took = now() - start;
            if (took > 4e6) break;
            times = took < 4e5 ? times * 8 : times * 2;
        }
        double best = took / times;
        for (int i = 0; i < 7; i++) {
            double start = now();
            operations[n].run(times);
            took = (now() - start) / times;
            if (took < best) best = took;
        }
        printf("%s\t%.3f\n", operations[n].name, best);
        fflush(stdout);
    }
    return 0;
}
