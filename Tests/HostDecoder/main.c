// What the host CPU takes byte strings for: how long an instruction is and whether it is one. It is the oracle of the x86
// decoder's tests.
//
//   HostDecoder INPUT OUTPUT
//
// INPUT holds records of 16 bytes: the mode (64, 32 or 16), then 15 bytes of code. OUTPUT, which is there and has two bytes
// for each of them, gets the length and the vector of the exception.
//
// A string's first byte, then its first two and so on are put at the end of a page, with a page behind it that cannot be
// fetched from. As long as the fault is the fetch of that page, the instruction is longer than what is there: it has not been
// executed, and nothing of it has happened. The first other exception ends the string. It is 6 where the bytes are no
// instruction, 1 behind an instruction that was executed (the trap flag is set), and another one for an instruction that
// faults.
//
// An instruction that is executed finds registers that point nowhere, in an address space with nothing within reach of a
// displacement, as a user without rights, with system calls turned off. The whole loop is a signal handler that returns into
// the next string, so that nothing has to survive but its own stack and statics: it uses no library and no thread-local
// storage, whose base may be gone.

#define _GNU_SOURCE
#include <asm/ldt.h>
#include <asm/prctl.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
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

enum { PAGE = 4096, RECORD = 16, LONGEST = 15 };

// Nothing is within 2 GB of the first one; the second one is where 32-bit code can be.
#define PAGE_64 0x100000000000ull
#define PAGE_32 0x10000000ull
// No address in 64-bit mode. The lower half is unmapped, and the lowest 16 bits are the null selector.
#define NOWHERE 0x8000400020000000ull

enum { USER_CS = 0x33, COMPATIBILITY_CS = 0x23, LDT_CS = 0x07, USER_SS = 0x2b };
enum { INVALID_OPCODE = 6, PAGE_FAULT = 14, FETCH = 16, TRAP_FLAG = 0x100 };

static const uint8_t *input;
static uint8_t *output;
static size_t records, current;
static int length;

static void finish(void) {
    long status = 0;
    __asm__ volatile("syscall" : "+a"((long){SYS_exit_group}) : "D"(status) : "rcx", "r11", "memory");
    __builtin_trap();
}

static uint64_t pageOf(int mode) { return mode == 64 ? PAGE_64 : PAGE_32; }

static void enter(greg_t *registers) {
    if (current == records) finish();
    const uint8_t *record = input + current * RECORD;
    int mode = record[0];
    uint64_t place = pageOf(mode) + PAGE - (uint64_t)length;
    for (int i = 0; i < length; i++) ((volatile uint8_t *)place)[i] = record[1 + i];
    for (int i = REG_R8; i <= REG_RSP; i++) registers[i] = (greg_t)NOWHERE;
    uint64_t cs = mode == 64 ? USER_CS : mode == 32 ? COMPATIBILITY_CS : LDT_CS;
    registers[REG_RIP] = (greg_t)(mode == 16 ? place - PAGE_32 : place);
    registers[REG_EFL] = TRAP_FLAG | 2;
    registers[REG_CSGSFS] = (greg_t)(cs | (uint64_t)USER_SS << 48);
}

static void handle(int number, siginfo_t *info, void *context) {
    (void)number;
    (void)info;
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    static int begun;
    if (!begun) {
        begun = length = 1;
    } else {
        int vector = (int)registers[REG_TRAPNO];
        uint64_t guard = pageOf(input[current * RECORD]) + PAGE;
        int longer = vector == PAGE_FAULT && (registers[REG_ERR] & FETCH) && (uint64_t)registers[REG_CR2] == guard;
        if (longer && length < LONGEST) {
            length++;
        } else {
            output[2 * current] = (uint8_t)length;
            output[2 * current + 1] = (uint8_t)vector;
            current++;
            length = 1;
        }
    }
    enter(registers);
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

static void mapCode(uint64_t address) {
    void *at = mmap((void *)address, 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    need(at == (void *)address, "mmap");
    need(mprotect(at, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC) == 0, "mprotect");
}

static void dropRights(void) {
    if (geteuid() == 0) {
        need(setgroups(0, NULL) == 0 && setresgid(65534, 65534, 65534) == 0, "setresgid");
        need(setresuid(65534, 65534, 65534) == 0, "setresuid");
    }
    // Of both ABIs, all calls but the two that the handler needs fail; the i386 numbers 15 and 231 are chmod and fgetxattr.
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigreturn, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 38),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {sizeof program / sizeof *program, program};
    need(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "PR_SET_NO_NEW_PRIVS");
    need(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0, "PR_SET_SECCOMP");
}

int main(int count, char **words) {
    if (count != 3) {
        fprintf(stderr, "usage: HostDecoder INPUT OUTPUT\n");
        return 2;
    }
    size_t size, room;
    input = mapFile(words[1], O_RDONLY, PROT_READ, &size);
    output = mapFile(words[2], O_RDWR, PROT_READ | PROT_WRITE, &room);
    records = size / RECORD;
    need(room >= 2 * records, "OUTPUT is too small");
    mapCode(PAGE_64);
    mapCode(PAGE_32);
    for (size_t i = 0; i < records; i++) {
        if (input[i * RECORD] != 16) continue;
        // A 16-bit code segment, selector 7, with room behind the page.
        struct user_desc segment = {.base_addr = PAGE_32, .limit = 0xFFFF, .contents = MODIFY_LDT_CONTENTS_CODE};
        need(syscall(SYS_modify_ldt, 1, &segment, sizeof segment) == 0, "modify_ldt");
        break;
    }
    stack_t stack = {.ss_sp = malloc(1 << 18), .ss_size = 1 << 18};
    need(sigaltstack(&stack, NULL) == 0, "sigaltstack");
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigfillset(&action.sa_mask);
    int signals[] = {SIGSEGV, SIGILL, SIGTRAP, SIGBUS, SIGFPE};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) sigaction(signals[i], &action, NULL);
    dropRights();
    syscall(SYS_arch_prctl, ARCH_SET_GS, 0x200000000000ull);
    __asm__ volatile("int3");
    return 1;
}
