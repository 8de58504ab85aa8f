// What the host CPU does with instructions: it executes one after the other, each with registers and memory of its own. It is the
// oracle of the x86 lifters' tests.
//
//   HostExecutor CASES RESULTS
//
// CASES holds a struct image, then a struct test for each case; RESULTS, which is there, gets a struct result for each of them.
//
// Code is put into a page of its own, in the middle of breakpoints, and is executed with the trap flag set, round by round where
// it is repeated. Addresses are low, so that those of 32 bits reach them, and there is nothing else in the lowest 4 GB. It runs
// as a user without rights, with system calls turned off. The whole loop is a signal handler that returns into the next case,
// so that nothing has to survive but its own stack and statics: it uses no library, and no thread-local storage, whose base is
// the cases'.

#define _GNU_SOURCE
#include <asm/prctl.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

enum { PAGE = 4096, START = 2048, ROUNDS = 4096, ROOM = 160 };

#define DATA 0x10000000ull
#define CODE 0x20000000ull

// Of the area of FXSAVE; one of them, in between, has MXCSR.
enum { X87_WORDS = 20, MXCSR_WORD = 3 };
enum { REPEATED = 1, SEQUENCE = 2 };
enum { TRAP_FLAG = 0x100, INTERRUPTS = 0x200, DEBUG = 1 };
// In place of a vector: the case has gone to another code segment, that of 32 bits.
enum { OTHER_SEGMENT = 256 };

// A page that can be written, and one behind it that can be read.
struct image {
    uint8_t bytes[2 * PAGE];
    uint64_t fs_base, gs_base;
};

struct test {
    uint64_t general[16];
    uint64_t flags;
    // REPEATED or SEQUENCE.
    uint64_t repeats;
    uint64_t mxcsr;
    uint64_t xmm[16][2];
    // Bits 128 to 255.
    uint64_t upper[16][2];
    // What FXSAVE stores first.
    uint64_t x87[X87_WORDS];
    uint8_t code[ROOM];
};

struct result {
    uint64_t general[16];
    uint64_t flags, pc, vector, address;
    uint64_t mxcsr;
    uint64_t xmm[16][2];
    uint64_t upper[16][2];
    uint64_t x87[X87_WORDS];
    uint64_t fs_base, gs_base;
    uint8_t memory[PAGE];
};

// The part of a signal frame that XSAVE writes, in its standard form (SDM volume 1, 13.4).
struct extended_state {
    struct _libc_fpstate legacy;
    uint64_t present, compaction, reserved[6];
    uint64_t upper[16][2];
};

enum { X87 = 1, SSE = 2, AVX = 4 };

static const struct image *image;
static const struct test *tests;
static struct result *results;
static size_t count, current;
static int rounds;
// CS, GS, FS and SS as a signal frame has them.
static greg_t segments;

// By the numbers that instructions have for them.
static const int registerOf[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                   REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

static long call(long number, uint64_t a, uint64_t b, uint64_t c) {
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return result;
}

static void finish(void) {
    call(SYS_exit_group, 0, 0, 0);
    __builtin_trap();
}

static void copy(void *to, const void *from) {
    volatile uint64_t *target = to;
    const uint64_t *source = from;
    for (int i = 0; i < PAGE / 8; i++) target[i] = source[i];
}

static uint64_t start(size_t number) { return CODE + PAGE * number + START; }

static void copyVectors(uint64_t (*to)[2], uint64_t (*from)[2], uint64_t isPresent) {
    for (int i = 0; i < 16; i++)
        for (int half = 0; half < 2; half++) to[i][half] = isPresent ? from[i][half] : 0;
}

static void copyX87(uint64_t *to, const uint64_t *from) {
    for (int i = 0; i < X87_WORDS; i++)
        if (i != MXCSR_WORD) to[i] = from[i];
}

static void enterVectors(const struct test *test, struct extended_state *state) {
    state->present |= X87 | SSE | AVX;
    state->legacy.mxcsr = (uint32_t)test->mxcsr;
    copyVectors((uint64_t(*)[2])state->legacy._xmm, (uint64_t(*)[2])test->xmm, 1);
    copyVectors(state->upper, (uint64_t(*)[2])test->upper, 1);
    copyX87((uint64_t *)&state->legacy, test->x87);
}

static void leaveVectors(struct result *result, struct extended_state *state) {
    result->mxcsr = state->legacy.mxcsr;
    copyVectors(result->xmm, (uint64_t(*)[2])state->legacy._xmm, state->present & SSE);
    copyVectors(result->upper, state->upper, state->present & AVX);
    static const uint64_t initial[X87_WORDS] = {0x37F};
    copyX87(result->x87, state->present & X87 ? (uint64_t *)&state->legacy : initial);
}

// What a case may have loaded into segment registers.
static void resetSegments(void) {
    __asm__ volatile("mov %0, %%ds\n mov %0, %%es" : : "r"(0));
    call(SYS_arch_prctl, ARCH_SET_GS, image->gs_base, 0);
    call(SYS_arch_prctl, ARCH_SET_FS, image->fs_base, 0);
}

static void enter(mcontext_t *context) {
    greg_t *registers = context->gregs;
    if (current == count) finish();
    const struct test *test = tests + current;
    for (int i = 0; i < 16; i++) registers[registerOf[i]] = (greg_t)test->general[i];
    registers[REG_RIP] = (greg_t)start(current);
    registers[REG_CSGSFS] = segments;
    // What is several instructions runs into the breakpoint behind it.
    uint64_t trap = test->repeats == SEQUENCE ? 0 : TRAP_FLAG;
    registers[REG_EFL] = (greg_t)(test->flags | trap | INTERRUPTS | 2);
    enterVectors(test, (struct extended_state *)context->fpregs);
    rounds = 0;
}

static void handle(int number, siginfo_t *info, void *context) {
    (void)number;
    (void)info;
    mcontext_t *machine = &((ucontext_t *)context)->uc_mcontext;
    greg_t *registers = machine->gregs;
    static int begun;
    if (!begun) {
        begun = 1;
        segments = registers[REG_CSGSFS];
        return enter(machine);
    }
    int again = registers[REG_TRAPNO] == DEBUG && (uint64_t)registers[REG_RIP] == start(current);
    if (again && tests[current].repeats == REPEATED && ++rounds < ROUNDS) return;
    struct result *result = results + current;
    for (int i = 0; i < 16; i++) result->general[i] = (uint64_t)registers[registerOf[i]];
    result->flags = (uint64_t)registers[REG_EFL];
    result->pc = (uint64_t)registers[REG_RIP];
    int isElsewhere = (registers[REG_CSGSFS] & 0xFFFF) != (segments & 0xFFFF);
    result->vector = isElsewhere ? OTHER_SEGMENT : (uint64_t)registers[REG_TRAPNO];
    result->address = (uint64_t)registers[REG_CR2];
    leaveVectors(result, (struct extended_state *)machine->fpregs);
    call(SYS_arch_prctl, ARCH_GET_FS, (uint64_t)&result->fs_base, 0);
    call(SYS_arch_prctl, ARCH_GET_GS, (uint64_t)&result->gs_base, 0);
    resetSegments();
    copy(result->memory, (void *)DATA);
    copy((void *)DATA, image->bytes);
    current++;
    enter(machine);
}

static void need(int holds, const char *what) {
    if (holds) return;
    perror(what);
    exit(1);
}

static void *mapFile(const char *path, int flags, int protection, size_t *size) {
    int file = open(path, flags);
    struct stat status;
    need(file >= 0 && fstat(file, &status) == 0, path);
    void *at = mmap(NULL, (size_t)status.st_size, protection, MAP_SHARED, file, 0);
    need(at != MAP_FAILED, path);
    close(file);
    *size = (size_t)status.st_size;
    return at;
}

static void *map(uint64_t address, size_t size) {
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
    void *at = mmap((void *)address, size, PROT_READ | PROT_WRITE, flags, -1, 0);
    need(at == (void *)address, "mmap");
    return at;
}

static void dropRights(void) {
    if (geteuid() == 0) {
        need(setgroups(0, NULL) == 0 && setresgid(65534, 65534, 65534) == 0, "setresgid");
        need(setresuid(65534, 65534, 65534) == 0, "setresuid");
    }
    // Of both ABIs, all calls but the three that the handler needs fail; the i386 numbers 15 and 231 are chmod and fgetxattr.
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 0, 4),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigreturn, 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_arch_prctl, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 38),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {sizeof program / sizeof *program, program};
    need(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "PR_SET_NO_NEW_PRIVS");
    // The last calls of the library: behind them its thread-local storage is gone.
    need(syscall(SYS_arch_prctl, ARCH_SET_GS, image->gs_base) == 0, "ARCH_SET_GS");
    need(call(SYS_arch_prctl, ARCH_SET_FS, image->fs_base, 0) == 0, "ARCH_SET_FS");
    if (call(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, (uint64_t)&filter) != 0) finish();
}

int main(int argc, char **words) {
    if (argc != 3) {
        fprintf(stderr, "usage: HostExecutor CASES RESULTS\n");
        return 2;
    }
    // LSL of one of Linux's segments gives the CPU's number, which guests are told is 0. Where there is no such CPU it is another.
    cpu_set_t first;
    CPU_ZERO(&first);
    CPU_SET(0, &first);
    sched_setaffinity(0, sizeof first, &first);
    size_t size, room;
    image = mapFile(words[1], O_RDONLY, PROT_READ, &size);
    results = mapFile(words[2], O_RDWR, PROT_READ | PROT_WRITE, &room);
    tests = (const struct test *)(image + 1);
    need(size >= sizeof *image, "CASES is too small");
    count = (size - sizeof *image) / sizeof *tests;
    need(room >= count * sizeof *results, "RESULTS is too small");
    uint8_t *data = map(DATA, 2 * PAGE);
    copy(data, image->bytes);
    copy(data + PAGE, image->bytes + PAGE);
    need(mprotect(data + PAGE, PAGE, PROT_READ) == 0, "mprotect");
    uint8_t *code = map(CODE, count * PAGE);
    for (size_t i = 0; i < count * PAGE; i++) code[i] = 0xCC;
    for (size_t i = 0; i < count; i++)
        for (int n = 0; n < ROOM; n++) ((uint8_t *)start(i))[n] = tests[i].code[n];
    need(mprotect(code, count * PAGE, PROT_READ | PROT_EXEC) == 0, "mprotect");
    stack_t stack = {.ss_sp = malloc(1 << 18), .ss_size = 1 << 18};
    need(sigaltstack(&stack, NULL) == 0, "sigaltstack");
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigfillset(&action.sa_mask);
    int signals[] = {SIGSEGV, SIGILL, SIGTRAP, SIGBUS, SIGFPE};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) sigaction(signals[i], &action, NULL);
    dropRights();
    __asm__ volatile("int3");
    return 1;
}
