// A program without an operating system, for Examples/BareMetalX86, which says what the machine is like. Assembled and made a raw
// image, which stands at 0x100000; the handler of interrupts is 0x400 bytes behind the start.

#define SERIAL      0x3F8       // what is written is printed; 5 behind, bit 5 says that it is ready
#define TIMER       0x40        // reads as microseconds since the start; interrupts after as many as are written

#ifndef INTERVAL
#define INTERVAL    2000        // microseconds from one interrupt to the next
#endif

    .text
_start:
    lea stack_end(%rip), %rsp
    sti
    in $TIMER, %eax
    mov %eax, %ebp
    lea greeting(%rip), %rsi
    call print

    // The first interrupt comes while the CPU is busy.
    mov $INTERVAL, %eax
    out %eax, $TIMER
busy:
    inc %rbx
    cmpl $0, ticks(%rip)
    je busy
    lea while_busy(%rip), %rsi
    call print

    // The others are waited for.
idle:
    cli
    cmpl $3, ticks(%rip)
    jae enough
    sti
    hlt
    jmp idle
enough:
    lea while_idle(%rip), %rsi
    call print

    // Three intervals have passed, on the timer's own account.
    in $TIMER, %eax
    sub %ebp, %eax
    lea early(%rip), %rsi
    lea in_time(%rip), %rdi
    cmp $(3 * INTERVAL), %eax
    cmovae %rdi, %rsi
    call print
    hlt                         // and with interrupts off, for good

// Prints the string at RSI.
print:
    mov $SERIAL + 5, %edx
1:  in %dx, %al
    test $0x20, %al
    jz 1b
    mov $SERIAL, %edx
    lodsb
    test %al, %al
    jz 2f
    out %al, %dx
    jmp print
2:  ret

greeting:
    .asciz "Hello from bare x86-64\n"
while_busy:
    .asciz "an interrupt came while the CPU was busy\n"
while_idle:
    .asciz "two more came while it waited\n"
early:
    .asciz "the timer is fast\n"
in_time:
    .asciz "the timer is right\n"

    // Counts, and asks for the next interrupt until there were three.
    .org 0x400
interrupt:
    push %rax
    incl ticks(%rip)
    cmpl $3, ticks(%rip)
    jae 1f
    mov $INTERVAL, %eax
    out %eax, $TIMER
1:  pop %rax
    iretq

    .balign 16
ticks:
    .quad 0
    .skip 4096
stack_end:
