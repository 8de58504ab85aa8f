// The vDSO of an AArch64 guest: what the kernel gives every program, with its names (arch/arm64/kernel/vdso). Scripts/generate
// makes Sources/LyrebirdLinux/Generated/ARM64VDSO.swift of it.
//
// At `clock_of_gettime` and `clock_of_gettimeofday` stands a function of the host's in place of the instruction: X0 = nanoseconds
// of the clock in X0, all ones if it cannot tell, and nothing else changes. Where no such function is set, after the guest has
// moved the image for instance, the instruction says the same by itself, and the kernel is asked.

#define CALL_GETTIMEOFDAY 169
#define CALL_CLOCK_GETTIME 113
#define CALL_CLOCK_GETRES 114
#define CALL_RT_SIGRETURN 139

        .text
        .balign 16

        .macro function name
        .globl \name
        .type \name, %function
\name:
        .endm

        .macro begin name
        function \name
        .cfi_startproc
        .endm

        .macro end name
        .cfi_endproc
        .size \name, . - \name
        .endm

// X0 = nanoseconds in: X3 = seconds, X0 = the rest. 0x44b82fa09b5a53 is 2^84 / 10^9, rounded up, which is
// exact for what 64 bits hold.
        .macro split
        movz x3, #0x5a53
        movk x3, #0xa09b, lsl #16
        movk x3, #0xb82f, lsl #32
        movk x3, #0x0044, lsl #48
        lsr x4, x0, #9
        umulh x3, x4, x3
        lsr x3, x3, #11
        movz w4, #0xca00
        movk w4, #0x3b9a, lsl #16
        msub x0, x3, x4, x0
        .endm

// int __kernel_clock_gettime(clockid_t clock, struct timespec *time)
        begin __kernel_clock_gettime
        mov x2, x0
clock_of_gettime:
        mov x0, #-1
        tbnz x0, #63, 1f
        split
        stp x3, x0, [x1]
        mov w0, #0
        ret
1:      mov x0, x2
        mov x8, #CALL_CLOCK_GETTIME
        svc #0
        ret
        end __kernel_clock_gettime

// int __kernel_gettimeofday(struct timeval *time, struct timezone *zone)
        .balign 16
        begin __kernel_gettimeofday
        mov x2, x0
        cbz x0, 1f
        cbnz x1, 1f
        mov x0, #0
clock_of_gettimeofday:
        mov x0, #-1
        tbnz x0, #63, 1f
        split
        // Nanoseconds, less than 2^30, to microseconds: 274877907 is 2^38 / 1000, rounded up.
        movz w4, #0x4dd3
        movk w4, #0x1062, lsl #16
        umull x0, w0, w4
        lsr x0, x0, #38
        stp x3, x0, [x2]
        mov w0, #0
        ret
1:      mov x0, x2
        mov x8, #CALL_GETTIMEOFDAY
        svc #0
        ret
        end __kernel_gettimeofday

// int __kernel_clock_getres(clockid_t clock, struct timespec *resolution)
        .balign 16
        begin __kernel_clock_getres
        mov x8, #CALL_CLOCK_GETRES
        svc #0
        ret
        end __kernel_clock_getres

// Signal handlers return to it. Unwinders know a signal frame by its two instructions, and look up the caller of the one before:
// that is the NOP. As in the kernel, nothing else tells them.
        .balign 16
        nop
function __kernel_rt_sigreturn
        mov x8, #CALL_RT_SIGRETURN
        svc #0
        .size __kernel_rt_sigreturn, . - __kernel_rt_sigreturn
        .section .note.GNU-stack, "", %progbits
