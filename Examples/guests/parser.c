// A guest of Examples/Fuzzer: reads a picture in a format of its own, and has a mistake. Freestanding; `parse` stands at the start of
// the image.
//
// A picture is "LYRE", a version (2), and records: a tag, the bytes of its body, and the body.

static unsigned char name[32], pixels[64];

// A width of two bytes, and pairs: how often, and what.
static int read_runs(const unsigned char *body, unsigned char size) {
    unsigned width = body[0] | body[1] << 8, pairs = (size - 2u) / 2, at = 0;  // and if it has less than two bytes?
    if (width == 0 || width > sizeof pixels) return 1;
    for (unsigned i = 0; i < pairs; i++) {
        unsigned count = body[2 + 2 * i];
        if (at + count > width) return 1;
        while (count--) pixels[at++] = body[3 + 2 * i];
    }
    return 0;
}

__attribute__((section(".text.start"))) int parse(const unsigned char *at, unsigned long length) {
    const unsigned char *end = at + length;
    if (length < 5) return 1;
    if (at[0] != 'L') return 2;
    if (at[1] != 'Y') return 3;
    if (at[2] != 'R') return 4;
    if (at[3] != 'E') return 5;
    if (at[4] != 2) return 6;
    for (at += 5; end - at >= 2; at += 2 + at[1]) {
        const unsigned char *body = at + 2, size = at[1];
        if (size > end - body) return 7;
        switch (at[0]) {
        case 'N':
            if (size >= sizeof name) return 8;
            for (unsigned i = 0; i < size; i++) name[i] = body[i];
            break;
        case 'R':
            if (read_runs(body, size)) return 9;
            break;
        case 'E': return 0;
        default: return 10;
        }
    }
    return 11;
}
