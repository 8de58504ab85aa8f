// The part of a CPU's context that no guest knows: what generated code, the entry and exit stubs and the signal handler share.
// The guest's own state follows it in memory; generated code addresses both from one register (RegisterContract.swift).
#pragma once
#include <stdint.h>
#include "float.h"

enum { LYREBIRD_SPILLS = 128, LYREBIRD_HELPERS = 8, LYREBIRD_SIGINFO = 128, LYREBIRD_PENDING = 3 };

// Bytes of the page in front of the context. Loops load from it, which fails while somebody asks this CPU to stop.
enum { LYREBIRD_POLL_PAGE = 4096 };

struct lyrebird_functions;

// A hook, as generated code calls it: the two words of a Swift closure, which gets the embedder's CPU, a guest address and a size. The
// function of one that has been removed is `lyrebird_no_hook`.
struct lyrebird_hook {
    uint64_t function, context;
};
void lyrebird_no_hook(void);

struct lyrebird_hook_call {
    const struct lyrebird_hook *hook;
    uint64_t size;
};

// The hooks of one guest address in the order in which they are called, up to one that is NULL.
struct lyrebird_hook_record {
    uint64_t pc;
    struct lyrebird_hook_call calls[];
};

struct lyrebird_context {
    // Not zero: leave generated code at the next poll, which finds its page closed. Written by any thread and by signal handlers.
    uint32_t stop;
    // One while this CPU is inside generated code: its translations may not be freed. Two while generated code has called a hook, three
    // while it has called for an access and a function of the embedder's is asked: whoever goes back looks whether they have been.
    uint32_t inside;
    // The jump table that indirect exits look into. `stop` puts the empty one here, so that they need no poll.
    uint64_t table;
    uint64_t full_table;
    uint64_t empty_table;
    // Bits that no address has which generated code may access by itself.
    uint64_t outside_mask;
    // Of an access that it left to the runtime: where in the code region it would have been.
    uint64_t access_site;
    // Guest pc on the way out, where the exit knows it.
    uint64_t pc;
    // The exit's own word: address of a link's stub, or payload << 32 | reason.
    uint64_t exit_word;
    // The C stack while generated code runs; the prediction stack while it does not.
    uint64_t host_rsp;
    uint64_t prediction_rsp;
    uint64_t prediction_top;
    // Guards of the prediction stack: [guard_low, guard_low + guard_size) below it, and the same size above it.
    uint64_t prediction_guard_low;
    uint64_t prediction_guard_high;
    uint64_t guard_size;
    // Generated code, as it is executed.
    uint64_t code_start;
    uint64_t code_end;
    // Where the signal handler sends a fault in generated code.
    uint64_t fault_stub;
    // MXCSR while generated code runs, without flags; as generated code left it; and the host's own.
    uint32_t mxcsr;
    uint32_t left_mxcsr;
    uint32_t host_mxcsr;
    // An x87 control word on its way.
    uint32_t x87_word;
    // While generated code runs: whether the guest's x87 state is in the host's x87 unit, and not in its image; and whether MXCSR is the
    // guest's. It is not while nothing computes, and between units with hooks that do not: what it would be is `left_mxcsr` there.
    uint32_t x87_is_loaded, mxcsr_is_guests;
    uint64_t helper_arguments[2];
    uint64_t helper_result;
    uint64_t helpers[LYREBIRD_HELPERS];
    // Operands and result of `lyrebird_float`.
    struct lyrebird_float_words float_words;
    uint64_t saved_gpr[9];
    // Calls of the embedder's functions (host_calls.h): who makes them, which there are, what became of the last, and where
    // generated code goes on behind it.
    uint64_t call_function;
    const struct lyrebird_functions *functions;
    uint64_t call_target, call_detail;
    uint32_t call_status;
    // Not zero if guest code that a function called did not return to it.
    uint32_t callback_failed;
    // What GS is while generated code runs, 0 where it does not matter.
    uint64_t gs_base;
    // What generated code calls for accesses that it does not make itself.
    uint64_t access_function;
    uint64_t saved_xmm[16][2];
    // What is watched, of reads and of writes: the address from which on an access may reach the first byte, and how far behind it the last
    // one is.
    uint64_t watch_low[2], watch_span[2];
    // While an access is called for: what `x87_is_loaded` was.
    uint32_t access_x87;
    // How many accesses of the guest instruction under way have been made by calls, of one that makes several.
    uint32_t accesses_made;
    // Whether the CPU's state at a call for an access has been rebuilt, since somebody has looked.
    uint32_t is_rebuilt;
    // Whether generated code waits for such a call: its registers have what the state has not.
    uint32_t is_suspended;
    // Address of the next instruction, while the CPU is not in generated code; and the embedder's object that has it.
    uint64_t guest_pc, embedder;
    // Where generated code goes on behind an access for which `run` was left.
    uint64_t resume_address;
    // Whether there is generated code that looks at MXCSR or raises its flags: without, it is the host's all the time.
    uint32_t float_is_used;
    // Whether somebody has closed the page that is polled. It may be closed without: that is found out by a fault.
    uint32_t polls_are_closed;
    // What hooks were called for, when generated code has left behind them; what one of them has thrown.
    uint64_t hooked_pc, hook_error;
    uint64_t room[20];
    // Host registers at the last fault.
    uint64_t fault_gpr[16];
    uint64_t fault_rip;
    uint64_t fault_rflags;
    uint64_t fault_address;
    uint32_t fault_signal;
    int32_t fault_code;
    uint32_t fault_is_write;
    // Asynchronous signals that wait to be taken: their numbers, 0 where there is none. The first place is for any signal, and
    // all others are blocked until it is taken; SIGSEGV and SIGBUS, which cannot be blocked, have places of their own.
    uint32_t pending_signal[LYREBIRD_PENDING];
    uint8_t pending_info[LYREBIRD_PENDING][LYREBIRD_SIGINFO];
    uint64_t fault_xmm[32][2];
    uint64_t spills[LYREBIRD_SPILLS][2];
    // Not zero while somebody runs this CPU.
    uint32_t running;
    // Where the engine counts dropped translations, and the object that belongs to the context.
    const uint64_t *changes;
    uint64_t owner;
    uint32_t hook_mxcsr;
    // Where the last block that was covered is in the map of edges, shifted; the map; and a byte for each block.
    uint32_t coverage_previous;
    uint64_t coverage_edges;
    uint64_t coverage_blocks;
};
