// Paths in a system root that the test has made: roots DIRECTORY, its host path. `etc/only` and `bin/script` are in it alone.
#include "check.h"
#include <sys/inotify.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

static char text[4096];

static int reads(int file, const char *expected) {
    if (file < 0) return 0;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    text[length < 0 ? 0 : length] = 0;
    return !strcmp(text, expected);
}

static int finds(const char *path) { return reads(open(path, O_RDONLY), "only here\n"); }
static int finds_at(int directory, const char *path) { return reads(openat(directory, path, O_RDONLY), "only here\n"); }

static int links_to(const char *path, const char *target) {
    ssize_t length = readlink(path, text, sizeof text - 1);
    text[length < 0 ? 0 : length] = 0;
    return !strcmp(text, target);
}

int main(int count, char **arguments) {
    if (count > 2) return !strcmp(arguments[1], "x") && strstr(arguments[2], "script") ? 9 : 8;
    const char *root = arguments[1];
    char host[512], directory[] = "/tmp/lyrebird-roots-XXXXXX";
    struct stat status;
    CHECK(mkdtemp(directory) != NULL);
    CHECK(finds("/etc/only") && finds("//etc/./only") && finds("/usr/share/../../etc/only"));
    CHECK(finds("/../../etc/only"));
    CHECK(finds("/etc/absolute") && finds("/etc/up") && finds("/link/only"));

    // A directory has the name that it was entered by.
    snprintf(host, sizeof host, "%s/etc", root);
    CHECK(chdir(host) == 0 && getcwd(text, sizeof text) && !strcmp(text, host) && links_to("/proc/self/cwd", host));
    // The same through relative paths.
    CHECK(chdir("/etc") == 0 && getcwd(text, sizeof text) && !strcmp(text, "/etc"));
    CHECK(finds("only") && finds("./only") && finds("absolute") && finds("up") && finds("../etc/only"));
    CHECK(finds("../../../../etc/only"));
    CHECK(stat("absolute", &status) == 0 && S_ISREG(status.st_mode));
    CHECK(lstat("absolute", &status) == 0 && S_ISLNK(status.st_mode));
    CHECK(links_to("absolute", "/etc/only"));
    CHECK(access("absolute", R_OK) == 0 && access("none", F_OK) == -1 && errno == ENOENT);
    CHECK(access("only/x", F_OK) == -1 && errno == ENOTDIR);
    CHECK(open("loop", O_RDONLY) == -1 && errno == ELOOP);
    CHECK(finds("/proc/self/cwd/only") && links_to("/proc/self/cwd", "/etc"));

    // And through a descriptor.
    int usr = open("/usr", O_RDONLY | O_DIRECTORY);
    CHECK(usr >= 0 && finds_at(usr, "../etc/only") && finds_at(usr, "../../../etc/absolute"));
    CHECK(faccessat(usr, "../etc/absolute", R_OK, 0) == 0);
    sprintf(text, "/proc/self/fd/%d/../etc/only", usr);
    CHECK(finds(text));
    sprintf(text, "/dev/fd/%d/../etc/absolute", usr);
    CHECK(finds(text));
    sprintf(host, "/proc/self/fd/%d", usr);
    CHECK(links_to(host, "/usr"));
    const char *own = "/proc/self/root";
    CHECK(links_to(own, "/"));
    sprintf(text, "%s/etc/only", own);
    CHECK(finds(text));
    sprintf(text, "%s/etc/absolute", own);
    CHECK(stat(text, &status) == 0 && status.st_size == 10);

    // A link on the host's side leads to the guest's files.
    CHECK(chdir(directory) == 0 && symlink("/etc/only", "link") == 0 && symlink("/etc", "etc") == 0);
    CHECK(finds("link") && finds("etc/only") && finds("etc/../etc/absolute"));
    sprintf(text, "%s/link", directory);
    CHECK(finds(text));
    CHECK(fstatat(AT_FDCWD, "link", &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(status.st_mode));
    CHECK(unlink("link") == 0 && access("/etc/only", F_OK) == 0);

    // New files.
    CHECK(close(open("/only/new", O_CREAT | O_WRONLY, 0600)) == 0);
    sprintf(host, "%s/only/new", root);
    CHECK(access(host, F_OK) == 0 && access("/only/new", F_OK) == 0);
    CHECK(chdir("/only") == 0 && close(open("relative", O_CREAT | O_EXCL | O_WRONLY, 0600)) == 0);
    sprintf(host, "%s/only/relative", root);
    CHECK(access(host, F_OK) == 0);
    CHECK(mkdir("/only/directory", 0700) == 0 && rename("relative", "/only/directory/moved") == 0);
    CHECK(link("/only/new", "directory/linked") == 0 && symlink("/only/new", "directory/symbolic") == 0);
    CHECK(stat("directory/symbolic", &status) == 0 && status.st_nlink == 2);
    CHECK(truncate("/only/directory/symbolic", 7) == 0 && stat("new", &status) == 0 && status.st_size == 7);
    CHECK(chmod("directory/symbolic", 0640) == 0 && stat("/only/new", &status) == 0 && (status.st_mode & 0777) == 0640);
    int watcher = inotify_init1(IN_NONBLOCK);
    CHECK(inotify_add_watch(watcher, "/only", IN_DELETE) == 1 && unlink("/only/new") == 0);
    CHECK(read(watcher, text, sizeof text) > 0);

    // Sockets have names, too.
    struct sockaddr_un name = {AF_UNIX, "/only/socket"};
    int server = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(bind(server, (void *)&name, sizeof name) == 0 && listen(server, 1) == 0);
    sprintf(host, "%s/only/socket", root);
    CHECK(stat(host, &status) == 0 && S_ISSOCK(status.st_mode));
    CHECK(connect(client, (void *)&name, sizeof name) == 0);

    // The addresses that the kernel tells are the guest's.
    struct sockaddr_un told = {0};
    socklen_t size = sizeof told;
    CHECK(getsockname(server, (void *)&told, &size) == 0 && !strcmp(told.sun_path, name.sun_path));
    CHECK(size == offsetof(struct sockaddr_un, sun_path) + strlen(name.sun_path) + 1);
    size = sizeof told;
    memset(&told, 0, sizeof told);
    CHECK(getpeername(client, (void *)&told, &size) == 0 && !strcmp(told.sun_path, name.sun_path));
    memset(&told, 0x55, sizeof told);
    size = 4;
    CHECK(getsockname(server, (void *)&told, &size) == 0 && size > 4 && ((char *)&told)[4] == 0x55);
    size = -1;
    CHECK(getsockname(server, (void *)&told, &size) == -1 && errno == EINVAL);
    struct sockaddr_un names[2] = {{AF_UNIX, "/only/left"}, {AF_UNIX, "/only/right"}};
    int ends[2];
    for (int i = 0; i < 2; i++) {
        ends[i] = socket(AF_UNIX, SOCK_DGRAM, 0);
        CHECK(bind(ends[i], (void *)&names[i], sizeof names[i]) == 0);
    }
    // Messages with addresses, several at once: two to the right, and one to nobody.
    struct sockaddr_un nobody = {AF_UNIX, "/only/nobody"};
    struct mmsghdr messages[3] = {0};
    struct iovec pieces[3] = {{"one", 3}, {"three", 5}, {"x", 1}};
    for (int i = 0; i < 3; i++) {
        messages[i].msg_hdr = (struct msghdr){i < 2 ? &names[1] : &nobody, sizeof nobody, &pieces[i], 1};
        messages[i].msg_len = 77;
    }
    CHECK(sendmmsg(ends[0], messages, 3, 0) == 2 && messages[0].msg_len == 3 && messages[1].msg_len == 5 && messages[2].msg_len == 77);
    CHECK(sendmmsg(ends[0], messages + 2, 1, 0) == -1 && errno == ENOENT);
    CHECK(sendmmsg(ends[0], messages, 0, 0) == 0);
    CHECK(sendto(ends[0], "four", 4, 0, (void *)&names[1], sizeof names[1]) == 4);
    CHECK(sendto(ends[0], "five", 4, 0, (void *)&names[1], sizeof names[1]) == 4);
    char received[3][8];
    struct sockaddr_un from[3] = {0};
    for (int i = 0; i < 2; i++) {
        pieces[i] = (struct iovec){received[i], 8};
        messages[i].msg_hdr = (struct msghdr){&from[i], sizeof from[i], &pieces[i], 1};
    }
    CHECK(recvmmsg(ends[1], messages, 2, 0, NULL) == 2 && messages[0].msg_len == 3 && messages[1].msg_len == 5);
    CHECK(!strcmp(from[0].sun_path, "/only/left") && !strcmp(from[1].sun_path, "/only/left"));
    struct msghdr message = {&from[2], sizeof from[2], &pieces[0], 1};
    CHECK(recvmsg(ends[1], &message, 0) == 4 && !strcmp(from[2].sun_path, "/only/left"));
    CHECK(message.msg_namelen == offsetof(struct sockaddr_un, sun_path) + strlen("/only/left") + 1);
    size = sizeof told;
    CHECK(recvfrom(ends[1], received[0], 8, 0, (void *)&told, &size) == 4 && !strcmp(told.sun_path, "/only/left"));
    int accepted = accept(server, (void *)&told, &size);
    CHECK(accepted >= 0 && size == sizeof told.sun_family);

    // Programs: a script of the system root, by its name and through a link, with an interpreter that is there alone.
    int end;
    CHECK(chdir("/bin") == 0);
    const char *scripts[] = {"/bin/script", "script", "../bin/./script-link"};
    for (int i = 0; i < 3; i++) {
        if (fork() == 0) execl(scripts[i], "script", NULL), _exit(errno);
        wait(&end);
        CHECK(WIFEXITED(end) && WEXITSTATUS(end) == 9);
    }

    // /proc/self through a descriptor and as the current directory.
    int proc = open("/proc/self", O_RDONLY | O_DIRECTORY), file = openat(proc, "maps", O_RDONLY), length = 0, got;
    static char maps[1 << 16];
    while ((got = read(file, maps + length, sizeof maps - 1 - length)) > 0) length += got;
    maps[length] = 0;
    CHECK(strstr(maps, "[stack]") && !strstr(maps, "lyrebird-code") && !strstr(maps, "libc.so"));
    length = readlinkat(proc, "exe", text, sizeof text - 1);
    text[length < 0 ? 0 : length] = 0;
    CHECK(strstr(text, "roots") != NULL);
    CHECK(fchdir(proc) == 0 && links_to("exe", text) && stat("exe", &status) == 0);
    CHECK(status.st_size == (fstat(open(text, O_RDONLY), &status), status.st_size));
    return finish();
}
