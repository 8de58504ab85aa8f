// What the guest programs share: CHECK prints one line for each fact, and finish() the result.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

static int failures;

#define CHECK(condition)                                                                      \
    do {                                                                                      \
        int holds = !!(condition), error = errno;                                             \
        if (!holds) failures++;                                                               \
        if (holds)                                                                            \
            printf("ok %s\n", #condition);                                                    \
        else                                                                                  \
            printf("FAIL %s:%d %s (errno %d)\n", __FILE__, __LINE__, #condition, error);      \
        fflush(stdout);                                                                       \
    } while (0)

static inline int finish(void) {
    printf(failures ? "%d failures\n" : "all well\n", failures);
    return failures != 0;
}
