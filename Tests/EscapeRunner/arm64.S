// Accesses to memory of every kind, each a record of 128 bytes: flags, bytes, form, the register that gets the address, what is added to
// it; the instruction as text; at 64, the instruction and the end. EscapeRunner.swift says what the flags and forms mean.

    .arch armv8.5-a+crypto+fp16
    .macro access flags, size, form, register, delta, instruction:vararg
    .balign 128
    .byte \flags, \size, \form, \register
    .long \delta
    .asciz "\instruction"
    .balign 64
    \instruction
    svc #0
    .endm

    .set R, 1
    .set W, 2
    .set X, 4
    .set S, 8       // may lie across a border
    .set N, 16      // never faults
    .set plain, 0
    .set indexed, 1
    .set signed, 2

    // Loads of one register, with every way to say where.
    access R,   1, plain, 0, 0, ldrb w1, [x0]
    access R|S, 2, plain, 0, 0, ldrh w1, [x0]
    access R|S, 4, plain, 0, 0, ldr w1, [x0]
    access R|S, 8, plain, 0, 0, ldr x1, [x0]
    access R,   1, plain, 0, 0, ldrsb x1, [x0]
    access R|S, 2, plain, 0, 0, ldrsh w1, [x0]
    access R|S, 4, plain, 0, 0, ldrsw x1, [x0]
    access R|S, 8, plain, 0, -32760, ldr x1, [x0, #32760]
    access R|S, 8, plain, 0, 256, ldur x1, [x0, #-256]
    access R|S, 8, plain, 0, 256, ldr x1, [x0, #-256]!
    access R|S, 8, plain, 0, -255, ldr x1, [x0, #255]!
    access R|S, 8, plain, 0, 0, ldr x1, [x0], #-256
    access R|S, 8, indexed, 0, 0, ldr x1, [x0, x2]
    access R|S, 8, indexed, 0, 3, ldr x1, [x0, x2, lsl #3]
    access R|S, 4, indexed, 0, 2, ldr w1, [x0, x2, lsl #2]
    access R,   1, indexed, 0, 0, ldrb w1, [x0, x2]
    access R|S, 8, signed, 0, 0, ldr x1, [x0, w2, sxtw]
    access R|S, 8, signed, 0, 3, ldr x1, [x0, w2, sxtw #3]
    access R|S, 8, plain, 0, 0, ldtr x1, [x0]
    access R|S, 8, plain, 31, 0, ldr x1, [sp]
    access R|S, 8, plain, 31, -16, ldr x1, [sp, #16]!
    access R,   8, plain, 0, 0, ldr xzr, [x0]
    access R,   8, plain, 0, 0, ldapur x1, [x0]

    access W,   1, plain, 0, 0, strb w1, [x0]
    access W|S, 2, plain, 0, 0, strh w1, [x0]
    access W|S, 4, plain, 0, 0, str w1, [x0]
    access W|S, 8, plain, 0, 0, str x1, [x0]
    access W|S, 8, plain, 0, 0, str xzr, [x0]
    access W|S, 8, plain, 0, -32760, str x1, [x0, #32760]
    access W|S, 8, plain, 0, 256, str x1, [x0, #-256]!
    access W|S, 8, plain, 0, 0, str x1, [x0], #255
    access W|S, 8, indexed, 0, 0, str x1, [x0, x2]
    access W|S, 8, indexed, 0, 3, str x1, [x0, x2, lsl #3]
    access W|S, 8, signed, 0, 3, str x1, [x0, w2, sxtw #3]
    access W|S, 8, plain, 0, 0, sttr x1, [x0]
    access W|S, 8, plain, 31, 16, str x1, [sp, #-16]!
    access W,   8, plain, 0, 0, stlur x1, [x0]

    // Pairs, and vectors.
    access R|S, 16, plain, 0, 0, ldp x1, x2, [x0]
    access R|S, 8,  plain, 0, 0, ldp w1, w2, [x0]
    access R|S, 16, plain, 0, 512, ldp x1, x2, [x0, #-512]!
    access R|S, 16, plain, 0, 0, ldp x1, x2, [x0], #504
    access R|S, 16, plain, 0, 0, ldnp x1, x2, [x0]
    access R|S, 8,  plain, 0, 0, ldpsw x1, x2, [x0]
    access R|S, 32, plain, 0, 0, ldp q1, q2, [x0]
    access R|S, 16, plain, 0, 0, ldp d1, d2, [x0]
    access W|S, 16, plain, 0, 0, stp x1, x2, [x0]
    access W|S, 16, plain, 31, 16, stp x1, x2, [sp, #-16]!
    access W|S, 32, plain, 0, 0, stp q1, q2, [x0]
    access W|S, 32, plain, 0, 1024, stp q1, q2, [x0, #-1024]!
    access W|S, 32, plain, 0, 0, stnp q1, q2, [x0]
    access R,   1,  plain, 0, 0, ldr b1, [x0]
    access R|S, 2,  plain, 0, 0, ldr h1, [x0]
    access R|S, 4,  plain, 0, 0, ldr s1, [x0]
    access R|S, 8,  plain, 0, 0, ldr d1, [x0]
    access R|S, 16, plain, 0, 0, ldr q1, [x0]
    access R|S, 16, indexed, 0, 4, ldr q1, [x0, x2, lsl #4]
    access W|S, 16, plain, 0, 0, str q1, [x0]
    access W|S, 16, plain, 0, -65520, str q1, [x0, #65520]
    access W|S, 16, indexed, 0, 4, str q1, [x0, x2, lsl #4]
    access R|S, 64, plain, 0, 0, ld1 {v1.16b-v4.16b}, [x0]
    access R|S, 32, plain, 0, 0, ld2 {v1.8h-v2.8h}, [x0]
    access R|S, 48, plain, 0, 0, ld3 {v1.4s-v3.4s}, [x0]
    access R|S, 64, plain, 0, 0, ld4 {v1.2d-v4.2d}, [x0], #64
    access R,   1,  plain, 0, 0, ld1 {v1.b}[3], [x0]
    access R|S, 8,  plain, 0, 0, ld1r {v1.2d}, [x0]
    access R|S, 16, plain, 0, 0, ld4 {v1.s-v4.s}[1], [x0]
    access W|S, 64, plain, 0, 0, st1 {v1.16b-v4.16b}, [x0]
    access W|S, 64, plain, 0, 0, st4 {v1.16b-v4.16b}, [x0], #64
    access W|S, 8,  plain, 0, 0, st1 {v1.d}[1], [x0]

    // Ordered, exclusive and atomic.
    access R, 8,  plain, 0, 0, ldar x1, [x0]
    access R, 8,  plain, 0, 0, ldapr x1, [x0]
    access W, 8,  plain, 0, 0, stlr x1, [x0]
    access R, 8,  plain, 0, 0, ldxr x1, [x0]
    access R, 16, plain, 0, 0, ldxp x1, x2, [x0]
    access R, 16, plain, 0, 0, ldaxp x1, x2, [x0]
    access R, 1,  plain, 0, 0, ldaxrb w1, [x0]
    access R|W, 1,  plain, 0, 0, swpb w1, w2, [x0]
    access R|W, 8,  plain, 0, 0, swpal x1, x2, [x0]
    access R|W, 8,  plain, 0, 0, ldadd x1, x2, [x0]
    access R|W, 4,  plain, 0, 0, ldaddal w1, w2, [x0]
    access R|W, 8,  plain, 0, 0, stset x1, [x0]
    access R|W, 8,  plain, 0, 0, ldsmaxal x1, x2, [x0]
    access R|W, 2,  plain, 0, 0, ldumaxh w1, w2, [x0]
    access R|W, 8,  plain, 0, 0, cas x1, x2, [x0]
    access R|W, 8,  plain, 0, 0, casal x1, x2, [x0]
    access R|W, 16, plain, 0, 0, caspal x2, x3, x4, x5, [x0]

    // Caches, and what only might be an access.
    access W, 64, plain, 0, 0, dc zva, x0
    access N, 0,  plain, 0, 0, prfm pldl1keep, [x0]
    access N, 0,  plain, 0, 0, prfm pstl1strm, [x0, #32760]
    access N, 0,  indexed, 0, 3, prfm plil1keep, [x0, x2, lsl #3]

    // Fetches.
    access X, 4, plain, 0, 0, br x0
    access X, 4, plain, 0, 0, blr x0
    access X, 4, plain, 0, 0, ret x0
    .balign 128
