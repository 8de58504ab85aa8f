// AArch64's system call numbers: `include/uapi/asm-generic/unistd.h`, which `arch/arm64` uses unchanged. The numbers are the
// positions: one run from 0, and one from 424, where all architectures number alike.

extension ABI {
    /// The call of each number from 0 on.
    static let arm64SystemCalls: [SystemCall] = [
        /*   0 */ .io_setup, .io_destroy, .io_submit, .io_cancel, .io_getevents, .setxattr, .lsetxattr,
        /*   7 */ .fsetxattr, .getxattr, .lgetxattr, .fgetxattr, .listxattr, .llistxattr, .flistxattr,
        /*  14 */ .removexattr, .lremovexattr, .fremovexattr, .getcwd, .lookup_dcookie, .eventfd2, .epoll_create1,
        /*  21 */ .epoll_ctl, .epoll_pwait, .dup, .dup3, .fcntl, .inotify_init1, .inotify_add_watch,
        /*  28 */ .inotify_rm_watch, .ioctl, .ioprio_set, .ioprio_get, .flock, .mknodat, .mkdirat, .unlinkat,
        /*  36 */ .symlinkat, .linkat, .renameat, .umount2, .mount, .pivot_root, .nfsservctl, .statfs,
        /*  44 */ .fstatfs, .truncate, .ftruncate, .fallocate, .faccessat, .chdir, .fchdir, .chroot,
        /*  52 */ .fchmod, .fchmodat, .fchownat, .fchown, .openat, .close, .vhangup, .pipe2, .quotactl,
        /*  61 */ .getdents64, .lseek, .read, .write, .readv, .writev, .pread64, .pwrite64, .preadv,
        /*  70 */ .pwritev, .sendfile, .pselect6, .ppoll, .signalfd4, .vmsplice, .splice, .tee, .readlinkat,
        /*  79 */ .newfstatat, .fstat, .sync, .fsync, .fdatasync, .sync_file_range, .timerfd_create,
        /*  86 */ .timerfd_settime, .timerfd_gettime, .utimensat, .acct, .capget, .capset, .personality,
        /*  93 */ .exit, .exit_group, .waitid, .set_tid_address, .unshare, .futex, .set_robust_list,
        /* 100 */ .get_robust_list, .nanosleep, .getitimer, .setitimer, .kexec_load, .init_module, .delete_module,
        /* 107 */ .timer_create, .timer_gettime, .timer_getoverrun, .timer_settime, .timer_delete, .clock_settime,
        /* 113 */ .clock_gettime, .clock_getres, .clock_nanosleep, .syslog, .ptrace, .sched_setparam,
        /* 119 */ .sched_setscheduler, .sched_getscheduler, .sched_getparam, .sched_setaffinity, .sched_getaffinity,
        /* 124 */ .sched_yield, .sched_get_priority_max, .sched_get_priority_min, .sched_rr_get_interval,
        /* 128 */ .restart_syscall, .kill, .tkill, .tgkill, .sigaltstack, .rt_sigsuspend, .rt_sigaction,
        /* 135 */ .rt_sigprocmask, .rt_sigpending, .rt_sigtimedwait, .rt_sigqueueinfo, .rt_sigreturn,
        /* 140 */ .setpriority, .getpriority, .reboot, .setregid, .setgid, .setreuid, .setuid, .setresuid,
        /* 148 */ .getresuid, .setresgid, .getresgid, .setfsuid, .setfsgid, .times, .setpgid, .getpgid,
        /* 156 */ .getsid, .setsid, .getgroups, .setgroups, .uname, .sethostname, .setdomainname, .getrlimit,
        /* 164 */ .setrlimit, .getrusage, .umask, .prctl, .getcpu, .gettimeofday, .settimeofday, .adjtimex,
        /* 172 */ .getpid, .getppid, .getuid, .geteuid, .getgid, .getegid, .gettid, .sysinfo, .mq_open,
        /* 181 */ .mq_unlink, .mq_timedsend, .mq_timedreceive, .mq_notify, .mq_getsetattr, .msgget,
        /* 187 */ .msgctl, .msgrcv, .msgsnd, .semget, .semctl, .semtimedop, .semop, .shmget, .shmctl,
        /* 196 */ .shmat, .shmdt, .socket, .socketpair, .bind, .listen, .accept, .connect, .getsockname,
        /* 205 */ .getpeername, .sendto, .recvfrom, .setsockopt, .getsockopt, .shutdown, .sendmsg, .recvmsg,
        /* 213 */ .readahead, .brk, .munmap, .mremap, .add_key, .request_key, .keyctl, .clone, .execve,
        /* 222 */ .mmap, .fadvise64, .swapon, .swapoff, .mprotect, .msync, .mlock, .munlock, .mlockall,
        /* 231 */ .munlockall, .mincore, .madvise, .remap_file_pages, .mbind, .get_mempolicy, .set_mempolicy,
        /* 238 */ .migrate_pages, .move_pages, .rt_tgsigqueueinfo, .perf_event_open, .accept4, .recvmmsg,
        /* 244 */ .unassigned, .unassigned, .unassigned, .unassigned, .unassigned, .unassigned, .unassigned,
        /* 251 */ .unassigned, .unassigned, .unassigned, .unassigned, .unassigned, .unassigned, .unassigned,
        /* 258 */ .unassigned, .unassigned, .wait4, .prlimit64, .fanotify_init, .fanotify_mark, .name_to_handle_at,
        /* 265 */ .open_by_handle_at, .clock_adjtime, .syncfs, .setns, .sendmmsg, .process_vm_readv,
        /* 271 */ .process_vm_writev, .kcmp, .finit_module, .sched_setattr, .sched_getattr, .renameat2,
        /* 277 */ .seccomp, .getrandom, .memfd_create, .bpf, .execveat, .userfaultfd, .membarrier, .mlock2,
        /* 285 */ .copy_file_range, .preadv2, .pwritev2, .pkey_mprotect, .pkey_alloc, .pkey_free, .statx,
        /* 292 */ .io_pgetevents, .rseq, .kexec_file_load,
    ]

    /// The call of each number from 424 on.
    static let commonSystemCalls: [SystemCall] = [
        /* 424 */ .pidfd_send_signal, .io_uring_setup, .io_uring_enter, .io_uring_register, .open_tree,
        /* 429 */ .move_mount, .fsopen, .fsconfig, .fsmount, .fspick, .pidfd_open, .clone3, .close_range,
        /* 437 */ .openat2, .pidfd_getfd, .faccessat2, .process_madvise, .epoll_pwait2, .mount_setattr,
        /* 443 */ .quotactl_fd, .landlock_create_ruleset, .landlock_add_rule, .landlock_restrict_self,
        /* 447 */ .memfd_secret, .process_mrelease, .futex_waitv, .set_mempolicy_home_node, .cachestat,
        /* 452 */ .fchmodat2, .map_shadow_stack, .futex_wake, .futex_wait, .futex_requeue, .statmount,
        /* 458 */ .listmount, .lsm_get_self_attr, .lsm_set_self_attr, .lsm_list_modules, .mseal, .setxattrat,
        /* 464 */ .getxattrat, .listxattrat, .removexattrat,
    ]
}
