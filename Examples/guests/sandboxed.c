// A guest of Examples/Sandbox: asks for what it gets, for what it does not get, and then for what nobody has. Freestanding: the sandbox
// has no C library's start to serve.
#include <stddef.h>

static long call(long number, long a, long b, long c) {
    register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
    return x0;
}

enum { openat = 56, write = 64, getpid = 172, brk = 214 };

static void say(const char *text) {
    size_t length = 0;
    while (text[length]) length++;
    call(write, 1, (long)text, length);
}

static void say_number(const char *what, long value) {
    char digits[24], *at = digits + sizeof digits;
    unsigned long rest = value < 0 ? -value : value;
    *--at = 0, *--at = '\n';
    do *--at = '0' + rest % 10;
    while (rest /= 10);
    if (value < 0) *--at = '-';
    say(what), say(at);
}

void _start(void) {
    say("guest: hello\n");
    say_number("guest: openat gives ", call(openat, -100, (long)"/etc/passwd", 0));
    say_number("guest: getpid gives ", call(getpid, 0, 0, 0));
    say_number("guest: writing from nowhere gives ", call(write, 1, 16, 100));

    long *heap = (long *)call(brk, 0, 0, 0);
    if (call(brk, (long)heap + 65536, 0, 0) != (long)heap + 65536) say("guest: there is no heap\n");
    long sum = 0;
    for (long i = 0; i < 8192; i++) heap[i] = i;
    for (long i = 0; i < 8192; i++) sum += heap[i];
    say_number("guest: the heap holds numbers with the sum ", sum);

    // Where the host's stack or its libraries may well be.
    say("guest: reading the host's memory\n");
    for (volatile char *at = (volatile char *)0x7F0000000000; *at != 'x'; at += 4096) {}
    say("guest: that went well\n");
    for (;;) {}
}
