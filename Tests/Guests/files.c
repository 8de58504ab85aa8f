// Files, directories and what the kernel says about them.
#include "check.h"
#include <dirent.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/statfs.h>
#include <sys/uio.h>
#include <sys/xattr.h>

int main(void) {
    char directory[] = "/tmp/lyrebird-files-XXXXXX", buffer[4096], name[64];
    struct stat status;
    CHECK(mkdtemp(directory) != NULL);
    CHECK(chdir(directory) == 0);
    CHECK(getcwd(buffer, sizeof buffer) == buffer && !strcmp(buffer, directory));

    int file = open("file", O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0640);
    CHECK(file == 3);
    CHECK(open("file", O_CREAT | O_EXCL | O_RDWR, 0640) == -1 && errno == EEXIST);
    CHECK(write(file, "hello world", 11) == 11);
    CHECK(lseek(file, 6, SEEK_SET) == 6);
    CHECK(read(file, buffer, sizeof buffer) == 5 && !memcmp(buffer, "world", 5));
    struct iovec vector[2] = {{"abc", 3}, {"defgh", 5}};
    CHECK(pwritev(file, vector, 2, 20) == 8);
    CHECK(pread(file, buffer, 100, 18) == 10 && !memcmp(buffer, "\0\0abcdefgh", 10));
    CHECK(fcntl(file, F_GETFD) == FD_CLOEXEC);
    CHECK((fcntl(file, F_GETFL) & ~0400000) == O_RDWR);  // O_LARGEFILE is the kernel's own addition
    CHECK(fcntl(file, F_SETFL, O_APPEND | O_NONBLOCK) == 0);
    CHECK((fcntl(file, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK)) == (O_RDWR | O_APPEND | O_NONBLOCK));

    CHECK(fstat(file, &status) == 0);
    CHECK(status.st_size == 28 && S_ISREG(status.st_mode) && (status.st_mode & 0777) == 0640);
    CHECK(status.st_nlink == 1 && status.st_uid == getuid() && status.st_gid == getgid());
    CHECK(status.st_blksize >= 512 && status.st_mtime > 1000000000);
    CHECK(link("file", "second") == 0 && stat("second", &status) == 0 && status.st_nlink == 2);
    CHECK(ftruncate(file, 5000000001ll) == 0 && fstat(file, &status) == 0 && status.st_size == 5000000001ll);
    CHECK(truncate("file", 3) == 0 && stat("file", &status) == 0 && status.st_size == 3);
    struct timespec times[2] = {{1000000000, 5}, {1234567890, 123456789}};
    CHECK(futimens(file, times) == 0 && fstat(file, &status) == 0);
    CHECK(status.st_atim.tv_sec == 1000000000 && status.st_atim.tv_nsec == 5);
    CHECK(status.st_mtim.tv_sec == 1234567890 && status.st_mtim.tv_nsec == 123456789);
    struct statx extended;
    CHECK(statx(AT_FDCWD, "file", 0, STATX_ALL, &extended) == 0 && extended.stx_size == 3);
    struct statfs system;
    CHECK(statfs(".", &system) == 0 && system.f_bsize > 0 && system.f_blocks > 0);

    // The flags whose bits are AArch64's own.
    CHECK(mkdir("sub", 0700) == 0);
    CHECK(open("file", O_RDONLY | O_DIRECTORY) == -1 && errno == ENOTDIR);
    int sub = open("sub", O_RDONLY | O_DIRECTORY);
    CHECK(sub >= 0);
    CHECK(symlink("file", "link") == 0);
    CHECK(open("link", O_RDONLY | O_NOFOLLOW) == -1 && errno == ELOOP);
    CHECK(readlink("link", buffer, sizeof buffer) == 4 && !memcmp(buffer, "file", 4));
    CHECK(readlink("link", buffer, 2) == 2);
    CHECK(lstat("link", &status) == 0 && S_ISLNK(status.st_mode));
    int hidden = open(".", O_TMPFILE | O_RDWR, 0600);
    CHECK(hidden >= 0 || errno == EOPNOTSUPP);

    CHECK(close(openat(sub, "inner", O_CREAT | O_WRONLY, 0600)) == 0);
    CHECK(faccessat(sub, "inner", R_OK, 0) == 0 && access("sub/inner", F_OK) == 0);
    CHECK(access("sub/none", F_OK) == -1 && errno == ENOENT);
    CHECK(renameat2(AT_FDCWD, "second", AT_FDCWD, "file", RENAME_NOREPLACE) == -1 && errno == EEXIST);
    CHECK(rename("second", "sub/moved") == 0 && access("second", F_OK) == -1);
    CHECK(rmdir("sub") == -1 && errno == ENOTEMPTY);
    CHECK(chmod("file", 0400) == 0 && stat("file", &status) == 0 && (status.st_mode & 0777) == 0400);
    for (int i = 0; i < 200; i++) {
        sprintf(name, "a-file-with-a-name-%d", i);
        close(open(name, O_CREAT | O_WRONLY, 0600));
    }
    int count = 0;
    DIR *stream = opendir(".");
    for (struct dirent *entry; (entry = readdir(stream));)
        count += !strncmp(entry->d_name, "a-file", 6) && entry->d_type == DT_REG;
    closedir(stream);
    CHECK(count == 200);

    CHECK(dup2(file, 100) == 100 && fcntl(100, F_GETFD) == 0);
    CHECK(fcntl(file, F_DUPFD_CLOEXEC, 200) == 200);
    CHECK(close_range(100, 300, 0) == 0 && fcntl(100, F_GETFD) == -1 && errno == EBADF);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 2, .l_len = 3};
    CHECK(fcntl(file, F_SETLK, &lock) == 0);
    CHECK(flock(file, LOCK_EX | LOCK_NB) == 0);

    int events = epoll_create1(EPOLL_CLOEXEC), counter = eventfd(0, EFD_NONBLOCK);
    struct epoll_event event = {EPOLLIN, {.u64 = 0x1122334455667788}}, got[4];
    CHECK(epoll_ctl(events, EPOLL_CTL_ADD, counter, &event) == 0);
    CHECK(epoll_wait(events, got, 4, 0) == 0);
    uint64_t value = 3;
    CHECK(write(counter, &value, 8) == 8);
    CHECK(epoll_wait(events, got, 4, 1000) == 1 && got[0].events == EPOLLIN && got[0].data.u64 == 0x1122334455667788);
    CHECK(epoll_ctl(events, EPOLL_CTL_DEL, counter, NULL) == 0);
    int pipes[2];
    CHECK(pipe2(pipes, O_CLOEXEC | O_DIRECT) == 0);
    CHECK(write(pipes[1], "12345", 5) == 5 && ioctl(pipes[0], FIONREAD, &count) == 0 && count == 5);

    // Bad pointers and numbers are the kernel's to refuse.
    CHECK(write(1, (void *)8, 5) == -1 && errno == EFAULT);
    CHECK(open((void *)8, O_RDONLY) == -1 && errno == EFAULT);
    CHECK(stat(".", (void *)8) == -1 && errno == EFAULT);
    CHECK(read(-1, buffer, 1) == -1 && errno == EBADF);
    memset(buffer, 'x', sizeof buffer);
    buffer[sizeof buffer - 1] = 0;
    CHECK(open(buffer, O_RDONLY) == -1 && errno == ENAMETOOLONG);
    CHECK(syscall(999) == -1 && errno == ENOSYS);
    CHECK(syscall(SYS_rseq, 0, 0, 0, 0) == -1 && (errno == ENOSYS || errno == EINVAL));

    CHECK(chdir("/") == 0);
    sprintf(buffer, "rm -rf %s", directory);
    if (fork() == 0) execl("/bin/sh", "sh", "-c", buffer, NULL), _exit(1);
    wait(NULL);
    CHECK(access(directory, F_OK) == -1 && errno == ENOENT);
    return finish();
}
