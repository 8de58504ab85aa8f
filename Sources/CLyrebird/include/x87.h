// The host's x87 and MMX unit, one instruction at a time.
#pragma once
#include <stddef.h>
#include <stdint.h>

// What an instruction may read and write besides the unit's registers: XMM0, memory at RDX, RAX and RFLAGS.
struct lyrebird_x87_words {
    uint64_t vector[2], memory[14], rax, flags;
};

// Executes `code` on the state of the unit at `image`, which is as FNSAVE stores it. Returns 0 or an errno.
int lyrebird_x87(const uint8_t *code, size_t size, struct lyrebird_x87_words *words, void *image);
