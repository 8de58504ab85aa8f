// Four threads that sort parts of an array, count under a lock and pass numbers through a queue.

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { THREADS = 4, COUNT = 200000, PASSED = 100000, ROOM = 256 };

static uint32_t numbers[THREADS][COUNT];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER, emptied = PTHREAD_COND_INITIALIZER;
static uint64_t total, queue[ROOM];
static unsigned head, tail;
static _Atomic uint64_t atomic_total;

static int compare(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void *sort_and_count(void *p) {
    uint32_t *mine = p, x = (uint32_t)(mine - numbers[0]) + 1;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < COUNT; i++) mine[i] = x = x * 1664525 + 1013904223;
        qsort(mine, COUNT, sizeof *mine, compare);
        for (int i = 0; i < COUNT; i += 4) {
            pthread_mutex_lock(&lock);
            total += mine[i];
            pthread_mutex_unlock(&lock);
            atomic_fetch_add(&atomic_total, mine[i] ^ i);
        }
    }
    return 0;
}

static void *produce(void *p) {
    for (uint64_t i = 1; i <= PASSED; i++) {
        pthread_mutex_lock(&lock);
        while (head - tail == ROOM) pthread_cond_wait(&emptied, &lock);
        queue[head++ % ROOM] = i;
        pthread_cond_signal(&filled);
        pthread_mutex_unlock(&lock);
    }
    return p;
}

static void *consume(void *p) {
    uint64_t *sum = p;
    for (int i = 0; i < PASSED; i++) {
        pthread_mutex_lock(&lock);
        while (head == tail) pthread_cond_wait(&filled, &lock);
        *sum += queue[tail++ % ROOM];
        pthread_cond_signal(&emptied);
        pthread_mutex_unlock(&lock);
    }
    return 0;
}

int main(void) {
    pthread_t threads[THREADS], producer, consumer;
    uint64_t sum = 0;
    for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], 0, sort_and_count, numbers[i]);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], 0);
    pthread_create(&producer, 0, produce, 0);
    pthread_create(&consumer, 0, consume, &sum);
    pthread_join(producer, 0);
    pthread_join(consumer, 0);
    printf("%llu %llu %llu\n", (unsigned long long)total, (unsigned long long)atomic_total, (unsigned long long)sum);
    return 0;
}
