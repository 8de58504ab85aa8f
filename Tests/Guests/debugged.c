// What a debugger looks at: calls, data, signals, threads, a child. The lines are those of Tests/LyrebirdDebugTests.
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct point {
    int x, y;
    double z;
};

struct point global = {1, 2, 3.5};
int counter;
volatile int caught, begun, stop;

int inner(int a, int b) {
    counter += a;
    return a * b;
}

int outer(int n) {
    int sum = 0;
    for (int i = 0; i < n; i++)
        sum += inner(i, n);
    return sum;
}

void handler(int number) {
    caught = number;
}

void *spin(void *argument) {
    __atomic_add_fetch(&begun, 1, __ATOMIC_SEQ_CST);
    while (!stop) {
    }
    return argument;
}

int ready(void) {
    return begun;
}

int calls(void) {
    global.z = outer(5);
    printf("%d %g\n", counter, global.z);
    return 42;
}

int signals(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    printf("caught %d\n", caught);
    return caught == SIGUSR1;
}

int forks(void) {
    int status;
    pid_t pid = fork();
    if (pid == 0) _exit(ready() + 3);
    waitpid(pid, &status, 0);
    return WEXITSTATUS(status);
}

int threads(int count) {
    pthread_t all[2];
    for (int i = 0; i < count; i++) pthread_create(&all[i], NULL, spin, NULL);
    while (begun < count) usleep(1000);
    char byte;
    long size = ready() == 1 ? read(0, &byte, 1) : 0;
    stop = 1;
    for (int i = 0; i < count; i++) pthread_join(all[i], NULL);
    printf("read %ld\n", size);
    return 5;
}

int main(int argc, char **argv) {
    const char *what = argv[1];
    if (!strcmp(what, "calls")) return calls();
    if (!strcmp(what, "signals")) return signals();
    if (!strcmp(what, "forks")) return forks();
    if (!strcmp(what, "threads")) return threads(2);
    if (!strcmp(what, "read")) return threads(1);
    *(volatile int *)16 = 1;
    return 0;
}
