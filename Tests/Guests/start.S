// The state a program starts with, without a C library: the argument strings go to standard output, a line each, and the exit
// status is their number. A stack pointer that is not a multiple of 16 gives 99.
    .text
    .globl _start
_start:
    mov x19, sp
    tst x19, #15
    b.ne 9f
    ldr x20, [x19]              // argc
    add x21, x19, #8            // argv
1:  ldr x22, [x21], #8
    cbz x22, 4f
    mov x2, #0
2:  ldrb w3, [x22, x2]
    cbz w3, 3f
    add x2, x2, #1
    b 2b
3:  mov x0, #1
    mov x1, x22
    mov x8, #64                 // write
    svc #0
    mov x0, #1
    adr x1, newline
    mov x2, #1
    svc #0
    b 1b
4:  mov x0, x20
    mov x8, #94                 // exit_group
    svc #0
9:  mov x0, #99
    mov x8, #94
    svc #0
newline:
    .ascii "\n"
