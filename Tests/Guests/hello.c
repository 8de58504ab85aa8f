// Arguments, environment and auxiliary vector as the C library sees them.
#include "check.h"
#include <elf.h>
#include <link.h>
#include <sys/auxv.h>

static int initialised = 7;
static char zeroed[100000];
static __thread int local = 5;

extern char __executable_start[];

// The address that the first segment asks for: 0 if the program may lie anywhere.
static uintptr_t first_address(void) {
    const ElfW(Phdr) *headers = (void *)getauxval(AT_PHDR);
    for (unsigned long i = 0; i < getauxval(AT_PHNUM); i++)
        if (headers[i].p_type == PT_LOAD) return headers[i].p_vaddr;
    return 1;
}

int main(int argc, char **argv, char **environment) {
    printf("hello, %d arguments:", argc - 1);
    for (int i = 1; i < argc; i++) printf(" <%s>", argv[i]);
    printf("\n");
    CHECK(argv[argc] == NULL);
    CHECK(environment == argv + argc + 1);
    for (int i = 0; environment[i]; i++)
        if (!strncmp(environment[i], "GUEST_", 6)) printf("%s\n", environment[i]);

    CHECK(getauxval(AT_PAGESZ) == 4096);
    CHECK(getauxval(AT_PHENT) == sizeof(ElfW(Phdr)));
    CHECK(getauxval(AT_CLKTCK) == 100);
    CHECK(getauxval(AT_UID) == getuid() && getauxval(AT_EGID) == getegid());
    CHECK(getauxval(AT_SECURE) == 0);
    CHECK((getauxval(AT_HWCAP) & 3) == 3);
    CHECK(!strcmp((char *)getauxval(AT_PLATFORM), "aarch64"));
    CHECK(!strcmp((char *)getauxval(AT_EXECFN), argv[0]));
    const unsigned char *random = (void *)getauxval(AT_RANDOM);
    int different = 0;
    for (int i = 1; i < 16; i++) different += random[i] != random[0];
    CHECK(different > 0);

    // The program headers are where they are said to be: one of them covers this very code.
    const ElfW(Phdr) *headers = (void *)getauxval(AT_PHDR);
    uintptr_t bias = (uintptr_t)__executable_start - first_address();
    int covered = 0;
    for (unsigned long i = 0; i < getauxval(AT_PHNUM); i++) {
        uintptr_t start = headers[i].p_vaddr + bias;
        if (headers[i].p_type == PT_LOAD && (headers[i].p_flags & PF_X))
            covered += (uintptr_t)main - start < headers[i].p_memsz;
    }
    CHECK(covered == 1);

    int nonzero = 0;
    for (unsigned i = 0; i < sizeof zeroed; i++) nonzero += zeroed[i];
    CHECK(nonzero == 0 && initialised == 7 && local == 5);
    zeroed[99999] = 1;
    return failures ? 1 : 40 + argc;
}
