// What the arguments of each system call are, a character each. Calls that are not named show six numbers.
//
//   d int      l long    u unsigned   x hexadecimal   p pointer    m octal mode    s path or string
//   w bytes that are written, with their count behind   r bytes that were read, as many as the result
//   F directory descriptor   v vector of strings   g string that the call writes   2 two descriptors that it makes
//   t time read   T time written   W wait status   S signal   G signal set   a action
//   O open flags   P protection   M mapping flags   A AT_ flags   C clone flags
//   h how   e whence   c clock   k futex operation   n fcntl command   i ioctl   L limit   E epoll operation

extension SystemCall {
    var traceSignature: StaticString {
        switch self {
        // Files
        case .openat: "FsOm"
        case .openat2: "Fspu"
        case .close, .dup, .fsync, .fdatasync, .fchdir, .syncfs, .epoll_create1, .inotify_init1: "d"
        case .dup3: "ddO"
        case .close_range: "uux"
        case .fcntl: "dnx"
        case .ioctl: "dix"
        case .read: "dru"
        case .write: "dwu"
        case .readv, .writev: "dpd"
        case .pread64: "drul"
        case .pwrite64: "dwul"
        case .preadv, .pwritev: "dpdl"
        case .lseek: "dle"
        case .sendfile: "ddpu"
        case .splice: "dpdpux"
        case .tee: "ddux"
        case .copy_file_range: "dpdpux"
        case .flock: "dx"
        case .fallocate: "dxll"
        case .ftruncate: "dl"
        case .fadvise64: "dlld"
        case .pipe2: "2O"
        case .memfd_create: "sx"

        // Names of files
        case .readlinkat: "Fsru"
        case .getcwd: "gu"
        case .chdir, .chroot, .swapoff, .acct: "s"
        case .faccessat: "Fsm"
        case .faccessat2: "FsmA"
        case .fchmod: "dm"
        case .fchmodat: "Fsm"
        case .fchmodat2: "FsmA"
        case .fchown: "ddd"
        case .fchownat: "FsddA"
        case .mkdirat: "Fsm"
        case .mknodat: "Fsmx"
        case .unlinkat: "FsA"
        case .symlinkat: "sFs"
        case .linkat: "FsFsA"
        case .renameat: "FsFs"
        case .renameat2: "FsFsx"
        case .utimensat: "FspA"
        case .newfstatat: "FspA"
        case .fstat: "dp"
        case .statx: "FsAxp"
        case .statfs: "sp"
        case .fstatfs: "dp"
        case .truncate: "sl"
        case .getdents64: "dpu"
        case .umask: "m"
        case .inotify_add_watch: "dsx"
        case .inotify_rm_watch: "dd"
        case .mount: "sssxp"
        case .umount2: "sx"
        case .setxattr, .lsetxattr: "sswux"
        case .getxattr, .lgetxattr: "ssru"
        case .fsetxattr: "dswux"
        case .fgetxattr: "dsru"
        case .listxattr, .llistxattr: "spu"
        case .removexattr, .lremovexattr: "ss"

        // Memory
        case .brk: "p"
        case .mmap: "puPMdx"
        case .munmap, .mlock, .munlock: "pu"
        case .mprotect: "puP"
        case .mremap: "puuxp"
        case .madvise: "pud"
        case .msync: "pux"
        case .mincore: "pup"

        // Processes
        case .clone: "Cpppp"
        case .execve: "svp"
        case .execveat: "FsvpA"
        case .exit, .exit_group: "d"
        case .wait4: "dWxp"
        case .waitid: "ddpxp"
        case .getpid, .getppid, .gettid, .getuid, .geteuid, .getgid, .getegid, .sched_yield, .sync, .setsid,
            .munlockall, .rt_sigreturn:
            ""
        case .setpgid: "dd"
        case .getpgid, .getsid, .setuid, .setgid, .setfsuid, .setfsgid: "d"
        case .setreuid, .setregid: "dd"
        case .setresuid, .setresgid: "ddd"
        case .getresuid, .getresgid: "ppp"
        case .set_tid_address: "p"
        case .set_robust_list: "pu"
        case .futex: "pkutpx"
        case .sched_getaffinity, .sched_setaffinity: "dup"
        case .setpriority: "ddd"
        case .getpriority: "dd"
        case .getrusage: "dp"

        // Signals
        case .rt_sigaction: "Sapu"
        case .rt_sigprocmask: "hGpu"
        case .rt_sigpending: "pu"
        case .rt_sigsuspend: "Gu"
        case .rt_sigtimedwait: "Gptu"
        case .kill, .tkill: "dS"
        case .tgkill: "ddS"
        case .rt_sigqueueinfo: "dSp"
        case .sigaltstack: "pp"

        // Waiting and time
        case .ppoll: "putGu"
        case .pselect6: "dppptp"
        case .epoll_ctl: "dEdp"
        case .epoll_pwait: "dpddGu"
        case .eventfd2: "ux"
        case .signalfd4: "dGux"
        case .timerfd_create: "cx"
        case .timerfd_settime: "dxpp"
        case .nanosleep: "tp"
        case .clock_gettime, .clock_getres: "cT"
        case .clock_nanosleep: "cxtp"
        case .gettimeofday: "pp"
        case .setitimer: "dpp"
        case .getitimer: "dp"
        case .times: "p"

        // Sockets
        case .socket: "ddx"
        case .socketpair: "ddx2"
        case .bind, .connect: "dpu"
        case .listen, .shutdown: "dd"
        case .accept, .getsockname, .getpeername: "dpp"
        case .accept4: "dppx"
        case .sendto: "dwuxpu"
        case .recvfrom: "druxpp"
        case .sendmsg, .recvmsg: "dpx"
        case .setsockopt: "dddpu"
        case .getsockopt: "dddpp"

        // The system and its limits
        case .uname, .sysinfo: "p"
        case .prctl: "dxxxx"
        case .getrlimit, .setrlimit: "Lp"
        case .prlimit64: "dLpp"
        case .getrandom: "pux"
        default: "xxxxxx"
        }
    }
}
