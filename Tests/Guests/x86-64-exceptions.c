// What the processor's exceptions are to an x86-64 program: the signal, where it is, and what its frame says. The host says the same.
#include "check.h"
#include <setjmp.h>
#include <sys/time.h>

static sigjmp_buf escape;
static siginfo_t info;
static greg_t registers[NGREG];
static char alternate[1 << 16];
static uint8_t *code;

static void on_signal(int signal, siginfo_t *signal_info, void *context) {
    (void)signal;
    info = *signal_info;
    memcpy(registers, ((ucontext_t *)context)->uc_mcontext.gregs, sizeof registers);
    siglongjmp(escape, 1);
}

// A call of an address: what it returns, or -1 with a signal.
static volatile long result;
static int survives(void *address, void *first, void *second) {
    if (sigsetjmp(escape, 1)) return 0;
    result = ((long (*)(void *, void *, void *))address)(first, second, NULL);
    return 1;
}

static int ended(int signal, int si_code, uint64_t address, uint64_t pc) {
    int same = info.si_signo == signal && info.si_code == si_code && (uint64_t)info.si_addr == address
        && (uint64_t)registers[REG_RIP] == pc;
    if (!same)
        printf("signal %d code %d address %p at %llx, error %llx vector %lld\n", info.si_signo, info.si_code, info.si_addr,
               registers[REG_RIP], registers[REG_ERR], registers[REG_TRAPNO]);
    return same;
}

static int said(long vector, long error) { return registers[REG_TRAPNO] == vector && registers[REG_ERR] == error; }

#define PAGE 0xffffffffff600000ul
#define KERNEL 128  // SI_KERNEL

static void vsyscalls(void) {
    struct timeval now = {0}, later;
    struct timezone zone = {7, 7}, zone_too;
    CHECK(survives((void *)PAGE, &now, &zone) && result == 0);
    syscall(SYS_gettimeofday, &later, &zone_too);
    CHECK(now.tv_sec <= later.tv_sec && now.tv_sec + 5 >= later.tv_sec && !memcmp(&zone, &zone_too, sizeof zone));
    CHECK(survives((void *)PAGE, NULL, NULL) && result == 0);
    time_t stored = 0;
    CHECK(survives((void *)(PAGE + 0x400), &stored, NULL) && stored == result && stored + 5 >= later.tv_sec);
    unsigned processor = -1, node = -1;
    CHECK(survives((void *)(PAGE + 0x800), &processor, &node) && result == 0 && processor < 4096 && node < 4096);
    CHECK(survives((void *)(PAGE + 0x800), NULL, NULL) && result == 0);

    // Bad pointers, other places, and other pages.
    CHECK(!survives((void *)PAGE, (void *)8, NULL) && ended(SIGSEGV, KERNEL, 0, PAGE));
    CHECK(!survives((void *)(PAGE + 0x400), (void *)8, NULL) && ended(SIGSEGV, KERNEL, 0, PAGE + 0x400));
    CHECK(!survives((void *)(PAGE + 0x800), (void *)8, NULL) && ended(SIGSEGV, KERNEL, 0, PAGE + 0x800));
    void *strange = (void *)0x8000000000000000;
    CHECK(!survives((void *)PAGE, strange, NULL) && ended(SIGSEGV, SEGV_MAPERR, (uint64_t)strange, PAGE) && said(14, 6));
    CHECK(!survives((void *)PAGE, &now, (void *)PAGE) && ended(SIGSEGV, SEGV_MAPERR, PAGE, PAGE));
    for (uint64_t place = PAGE; place < PAGE + 4096; place += 255)
        if (place & 0x3ff && (survives((void *)place, NULL, NULL) || !ended(SIGSEGV, KERNEL, 0, place))) CHECK(!"other places");
    CHECK(!survives((void *)(PAGE + 0xc00), NULL, NULL) && ended(SIGSEGV, KERNEL, 0, PAGE + 0xc00));
    CHECK(!survives((void *)(PAGE + 4096), NULL, NULL) && ended(SIGSEGV, SEGV_MAPERR, PAGE + 4096, PAGE + 4096) && said(14, 21));
    CHECK(!survives((void *)(PAGE - 4096), NULL, NULL) && ended(SIGSEGV, SEGV_MAPERR, PAGE - 4096, PAGE - 4096));
    static const uint8_t load[] = {0x8a, 0x07, 0xc3}, store[] = {0x88, 0x07, 0xc3};
    memcpy(code, load, 3);
    CHECK(!survives(code, (void *)PAGE, NULL) && ended(SIGSEGV, SEGV_MAPERR, PAGE, (uint64_t)code) && said(14, 5));
    memcpy(code, store, 3);
    CHECK(!survives(code, (void *)PAGE, NULL) && ended(SIGSEGV, SEGV_MAPERR, PAGE, (uint64_t)code) && said(14, 7));
    char maps[1 << 14];
    int file = open("/proc/self/maps", O_RDONLY);
    maps[read(file, maps, sizeof maps - 1)] = 0;
    CHECK(strstr(maps, "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]\n"));
}

int main(void) {
    stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
    sigaltstack(&stack, NULL);
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE};
    for (int i = 0; i < 5; i++) sigaction(signals[i], &action, NULL);
    code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    vsyscalls();
    return finish();
}
