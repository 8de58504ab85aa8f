// System calls family by family. What they return is printed, without addresses and numbers of processes, so that a native run
// of the same source prints the same.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/sendfile.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define SAY(call)                                                     \
    do {                                                              \
        errno = 0;                                                    \
        long result = (long)(call);                                   \
        printf("%s = %ld %s\n", #call, result, errno ? strerror(errno) : ""); \
        fflush(stdout);                                               \
    } while (0)
#define YES(fact) (printf("%s: %s\n", #fact, (fact) ? "yes" : "no"), fflush(stdout))

static volatile int handled, code, value_of;
static void handler(int signal, siginfo_t *info, void *context) {
    (void)context;
    handled = signal, code = info->si_code, value_of = info->si_value.sival_int;
}

static void memory(void) {
    int anonymous = MAP_PRIVATE | MAP_ANONYMOUS;
    char *p = mmap(NULL, 16 * 4096, PROT_READ | PROT_WRITE, anonymous, -1, 0), *q;
    memset(p, 5, 16 * 4096);
    SAY(madvise(p, 4096, MADV_DONTNEED));
    YES(p[0] == 0 && p[4096] == 5);
    SAY(madvise(p, 4096, 12345));
    SAY(madvise(p + 1, 4096, MADV_DONTNEED));
    SAY(munmap(p + 4096, 4096));
    SAY(madvise(p, 3 * 4096, MADV_DONTNEED));
    YES(p[2 * 4096] == 0 && p[3 * 4096] == 5);
    SAY(mprotect(p, 3 * 4096, PROT_READ));
    SAY(msync(p, 4096, MS_SYNC));
    SAY(msync(p + 4096, 4096, MS_SYNC));
    unsigned char resident[4];
    SAY(mincore(p + 8 * 4096, 4 * 4096, resident));
    SAY(mincore(p + 4096, 4096, resident));
    YES(mmap(p + 8 * 4096, 4096, PROT_READ, anonymous | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED && errno == EEXIST);
    YES(mmap(p + 8 * 4096, 4096, PROT_READ, anonymous | MAP_FIXED, 999, 0) == p + 8 * 4096);
    YES(mmap(p + 8 * 4096, 4096, PROT_READ, MAP_PRIVATE | MAP_FIXED, 999, 0) == MAP_FAILED && errno == EBADF);
    YES(mmap(NULL, 0, PROT_READ, anonymous, -1, 0) == MAP_FAILED && errno == EINVAL);
    YES(mmap(NULL, ~0ul, PROT_READ, anonymous, -1, 0) == MAP_FAILED && errno == ENOMEM);
    YES(mremap(p + 9 * 4096, 4096, 4096 * 4, 0) == MAP_FAILED && errno == ENOMEM);
    q = mremap(p + 9 * 4096, 4096, 4096 * 40, MREMAP_MAYMOVE);
    YES(q != MAP_FAILED && q[0] == 5 && q[40 * 4096 - 1] == 0);
    YES(mremap(q, 40 * 4096, 4096, MREMAP_FIXED | MREMAP_MAYMOVE, q + 8 * 4096) == MAP_FAILED && errno == EINVAL);
    YES(mremap(q + 1, 4096, 4096, 0) == MAP_FAILED && errno == EINVAL);
    YES(mremap((void *)4096, 4096, 8192, MREMAP_MAYMOVE) == MAP_FAILED && errno == EFAULT);
    SAY(mlock(q, 4096));
    SAY(munlock(q, 4096));
    SAY(mlockall(0));
    SAY(mlockall(64));
    SAY(munlockall());
    SAY(munmap(q, 40 * 4096));
    SAY(munmap(q, 0));
    SAY(munmap((void *)1, 4096));
    char *down = mmap(NULL, 4096, PROT_READ | PROT_WRITE, anonymous | MAP_GROWSDOWN, -1, 0);
    YES(down != MAP_FAILED);
    char *start = sbrk(0);
    YES(sbrk(123456) == start && (start[123455] = 1));
    YES(sbrk(-123456) == start + 123456 && sbrk(0) == start);
    int file = memfd_create("name", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    SAY(ftruncate(file, 8192));
    char *a = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    char *b = mremap(a, 0, 8192, MREMAP_MAYMOVE);
    a[5000] = 9;
    YES(b != MAP_FAILED && b != a && b[5000] == 9);
    munmap(a, 8192), munmap(b, 8192);
    SAY(fcntl(file, F_ADD_SEALS, F_SEAL_GROW));
    SAY(fcntl(file, F_GET_SEALS));
    SAY(ftruncate(file, 1 << 20));
    struct rlimit limit;
    if (fork() == 0) {
        SAY(getrlimit(RLIMIT_AS, &limit));
        limit.rlim_cur = 512 << 20;
        SAY(setrlimit(RLIMIT_AS, &limit));
        YES(mmap(NULL, 1 << 30, PROT_READ, anonymous | MAP_NORESERVE, -1, 0) == MAP_FAILED && errno == ENOMEM);
        YES(mmap(NULL, 1 << 20, PROT_READ, anonymous, -1, 0) != MAP_FAILED);
        YES(getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur == 512 << 20);
        limit.rlim_cur = 1 << 20;
        SAY(setrlimit(RLIMIT_DATA, &limit));
        YES(sbrk(8 << 20) == (void *)-1 && errno == ENOMEM);
        limit.rlim_cur = 5, limit.rlim_max = 4;
        SAY(setrlimit(RLIMIT_STACK, &limit));
        _exit(0);
    }
    wait(NULL);
}

static void signals(void) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGRTMIN, &action, NULL);
    union sigval value = {.sival_int = 77};
    SAY(sigqueue(getpid(), SIGRTMIN, value));
    YES(handled == SIGRTMIN && code == SI_QUEUE && value_of == 77);
    SAY(raise(SIGUSR1));
    YES(handled == SIGUSR1 && code == SI_TKILL);
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value = {.sival_int = 4}};
    timer_t timer;
    SAY(timer_create(CLOCK_MONOTONIC, &event, &timer));
    struct itimerspec soon = {{0, 0}, {0, 1000000}}, left;
    SAY(timer_settime(timer, 0, &soon, NULL));
    while (code != SI_TIMER) pause();
    YES(value_of == 4);
    SAY(timer_gettime(timer, &left));
    SAY(timer_getoverrun(timer));
    SAY(timer_delete(timer));
    event.sigev_notify = SIGEV_THREAD_ID;
    event._sigev_un._tid = syscall(SYS_gettid);
    SAY(timer_create(CLOCK_REALTIME, &event, &timer));
    code = 0;
    SAY(timer_settime(timer, 0, &soon, NULL));
    while (code != SI_TIMER) pause();
    SAY(timer_delete(timer));
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int descriptor = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    struct signalfd_siginfo got = {0};
    SAY(read(descriptor, &got, sizeof got));
    kill(getpid(), SIGUSR2);
    SAY(read(descriptor, &got, sizeof got));
    YES(got.ssi_signo == SIGUSR2 && got.ssi_pid == (uint32_t)getpid() && got.ssi_code == SI_USER);
    kill(getpid(), SIGUSR2);
    siginfo_t info;
    SAY(sigtimedwait(&set, &info, &(struct timespec){1, 0}));
    YES(info.si_signo == SIGUSR2);
    SAY(sigtimedwait(&set, &info, &(struct timespec){0, 1000000}));
    struct itimerval alarm = {{0, 0}, {0, 2000}};
    sigaction(SIGALRM, &action, NULL);
    SAY(setitimer(ITIMER_REAL, &alarm, NULL));
    SAY(pause());
    YES(handled == SIGALRM);
    // A read is made again behind a handler with SA_RESTART, and only then.
    int ends[2];
    char byte;
    if (pipe(ends)) return;
    setitimer(ITIMER_REAL, &alarm, NULL);
    SAY(read(ends[0], &byte, 1));
    action.sa_flags |= SA_RESTART;
    sigaction(SIGALRM, &action, NULL);
    if (fork() == 0) usleep(50000), _exit(write(ends[1], "x", 1));
    setitimer(ITIMER_REAL, &alarm, NULL);
    SAY(read(ends[0], &byte, 1));
    wait(NULL);
    setitimer(ITIMER_REAL, &alarm, NULL);
    SAY(poll(NULL, 0, 1000));
    setitimer(ITIMER_REAL, &alarm, NULL);
    struct timespec rest = {0, 0};
    SAY(nanosleep(&(struct timespec){1, 0}, &rest));
    YES(rest.tv_nsec > 0);
    close(ends[0]), close(ends[1]), close(descriptor);
}

static void waiting(void) {
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK), counter = eventfd(5, EFD_SEMAPHORE | EFD_CLOEXEC);
    uint64_t count;
    struct itimerspec soon = {{0, 1000000}, {0, 1000000}};
    SAY(timerfd_settime(timer, 0, &soon, NULL));
    int poller = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event events[8], one = {EPOLLIN | EPOLLET, {.u64 = 0x123456789abcdef0}};
    SAY(epoll_ctl(poller, EPOLL_CTL_ADD, timer, &one));
    one.data.u64++;
    SAY(epoll_ctl(poller, EPOLL_CTL_ADD, counter, &one));
    SAY(epoll_ctl(poller, EPOLL_CTL_ADD, counter, &one));
    usleep(5000);
    SAY(epoll_wait(poller, events, 8, 100));
    YES(events[0].data.u64 + events[1].data.u64 == 2 * 0x123456789abcdef0 + 1);
    SAY(syscall(SYS_epoll_pwait2, poller, events, 8, &(struct timespec){0, 0}, NULL, 8) >= 0);
    SAY(epoll_wait(poller, events, 0, 0));
    SAY(epoll_wait(poller, events, -1, 0));
    SAY(epoll_wait(poller, events, 1000000, 0) >= 0);
    // More events at once than fit into a few pages.
    static struct epoll_event thousand[1500];
    int crowd = epoll_create1(0), ends[1500], opened = 0, distinct = 0;
    struct rlimit limit = {1600, 1600};
    setrlimit(RLIMIT_NOFILE, &limit);
    for (; opened < 1500; opened++) {
        ends[opened] = eventfd(1, 0);
        one.events = EPOLLIN, one.data.u64 = (uint64_t)opened << 33 | opened;
        if (epoll_ctl(crowd, EPOLL_CTL_ADD, ends[opened], &one)) break;
    }
    SAY(epoll_wait(crowd, thousand, 1500, 0));
    for (int i = 0; i < 1500; i++) distinct += thousand[i].data.u64 == ((uint64_t)i << 33 | i);
    SAY(distinct);
    for (int i = 0; i < opened; i++) close(ends[i]);
    close(crowd);
    YES(read(timer, &count, 8) == 8 && count > 0);
    SAY(read(counter, &count, 8));
    YES(count == 1);
    struct pollfd polled[2] = {{counter, POLLIN | POLLOUT, 0}, {-1, POLLIN, 7}};
    SAY(poll(polled, 2, 0));
    YES(polled[0].revents == (POLLIN | POLLOUT) && polled[1].revents == 0);
    fd_set set;
    FD_ZERO(&set);
    FD_SET(counter, &set);
    SAY(select(counter + 1, &set, NULL, NULL, &(struct timeval){0, 1000}));
    int word = 1;
    SAY(syscall(SYS_futex, &word, FUTEX_WAIT, 2, NULL, NULL, 0));
    SAY(syscall(SYS_futex, &word, FUTEX_WAIT, 1, &(struct timespec){0, 1000000}, NULL, 0));
    SAY(syscall(SYS_futex, &word, FUTEX_WAKE, 1, NULL, NULL, 0));
    SAY(syscall(SYS_futex, &word, FUTEX_REQUEUE, 1, (void *)1, &word, 0));
    SAY(syscall(SYS_futex, &word, FUTEX_CMP_REQUEUE, 1, (void *)1, &word, 7));
    SAY(syscall(SYS_futex, &word, FUTEX_WAKE_OP, 1, (void *)1, &word, FUTEX_OP(FUTEX_OP_ADD, 4, FUTEX_OP_CMP_EQ, 1)));
    YES(word == 5);
    word = 0;
    SAY(syscall(SYS_futex, &word, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
    SAY(syscall(SYS_futex, &word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
    SAY(syscall(SYS_futex, &word, 99, 0, NULL, NULL, 0));
    close(timer), close(counter), close(poller);
}

static void files(void) {
    char buffer[256], buffer2[256];
    int file = open("f", O_CREAT | O_RDWR, 0644), pipes[2];
    SAY(write(file, "0123456789", 10));
    SAY(pwritev2(file, (struct iovec[]){{"ab", 2}, {"c", 1}}, 2, 4, 0));
    SAY(preadv2(file, (struct iovec[]){{buffer, 5}, {buffer2, 50}}, 2, 0, 0));
    SAY(memcmp(buffer, "0123a", 5));
    SAY(readv(file, (struct iovec[]){{buffer, 5}}, -1));
    SAY(readv(file, (struct iovec[]){{buffer, 5}}, 5000));
    SAY(writev(file, (struct iovec[]){{buffer, ~0ul}}, 1));
    SAY(lseek(file, 3, SEEK_DATA));
    SAY(lseek(file, 3, SEEK_HOLE));
    SAY(fallocate(file, FALLOC_FL_KEEP_SIZE, 0, 1 << 16));
    SAY(posix_fadvise(file, 0, 0, POSIX_FADV_SEQUENTIAL));
    SAY(sync_file_range(file, 0, 4, SYNC_FILE_RANGE_WRITE));
    SAY(readahead(file, 0, 4));
    SAY(pipe2(pipes, O_NONBLOCK));
    SAY(fcntl(pipes[0], F_GETFL));
    SAY(fcntl(pipes[1], F_SETPIPE_SZ, 65536));
    off_t offset = 0;
    SAY(splice(file, &offset, pipes[1], NULL, 5, 0));
    SAY(tee(pipes[0], pipes[1], 5, 0));
    int other = open("g", O_CREAT | O_RDWR | O_APPEND | O_CLOEXEC, 0600);
    SAY(fcntl(other, F_GETFL) & (O_APPEND | O_ACCMODE));
    SAY(vmsplice(pipes[1], (struct iovec[]){{"xyz", 3}}, 1, 0));
    SAY(read(pipes[0], buffer, 100));
    offset = 2;
    SAY(sendfile(pipes[1], file, &offset, 4));
    SAY(offset);
    off_t from = 0;
    SAY(copy_file_range(file, &from, other, NULL, 4, 0));
    close(other);
    other = open("g", O_RDWR);
    from = 0;
    SAY(copy_file_range(file, &from, other, NULL, 4, 0));
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 1, .l_len = 5};
    SAY(fcntl(file, F_SETLK, &lock));
    SAY(fcntl(file, F_OFD_SETLK, &lock));
    if (fork() == 0) {
        SAY(fcntl(file, F_GETLK, &lock));
        YES(lock.l_type == F_WRLCK && lock.l_start == 1 && lock.l_len == 5 && lock.l_pid == getppid());
        SAY(fcntl(file, F_SETLK, &lock));
        _exit(0);
    }
    wait(NULL);
    SAY(setxattr("f", "user.a", "value", 5, 0) == 0 || errno == EOPNOTSUPP);
    SAY(mkdir("d", 0750));
    SAY(mkdirat(AT_FDCWD, "d/e", 0700));
    int directory = open("d", O_RDONLY | O_DIRECTORY);
    struct {
        uint64_t flags, mode, resolve;
    } how = {O_RDONLY | O_DIRECTORY, 0, 8};
    SAY(close(syscall(SYS_openat2, directory, "e", &how, sizeof how)));
    SAY(syscall(SYS_openat2, directory, "..", &how, sizeof how));
    how.resolve = 4;
    symlink("e", "d/l");
    SAY(syscall(SYS_openat2, directory, "l", &how, sizeof how));
    how.flags = O_RDONLY | O_NOFOLLOW, how.resolve = 0;
    SAY(syscall(SYS_openat2, directory, "l", &how, sizeof how));
    SAY(syscall(SYS_openat2, directory, "l", &how, 8));
    SAY(syscall(SYS_openat2, directory, "l", &how, 1 << 20));
    SAY(syscall(439, directory, "e", R_OK, AT_EACCESS));
    SAY(syscall(439, directory, "l", F_OK, AT_SYMLINK_NOFOLLOW));
    SAY(renameat2(AT_FDCWD, "f", AT_FDCWD, "g", RENAME_EXCHANGE));
    SAY(linkat(AT_FDCWD, "d/l", AT_FDCWD, "hard", AT_SYMLINK_FOLLOW));
    SAY(linkat(AT_FDCWD, "d/l", AT_FDCWD, "hard", 0));
    SAY(unlinkat(directory, "e", 0));
    SAY(unlinkat(directory, "e", AT_REMOVEDIR));
    SAY(mkfifo("fifo", 0600));
    SAY(open("fifo", O_WRONLY | O_NONBLOCK));
    SAY(fchdir(directory));
    SAY(chdir(".."));
    SAY(access("g", X_OK | R_OK) == 0 || getuid() != 0);
    SAY(umask(022) >= 0);
    SAY(dup3(file, file, O_CLOEXEC));
    SAY(dup3(file, 300, O_CLOEXEC));
    SAY(fcntl(300, F_GETFD));
    SAY(dup3(file, 300, O_DIRECTORY));
    SAY(close_range(200, 400, 1u << 2));
    SAY(close_range(400, 200, 0));
    SAY(fcntl(300, F_GETFD));
    int watcher = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    SAY(inotify_add_watch(watcher, "d", IN_CREATE | IN_DELETE));
    close(open("d/new", O_CREAT | O_WRONLY, 0600));
    union {
        char bytes[256];
        struct inotify_event event;
    } event;
    YES(read(watcher, event.bytes, 256) > 0 && event.event.mask == IN_CREATE && !strcmp(event.event.name, "new"));
    SAY(inotify_rm_watch(watcher, 1));
    struct statfs system;
    YES(statfs(".", &system) == 0 && fstatfs(file, &system) == 0 && system.f_namelen >= 100);
    struct stat a, b;
    YES(fstatat(directory, "../g", &a, 0) == 0 && stat("g", &b) == 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev);
    struct statx x;
    YES(statx(file, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &x) == 0 && fstat(file, &a) == 0 && x.stx_ino == a.st_ino);
    YES(makedev(x.stx_dev_major, x.stx_dev_minor) == a.st_dev);
    YES(stat("/dev/null", &a) == 0 && S_ISCHR(a.st_mode) && a.st_rdev == makedev(1, 3));
    close(file), close(other), close(directory), close(watcher), close(pipes[0]), close(pipes[1]);
}

static void sockets(void) {
    int pair[2], passed = -1, on = 1;
    char buffer[64], control[256];
    SAY(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0);
    SAY(fcntl(pair[0], F_GETFL));
    SAY(fcntl(pair[0], F_GETFD));
    SAY(setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on));
    struct iovec vector = {"hello", 5};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control};
    struct cmsghdr *part = (struct cmsghdr *)control;
    part->cmsg_level = SOL_SOCKET, part->cmsg_type = SCM_RIGHTS, part->cmsg_len = CMSG_LEN(4);
    int null = open("/dev/null", O_RDWR);
    memcpy(CMSG_DATA(part), &null, 4);
    message.msg_controllen = CMSG_SPACE(4);
    SAY(sendmsg(pair[0], &message, 0));
    vector = (struct iovec){buffer, sizeof buffer};
    message.msg_controllen = sizeof control;
    SAY(recvmsg(pair[1], &message, MSG_CMSG_CLOEXEC));
    for (part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_type == SCM_RIGHTS) memcpy(&passed, CMSG_DATA(part), 4);
        if (part->cmsg_type == SCM_CREDENTIALS) YES(((struct ucred *)CMSG_DATA(part))->pid == getpid());
    }
    SAY(fcntl(passed, F_GETFD));
    SAY(recv(pair[1], buffer, 1, 0));
    struct mmsghdr many[2] = {0};
    struct iovec parts[2] = {{"ab", 2}, {"cde", 3}};
    for (int i = 0; i < 2; i++) many[i].msg_hdr.msg_iov = &parts[i], many[i].msg_hdr.msg_iovlen = 1;
    SAY(sendmmsg(pair[0], many, 2, 0));
    SAY(many[1].msg_len);
    char space[2][16];
    for (int i = 0; i < 2; i++) parts[i] = (struct iovec){space[i], 16};
    SAY(recvmmsg(pair[1], many, 2, 0, NULL));
    SAY(many[0].msg_len);
    struct sockaddr_un name = {AF_UNIX, "socket"};
    int server = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
    SAY(bind(server, (void *)&name, sizeof name));
    SAY(listen(server, 4));
    SAY(connect(client, (void *)&name, sizeof name));
    struct sockaddr_un peer;
    socklen_t length = sizeof peer;
    int accepted = accept4(server, (void *)&peer, &length, SOCK_NONBLOCK);
    YES(accepted >= 0);
    SAY(length);
    length = sizeof peer;
    YES(getpeername(client, (void *)&peer, &length) == 0 && !strcmp(peer.sun_path, "socket"));
    SAY(send(client, "data", 4, MSG_NOSIGNAL));
    SAY(recv(accepted, buffer, 2, MSG_PEEK));
    SAY(recv(accepted, buffer, 64, 0));
    SAY(shutdown(client, SHUT_RDWR));
    SAY(recv(accepted, buffer, 64, 0));
    SAY(send(client, "x", 1, MSG_NOSIGNAL));
    int tcp = socket(AF_INET, SOCK_STREAM, 0), again = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {AF_INET, 0, {htonl(INADDR_LOOPBACK)}, {0}};
    SAY(bind(tcp, (void *)&address, sizeof address));
    SAY(listen(tcp, 1));
    length = sizeof address;
    SAY(getsockname(tcp, (void *)&address, &length));
    SAY(connect(again, (void *)&address, sizeof address));
    struct timeval patience = {0, 2000};
    SAY(setsockopt(again, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience));
    SAY(recv(again, buffer, 1, 0));
    struct linger linger = {1, 0};
    SAY(setsockopt(again, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
    length = sizeof on;
    SAY(getsockopt(again, SOL_SOCKET, SO_TYPE, &on, &length));
    SAY(on);
    SAY(socket(99, 1, 0));
    close(pair[0]), close(pair[1]), close(server), close(client), close(accepted), close(tcp), close(again);
}

static void communication(void) {
    int queue = msgget(IPC_PRIVATE, 0600 | IPC_CREAT), set = semget(IPC_PRIVATE, 3, 0600 | IPC_CREAT);
    struct {
        long type;
        char text[16];
    } message = {7, "text"};
    SAY(msgsnd(queue, &message, 5, 0));
    SAY(msgrcv(queue, &message, 16, 3, IPC_NOWAIT));
    SAY(msgrcv(queue, &message, 16, 7, 0));
    struct msqid_ds queue_state;
    YES(msgctl(queue, IPC_STAT, &queue_state) == 0 && queue_state.msg_lrpid == getpid() && queue_state.msg_qnum == 0);
    SAY(msgctl(queue, IPC_RMID, NULL));
    struct semid_ds set_state;
    SAY(semctl(set, 0, SETVAL, 5));
    SAY(semop(set, &(struct sembuf){0, -2, 0}, 1));
    SAY(semctl(set, 0, GETVAL));
    SAY(semtimedop(set, &(struct sembuf){1, -2, 0}, 1, &(struct timespec){0, 1000000}));
    unsigned short values[3];
    SAY(semctl(set, 0, GETALL, values));
    YES(values[0] == 3 && values[1] == 0);
    YES(semctl(set, 0, IPC_STAT, &set_state) == 0 && set_state.sem_nsems == 3 && set_state.sem_otime > 0);
    SAY(semctl(set, 0, IPC_RMID));
    int segment = shmget(IPC_PRIVATE, 10000, 0600 | IPC_CREAT);
    char *a = shmat(segment, NULL, 0), *b = shmat(segment, NULL, SHM_RDONLY);
    a[9999] = 3;
    YES(b[9999] == 3 && b != a);
    struct shmid_ds state;
    YES(shmctl(segment, IPC_STAT, &state) == 0 && state.shm_nattch == 2 && state.shm_segsz == 10000);
    SAY(shmdt(b));
    SAY(shmdt(b));
    YES(shmctl(segment, IPC_STAT, &state) == 0 && state.shm_nattch == 1);
    YES(shmat(segment, a + 1, 0) == (void *)-1 && errno == EINVAL);
    YES(shmat(segment, a, 0) == (void *)-1 && errno == EINVAL);
    YES(shmat(segment, a, SHM_REMAP) == a && a[9999] == 3);
    SAY(shmctl(segment, IPC_RMID, NULL));
    SAY(shmdt(a));
    struct mq_attr attributes = {.mq_maxmsg = 4, .mq_msgsize = 16};
    mqd_t posix = mq_open("/lyrebird-families", O_CREAT | O_RDWR | O_NONBLOCK, 0600, &attributes);
    if (posix != -1) {
        mq_unlink("/lyrebird-families");
        char text[16];
        unsigned priority = 0;
        mq_send(posix, "one", 3, 1);
        mq_send(posix, "two", 3, 9);
        if (mq_receive(posix, text, 16, &priority) != 3 || priority != 9) printf("the queue has no order\n");
        mq_getattr(posix, &attributes);
        if (attributes.mq_curmsgs != 1) printf("the queue has lost something\n");
        mq_close(posix);
    }
    int source = 5, target = 0;
    struct iovec here = {&target, 4}, there = {&source, 4};
    SAY(process_vm_readv(getpid(), &here, 1, &there, 1, 0));
    SAY(target);
    here.iov_base = &source, there.iov_base = &target, source = 8;
    SAY(process_vm_writev(getpid(), &here, 1, &there, 1, 0));
    SAY(target);
}

static void processes(void) {
    struct rusage usage;
    struct timex clock = {0};
    char name[17] = "";
    SAY(prctl(PR_SET_NAME, "a name that is too long"));
    SAY(prctl(PR_GET_NAME, name));
    puts(name);
    SAY(prctl(PR_SET_PDEATHSIG, SIGKILL));
    int number = 0;
    SAY(prctl(PR_GET_PDEATHSIG, &number));
    SAY(number);
    SAY(prctl(PR_SET_PDEATHSIG, 0));
    SAY(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    SAY(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    SAY(prctl(PR_GET_DUMPABLE));
    SAY(prctl(PR_SET_CHILD_SUBREAPER, 1));
    SAY(prctl(PR_GET_SECCOMP));
    SAY(prctl(987654));
    SAY(getrusage(RUSAGE_SELF, &usage));
    SAY(getrusage(77, &usage));
    SAY(adjtimex(&clock) >= 0);
    SAY(getpriority(PRIO_PROCESS, 0));
    SAY(sched_yield());
    SAY(sched_get_priority_max(SCHED_FIFO));
    SAY(sched_getscheduler(0));
    cpu_set_t set;
    YES(sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) == sysconf(_SC_NPROCESSORS_ONLN));
    unsigned cpu, node;
    YES(syscall(SYS_getcpu, &cpu, &node, NULL) == 0 && cpu < 4096);
    pid_t child = fork();
    if (child == 0) usleep(20000), _exit(7);
    int descriptor = syscall(SYS_pidfd_open, child, 0);
    YES(descriptor >= 0);
    struct pollfd polled = {descriptor, POLLIN, 0};
    SAY(poll(&polled, 1, 5000));
    siginfo_t info;
    SAY(waitid(P_PIDFD, descriptor, &info, WEXITED));
    YES(info.si_code == CLD_EXITED && info.si_status == 7 && info.si_pid == child);
    SAY(syscall(SYS_pidfd_send_signal, descriptor, 0, NULL, 0));
    close(descriptor);
    SAY(syscall(SYS_membarrier, 0, 0, 0) >= 0);
    SAY(syscall(SYS_kcmp, getpid(), getpid(), 0, 1, 1));
    char random[16];
    SAY(syscall(SYS_getrandom, random, 16, 0));
    SAY(syscall(SYS_getrandom, random, 16, 0x80));
    int primary, secondary;
    SAY(openpty(&primary, &secondary, NULL, NULL, NULL));
    struct termios terminal;
    SAY(tcgetattr(secondary, &terminal));
    SAY(terminal.c_cc[VINTR]);
    SAY(terminal.c_lflag & (ECHO | ICANON | ISIG));
    cfmakeraw(&terminal);
    SAY(tcsetattr(secondary, TCSANOW, &terminal));
    struct winsize size = {24, 80, 0, 0};
    SAY(ioctl(primary, TIOCSWINSZ, &size));
    size.ws_row = 0;
    SAY(ioctl(secondary, TIOCGWINSZ, &size));
    SAY(size.ws_row * 100 + size.ws_col);
    SAY(isatty(secondary));
    SAY(ioctl(primary, 0x12345678, 0));
    close(primary), close(secondary);
    unsigned long persona = syscall(SYS_personality, 0xffffffff);
    SAY(syscall(SYS_personality, 0x0040000 | persona) == (long)persona);
    SAY((syscall(SYS_personality, 0xffffffff) & 0x0040000) != 0);
}

int main(void) {
    char directory[] = "/tmp/lyrebird-families-XXXXXX", command[64];
    if (!mkdtemp(directory) || chdir(directory)) return 1;
    umask(022);
    memory();
    signals();
    waiting();
    files();
    sockets();
    communication();
    processes();
    if (chdir("/")) return 1;
    sprintf(command, "rm -rf %s", directory);
    if (fork() == 0) execl("/bin/sh", "sh", "-c", command, NULL), _exit(1);
    wait(NULL);
    puts("the end");
    return 0;
}
