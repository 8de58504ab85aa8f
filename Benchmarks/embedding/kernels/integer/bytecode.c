// An interpreter of a small stack machine: loads that depend on each other, and indirect jumps.
enum { push, add, multiply, xor, decrement, branch, end };
static const unsigned char program[] = {push, 7, add, push, 31, multiply, push, 0x55, xor, decrement, branch, 0, end};

unsigned long kernel(unsigned long n) {
    unsigned long stack[8] = {1}, *top = stack, counter = n;
    const unsigned char *at = program;
    for (;;) switch (*at++) {
        case push: *++top = *at++; break;
        case add: top--; top[0] += top[1]; break;
        case multiply: top--; top[0] *= top[1]; break;
        case xor: top--; top[0] ^= top[1]; break;
        case decrement: counter--; break;
        case branch: at = counter ? program + *at : at + 1; break;
        case end: return stack[0];
        }
}
