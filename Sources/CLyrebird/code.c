// Memory for generated code: one memfd mapped twice, so that no page is writable and executable at once and a patch is seen
// at once.
#define _GNU_SOURCE
#include <asm/prctl.h>
#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host.h"

// Guests must not meet this descriptor among theirs.
static int out_of_the_way(int fd) {
    int high = (int)syscall(SYS_fcntl, fd, 1030 /* F_DUPFD_CLOEXEC */, 900);
    if (high < 0) return fd;
    close(fd);
    return high;
}

static int make_memory(size_t size) {
    int fd = memfd_create("lyrebird-code", MFD_CLOEXEC);
    if (fd < 0) return -1;
    fd = out_of_the_way(fd);
    if (ftruncate(fd, (off_t)size)) {
        close(fd);
        return -1;
    }
    return fd;
}

int lyrebird_map_code(size_t size, void **writable, void **executable) {
    int fd = make_memory(size);
    if (fd < 0) return errno;
    void *w = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    void *x = w == MAP_FAILED ? MAP_FAILED : mmap(NULL, size, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    int error = x == MAP_FAILED ? errno : 0;
    if (error && w != MAP_FAILED) munmap(w, size);
    close(fd);
    *writable = w;
    *executable = x;
    return error;
}

static int write_all(int fd, const char *from, size_t count, off_t at) {
    while (count > 0) {
        ssize_t n = pwrite(fd, from, count, at);
        if (n <= 0) return -1;
        from += n;
        at += n;
        count -= (size_t)n;
    }
    return 0;
}

// Before fork, in the parent: a copy of the used part. Returns the descriptor, or -errno.
int lyrebird_copy_code(size_t size, const void *writable, size_t hot_used, size_t cold_start, size_t cold_used) {
    int fd = make_memory(size);
    if (fd < 0) return -errno;
    if (write_all(fd, writable, hot_used, 0) ||
        write_all(fd, (const char *)writable + cold_start, cold_used, (off_t)cold_start)) {
        close(fd);
        return -EIO;
    }
    return fd;
}

int lyrebird_remap_code(size_t size, void *writable, void *executable, int copy_from) {
    int fd = copy_from >= 0 ? copy_from : make_memory(size);
    if (fd < 0) return errno;
    int error = 0;
    if (mmap(writable, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED ||
        mmap(executable, size, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED)
        error = errno;
    close(fd);
    return error;
}

__attribute__((target("fsgsbase"))) static void write_gs(uint64_t base) { __builtin_ia32_wrgsbase64(base); }

void lyrebird_set_gs_base(uint64_t base, int has_fsgsbase) {
    if (has_fsgsbase)
        write_gs(base);
    else
        syscall(SYS_arch_prctl, ARCH_SET_GS, base);
}
