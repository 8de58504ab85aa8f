// What /proc says about the process, and what the process can do through it.
#include "check.h"
#include <elf.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static char text[1 << 18];

static char *content(const char *path) {
    int file = open(path, O_RDONLY), got, length = 0;
    while (file >= 0 && (got = read(file, text + length, sizeof text - 1 - length)) > 0) length += got;
    close(file);
    text[length] = 0;
    return text;
}

static char *line(const char *path, const char *start) {
    for (char *at = strtok(content(path), "\n"); at; at = strtok(NULL, "\n"))
        if (!strncmp(at, start, strlen(start))) return at;
    return "";
}

static void on_signal(int signal) { (void)signal; }

int main(int count, char **arguments) {
    if (count > 1) {
        struct rlimit limit;
        int limited = getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur == 64 << 20;
        void *more = mmap(NULL, 65 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        return limited && more == MAP_FAILED && errno == ENOMEM ? 0 : 5;
    }
    char name[64], buffer[256];
    sprintf(name, "/proc/%d/cmdline", getpid());
    CHECK(!strcmp(content(name), arguments[0]) && !strcmp(content("/proc/thread-self/cmdline"), arguments[0]));
    sprintf(name, "/proc/self/task/%ld/maps", syscall(SYS_gettid));
    CHECK(strstr(content(name), "[stack]") && strstr(text, " r-xp ") && strstr(text, strrchr(arguments[0], 0x2f)));
    CHECK(!strstr(text, "lyrebird-code") && !strstr(text, "ld-linux"));

    // A mapping, and its figures.
    char *page = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *found;
    memset(page, 1, 3 * 4096);
    mprotect(page, 3 * 4096, PROT_READ | PROT_EXEC);
    sprintf(name, "%lx-%lx r-xp", (long)page, (long)page + 3 * 4096);
    CHECK(strstr(content("/proc/self/maps"), name));
    CHECK((found = strstr(content("/proc/self/smaps"), name)) && strstr(found, "Size:                 12 kB\n"));
    CHECK(found && strstr(found, "\nRss:") && strstr(found, "\nVmFlags:"));

    // What a shell that runs this in the background has it ignore stays ignored.
    signal(SIGUSR1, on_signal);
    unsigned long ignored = strtoul(line("/proc/self/status", "SigIgn:") + 8, NULL, 16);
    signal(SIGUSR2, SIG_IGN);
    CHECK(!strcmp(line("/proc/self/status", "SigCgt:"), "SigCgt:\t0000000000000200"));
    sprintf(name, "SigIgn:\t%016lx", ignored | 0x800);
    CHECK(!strcmp(line("/proc/self/status", "SigIgn:"), name));
    prctl(PR_SET_NAME, "new name");
    CHECK(!strcmp(line("/proc/self/status", "Name:"), "Name:\tnew name"));
    CHECK(!strcmp(content("/proc/self/comm"), "new name\n"));
    CHECK(strstr(content("/proc/self/stat"), "(new name)"));
    struct rlimit limit = {1 << 22, RLIM_INFINITY};
    CHECK(setrlimit(RLIMIT_STACK, &limit) == 0);
    CHECK(!strcmp(line("/proc/self/limits", "Max stack size"),
                  "Max stack size            4194304              unlimited            bytes     "));

    Elf64_auxv_t vector[64];
    int file = open("/proc/self/auxv", O_RDONLY), size = read(file, vector, sizeof vector), agree = size > 0;
    close(file);
    for (int i = 0; i < size / 16 && vector[i].a_type; i++) agree &= vector[i].a_un.a_val == getauxval(vector[i].a_type);
    CHECK(agree);
    static Elf64_auxv_t same[64];
    CHECK(prctl(0x41555856, same, sizeof same, 0, 0) == size && !memcmp(same, vector, size));

    // The processor's features are those of AT_HWCAP.
    char *features = line("/proc/cpuinfo", "Features");
    static const char *names[] = {"fp", "asimd", "evtstrm", "aes", "pmull", "sha1", "sha2", "crc32", "atomics"};
    int right = 1;
    for (int i = 0; i < 9; i++) {
        int told = 0;
        snprintf(buffer, sizeof buffer, "%s", features);
        for (char *word = strtok(buffer, " \t:"); word; word = strtok(NULL, " \t:")) told |= !strcmp(word, names[i]);
        right &= told == (int)(getauxval(AT_HWCAP) >> i & 1);
    }
    CHECK(right && *features);

    // Memory as a file: code that is written there runs as it is now.
    unsigned *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    unsigned first[2] = {0x52800020, 0xd65f03c0}, second = 0x52800040;  // mov w0, #1; ret; mov w0, #2
    memcpy(code, first, 8);
    mprotect(code, 4096, PROT_READ | PROT_EXEC);
    __builtin___clear_cache((char *)code, (char *)code + 8);
    CHECK(((int (*)(void))code)() == 1);
    int memory = open("/proc/self/mem", O_RDWR);
    CHECK(pread(memory, buffer, 8, (off_t)code) == 8 && !memcmp(buffer, first, 8));
    CHECK(pwrite(memory, &second, 4, (off_t)code) == 4);
    CHECK(((int (*)(void))code)() == 2);
    close(memory);

    // A page that is emptied holds no code any more.
    int copy = memfd_create("code", 0);
    CHECK(write(copy, first, 8) == 8);
    unsigned *mapped = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE, copy, 0);
    mapped[0] = second;
    __builtin___clear_cache((char *)mapped, (char *)mapped + 8);
    CHECK(((int (*)(void))mapped)() == 2);
    CHECK(madvise(mapped, 4096, MADV_DONTNEED) == 0 && ((int (*)(void))mapped)() == 1);

    // Limits on memory go to what is executed, and do not stop it from starting.
    struct rlimit small = {64 << 20, 64 << 20};
    int end;
    fflush(stdout);
    if (fork() == 0) {
        if (setrlimit(RLIMIT_AS, &small)) _exit(1);
        execl("/proc/self/exe", arguments[0], "limited", NULL);
        _exit(2);
    }
    wait(&end);
    CHECK(WIFEXITED(end) && WEXITSTATUS(end) == 0);
    return finish();
}
