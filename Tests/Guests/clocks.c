// Time.
#include "check.h"
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/times.h>

static int64_t nanoseconds(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec * 1000000000ll + time.tv_nsec;
}

int main(void) {
    int64_t start = nanoseconds(CLOCK_MONOTONIC);
    CHECK(nanoseconds(CLOCK_REALTIME) > 1600000000ll * 1000000000);
    struct timespec pause = {0, 20000000}, resolution;
    CHECK(nanosleep(&pause, NULL) == 0);
    int64_t slept = nanoseconds(CLOCK_MONOTONIC) - start;
    CHECK(slept >= 20000000 && slept < 5000000000ll);
    CHECK(clock_getres(CLOCK_MONOTONIC, &resolution) == 0 && resolution.tv_sec == 0 && resolution.tv_nsec > 0);
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += 10000000;
    if (until.tv_nsec >= 1000000000) until.tv_nsec -= 1000000000, until.tv_sec++;
    CHECK(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == 0);
    CHECK(clock_gettime(1234, &until) == -1 && errno == EINVAL);
    struct timeval day;
    CHECK(gettimeofday(&day, NULL) == 0 && day.tv_sec == time(NULL));
    for (volatile int i = 0; i < 1000000; i++);
    CHECK(nanoseconds(CLOCK_PROCESS_CPUTIME_ID) > 0);
    struct tms used;
    CHECK(times(&used) != -1);
    int timer = timerfd_create(CLOCK_MONOTONIC, 0);
    struct itimerspec setting = {{0, 5000000}, {0, 5000000}};
    CHECK(timerfd_settime(timer, 0, &setting, NULL) == 0);
    usleep(30000);
    uint64_t expirations = 0;
    CHECK(read(timer, &expirations, 8) == 8 && expirations >= 4 && expirations < 1000);
    return finish();
}
