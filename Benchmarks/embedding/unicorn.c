// The same as Driver.swift does, by Unicorn: `unicorn GUEST kernel FILE N ROUNDS` prints the nanoseconds of each round and the
// result; `unicorn GUEST operations` prints a line for each operation: its name and nanoseconds.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unicorn/unicorn.h>

enum { code = 0x10000, image = 0x400000, data = 0x800000, device = 0x900000, stack = 0xA00000, page = 4096 };

static int arm;
static uc_engine *uc;

static void check(uc_err error) {
    if (error) {
        fprintf(stderr, "unicorn: %s\n", uc_strerror(error));
        exit(1);
    }
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return time.tv_sec * 1e9 + time.tv_nsec;
}

static void set(int arm64, int x86, uint64_t value) { check(uc_reg_write(uc, arm ? arm64 : x86, &value)); }
static uint64_t get(int arm64, int x86) {
    uint64_t value;
    check(uc_reg_read(uc, arm ? arm64 : x86, &value));
    return value;
}

// A new engine with code, data and a stack.
static void begin(const void *bytes, size_t count) {
    if (uc) check(uc_close(uc));
    check(arm ? uc_open(UC_ARCH_ARM64, UC_MODE_ARM, &uc) : uc_open(UC_ARCH_X86, UC_MODE_64, &uc));
    check(uc_mem_map(uc, code, image, UC_PROT_ALL));
    check(uc_mem_map(uc, data, 64 * page, UC_PROT_READ | UC_PROT_WRITE));
    check(uc_mem_map(uc, stack, 16 * page, UC_PROT_READ | UC_PROT_WRITE));
    check(uc_mem_write(uc, code, bytes, count));
    set(UC_ARM64_REG_SP, UC_X86_REG_RSP, stack + 16 * page - 64);
    if (arm) {
        uint64_t fpen = 3 << 20;
        check(uc_reg_write(uc, UC_ARM64_REG_CPACR_EL1, &fpen));
    }
}

static void kernel(const char *path, uint64_t n, int rounds) {
    static char bytes[image];
    FILE *file = fopen(path, "rb");
    if (!file) exit(1);
    size_t count = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    begin(bytes, count);
    for (int round = 0; round < rounds; round++) {
        set(UC_ARM64_REG_X0, UC_X86_REG_RDI, n);
        double from = now();
        check(uc_emu_start(uc, code, code + (arm ? 4 : 5), 0, 0));
        printf("%.0f ", now() - from);
    }
    printf("%lu\n", get(UC_ARM64_REG_X0, UC_X86_REG_RAX));
}

static uint64_t sink;
static uint64_t read_device(uc_engine *uc, uint64_t offset, unsigned size, void *user) { return sink; }
static void write_device(uc_engine *uc, uint64_t offset, unsigned size, uint64_t value, void *user) { sink = value; }
static void write_and_stop(uc_engine *uc, uint64_t offset, unsigned size, uint64_t value, void *user) {
    sink = value;
    uc_emu_stop(uc);
}
static void on_code(uc_engine *uc, uint64_t address, uint32_t size, void *user) {}
static void on_memory(uc_engine *uc, uc_mem_type type, uint64_t address, int size, int64_t value, void *user) {}

// The loops: a store (or load), decrement, branch back; then the end.
static const uint32_t arm_none[] = {0xD503201F, 0xF1000400, 0x54FFFFC1}, arm_store[] = {0xF9000041, 0xF1000400, 0x54FFFFC1},
                      arm_load[] = {0xF9400041, 0xF1000400, 0x54FFFFC1};
static const uint8_t x86_none[] = {0x0F, 0x1F, 0, 0x48, 0xFF, 0xC8, 0x75, 0xF8},
                     x86_store[] = {0x48, 0x89, 0x0A, 0x48, 0xFF, 0xC8, 0x75, 0xF8},
                     x86_load[] = {0x48, 0x8B, 0x0A, 0x48, 0xFF, 0xC8, 0x75, 0xF8};
#define LOOP(name) begin(arm ? (const void *)arm_##name : x86_##name, arm ? sizeof arm_##name : sizeof x86_##name)

static void loop(const char *name, uint64_t times, uint64_t address) {
    uint64_t end = code + (arm ? 12 : 8);
    for (int warm = 1; warm >= 0; warm--) {
        set(UC_ARM64_REG_X0, UC_X86_REG_RAX, times);
        set(UC_ARM64_REG_X2, UC_X86_REG_RDX, address);
        double from = now();
        check(uc_emu_start(uc, code, end, 0, 0));
        if (!warm) printf("%s %.2f\n", name, (now() - from) / times);
    }
}

static void operations(void) {
    uc_hook hook;
    LOOP(none);
    for (int warm = 1; warm >= 0; warm--) {
        const int times = 200000;
        double from = now();
        for (int i = 0; i < times; i++) check(uc_emu_start(uc, code, code + (arm ? 4 : 3), 0, 0));
        if (!warm) printf("run %.2f\n", (now() - from) / times);
    }
    {
        const int times = 1000000;
        uint64_t sum = 0;
        double from = now();
        for (int i = 0; i < times; i++) {
            set(UC_ARM64_REG_X3, UC_X86_REG_RBX, i);
            sum += get(UC_ARM64_REG_X3, UC_X86_REG_RBX);
        }
        printf("register %.2f\n", (now() - from) / times);
        from = now();
        for (int i = 0; i < times; i++) {
            check(uc_mem_write(uc, data + 8 * (i & 255), &sum, 8));
            check(uc_mem_read(uc, data + 8 * (i & 255), &sum, 8));
        }
        printf("memory %.2f\n", (now() - from) / times);
    }

    LOOP(none);
    loop("plain", 1000000, data);
    check(uc_hook_add(uc, &hook, UC_HOOK_BLOCK, on_code, 0, 1, 0));
    loop("block-hook", 1000000, data);
    LOOP(none);
    check(uc_hook_add(uc, &hook, UC_HOOK_CODE, on_code, 0, 1, 0));
    loop("instruction-hook", 1000000, data);
    LOOP(store);
    check(uc_hook_add(uc, &hook, UC_HOOK_MEM_WRITE, on_memory, 0, 1, 0));
    loop("memory-hook", 1000000, data);

    LOOP(store);
    check(uc_mmio_map(uc, device, page, read_device, 0, write_device, 0));
    loop("device-write", 1000000, device);
    LOOP(load);
    check(uc_mmio_map(uc, device, page, read_device, 0, write_device, 0));
    loop("device-read", 1000000, device);

    // An access to a device that ends the run, and the run after it.
    LOOP(store);
    check(uc_mmio_map(uc, device, page, read_device, 0, write_and_stop, 0));
    set(UC_ARM64_REG_X2, UC_X86_REG_RDX, device);
    for (int warm = 1; warm >= 0; warm--) {
        const int times = 100000;
        set(UC_ARM64_REG_X0, UC_X86_REG_RAX, times + 1);
        uint64_t pc = code, before = get(UC_ARM64_REG_X0, UC_X86_REG_RAX);
        double from = now();
        for (int i = 0; i < times; i++) {
            check(uc_emu_start(uc, pc, code + (arm ? 12 : 8), 0, 0));
            pc = get(UC_ARM64_REG_PC, UC_X86_REG_RIP);
        }
        if (before - get(UC_ARM64_REG_X0, UC_X86_REG_RAX) > times) fprintf(stderr, "unicorn: the runs did not end\n");
        if (!warm) printf("device-exit %.2f\n", (now() - from) / times);
    }

    // The registers of a moment, and the pages that were written, which the caller has to know.
    static char pages[16 * page];
    LOOP(none);
    uc_context *context;
    check(uc_context_alloc(uc, &context));
    check(uc_context_save(uc, context));
    for (int count = 1; count <= 16; count *= 16) {
        const int times = 20000;
        double from = now();
        for (int i = 0; i < times; i++) {
            for (int k = 0; k < count; k++) check(uc_mem_write(uc, data + k * page, &i, 4));
            check(uc_mem_write(uc, data, pages, count * page));
            check(uc_context_restore(uc, context));
        }
        printf("restore-%d %.2f\n", count, (now() - from) / times);
    }
}

int main(int argc, char **argv) {
    arm = !strcmp(argv[1], "arm64");
    if (!strcmp(argv[2], "kernel")) kernel(argv[3], strtoull(argv[4], 0, 0), atoi(argv[5]));
    else operations();
}
