// C functions of the host's that the guest calls: with arguments in registers they are called from here, between two pieces of
// generated code, and none of them can take the process down by a bad pointer of the guest's.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "context.h"

enum { LYREBIRD_REGISTER_ARGUMENTS = 6, LYREBIRD_VECTOR_ARGUMENTS = 8 };

// What becomes of an argument or a result on its way: nothing; a guest address becomes the host's and the other way round;
// what is narrower than 32 bits is extended, which the host's compilers ask of a caller and AAPCS64 does not.
enum lyrebird_conversion {
    LYREBIRD_AS_IS,
    LYREBIRD_POINTER,
    LYREBIRD_SIGNED_8,
    LYREBIRD_UNSIGNED_8,
    LYREBIRD_SIGNED_16,
    LYREBIRD_UNSIGNED_16,
};
enum lyrebird_result { LYREBIRD_NO_RESULT, LYREBIRD_INTEGER_RESULT, LYREBIRD_POINTER_RESULT, LYREBIRD_FLOAT_RESULT,
                       LYREBIRD_DOUBLE_RESULT };

// A function, by its number; `code` is 0 where it cannot be called from here.
struct lyrebird_function {
    uint64_t code;
    uint8_t conversions[LYREBIRD_REGISTER_ARGUMENTS];
    uint8_t integers, vectors, converts, result, padding[6];
};

// The functions of a machine, and where its guest has arguments and results: offsets from the context.
struct lyrebird_functions {
    // Host address of guest address 0, and the first guest address that has none.
    uint64_t base, limit;
    uint32_t integer[LYREBIRD_REGISTER_ARGUMENTS], vector[LYREBIRD_VECTOR_ARGUMENTS];
    uint32_t integer_result, vector_result, stack;
    // Where the return address is: in a register, 0 for on the stack.
    uint32_t link;
    // Index of the jump table: (pc >> shift) & mask.
    uint32_t shift, mask;
    // Whether who forgets translations sees to the order of our stores and loads (`lyrebird_membarrier`).
    uint32_t is_ordered, padding;
    // Before a page that the translator keeps from being written is written: whether it may be now.
    int (*open)(void *engine, uint64_t host_address);
    void *engine;
    struct lyrebird_function list[];
};

// What became of a call.
enum lyrebird_call_status {
    // Returned; the context's pc is the caller's. Generated code goes on at `call_target`.
    LYREBIRD_CALL_GOES_ON,
    // Returned, and the dispatcher goes on.
    LYREBIRD_CALL_RETURNED,
    // Not called: it is no function that can be called from here.
    LYREBIRD_CALL_ELSEWHERE,
    // Not called: the argument of number `call_detail` among those in general registers has no host address.
    LYREBIRD_CALL_BAD_POINTER,
    // Not called: the return address at `call_detail` cannot be read.
    LYREBIRD_CALL_BAD_STACK,
    // Called, but the pointer it returned, `call_detail`, has no guest address.
    LYREBIRD_CALL_BAD_RESULT,
    // It accessed host address `call_detail`, and was abandoned.
    LYREBIRD_CALL_FAULT,
    // Guest code that it called did not return (`callback_failed`).
    LYREBIRD_CALL_CALLBACK,
};

// The entry stub's other end: calls the function that the exit word's upper half names. The CPU counts as outside of generated
// code. Returns a status, and leaves it in the context.
uint32_t lyrebird_call_function(struct lyrebird_context *context);

// Calls `function`. A fault inside that is nobody else's abandons it where it was, and what it called, which must not be Swift.
// Returns 0, or 1 after a fault, whose host address is stored.
int lyrebird_guarded_call(void (*function)(void *), void *argument, const struct lyrebird_functions *functions,
                          uint64_t *fault_address);

// Between these, a fault is the translator's own again.
void *lyrebird_suspend_guard(void);
void lyrebird_resume_guard(void *guard);

// For the signal handler: whether a fault in host code is to be tried again (1), to go on at `lyrebird_guard_failed` with the
// stack pointer in `*stack` (2), or is nobody's (0).
int lyrebird_guard_fault(uint64_t address, int is_write, uint64_t *stack);
