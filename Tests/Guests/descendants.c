// Threads, children of fork and vfork, one of which executes a program and one of which dies, and then the end that the argument says.
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void *spin(void *count) {
    for (volatile long i = 0; i < (long)count; i++) {}
    return NULL;
}

int main(int count, char **arguments) {
    const char *end = count > 1 ? arguments[1] : "";
    if (!strcmp(end, "leaf")) return 7;
    pthread_t thread;
    pthread_create(&thread, NULL, spin, (void *)1000);
    pthread_join(thread, NULL);
    pid_t child = fork();
    if (!child) _exit(spin((void *)500) != NULL);
    waitpid(child, NULL, 0);
    child = vfork();
    if (!child) {
        execl(arguments[0], arguments[0], "leaf", NULL);
        _exit(1);
    }
    waitpid(child, NULL, 0);
    child = fork();
    if (!child) {
        spin((void *)100);
        *(volatile int *)NULL = 1;
    }
    waitpid(child, NULL, 0);
    if (!strcmp(end, "kill")) kill(getpid(), SIGTERM);
    if (!strcmp(end, "exec")) execl(arguments[0], arguments[0], "leaf", NULL);
    return 3;
}
