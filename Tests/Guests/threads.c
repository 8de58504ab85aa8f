// Threads: what they share and what is their own, how they end, and what the kernel does for them at the end.
#include "check.h"
#include <dirent.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/time.h>

extern char **environ;
static char *self;
static pthread_t ids[64];

static pid_t tid(void) { return syscall(SYS_gettid); }
static long futex(volatile int *word, int operation, int value, const struct timespec *timeout) {
    return syscall(SYS_futex, word, operation, value, timeout, NULL, 0);
}

static int entries(const char *directory) {
    DIR *d = opendir(directory);
    int n = 0;
    for (struct dirent *e; (e = readdir(d));) n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

// Many threads, each with its own of everything.
static __thread long own = 5;
static void *simple(void *argument) {
    own += (long)argument;
    errno = own;
    volatile double x = own;
    return (void *)(own + errno + (long)x - 3 * (5 + (long)argument) + (tid() == getpid()));
}

static void many(void) {
    void *result;
    int bad = 0;
    for (int round = 0; round < 10; round++) {
        for (long i = 0; i < 50; i++) bad |= pthread_create(&ids[i], NULL, simple, (void *)i);
        for (int i = 0; i < 50; i++) bad |= pthread_join(ids[i], &result) || result;
    }
    CHECK(!bad);
    CHECK(entries("/proc/self/task") == 1);
}

// clone(2) itself: where it stores the ids, and what it clears.
static volatile int parent_id, child_id = -1, stored;
static char stack[65536] __attribute__((aligned(16)));
enum { THREAD_FLAGS = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM };

static int raw_thread(void *argument) {
    stored = child_id == syscall(SYS_gettid) && parent_id == child_id;
    return 7;
}

static void raw_clone(void) {
    pid_t made = clone(raw_thread, stack + sizeof stack,
                       THREAD_FLAGS | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID, NULL, &parent_id,
                       NULL, &child_id);
    while (child_id != 0) futex(&child_id, FUTEX_WAIT, made, NULL);
    CHECK(made > 0 && parent_id == made);
    CHECK(clone(raw_thread, stack + sizeof stack, CLONE_THREAD | CLONE_VM, NULL) == -1 && errno == EINVAL);
    CHECK(clone(raw_thread, stack + sizeof stack, CLONE_SIGHAND, NULL) == -1 && errno == EINVAL);
    struct clone_args arguments = {.flags = CLONE_THREAD};
    CHECK(syscall(SYS_clone3, &arguments, sizeof arguments) == -1 && errno == EINVAL);
    CHECK(syscall(SYS_clone3, &arguments, 32) == -1 && errno == EINVAL);
    int descriptor = -1;
    arguments = (struct clone_args){
        .flags = CLONE_PIDFD | CLONE_PARENT_SETTID, .pidfd = (uintptr_t)&descriptor, .parent_tid = (uintptr_t)&parent_id,
        .exit_signal = SIGCHLD};
    pid_t child = syscall(SYS_clone3, &arguments, sizeof arguments);
    if (child == 0) _exit(12);
    siginfo_t info;
    CHECK(child > 0 && parent_id == child && descriptor >= 0);
    CHECK(waitid(3 /* P_PIDFD */, descriptor, &info, WEXITED) == 0 && info.si_status == 12 && info.si_pid == child);
    close(descriptor);
}

// Robust lists: the kernel's work at a thread's end, and a process's.
static void *lock_and_go(void *mutex) {
    pthread_mutex_lock(mutex);
    return NULL;
}

static void robust(void) {
    pthread_mutexattr_t attributes;
    pthread_mutex_t *mutex = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    volatile int *is_held = (int *)(mutex + 1);
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    for (int inherits = 0; inherits < 2; inherits++) {
        pthread_mutexattr_setprotocol(&attributes, inherits ? PTHREAD_PRIO_INHERIT : PTHREAD_PRIO_NONE);
        CHECK(pthread_mutex_init(mutex, &attributes) == 0);
        pthread_create(ids, NULL, lock_and_go, mutex);
        pthread_join(ids[0], NULL);
        CHECK(pthread_mutex_lock(mutex) == EOWNERDEAD && !pthread_mutex_consistent(mutex));
        pthread_mutex_unlock(mutex);
        pid_t child = fork();
        if (child == 0) {
            pthread_create(ids, NULL, lock_and_go, mutex);
            pthread_join(ids[0], NULL);
            pthread_mutex_lock(mutex);
            pthread_mutex_consistent(mutex);
            *is_held = 1;
            for (;;) pause();
        }
        while (!*is_held) usleep(1000);
        *is_held = 0;
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        CHECK(pthread_mutex_lock(mutex) == EOWNERDEAD);
        pthread_mutex_unlock(mutex);
        CHECK(pthread_mutex_lock(mutex) == ENOTRECOVERABLE);
        pthread_mutex_destroy(mutex);
    }
    void *head = NULL;
    size_t size = 0;
    CHECK(syscall(SYS_get_robust_list, 0, &head, &size) == 0 && head && size == 24);
}

// Signals: to a thread, to the process; masks, alternate stacks and the signals that the C library keeps for itself.
static volatile pid_t seen_by;
static volatile int count, on_stack;
static void seen(int signal) {
    int here;
    seen_by = tid();
    on_stack = (char *)&here >= stack && (char *)&here < stack + sizeof stack;
    count++;
}

static volatile int go;
static volatile pid_t other;
static void *waits(void *unused) {
    stack_t old;
    sigaltstack(NULL, &old);
    CHECK(old.ss_flags == SS_DISABLE);
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    CHECK(sigismember(&mask, SIGUSR2) && !sigismember(&mask, SIGUSR1));
    other = tid();
    while (!go) usleep(100);
    return NULL;
}

static void *takes(void *set) {
    int signal = 0;
    sigwait(set, &signal);
    return (void *)(long)signal;
}

static void signals(void) {
    struct sigaction action = {.sa_handler = seen, .sa_flags = SA_ONSTACK};
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGUSR2, &action, NULL);
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack}, none = {.ss_flags = SS_DISABLE};
    sigaltstack(&alternate, NULL);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    pthread_create(ids, NULL, waits, NULL);
    while (!other) usleep(100);
    pthread_kill(ids[0], SIGUSR1);
    while (!count) usleep(100);
    CHECK(seen_by == other && !on_stack);
    count = 0;
    CHECK(raise(SIGUSR1) == 0 && count == 1 && seen_by == getpid() && on_stack);
    sigaltstack(&none, NULL);
    // Blocked in both: it waits for the first that lets it through.
    count = 0;
    CHECK(kill(getpid(), SIGUSR2) == 0 && usleep(5000) == 0 && count == 0);
    CHECK(pthread_sigmask(SIG_UNBLOCK, &set, NULL) == 0 && count == 1 && seen_by == getpid());
    go = 1;
    pthread_join(ids[0], NULL);

    pthread_sigmask(SIG_BLOCK, &set, NULL);
    void *result;
    pthread_create(ids, NULL, takes, &set);
    usleep(2000);
    kill(getpid(), SIGUSR2);
    pthread_join(ids[0], &result);
    CHECK((long)result == SIGUSR2);
    int descriptor = signalfd(-1, &set, 0);
    struct signalfd_siginfo info;
    kill(getpid(), SIGUSR2);
    CHECK(read(descriptor, &info, sizeof info) == sizeof info && info.ssi_signo == SIGUSR2);
    close(descriptor);

    // Below SIGRTMIN are the library's; the kernel makes no difference.
    struct {
        void *handler;
        unsigned long flags;
        void *restorer;
        unsigned long mask;
    } raw = {seen, 0, NULL, 0}, old[2];
    for (int signal = 32; signal < 34; signal++) {
        count = 0;
        CHECK(syscall(SYS_rt_sigaction, signal, &raw, &old[signal - 32], 8) == 0);
        CHECK(syscall(SYS_tgkill, getpid(), tid(), signal) == 0 && count == 1);
        syscall(SYS_rt_sigaction, signal, &old[signal - 32], NULL, 8);
    }
}

static void clean(void *flag) { *(volatile int *)flag = 1; }
static volatile int cleaned;
static void *sleeps(void *unused) {
    pthread_cleanup_push(clean, (void *)&cleaned);
    for (;;) pause();
    pthread_cleanup_pop(0);
}
static void *spins(void *unused) {
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
    for (volatile long i = 0;; i++) {}
}

static void *has_identity(void *unused) {
    uid_t real, effective, saved;
    while (!go) usleep(100);
    // The raw calls show the thread's own.
    syscall(SYS_getresuid, &real, &effective, &saved);
    return (void *)(long)(effective == 65534);
}

static void library(void) {
    void *result;
    pthread_create(ids, NULL, sleeps, NULL);
    usleep(2000);
    CHECK(pthread_cancel(ids[0]) == 0 && pthread_join(ids[0], &result) == 0);
    CHECK(result == PTHREAD_CANCELED && cleaned);
    pthread_create(ids, NULL, spins, NULL);
    usleep(2000);
    CHECK(pthread_cancel(ids[0]) == 0 && pthread_join(ids[0], &result) == 0 && result == PTHREAD_CANCELED);
    if (geteuid() == 0) {
        go = 0;
        pthread_create(ids, NULL, has_identity, NULL);
        CHECK(seteuid(65534) == 0);
        go = 1;
        pthread_join(ids[0], &result);
        CHECK(result && seteuid(0) == 0);
    }
}

// Names, numbers and affinity.
static void *named(void *unused) {
    char name[32] = "", path[64], line[32] = "";
    prctl(PR_SET_NAME, "second");
    snprintf(path, sizeof path, "/proc/self/task/%d/comm", tid());
    int file = open(path, O_RDONLY);
    read(file, line, sizeof line - 1);
    close(file);
    prctl(PR_GET_NAME, name);
    cpu_set_t set;
    CHECK(sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0);
    CHECK(sched_setaffinity(tid(), sizeof set, &set) == 0);
    CHECK(entries("/proc/self/task") == 2);
    return (void *)(long)(!strcmp(name, "second") && !strcmp(line, "second\n"));
}

static void identity(void) {
    char name[32];
    void *result;
    prctl(PR_SET_NAME, "first");
    pthread_create(ids, NULL, named, NULL);
    pthread_join(ids[0], &result);
    prctl(PR_GET_NAME, name);
    CHECK(result && !strcmp(name, "first"));
    // Without rseq there are no barriers for its sequences.
    long commands = syscall(SYS_membarrier, 0, 0, 0);
    CHECK(commands >= 0 && !(commands & (1 << 7 | 1 << 8)));
    CHECK(syscall(SYS_membarrier, 1 << 8, 0, 0) == -1 && errno == EINVAL);
    CHECK(syscall(SYS_rseq, NULL, 0, 0, 0) == -1 && errno == ENOSYS);
}

// How a process with threads ends.
static volatile int pipe_end;
static void *exits(void *unused) { exit(21); }
static void *crashes(void *unused) { *(volatile int *)8 = 1; return NULL; }
static void *kills(void *unused) { kill(getpid(), SIGTERM); return NULL; }
static void *blocks(void *unused) { char c; read(pipe_end, &c, 1); return NULL; }
static void *lingers(void *unused) { usleep(20000); syscall(SYS_exit, 24); return NULL; }
static void *executes(void *unused) {
    execl(self, self, "tasks", NULL);
    return NULL;
}

static int ended(int how) {
    int status, ends[2];
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        pipe(ends);
        pipe_end = ends[0];
        pthread_create(&ids[1], NULL, blocks, NULL);
        pthread_create(&ids[2], NULL, spins, NULL);
        usleep(1000);
        switch (how) {
        case 0: pthread_create(ids, NULL, exits, NULL); blocks(NULL);
        case 1: pthread_create(ids, NULL, crashes, NULL); blocks(NULL);
        case 2: pthread_create(ids, NULL, kills, NULL); blocks(NULL);
        case 3: _exit(22);
        case 4: syscall(SYS_exit_group, 23);
        case 5: pthread_create(ids, NULL, executes, NULL); blocks(NULL);
        case 6: pthread_create(ids, NULL, exits, NULL); for (;;) {}
        case 7: pthread_create(ids, NULL, exits, NULL); syscall(SYS_exit, 0);
        }
    }
    if (waitpid(child, &status, 0) != child) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

// Whose code the parent gets, the first thread's or the last one's, depends on the kernel's version.
static int outlived(void) {
    int status;
    pid_t child = fork();
    if (child == 0) {
        pthread_create(ids, NULL, lingers, NULL);
        syscall(SYS_exit, 24);
    }
    return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// A child that shares the memory: what it writes is there, what it does to itself is not.
static void *background(void *unused) {
    for (volatile long i = 0; !go; i++) {}
    return NULL;
}

static void spawning(void) {
    char *arguments[] = {self, "status", NULL};
    pid_t child;
    int status;
    volatile int written = 0;
    go = 0;
    pthread_create(ids, NULL, background, NULL);
    int bad = 0;
    for (int i = 0; i < 20; i++)
        bad |= posix_spawn(&child, "/no/such/program", NULL, NULL, arguments, environ) != ENOENT;
    CHECK(!bad);
    struct sigaction action = {.sa_handler = seen}, after;
    sigaction(SIGUSR1, &action, NULL);
    child = vfork();
    if (child == 0) {
        written = 33;
        signal(SIGUSR1, SIG_DFL);
        close(0);
        execv("/no/such/program", arguments);
        _exit(errno);
    }
    CHECK(written == 33 && waitpid(child, &status, 0) == child && WEXITSTATUS(status) == ENOENT);
    sigaction(SIGUSR1, NULL, &after);
    CHECK(after.sa_handler == seen && fcntl(0, F_GETFD) != -1);
    child = vfork();
    if (child == 0) kill(getpid(), SIGTERM);
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    CHECK(posix_spawn(&child, self, NULL, NULL, arguments, environ) == 0);
    CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 9);
    go = 1;
    pthread_join(ids[0], NULL);
}

// A loop that another thread makes end by changing its code.
static void *goRound(void *code) {
    ((void (*)(volatile int *))code)(&go);
    return NULL;
}

static void patched(void) {
    uint32_t *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    code[0] = 0xb9400001;  // ldr w1, [x0]
    code[1] = 0x11000421;  // add w1, w1, #1
    code[2] = 0xb9000001;  // str w1, [x0]
    code[3] = 0x17fffffd;  // b code
    code[4] = 0xd65f03c0;  // ret
    __builtin___clear_cache((char *)code, (char *)(code + 5));
    go = 0;
    pthread_create(ids, NULL, goRound, code);
    while (go < 100000) sched_yield();
    code[3] = 0x14000001;  // b behind
    __builtin___clear_cache((char *)(code + 3), (char *)(code + 4));
    CHECK(pthread_join(ids[0], NULL) == 0);
    munmap(code, 4096);
}

int main(int argc, char **argv) {
    self = argv[0];
    if (argc > 1) return !strcmp(argv[1], "tasks") ? 30 + entries("/proc/self/task") : 9;
    many();
    raw_clone();
    CHECK(stored);
    robust();
    signals();
    library();
    identity();
    CHECK(ended(0) == 21);
    CHECK(ended(1) == 1000 + SIGSEGV);
    CHECK(ended(2) == 1000 + SIGTERM);
    CHECK(ended(3) == 22);
    CHECK(ended(4) == 23);
    CHECK(ended(5) == 31);
    CHECK(ended(6) == 21);
    CHECK(ended(7) == 21);
    CHECK(outlived() == 24);
    spawning();
    patched();
    return finish();
}
