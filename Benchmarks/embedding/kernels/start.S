/* The entry of a bare kernel: calls it with the register that holds its argument, and ends with an instruction for the embedder. */
    .globl _start
_start:
#ifdef __aarch64__
    bl kernel
    .globl stop
stop:
    svc #0
#else
    call kernel
    .globl stop
stop:
    syscall
#endif
