// Signals for the process, from another process, as fast as it can send them, to threads that compute, fault, wait and read:
// every queued one is delivered once, and nobody loses a byte, a fault or a result.
#include "check.h"
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>

enum { RESTARTS, INTERRUPTS, AWAITED, KINDS };
#define NUMBER(kind) (SIGRTMIN + 3 + (kind))

static volatile int stopping, drained;
static volatile long handled[KINDS];
static void count(int signal, siginfo_t *info, void *context) {
    __atomic_add_fetch(&handled[signal - NUMBER(0)], 1, __ATOMIC_RELAXED);
}

static __thread sigjmp_buf again;
static __thread volatile long faults;
static void on_fault(int signal) {
    faults++;
    siglongjmp(again, 1);
}

// Each returns how often it did its work, -1 if something was wrong.
static void *faulter(void *address) {
    volatile long tried = 0;
    while (!stopping)
        if (!sigsetjmp(again, 1)) {
            tried++;
            *(volatile int *)address = 1;
        }
    return (void *)(tried == faults ? tried : -1);
}

static void *poller(void *unused) {
    sigset_t all_but;
    sigemptyset(&all_but);
    sigaddset(&all_but, NUMBER(AWAITED));
    for (long n = 1;; n++) {
        struct timespec time = {0, 1000000};
        int result = ppoll(NULL, 0, &time, &all_but);
        if (result == -1 && errno != EINTR) return (void *)-1;
        if (stopping) return (void *)n;
    }
}

static void *reader(void *descriptor) {
    char c;
    for (long n = 0;;) {
        ssize_t result = read((int)(long)descriptor, &c, 1);
        if (result == 1) n++;
        else if (result == 0) return (void *)n;
        else if (errno != EINTR) return (void *)-1;
    }
}

static void *computer(void *unused) {
    unsigned long first = 0;
    for (long n = 1;; n++) {
        unsigned long a = 1;
        double x = 1;
        for (int i = 0; i < 1000; i++) a = a * 6364136223846793005ul + 1442695040888963407ul, x = x * 1.25 - (a >> 60);
        a ^= (unsigned long)(long)(x * 1e-90);
        if (!first) first = a;
        if (a != first) return (void *)-1;
        if (stopping) return (void *)n;
    }
}

static void *waiter(void *unused) {
    sigset_t set;
    siginfo_t info;
    sigemptyset(&set);
    sigaddset(&set, NUMBER(AWAITED));
    for (long n = 0;;) {
        struct timespec time = {0, 20000000};
        int result = sigtimedwait(&set, &info, &time);
        if (result > 0) n++;
        else if (errno == EAGAIN && drained) return (void *)n;
        else if (errno != EAGAIN && errno != EINTR) return (void *)-1;
    }
}

int main(void) {
    struct sigaction action = {.sa_sigaction = count, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigaction(NUMBER(RESTARTS), &action, NULL);
    action.sa_flags = SA_SIGINFO;
    sigaction(NUMBER(INTERRUPTS), &action, NULL);
    signal(SIGSEGV, on_fault);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, NUMBER(AWAITED));
    pthread_sigmask(SIG_BLOCK, &set, NULL);

    int pipes[2];
    long *sent = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_t ids[7];
    long results[7];
    CHECK(pipe(pipes) == 0);
    int made = !pthread_create(&ids[0], NULL, faulter, (void *)8) + !pthread_create(&ids[1], NULL, faulter, (void *)16) +
               !pthread_create(&ids[2], NULL, poller, NULL) +
               !pthread_create(&ids[3], NULL, reader, (void *)(long)pipes[0]) +
               !pthread_create(&ids[4], NULL, computer, NULL) + !pthread_create(&ids[5], NULL, waiter, NULL) +
               !pthread_create(&ids[6], NULL, waiter, NULL);
    CHECK(made == 7);

    pid_t parent = getpid(), child = fork();
    if (child == 0) {
        for (int i = 0; i < 60000; i++)
            if (sigqueue(parent, NUMBER(i % KINDS), (union sigval){0}) == 0) sent[i % KINDS]++;
        _exit(0);
    }
    long written = 0;
    int status;
    while (waitpid(child, &status, WNOHANG) != child) {
        written += write(pipes[1], "y", 1) == 1;
        usleep(100);
    }
    stopping = 1;
    while (handled[RESTARTS] < sent[RESTARTS] || handled[INTERRUPTS] < sent[INTERRUPTS]) usleep(1000);
    drained = 1;
    close(pipes[1]);
    for (int i = 0; i < 7; i++) pthread_join(ids[i], (void **)&results[i]);
    CHECK(sent[RESTARTS] > 0 && sent[INTERRUPTS] > 0 && sent[AWAITED] > 0);
    CHECK(handled[RESTARTS] == sent[RESTARTS] && handled[INTERRUPTS] == sent[INTERRUPTS]);
    CHECK(results[5] >= 0 && results[6] >= 0 && results[5] + results[6] == sent[AWAITED]);
    CHECK(results[0] > 0 && results[1] > 0 && results[2] > 0 && results[3] == written && results[4] > 0);
    return finish();
}
