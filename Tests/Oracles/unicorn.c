// A second oracle of the differential tests: the same cases in the same form as Tests/Guests/oracle.c has them, run by
// Unicorn's library on the host. It is built and run by the tests, so that nothing of ours links with it.
//
// Unicorn plays a bare machine at EL1 without address translation. A case ends where Unicorn reports an exception or an
// access that is not allowed; what signal that is to Linux is decided here.
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unicorn/unicorn.h>
#include <unistd.h>

enum { memory_words = 3 * 512, writable_words = 2 * 512, code_size = 65536, maximum = 256, state_words = 100 };
enum { longest_run = 10000 };
enum { memory_start = 0x10000000, code_start = 0x20000000, stub = 0x30000000 };
// QEMU's numbers of exceptions of AArch64 (target/arm/cpu.h).
enum { undefined = 1, fetch_abort = 3, data_abort = 4, breakpoint = 7 };

struct start {
    uint64_t state[state_words], entry;
};
struct end {
    uint64_t state[state_words], signal, pc, address, changes;
};

static struct {
    uint64_t count;
    uint64_t image[memory_words];
    uint8_t code[code_size];
} batch;
static struct start starts[maximum];
static struct end end;
static uint64_t *memory;
static uint8_t *code;
static int steps;

// The registers in the order of a state.
static int registers[36 + 32];
static void *places[36 + 32];

static void name_registers(void) {
    for (int n = 0; n < 29; n++) registers[n] = UC_ARM64_REG_X0 + n;
    registers[29] = UC_ARM64_REG_X29;
    registers[30] = UC_ARM64_REG_X30;
    registers[31] = UC_ARM64_REG_SP;
    registers[32] = UC_ARM64_REG_NZCV;
    registers[33] = UC_ARM64_REG_FPCR;
    registers[34] = UC_ARM64_REG_FPSR;
    registers[35] = UC_ARM64_REG_TPIDR_EL0;
    for (int n = 0; n < 32; n++) registers[36 + n] = UC_ARM64_REG_V0 + n;
}

static void **place(uint64_t *state) {
    for (int n = 0; n < 36; n++) places[n] = &state[n];
    for (int n = 0; n < 32; n++) places[36 + n] = &state[36 + 2 * n];
    return places;
}

static void finish(uc_engine *unicorn, uint64_t number, uint64_t address) {
    if (end.signal) return;
    end.signal = number;
    end.address = address;
    uc_emu_stop(unicorn);
}

static void caught(uc_engine *unicorn, uint32_t number, void *user) {
    (void)user;
    finish(unicorn, number == breakpoint ? SIGTRAP : number == undefined ? SIGILL : 100 + number, 0);
}

// Unicorn keeps the program counter exact where each instruction is hooked, and only there. What ends elsewhere may not end
// here, where Unicorn is wrong.
static void stepped(uc_engine *unicorn, uint64_t address, uint32_t size, void *user) {
    (void)address, (void)size, (void)user;
    if (++steps == longest_run) finish(unicorn, SIGALRM, 0);
}

static bool refused(uc_engine *unicorn, uc_mem_type type, uint64_t address, int size, int64_t value, void *user) {
    (void)type, (void)size, (void)value, (void)user;
    finish(unicorn, SIGSEGV, address);
    return false;
}

static void fail(const char *what, uc_err error) {
    fprintf(stderr, "unicorn oracle: %s: %s\n", what, uc_strerror(error));
    _exit(5);
}
static void must(const char *what, uc_err error) {
    if (error != UC_ERR_OK) fail(what, error);
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
        if (memory[n] == batch.image[n]) continue;
        changes[2 * end.changes] = n;
        changes[2 * end.changes++ + 1] = memory[n];
        memory[n] = batch.image[n];
    }
    put(&end, sizeof end / 8);
    put(changes, 2 * end.changes);
}

static void run(uc_engine *unicorn, struct start *start) {
    // The case loads x30 itself.
    start->state[30] = start->entry;
    start->state[32] &= 0xF0000000;
    must("registers", uc_reg_write_batch(unicorn, registers, place(start->state), 68));
    end.signal = 0;
    end.address = 0;
    steps = 0;
    uc_err error = uc_emu_start(unicorn, stub, UINT64_MAX, 0, 0);
    if (!end.signal) end.signal = error == UC_ERR_INSN_INVALID ? SIGILL : 200 + (uint64_t)error;
    must("registers", uc_reg_read_batch(unicorn, registers, place(end.state), 68));
    end.state[32] &= 0xF0000000;
    must("pc", uc_reg_read(unicorn, UC_ARM64_REG_PC, &end.pc));
}

int main(void) {
    uc_engine *unicorn;
    uc_hook interrupt, step, access;
    must("open", uc_open(UC_ARCH_ARM64, UC_MODE_ARM, &unicorn));
    must("model", uc_ctl_set_cpu_model(unicorn, UC_CPU_ARM64_MAX));
    memory = mmap(0, 8 * memory_words, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    code = mmap(0, code_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || code == MAP_FAILED) return 2;
    must("memory", uc_mem_map_ptr(unicorn, memory_start, 8 * writable_words, UC_PROT_READ | UC_PROT_WRITE, memory));
    must("constants", uc_mem_map_ptr(unicorn, memory_start + 8 * writable_words, 8 * (memory_words - writable_words),
                                     UC_PROT_READ, memory + writable_words));
    must("code", uc_mem_map_ptr(unicorn, code_start, code_size, UC_PROT_READ | UC_PROT_EXEC, code));
    must("stub", uc_mem_map(unicorn, stub, 4096, UC_PROT_READ | UC_PROT_EXEC));
    // clrex; br x30
    uint32_t begin[] = {0xD5033F5F, 0xD61F03C0};
    must("stub", uc_mem_write(unicorn, stub, begin, sizeof begin));
    // FP and SIMD for EL1 and EL0.
    uint64_t all = 3 << 20;
    must("CPACR_EL1", uc_reg_write(unicorn, UC_ARM64_REG_CPACR_EL1, &all));
    must("hook", uc_hook_add(unicorn, &interrupt, UC_HOOK_INTR, caught, 0, 1, 0));
    must("hook", uc_hook_add(unicorn, &step, UC_HOOK_CODE, stepped, 0, 1, 0));
    must("hook", uc_hook_add(unicorn, &access, UC_HOOK_MEM_INVALID, refused, 0, 1, 0));
    name_registers();
    while (all_in(&batch, sizeof batch)) {
        if (batch.count > maximum || !all_in(starts, batch.count * sizeof(struct start))) return 4;
        memcpy(memory, batch.image, sizeof batch.image);
        memcpy(code, batch.code, code_size);
        must("cache", uc_ctl_remove_cache(unicorn, code_start, code_start + code_size));
        for (uint64_t n = 0; n < batch.count; n++) {
            run(unicorn, &starts[n]);
            report();
        }
        flush();
    }
    return 0;
}
