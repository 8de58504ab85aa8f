// Runs a program and says what it used: launch SECONDS REPORT PROGRAM [ARGUMENT …]. Its own memory is small, so that the peak of
// the program's can be told from that of whoever started it (the kernel counts what a process had before execve, too).

#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t child;

static void on_alarm(int number) {
    (void)number;
    kill(-child, SIGKILL);
}

static double seconds(struct timeval t) { return t.tv_sec + t.tv_usec * 1e-6; }

int main(int argc, char **argv) {
    if (argc < 4) return 2;
    FILE *report = fopen(argv[2], "we");
    if (!report) {
        perror(argv[2]);
        return 2;
    }
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    child = fork();
    if (child < 0) return 2;
    if (!child) {
        setpgid(0, 0);
        execv(argv[3], argv + 3);
        perror(argv[3]);
        _exit(127);
    }
    setpgid(child, child);
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, 0);
    alarm((unsigned)atoi(argv[1]));
    int status;
    struct rusage used;
    if (wait4(child, &status, 0, &used) != child) return 2;
    clock_gettime(CLOCK_MONOTONIC, &end);
    // What it left behind would disturb what is measured next.
    kill(-child, SIGKILL);
    fprintf(
        report, "%d %.6f %.6f %.6f %ld\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
        seconds(used.ru_utime), seconds(used.ru_stime),
        (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) * 1e-9, used.ru_maxrss);
    return fclose(report) ? 2 : 0;
}
