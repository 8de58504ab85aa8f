// A program without an operating system, for Examples/BareMetalARM64, which says what the machine is like. Assembled and made a raw
// image, which stands at 0x40000000; the handler of interrupts is 0x400 bytes behind the start.

#define UART        0x09000000  // +0: what is written is printed
#define TIMER       0x09010000  // +0: microseconds since the start; +8: interrupts after so many

#ifndef INTERVAL
#define INTERVAL    2000        // microseconds from one interrupt to the next
#endif

    .text
_start:
    ldr x19, =UART
    ldr x20, =TIMER
    adr x22, ticks
    ldr x23, [x20]
    adr x0, greeting
    bl print

    // The first interrupt comes while the CPU is busy.
    mov x0, #INTERVAL
    str x0, [x20, #8]
busy:
    add x24, x24, #1
    ldr x0, [x22]
    cbz x0, busy
    adr x0, while_busy
    bl print

    // The others are waited for.
idle:
    wfi
    ldr x0, [x22]
    cmp x0, #3
    b.lo idle
    adr x0, while_idle
    bl print

    // Three intervals have passed, on the timer's own account.
    ldr x0, [x20]
    sub x0, x0, x23
    mov x1, #(3 * INTERVAL)
    cmp x0, x1
    adr x0, early
    adr x1, in_time
    csel x0, x0, x1, lo
    bl print
    svc #1                      // power off

// Prints the string at x0.
print:
    ldrb w1, [x0], #1
    cbz w1, 1f
    strb w1, [x19]
    b print
1:  ret

greeting:
    .asciz "Hello from bare AArch64\n"
while_busy:
    .asciz "an interrupt came while the CPU was busy\n"
while_idle:
    .asciz "two more came while it waited\n"
early:
    .asciz "the timer is fast\n"
in_time:
    .asciz "the timer is right\n"

    .balign 8
ticks:
    .quad 0
    .ltorg

    // Counts, and asks for the next interrupt until there were three. It may use any register: the embedder saves all.
    .org 0x400
interrupt:
    adr x0, ticks
    ldr x1, [x0]
    add x1, x1, #1
    str x1, [x0]
    cmp x1, #3
    b.hs 1f
    ldr x0, =TIMER
    mov x2, #INTERVAL
    str x2, [x0, #8]
1:  eret
