// An interpreter with a switch: indirect jumps through a table, and loads that depend on each other.

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum op { PUSH, LOAD, STORE, ADD, SUB, MUL, MOD, LESS, JUMP, JUMP_IF_ZERO, XOR, SHIFT, DUP, DROP, HALT };

// total = 0; for (i = 0; i < n; i++) { x = i * 7 ^ total; if (x % 3 == 0) total += x >> 2; else total -= i; }
static const int32_t program[] = {
    PUSH, 0, STORE, 0, PUSH, 0, STORE, 1,                                 // 0: total = i = 0
    LOAD, 1, LOAD, 2, LESS, JUMP_IF_ZERO, 51,                             // 8: while (i < n)
    LOAD, 1, PUSH, 7, MUL, LOAD, 0, XOR, DUP, STORE, 3,                   // 15: x = i * 7 ^ total
    PUSH, 3, MOD, JUMP_IF_ZERO, 38,                                       // 26
    LOAD, 0, LOAD, 1, SUB, JUMP, 44,                                      // 31: total - i
    LOAD, 0, LOAD, 3, SHIFT, ADD,                                         // 38: total + (x >> 2)
    STORE, 0, LOAD, 1, PUSH, 1, ADD,                                      // 44: total = …; i + 1
    STORE, 1, JUMP, 8,                                                    // 51
    HALT,
};

__attribute__((noinline)) static uint32_t run(const int32_t *code, uint32_t n, uint64_t *count) {
    uint32_t stack[64], variables[4] = {0, 0, n, 0};
    uint32_t *top = stack;
    const int32_t *pc = code;
    uint64_t steps = 0;
    for (;;) {
        steps++;
        switch ((enum op)*pc++) {
        case PUSH: *++top = *pc++; break;
        case LOAD: *++top = variables[*pc++]; break;
        case STORE: variables[*pc++] = *top--; break;
        case ADD: top[-1] += top[0]; top--; break;
        case SUB: top[-1] -= top[0]; top--; break;
        case MUL: top[-1] *= top[0]; top--; break;
        case MOD: top[-1] %= top[0]; top--; break;
        case LESS: top[-1] = top[-1] < top[0]; top--; break;
        case JUMP: pc = code + *pc; break;
        case JUMP_IF_ZERO: pc = *top-- ? pc + 1 : code + *pc; break;
        case XOR: top[-1] ^= top[0]; top--; break;
        case SHIFT: *top >>= 2; break;
        case DUP: top[1] = top[0]; top++; break;
        case DROP: top--; break;
        case HALT: *count = steps; return variables[0];
        }
    }
}

int main(int argc, char **argv) {
    uint64_t steps = 0;
    // Jump targets are written by hand; the last two depend on the length of the body.
    static int32_t code[sizeof program / sizeof *program];
    for (unsigned i = 0; i < sizeof program / sizeof *program; i++) code[i] = program[i];
    code[14] = sizeof program / sizeof *program - 1;
    uint32_t result = run(code, argc > 1 ? atoi(argv[1]) : 8000000, &steps);
    printf("%u after %llu steps\n", result, (unsigned long long)steps);
    return 0;
}
