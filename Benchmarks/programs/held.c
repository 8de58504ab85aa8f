// Long work that gives everything back: what a translator still holds then is its own. Writes a line when it is done, and
// waits for the end of its input, so that its memory can be looked at.

#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void *nothing(void *p) { return p; }

int main(void) {
    // Threads, which come and go.
    for (int i = 0; i < 300; i++) {
        pthread_t thread;
        if (pthread_create(&thread, 0, nothing, 0)) return 1;
        pthread_join(thread, 0);
    }
    // Code that is written, run and thrown away, in other places each time.
    unsigned sum = 0;
    for (int i = 0; i < 200; i++) {
        size_t size = 64 << 10;
        uint32_t *code = mmap(0, size, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (code == MAP_FAILED) return 1;
        for (int n = 0; n < 128; n++) {
            uint32_t *function = code + n * 64;
#if defined __aarch64__
            function[0] = 0x52800000 | (uint32_t)n << 5;  // mov w0, #n
            function[1] = 0xD65F03C0;                     // ret
#elif defined __x86_64__
            unsigned char bytes[8] = {0xB8, n, 0, 0, 0, 0xC3};  // mov eax, n; ret
            memcpy(function, bytes, sizeof bytes);
#endif
            __builtin___clear_cache((char *)function, (char *)(function + 2));
            sum += ((unsigned (*)(void))(void *)function)();
        }
        munmap(code, size);
    }
    // Memory, which is given back to the kernel.
    for (int i = 0; i < 20; i++) {
        size_t size = 16 << 20;
        char *p = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED) return 1;
        memset(p, i, size);
        munmap(p, size);
    }
    for (int i = 0; i < 20; i++) {
        pid_t pid = fork();
        if (!pid) _exit(0);
        waitpid(pid, 0, 0);
    }
    printf("%u\n", sum);
    fflush(stdout);
    while (getchar() != EOF) {}
    return 0;
}
