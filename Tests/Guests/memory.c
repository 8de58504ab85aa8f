// brk, mmap and their relatives.
#include "check.h"

int main(void) {
    char *start = sbrk(0);
    CHECK(sbrk(1 << 20) == start);
    start[(1 << 20) - 1] = 1;
    CHECK(sbrk(-(1 << 20)) == start + (1 << 20) && sbrk(0) == start);
    CHECK(sbrk(1 << 20) == start && start[(1 << 20) - 1] == 0);
    CHECK(syscall(SYS_brk, 0) == (long)sbrk(0));
    CHECK(syscall(SYS_brk, 16) == (long)sbrk(0));

    int anonymous = MAP_PRIVATE | MAP_ANONYMOUS;
    char *pages = mmap(NULL, 8 * 4096, PROT_READ | PROT_WRITE, anonymous, -1, 0);
    CHECK(pages != MAP_FAILED && ((uintptr_t)pages & 4095) == 0);
    memset(pages, 0x5a, 8 * 4096);
    CHECK(munmap(pages + 4096, 4096) == 0);
    CHECK(write(1, pages + 4096, 1) == -1 && errno == EFAULT);
    CHECK(mmap(pages + 4096, 4096, PROT_READ, anonymous | MAP_FIXED_NOREPLACE, -1, 0) == pages + 4096);
    CHECK(mmap(pages, 4096, PROT_READ, anonymous | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED && errno == EEXIST);
    CHECK(mmap(pages, 4096, PROT_READ | PROT_WRITE, anonymous | MAP_FIXED, -1, 0) == pages && pages[0] == 0);
    CHECK(mprotect(pages + 2 * 4096, 4096, PROT_NONE) == 0);
    CHECK(write(1, pages + 2 * 4096, 1) == -1 && errno == EFAULT);
    CHECK(mprotect(pages + 2 * 4096, 4096, PROT_READ) == 0 && pages[2 * 4096] == 0x5a);
    CHECK(munmap(pages + 1, 4096) == -1 && errno == EINVAL);
    CHECK(mmap(NULL, 0, PROT_READ, anonymous, -1, 0) == MAP_FAILED && errno == EINVAL);
    CHECK(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, -1, 0) == MAP_FAILED && errno == EBADF);
    CHECK(mprotect(pages, 4096, 0x1000) == -1 && errno == EINVAL);

    pages[3 * 4096] = 77;
    char *moved = mremap(pages + 3 * 4096, 4096, 16 * 4096, MREMAP_MAYMOVE);
    CHECK(moved != MAP_FAILED && moved[0] == 77 && moved[8 * 4096] == 0);
    CHECK(mremap(moved, 16 * 4096, 4096, 0) == moved && moved[0] == 77);
    CHECK(madvise(pages + 4 * 4096, 4096, MADV_DONTNEED) == 0 && pages[4 * 4096] == 0);
    unsigned char resident[1];
    CHECK(mincore(pages, 4096, resident) == 0);
    CHECK(mlock(pages, 4096) == 0 && munlock(pages, 4096) == 0);

    char name[] = "/tmp/lyrebird-map-XXXXXX";
    int file = mkstemp(name);
    CHECK(ftruncate(file, 2 * 4096) == 0);
    char *shared = mmap(NULL, 2 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    char *other = mmap(NULL, 4096, PROT_READ, MAP_SHARED, file, 4096);
    char *private = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 4096);
    shared[4096] = 42;
    CHECK(other[0] == 42 && private[0] == 42);
    private[0] = 1;
    CHECK(other[0] == 42);
    CHECK(pwrite(file, "Z", 1, 4097) == 1 && other[1] == 'Z');
    CHECK(msync(shared, 4096, MS_SYNC) == 0);
    pid_t child = fork();
    if (child == 0) {
        shared[0] = 9;
        private[0] = 100;
        _exit(0);
    }
    CHECK(waitpid(child, NULL, 0) == child && shared[0] == 9 && private[0] == 1);
    unlink(name);

    // Code that is written, then run.
    uint32_t *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE, anonymous, -1, 0);
    code[0] = 0x52800540;  // mov w0, #42
    code[1] = 0xd65f03c0;  // ret
    __builtin___clear_cache((char *)code, (char *)(code + 2));
    CHECK(mprotect(code, 4096, PROT_READ | PROT_EXEC) == 0);
    CHECK(((int (*)(void))code)() == 42);

    char *reserved = mmap(NULL, 1ul << 34, PROT_NONE, anonymous | MAP_NORESERVE, -1, 0);
    CHECK(reserved != MAP_FAILED && mprotect(reserved + (1ul << 33), 4096, PROT_READ | PROT_WRITE) == 0);
    reserved[1ul << 33] = 1;
    CHECK(munmap(reserved, 1ul << 34) == 0);
    // The kernel makes such a mapping longer by itself: all of it can be protected and unmapped.
    char *area = mmap(NULL, 16 << 20, PROT_NONE, anonymous | MAP_NORESERVE, -1, 0);
    CHECK(munmap(area, 16 << 20) == 0);
    char *down = mmap(area + (12 << 20), 4096, PROT_READ | PROT_WRITE, anonymous | MAP_GROWSDOWN | MAP_FIXED, -1, 0);
    CHECK(down == area + (12 << 20));
    down[-1] = 5, down[-5000] = 6;
    CHECK(down[-1] == 5 && down[-5000] == 6);
    CHECK(mprotect(down - 8192, 3 * 4096, PROT_READ) == 0);
    CHECK(munmap(down - 8192, 3 * 4096) == 0 && mincore(down - 4096, 4096, resident) == -1);
    int bad = 0;
    for (int i = 0; i < 2000; i++) {
        size_t size = 4096 * (1 + i * 7 % 50);
        char *map = mmap(NULL, size, PROT_READ | PROT_WRITE, anonymous, -1, 0);
        bad += map == MAP_FAILED || map[size - 1];
        munmap(map, size);
    }
    CHECK(bad == 0);
    return finish();
}
