// The host's x87 and MMX unit, one instruction at a time, for the interpreter.
#define _GNU_SOURCE
#include "x87.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

void lyrebird_x87_call(struct lyrebird_x87_words *words, void *image, const void *code);

int lyrebird_x87(const uint8_t *code, size_t size, struct lyrebird_x87_words *words, void *image) {
    enum { PAGE = 4096, RET = 0xC3 };
    uint8_t *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return errno;
    memcpy(page, code, size);
    page[size] = RET;
    int error = mprotect(page, PAGE, PROT_READ | PROT_EXEC) == 0 ? 0 : errno;
    if (error == 0) lyrebird_x87_call(words, image, page);
    munmap(page, PAGE);
    return error;
}
