// Code that changes under x86's rules: what is stored is what is executed next. Each fact is a line that begins with "ok", and the
// last line is "all well". The host runs it, too.
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef int function(void);
enum { PAGE = 4096, ALL = PROT_READ | PROT_WRITE | PROT_EXEC };
static int failures;

static void check(int holds, const char *what) {
    printf("%s %s\n", holds ? "ok" : "FAILED", what);
    if (!holds) failures++;
}

static unsigned char *page(int protection) {
    void *p = mmap(NULL, PAGE, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) perror("mmap");
    return p;
}

// mov eax, n; ret
static void put(unsigned char *at, int n) {
    at[0] = 0xB8;
    memcpy(at + 1, &n, 4);
    at[5] = 0xC3;
}

static int run(unsigned char *at) { return ((function *)at)(); }

static void patched(void) {
    unsigned char *code = page(ALL);
    int wrong = 0;
    for (int n = 0; n < 1000; n++) {
        put(code, n);
        wrong += run(code) != n;
    }
    check(wrong == 0, "a function that is rewritten before each call");
    put(code + 64, 5);
    wrong = run(code + 64) != 5;
    for (int n = 0; n < 1000; n++) {
        *(volatile int *)(code + 2048) = n;
        wrong += run(code + 64) != 5 || *(volatile int *)(code + 2048) != n;
    }
    check(wrong == 0, "data beside code");
}

static void writesItself(void) {
    unsigned char *code = page(ALL);
    // mov dword ptr [rip + 1], 42; mov eax, 1; ret: the store is into the instruction behind it.
    static const unsigned char program[] = {0xC7, 0x05, 1, 0, 0, 0, 42, 0, 0, 0, 0xB8, 1, 0, 0, 0, 0xC3};
    memcpy(code, program, sizeof program);
    check(run(code) == 42, "a block that writes the instruction behind the store");
    code[6] = 43;
    check(run(code) == 43, "and again");
    // inc dword ptr [rip + 250]; mov eax, [rip + 244]; ret: a counter in the page of the code that counts.
    static const unsigned char counting[] = {0xFF, 0x05, 250, 0, 0, 0, 0x8B, 0x05, 244, 0, 0, 0, 0xC3};
    memcpy(code + 1024, counting, sizeof counting);
    int last = 0, wrong = 0;
    for (int n = 1; n <= 100000; n++) wrong += (last = run(code + 1024)) != n;
    check(wrong == 0 && last == 100000, "a counter in the page of the code that counts");
}

// xor eax, eax; again: add eax, 0; mov [rip - 12], ecx; nop; sub ecx, 1; jnz again; ret. What is added is what ECX was before.
static const unsigned char summing[] = {0x31, 0xC0, 0x05, 0, 0, 0, 0, 0x89, 0x0D, 0xF6, 0xFF, 0xFF, 0xFF, 0x90, 0x83, 0xE9, 1, 0x75, 0xEF, 0xC3};

// mov ecx, n; what follows.
static unsigned putLoop(unsigned char *at, int n, const unsigned char *loop, unsigned size) {
    at[0] = 0xB9;
    memcpy(at + 1, &n, 4);
    memcpy(at + 5, loop, size);
    return run(at);
}

static void loopsThatChange(void) {
    unsigned char *code = page(ALL);
    unsigned n = 3000, wrong = 0;
    for (int round = 0; round < 3; round++) {
        wrong += putLoop(code, n, summing, sizeof summing) != n * (n + 1) / 2 - 1;
    }
    check(wrong == 0, "a loop that changes what it adds");
    // xor eax, eax; again: add eax, 1; cmp eax, 2500; jne over; mov word [rip + 3], 0x9090; over: sub ecx, 1; jnz again; ret
    static const unsigned char ending[] = {
        0x31, 0xC0, 0x83, 0xC0, 1, 0x3D, 0xC4, 9, 0, 0, 0x75, 9, 0x66, 0xC7, 0x05, 3, 0, 0, 0, 0x90, 0x90, 0x83, 0xE9, 1, 0x75, 0xE8, 0xC3,
    };
    wrong = 0;
    for (int round = 0; round < 3; round++) wrong += putLoop(code, 100000, ending, sizeof ending) != 2500;
    check(wrong == 0, "a loop that takes its jump away");
    // xor eax, eax; lea rdi, [rip - 9]; again: add eax, 1; mov [rdi], al; sub ecx, 1; jnz again; ret: into what was executed before it.
    static const unsigned char behind[] = {
        0x31, 0xC0, 0x48, 0x8D, 0x3D, 0xF7, 0xFF, 0xFF, 0xFF, 0x83, 0xC0, 1, 0x88, 0x07, 0x83, 0xE9, 1, 0x75, 0xF6, 0xC3,
    };
    wrong = putLoop(code, 5000, behind, sizeof behind) != 5000 || code[5] != (5000 & 255);
    check(wrong == 0, "a loop that stores to the code before it");
    // mov esi, ecx; lea rdi, [rip + 64]; xor eax, eax; again: push rdi; mov ecx, 32; rep stosb; pop rdi; add eax, 1; sub esi, 1; jnz again
    static const unsigned char filling[] = {
        0x89, 0xCE, 0x48, 0x8D, 0x3D, 0x40, 0, 0, 0, 0x31, 0xC0,
        0x57, 0xB9, 0x20, 0, 0, 0, 0xF3, 0xAA, 0x5F, 0x83, 0xC0, 1, 0x83, 0xEE, 1, 0x75, 0xEF, 0xC3,
    };
    wrong = putLoop(code, 3000, filling, sizeof filling) != 3000;
    for (int n = 0; n < 32; n++) wrong += code[5 + 9 + 0x40 + n] != (2999 & 255);
    check(wrong == 0, "a loop that fills what stands behind it");
}

static void *runFromThread(void *code) {
    run(code);
    return NULL;
}

static void changedByAThread(void) {
    unsigned char *code = page(ALL);
    // again: add qword [rip + 245], 1; sub ecx, 1; jnz again; ret: a counter in the page.
    static const unsigned char counting[] = {0x48, 0x83, 0x05, 0xF4, 0, 0, 0, 1, 0x83, 0xE9, 1, 0x75, 0xF3, 0xC3};
    volatile long *count = (void *)(code + 5 + 8 + 0xF4);
    putLoop(code, 100000, counting, sizeof counting);
    int wrong = *count != 100000;
    // As often as can be; the other thread takes the jump away.
    memset(code + 1, 0xFF, 4);
    code[4] = 0x7F;
    for (int round = 0; round < 3; round++) {
        pthread_t thread;
        long before = *count;
        if (pthread_create(&thread, NULL, runFromThread, code)) return perror("pthread_create");
        while (*count < before + 100000) sched_yield();
        __atomic_store_n((unsigned short *)(code + 16), 0x9090, __ATOMIC_SEQ_CST);
        pthread_join(thread, NULL);
        wrong += *count >= before + 0x7FFFFFFF;
        __atomic_store_n((unsigned short *)(code + 16), 0xF375, __ATOMIC_SEQ_CST);
    }
    check(wrong == 0, "a loop that another thread ends");
}

static void acrossPages(void) {
    unsigned char *code = mmap(NULL, 2 * PAGE, ALL, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    put(code + PAGE - 3, 0x01020304);
    int before = run(code + PAGE - 3);
    code[PAGE] = 7;  // The third byte of the number.
    check(before == 0x01020304 && run(code + PAGE - 3) == 0x01070304, "an instruction that goes on in the next page");
}

static void mappedTwice(void) {
    int file = memfd_create("code", 0);
    if (file < 0 || ftruncate(file, PAGE)) return perror("memfd");
    unsigned char *writable = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    unsigned char *executable = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, file, 0);
    int wrong = 0;
    for (int n = 0; n < 100; n++) {
        put(writable, n);
        wrong += run(executable) != n;
    }
    check(wrong == 0, "memory that is mapped twice");
    for (int n = 0; n < 100; n++) {
        unsigned char code[6];
        put(code, n);
        wrong += pwrite(file, code, 6, 0) != 6 || run(executable) != n;
    }
    check(wrong == 0, "and written through its file");
    close(file);
}

static void writtenByTheKernel(void) {
    unsigned char *code = page(ALL);
    int ends[2], wrong = 0;
    if (pipe(ends)) return perror("pipe");
    for (int n = 0; n < 100; n++) {
        unsigned char next[6];
        put(next, n);
        wrong += write(ends[1], next, 6) != 6 || read(ends[0], code, 6) != 6 || run(code) != n;
    }
    check(wrong == 0, "a function that read(2) writes");
}

static void protected(void) {
    unsigned char *code = page(PROT_READ | PROT_WRITE);
    int wrong = 0;
    for (int n = 0; n < 100; n++) {
        put(code, n);
        wrong += mprotect(code, PAGE, PROT_READ | PROT_EXEC) != 0 || run(code) != n;
        wrong += mprotect(code, PAGE, PROT_READ | PROT_WRITE) != 0;
    }
    check(wrong == 0, "memory that is writable or executable in turn");
    put(code, 1);
    wrong = mprotect(code, PAGE, ALL) != 0 || run(code) != 1;
    wrong += madvise(code, PAGE, MADV_DONTNEED) != 0;
    put(code, 2);
    check(wrong == 0 && run(code) == 2, "memory that was given back between");
}

int main(void) {
    patched();
    writesItself();
    loopsThatChange();
    changedByAThread();
    acrossPages();
    mappedTwice();
    writtenByTheKernel();
    protected();
    if (!failures) puts("all well");
    return failures != 0;
}
