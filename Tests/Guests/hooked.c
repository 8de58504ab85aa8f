// A program whose function `trigger` an embedder refuses to go on from: in its first thread, in another, in a child.
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

volatile uint64_t spins;

__attribute__((noinline)) void trigger(long value, volatile uint64_t *counter) { *counter += value; }

__attribute__((noinline)) void *spin(void *unused) {
    for (;;) spins++;
    return unused;
}

static void *wait_for_ever(void *unused) {
    pause();
    return unused;
}

static void *run_trigger(void *unused) {
    while (spins < 1000) {}
    usleep(20000);
    trigger(42, &spins);
    return unused;
}

int main(int count, char **arguments) {
    pthread_t threads[3];
    if (count > 1 && !strcmp(arguments[1], "child")) {
        pid_t child = fork();
        if (!child) trigger(1, &spins);
        int status;
        waitpid(child, &status, 0);
        return WIFSIGNALED(status) ? WTERMSIG(status) : 100;
    }
    pthread_create(&threads[0], NULL, spin, NULL);
    pthread_create(&threads[1], NULL, wait_for_ever, NULL);
    if (count > 1 && !strcmp(arguments[1], "thread")) {
        pthread_create(&threads[2], NULL, run_trigger, NULL);
        pause();
    }
    run_trigger(NULL);
}
