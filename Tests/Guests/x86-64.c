// What an x86-64 program gets from the kernel, without a C library and without vectors: each fact is a line that begins with
// "ok", and the last line is "all well". The host runs it, too.
#include <asm/prctl.h>
#include <asm/unistd_64.h>
#include <linux/futex.h>
#include <linux/sched.h>

typedef unsigned long word;
typedef struct { word handler, flags, restorer, mask; } action;
typedef struct { word sp; int flags, padding; word size; } stack;
typedef struct { word flags, link; stack stack; word regs[23]; void *area; word reserved[8], mask; } context;
enum { R8, R9, R10, R11, R12, R13, R14, R15, RDI, RSI, RBP, RBX, RDX, RAX, RCX, RSP, RIP, RFLAGS, SELECTORS, ERR, TRAP, OLD, CR2 };
enum { SIGINFO = 4, RESTORER = 0x04000000, ONSTACK = 0x08000000, RESTART = 0x10000000 };

static word call(word n, word a, word b, word c, word d, word e) {
    register word r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = 0;
    word result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
    return result;
}
#define CALL(n, a, b, c, d) call(__NR_##n, (word)(a), (word)(b), (word)(c), (word)(d), 0)

void *memset(void *to, int byte, word size) {
    for (char *p = to; size; size--) *p++ = byte;
    return to;
}

static int equal(const char *a, const char *b) {
    while (*a && *a == *b) a++, b++;
    return *a == *b;
}

static void say(const char *text) {
    word size = 0;
    while (text[size]) size++;
    CALL(write, 1, text, size, 0);
}

static int failures;
static void check(int holds, const char *what) {
    say(holds ? "ok " : "FAILED ");
    say(what);
    say("\n");
    failures += !holds;
}

void restorer(void);
__asm__("restorer: mov $15, %eax\n syscall");

static volatile int seen, code;
static volatile word address, trap, error, skip, frame_place;
static char alternate[16384] __attribute__((aligned(16)));

static void handler(int signal, int *info, context *c) {
    seen = signal, code = info[2], address = *(word *)(info + 4), trap = c->regs[TRAP], error = c->regs[ERR];
    frame_place = (word)c;
    c->regs[RIP] += skip;
}

static void handle(int signal, word flags) {
    action a = {(word)handler, flags | SIGINFO | RESTORER, (word)restorer, 0};
    CALL(rt_sigaction, signal, &a, 0, 8);
}

static word cleared, counter;
static int thread_code(void) {
    __atomic_add_fetch(&counter, 1, __ATOMIC_SEQ_CST);
    word own;
    __asm__ volatile("mov %%fs:0, %0" : "=r"(own));
    if (own == 0x7777) __atomic_add_fetch(&counter, 1, __ATOMIC_SEQ_CST);
    CALL(exit, 0, 0, 0, 0);
    return 0;
}

static void faults(void) {
    for (int signal = 4; signal <= 11; signal++) handle(signal, 0);
    skip = 2;
    __asm__ volatile("ud2");
    check(seen == 4 && code == 2 && trap == 6, "UD2 is SIGILL, ILL_ILLOPN");
    skip = 0;
    __asm__ volatile("int3");
    check(seen == 5 && code == 0x80 && trap == 3 && address == 0, "INT3 is SIGTRAP from the kernel, and goes on behind it");
    skip = 3;  // mov %rax, (%rdi)
    __asm__ volatile("mov %%rax, (%0)" : : "D"(0x10ul));
    check(seen == 11 && code == 1 && address == 0x10 && trap == 14 && error == 6, "a write to nothing is SIGSEGV, SEGV_MAPERR");
    skip = 2;  // div %ecx
    __asm__ volatile("div %%ecx" : : "a"(1), "d"(0), "c"(0));
    check(seen == 8 && code == 1 && trap == 0, "a division by zero is SIGFPE, FPE_INTDIV");
    __asm__ volatile("int $0x42");
    check(seen == 11 && code == 0x80 && trap == 13 && error == 0x42 * 8 + 2 && address == 0, "INT is a general protection fault");
    skip = 1;
    __asm__ volatile("hlt");
    check(seen == 11 && code == 0x80 && trap == 13 && error == 0, "HLT is a general protection fault");
    skip = 0;
}

static void signals(void) {
    handle(10, 0);
    word low = 0, r12 = 0x1212, flags;
    __asm__ volatile(
        "mov %2, %%r12\n movq $0x5a5a, -128(%%rsp)\n movq $0x1234, -8(%%rsp)\n stc\n"
        "mov $39, %%eax\n syscall\n mov %%eax, %%edi\n mov $10, %%esi\n mov $62, %%eax\n stc\n syscall\n"
        "pushfq\n pop %1\n mov -128(%%rsp), %0\n mov %%r12, %2"
        : "=&r"(low), "=&r"(flags), "+&r"(r12) : : "rax", "rcx", "rdx", "rsi", "rdi", "r11", "r12", "memory");
    check(seen == 10 && low == 0x5a5a && r12 == 0x1212 && flags & 1, "a handler leaves registers, flags and the red zone alone");

    stack own = {(word)alternate, 0, 0, sizeof alternate}, old;
    check(CALL(sigaltstack, &own, 0, 0, 0) == 0, "sigaltstack");
    handle(12, ONSTACK);
    seen = 0;
    CALL(kill, CALL(getpid, 0, 0, 0, 0), 12, 0, 0);
    check(seen == 12 && frame_place - (word)alternate < sizeof alternate, "the alternate stack is used");
    CALL(sigaltstack, 0, &old, 0, 0);
    check(old.sp == own.sp && old.flags == 0 && old.size == own.size, "and left again");

    // An interrupted read, which a child's byte ends.
    int pair[2];
    CALL(pipe, pair, 0, 0, 0);
    handle(10, RESTART);
    seen = 0;
    word parent = CALL(getpid, 0, 0, 0, 0), child = CALL(fork, 0, 0, 0, 0);
    if (child == 0) {
        word time[2] = {0, 100000000};
        CALL(nanosleep, time, 0, 0, 0);
        CALL(kill, parent, 10, 0, 0);
        CALL(nanosleep, time, 0, 0, 0);
        CALL(write, pair[1], "x", 1, 0);
        CALL(exit_group, 7, 0, 0, 0);
    }
    char byte = 0;
    word count = CALL(read, pair[0], &byte, 1, 0);
    check(count == 1 && byte == 'x' && seen == 10, "a call is made again behind a handler with SA_RESTART");
    int status = 0;
    check(CALL(wait4, child, &status, 0, 0) == child && status == 7 << 8, "fork and wait4");
}

static void threads(void) {
    static char area[65536] __attribute__((aligned(16)));
    static word block[2] = {0x7777, 0};
    static int child_id = -1;
    word *top = (word *)(area + sizeof area);
    *--top = 0, *--top = (word)thread_code;
    word flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS
        | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;
    register word r10 __asm__("r10") = (word)&child_id, r8 __asm__("r8") = (word)block;
    word result;
    __asm__ volatile("syscall\n test %%rax, %%rax\n jnz 1f\n ret\n1:" : "=a"(result)
        : "a"(__NR_clone), "D"(flags), "S"(top), "d"(0), "r"(r10), "r"(r8) : "rcx", "r11", "memory");
    int id;
    while ((id = __atomic_load_n(&child_id, __ATOMIC_SEQ_CST)) != 0) CALL(futex, &child_id, FUTEX_WAIT, id, 0);
    check((long)result > 0 && counter == 2, "clone makes a thread with its own FS base");
}

static void others(word *start) {
    word base = 0, value, block[2] = {0x8888, 0};
    check(CALL(arch_prctl, ARCH_SET_FS, block, 0, 0) == 0, "ARCH_SET_FS");
    __asm__ volatile("mov %%fs:0, %0" : "=r"(value));
    CALL(arch_prctl, ARCH_GET_FS, &base, 0, 0);
    check(value == 0x8888 && base == (word)block, "FS is where it was set");
    check((int)CALL(arch_prctl, ARCH_SET_GS, 1ul << 63, 0, 0) == -1 && (int)CALL(arch_prctl, 0x3001, 0, 0, 0) == -22, "what arch_prctl refuses");

    char name[6 * 65];
    CALL(uname, name, 0, 0, 0);
    check(equal(name + 4 * 65, "x86_64"), "uname says x86_64");

    unsigned status[36];
    int file = CALL(open, "/proc/self/cpuinfo-is-not-here", 0, 0, 0);
    check(file == -2, "open says ENOENT");
    check(CALL(stat, "/", status, 0, 0) == 0 && (status[6] & 0170000) == 0040000, "stat has the host's form");

    word count = *start++;
    start += count + 1;
    while (*start++) {}
    int hasPlatform = 0, pageSize = 0;
    for (; start[0]; start += 2) {
        if (start[0] == 15) hasPlatform = equal((char *)start[1], "x86_64");
        if (start[0] == 6) pageSize = start[1];
    }
    check(hasPlatform && pageSize == 4096, "AT_PLATFORM is x86_64");

    word (*vsyscall_time)(word *) = (void *)0xffffffffff600400;
    word stored = 0, now = vsyscall_time(&stored), called = CALL(time, 0, 0, 0, 0);
    check(now == stored && called - now < 5, "time by the vsyscall page");

    word child = call(__NR_clone, CLONE_VM | CLONE_VFORK | 17, 0, 0, 0, 0);
    if (child == 0) {
        counter = 99;
        CALL(exit_group, 3, 0, 0, 0);
    }
    int end = 0;
    CALL(wait4, child, &end, 0, 0);
    check(counter == 99 && end == 3 << 8, "a vfork child shares memory");
    check((int)call(__NR_rseq, 0, 0, 0, 0, 0) != 0 && (int)call(1000, 0, 0, 0, 0, 0) == -38, "there is no call 1000");
}

void begin(word *start) {
    check(((word)start & 15) == 0, "the stack pointer is a multiple of 16");
    faults();
    signals();
    threads();
    others(start);
    if (!failures) say("all well\n");
    CALL(exit_group, failures, 0, 0, 0);
}

__asm__(".globl _start\n_start: mov %rsp, %rdi\n xor %ebp, %ebp\n call begin\n hlt");
