// The oracle of the differential tests: runs pieces of code from given states under another implementation of AArch64 and
// says what became of state and memory. It is told everything in batches on standard input and answers on standard output;
// the structs are those of Oracle.swift.
//
// The code of a batch is written at once and never again: an emulator drops its translations of a page that is written.
// Every piece ends in a signal, BRK's if nothing else, whose frame has all registers.
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

enum { memory_words = 3 * 512, writable_words = 2 * 512, code_size = 65536, maximum = 256 };
#define MEMORY ((uint64_t *)0x10000000)
#define CODE ((uint8_t *)0x20000000)

struct state {
    uint64_t x[31], sp, nzcv, fpcr, fpsr, tpidr, v[64];
};
struct start {
    struct state state;
    uint64_t entry;
};
struct end {
    struct state state;
    uint64_t signal, pc, address, changes;
};

static struct {
    uint64_t count;
    uint64_t image[memory_words];
    uint8_t code[code_size];
} batch;
static struct start starts[maximum];
static struct end end;
uint64_t saved_tpidr, saved_sp;

void run(struct start *start);
__asm__(".globl run\n"
        "run:\n"
        " stp x29, x30, [sp, #-160]!\n"
        " stp x19, x20, [sp, #16]\n stp x21, x22, [sp, #32]\n stp x23, x24, [sp, #48]\n"
        " stp x25, x26, [sp, #64]\n stp x27, x28, [sp, #80]\n"
        " stp d8, d9, [sp, #96]\n stp d10, d11, [sp, #112]\n stp d12, d13, [sp, #128]\n stp d14, d15, [sp, #144]\n"
        " adrp x1, saved_sp\n mov x2, sp\n str x2, [x1, :lo12:saved_sp]\n"
        " mov x30, x0\n"
        " ldr x1, [x30, #248]\n mov sp, x1\n"
        " ldp x1, x2, [x30, #256]\n msr nzcv, x1\n msr fpcr, x2\n"
        " ldp x1, x2, [x30, #272]\n msr fpsr, x1\n msr tpidr_el0, x2\n"
        " add x1, x30, #288\n"
        " ld1 {v0.2d-v3.2d}, [x1], #64\n ld1 {v4.2d-v7.2d}, [x1], #64\n ld1 {v8.2d-v11.2d}, [x1], #64\n"
        " ld1 {v12.2d-v15.2d}, [x1], #64\n ld1 {v16.2d-v19.2d}, [x1], #64\n ld1 {v20.2d-v23.2d}, [x1], #64\n"
        " ld1 {v24.2d-v27.2d}, [x1], #64\n ld1 {v28.2d-v31.2d}, [x1], #64\n"
        " clrex\n"
        " ldp x0, x1, [x30]\n ldp x2, x3, [x30, #16]\n ldp x4, x5, [x30, #32]\n ldp x6, x7, [x30, #48]\n"
        " ldp x8, x9, [x30, #64]\n ldp x10, x11, [x30, #80]\n ldp x12, x13, [x30, #96]\n ldp x14, x15, [x30, #112]\n"
        " ldp x16, x17, [x30, #128]\n ldp x18, x19, [x30, #144]\n ldp x20, x21, [x30, #160]\n"
        " ldp x22, x23, [x30, #176]\n ldp x24, x25, [x30, #192]\n ldp x26, x27, [x30, #208]\n"
        " ldp x28, x29, [x30, #224]\n"
        // The piece loads x30 itself.
        " add x30, x30, #800\n ldr x30, [x30]\n br x30\n"
        ".globl leave\n"
        "leave:\n"
        " adrp x1, saved_sp\n ldr x2, [x1, :lo12:saved_sp]\n mov sp, x2\n"
        " ldp x19, x20, [sp, #16]\n ldp x21, x22, [sp, #32]\n ldp x23, x24, [sp, #48]\n"
        " ldp x25, x26, [sp, #64]\n ldp x27, x28, [sp, #80]\n"
        " ldp d8, d9, [sp, #96]\n ldp d10, d11, [sp, #112]\n ldp d12, d13, [sp, #128]\n ldp d14, d15, [sp, #144]\n"
        " ldp x29, x30, [sp], #160\n ret\n");

void leave(void) __attribute__((noreturn));
_Static_assert(sizeof(struct state) == 800, "as the assembly has it");

static void caught(int number, siginfo_t *info, void *context) {
    uint64_t own = saved_tpidr;
    __asm__ volatile("mrs %0, tpidr_el0\n msr tpidr_el0, %1" : "=&r"(end.state.tpidr) : "r"(own) : "memory");
    mcontext_t *machine = &((ucontext_t *)context)->uc_mcontext;
    memcpy(end.state.x, machine->regs, sizeof end.state.x);
    end.state.sp = machine->sp;
    end.state.nzcv = machine->pstate & 0xF0000000;
    end.pc = machine->pc;
    end.signal = (uint64_t)number;
    end.address = (uint64_t)info->si_addr;
    struct _aarch64_ctx *record = (struct _aarch64_ctx *)machine->__reserved;
    while (record->magic != FPSIMD_MAGIC) record = (struct _aarch64_ctx *)((char *)record + record->size);
    struct fpsimd_context *vectors = (struct fpsimd_context *)record;
    end.state.fpcr = vectors->fpcr;
    end.state.fpsr = vectors->fpsr;
    memcpy(end.state.v, vectors->vregs, sizeof end.state.v);
    __asm__ volatile("msr fpcr, xzr");
    leave();
}

static int all_in(void *to, size_t size) {
    for (size_t have = 0; have < size;) {
        ssize_t count = read(0, (char *)to + have, size - have);
        if (count <= 0) return 0;
        have += (size_t)count;
    }
    return 1;
}

static uint64_t output[1 << 16];
static size_t used;

static void flush(void) {
    for (size_t sent = 0; sent < used * 8;) {
        ssize_t count = write(1, (char *)output + sent, used * 8 - sent);
        if (count <= 0) _exit(1);
        sent += (size_t)count;
    }
    used = 0;
}

static void put(const void *words, size_t count) {
    if (used + count > sizeof output / 8) flush();
    memcpy(output + used, words, count * 8);
    used += count;
}

// Sends what memory has become, and makes it as it was.
static void report(void) {
    static uint64_t changes[2 * writable_words];
    end.changes = 0;
    for (uint64_t n = 0; n < writable_words; n++) {
        if (MEMORY[n] == batch.image[n]) continue;
        changes[2 * end.changes] = n;
        changes[2 * end.changes++ + 1] = MEMORY[n];
        MEMORY[n] = batch.image[n];
    }
    put(&end, sizeof end / 8);
    put(changes, 2 * end.changes);
}

int main(void) {
    int anonymous = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    if (mmap(MEMORY, 8 * memory_words, PROT_READ | PROT_WRITE, anonymous, -1, 0) != MEMORY) return 2;
    if (mmap(CODE, code_size, PROT_READ | PROT_WRITE, anonymous, -1, 0) != CODE) return 3;
    static char stack[65536];
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&alternate, 0);
    struct sigaction action = {.sa_sigaction = caught, .sa_flags = SA_ONSTACK | SA_NODEFER | SA_SIGINFO};
    int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE};
    for (int n = 0; n < 5; n++) sigaction(signals[n], &action, 0);
    __asm__("mrs %0, tpidr_el0" : "=r"(saved_tpidr));
    while (all_in(&batch, sizeof batch)) {
        if (batch.count > maximum || !all_in(starts, batch.count * sizeof(struct start))) return 4;
        mprotect(MEMORY, 8 * memory_words, PROT_READ | PROT_WRITE);
        memcpy(MEMORY, batch.image, sizeof batch.image);
        mprotect(MEMORY + writable_words, 8 * (memory_words - writable_words), PROT_READ);
        mprotect(CODE, code_size, PROT_READ | PROT_WRITE);
        memcpy(CODE, batch.code, code_size);
        __builtin___clear_cache((char *)CODE, (char *)CODE + code_size);
        mprotect(CODE, code_size, PROT_READ | PROT_EXEC);
        for (uint64_t n = 0; n < batch.count; n++) {
            run(&starts[n]);
            report();
        }
        flush();
    }
    return 0;
}
