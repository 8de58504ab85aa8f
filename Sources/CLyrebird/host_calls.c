// Calls of the host's functions (host_calls.h).
#include "host_calls.h"
#include <string.h>
#include <sys/syscall.h>
#include "float.h"
#include "host.h"

struct guard {
    uint64_t stack;
    uint64_t address;
    const struct lyrebird_functions *functions;
};

static _Thread_local struct guard *current_guard __attribute__((tls_model("initial-exec")));

int lyrebird_enter_guarded(void (*function)(void *), void *argument, uint64_t *stack);

int lyrebird_guarded_call(void (*function)(void *), void *argument, const struct lyrebird_functions *functions,
                          uint64_t *fault_address) {
    struct guard guard = {.functions = functions};
    struct guard *outer = current_guard;
    current_guard = &guard;
    int failed = lyrebird_enter_guarded(function, argument, &guard.stack);
    current_guard = outer;
    if (failed) *fault_address = guard.address;
    return failed;
}

void *lyrebird_suspend_guard(void) {
    void *guard = current_guard;
    current_guard = NULL;
    return guard;
}

void lyrebird_resume_guard(void *guard) { current_guard = guard; }

int lyrebird_guard_fault(uint64_t address, int is_write, uint64_t *stack) {
    struct guard *guard = current_guard;
    if (!guard) return 0;
    // Swift, in a signal handler: but on behalf of the host function that made the access, which holds none of Swift's locks.
    if (is_write && guard->functions && guard->functions->open(guard->functions->engine, address)) return 1;
    guard->address = address;
    *stack = guard->stack;
    return 2;
}

struct call {
    struct lyrebird_context *context;
    const struct lyrebird_functions *functions;
    const struct lyrebird_function *function;
    uint64_t integers[LYREBIRD_REGISTER_ARGUMENTS];
    double vectors[LYREBIRD_VECTOR_ARGUMENTS];
    uint64_t integer;
    double vector;
};

// By the System V ABI, arguments that a function does not have do no harm.
static void make_call(void *opaque) {
    struct call *c = opaque;
    const uint64_t *i = c->integers;
    const double *v = c->vectors;
    uint64_t code = c->function->code;
    if (c->function->vectors == 0 && c->function->result < LYREBIRD_FLOAT_RESULT) {
        c->integer = ((uint64_t(*)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t))code)(
            i[0], i[1], i[2], i[3], i[4], i[5]);
    } else if (c->function->result < LYREBIRD_FLOAT_RESULT) {
        c->integer = ((uint64_t(*)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, double, double, double,
                                   double, double, double, double, double))code)(
            i[0], i[1], i[2], i[3], i[4], i[5], v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7]);
    } else {
        c->vector = ((double (*)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, double, double, double,
                                 double, double, double, double, double))code)(
            i[0], i[1], i[2], i[3], i[4], i[5], v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7]);
    }
}

static uint64_t *slot(struct lyrebird_context *c, uint32_t offset) { return (uint64_t *)((char *)c + offset); }

static uint32_t leave(struct lyrebird_context *c, uint32_t status, uint64_t detail) {
    c->call_detail = detail;
    return c->call_status = status;
}

// NULL stays NULL.
static int to_host(const struct lyrebird_functions *t, uint64_t *pointer) {
    if (*pointer == 0) return 1;
    if (*pointer >= t->limit) return 0;
    *pointer += t->base;
    return 1;
}

static int convert(const struct lyrebird_functions *t, uint8_t conversion, uint64_t *value) {
    switch (conversion) {
    case LYREBIRD_POINTER: return to_host(t, value);
    case LYREBIRD_SIGNED_8: *value = (uint64_t)(int8_t)*value; break;
    case LYREBIRD_UNSIGNED_8: *value = (uint8_t)*value; break;
    case LYREBIRD_SIGNED_16: *value = (uint64_t)(int16_t)*value; break;
    case LYREBIRD_UNSIGNED_16: *value = (uint16_t)*value; break;
    default: break;
    }
    return 1;
}

uint32_t lyrebird_call_function(struct lyrebird_context *c) {
    // Before anything that may wait: whoever wants to free translations need not.
    __atomic_store_n(&c->inside, 0, __ATOMIC_RELEASE);
    const struct lyrebird_functions *t = c->functions;
    if (!t) return leave(c, LYREBIRD_CALL_ELSEWHERE, 0);
    const struct lyrebird_function *f = &t->list[c->exit_word >> 32];
    if (!f->code) return leave(c, LYREBIRD_CALL_ELSEWHERE, 0);
    struct call call;
    call.context = c;
    call.functions = t;
    call.function = f;
    for (int n = 0; n < f->integers; n++) call.integers[n] = *slot(c, t->integer[n]);
    if (f->converts) {
        for (int n = 0; n < f->integers; n++)
            if (!convert(t, f->conversions[n], &call.integers[n])) return leave(c, LYREBIRD_CALL_BAD_POINTER, (uint64_t)n);
    }
    for (int n = 0; n < f->vectors; n++) memcpy(&call.vectors[n], slot(c, t->vector[n]), 8);
    uint64_t return_address, stack = 0;
    if (t->link) {
        return_address = *slot(c, t->link);
    } else {
        stack = *slot(c, t->stack);
        if (stack >= t->limit - 8 ||
            lyrebird_copy(&return_address, (const void *)(t->base + stack), sizeof return_address) != 0)
            return leave(c, LYREBIRD_CALL_BAD_STACK, stack);
    }
    // Guest code that the function has the CPU run makes these its own.
    const uint64_t host_rsp = c->host_rsp, pc = c->pc, exit_word = c->exit_word;
    const uint32_t float_flags = c->left_mxcsr & 0x3F;
    uint64_t fault_address;
    const int failed = lyrebird_guarded_call(make_call, &call, t, &fault_address);
    c->host_rsp = host_rsp;
    c->pc = pc;
    c->exit_word = exit_word;
    c->left_mxcsr = c->mxcsr | float_flags;
    if (failed) return leave(c, LYREBIRD_CALL_FAULT, fault_address);
    if (c->callback_failed) return leave(c, LYREBIRD_CALL_CALLBACK, 0);
    uint64_t *result = slot(c, t->integer_result), *vector = slot(c, t->vector_result);
    switch (f->result) {
    case LYREBIRD_POINTER_RESULT:
        if (call.integer != 0) {
            if (call.integer - t->base >= t->limit) return leave(c, LYREBIRD_CALL_BAD_RESULT, call.integer);
            call.integer -= t->base;
        }
        // fall through
    case LYREBIRD_INTEGER_RESULT: *result = call.integer; break;
    case LYREBIRD_FLOAT_RESULT:
        memcpy(&vector[0], &call.vector, 8);
        vector[0] &= 0xFFFFFFFF;
        vector[1] = 0;
        break;
    case LYREBIRD_DOUBLE_RESULT:
        memcpy(&vector[0], &call.vector, 8);
        vector[1] = 0;
        break;
    default: break;
    }
    if (!t->link) *slot(c, t->stack) = stack + 8;
    c->pc = return_address;
    // Whoever forgets translations puts the empty table here first and waits for this CPU then, unless it is outside.
    if (t->is_ordered) {
        __atomic_store_n(&c->inside, 1, __ATOMIC_RELAXED);
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
    } else {
        __atomic_store_n(&c->inside, 1, __ATOMIC_SEQ_CST);
    }
    if (__atomic_load_n(&c->table, __ATOMIC_SEQ_CST) == c->full_table) {
        const uint64_t *entry = (const uint64_t *)c->full_table + 2 * (return_address >> t->shift & t->mask);
        if (__atomic_load_n(&entry[0], __ATOMIC_ACQUIRE) == return_address && entry[1] != 0) {
            c->call_target = entry[1];
            return leave(c, LYREBIRD_CALL_GOES_ON, 0);
        }
    }
    return leave(c, LYREBIRD_CALL_RETURNED, 0);
}
