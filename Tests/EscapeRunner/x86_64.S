// Accesses to memory of every kind: see arm64.S and EscapeRunner.swift. Registers by their numbers: 0 rax, 1 rcx, 2 rdx, 3 rbx, 4 rsp, 5 rbp,
// 6 rsi, 7 rdi.

    .macro access flags, size, form, register, delta, instruction:vararg
    .balign 128
    .byte \flags, \size, \form, \register
    .long \delta
    .asciz "\instruction"
    .balign 64
    \instruction
    syscall
    .endm

    .set R, 1
    .set W, 2
    .set X, 4
    .set S, 8       // may lie across a border
    .set N, 16      // never faults
    .set A, 32      // an area, of which any byte may be named
    .set plain, 0
    .set indexed, 1
    .set signed, 2
    .set bit, 3
    .set gather, 4
    .set gather32, 5

    access R,   1, plain, 0, 0, mov (%rax), %cl
    access R|S, 2, plain, 0, 0, movzwl (%rax), %ecx
    access R|S, 4, plain, 0, 0, mov (%rax), %ecx
    access R|S, 8, plain, 0, 0, mov (%rax), %rcx
    access R|S, 4, plain, 0, 0, movslq (%rax), %rcx
    access R|S, 8, plain, 0, -0x7FFFFFFF, mov 0x7FFFFFFF(%rax), %rcx
    access R|S, 8, plain, 0, 0x7FFFFFFF, mov -0x7FFFFFFF(%rax), %rcx
    access R|S, 8, indexed, 0, 0, mov (%rax, %rcx), %rbx
    access R|S, 8, indexed, 0, 3, mov (%rax, %rcx, 8), %rbx
    access R|S, 8, plain, 4, 0, mov (%rsp), %rbx
    access R|S, 8, plain, 5, 8, mov -8(%rbp), %rbx
    access R|S, 8, plain, 0, 0, add (%rax), %rbx
    access R|S, 8, plain, 0, 0, cmp %rbx, (%rax)
    access R|S, 8, plain, 0, 0, imul (%rax), %rbx
    access R|S, 8, plain, 0, 0, testq $1, (%rax)
    access R|S, 8, plain, 0, 0, popcnt (%rax), %rbx
    access R|S, 8, plain, 0, 0, movbe (%rax), %rbx
    access R|S, 8, plain, 0, 0, cmovz (%rax), %rbx
    access R,   1, plain, 3, -7, xlat

    access W,   1, plain, 0, 0, mov %cl, (%rax)
    access W|S, 2, plain, 0, 0, movw $1, (%rax)
    access W|S, 4, plain, 0, 0, mov %ecx, (%rax)
    access W|S, 8, plain, 0, 0, mov %rcx, (%rax)
    access W|S, 8, plain, 0, 0, movq $-1, (%rax)
    access W|S, 8, plain, 0, -0x7FFFFFFF, mov %rcx, 0x7FFFFFFF(%rax)
    access W|S, 8, indexed, 0, 3, mov %rbx, (%rax, %rcx, 8)
    access W|S, 8, plain, 0, 0, movnti %rcx, (%rax)
    access W,   1, plain, 0, 0, setz (%rax)
    access R|W|S, 8, plain, 0, 0, add %rcx, (%rax)
    access R|W|S, 8, plain, 0, 0, notq (%rax)
    access R|W|S, 8, plain, 0, 0, shlq $3, (%rax)
    access R|W|S, 8, plain, 0, 0, shldq $3, %rcx, (%rax)

    // Locked.
    access R|W, 8, plain, 0, 0, lock addq $1, (%rax)
    access R|W, 1, plain, 0, 0, lock orb $1, (%rax)
    access R|W, 8, plain, 0, 0, xchg %rcx, (%rax)
    access R|W, 8, plain, 0, 0, lock xadd %rcx, (%rax)
    access R|W, 8, plain, 3, 0, lock cmpxchg %rcx, (%rbx)
    access R|W, 8, plain, 6, 0, lock cmpxchg8b (%rsi)
    access R|W, 16, plain, 6, 0, lock cmpxchg16b (%rsi)
    access R|W, 8, plain, 0, 0, lock btsq $3, (%rax)

    // Bits whose number reaches far.
    access R, 1, bit, 3, 0, bt %rcx, (%rbx)
    access R|W, 1, bit, 3, 0, bts %rcx, (%rbx)
    access R|W, 1, bit, 3, 0, lock btc %rcx, (%rbx)

    // Stack.
    access W|S, 8, plain, 4, 8, push %rcx
    access W|S, 8, plain, 4, 8, pushq $1
    access W|S, 2, plain, 4, 2, pushw $1
    access W|S, 8, plain, 4, 8, pushfq
    access R|S, 8, plain, 4, 0, pop %rcx
    access R|S, 8, plain, 4, 0, popfq
    access R|S, 8, plain, 0, 0, push (%rax)
    access W|S, 8, plain, 0, 0, pop (%rax)
    access R|S, 8, plain, 5, 0, leave
    access W|S, 8, plain, 4, 8, enter $16, $0
    access W|S, 8, plain, 4, 8, call . + 5
    access W|S, 8, plain, 4, 8, call *%rdx
    access R|S, 8, plain, 0, 0, call *(%rax)
    access R|S, 8, plain, 0, 0, jmp *(%rax)
    access R|S, 8, plain, 4, 0, ret
    access R|S, 8, plain, 4, 0, ret $8

    // Strings.
    access R,   1, plain, 6, 0, lodsb
    access R|S, 8, plain, 6, 0, lodsq
    access W|S, 8, plain, 7, 0, stosq
    access R|S, 8, plain, 6, 0, movsq
    access W|S, 8, plain, 7, 0, movsq
    access R|S, 8, plain, 6, 0, cmpsq
    access R|S, 8, plain, 7, 0, cmpsq
    access R|S, 8, plain, 7, 0, scasq
    access R,   1, plain, 6, 0, rep movsb
    access W,   1, plain, 7, 0, rep movsb
    access R,   8, plain, 6, 0, rep movsq
    access W,   8, plain, 7, 0, rep movsq
    access W,   1, plain, 7, 0, rep stosb
    access W,   8, plain, 7, 0, rep stosq
    access R,   1, plain, 7, 0, repne scasb
    access R,   1, plain, 6, 0, repe cmpsb

    // Vectors.
    access R|S, 16, plain, 0, 0, movups (%rax), %xmm1
    access R,   16, plain, 0, 0, movaps (%rax), %xmm1
    access R|S, 32, plain, 0, 0, vmovups (%rax), %ymm1
    access R,   32, plain, 0, 0, vmovaps (%rax), %ymm1
    access R|S, 8,  plain, 0, 0, movq (%rax), %xmm1
    access R|S, 8,  plain, 0, 0, movhps (%rax), %xmm1
    access R|S, 8,  plain, 0, 0, addsd (%rax), %xmm1
    access R,   16, plain, 0, 0, addps (%rax), %xmm1
    access R|S, 32, plain, 0, 0, vpaddd (%rax), %ymm1, %ymm2
    access R|S, 4,  plain, 0, 0, vbroadcastss (%rax), %ymm1
    access R|S, 16, plain, 0, 0, vbroadcastf128 (%rax), %ymm1
    access R|S, 16, plain, 0, 0, lddqu (%rax), %xmm1
    access R|S, 8,  plain, 0, 0, pmovzxbw (%rax), %xmm1
    access R|S, 4,  plain, 0, 0, pinsrd $1, (%rax), %xmm1
    access R|S, 8,  plain, 0, 0, movq (%rax), %mm1
    access W|S, 16, plain, 0, 0, movups %xmm1, (%rax)
    access W,   16, plain, 0, 0, movntps %xmm1, (%rax)
    access W|S, 32, plain, 0, 0, vmovups %ymm1, (%rax)
    access W|S, 8,  plain, 0, 0, movlps %xmm1, (%rax)
    access W|S, 4,  plain, 0, 0, extractps $1, %xmm1, (%rax)
    access W|S, 16, plain, 0, 0, vextractf128 $1, %ymm1, (%rax)
    access W|S, 8,  plain, 0, 0, movntq %mm1, (%rax)
    access W,   16, plain, 7, 0, maskmovdqu %xmm2, %xmm1
    access R|W, 8,  plain, 7, 0, maskmovq %mm2, %mm1
    access R,   32, plain, 0, 0, vmaskmovps (%rax), %ymm2, %ymm1
    access W,   32, plain, 0, 0, vmaskmovps %ymm1, %ymm2, (%rax)
    access W,   32, plain, 0, 0, vpmaskmovq %ymm1, %ymm2, (%rax)
    access R,   8,  gather, 3, 0, vpgatherqq %ymm2, (%rbx, %ymm3), %ymm1
    access R,   8,  gather, 3, 0, vgatherqpd %xmm2, (%rbx, %xmm3), %xmm1
    access R,   4,  gather32, 3, 0, vpgatherdd %ymm2, (%rbx, %ymm3), %ymm1

    // x87 and the areas of state.
    access R|S, 4,  plain, 0, 0, flds (%rax)
    access R|S, 8,  plain, 0, 0, fldl (%rax)
    access R|S, 10, plain, 0, 0, fldt (%rax)
    access R|S, 8,  plain, 0, 0, fildll (%rax)
    access R|S, 8,  plain, 0, 0, faddl (%rax)
    access R|S, 10, plain, 0, 0, fbld (%rax)
    access R|S, 2,  plain, 0, 0, fldcw (%rax)
    access R|A|S, 28, plain, 0, 0, fldenv (%rax)
    access R|A|S, 108, plain, 0, 0, frstor (%rax)
    access W|S, 8,  plain, 0, 0, fstl (%rax)
    access W|S, 10, plain, 0, 0, fstpt (%rax)
    access W|S, 10, plain, 0, 0, fbstp (%rax)
    access W|S, 8,  plain, 0, 0, fistpll (%rax)
    access W|S, 2,  plain, 0, 0, fnstcw (%rax)
    access W|S, 2,  plain, 0, 0, fnstsw (%rax)
    access W|A|S, 28, plain, 0, 0, fnstenv (%rax)
    access W|A|S, 108, plain, 0, 0, fnsave (%rax)
    access R|S, 4,  plain, 0, 0, ldmxcsr (%rax)
    access W|S, 4,  plain, 0, 0, stmxcsr (%rax)
    access W|A,   255, plain, 3, 0, fxsave (%rbx)
    access R|A,   255, plain, 3, 0, fxrstor (%rbx)
    access R|W|A, 255, plain, 3, 0, xsave (%rbx)
    access R|A,   255, plain, 3, 0, xrstor (%rbx)

    // What only might be an access.
    access N, 0, plain, 0, 0, prefetcht0 (%rax)
    access N, 0, plain, 0, 0, prefetchw (%rax)
    access N, 0, plain, 0, 0, nopl (%rax)
    access N, 0, plain, 0, 0, lea (%rax), %rcx

    // Fetches.
    access X, 1, plain, 0, 0, jmp *%rax
    access X, 1, plain, 0, 0, call *%rax
    .balign 128
