// Signals, system calls and guarded copies.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "context.h"

// The context of the CPU that the calling thread runs, NULL outside of one. Signal handlers read it.
void lyrebird_set_current(struct lyrebird_context *context);
struct lyrebird_context *lyrebird_get_current(void);

// Installs the handlers of SIGSEGV and SIGBUS, once per process. Returns 0 or an errno.
int lyrebird_install_fault_handlers(void);
// Takes one of the signals that wait for a CPU, on its own thread: its number, 0 if there is none, and its siginfo_t.
int lyrebird_take_signal(struct lyrebird_context *context, void *info);
// Forgets the signals that wait for a CPU, and the stop that came with them.
void lyrebird_discard_signals(struct lyrebird_context *context);
// The alternate stack of the calling thread. Returns 0 or an errno.
int lyrebird_set_signal_stack(void *memory, size_t size);
// Gives the calling thread an alternate signal stack if it has none: generated code's stack pointer is no C stack.
int lyrebird_prepare_thread(void);

enum lyrebird_disposition { LYREBIRD_DEFAULT, LYREBIRD_IGNORE, LYREBIRD_INTERCEPT };
// Returns 0 or an errno.
int lyrebird_set_disposition(int signal, enum lyrebird_disposition disposition);
// Sets the thread's mask, but for the signals that must stay open.
void lyrebird_set_signal_mask(uint64_t mask);
// The same, unless a stop is waiting for the CPU, which is the calling thread's, when the kernel would be entered: then 0.
int lyrebird_exchange_signal_mask(struct lyrebird_context *context, uint64_t mask);
// Blocks all signals but those. They are blocked already while one waits to be taken.
void lyrebird_block_signals(struct lyrebird_context *context);

// Asks a CPU to leave generated code: bit 0 for its embedder, bit 1 for a safepoint.
void lyrebird_request_stop(struct lyrebird_context *context, uint32_t bits);
// The two parts of it: a CPU that is not in generated code yet sees the first, one that is may need the second.
void lyrebird_note_stop(struct lyrebird_context *context, uint32_t bits);
void lyrebird_close_polls(struct lyrebird_context *context);
// Lets generated code poll again. Whoever does looks at the stop word next.
void lyrebird_open_polls(struct lyrebird_context *context);

// memcpy that stops where memory is not accessible; returns the bytes that were not copied.
size_t lyrebird_copy(void *to, const void *from, size_t count);

/// Atomically stores `new` at `at` if `*expected` is there: 1, 2, 4, 8 or 16 bytes. `*expected` becomes what was there. Returns 0, or 1
/// if memory cannot be written.
size_t lyrebird_compare_exchange(void *at, void *expected, const void *new_value, size_t size);

// The host's system call; -errno on failure. Inline: the way through the kernel empties the return predictor on many
// processors, so that every return behind it is mispredicted.
static inline long lyrebird_syscall(long number, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
                                    uint64_t a5) {
    long result;
    register uint64_t r10 __asm__("r10") = a3;
    register uint64_t r8 __asm__("r8") = a4;
    register uint64_t r9 __asm__("r9") = a5;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a0), "S"(a1), "d"(a2), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}
// The same, unless *stop is not zero when the kernel would be entered: then LYREBIRD_NOT_ENTERED.
#define LYREBIRD_NOT_ENTERED INT64_MIN
long lyrebird_blocking_syscall(const uint32_t *stop, const uint64_t words[7]);

// clone(2) with CLONE_VM and CLONE_VFORK in `flags`: the child calls `body`, which never returns, on the caller's stack and
// with its thread-local storage, and the caller waits until the child has executed a program or ended. Returns the child's
// pid, or -errno.
long lyrebird_vfork(uint64_t flags, uint64_t parent_tid, uint64_t child_tid, void (*body)(void *), void *argument);

// Calls the entry stub of a translation cache.
static inline uint32_t lyrebird_enter(const void *stub, struct lyrebird_context *context, uint64_t code) {
    return ((uint32_t(*)(struct lyrebird_context *, uint64_t))stub)(context, code);
}

// Nanoseconds of CLOCK_MONOTONIC: a helper of generated code.
uint64_t lyrebird_counter(uint64_t, uint64_t);

// Brings pages in: one request costs less than a fault for each. A kernel that does not know it (before 5.14) leaves them to
// faults.
void lyrebird_populate(void *memory, size_t size);

// Writable and executable views of one piece of memory. Returns 0 or an errno.
int lyrebird_map_code(size_t size, void **writable, void **executable);
// Before fork, in the parent: other memory with a copy of the used parts. Returns 0 or an errno.
int lyrebird_copy_code(size_t size, const void *writable, size_t hot_used, size_t cold_start, size_t cold_used,
                       void **copy);
// After fork, in the parent; NULL for none.
void lyrebird_discard_code(void *copy, size_t size);
// In the child: puts that memory (or new memory, for NULL) where both views are. Returns 0 or an errno.
int lyrebird_remap_code(size_t size, void *writable, void *executable, void *copy);

void lyrebird_set_gs_base(uint64_t base, int has_fsgsbase);
uint64_t lyrebird_get_gs_base(void);

// Makes every other running thread of the process pass a memory barrier (membarrier(2)), so that they need none of their own.
// Returns 0, or an errno if the host cannot.
int lyrebird_register_membarrier(void);
int lyrebird_membarrier(void);

static inline void lyrebird_prefetch(const void *p) { __builtin_prefetch(p); }
static inline uint64_t lyrebird_load_acquire(const uint64_t *p) { return __atomic_load_n(p, __ATOMIC_ACQUIRE); }
static inline void lyrebird_store_release(uint64_t *p, uint64_t v) { __atomic_store_n(p, v, __ATOMIC_RELEASE); }
static inline void lyrebird_fence(void) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
static inline uint32_t lyrebird_load32(const uint32_t *p) { return __atomic_load_n(p, __ATOMIC_SEQ_CST); }
static inline void lyrebird_store32(uint32_t *p, uint32_t v) { __atomic_store_n(p, v, __ATOMIC_SEQ_CST); }
static inline void lyrebird_store_release32(uint32_t *p, uint32_t v) { __atomic_store_n(p, v, __ATOMIC_RELEASE); }
static inline uint32_t lyrebird_exchange32(uint32_t *p, uint32_t v) {
    return __atomic_exchange_n(p, v, __ATOMIC_ACQ_REL);
}
// For the compiler only: the processor's side is lyrebird_membarrier in another thread.
static inline void lyrebird_compiler_fence(void) { __atomic_signal_fence(__ATOMIC_SEQ_CST); }
static inline uint32_t lyrebird_and32(uint32_t *p, uint32_t v) { return __atomic_and_fetch(p, v, __ATOMIC_SEQ_CST); }
