// Which method makes which system call: every one that the kernel has is here, and nowhere else is decided what becomes of it.
// `pass` and `block` give a call to the host's kernel as it is, guest pointers included: the addresses are the same, and a bad
// one is the kernel's EFAULT. Above each other case stands what is done instead: `converted` where the host's call is made with
// something changed, `emulated` where it is not made, or not by itself. Docs/SystemCalls.md is made from this file.

import Lyrebird

extension GuestThread {
    /// Makes a system call and returns the kernel's value: -errno on failure.
    @inline(__always)
    func perform(_ call: SystemCall, _ a: Arguments) throws(Errno) -> Int {
        switch call {
        // MARK: Files
        // converted: the path, O_ flags; what is made up of /proc (below)
        case .openat: try openat(a)
        // converted: like openat
        case .open: try open(a, flags: a[1], mode: a[2])
        // converted: like openat
        case .creat: try open(a, flags: Self.creationFlags, mode: a[1])
        // converted: the path unless `resolve` gives it a root of its own, O_ flags; what is made up of /proc
        case .openat2: try openat2(a)
        // converted: O_ flags
        case .open_by_handle_at: passOpenFlags(call, a, at: 2)
        // converted: the translator's descriptors look closed
        case .close: try close(a)
        // converted: the translator's descriptors look closed
        case .dup: try dup(a)
        // converted: the translator's descriptors look closed
        case .dup2: try dup2(a)
        // converted: the translator's descriptors look closed, O_ flags
        case .dup3: try dup3(a)
        // converted: goes round the translator's descriptors
        case .close_range: closeRange(a)
        // converted: O_ flags (O_DIRECT)
        case .pipe2: passOpenFlags(call, a, at: 1)
        // converted: O_ flags of F_GETFL and F_SETFL; F_SETLKW and F_OFD_SETLKW wait
        case .fcntl: try fcntl(a)
        // converted: translations are dropped if the file is /proc/self/mem
        case .write, .writev, .pwrite64, .pwritev, .pwritev2: writeFile(call, a)
        case .read, .readv, .pread64, .preadv, .preadv2, .sendfile, .splice, .tee, .vmsplice, .copy_file_range, .flock,
            .ioctl, .fsync, .fdatasync, .fallocate, .ftruncate:
            block(call, a, restart: .ifHandlerAllows)
        case .pipe, .lseek, .getdents64, .getdents, .sync, .syncfs, .sync_file_range, .readahead, .fadvise64,
            .memfd_create, .cachestat:
            pass(call, a)

        // MARK: Names of files
        // converted: the path; /proc/self/exe, cwd, root and fd/N show the guest's
        case .readlinkat: try readlinkat(a)
        // converted: like readlinkat
        case .readlink: try readlink(a)
        // converted: shown as the guest calls it
        case .getcwd: try getcwd(a)
        // converted: the path; behind it there is no system root
        case .chroot, .pivot_root: try changeRoot(call, a)
        case .faccessat, .faccessat2, .fchmodat, .fchmodat2, .fchownat, .mkdirat, .mknodat, .unlinkat, .symlinkat,
            .linkat, .renameat, .renameat2, .utimensat, .statx, .statfs, .truncate, .setxattr, .lsetxattr,
            .getxattr, .lgetxattr, .listxattr, .llistxattr, .removexattr, .lremovexattr, .setxattrat, .getxattrat,
            .listxattrat, .removexattrat, .inotify_add_watch, .name_to_handle_at, .fanotify_mark, .mount, .umount2,
            .swapon, .swapoff, .acct, .open_tree, .move_mount, .mount_setattr, .fspick, .quotactl, .access, .chmod,
            .chown, .lchown, .mkdir, .rmdir, .mknod, .unlink, .symlink, .link, .rename, .utime, .utimes, .futimesat:
            try passPaths(call, a)
        // converted: the path; its form says how getcwd shows the directory
        case .chdir: try chdir(a)
        // converted: the path, struct stat
        case .newfstatat: try newfstatat(a)
        // converted: the path, struct stat
        case .stat, .lstat: try stat(call, a)
        // converted: struct stat
        case .fstat: try fstat(a)
        case .fchdir, .fchmod, .fchown, .fstatfs, .umask, .fsetxattr, .fgetxattr, .flistxattr, .fremovexattr,
            .inotify_init1, .inotify_init, .inotify_rm_watch, .ustat, .sysfs, .fsopen, .fsconfig, .fsmount,
            .quotactl_fd, .statmount, .listmount:
            pass(call, a)
        // converted: O_ flags of the events' descriptors
        case .fanotify_init: passOpenFlags(call, a, at: 1)

        // MARK: Memory
        // emulated: the heap is a mapping that is made longer and shorter
        case .brk: brk(a)
        // converted: the translator keeps account, guest code is not executable on the host, its own memory cannot be replaced
        case .mmap: try mmap(a)
        // converted: of what is the guest's in the range
        case .munmap: host.unmap(a[0], size: a[1])
        // converted: the guest's right to execute is the translator's account
        case .mprotect: try mprotect(a)
        // converted: there are no protection keys; with none it is mprotect
        case .pkey_mprotect: try pkeyMprotect(a)
        // converted: the translator keeps account, its own memory cannot be replaced
        case .mremap: try mremap(a)
        // converted: on what is the guest's in the range
        case .madvise: host.advise(a[0], size: a[1], advice: a[2])
        // converted: only of what is the guest's
        case .mseal: try mseal(a)
        // emulated: what the guest has mapped is locked, piece by piece, and with MCL_FUTURE what it will map
        case .mlockall: try mlockall(a)
        // emulated: ends MCL_FUTURE, too
        case .munlockall: munlockall()
        case .mincore, .msync, .mlock, .mlock2, .munlock, .mbind, .get_mempolicy, .set_mempolicy, .migrate_pages,
            .move_pages, .set_mempolicy_home_node, .process_madvise, .process_mrelease, .memfd_secret,
            .process_vm_readv, .process_vm_writev:
            pass(call, a)
        case .remap_file_pages:
            try refuse("the kernel only emulates it, and the account of mappings has no place for it")
        case .pkey_alloc, .pkey_free: try refuse("the guest's processor has no protection keys")
        case .map_shadow_stack: try refuse("the guest's processor has no shadow stack")
        case .userfaultfd: try refuse("the translator's own reading would wait for a thread of the guest")

        // MARK: Processes
        // emulated: a thread is a host thread; the child of fork has a translator of its own, that of vfork shares it
        case .clone: try clone(a)
        // emulated: like clone
        case .clone3: try clone3(a)
        // emulated: like clone
        case .fork: try fork()
        // emulated: like clone
        case .vfork: try vfork()
        // emulated: the host executes a program of its own, and this translator again for a guest's
        case .execve: try execve(a)
        // emulated: like execve
        case .execveat: try execveat(a)
        // emulated: ends the thread
        case .exit: exit(a)
        // emulated: ends all threads
        case .exit_group: exitGroup(a)
        case .wait4, .waitid: block(call, a, restart: .ifHandlerAllows)
        case .set_tid_address, .set_robust_list, .get_robust_list, .getpid, .getppid, .gettid, .getuid, .geteuid,
            .getgid, .getegid, .setuid, .setgid, .setreuid, .setregid, .setresuid, .getresuid, .setresgid, .getresgid,
            .setfsuid, .setfsgid, .getgroups, .setgroups, .setpgid, .getpgid, .getpgrp, .getsid, .setsid, .capget,
            .capset,
            .pidfd_open, .pidfd_getfd, .kcmp, .unshare, .setns:
            pass(call, a)

        // MARK: Scheduling
        case .sched_yield, .sched_setparam, .sched_getparam, .sched_setscheduler, .sched_getscheduler,
            .sched_setaffinity, .sched_getaffinity, .sched_get_priority_max, .sched_get_priority_min,
            .sched_rr_get_interval, .sched_setattr, .sched_getattr, .setpriority, .getpriority, .ioprio_set,
            .ioprio_get, .getcpu:
            pass(call, a)
        // converted: without the commands for restartable sequences
        case .membarrier: try membarrier(a)
        case .rseq: try refuse("the kernel would look for the guest's code in the host's registers")

        // MARK: Signals
        // emulated: dispositions are the guest's own; the host is told what to catch
        case .rt_sigaction: try rtSigaction(a)
        // emulated: the guest's mask, the host's but for the signals that the translator needs
        case .rt_sigprocmask: try rtSigprocmask(a)
        // converted: with what the host has delivered and the guest has not got yet
        case .rt_sigpending: try rtSigpending(a)
        // converted: what it lets through is delivered under its mask
        case .rt_sigsuspend: try rtSigsuspend(a)
        // converted: after what the host has delivered already
        case .rt_sigtimedwait: try rtSigtimedwait(a)
        // emulated: the guest's frame
        case .rt_sigreturn: rtSigreturn()
        // emulated: the guest's own stack
        case .sigaltstack: try sigaltstack(a)
        case .pause: block(call, a, restart: .never)
        // emulated: no call of the guest's is restarted through it
        case .restart_syscall: Errno.EINTR.result
        case .kill, .tkill, .tgkill, .rt_sigqueueinfo, .rt_tgsigqueueinfo, .pidfd_send_signal, .signalfd4,
            .signalfd:
            pass(call, a)

        // MARK: Waiting
        // converted: the mask
        case .ppoll: try ppoll(a)
        // converted: the mask
        case .pselect6: try pselect6(a)
        case .poll, .select: block(call, a, restart: .never)
        // converted: struct epoll_event
        case .epoll_ctl: try epollControl(a)
        // converted: struct epoll_event, the mask
        case .epoll_pwait, .epoll_pwait2: try epollWait(call, a)
        // converted: struct epoll_event
        case .epoll_wait: try epollWait(call, a)
        case .epoll_create1, .epoll_create, .eventfd2, .eventfd: pass(call, a)
        // converted: what a signal does depends on the operation
        case .futex: futex(a)
        case .futex_waitv, .futex_wait: block(call, a, restart: .ifHandlerAllows)
        case .futex_wake, .futex_requeue: pass(call, a)

        // MARK: Time
        case .nanosleep, .clock_nanosleep: block(call, a, restart: .never)
        // emulated: by the host's vDSO, without a system call where that can
        case .clock_gettime: try clockGettime(a)
        case .clock_getres, .clock_settime, .clock_adjtime, .adjtimex, .gettimeofday, .settimeofday,
            .times, .time, .alarm, .getitimer, .setitimer, .timer_create, .timer_gettime, .timer_settime,
            .timer_getoverrun,
            .timer_delete, .timerfd_create, .timerfd_settime, .timerfd_gettime:
            pass(call, a)

        // MARK: Sockets
        // converted: the path in a local address
        case .bind: try bind(a)
        // converted: the path in a local address
        case .connect: try connect(a)
        // converted: the path in a local address
        case .sendto: try sendto(a)
        // converted: the path in a local address
        case .sendmsg: try sendmsg(a)
        // converted: the paths in local addresses; below a system root the messages are sent one by one
        case .sendmmsg: sendmmsg(a)
        // converted: the path in a local address; with a timeout on the socket a signal ends it for good
        case .accept, .accept4: callWithName(call, a, at: 1)
        // converted: the path in a local address; with a timeout on the socket a signal ends it for good
        case .recvfrom: callWithName(call, a, at: 4)
        // converted: the path in a local address; with a timeout on the socket a signal ends it for good
        case .recvmsg: receiveMessages(call, a, count: 1)
        // converted: the paths in local addresses; with a timeout on the socket a signal ends it for good
        case .recvmmsg: receiveMessages(call, a, count: a[2] & 0xffff_ffff)
        // converted: the path in a local address
        case .getsockname, .getpeername: callWithName(call, a, at: 1)
        case .socket, .socketpair, .listen, .setsockopt, .getsockopt, .shutdown: pass(call, a)

        // MARK: System V and POSIX communication
        // converted: struct semid_ds
        case .semctl: try semctl(a)
        // converted: the translator keeps account of the mapping
        case .shmat: try shmat(a)
        // emulated: the mapping is removed
        case .shmdt: try shmdt(a)
        case .semop, .semtimedop, .msgsnd, .msgrcv: block(call, a, restart: .never)
        case .mq_timedsend, .mq_timedreceive: block(call, a, restart: .ifHandlerAllows)
        case .semget, .shmget, .shmctl, .msgget, .msgctl, .mq_unlink, .mq_notify, .mq_getsetattr: pass(call, a)
        // converted: O_ flags
        case .mq_open: passOpenFlags(call, a, at: 1)

        // MARK: Asynchronous input and output
        case .io_setup, .io_destroy, .io_submit, .io_cancel: pass(call, a)
        case .io_getevents: block(call, a, restart: .never)
        // converted: the mask
        case .io_pgetevents: try ioPgetevents(a)
        case .io_uring_setup: pass(call, a)
        case .io_uring_enter: block(call, a, restart: .never)
        // converted: a probe does not find the operations with paths, open flags or structs that differ
        case .io_uring_register: try ioUringRegister(a)

        // MARK: The system and its limits
        // converted: the machine's name
        case .uname: try uname(a)
        // converted: options for the processor, seccomp and the memory map are not the host's
        case .prctl: try prctl(a)
        // emulated: the guest's bases of FS and GS; what else it knows is not there
        case .arch_prctl: try archPrctl(a)
        // emulated: RLIMIT_AS, RLIMIT_DATA and RLIMIT_STACK hold for the guest's mappings; the others are the host's
        case .setrlimit: try setrlimit(a)
        // emulated: like setrlimit
        case .getrlimit: try getrlimit(a)
        // emulated: like setrlimit, for the process itself
        case .prlimit64: try prlimit64(a)
        // emulated: READ_IMPLIES_EXEC holds for the guest's mappings; the host gets ADDR_NO_RANDOMIZE and UNAME26
        case .personality: try personality(a)
        case .getrandom, .add_key, .request_key, .keyctl: block(call, a, restart: .ifHandlerAllows)
        case .getrusage, .sysinfo, .syslog, .sethostname, .setdomainname, .vhangup, .reboot, .landlock_create_ruleset,
            .landlock_add_rule, .landlock_restrict_self, .lsm_get_self_attr, .lsm_set_self_attr, .lsm_list_modules:
            pass(call, a)
        case .seccomp: try refuse("a filter would see the translator's calls, with the host's numbers")
        case .ptrace: try refuse("a tracer would see the host's registers and code")
        case .bpf: try refuse("its programs would watch the translator")
        case .perf_event_open: try refuse("it would count and sample the translator")
        case .kexec_load, .kexec_file_load, .init_module, .finit_module, .delete_module:
            try refuse("the kernel is for another processor")
        case .modify_ldt: try refuse("there are no segments but the flat ones")
        case .iopl, .ioperm: try refuse("the ports would be the translator's to touch")
        case .lookup_dcookie, .nfsservctl, .uselib, ._sysctl, .create_module, .get_kernel_syms, .query_module,
            .epoll_ctl_old, .epoll_wait_old:
            try refuse("the kernel has it no more")
        case .getpmsg, .putpmsg, .afs_syscall, .tuxcall, .security, .vserver:
            try refuse("the kernel never had it")
        case .set_thread_area, .get_thread_area: try refuse("the kernel has it for 32-bit programs alone")
        case .unassigned: throw .ENOSYS
        }
    }

    /// A call that is not made, and why.
    private func refuse(_ reason: StaticString) throws(Errno) -> Int {
        process.tracer?.note(refusal: reason)
        throw .ENOSYS
    }
}
