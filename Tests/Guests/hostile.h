// What the hostile guests share: calls that they leave out, and children that are given up if they do not end.
#include "check.h"
#include <grp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/time.h>

struct left_out {
    int number;
    const char *reason;
};

// Calls that would end the test, or change the machine that it runs on, and not the translator.
static const struct left_out left_out[] = {
    {SYS_exit, "it ends the child"},
    {SYS_exit_group, "it ends the child"},
    {SYS_clone, "it multiplies the child"},
    {SYS_clone3, "it multiplies the child"},
    {SYS_rt_sigreturn, "it jumps to what lies on the stack"},
    {SYS_kill, "it ends others"},
    {SYS_tkill, "it ends others"},
    {SYS_tgkill, "it ends others"},
    {SYS_rt_sigqueueinfo, "it ends others"},
    {SYS_rt_tgsigqueueinfo, "it ends others"},
    {SYS_pidfd_send_signal, "it ends others"},
    {SYS_reboot, "it ends the machine"},
    {SYS_vhangup, "it ends the session"},
    {SYS_acct, "it changes the machine"},
    {SYS_sethostname, "it changes the machine"},
    {SYS_setdomainname, "it changes the machine"},
    {SYS_settimeofday, "it changes the machine"},
    {SYS_clock_settime, "it changes the machine"},
    {SYS_adjtimex, "it changes the machine"},
    {SYS_clock_adjtime, "it changes the machine"},
    {SYS_swapon, "it changes the machine"},
    {SYS_swapoff, "it changes the machine"},
    {SYS_mount, "it changes the machine"},
    {SYS_umount2, "it changes the machine"},
    {SYS_pivot_root, "it changes the machine"},
    {SYS_syslog, "it changes the machine"},
    {SYS_setpriority, "it slows others down"},
    {SYS_ioprio_set, "it slows others down"},
    {SYS_sched_setscheduler, "it slows others down"},
    {SYS_sched_setparam, "it slows others down"},
    {SYS_sched_setattr, "it slows others down"},
    {SYS_migrate_pages, "it slows others down"},
    {SYS_prlimit64, "with a number of another process it limits others"},
    {SYS_sched_setaffinity, "it moves others to other processors"},
    {SYS_move_pages, "it moves the memory of others"},
    {SYS_process_madvise, "it changes the memory of others"},
    {SYS_process_mrelease, "it changes the memory of others"},
    {SYS_process_vm_writev, "it changes the memory of others"},
    {SYS_setpgid, "it moves others to other groups"},
    {SYS_ptrace, "it stops others"},
    {SYS_move_mount, "it changes the machine"},
    {SYS_mount_setattr, "it changes the machine"},
    {SYS_quotactl, "it changes the machine"},
    {SYS_chroot, "what is removed at the end would be elsewhere"},
    {SYS_msgget, "what it makes stays behind"},
    {SYS_semget, "what it makes stays behind"},
    {SYS_shmget, "what it makes stays behind"},
    {SYS_mq_open, "what it makes stays behind"},
    {SYS_add_key, "what it makes stays behind"},
    {SYS_request_key, "what it makes stays behind"},
    {SYS_keyctl, "what it changes stays behind"},
    {SYS_sync, "it takes long"},
    {SYS_syncfs, "it takes long"},
};

// Calls at random hit what they can. So these tests run as nobody, who owns nothing but the directory that they work in: no
// file, process or setting of the machine is theirs to change. Nothing in that directory leads out of it. Returns 0 if the
// privileges cannot be given up; the test must not go on then.
static inline int give_up_privileges(void) {
    enum { nobody = 65534 };
    if (geteuid() == 0 || getuid() == 0) {
        if (setgroups(0, NULL) || setresgid(nobody, nobody, nobody) || setresuid(nobody, nobody, nobody)) return 0;
        // The kernel hides the /proc of a process that has changed its user.
        prctl(PR_SET_DUMPABLE, 1);
    }
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return getuid() != 0 && geteuid() != 0 && setuid(0) == -1;
}

static inline int is_left_out(int number) {
    for (unsigned i = 0; i < sizeof left_out / sizeof *left_out; i++)
        if (left_out[i].number == number) return 1;
    return 0;
}

static inline long raw(long number, const unsigned long *a) {
    return syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static void interrupted(int signal) { (void)signal; }

// The child's output is nobody's: what it does to its descriptors must not reach the test's.
static inline void detach_output(int last) {
    int null = open("/dev/null", O_RDWR);
    for (int n = 0; n <= last; n++) dup2(null, n);
    close(null);
}

// Waits end soon, but never by the signal's default action.
static inline void interrupt_often(void) {
    struct sigaction action = {.sa_handler = interrupted};
    sigaction(SIGALRM, &action, NULL);
    struct itimerval often = {{0, 5000}, {0, 5000}};
    setitimer(ITIMER_REAL, &often, NULL);
}

// Whether a child has itself blocked the signal that would interrupt it.
static inline int blocks_interruptions(pid_t child) {
    char path[64], line[256];
    unsigned long mask = 0;
    sprintf(path, "/proc/%d/status", child);
    FILE *file = fopen(path, "r");
    if (!file) return 0;
    while (fgets(line, sizeof line, file)) sscanf(line, "SigBlk: %lx", &mask);
    fclose(file);
    return mask >> (SIGALRM - 1) & 1;
}

// The status of a child; one that does not end within some seconds is ended, and said to hang.
static inline int end_of(pid_t child, int *hangs) {
    int status = 0;
    *hangs = 0;
    for (int n = 0; n < 1000; n++) {
        if (waitpid(child, &status, WNOHANG) == child) return status;
        usleep(n < 100 ? 500 : 10000);
    }
    *hangs = !blocks_interruptions(child);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return *hangs ? status : 42 << 8;
}
