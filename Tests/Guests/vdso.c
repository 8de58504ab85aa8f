// The vDSO: found as libraries find it, the same as the system calls, and a bad pointer is the fault of its own store.
#include "check.h"
#include <elf.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <sys/auxv.h>
#include <sys/time.h>
#include <unwind.h>

#ifdef __aarch64__
#define MACHINE EM_AARCH64
#define VERSION "LINUX_2.6.39"
#define NAME(name) "__kernel_" name
#else
#define MACHINE EM_X86_64
#define VERSION "LINUX_2.6"
#define NAME(name) "__vdso_" name
#endif

typedef int Gettime(clockid_t, struct timespec *);
typedef int Gettimeofday(struct timeval *, struct timezone *);
typedef time_t Time(time_t *);
typedef int Getcpu(unsigned *, unsigned *, void *);

static char *image;
static const Elf64_Sym *symbols;
static const char *strings;
static const Elf32_Word *hash;
static const Elf64_Half *versions;
static const Elf64_Verdef *definitions;
static size_t size;

static int read_image(void) {
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)image;
    const Elf64_Phdr *segments = (const Elf64_Phdr *)(image + header->e_phoff);
    const Elf64_Dyn *dynamic = NULL;
    for (int i = 0; i < header->e_phnum; i++) {
        if (segments[i].p_type == PT_LOAD) size = segments[i].p_memsz;
        if (segments[i].p_type == PT_DYNAMIC) dynamic = (const Elf64_Dyn *)(image + segments[i].p_offset);
    }
    for (; dynamic && dynamic->d_tag; dynamic++) {
        char *place = image + dynamic->d_un.d_ptr;
        if (dynamic->d_tag == DT_STRTAB) strings = place;
        if (dynamic->d_tag == DT_SYMTAB) symbols = (const Elf64_Sym *)place;
        if (dynamic->d_tag == DT_HASH) hash = (const Elf32_Word *)place;
        if (dynamic->d_tag == DT_VERSYM) versions = (const Elf64_Half *)place;
        if (dynamic->d_tag == DT_VERDEF) definitions = (const Elf64_Verdef *)place;
    }
    return !memcmp(header->e_ident, ELFMAG, SELFMAG) && header->e_machine == MACHINE && strings && symbols && hash
        && versions && definitions;
}

static const char *version_of(int symbol) {
    for (const Elf64_Verdef *d = definitions;; d = (const Elf64_Verdef *)((const char *)d + d->vd_next)) {
        if (d->vd_ndx == (versions[symbol] & 0x7fff))
            return strings + ((const Elf64_Verdaux *)((const char *)d + d->vd_aux))->vda_name;
        if (!d->vd_next) return "";
    }
}

static unsigned long hash_of(const char *name) {
    unsigned long h = 0, high;
    for (; *name; name++) {
        h = (h << 4) + (unsigned char)*name;
        if ((high = h & 0xf0000000)) h ^= high >> 24;
        h &= ~high;
    }
    return h;
}

// By the chains of DT_HASH.
static void *look_up_by(const char *name, unsigned long h) {
    for (Elf32_Word i = hash[2 + h % hash[0]]; i; i = hash[2 + hash[0] + i])
        if (!strcmp(strings + symbols[i].st_name, name) && !strcmp(version_of(i), VERSION))
            return image + symbols[i].st_value;
    return NULL;
}

static void *look_up(const char *name) { return look_up_by(name, hash_of(name)); }

static int64_t as_number(struct timespec time) { return time.tv_sec * 1000000000ll + time.tv_nsec; }

// Between two system calls.
static int agrees(Gettime *gettime, clockid_t clock) {
    struct timespec before = {0}, time = {0}, after = {0};
    int expected = syscall(SYS_clock_gettime, clock, &before) ? -errno : 0;
    int result = gettime(clock, &time);
    syscall(SYS_clock_gettime, clock, &after);
    if (result != expected) printf("clock %d: %d, not %d\n", clock, result, expected);
    return result == expected
        && (result || (as_number(before) <= as_number(time) && as_number(time) <= as_number(after) && time.tv_nsec >= 0
                       && time.tv_nsec < 1000000000));
}

static sigjmp_buf escape;
static siginfo_t fault;
static volatile int has_faulted;
// Of the fault: where it was, and the register with the clock's pointer.
static uint64_t place, pointer;
static uint64_t seconds;
static int main_is_caller;

int main(void);

static _Unwind_Reason_Code look(struct _Unwind_Context *frame, void *is_behind) {
    uint64_t pc = _Unwind_GetIP(frame);
    if (*(int *)is_behind) {
        main_is_caller = _Unwind_FindEnclosingFunction((void *)(pc - 1)) == (void *)main;
        return _URC_END_OF_STACK;
    }
    *(int *)is_behind = pc == place;
    return _URC_NO_REASON;
}

static void on_fault(int signal, siginfo_t *info, void *context) {
    (void)signal;
    fault = *info;
    mcontext_t *machine = &((ucontext_t *)context)->uc_mcontext;
#ifdef __aarch64__
    place = machine->pc, pointer = machine->regs[1], seconds = machine->regs[3];
#else
    place = machine->gregs[REG_RIP], pointer = machine->gregs[REG_RSI], seconds = machine->gregs[REG_RDX];
#endif
    has_faulted = 1;
    int is_behind = 0;
    main_is_caller = 0;
    _Unwind_Backtrace(look, &is_behind);
    siglongjmp(escape, 1);
}

static volatile int ticks;
static volatile int backwards;
static void on_tick(int signal) { (void)signal, ticks++; }

static void *read_clock(void *gettime) {
    int64_t last = 0;
    for (int i = 0; i < 200000; i++) {
        struct timespec time;
        ((Gettime *)gettime)(CLOCK_MONOTONIC, &time);
        if (as_number(time) < last) backwards = 1;
        last = as_number(time);
    }
    return NULL;
}

#ifdef __aarch64__
// A handler without SA_RESTORER returns through the vDSO.
static volatile uint64_t return_address;
static void on_signal(int signal) { (void)signal, return_address = (uint64_t)__builtin_return_address(0); }
#endif

int main(void) {
    image = (char *)getauxval(AT_SYSINFO_EHDR);
    CHECK(image && ((uintptr_t)image & 4095) == 0 && read_image());
    Gettime *gettime = (Gettime *)look_up(NAME("clock_gettime"));
    Gettime *getres = (Gettime *)look_up(NAME("clock_getres"));
    Gettimeofday *gettimeofday_ = (Gettimeofday *)look_up(NAME("gettimeofday"));
    CHECK(gettime && getres && gettimeofday_);
    CHECK(!look_up(NAME("nothing")));
#ifdef __aarch64__
    // What Go 1.19 has in its table is the hash of another name.
    CHECK(look_up_by("__kernel_clock_gettime", hash_of("__vdso_clock_gettime")) == (void *)gettime);
#else
    CHECK(look_up("clock_gettime") == (void *)gettime);
#endif

    char line[64], maps[1 << 14];
    int file = open("/proc/self/maps", O_RDONLY);
    maps[read(file, maps, sizeof maps - 1)] = 0;
    sprintf(line, "%lx-%lx r-xp", (long)image, (long)image + 4096);
    char *found = strstr(maps, line);
    CHECK(found && strstr(found, "[vdso]") && strchr(found, '\n') > strstr(found, "[vdso]"));

    // Every clock there is, and none.
    int all = 1;
    for (clockid_t clock = 0; clock < 24; clock++) all &= agrees(gettime, clock);
    CHECK(all);
    CHECK(agrees(gettime, -1) && agrees(gettime, 63) && agrees(gettime, 64) && agrees(gettime, 1 << 30));
    CHECK(agrees(gettime, (~getpid() << 3) | 2));
    struct timespec resolution, same;
    CHECK(getres(CLOCK_MONOTONIC, &resolution) == 0 && syscall(SYS_clock_getres, CLOCK_MONOTONIC, &same) == 0
          && as_number(resolution) == as_number(same));
    CHECK(getres(1234, &resolution) == -EINVAL);

    struct timeval before, now, after;
    struct timezone zone = {7, 7}, zone_too = {8, 8};
    syscall(SYS_gettimeofday, &before, &zone_too);
    CHECK(gettimeofday_(&now, NULL) == 0);
    syscall(SYS_gettimeofday, &after, NULL);
    int64_t first = before.tv_sec * 1000000ll + before.tv_usec, last = after.tv_sec * 1000000ll + after.tv_usec;
    int64_t middle = now.tv_sec * 1000000ll + now.tv_usec;
    CHECK(first <= middle && middle <= last && now.tv_usec >= 0 && now.tv_usec < 1000000);
    CHECK(gettimeofday_(&now, &zone) == 0 && now.tv_sec >= before.tv_sec && !memcmp(&zone, &zone_too, sizeof zone));
    CHECK(gettimeofday_(NULL, NULL) == 0);

    // A pointer that cannot be written: the store's fault, where it stands, with all registers.
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL);
    struct timespec *bad = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (!sigsetjmp(escape, 1)) gettime(CLOCK_MONOTONIC, bad);
    CHECK(has_faulted && fault.si_code == SEGV_ACCERR && fault.si_addr == bad);
    CHECK(place >= (uint64_t)gettime && place < (uint64_t)image + size && pointer == (uint64_t)bad);
    // Unwinders find the way out of it.
    CHECK(main_is_caller);
    struct timespec time;
    gettime(CLOCK_MONOTONIC, &time);
    CHECK(seconds <= (uint64_t)time.tv_sec && seconds + 5 >= (uint64_t)time.tv_sec);
    has_faulted = 0;
    if (!sigsetjmp(escape, 1)) gettime(CLOCK_REALTIME, (void *)0x123456789abcdef0);
    CHECK(has_faulted && place < (uint64_t)image + size);
    has_faulted = 0;
    if (!sigsetjmp(escape, 1)) gettimeofday_((void *)8, NULL);
    CHECK(has_faulted && fault.si_code == SEGV_MAPERR && fault.si_addr == (void *)8 && main_is_caller);
    CHECK(gettime(CLOCK_PROCESS_CPUTIME_ID, bad) == -EFAULT);

    // Signals while it runs, threads, and a child.
    signal(SIGALRM, on_tick);
    struct itimerval interval = {{0, 500}, {0, 500}}, none = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &interval, NULL);
    while (ticks < 20) read_clock(gettime);
    setitimer(ITIMER_REAL, &none, NULL);
    CHECK(!backwards);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, read_clock, gettime);
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    CHECK(!backwards);
    int status;
    pid_t child = fork();
    if (!child) _exit(agrees(gettime, CLOCK_MONOTONIC) ? 3 : 4);
    CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 3);

#ifdef __aarch64__
    char *sigreturn = look_up("__kernel_rt_sigreturn");
    CHECK(sigreturn);
    struct {
        void (*handler)(int);
        unsigned long flags;
        void (*restorer)(void);
        uint64_t mask;
    } raw = {on_signal, 0, NULL, 0};
    CHECK(syscall(SYS_rt_sigaction, SIGUSR1, &raw, NULL, 8) == 0);
    raise(SIGUSR1);
    CHECK(return_address == (uint64_t)sigreturn && ((uint32_t *)sigreturn)[-1] == 0xd503201f);
#else
    Time *time_ = (Time *)look_up(NAME("time"));
    Getcpu *getcpu_ = (Getcpu *)look_up(NAME("getcpu"));
    time_t earlier = syscall(SYS_time, NULL), stored = 0, told = time_(&stored);
    CHECK(told == stored && earlier <= told && time_(NULL) >= told && time_(NULL) <= syscall(SYS_time, NULL));
    has_faulted = 0;
    if (!sigsetjmp(escape, 1)) time_((time_t *)bad);
    CHECK(has_faulted && fault.si_addr == bad && main_is_caller);
    cpu_set_t allowed, one;
    sched_getaffinity(0, sizeof allowed, &allowed);
    int right = 1;
    for (int i = 0; i < CPU_SETSIZE; i++) {
        if (!CPU_ISSET(i, &allowed)) continue;
        unsigned processor = -1, node = -1, node_too = -2;
        CPU_ZERO(&one);
        CPU_SET(i, &one);
        sched_setaffinity(0, sizeof one, &one);
        right &= getcpu_(&processor, NULL, NULL) == 0 && processor == i;
        right &= getcpu_(&processor, &node, NULL) == 0 && processor == i;
        right &= getcpu_(NULL, NULL, NULL) == 0 && syscall(SYS_getcpu, NULL, &node_too, NULL) == 0 && node == node_too;
    }
    sched_setaffinity(0, sizeof allowed, &allowed);
    CHECK(right);
    CHECK(getcpu_((unsigned *)bad, (unsigned *)bad, NULL) == -EFAULT);
#endif

    // Moved away, the image asks the kernel; what is mapped in its place runs as it stands there.
    char *aside = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    long offset = (char *)gettime - image;
    CHECK(mremap(image, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, aside) == aside);
    CHECK(agrees((Gettime *)(aside + offset), CLOCK_MONOTONIC) && agrees((Gettime *)(aside + offset), 1234));
    unsigned char *code = mmap(image, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    CHECK((char *)code == image);
#ifdef __aarch64__
    const uint32_t increment = 0x11000400, leave = 0xd65f03c0;  // add w0, w0, #1; ret
#else
    const uint32_t increment = 0x9001c783, leave = 0xc3f88948;  // add $1, %edi; nop; mov %rdi, %rax; ret
#endif
    for (int i = 0; i < 1023; i++) memcpy(code + 4 * i, &increment, 4);
    memcpy(code + 4092, &leave, 4);
    __builtin___clear_cache((char *)code, (char *)(code + 4096));
    mprotect(code, 4096, PROT_READ | PROT_EXEC);
    CHECK(((int (*)(int))(uintptr_t)code)(5) == 5 + 1023);
    return finish();
}
