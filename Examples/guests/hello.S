// The smallest guest: an AArch64 Linux program of some 180 bytes, ELF header included. What is assembled
// here is the whole file (objcopy -O binary), so that nothing is in the program that is not below.

        .equ    base, 0x400000

elf:    .byte   0x7f, 'E', 'L', 'F', 2, 1, 1, 0         // 64 bits, little-endian
        .quad   0
        .hword  2, 183                                  // ET_EXEC, EM_AARCH64
        .word   1
        .quad   base + _start - elf                     // entry
        .quad   segment - elf, 0                        // program headers, no section headers
        .word   0
        .hword  64, 56, 1, 0, 0, 0

segment:
        .word   1, 5                                    // PT_LOAD, readable and executable
        .quad   0, base, base, end - elf, end - elf, 4096

        .globl  _start
_start: mov     x0, #1                                  // write(1, text, length)
        adr     x1, text
        mov     x2, #end - text
        mov     x8, #64
        svc     #0
        mov     x0, #0                                  // exit_group(0)
        mov     x8, #94
        svc     #0

text:   .ascii  "Hello from AArch64\n"
end:
