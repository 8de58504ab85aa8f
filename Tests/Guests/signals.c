// Handlers, masks, stacks, and calls that signals interrupt.
#include "check.h"
#include <poll.h>
#include <setjmp.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/time.h>

static volatile int count, depth, deepest, order[16];
static siginfo_t last;
static ucontext_t seen;
static sigjmp_buf back;
static volatile int on_stack;
static char stack[65536] __attribute__((aligned(16)));

static void counting(int signal) { count++; }
static void recording(int signal, siginfo_t *info, void *context) {
    order[count++ & 15] = signal;
    last = *info;
    seen = *(ucontext_t *)context;
}
static void nesting(int signal) {
    if (++depth > deepest) deepest = depth;
    if (depth < 5) raise(signal);
    depth--;
}
static void placing(int signal) {
    char here;
    on_stack = &here >= stack && &here < stack + sizeof stack;
}
static void leaving(int signal, siginfo_t *info, void *context) {
    placing(signal);
    last = *info;
    seen = *(ucontext_t *)context;
    siglongjmp(back, signal);
}
static void skipping(int signal, siginfo_t *info, void *context) {
    last = *info;
    ((ucontext_t *)context)->uc_mcontext.pc += 4;
    ((ucontext_t *)context)->uc_mcontext.regs[0] = 4711;
}

static void act(int signal, void *function, int flags) {
    struct sigaction action = {.sa_sigaction = function, .sa_flags = flags};
    sigaction(signal, &action, NULL);
}

static void alarm_in(int microseconds) {
    struct itimerval timer = {{0, 0}, {0, microseconds}};
    setitimer(ITIMER_REAL, &timer, NULL);
}

static int overflow(int n) {
    volatile char frame[4096];
    memset((char *)frame, n, sizeof frame);
    return overflow(n + 1) + frame[n & 4095];
}

__attribute__((noinline)) static long load(volatile long *address) {
    register long result __asm__("x0") = (long)address;
    __asm__ volatile("ldr x0, [x0]" : "+r"(result) : : "memory");
    return result;
}

int main(void) {
    sigset_t set, old, pending, none;
    sigemptyset(&none);

    // Delivery, siginfo and the frame.
    act(SIGUSR1, recording, SA_SIGINFO);
    union sigval value = {.sival_int = 1234};
    CHECK(sigqueue(getpid(), SIGUSR1, value) == 0 && count == 1);
    CHECK(last.si_signo == SIGUSR1 && last.si_code == SI_QUEUE && last.si_value.sival_int == 1234);
    CHECK(last.si_pid == getpid() && last.si_uid == getuid());
    CHECK(raise(SIGUSR1) == 0 && count == 2 && last.si_code == SI_TKILL);

    // Blocked signals wait; real-time signals queue in order.
    sigemptyset(&set);
    for (int i = 0; i < 4; i++) sigaddset(&set, SIGRTMIN + i), act(SIGRTMIN + i, recording, SA_SIGINFO);
    sigaddset(&set, SIGUSR1);
    CHECK(sigprocmask(SIG_BLOCK, &set, &old) == 0);
    count = 0;
    for (int i = 3; i >= 0; i--) value.sival_int = i, sigqueue(getpid(), SIGRTMIN + i, value);
    sigqueue(getpid(), SIGRTMIN, value);
    raise(SIGUSR1), raise(SIGUSR1);
    CHECK(count == 0 && sigpending(&pending) == 0 && sigismember(&pending, SIGRTMIN) && sigismember(&pending, SIGUSR1));
    siginfo_t info;
    struct timespec second = {1, 0}, instant = {0, 0};
    sigset_t one;
    sigemptyset(&one), sigaddset(&one, SIGRTMIN + 3);
    CHECK(sigtimedwait(&one, &info, &second) == SIGRTMIN + 3 && info.si_value.sival_int == 3);
    CHECK(sigtimedwait(&one, &info, &instant) == -1 && errno == EAGAIN);
    CHECK(sigprocmask(SIG_SETMASK, &old, NULL) == 0 && count == 5);
    CHECK(sigpending(&pending) == 0 && !sigismember(&pending, SIGRTMIN));

    // Flags of sigaction.
    act(SIGUSR1, nesting, SA_NODEFER);
    raise(SIGUSR1);
    CHECK(deepest == 5);
    act(SIGUSR2, counting, SA_RESETHAND);
    struct sigaction action;
    count = 0;
    CHECK(raise(SIGUSR2) == 0 && count == 1 && sigaction(SIGUSR2, NULL, &action) == 0 && action.sa_handler == SIG_DFL);
    CHECK(signal(SIGKILL, counting) == SIG_ERR && errno == EINVAL);

    // Interrupted calls.
    int pipes[2];
    char byte;
    CHECK(pipe(pipes) == 0);
    act(SIGALRM, counting, 0);
    count = 0, alarm_in(20000);
    CHECK(read(pipes[0], &byte, 1) == -1 && errno == EINTR && count == 1);
    act(SIGALRM, counting, SA_RESTART);
    pid_t child = fork();
    if (child == 0) usleep(150000), _exit(write(pipes[1], "x", 1) == 1 ? 0 : 1);
    count = 0, alarm_in(20000);
    CHECK(read(pipes[0], &byte, 1) == 1 && byte == 'x' && count == 1);
    waitpid(child, NULL, 0);
    child = fork();
    if (child == 0) usleep(100000), _exit(6);
    int status;
    count = 0, alarm_in(20000);
    CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 6 && count == 1);
    struct timespec left, pause_time = {0, 500000000};
    alarm_in(20000);
    CHECK(nanosleep(&pause_time, &left) == -1 && errno == EINTR && left.tv_nsec > 100000000);
    alarm_in(20000);
    struct pollfd descriptor = {pipes[0], POLLIN, 0};
    CHECK(poll(&descriptor, 1, 2000) == -1 && errno == EINTR);
    int events = epoll_create1(0);
    struct epoll_event event;
    alarm_in(20000);
    CHECK(epoll_wait(events, &event, 1, 2000) == -1 && errno == EINTR);

    // Masks that hold for a call.
    sigemptyset(&set), sigaddset(&set, SIGALRM);
    sigprocmask(SIG_BLOCK, &set, &old);
    count = 0;
    raise(SIGALRM);
    CHECK(count == 0 && ppoll(NULL, 0, &second, &none) == -1 && errno == EINTR && count == 1);
    raise(SIGALRM);
    CHECK(pselect(0, NULL, NULL, NULL, &second, &none) == -1 && errno == EINTR && count == 2);
    raise(SIGALRM);
    CHECK(sigsuspend(&none) == -1 && errno == EINTR && count == 3);
    alarm_in(20000);
    CHECK(sigsuspend(&none) == -1 && errno == EINTR && count == 4);
    raise(SIGALRM);
    CHECK(epoll_pwait(events, &event, 1, 2000, &none) == -1 && errno == EINTR && count == 5);
    CHECK(sigprocmask(SIG_BLOCK, NULL, &pending) == 0 && sigismember(&pending, SIGALRM));
    int descriptors = signalfd(-1, &set, SFD_CLOEXEC);
    struct signalfd_siginfo read_info;
    raise(SIGALRM);
    CHECK(read(descriptors, &read_info, sizeof read_info) == sizeof read_info && read_info.ssi_signo == SIGALRM);
    sigprocmask(SIG_SETMASK, &old, NULL);
    CHECK(count == 5);

    // A timer interrupts a loop.
    count = 0;
    struct itimerval timer = {{0, 2000}, {0, 2000}};
    setitimer(ITIMER_REAL, &timer, NULL);
    for (volatile long i = 0; count < 20; i++);
    timer = (struct itimerval){0};
    setitimer(ITIMER_REAL, &timer, NULL);
    CHECK(count >= 20);

    // Faults.
    act(SIGSEGV, leaving, SA_SIGINFO), act(SIGBUS, leaving, SA_SIGINFO);
    act(SIGILL, leaving, SA_SIGINFO), act(SIGTRAP, leaving, SA_SIGINFO);
    long *page = mmap(NULL, 2 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap((char *)page + 4096, 4096);
    int got = sigsetjmp(back, 1);
    if (!got) load((long *)((char *)page + 4096 + 16));
    CHECK(got == SIGSEGV && last.si_code == SEGV_MAPERR && last.si_addr == (char *)page + 4096 + 16);
    CHECK(seen.uc_mcontext.fault_address == (uintptr_t)last.si_addr);
    struct _aarch64_ctx *record = (void *)seen.uc_mcontext.__reserved;
    CHECK(record->magic == FPSIMD_MAGIC && record->size == 528);
    record = (void *)((char *)record + record->size);
    CHECK(record->magic == ESR_MAGIC && record->size == 16);
    mprotect(page, 4096, PROT_READ);
    got = sigsetjmp(back, 1);
    if (!got) *(volatile long *)page = 1;
    CHECK(got == SIGSEGV && last.si_code == SEGV_ACCERR && last.si_addr == (void *)page);
    CHECK(((struct esr_context *)((char *)seen.uc_mcontext.__reserved + 528))->esr & 1 << 6);
    got = sigsetjmp(back, 1);
    if (!got) ((void (*)(void))page)();
    CHECK(got == SIGSEGV && last.si_code == SEGV_ACCERR && last.si_addr == (void *)page);
    CHECK(seen.uc_mcontext.pc == (uintptr_t)page);
    got = sigsetjmp(back, 1);
    if (!got) __asm__ volatile("udf #0");
    CHECK(got == SIGILL && last.si_code == ILL_ILLOPC);
    got = sigsetjmp(back, 1);
    if (!got) __asm__ volatile("mrs x0, sctlr_el1" : : : "x0");
    CHECK(got == SIGILL && last.si_code == ILL_ILLOPC);
    got = sigsetjmp(back, 1);
    if (!got) __asm__ volatile("brk #0");
    CHECK(got == SIGTRAP && last.si_code == TRAP_BRKPT && (uintptr_t)last.si_addr == seen.uc_mcontext.pc);
    char name[] = "/tmp/lyrebird-signal-XXXXXX";
    int file = mkstemp(name);
    unlink(name);
    CHECK(ftruncate(file, 100) == 0);
    char *map = mmap(NULL, 8192, PROT_READ, MAP_SHARED, file, 0);
    got = sigsetjmp(back, 1);
    if (!got) load((long *)(map + 4096));
    CHECK(got == SIGBUS && last.si_code == BUS_ADRERR && last.si_addr == map + 4096);
    act(SIGSEGV, skipping, SA_SIGINFO);
    CHECK(load(NULL) == 4711 && last.si_addr == NULL);

    // Stacks for handlers.
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack}, current;
    CHECK(sigaltstack(&alternate, NULL) == 0 && sigaltstack(NULL, &current) == 0 && current.ss_flags == 0);
    act(SIGUSR1, placing, SA_ONSTACK);
    raise(SIGUSR1);
    CHECK(on_stack == 1);
    act(SIGUSR1, placing, 0);
    raise(SIGUSR1);
    CHECK(on_stack == 0);
    act(SIGSEGV, leaving, SA_SIGINFO | SA_ONSTACK);
    for (int i = 0; i < 3; i++)
        if (!sigsetjmp(back, 1)) overflow(0);
    CHECK(on_stack == 1);
    alternate.ss_flags = SS_DISABLE;
    CHECK(sigaltstack(&alternate, NULL) == 0 && sigaltstack(NULL, &current) == 0 && current.ss_flags == SS_DISABLE);
    alternate.ss_flags = 0, alternate.ss_size = 100;
    CHECK(sigaltstack(&alternate, NULL) == -1 && errno == ENOMEM);

    // What ends a process.
    act(SIGSEGV, SIG_DFL, 0);
    child = fork();
    if (child == 0) load(NULL), _exit(0);
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    child = fork();
    if (child == 0) {
        sigfillset(&set);
        sigprocmask(SIG_BLOCK, &set, NULL);
        act(SIGSEGV, leaving, SA_SIGINFO);
        load(NULL);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    child = fork();
    if (child == 0) pause(), _exit(0);
    kill(child, SIGTERM);
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    act(SIGCHLD, recording, SA_SIGINFO | SA_NOCLDSTOP);
    count = 0;
    child = fork();
    if (child == 0) raise(SIGSTOP), _exit(3);
    CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status) && count == 0);
    kill(child, SIGCONT);
    while (waitpid(child, &status, 0) == -1 && errno == EINTR);
    CHECK(count == 1 && last.si_code == CLD_EXITED && last.si_status == 3 && last.si_pid == child);
    return finish();
}
