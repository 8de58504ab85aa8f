// AArch64 code without a system under it: it makes text, compresses and uncompresses it, and sums it. The compressor is the host's
// zlib, whose functions stand at addresses that the host puts into the pointers below; the sums are made by both.
typedef unsigned char byte;
typedef unsigned int uint32;
typedef unsigned long size;

enum { length = 1 << 20 };

int (*compress)(byte *to, size *to_length, const byte *from, size from_length);
int (*uncompress)(byte *to, size *to_length, const byte *from, size from_length);
size (*host_crc32)(size crc, const byte *bytes, uint32 count);

byte text[length], packed[length], unpacked[length];

// Words of a small language, in an order that nobody knows.
void make_text(void) {
    static const char words[8][8] = {"bird ", "song ", "mimics ", "any ", "sound ", "it ", "hears ", "twice\n"};
    uint32 random = 1;
    size at = 0;
    while (at < length) {
        random = random * 1664525 + 1013904223;
        const char *word = words[random >> 29];
        while (*word && at < length) text[at++] = (byte)*word++;
    }
}

// The bytes that the text is compressed to; 0 if it does not come back as it was.
size round_trip(void) {
    size packed_length = length, unpacked_length = length;
    if (compress(packed, &packed_length, text, length) != 0) return 0;
    if (uncompress(unpacked, &unpacked_length, packed, packed_length) != 0) return 0;
    if (unpacked_length != length) return 0;
    for (size n = 0; n < length; n++)
        if (unpacked[n] != text[n]) return 0;
    return packed_length;
}

size sum_on_host(void) { return host_crc32(0, text, length); }

// Of n bytes each time: what a call costs.
size sum_in_pieces(uint32 n) {
    size crc = 0;
    for (size at = 0; at + n <= length; at += n) crc = host_crc32(crc, text + at, n);
    return crc;
}

size sum_on_guest(void) {
    static uint32 table[256];
    for (uint32 n = 0; n < 256; n++) {
        uint32 c = n;
        for (int bit = 0; bit < 8; bit++) c = c & 1 ? c >> 1 ^ 0xEDB88320 : c >> 1;
        table[n] = c;
    }
    uint32 crc = 0xFFFFFFFF;
    for (size n = 0; n < length; n++) crc = table[(crc ^ text[n]) & 0xFF] ^ crc >> 8;
    return crc ^ 0xFFFFFFFF;
}
