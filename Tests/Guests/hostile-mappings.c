// Mapping calls on memory that is not the guest's. A child finds the translator's in what the kernel says about its parent,
// which has the same memory; nothing it does there may have an effect.
#include "hostile.h"
#include <sys/ipc.h>
#include <sys/shm.h>

struct range {
    unsigned long start, end;
};

static int ranges_in(const char *path, struct range *ranges, int limit) {
    static char text[1 << 18];
    int file = open(path, O_RDONLY), count = 0;
    size_t length = 0;
    ssize_t got;
    while (length < sizeof text - 1 && (got = read(file, text + length, sizeof text - 1 - length)) > 0) length += got;
    close(file);
    text[length] = 0;
    for (char *line = strtok(text, "\n"); line && count < limit; line = strtok(NULL, "\n"))
        if (sscanf(line, "%lx-%lx", &ranges[count].start, &ranges[count].end) == 2) count++;
    return count;
}

static int overlaps(struct range a, const struct range *ranges, int count) {
    for (int i = 0; i < count; i++)
        if (a.start < ranges[i].end && ranges[i].start < a.end) return 1;
    return 0;
}

static int harm(unsigned long at, unsigned long size, int segment, char *own) {
    int done = 0, anonymous = MAP_PRIVATE | MAP_ANONYMOUS;
    void *place = (void *)at;
    munmap(place, size);
    done += mprotect(place, size, PROT_NONE) == 0;
    done += mmap(place, size, PROT_READ | PROT_WRITE, anonymous | MAP_FIXED, -1, 0) != MAP_FAILED;
    done += mmap(place, 4096, PROT_NONE, anonymous | MAP_FIXED, -1, 0) != MAP_FAILED;
    done += mmap(place, size, PROT_NONE, anonymous | MAP_FIXED_NOREPLACE, -1, 0) != MAP_FAILED;
    done += mremap(place, size, size + 4096, MREMAP_MAYMOVE) != MAP_FAILED;
    done += mremap(place, size, 4096, 0) != MAP_FAILED && size > 4096;
    done += mremap(own, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, place) != MAP_FAILED;
    done += madvise(place, size, MADV_DONTNEED) == 0;
    done += madvise(place, size, MADV_DONTFORK) == 0;
    done += shmat(segment, place, SHM_REMAP) != (void *)-1;
    done += shmdt(place) == 0;
    done += syscall(462, place, size, 0) == 0;  // mseal
    return done;
}

int main(void) {
    static struct range guests[4096], all[4096];
    int segment = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
    CHECK(segment >= 0);
    char *own = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    // The parent has given back what it needed for forking when it says so.
    int settled[2];
    CHECK(pipe(settled) == 0);
    pid_t child = fork();
    if (child == 0) {
        char path[64], byte;
        if (read(settled[0], &byte, 1) != 1) _exit(5);
        sprintf(path, "/proc/%d/maps", getppid());
        int own_count = ranges_in("/proc/self/maps", guests, 4096), count = ranges_in(path, all, 4096), tried = 0;
        int done = 0;
        for (int i = 0; i < count; i++) {
            if (overlaps(all[i], guests, own_count) || all[i].start >> 47) continue;
            tried++;
            done += harm(all[i].start, all[i].end - all[i].start, segment, own + 4096);
            done += harm(all[i].start, 4096, segment, own + 4096);
        }
        // All of it at once: only what is the guest's may go, and this is mapped again.
        char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        memset(page, 7, 4096);
        done += mmap((void *)65536, (1ul << 47) - 131072, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) !=
                MAP_FAILED;
        done += page[4095] != 7;
        if (tried == 0) _exit(3);
        _exit(done == 0 ? 42 : 4);
    }
    CHECK(write(settled[1], "x", 1) == 1);
    int hangs, status = end_of(child, &hangs);
    shmctl(segment, IPC_RMID, NULL);
    CHECK(!hangs && WIFEXITED(status));
    CHECK(WEXITSTATUS(status) != 3);  // there was something to harm
    CHECK(WEXITSTATUS(status) == 42);
    return finish();
}
