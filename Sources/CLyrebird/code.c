// Memory for generated code: one piece mapped twice, so that no page is writable and executable at once and a patch is seen at
// once. It is shared memory without a file: there is no descriptor for a guest to meet, and no limit on the size of files.
#define _GNU_SOURCE
#include <asm/prctl.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host.h"

static void *shared_memory(size_t size) {
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

// A second, executable view of shared memory, at an address or, for NULL, anywhere: mremap of no bytes duplicates.
static void *executable_view(void *memory, size_t size, void *where) {
    int flags = MREMAP_MAYMOVE | (where ? MREMAP_FIXED : 0);
    void *view = (void *)syscall(SYS_mremap, memory, 0, size, flags, where);
    if (view == MAP_FAILED) return NULL;
    if (!mprotect(view, size, PROT_READ | PROT_EXEC)) return view;
    int error = errno;
    munmap(view, size);
    errno = error;
    return NULL;
}

int lyrebird_map_code(size_t size, void **writable, void **executable) {
    *writable = shared_memory(size);
    *executable = *writable ? executable_view(*writable, size, NULL) : NULL;
    if (*executable) return 0;
    int error = errno;
    if (*writable) munmap(*writable, size);
    return error;
}

void lyrebird_populate(void *memory, size_t size) {
    const int populate_write = 23;
    if (size) madvise(memory, (size + 4095) & ~(size_t)4095, populate_write);
}

int lyrebird_copy_code(size_t size, const void *writable, size_t hot_used, size_t cold_start, size_t cold_used,
                       void **copy) {
    char *memory = shared_memory(size);
    if (!memory) return errno;
    lyrebird_populate(memory, hot_used);
    lyrebird_populate(memory + cold_start, cold_used);
    memcpy(memory, writable, hot_used);
    memcpy(memory + cold_start, (const char *)writable + cold_start, cold_used);
    *copy = memory;
    return 0;
}

void lyrebird_discard_code(void *copy, size_t size) {
    if (copy) munmap(copy, size);
}

int lyrebird_remap_code(size_t size, void *writable, void *executable, void *copy) {
    void *memory = copy ? copy : shared_memory(size);
    if (!memory || !executable_view(memory, size, executable)) return errno;
    return mremap(memory, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, writable) == MAP_FAILED ? errno : 0;
}

// To read the base costs a fraction of writing it, and mostly it is right.
__attribute__((target("fsgsbase"))) static void write_gs(uint64_t base) {
    if (__builtin_ia32_rdgsbase64() != base) __builtin_ia32_wrgsbase64(base);
}

void lyrebird_set_gs_base(uint64_t base, int has_fsgsbase) {
    if (has_fsgsbase)
        write_gs(base);
    else
        syscall(SYS_arch_prctl, ARCH_SET_GS, base);
}

uint64_t lyrebird_get_gs_base(void) {
    unsigned long base = 0;
    syscall(SYS_arch_prctl, ARCH_GET_GS, &base);
    return base;
}

int lyrebird_register_membarrier(void) {
    return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) ? errno : 0;
}

int lyrebird_membarrier(void) { return syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) ? errno : 0; }
