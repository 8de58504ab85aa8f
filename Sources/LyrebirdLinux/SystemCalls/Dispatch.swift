// Which method makes which system call. What is not named here is the same on guest and host and goes straight to the host's
// kernel, guest pointers included: the addresses are the same, and a bad one is the kernel's EFAULT.

import Lyrebird

extension GuestThread {
    /// Makes a system call and returns the kernel's value: -errno on failure.
    func perform(_ call: SystemCall, _ a: Arguments) throws(Errno) -> Int {
        switch call {
        // Files
        case .openat: try openat(a)
        case .openat2: try openat2(a)
        case .close: try close(a)
        case .dup3: try dup3(a)
        case .close_range: closeRange(a)
        case .pipe2: passOpenFlags(call, a, at: 1)
        case .open_by_handle_at: passOpenFlags(call, a, at: 2)
        case .fanotify_init: passOpenFlags(call, a, at: 1)
        case .fcntl: try fcntl(a)
        case .read, .write, .readv, .writev, .pread64, .pwrite64, .preadv, .pwritev, .preadv2, .pwritev2, .sendfile,
            .splice, .tee, .vmsplice, .copy_file_range, .flock, .ioctl, .fsync, .fdatasync, .fallocate, .ftruncate:
            block(call, a, restart: .ifHandlerAllows)

        // Names of files
        case .readlinkat: try readlinkat(a)
        case .getcwd: try getcwd(a)
        case .chroot: try chroot(a)
        case .faccessat, .faccessat2, .fchmodat, .fchmodat2, .fchownat, .mkdirat, .mknodat, .unlinkat, .symlinkat,
            .linkat, .renameat, .renameat2, .utimensat, .statx, .statfs, .truncate, .chdir, .setxattr, .lsetxattr,
            .getxattr, .lgetxattr, .listxattr, .llistxattr, .removexattr, .lremovexattr, .setxattrat, .getxattrat,
            .listxattrat, .removexattrat, .inotify_add_watch, .name_to_handle_at, .fanotify_mark, .mount, .umount2,
            .pivot_root, .swapon, .swapoff, .acct, .open_tree, .move_mount, .mount_setattr, .quotactl:
            try passPaths(call, a)
        case .newfstatat: try newfstatat(a)
        case .fstat: try fstat(a)

        // Memory
        case .brk: brk(a)
        case .mmap: try mmap(a)
        case .munmap: host.unmap(a[0], size: a[1])
        case .mprotect: try mprotect(a)
        case .pkey_mprotect: try pkeyMprotect(a)
        case .mremap: host.remap(a[0], oldSize: a[1], newSize: a[2], flags: a.int(3), newAddress: a[4])
        case .mlockall: mlockall(a)
        case .shmat: try shmat(a)
        case .shmdt: try shmdt(a)
        case .remap_file_pages, .pkey_alloc, .pkey_free, .map_shadow_stack: throw .ENOSYS

        // Processes
        case .clone: try clone(a)
        case .clone3: try clone3(a)
        case .execve: try execve(a)
        case .execveat: try execveat(a)
        case .exit: exit(a)
        case .exit_group: exitGroup(a)
        case .wait4, .waitid: block(call, a, restart: .ifHandlerAllows)

        // Signals
        case .rt_sigaction: try rtSigaction(a)
        case .rt_sigprocmask: try rtSigprocmask(a)
        case .rt_sigpending: try rtSigpending(a)
        case .rt_sigsuspend: try rtSigsuspend(a)
        case .rt_sigtimedwait: try rtSigtimedwait(a)
        case .rt_sigreturn: rtSigreturn()
        case .sigaltstack: try sigaltstack(a)
        case .restart_syscall: Errno.EINTR.result

        // Waiting
        case .ppoll: try ppoll(a)
        case .pselect6: try pselect6(a)
        case .epoll_ctl: try epollControl(a)
        case .epoll_pwait, .epoll_pwait2: try epollWait(call, a)
        case .nanosleep, .clock_nanosleep, .io_getevents, .semop, .semtimedop, .msgsnd, .msgrcv:
            block(call, a, restart: .never)
        case .futex: futex(a)
        case .futex_waitv, .futex_wait, .mq_timedsend, .mq_timedreceive, .getrandom:
            block(call, a, restart: .ifHandlerAllows)

        // Sockets
        case .accept, .accept4, .connect, .sendto, .sendmsg, .sendmmsg, .recvfrom, .recvmsg, .recvmmsg:
            blockOnSocket(call, a)

        // The system and its limits
        case .uname: try uname(a)
        case .prctl: try prctl(a)
        case .setrlimit: try setrlimit(a)
        case .getrlimit: try getrlimit(a)
        case .prlimit64: try prlimit64(a)
        case .semctl: try semctl(a)

        // Rings look the same on both sides. Paths and open flags in them are taken as the host's: a guest that opens files so
        // does not see the system root.
        case .io_uring_enter: block(call, a, restart: .never)

        // What a translator cannot let through: filters would see its own calls, tracers the host's registers.
        case .rseq, .seccomp, .ptrace, .bpf, .kexec_load, .kexec_file_load, .init_module, .finit_module,
            .delete_module, .unassigned:
            throw .ENOSYS

        default: pass(call, a)
        }
    }
}
