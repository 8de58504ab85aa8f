// Random system calls with random arguments, in children that must not end but by their own doing. The seed and the number of
// calls are arguments, so that a failure can be repeated: random-calls [CALLS [SEED]].
#include "hostile.h"

enum { calls_in_a_child = 50, highest = 470 };
static uint64_t state;
static char *arena;  // with holes all round: a call that writes too much meets them before the child's own memory
static char (*names)[16];
static const char listed[8][16] = {"name", "file", ".", "directory", "", "/proc/self", "/nowhere/x", "link"};

static uint64_t next(void) {  // SplitMix64
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static unsigned long argument(void) {
    static const unsigned long sizes[] = {0, 1, 7, 8, 16, 24, 64, 128, 4095, 4096, 65536, 1ul << 31, 1ul << 47,
                                          1ul << 63, ~0ul, ~4095ul, 0x7fffffff, 0xffffffff, 0x7fffffffffffffff};
    uint64_t kind = next() % 100;
    if (kind < 30) return next() % 16;
    if (kind < 50) return (unsigned long)arena + (next() % 64) * 4096 + next() % 4 * (next() % 512);
    if (kind < 65) return sizes[next() % (sizeof sizes / sizeof *sizes)];
    if (kind < 75) return (unsigned long)names[next() % 8];
    if (kind < 80) return -(next() % 128);
    if (kind < 85) return 1ul << next() % 64;
    if (kind < 88) return 0xffff800000000000 + next() % 8192;
    if (kind < 91) return 0x0000800000000000 + next() % 8192;
    return next();
}

static int would_end_the_child(long number, const unsigned long *a) {
    unsigned long page = a[0] & ~4095ul, start = (unsigned long)arena, end = start + (4ul << 30);
    switch (number) {
    // What the child stands on is not a matter of these tests. The arena and what nobody has is.
    case SYS_munmap:
    case SYS_mprotect:
    case SYS_pkey_mprotect:
    case SYS_madvise:
    case SYS_mremap:
    case SYS_mmap:
    case SYS_shmat:
        if (a[0] == 0) return a[1] > 65536;
        return page < 1ul << 47 && !(page >= start && page < end && a[1] <= end - page);
    // Its own handlers and limits are what its end is judged by.
    case SYS_rt_sigaction:
    case SYS_setrlimit:
    case SYS_prctl:
    case SYS_process_madvise: return 1;
    default: return 0;
    }
}

static void child(uint64_t seed) {
    state = seed;
    detach_output(getenv("SHOW_CALLS") ? 1 : 2);
    interrupt_often();
    for (int n = 0; n < calls_in_a_child;) {
        long number = next() % highest;
        unsigned long a[6];
        for (int i = 0; i < 6; i++) a[i] = argument();
        if (is_left_out(number) || would_end_the_child(number, a)) continue;
        n++;
        if (getenv("SHOW_CALLS"))
            dprintf(2, "%ld(%#lx, %#lx, %#lx, %#lx, %#lx, %#lx)\n", number, a[0], a[1], a[2], a[3], a[4], a[5]);
        raw(number, a);
    }
    _exit(42);
}

int main(int count, char **arguments) {
    int calls = count > 1 ? atoi(arguments[1]) : 1000;
    uint64_t seed = count > 2 ? strtoull(arguments[2], NULL, 0) : 1;
    char directory[] = "/tmp/lyrebird-random-XXXXXX";
    int harmless = give_up_privileges();
    CHECK(harmless);
    if (!harmless) return 1;
    CHECK(mkdtemp(directory) != NULL && chdir(directory) == 0);
    CHECK(symlink("file", "link") == 0 && close(open("file", O_CREAT | O_RDWR, 0600)) == 0);
    // Memory to be unmapped and overwritten, far from everything else.
    arena = mmap(NULL, 8ul << 30, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    arena += 2ul << 30;
    CHECK(mprotect(arena, 64 * 4096, PROT_READ | PROT_WRITE) == 0);
    names = (char(*)[16])(arena - (1ul << 30));
    CHECK(mprotect(names, 4096, PROT_READ | PROT_WRITE) == 0);
    memcpy(names, listed, sizeof listed);
    for (int n = 0; n < calls; n += calls_in_a_child, seed++) {
        pid_t pid = fork();
        if (pid == 0) child(seed * 0x2545f4914f6cdd1d);
        int hangs, status = end_of(pid, &hangs);
        // A signal of a fault is the child's own only if it touches memory, and it does not.
        int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
        int crashed = signal == SIGSEGV || signal == SIGBUS || signal == SIGILL || signal == SIGTRAP ||
                      signal == SIGABRT || signal == SIGFPE || signal == SIGSYS;
        int odd = WIFEXITED(status) && WEXITSTATUS(status) != 42;
        if (hangs || crashed || odd) {
            failures++;
            printf("FAIL seed %llu: %s, status %#x\n", (unsigned long long)seed, hangs ? "hangs" : "ended", status);
        }
    }
    CHECK(chdir("/") == 0);
    char command[64];
    sprintf(command, "rm -rf %s", directory);
    if (fork() == 0) execl("/bin/sh", "sh", "-c", command, NULL), _exit(1);
    wait(NULL);
    return finish();
}
