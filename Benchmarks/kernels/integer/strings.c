// Strings: the C library's strlen, memchr, strstr, memcmp and strcmp over buffers (AdvSIMD in the guest's library).

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv) {
    enum { SIZE = 1 << 16 };
    static char text[SIZE + 1], copy[SIZE + 1];
    int rounds = argc > 1 ? atoi(argv[1]) : 1500;
    unsigned x = 7;
    for (int i = 0; i < SIZE; i++) {
        x = x * 1103515245 + 12345;
        text[i] = (x >> 16) % 9 == 0 ? ' ' : (x >> 16) % 400 == 1 ? '\n' : 'a' + (x >> 20) % 26;
    }
    unsigned long lines = 0, words = 0, found = 0, equal = 0;
    for (int round = 0; round < rounds; round++) {
        text[round % SIZE] = 'a' + round % 26;
        for (char *p = text, *end = text + SIZE; (p = memchr(p, '\n', end - p)); p++) lines++;
        memcpy(copy, text, SIZE + 1);
        equal += memcmp(copy, text, SIZE) == 0;
        for (char *p = strtok(copy, " \n"); p; p = strtok(0, " \n")) words += strlen(p) + (strcmp(p, "lyre") < 0);
        for (char *p = text; (p = strstr(p, "bir")); p++) found++;
    }
    printf("%lu %lu %lu %lu\n", lines, words, found, equal);
    return 0;
}
