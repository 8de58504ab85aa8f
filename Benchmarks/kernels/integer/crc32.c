// CRC-32 by a table: a load that depends on the one before it.

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    static uint32_t table[256];
    static uint8_t data[1 << 20];
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int bit = 0; bit < 8; bit++) c = c & 1 ? c >> 1 ^ 0xedb88320 : c >> 1;
        table[i] = c;
    }
    for (uint32_t i = 0; i < sizeof data; i++) data[i] = (uint8_t)(i * i >> 7);
    uint32_t crc = ~0u;
    for (int round = argc > 1 ? atoi(argv[1]) : 200; round > 0; round--)
        for (uint32_t i = 0; i < sizeof data; i++) crc = table[(crc ^ data[i]) & 255] ^ crc >> 8;
    printf("%08x\n", ~crc);
    return 0;
}
