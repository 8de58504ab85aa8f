// fork, vfork, posix_spawn, execve and what survives them. The program executes itself with other arguments.
#include "check.h"
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>

extern char **environ;
static char *self;

static int descriptors(void) {
    int open = 0;
    for (int i = 0; i < 64; i++) open += fcntl(i, F_GETFD) != -1;
    return open;
}

static int as_child(int argc, char **argv) {
    const char *what = argv[1];
    if (!strcmp(what, "status")) return atoi(argv[2]);
    if (!strcmp(what, "environment")) return getenv("GUEST_X") && !strcmp(getenv("GUEST_X"), "a b=c") ? 5 : 6;
    if (!strcmp(what, "loader")) return getenv("LD_PRELOAD") && !strcmp(getenv("LD_PRELOAD"), "/no/such.so") ? 5 : 6;
    if (!strcmp(what, "descriptors")) return descriptors();
    if (!strcmp(what, "arguments")) return argc == 3002 && !strcmp(argv[3001], "argument 2999") && !*argv[2] ? 8 : 9;
    if (!strcmp(what, "signals")) {
        struct sigaction ignored, handled, segv;
        sigset_t mask;
        sigaction(SIGUSR1, NULL, &ignored);
        sigaction(SIGUSR2, NULL, &handled);
        sigaction(SIGSEGV, NULL, &segv);
        sigprocmask(SIG_BLOCK, NULL, &mask);
        return (ignored.sa_handler == SIG_IGN) + 2 * sigismember(&mask, SIGHUP) + 4 * (handled.sa_handler == SIG_DFL) +
               8 * sigismember(&mask, SIGSEGV) + 16 * (segv.sa_handler == SIG_IGN);
    }
    return 99;
}

static int run(int how, char *what, char *argument) {
    char *arguments[] = {self, what, argument, NULL};
    pid_t child;
    int status;
    if (how == 0) {
        child = fork();
        if (child == 0) execv(self, arguments), _exit(127);
    } else if (how == 1) {
        child = vfork();
        if (child == 0) execv(self, arguments), _exit(127);
    } else if (posix_spawn(&child, self, NULL, NULL, arguments, environ)) {
        return -1;
    }
    if (waitpid(child, &status, 0) != child) return -2;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void handler(int signal) {}

int main(int argc, char **argv) {
    if (argc > 1) return as_child(argc, argv);
    self = argv[0];
    int status, pipes[2];
    char buffer[64];

    CHECK(pipe(pipes) == 0);
    pid_t child = fork(), parent = getpid();
    if (child == 0) {
        close(pipes[0]);
        sprintf(buffer, "%d %d", getppid(), getpid());
        _exit(write(pipes[1], buffer, strlen(buffer) + 1) > 0 ? 3 : 4);
    }
    close(pipes[1]);
    int from_parent = 0, from_child = 0;
    CHECK(read(pipes[0], buffer, sizeof buffer) > 0);
    CHECK(sscanf(buffer, "%d %d", &from_parent, &from_child) == 2 && from_parent == parent && from_child == child);
    CHECK(read(pipes[0], buffer, 1) == 0);
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 3);
    CHECK(waitpid(-1, &status, 0) == -1 && errno == ECHILD);
    close(pipes[0]);

    for (int how = 0; how < 3; how++) {
        int bad = 0;
        for (int i = 0; i < 10; i++) {
            sprintf(buffer, "%d", i * 11);
            bad += run(how, "status", buffer) != i * 11;
        }
        CHECK(bad == 0);
    }
    setenv("GUEST_X", "a b=c", 1);
    CHECK(run(0, "environment", NULL) == 5);
    setenv("LD_PRELOAD", "/no/such.so", 1);
    CHECK(run(0, "loader", NULL) == 5);
    unsetenv("LD_PRELOAD");
    int before = descriptors();
    CHECK(run(0, "descriptors", NULL) == before);
    int kept = open("/dev/null", O_RDONLY), closed = open("/dev/null", O_RDONLY | O_CLOEXEC);
    CHECK(run(0, "descriptors", NULL) == before + 1);
    close(kept), close(closed);

    child = fork();
    if (child == 0) {
        static char *many[3003];
        many[0] = self, many[1] = "arguments", many[2] = "";
        for (int i = 1; i < 3000; i++) {
            many[i + 2] = malloc(32);
            sprintf(many[i + 2], "argument %d", i);
        }
        execv(self, many), _exit(1);
    }
    CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 8);

    signal(SIGUSR1, SIG_IGN), signal(SIGUSR2, handler), signal(SIGSEGV, SIG_IGN);
    sigset_t mask;
    sigemptyset(&mask), sigaddset(&mask, SIGHUP), sigaddset(&mask, SIGSEGV);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    CHECK(run(0, "signals", NULL) == 31);

    char *none[] = {"x", NULL};
    CHECK(execv("/no/such/program", none) == -1 && errno == ENOENT);
    CHECK(execv("/etc/passwd", none) == -1 && errno == EACCES);
    CHECK(execv("/etc", none) == -1 && errno == EACCES);
    CHECK(execv("/etc/passwd/x", none) == -1 && errno == ENOTDIR);
    char **bad = (char **)8;
    CHECK(execve(self, bad, NULL) == -1 && errno == EFAULT);
    char script[] = "/tmp/lyrebird-script-XXXXXX";
    int file = mkstemp(script);
    sprintf(buffer, "#!%s status\n", self);
    CHECK(write(file, "no program", 10) == 10 && fchmod(file, 0700) == 0 && close(file) == 0);
    CHECK(execv(script, none) == -1 && errno == ENOEXEC);
    // A script of this program's, and one of the host's shell.
    file = open(script, O_WRONLY | O_TRUNC);
    CHECK(dprintf(file, "#!%s status\n", self) > 0 && close(file) == 0);
    child = fork();
    if (child == 0) execl(script, script, "ignored", NULL), _exit(1);
    CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 0);
    file = open(script, O_WRONLY | O_TRUNC);
    CHECK(write(file, "#!/bin/sh\nexit $1\n", 18) == 18 && close(file) == 0);
    child = fork();
    if (child == 0) execl(script, script, "23", NULL), _exit(1);
    CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 23);
    unlink(script);

    // By descriptor, and by the name of the running program.
    file = open(self, O_RDONLY | O_CLOEXEC);
    child = fork();
    if (child == 0) fexecve(file, (char *[]){"x", "status", "21", NULL}, environ), _exit(1);
    CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 21);
    child = fork();
    if (child == 0) execl("/proc/self/exe", "x", "status", "22", NULL), _exit(1);
    CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 22);
    char link[4096] = {0};
    CHECK(readlink("/proc/self/exe", link, sizeof link - 1) > 0 && strstr(link, "processes"));

    child = fork();
    if (child == 0) raise(SIGKILL);
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    child = fork();
    if (child == 0) abort();
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    child = fork();
    if (child == 0) raise(SIGSTOP), _exit(7);
    CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
    kill(child, SIGCONT);
    siginfo_t info;
    CHECK(waitid(P_PID, child, &info, WEXITED) == 0 && info.si_code == CLD_EXITED && info.si_status == 7);

    // A tree of processes, each of which counts its own.
    child = fork();
    if (child == 0) {
        for (int i = 0; i < 4; i++) fork();
        int count = 1;
        while (wait(&status) > 0) count += WEXITSTATUS(status);
        _exit(count);
    }
    CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 16);
    CHECK(prctl(PR_SET_NAME, "a guest") == 0 && prctl(PR_GET_NAME, buffer) == 0 && !strcmp(buffer, "a guest"));
    return finish();
}
