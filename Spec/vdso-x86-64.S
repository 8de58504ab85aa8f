// The vDSO of an x86-64 guest: what the kernel gives every program, with its names (arch/x86/entry/vdso). Scripts/generate makes
// Sources/LyrebirdLinux/Generated/X8664VDSO.swift of it.
//
// At the labels that begin with `clock_of` and `processor_of` stands a function of the host's in place of the one-byte instruction.
// RAX = nanoseconds of the clock in RDI, or the processor's number, and negative if it cannot tell. Nothing else changes. Where no such function is set, after the guest has moved the image for instance, RAX
// is negative by then, and the kernel is asked.

#define CALL_GETTIMEOFDAY 96
#define CALL_TIME 201
#define CALL_CLOCK_GETTIME 228
#define CALL_CLOCK_GETRES 229
#define CALL_GETCPU 309

#define CLOCK_REALTIME 0
#define CLOCK_REALTIME_COARSE 5

        .text

// The kernel has each function under two names.
        .macro function name
        .balign 16
        .globl __vdso_\name
        .type __vdso_\name, @function
        .weak \name
        .type \name, @function
__vdso_\name:
\name:
        .cfi_startproc
        .endm

        .macro end name
        .cfi_endproc
        .size __vdso_\name, . - __vdso_\name
        .size \name, . - \name
        .endm

// RAX = nanoseconds in: RDX = seconds, RCX = the rest. 0x44b82fa09b5a53 is 2^84 / 10^9, rounded up, which is exact for what 64
// bits hold.
        .macro split
        mov %rax, %rcx
        movabs $0x44b82fa09b5a53, %rdx
        shr $9, %rax
        mul %rdx
        shr $11, %rdx
        imul $1000000000, %rdx, %rax
        sub %rax, %rcx
        .endm

// int clock_gettime(clockid_t clock, struct timespec *time)
        function clock_gettime
        mov $-1, %rax
clock_of_gettime:
        nop
        test %rax, %rax
        js 1f
        split
        mov %rdx, (%rsi)
        mov %rcx, 8(%rsi)
        xor %eax, %eax
        ret
1:      mov $CALL_CLOCK_GETTIME, %eax
        syscall
        ret
        end clock_gettime

// int gettimeofday(struct timeval *time, struct timezone *zone)
        function gettimeofday
        test %rdi, %rdi
        jz 1f
        test %rsi, %rsi
        jnz 1f
        mov %rdi, %r8
        mov $CLOCK_REALTIME, %edi
        mov $-1, %rax
clock_of_gettimeofday:
        nop
        mov %r8, %rdi
        test %rax, %rax
        js 1f
        split
        // Nanoseconds, less than 2^30, to microseconds: 274877907 is 2^38 / 1000, rounded up.
        imul $274877907, %rcx, %rcx
        shr $38, %rcx
        mov %rdx, (%rdi)
        mov %rcx, 8(%rdi)
        xor %eax, %eax
        ret
1:      mov $CALL_GETTIMEOFDAY, %eax
        syscall
        ret
        end gettimeofday

// time_t time(time_t *time)
        function time
        mov %rdi, %r8
        mov $CLOCK_REALTIME_COARSE, %edi
        mov $-1, %rax
clock_of_time:
        nop
        mov %r8, %rdi
        test %rax, %rax
        js 2f
        split
        mov %rdx, %rax
        test %rdi, %rdi
        jz 1f
        mov %rax, (%rdi)
1:      ret
2:      mov $CALL_TIME, %eax
        syscall
        ret
        end time

// int clock_getres(clockid_t clock, struct timespec *resolution)
        function clock_getres
        mov $CALL_CLOCK_GETRES, %eax
        syscall
        ret
        end clock_getres

// int getcpu(unsigned *processor, unsigned *node, void *unused). Few ask for the node.
        function getcpu
        test %rsi, %rsi
        jnz 2f
        mov $-1, %rax
processor_of_getcpu:
        nop
        test %rax, %rax
        js 2f
        test %rdi, %rdi
        jz 1f
        mov %eax, (%rdi)
1:      xor %eax, %eax
        ret
2:      mov $CALL_GETCPU, %eax
        syscall
        ret
        end getcpu
        .section .note.GNU-stack, "", @progbits
