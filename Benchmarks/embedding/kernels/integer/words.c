// Counts words in a hash table: bytes, multiplications, probes.
enum { length = 1 << 14, slots = 1 << 11 };
static char text[length];
static struct { unsigned long key, count; } table[slots];

unsigned long kernel(unsigned long n) {
    unsigned long state = 7, sum = 0;
    for (unsigned i = 0; i < length; i++) {
        state = state * 6364136223846793005ul + 1;
        text[i] = state >> 62 ? 'a' + (state >> 50) % 3 : ' ';
    }
    while (n--) {
        for (unsigned i = 0; i < slots; i++) table[i].key = table[i].count = 0;
        unsigned long hash = 0;
        for (unsigned i = 0; i < length; i++) {
            if (text[i] != ' ') {
                hash = (hash ^ text[i]) * 1099511628211ul;
                continue;
            }
            if (!hash) continue;
            unsigned slot = hash >> 20 & (slots - 1);
            for (unsigned tries = 0; tries < 64 && table[slot].key && table[slot].key != hash; tries++)
                slot = (slot + 1) & (slots - 1);
            table[slot].key = hash, table[slot].count++, hash = 0;
        }
        for (unsigned i = 0; i < slots; i++) sum = sum * 3 + table[i].count;
    }
    return sum;
}
