// Writes the signal frame that the kernel makes for known registers to standard output: its address, that of the XSAVE area
// and the interrupted stack pointer, then the frame and the area. "alternate" puts it on an alternate stack.
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ucontext.h>
#include <unistd.h>

enum { FRAME = 440 };

static uint64_t vectors[16][4];
static uint32_t mxcsr = 0x1fa5;
static int with_avx;
static char stack[1 << 16] __attribute__((aligned(4096)));

static void put(const void *data, size_t size) {
    if (write(1, data, size) != (ssize_t)size) _exit(2);
}

static void handler(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)info;
    ucontext_t *c = context;
    char *frame = (char *)context - 8, *area = (char *)c->uc_mcontext.fpregs;
    uint32_t size;
    memcpy(&size, area + 464 + 4, 4);
    uint64_t head[] = {(uint64_t)frame, (uint64_t)area, c->uc_mcontext.gregs[REG_RSP], size};
    put(head, sizeof head);
    put(frame, FRAME);
    put(area, size);
    _exit(0);
}

int main(int argc, char **argv) {
    (void)argv;
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigaddset(&action.sa_mask, SIGUSR1);
    sigaction(SIGILL, &action, 0);
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR2);
    sigprocmask(SIG_BLOCK, &blocked, 0);
    if (argc > 1) sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, 0);
    with_avx = __builtin_cpu_supports("avx");
    for (int i = 0; i < 16; i++)
        for (int j = 0; j < (with_avx ? 4 : 2); j++) vectors[i][j] = 0x0101010101010101u * (i + 1) + 0x1000 * j;
    __asm__ volatile(
        "fninit\n fld1\n fldpi\n fldz\n ldmxcsr %1\n cmpl $0, %2\n lea %0, %%rax\n je 1f\n"
        ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n vmovdqu 32*\\n(%%rax), %%ymm\\n\n .endr\n jmp 2f\n"
        "1: .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n movdqu 32*\\n(%%rax), %%xmm\\n\n .endr\n"
        "2: mov $0x101, %%ecx\n mov $0x202, %%edx\n mov $0x303, %%ebx\n mov $0x606, %%esi\n mov $0x707, %%edi\n"
        ".irp n, 8,9,10,11,12,13,14,15\n mov $0x1000+\\n, %%r\\n\n .endr\n"
        "mov $0x505, %%ebp\n xor %%eax, %%eax\n dec %%rax\n stc\n ud2"
        :
        : "m"(vectors), "m"(mxcsr), "m"(with_avx));
    return 1;
}
