# Routines whose addresses the signal handlers know.
    .text

# size_t lyrebird_copy(void *to, const void *from, size_t count): returns what was not copied. A fault inside goes on at the
# failure label with RCX as it was.
    .globl lyrebird_copy, lyrebird_copy_start, lyrebird_copy_end, lyrebird_copy_fail
    .globl lyrebird_copy_word_start, lyrebird_copy_word_end, lyrebird_copy_bytes
    .type lyrebird_copy, @function
lyrebird_copy:
    mov %rdx, %rcx
# A word is copied at once. If that faults, the bytes are copied one by one up to the one that cannot be.
lyrebird_copy_word_start:
    cmp $8, %rdx
    ja lyrebird_copy_wide
    je lyrebird_copy_8
    cmp $4, %edx
    je lyrebird_copy_4
    cmp $2, %edx
    je lyrebird_copy_2
    cmp $1, %edx
    jne lyrebird_copy_bytes
    movzbl (%rsi), %eax
    mov %al, (%rdi)
    jmp lyrebird_copy_done
lyrebird_copy_2:
    movzwl (%rsi), %eax
    mov %ax, (%rdi)
    jmp lyrebird_copy_done
lyrebird_copy_4:
    mov (%rsi), %eax
    mov %eax, (%rdi)
    jmp lyrebird_copy_done
lyrebird_copy_8:
    mov (%rsi), %rax
    mov %rax, (%rdi)
    jmp lyrebird_copy_done
lyrebird_copy_wide:
    cmp $16, %rdx
    jne lyrebird_copy_bytes
    movups (%rsi), %xmm0
    movups %xmm0, (%rdi)
lyrebird_copy_word_end:
lyrebird_copy_done:
    xor %eax, %eax
    ret
lyrebird_copy_bytes:
lyrebird_copy_start:
    rep movsb
lyrebird_copy_end:
lyrebird_copy_fail:
    mov %rcx, %rax
    ret

# size_t lyrebird_compare_exchange(void *at, void *expected, const void *new, size_t size): atomically, for 1, 2, 4, 8 or 16 bytes;
# *expected becomes what was there. Returns 0. A fault inside goes on at the failure label, which returns 1.
    .globl lyrebird_compare_exchange, lyrebird_exchange_start, lyrebird_exchange_end, lyrebird_exchange_fail
    .type lyrebird_compare_exchange, @function
lyrebird_compare_exchange:
    push %rbx
    mov %rdx, %r9
    mov %rcx, %r8
    mov (%rsi), %rax
    mov (%r9), %rbx
    cmp $16, %r8
    jne lyrebird_exchange_narrow
    mov 8(%rsi), %rdx
    mov 8(%r9), %rcx
lyrebird_exchange_start:
    lock cmpxchg16b (%rdi)
    mov %rdx, 8(%rsi)
    jmp lyrebird_exchange_done
lyrebird_exchange_narrow:
    cmp $4, %r8
    ja lyrebird_exchange_8
    je lyrebird_exchange_4
    cmp $2, %r8
    je lyrebird_exchange_2
    lock cmpxchg %bl, (%rdi)
    jmp lyrebird_exchange_done
lyrebird_exchange_2:
    lock cmpxchg %bx, (%rdi)
    jmp lyrebird_exchange_done
lyrebird_exchange_4:
    lock cmpxchg %ebx, (%rdi)
    jmp lyrebird_exchange_done
lyrebird_exchange_8:
    lock cmpxchg %rbx, (%rdi)
lyrebird_exchange_done:
lyrebird_exchange_end:
    mov %rax, (%rsi)
    xor %eax, %eax
    pop %rbx
    ret
lyrebird_exchange_fail:
    mov $1, %eax
    pop %rbx
    ret

# long lyrebird_blocking_syscall(const uint32_t *stop, const uint64_t words[7]). A signal between start and end goes on at
# interrupted: the call was not made.
    .globl lyrebird_blocking_syscall, lyrebird_syscall_start, lyrebird_syscall_end, lyrebird_syscall_interrupted
    .type lyrebird_blocking_syscall, @function
lyrebird_blocking_syscall:
    push %rbx
    mov %rdi, %rbx
    mov %rsi, %r11
    mov (%r11), %rax
    mov 8(%r11), %rdi
    mov 16(%r11), %rsi
    mov 24(%r11), %rdx
    mov 32(%r11), %r10
    mov 40(%r11), %r8
    mov 48(%r11), %r9
lyrebird_syscall_start:
    cmpl $0, (%rbx)
    jne lyrebird_syscall_interrupted
    syscall
lyrebird_syscall_end:
    pop %rbx
    ret
lyrebird_syscall_interrupted:
    movabs $0x8000000000000000, %rax
    pop %rbx
    ret

# Keeps every register, that of errors as well: see context.h.
    .globl lyrebird_no_hook
    .type lyrebird_no_hook, @function
lyrebird_no_hook:
    ret

# The way back from a signal handler: rt_sigreturn.
    .globl lyrebird_restore_signal
    .type lyrebird_restore_signal, @function
lyrebird_restore_signal:
    mov $15, %eax
    syscall

# long lyrebird_vfork(flags, parent_tid, child_tid, void (*body)(void *), void *argument): clone(2) without a stack of its own.
# The child runs `body` below this frame, which never returns; the parent waits for it in the kernel (CLONE_VFORK), so that
# the frame is as it was.
    .globl lyrebird_vfork
    .type lyrebird_vfork, @function
lyrebird_vfork:
    mov %rcx, %r9
    mov %rdx, %r10
    mov %rsi, %rdx
    xor %esi, %esi
    mov $56, %eax
    syscall
    test %rax, %rax
    jz lyrebird_vfork_child
    ret
lyrebird_vfork_child:
    sub $8, %rsp
    mov %r8, %rdi
    call *%r9
    ud2

# void lyrebird_x87_call(struct lyrebird_x87_words *words, void *image, const void *code): see x87.h.
    .globl lyrebird_x87_call
    .type lyrebird_x87_call, @function
lyrebird_x87_call:
    push %rbx
    push %r12
    sub $8, %rsp
    mov %rdi, %rbx
    mov %rsi, %r12
    mov %rdx, %rcx
    frstor (%r12)
    movups (%rbx), %xmm0
    lea 16(%rbx), %rdx
    mov 128(%rbx), %rax
    push 136(%rbx)
    popfq
    call *%rcx
    pushfq
    pop 136(%rbx)
    mov %rax, 128(%rbx)
    movups %xmm0, (%rbx)
    fnsave (%r12)
    add $8, %rsp
    pop %r12
    pop %rbx
    ret

# int lyrebird_enter_guarded(void (*function)(void *), void *argument, uint64_t *stack): 0, or 1 after a fault in the function,
# when the handler goes on at the second label with the stack pointer that was stored.
    .globl lyrebird_enter_guarded, lyrebird_guard_failed
    .type lyrebird_enter_guarded, @function
lyrebird_enter_guarded:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    sub $8, %rsp
    stmxcsr (%rsp)
    mov %rsp, (%rdx)
    mov %rdi, %rax
    mov %rsi, %rdi
    call *%rax
    xor %eax, %eax
    jmp 1f
lyrebird_guard_failed:
    cld
    fninit
    ldmxcsr (%rsp)
    mov $1, %eax
1:
    add $8, %rsp
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret

    .section .note.GNU-stack, "", @progbits
