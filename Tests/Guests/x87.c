// x87 and MMX registers where programs meet the kernel: system calls, signals and their frames, faults, unmasked exceptions, fork and
// threads; and FXSAVE and XSAVE. Each fact is a line that begins with "ok", and the last line is "all well". The host runs it, too.
#include <asm/unistd_64.h>
#include <linux/futex.h>
#include <linux/sched.h>

typedef unsigned long word;
typedef unsigned short half;
typedef struct { word handler, flags, restorer, mask; } action;
typedef struct { half control, status; unsigned char tags, reserved; half opcode; word instruction, operand; unsigned mxcsr, mask; half stack[8][8]; word vectors[56]; } area;
typedef struct { word flags, link, stack[3], regs[23]; area *area; word reserved[8], mask; } context;
enum { RAX = 13, RIP = 16, TRAP = 20, SIGINFO = 4, RESTORER = 0x04000000 };

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

static volatile int seen, code, skip, clears;
static volatile word trap;
static half found_control, found_tags, saved_top[5], saved_status;
static int environment[7];

// The stack's top becomes 2.
static void handler(int signal, int *info, context *c) {
    __asm__ volatile("fnstenv %0" : "=m"(environment));
    found_control = environment[0], found_tags = environment[2];
    __asm__ volatile("fninit\n fldpi\n fldl2e");
    seen = signal, code = info[2], trap = c->regs[TRAP];
    saved_status = c->area->status;
    for (int i = 0; i < 5; i++) saved_top[i] = c->area->stack[0][i];
    c->regs[RIP] += skip;
    if (clears) c->area->status &= 0x7F00, c->area->control |= 0x3F;
    if (signal == 10) {
        for (int i = 0; i < 3; i++) c->area->stack[0][i] = 0;
        c->area->stack[0][3] = 0x8000, c->area->stack[0][4] = 0x4000;
    }
}

static void handle(int signal) {
    action a = {(word)handler, SIGINFO | RESTORER, (word)restorer, 0};
    CALL(rt_sigaction, signal, &a, 0, 8);
}

static int top(void) {
    int value;
    __asm__ volatile("fistpl %0" : "=m"(value));
    return value;
}

static void push(int value) { __asm__ volatile("fildl %0" : : "m"(value)); }

static int status(void) {
    word value = 0;
    __asm__ volatile("fnstsw %%ax" : "+a"(value));
    return value;
}

static void control(int value) {
    half word = value;
    __asm__ volatile("fldcw %0" : : "m"(word));
}

static void calls(void) {
    __asm__ volatile("fninit");
    push(3), push(5), push(7);
    CALL(getpid, 0, 0, 0, 0);
    check((status() & 0x3800) >> 11 == 5, "a system call leaves TOP alone");
    int first = top(), second = top(), third = top();
    check(first == 7 && second == 5 && third == 3, "and what is on the stack");
    handle(10);
    push(11), push(13);
    CALL(kill, CALL(getpid, 0, 0, 0, 0), 10, 0, 0);
    check(seen == 10 && found_control == 0x37F && found_tags == 0xFFFF, "a handler begins with an empty stack");
    check(saved_top[4] == 0x4002 && saved_top[3] == 0xD000 && (saved_status & 0x3800) >> 11 == 6, "its frame has what was there");
    check(top() == 2 && top() == 11, "what it changes there is loaded");
}

static void faults(void) {
    handle(11);
    __asm__ volatile("fninit");
    push(17);
    skip = 2;  // fstpt (%rdi)
    __asm__ volatile("fstpt (%0)" : : "D"(0x10ul) : "memory");
    check(seen == 11 && trap == 14 && saved_top[4] == 0x4003, "a store that faults pops nothing");
    check(top() == 17, "and so it is when the handler is back");
    __asm__ volatile("fldl (%0)" : : "D"(0x18ul) : "memory");
    check(seen == 11 && (status() & 0x3800) == 0, "a load that faults pushes nothing");
    skip = 0;
}

static void exceptions(void) {
    handle(8);
    __asm__ volatile("fninit");
    control(0x37F & ~4);
    push(1), push(0);
    seen = 0, clears = 1;
    __asm__ volatile("fdivrp");
    __asm__ volatile("nop");
    check(seen == 0, "an exception waits");
    __asm__ volatile("fwait");
    check(seen == 8 && code == 3 && trap == 16, "a division by zero that is not masked is SIGFPE, FPE_FLTDIV");
    check(saved_status & 0x80 && (saved_status & 4), "the frame says so");
    __asm__ volatile("fninit");
    control(0x37F & ~1);
    seen = 0;
    __asm__ volatile("fchs\n fld1");
    check(seen == 8 && code == 7 && saved_status & 0x40, "an empty register is an invalid operation");
    __asm__ volatile("fninit");
    control(0x37F);
    __asm__ volatile("fchs");
    check((status() & 0x41) == 0x41, "and is quiet where that is masked");
    __asm__ volatile("fnclex");
    seen = 0;
    control(0x37F & ~0x20);
    push(1), push(3);
    __asm__ volatile("fdivrp\n fnstsw %%ax" : : : "rax");
    check(seen == 0 && status() & 0x80, "what does not wait sees it pending");
    __asm__ volatile("fnclex\n fwait");
    check(seen == 0, "and may clear it");
    __asm__ volatile("fninit");
    clears = 0;
}

// The significand of 1/3, cut by the precision and rounding of the control word.
static word third(int word_) {
    struct { word significand; half exponent; } value = {0};
    control(word_);
    push(1), push(3);
    __asm__ volatile("fdivrp\n fstpt %0" : "=m"(value));
    control(0x37F);
    return value.significand;
}

static void precision(void) {
    check(third(0x37F) == 0xAAAAAAAAAAAAAAABul, "64 bits");
    check(third(0xF7F) == 0xAAAAAAAAAAAAAAAAul, "64 bits, to zero");
    check(third(0x27F) == 0xAAAAAAAAAAAAA800ul, "53 bits");
    check(third(0x87F) == 0xAAAAAB0000000000ul, "24 bits, up");
    check(third(0x47F) == 0xAAAAAA0000000000ul, "24 bits, down");
    int sum = 0;
    for (int i = 0; i < 1000; i++) {
        push(i), push(4);
        __asm__ volatile("fdivrp");
        control(i & 1 ? 0xF7F : 0xB7F);
        sum += top();
        control(0x37F);
    }
    check(sum == 124750, "rounding that changes all the time");
}

static void mmx(void) {
    word result, mask;
    __asm__ volatile("fninit");
    push(1);
    __asm__ volatile("movq %2, %%mm1\n movq %2, %%mm2\n paddb %%mm1, %%mm2\n pmovmskb %%mm2, %k1\n movq %%mm2, %0"
        : "=r"(result), "=&r"(mask) : "r"(0x4001020304050607ul));
    check(result == 0x80020406080A0C0Eul && mask == 0x80, "MMX computes");
    __asm__ volatile("fnstenv %0" : "=m"(environment));
    check((environment[1] & 0x3800) == 0 && (environment[2] >> 2 & 15) == 10, "it sets TOP to 0, and what it writes are special numbers");
    __asm__ volatile("emms\n fnstenv %0" : "=m"(environment));
    check((half)environment[2] == 0xFFFF, "EMMS empties them");
}

static int thread_result;
static int thread_code(void) {
    thread_result = top();
    CALL(exit, 0, 0, 0, 0);
    return 0;
}

static void processes(void) {
    __asm__ volatile("fninit");
    push(23), push(29);
    word child = CALL(fork, 0, 0, 0, 0);
    if (child == 0) CALL(exit_group, top(), 0, 0, 0);
    int status = 0;
    CALL(wait4, child, &status, 0, 0);
    check(status == 29 << 8, "a child has its parent's registers");

    static char stack[65536] __attribute__((aligned(16)));
    static int child_id = -1;
    word *place = (word *)(stack + sizeof stack);
    *--place = 0, *--place = (word)thread_code;
    word flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;
    register word r10 __asm__("r10") = (word)&child_id, r8 __asm__("r8") = 0;
    word result;
    __asm__ volatile("syscall\n test %%rax, %%rax\n jnz 1f\n ret\n1:" : "=a"(result)
        : "a"(__NR_clone), "D"(flags), "S"(place), "d"(0), "r"(r10), "r"(r8) : "rcx", "r11", "memory");
    int id;
    while ((id = __atomic_load_n(&child_id, __ATOMIC_SEQ_CST)) != 0) CALL(futex, &child_id, FUTEX_WAIT, id, 0);
    check(thread_result == 29 && top() == 29 && top() == 23, "and so has a thread");
}

static area fx __attribute__((aligned(64)));
static char extended[4096] __attribute__((aligned(64)));

static void areas(void) {
    __asm__ volatile("fninit");
    push(31), push(37);
    __asm__ volatile("fxsave64 %0" : "=m"(fx));
    check(fx.control == 0x37F && fx.status == 6 << 11 && fx.tags == 0xC0 && fx.stack[0][4] == 0x4004, "FXSAVE");
    __asm__ volatile("fninit\n fxrstor64 %0" : : "m"(fx));
    check(top() == 37 && top() == 31, "FXRSTOR");
    unsigned a = 1, b, c = 0, d;
    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    if (!(c >> 27 & 1)) return;
    push(41);
    __asm__ volatile("xsave64 %0" : "+m"(extended) : "a"(7), "d"(0));
    check(*(half *)(extended + 32 + 8) == 0x4004 && *(word *)(extended + 512) & 1, "XSAVE");
    __asm__ volatile("fninit\n xrstor64 %0" : : "m"(extended), "a"(1), "d"(0));
    check(top() == 41, "XRSTOR");
    *(word *)(extended + 512) &= ~1ul;
    push(43);
    __asm__ volatile("xrstor64 %0\n fnstenv %1" : : "m"(extended), "m"(environment), "a"(1), "d"(0) : "memory");
    check((half)environment[2] == 0xFFFF && (environment[1] & 0x3800) == 0, "XRSTOR of what is not there");
}

void begin(void) {
    calls();
    faults();
    exceptions();
    precision();
    mmx();
    processes();
    areas();
    if (!failures) say("all well\n");
    CALL(exit_group, failures, 0, 0, 0);
}

__asm__(".globl _start\n_start: mov %rsp, %rdi\n xor %ebp, %ebp\n and $-16, %rsp\n call begin\n hlt");
