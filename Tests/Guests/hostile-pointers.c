// Every system call with a bad pointer in each argument in turn. What it returns is its own business; the process must live on,
// or end by a signal that the call itself asks for.
#include "hostile.h"

static char *good, *edge, *constant, *hole;
enum { pointers = 12, profiles = 6, highest = 470 };

static unsigned long pointer(int n) {
    switch (n) {
    case 0: return 0;
    case 1: return 8;
    case 2: return (unsigned long)hole;
    case 3: return (unsigned long)edge - 1;
    case 4: return (unsigned long)edge - 4;
    case 5: return (unsigned long)constant;
    case 6: return 0xffff800000000000;  // the kernel's
    case 7: return 0x0000800000000000;  // nobody's: not canonical
    case 8: return 0xdead000000000000;
    case 9: return 0x00007ffffffff000;  // the last page that there is not
    case 10: return ~0ul;
    default: return (unsigned long)good | 0x56ul << 56;  // with a tag
    }
}

static unsigned long other(int profile, int index) {
    static char name[] = "aBname";  // as a set of signals it does not have SIGALRM
    switch (profile) {
    case 0: return 0;
    case 1: return (unsigned long)good + 256 * index;
    case 2: return (unsigned long[]){3, (unsigned long)good, 8, (unsigned long)good + 512, 8, 8}[index];
    case 3: return (unsigned long[]){AT_FDCWD, (unsigned long)name, 0, (unsigned long)good, 8, 8}[index];
    case 4: return (unsigned long[]){(unsigned long)name, (unsigned long)name, 64, 1, 8, 1}[index];
    default: return (unsigned long[]){1, 2, ~0ul, 1ul << 63, 0x7fffffff, ~4095ul}[index];
    }
}

static void torture(int number) {
    detach_output(2);
    interrupt_often();
    for (int n = 0; n < pointers; n++)
        for (int position = 0; position < 7; position++)
            for (int profile = 0; profile < profiles; profile++) {
                unsigned long a[6];
                for (int i = 0; i < 6; i++)
                    a[i] = i == position || position == 6 ? pointer(n) : other(profile, i);
                // These would take away what the child stands on.
                if (number == SYS_munmap && a[0] == 0) continue;
                raw(number, a);
            }
    // What the process itself needs still works.
    char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page != MAP_FAILED) page[0] = 1;
    _exit(42);
}

int main(void) {
    char directory[] = "/tmp/lyrebird-hostile-XXXXXX";
    int harmless = give_up_privileges();
    CHECK(harmless);
    if (!harmless) return 1;
    CHECK(mkdtemp(directory) != NULL && chdir(directory) == 0);
    // Three pages with holes all round.
    hole = mmap(NULL, 64 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    good = hole + (16 << 20);
    constant = hole + (32 << 20);
    CHECK(mprotect(good, 4096, PROT_READ | PROT_WRITE) == 0 && mprotect(constant, 4096, PROT_READ) == 0);
    edge = good + 4096;
    CHECK(open("file", O_CREAT | O_RDWR, 0600) == 3);
    int tried = 0, ends[2];
    CHECK(pipe(ends) == 0 && ends[0] == 4);
    for (int number = 0; number < highest; number++) {
        if (is_left_out(number)) continue;
        tried++;
        pid_t child = fork();
        if (child == 0) torture(number);
        int hangs, status = end_of(child, &hangs);
        int limited = number == SYS_setrlimit && WIFSIGNALED(status) &&
                      (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL || WTERMSIG(status) == SIGXFSZ);
        int killed = number == SYS_setitimer || number == SYS_prctl || number == SYS_timer_create;
        int ended = WIFEXITED(status) && WEXITSTATUS(status) == 42;
        int asked = limited || (killed && WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM);
        if (hangs || (!ended && !asked)) {
            failures++;
            printf("FAIL call %d: %s, status %#x\n", number, hangs ? "it hangs" : "the process ended", status);
        }
    }
    CHECK(tried > 280);
    CHECK(chdir("/") == 0);
    char command[64];
    sprintf(command, "rm -rf %s", directory);
    if (fork() == 0) execl("/bin/sh", "sh", "-c", command, NULL), _exit(1);
    wait(NULL);
    return finish();
}
