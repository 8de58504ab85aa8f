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

static void interrupts(void) {
    int right = 1;
    for (int vector = 0; vector < 256; vector++) {
        if (vector == 0x80) continue;
        const uint8_t bytes[] = {0xcd, vector, 0xc3};
        memcpy(code, bytes, 3);
        right &= !survives(code, NULL, NULL);
        // Those of INT3 and INTO are for programs.
        if (vector == 3)
            right &= ended(SIGTRAP, KERNEL, 0, (uint64_t)code + 2) && said(3, 0);
        else if (vector == 4)
            right &= ended(SIGSEGV, KERNEL, 0, (uint64_t)code + 2) && said(4, 0);
        else
            right &= ended(SIGSEGV, KERNEL, 0, (uint64_t)code) && said(13, vector * 8 + 2);
    }
    CHECK(right);
    memcpy(code, "\xcc\xc3", 2);
    CHECK(!survives(code, NULL, NULL) && ended(SIGTRAP, KERNEL, 0, (uint64_t)code + 1) && said(3, 0));
    memcpy(code, "\x66\x2e\xcc\xc3", 4);
    CHECK(!survives(code, NULL, NULL) && ended(SIGTRAP, KERNEL, 0, (uint64_t)code + 3) && said(3, 0));
    memcpy(code, "\x66\xcd\x03\xc3", 4);
    CHECK(!survives(code, NULL, NULL) && ended(SIGTRAP, KERNEL, 0, (uint64_t)code + 3) && said(3, 0));
    // INT1. Virtual machines of AMD's are before it.
    memcpy(code, "\xf1\xc3", 2);
    CHECK(!survives(code, NULL, NULL) && info.si_signo == SIGTRAP && info.si_code == TRAP_BRKPT && said(1, 0));
    CHECK((uint64_t)info.si_addr == (uint64_t)registers[REG_RIP] && registers[REG_RIP] - (uint64_t)code <= 1);
    memcpy(code, "\xce\xc3", 2);
    CHECK(!survives(code, NULL, NULL) && ended(SIGILL, ILL_ILLOPN, (uint64_t)code, (uint64_t)code) && said(6, 0));
}

// LAR, LSL, VERR and VERW of a selector, and whether ZF was set.
struct described {
    uint64_t rights, limit, narrow, wide;
    uint8_t has_rights, has_limit, readable, writable;
};
static struct described describe(unsigned selector) {
    struct described d = {-1, -1, -1, -1, 0, 0, 0, 0};
    __asm__("lar %k2, %k0\n setz %1" : "+r"(d.rights), "=&q"(d.has_rights) : "r"(selector) : "cc");
    __asm__("lsl %k2, %k0\n setz %1" : "+r"(d.limit), "=&q"(d.has_limit) : "r"(selector) : "cc");
    __asm__("lar %w1, %w0" : "+r"(d.narrow) : "r"(selector) : "cc");
    __asm__("lar %q1, %q0" : "+r"(d.wide) : "r"((uint64_t)selector) : "cc");
    __asm__("verr %w1\n setz %0" : "=q"(d.readable) : "r"(selector) : "cc");
    __asm__("verw %w1\n setz %0" : "=q"(d.writable) : "r"(selector) : "cc");
    return d;
}

static int load_segment(int segment, unsigned selector) {
    if (sigsetjmp(escape, 1)) return 0;
    switch (segment) {
    case 0: __asm__ volatile("mov %0, %%ds" : : "r"(selector)); break;
    case 1: __asm__ volatile("mov %0, %%es" : : "r"(selector)); break;
    case 2: __asm__ volatile("mov %0, %%gs" : : "r"(selector)); break;
    case 3: __asm__ volatile("mov %0, %%ss" : : "r"(selector)); break;
    }
    return 1;
}

static void descriptors(void) {
    int right = 1;
    for (volatile unsigned selector = 0; selector < 0x10000; selector++) {
        struct described d = describe(selector);
        uint64_t rights = 0;
        switch (selector & ~3) {
        case 0x20: rights = 0xcffb00; break;
        case 0x28: rights = 0xcff300; break;
        case 0x30: rights = 0xaffb00; break;
        case 0x78: rights = 0x40f500; break;
        }
        right &= d.has_rights == (rights != 0) && d.has_limit == d.has_rights && d.readable == d.has_rights;
        right &= d.writable == (rights == 0xcff300) && d.rights == (rights ? rights : -1ul);
        right &= d.narrow == (rights ? 0xffffffffffff0000 | (rights & 0xffff) : -1ul) && d.wide == (rights ? rights : -1ul);
        if (rights != 0x40f500) right &= d.limit == (rights ? 0xffffffff : -1ul);
        if (!right) {
            printf("selector %x\n", selector);
            break;
        }
    }
    CHECK(right);
    for (int segment = 0; segment < 4; segment++)
        for (volatile unsigned selector = 0; selector < 0x100; selector++) {
            unsigned index = selector & ~3u;
            int loads = segment == 3 ? selector == 0x2b : index == 0 || index == 0x20 || index == 0x28 || index == 0x30 || index == 0x78;
            int did = load_segment(segment, selector);
            right &= did == loads && (did || (info.si_signo == SIGSEGV && info.si_code == KERNEL));
            if (segment < 3) load_segment(segment, 0);
        }
    CHECK(right);
    unsigned cs, ss, ds;
    __asm__("mov %%cs, %0\n mov %%ss, %1\n mov %%ds, %2" : "=r"(cs), "=r"(ss), "=r"(ds));
    CHECK(cs == 0x33 && ss == 0x2b && ds == 0);

    // A pointer with its selector.
    struct __attribute__((packed)) {
        uint32_t offset;
        uint16_t selector;
    } pointer = {0x12345678, 0x2b};
    uint64_t offset = -1;
    __asm__ volatile("lgs %1, %k0" : "+r"(offset) : "m"(pointer));
    unsigned gs;
    __asm__("mov %%gs, %0" : "=r"(gs));
    CHECK(offset == 0x12345678 && gs == 0x2b);
    load_segment(2, 0);
    __asm__ volatile("lss %1, %k0" : "+r"(offset) : "m"(pointer));
    pointer.selector = 0x10;
    offset = -1;
    if (!sigsetjmp(escape, 1)) {
        __asm__ volatile("lgs %1, %k0" : "+r"(offset) : "m"(pointer));
        offset = 0;
    }
    CHECK(offset == -1ul && info.si_signo == SIGSEGV && info.si_code == KERNEL);

    // What Linux shows of the system's registers, by itself where the processor would show them.
    uint64_t value = -1;
    uint8_t table[16];
    memset(table, 0xee, sizeof table);
    __asm__ volatile("smsw %0" : "=m"(value) : "m"(value));
    CHECK((value & 0xffff) == 0x33 && value >> 16 == 0xffffffffffff);
    __asm__ volatile("sgdt %0" : "=m"(table));
    CHECK(table[9] == 0xff && table[10] == 0xee);
    __asm__ volatile("sidt %0" : "=m"(table));
    CHECK(table[9] == 0xff && table[10] == 0xee);
    value = -1;
    __asm__ volatile("sldt %w0\n" : "+r"(value));
    CHECK((value & 0xffff) == 0 && value >> 16 == 0xffffffffffff);
    value = -1;
    __asm__ volatile("str %w0\n" : "+r"(value));
    CHECK((value & 0xffff) == 0x40 && value >> 16 == 0xffffffffffff);
}

// The first argument is what they take; they return it, and what comes back with it.
__asm__(
    "far_jump: mov %rdi, %rax\n ljmpl *(%rsi)\n"
    "far_call: mov %rdi, %rax\n lcalll *(%rsi)\n add $1, %rax\n ret\n"
    // In a piece of memory below 4 GB.
    "far_landing: add $2, %rax\n lretl\n far_landing_end:\n"
    "far_return: mov %rdi, %rax\n pop %rcx\n push %rsi\n push %rcx\n lretq\n"
    "far_return_bytes: mov %rdi, %rax\n pop %rcx\n sub $24, %rsp\n push %rsi\n push %rcx\n lretq $24\n"
    // The flags, CS and SS are arguments.
    "interrupt_return: mov %rsp, %rax\n lea 8(%rsp), %r8\n mov (%rsp), %r9\n push %rdx\n push %r8\n push %rdi\n push %rsi\n push %r9\n"
    "iretq\n"
    "flags_are: pushfq\n pop %rax\n ret\n");
extern char far_jump[], far_call[], far_landing[], far_landing_end[], far_return[], far_return_bytes[], interrupt_return[];

static long call(void *function, long a, long b, long c) {
    return ((long (*)(long, long, long))function)(a, b, c);
}
static volatile long last;
static int does(void *function, long a, long b, long c) {
    if (sigsetjmp(escape, 1)) return 0;
    last = call(function, a, b, c);
    return 1;
}

static void transfers(void) {
    uint8_t *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    memcpy(low, far_landing, far_landing_end - far_landing);
    low[64] = 0xc3;
    struct __attribute__((packed)) {
        uint32_t offset;
        uint16_t selector;
    } pointer = {(uint32_t)(uint64_t)low, 0};
    for (int privilege = 0; privilege < 4; privilege++) {
        pointer.selector = 0x30 + privilege;
        CHECK(does(far_call, 5, (long)&pointer, 0) && last == 8);
    }
    pointer.offset += 64;
    CHECK(does(far_jump, 5, (long)&pointer, 0) && last == 5);
    int right = 1;
    for (volatile int selector = 0; selector < 0x100; selector++) {
        // 0x20 to 0x23 are code of 32 bits.
        if ((selector & ~3) == 0x30 || (selector & ~3) == 0x20) continue;
        pointer.selector = selector;
        right &= !does(far_jump, 5, (long)&pointer, 0) && info.si_signo == SIGSEGV && info.si_code == KERNEL;
        right &= (char *)registers[REG_RIP] == far_jump + 3;
        right &= !does(far_call, 5, (long)&pointer, 0) && (char *)registers[REG_RIP] == far_call + 3;
    }
    CHECK(right);
    CHECK(!does(far_jump, 5, 16, 0) && info.si_code == SEGV_MAPERR && (long)info.si_addr == 16);

    CHECK(does(far_return, 7, 0x33, 0) && last == 7);
    CHECK(does(far_return_bytes, 7, 0x33, 0) && last == 7);
    CHECK(does(interrupt_return, 0x202, 0x33, 0x2b));
    right = 1;
    for (volatile int selector = 0; selector < 0x100; selector++) {
        if (selector != 0x33 && selector != 0x23)
            right &= !does(far_return, 7, selector, 0) && info.si_signo == SIGSEGV && info.si_code == KERNEL
                && *(uint8_t *)registers[REG_RIP] == 0x48;
        if (selector != 0x33 && selector != 0x23) right &= !does(interrupt_return, 0x202, selector, 0x2b) && info.si_code == KERNEL;
        if (selector != 0x2b) right &= !does(interrupt_return, 0x202, 0x33, selector) && info.si_code == KERNEL;
    }
    CHECK(right);
    uint64_t flags;
    __asm__ volatile("pushfq\n pop %0" : "=r"(flags));
    CHECK((flags & 0x4d5) == (flags & 0xd5));
    // Flags that come from it: carry, sign, direction, and AC, which does nothing here.
    __asm__ volatile(
        "mov %%ss, %%eax\n push %%rax\n lea 8(%%rsp), %%rax\n push %%rax\n push $0x40681\n mov %%cs, %%eax\n push %%rax\n"
        "lea 1f(%%rip), %%rax\n push %%rax\n iretq\n 1: pushfq\n pop %0\n push $0x202\n popfq"
        : "=r"(flags) : : "rax", "cc", "memory");
    CHECK((flags & 0x40cd5) == 0x40481);
}

// Where the trap flag has stopped, up to where a handler takes it away.
static uint64_t stops[64];
static volatile int stop_count;
static volatile int wrong_stops;
static void on_step(int signal, siginfo_t *step, void *context) {
    greg_t *machine = ((ucontext_t *)context)->uc_mcontext.gregs;
    if (signal != SIGTRAP || step->si_code != TRAP_TRACE || (greg_t)step->si_addr != machine[REG_RIP]) wrong_stops++;
    if (machine[REG_TRAPNO] != 1 || machine[REG_ERR]) wrong_stops++;
    uint64_t own;
    __asm__ volatile("pushfq\n pop %0" : "=r"(own));
    if (own & 0x100) wrong_stops++;
    if (stop_count < 64) stops[stop_count++] = machine[REG_RIP];
}

__asm__(
    "stepped: pushfq\n orl $0x100, (%rsp)\n popfq\n"
    "nop\n"
    "step_1: mov $39, %eax\n"
    "step_2: syscall\n mov %rax, %rcx\n"
    "step_3: call step_5\n"
    "step_4: jmp step_6\n"
    "step_5: ret\n"
    "step_6: xor %eax, %eax\n"
    "step_7: jz step_9\n"
    "step_8: nop\n"
    "step_9: jnz step_8\n"
    "step_10: lea step_12(%rip), %rdx\n"
    "step_11: jmp *%rdx\n"
    "step_12: lea -32(%rsp), %rdi\n"
    "step_13: mov $2, %ecx\n"
    "step_14: rep stosb\n"
    "step_15: lock incl -32(%rsp)\n"
    "step_16: ldmxcsr default_mxcsr(%rip)\n"
    "step_17: pushfq\n"
    "step_18: andl $~0x100, (%rsp)\n"
    "step_19: popfq\n"
    "step_20: ret\n"
    "default_mxcsr: .long 0x1f80\n"
    // By IRETQ.
    "stepped_return: mov %ss, %eax\n push %rax\n lea 8(%rsp), %rax\n push %rax\n push $0x302\n mov %cs, %eax\n push %rax\n"
    "lea stepped_landing(%rip), %rax\n push %rax\n iretq\n"
    "stepped_landing: mov $5, %eax\n"
    "landing_1: pushfq\n"
    "landing_2: andl $~0x100, (%rsp)\n"
    "landing_3: popfq\n"
    "landing_4: ret\n");
extern char stepped[], stepped_return[];
#define STEP(n) ({ extern char step_##n[]; (uint64_t)step_##n; })
#define LANDING(n) ({ extern char landing_##n[]; (uint64_t)landing_##n; })

static int stops_are(const uint64_t *expected, int count) {
    int same = count == stop_count && !wrong_stops;
    for (int i = 0; i < count && same; i++) same = stops[i] == expected[i];
    if (!same)
        for (int i = 0; i < stop_count; i++) printf("stop %d: %lx, not %lx\n", i, stops[i], i < count ? expected[i] : 0);
    return same;
}

static void steps(void) {
    struct sigaction action = {.sa_sigaction = on_step, .sa_flags = SA_SIGINFO}, old;
    sigaction(SIGTRAP, &action, &old);
    ((void (*)(void))stepped)();
    const uint64_t expected[] = {
        STEP(1), STEP(2), STEP(3), STEP(5), STEP(4), STEP(6), STEP(7), STEP(9), STEP(10), STEP(11), STEP(12), STEP(13), STEP(14),
        STEP(14), STEP(15), STEP(16), STEP(17), STEP(18), STEP(19), STEP(20),
    };
    CHECK(stops_are(expected, sizeof expected / 8));
    stop_count = 0;
    ((void (*)(void))stepped_return)();
    const uint64_t landings[] = {LANDING(1), LANDING(2), LANDING(3), LANDING(4)};
    CHECK(stops_are(landings, 4));
    sigaction(SIGTRAP, &old, NULL);
}

int main(void) {
    stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
    sigaltstack(&stack, NULL);
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE};
    for (int i = 0; i < 5; i++) sigaction(signals[i], &action, NULL);
    code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    vsyscalls();
    interrupts();
    descriptors();
    transfers();
    steps();
    return finish();
}
