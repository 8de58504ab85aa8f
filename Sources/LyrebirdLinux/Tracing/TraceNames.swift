// Names of flags and small numbers, as the guest's ABI has them.

/// A value and its name.
struct TraceName: Sendable {
    let value: UInt64
    let name: StaticString

    init(_ value: UInt64, _ name: StaticString) {
        self.value = value
        self.name = name
    }
}

enum TraceNames {
    /// The host's. What contains another comes first.
    static let open: [TraceName] = [
        .init(0o100, "O_CREAT"), .init(0o200, "O_EXCL"), .init(0o400, "O_NOCTTY"), .init(0o1000, "O_TRUNC"),
        .init(0o2000, "O_APPEND"), .init(0o4000, "O_NONBLOCK"), .init(0o4010000, "O_SYNC"), .init(0o10000, "O_DSYNC"),
        .init(0o20000, "O_ASYNC"), .init(0o20200000, "O_TMPFILE"), .init(0o200000, "O_DIRECTORY"),
        .init(0o400000, "O_NOFOLLOW"), .init(0o40000, "O_DIRECT"), .init(0o100000, "O_LARGEFILE"),
        .init(0o1000000, "O_NOATIME"), .init(0o2000000, "O_CLOEXEC"), .init(0o10000000, "O_PATH"),
    ]

    static let protection: [TraceName] = [
        .init(1, "PROT_READ"), .init(2, "PROT_WRITE"), .init(4, "PROT_EXEC"), .init(8, "PROT_SEM"),
        .init(0x10, "PROT_BTI"), .init(0x0100_0000, "PROT_GROWSDOWN"), .init(0x0200_0000, "PROT_GROWSUP"),
    ]

    static let map: [TraceName] = [
        .init(3, "MAP_SHARED_VALIDATE"), .init(1, "MAP_SHARED"), .init(2, "MAP_PRIVATE"), .init(0x10, "MAP_FIXED"),
        .init(0x20, "MAP_ANONYMOUS"), .init(0x100, "MAP_GROWSDOWN"), .init(0x800, "MAP_DENYWRITE"),
        .init(0x1000, "MAP_EXECUTABLE"), .init(0x2000, "MAP_LOCKED"), .init(0x4000, "MAP_NORESERVE"),
        .init(0x8000, "MAP_POPULATE"), .init(0x10000, "MAP_NONBLOCK"), .init(0x20000, "MAP_STACK"),
        .init(0x40000, "MAP_HUGETLB"), .init(0x100000, "MAP_FIXED_NOREPLACE"),
    ]

    static let at: [TraceName] = [
        .init(0x100, "AT_SYMLINK_NOFOLLOW"), .init(0x200, "AT_REMOVEDIR"), .init(0x400, "AT_SYMLINK_FOLLOW"),
        .init(0x800, "AT_NO_AUTOMOUNT"), .init(0x1000, "AT_EMPTY_PATH"), .init(0x2000, "AT_STATX_FORCE_SYNC"),
        .init(0x4000, "AT_STATX_DONT_SYNC"),
    ]

    static let clone: [TraceName] = [
        .init(0x100, "CLONE_VM"), .init(0x200, "CLONE_FS"), .init(0x400, "CLONE_FILES"), .init(0x800, "CLONE_SIGHAND"),
        .init(0x1000, "CLONE_PIDFD"), .init(0x2000, "CLONE_PTRACE"), .init(0x4000, "CLONE_VFORK"),
        .init(0x8000, "CLONE_PARENT"), .init(0x10000, "CLONE_THREAD"), .init(0x20000, "CLONE_NEWNS"),
        .init(0x40000, "CLONE_SYSVSEM"), .init(0x80000, "CLONE_SETTLS"), .init(0x10_0000, "CLONE_PARENT_SETTID"),
        .init(0x20_0000, "CLONE_CHILD_CLEARTID"), .init(0x100_0000, "CLONE_CHILD_SETTID"),
    ]

    static let action: [TraceName] = [
        .init(1, "SA_NOCLDSTOP"), .init(2, "SA_NOCLDWAIT"), .init(4, "SA_SIGINFO"), .init(0x0400_0000, "SA_RESTORER"),
        .init(0x0800_0000, "SA_ONSTACK"), .init(0x1000_0000, "SA_RESTART"), .init(0x4000_0000, "SA_NODEFER"),
        .init(0x8000_0000, "SA_RESETHAND"),
    ]

    static let how: [TraceName] = [.init(0, "SIG_BLOCK"), .init(1, "SIG_UNBLOCK"), .init(2, "SIG_SETMASK")]

    static let whence: [TraceName] = [
        .init(0, "SEEK_SET"), .init(1, "SEEK_CUR"), .init(2, "SEEK_END"), .init(3, "SEEK_DATA"), .init(4, "SEEK_HOLE"),
    ]

    static let clock: [TraceName] = [
        .init(0, "CLOCK_REALTIME"), .init(1, "CLOCK_MONOTONIC"), .init(2, "CLOCK_PROCESS_CPUTIME_ID"),
        .init(3, "CLOCK_THREAD_CPUTIME_ID"), .init(4, "CLOCK_MONOTONIC_RAW"), .init(5, "CLOCK_REALTIME_COARSE"),
        .init(6, "CLOCK_MONOTONIC_COARSE"), .init(7, "CLOCK_BOOTTIME"),
    ]

    static let futex: [TraceName] = [
        .init(0, "FUTEX_WAIT"), .init(1, "FUTEX_WAKE"), .init(3, "FUTEX_REQUEUE"), .init(4, "FUTEX_CMP_REQUEUE"),
        .init(5, "FUTEX_WAKE_OP"), .init(6, "FUTEX_LOCK_PI"), .init(7, "FUTEX_UNLOCK_PI"), .init(8, "FUTEX_TRYLOCK_PI"),
        .init(9, "FUTEX_WAIT_BITSET"), .init(10, "FUTEX_WAKE_BITSET"), .init(11, "FUTEX_WAIT_REQUEUE_PI"),
        .init(12, "FUTEX_CMP_REQUEUE_PI"), .init(13, "FUTEX_LOCK_PI2"),
    ]

    static let fcntl: [TraceName] = [
        .init(0, "F_DUPFD"), .init(1, "F_GETFD"), .init(2, "F_SETFD"), .init(3, "F_GETFL"), .init(4, "F_SETFL"),
        .init(5, "F_GETLK"), .init(6, "F_SETLK"), .init(7, "F_SETLKW"), .init(8, "F_SETOWN"), .init(9, "F_GETOWN"),
        .init(10, "F_SETSIG"), .init(11, "F_GETSIG"), .init(36, "F_OFD_GETLK"), .init(37, "F_OFD_SETLK"),
        .init(38, "F_OFD_SETLKW"), .init(1030, "F_DUPFD_CLOEXEC"), .init(1031, "F_SETPIPE_SZ"),
        .init(1032, "F_GETPIPE_SZ"), .init(1033, "F_ADD_SEALS"), .init(1034, "F_GET_SEALS"),
    ]

    static let ioctl: [TraceName] = [
        .init(0x5401, "TCGETS"), .init(0x5402, "TCSETS"), .init(0x5403, "TCSETSW"), .init(0x5404, "TCSETSF"),
        .init(0x540f, "TIOCGPGRP"), .init(0x5410, "TIOCSPGRP"), .init(0x5413, "TIOCGWINSZ"),
        .init(0x5414, "TIOCSWINSZ"), .init(0x541b, "FIONREAD"), .init(0x5421, "FIONBIO"),
    ]

    static let limit: [TraceName] = [
        .init(0, "RLIMIT_CPU"), .init(1, "RLIMIT_FSIZE"), .init(2, "RLIMIT_DATA"), .init(3, "RLIMIT_STACK"),
        .init(4, "RLIMIT_CORE"), .init(5, "RLIMIT_RSS"), .init(6, "RLIMIT_NPROC"), .init(7, "RLIMIT_NOFILE"),
        .init(8, "RLIMIT_MEMLOCK"), .init(9, "RLIMIT_AS"), .init(10, "RLIMIT_LOCKS"), .init(11, "RLIMIT_SIGPENDING"),
        .init(12, "RLIMIT_MSGQUEUE"), .init(13, "RLIMIT_NICE"), .init(14, "RLIMIT_RTPRIO"), .init(15, "RLIMIT_RTTIME"),
    ]

    static let epoll: [TraceName] = [.init(1, "EPOLL_CTL_ADD"), .init(2, "EPOLL_CTL_DEL"), .init(3, "EPOLL_CTL_MOD")]

    /// From 1 on, without SIG.
    static let signals: [StaticString] = [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM",
        "TERM",
        "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH",
        "IO",
        "PWR", "SYS",
    ]
}
