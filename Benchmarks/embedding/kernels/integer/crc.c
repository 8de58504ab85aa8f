// CRC-32 of a buffer by a table, n times: one long chain of loads.
static unsigned table[256];
static unsigned char buffer[1 << 14];

unsigned long kernel(unsigned long n) {
    for (unsigned i = 0; i < 256; i++) {
        unsigned c = i;
        for (int k = 0; k < 8; k++) c = c & 1 ? 0xEDB88320u ^ c >> 1 : c >> 1;
        table[i] = c;
    }
    for (unsigned i = 0; i < sizeof buffer; i++) buffer[i] = i * 2654435761u >> 24;
    unsigned crc = ~0u;
    while (n--)
        for (unsigned i = 0; i < sizeof buffer; i++) crc = table[(crc ^ buffer[i]) & 255] ^ crc >> 8;
    return ~crc;
}
