// Signal handlers. They take no lock, allocate nothing and run no Swift: a fault in generated code is recorded and sent to the
// exit stub, an asynchronous signal is recorded and the CPU asked to stop.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/ucontext.h>
#include <time.h>
#include <unistd.h>

#include "host.h"
#include "host_calls.h"

static _Thread_local struct lyrebird_context *current __attribute__((tls_model("initial-exec")));

void lyrebird_set_current(struct lyrebird_context *context) { current = context; }
struct lyrebird_context *lyrebird_get_current(void) { return current; }

// The page is a mapping of its own, which neither call splits nor joins with others: they do not fail.
static void protect_polls(struct lyrebird_context *context, int protection) {
    syscall(SYS_mprotect, (char *)context - LYREBIRD_POLL_PAGE, LYREBIRD_POLL_PAGE, protection);
}

void lyrebird_note_stop(struct lyrebird_context *context, uint32_t bits) {
    __atomic_fetch_or(&context->stop, bits, __ATOMIC_SEQ_CST);
    // Indirect exits do not poll: they find nothing in the empty table.
    __atomic_store_n(&context->table, context->empty_table, __ATOMIC_SEQ_CST);
}

void lyrebird_close_polls(struct lyrebird_context *context) {
    __atomic_store_n(&context->polls_are_closed, 1, __ATOMIC_SEQ_CST);
    protect_polls(context, PROT_NONE);
}

void lyrebird_open_polls(struct lyrebird_context *context) {
    __atomic_store_n(&context->polls_are_closed, 0, __ATOMIC_SEQ_CST);
    protect_polls(context, PROT_READ);
}

void lyrebird_request_stop(struct lyrebird_context *context, uint32_t bits) {
    lyrebird_note_stop(context, bits);
    lyrebird_close_polls(context);
}

extern const char lyrebird_guard_failed[];
extern const char lyrebird_copy_word_start[], lyrebird_copy_word_end[], lyrebird_copy_bytes[];
extern const char lyrebird_copy_start[], lyrebird_copy_end[], lyrebird_copy_fail[];
extern const char lyrebird_exchange_start[], lyrebird_exchange_end[], lyrebird_exchange_fail[];
extern const char lyrebird_syscall_start[], lyrebird_syscall_end[], lyrebird_syscall_interrupted[];

static int contains(const char *start, const char *end, uint64_t rip) {
    return rip >= (uint64_t)start && rip < (uint64_t)end;
}

// What the kernel's gregs array is called in hardware order (RAX RCX RDX RBX RSP RBP RSI RDI R8 ...).
static const int hardware_order[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                       REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

static void record_fault(struct lyrebird_context *c, int signal, siginfo_t *info, ucontext_t *u) {
    greg_t *g = u->uc_mcontext.gregs;
    for (int n = 0; n < 16; n++) c->fault_gpr[n] = (uint64_t)g[hardware_order[n]];
    c->fault_rip = (uint64_t)g[REG_RIP];
    c->fault_rflags = (uint64_t)g[REG_EFL];
    if (u->uc_mcontext.fpregs) memcpy(c->fault_xmm, u->uc_mcontext.fpregs->_xmm, 16 * 16);
    c->fault_signal = (uint32_t)signal;
    c->fault_code = info->si_code;
    // A general protection fault (a non-canonical address) carries no address: the kernel says SI_KERNEL.
    c->fault_address = info->si_code == SI_KERNEL ? 0 : (uint64_t)info->si_addr;
    c->fault_is_write = g[REG_TRAPNO] == 14 && (g[REG_ERR] & 2) ? 1 : 0;
    g[REG_RIP] = (greg_t)c->fault_stub;
}

// Blocked, a fault is deadly, and the translator's copies of guest memory may fault at any time: these stay open.
static const uint64_t always_open = 1ull << (SIGSEGV - 1) | 1ull << (SIGBUS - 1);

static void record_signal(int signal, siginfo_t *info, ucontext_t *u) {
    struct lyrebird_context *c = current;
    if (!c) return;
    int place = signal == SIGSEGV ? 1 : signal == SIGBUS ? 2 : 0;
    // A standard signal that is pending already is not queued again (signal(7)).
    if (c->pending_signal[place] == 0) {
        memcpy(c->pending_info[place], info, LYREBIRD_SIGINFO);
        c->pending_signal[place] = (uint32_t)signal;
    }
    lyrebird_note_stop(c, 1);
    // Otherwise this thread looks at the stop word once it has said that it is inside.
    if (c->inside) lyrebird_close_polls(c);
    // No other signal until this one is taken: the kernel queues them.
    uint64_t mask = ~always_open;
    memcpy(&u->uc_sigmask, &mask, sizeof mask);
    uint64_t rip = (uint64_t)u->uc_mcontext.gregs[REG_RIP];
    if (contains(lyrebird_syscall_start, lyrebird_syscall_end, rip))
        u->uc_mcontext.gregs[REG_RIP] = (greg_t)lyrebird_syscall_interrupted;
}

static void on_signal(int signal, siginfo_t *info, void *opaque) {
    int saved = errno;
    record_signal(signal, info, opaque);
    errno = saved;
}

static void on_fault(int signal, siginfo_t *info, void *opaque) {
    ucontext_t *u = opaque;
    struct lyrebird_context *c = current;
    uint64_t rip = (uint64_t)u->uc_mcontext.gregs[REG_RIP];
    if (info->si_code <= 0) {
        int saved = errno;
        record_signal(signal, info, u);
        errno = saved;
        return;
    }
    if (contains(lyrebird_copy_word_start, lyrebird_copy_word_end, rip)) {
        u->uc_mcontext.gregs[REG_RIP] = (greg_t)lyrebird_copy_bytes;
        return;
    }
    if (contains(lyrebird_copy_start, lyrebird_copy_end, rip)) {
        u->uc_mcontext.gregs[REG_RIP] = (greg_t)lyrebird_copy_fail;
        return;
    }
    if (contains(lyrebird_exchange_start, lyrebird_exchange_end, rip)) {
        u->uc_mcontext.gregs[REG_RIP] = (greg_t)lyrebird_exchange_fail;
        return;
    }
    if (c && c->inside && rip >= c->code_start && rip < c->code_end) {
        uint64_t address = (uint64_t)info->si_addr, top = (uint64_t)u->uc_mcontext.gregs[REG_RSP];
        // The guest may come near the guards as well, but not by the stack pointer.
        int is_push_or_pop = address - (top - 64) < 128;
        if (is_push_or_pop && (address - c->prediction_guard_low < c->guard_size ||
                               address - c->prediction_guard_high < c->guard_size)) {
            // The prediction stack over- or underflowed: forget it and try again. A mispredicted return looks into the table.
            u->uc_mcontext.gregs[REG_RSP] = (greg_t)c->prediction_top;
            return;
        }
        record_fault(c, signal, info, u);
        return;
    }
    greg_t *g = u->uc_mcontext.gregs;
    uint64_t stack = 0;
    switch (lyrebird_guard_fault((uint64_t)info->si_addr, g[REG_TRAPNO] == 14 && (g[REG_ERR] & 2), &stack)) {
    case 1: return;
    case 2:
        g[REG_RIP] = (greg_t)lyrebird_guard_failed;
        g[REG_RSP] = (greg_t)stack;
        return;
    default: break;
    }
    // A fault of the translator itself: die of it, where it happened.
    struct sigaction fallback = {.sa_handler = SIG_DFL};
    sigaction(signal, &fallback, NULL);
}

// The kernel's own struct and call: the C library's keep two real-time signals to itself, which the guest's library needs.
struct kernel_sigaction {
    void *handler;
    unsigned long flags;
    void (*restorer)(void);
    uint64_t mask;
};

void lyrebird_restore_signal(void);

static int set_action(int signal, void *handler, unsigned long flags) {
    const unsigned long has_restorer = 0x04000000;
    struct kernel_sigaction action = {handler, flags | has_restorer, lyrebird_restore_signal, ~0ull};
    return syscall(SYS_rt_sigaction, signal, &action, NULL, sizeof action.mask) ? errno : 0;
}

static int install(int signal, void (*handler)(int, siginfo_t *, void *)) {
    return set_action(signal, (void *)handler, SA_SIGINFO | SA_ONSTACK);
}

int lyrebird_install_fault_handlers(void) {
    int error = install(SIGSEGV, on_fault);
    return error ? error : install(SIGBUS, on_fault);
}

int lyrebird_set_disposition(int signal, enum lyrebird_disposition disposition) {
    if (signal == SIGSEGV || signal == SIGBUS) return install(signal, on_fault);
    if (disposition == LYREBIRD_INTERCEPT) return install(signal, on_signal);
    return set_action(signal, (void *)(disposition == LYREBIRD_IGNORE ? SIG_IGN : SIG_DFL), 0);
}

void lyrebird_set_signal_mask(uint64_t mask) {
    mask &= ~always_open;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, 8);
}

int lyrebird_exchange_signal_mask(struct lyrebird_context *c, uint64_t mask) {
    mask &= ~always_open;
    const uint64_t words[7] = {SYS_rt_sigprocmask, SIG_SETMASK, (uint64_t)&mask, 0, 8};
    return lyrebird_blocking_syscall(&c->stop, words) != LYREBIRD_NOT_ENTERED;
}

void lyrebird_block_signals(struct lyrebird_context *c) {
    if (__atomic_load_n(&c->pending_signal[0], __ATOMIC_ACQUIRE) == 0) lyrebird_set_signal_mask(~0ull);
}

int lyrebird_take_signal(struct lyrebird_context *c, void *info) {
    for (int place = 0; place < LYREBIRD_PENDING; place++) {
        uint32_t signal = __atomic_load_n(&c->pending_signal[place], __ATOMIC_ACQUIRE);
        if (signal == 0) continue;
        memcpy(info, c->pending_info[place], LYREBIRD_SIGINFO);
        __atomic_store_n(&c->pending_signal[place], 0, __ATOMIC_RELEASE);
        return (int)signal;
    }
    return 0;
}

void lyrebird_discard_signals(struct lyrebird_context *c) {
    for (int place = 0; place < LYREBIRD_PENDING; place++)
        __atomic_store_n(&c->pending_signal[place], 0, __ATOMIC_RELEASE);
    __atomic_fetch_and(&c->stop, ~1u, __ATOMIC_SEQ_CST);
}

int lyrebird_set_signal_stack(void *memory, size_t size) {
    stack_t stack = {.ss_sp = memory, .ss_size = size};
    return sigaltstack(&stack, NULL) ? errno : 0;
}

static const size_t stack_size = 64 << 10;
static _Thread_local int prepared __attribute__((tls_model("initial-exec")));
static pthread_key_t stack_key;
static int has_stack_key;

// At the end of a thread. What its other destructors have a CPU execute gives it a new stack.
static void free_stack(void *memory) {
    stack_t none = {.ss_flags = SS_DISABLE};
    sigaltstack(&none, NULL);
    munmap(memory, stack_size);
    prepared = 0;
}

static void make_stack_key(void) { has_stack_key = pthread_key_create(&stack_key, free_stack) == 0; }

int lyrebird_prepare_thread(void) {
    if (prepared) return 0;
    stack_t old;
    if (sigaltstack(NULL, &old) == 0 && !(old.ss_flags & SS_DISABLE)) {
        prepared = 1;
        return 0;
    }
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_stack_key);
    void *memory = mmap(NULL, stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return errno;
    int error = lyrebird_set_signal_stack(memory, stack_size);
    prepared = error == 0;
    if (error)
        munmap(memory, stack_size);
    else if (has_stack_key)
        pthread_setspecific(stack_key, memory);
    return error;
}

uint64_t lyrebird_counter(uint64_t a, uint64_t b) {
    (void)a, (void)b;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
