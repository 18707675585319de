//! Constants of processes: scheduling, capabilities, futexes, membarrier, rseq, prctl.

use crate::abi::macros::constants;

constants! {
    /// `wait` ids of `waitid`.
    u32 {
        P_ALL = 0;
        P_PID = 1;
        P_PGID = 2;
        P_PIDFD = 3;
    }

    /// `getrusage`.
    i32 {
        RUSAGE_SELF = 0;
        RUSAGE_CHILDREN = -1;
        RUSAGE_THREAD = 1;
    }

    /// Scheduling policies.
    i32 {
        SCHED_NORMAL = 0;
        SCHED_FIFO = 1;
        SCHED_RR = 2;
        SCHED_BATCH = 3;
        SCHED_IDLE = 5;
        SCHED_DEADLINE = 6;
        SCHED_RESET_ON_FORK = 0x4000_0000;
    }

    /// `getpriority`.
    i32 {
        PRIO_PROCESS = 0;
        PRIO_PGRP = 1;
        PRIO_USER = 2;
    }

    /// `ioprio_get`.
    i32 {
        IOPRIO_WHO_PROCESS = 1;
        IOPRIO_WHO_PGRP = 2;
        IOPRIO_WHO_USER = 3;
        IOPRIO_CLASS_NONE = 0;
        IOPRIO_CLASS_RT = 1;
        IOPRIO_CLASS_BE = 2;
        IOPRIO_CLASS_IDLE = 3;
        IOPRIO_CLASS_SHIFT = 13;
    }

    /// Capability versions.
    u32 {
        _LINUX_CAPABILITY_VERSION_1 = 0x1998_0330;
        _LINUX_CAPABILITY_VERSION_2 = 0x2007_1026;
        _LINUX_CAPABILITY_VERSION_3 = 0x2008_0522;
    }

    /// Capabilities.
    u32 {
        CAP_CHOWN = 0;
        CAP_DAC_OVERRIDE = 1;
        CAP_DAC_READ_SEARCH = 2;
        CAP_FOWNER = 3;
        CAP_FSETID = 4;
        CAP_KILL = 5;
        CAP_SETGID = 6;
        CAP_SETUID = 7;
        CAP_SETPCAP = 8;
        CAP_LINUX_IMMUTABLE = 9;
        CAP_NET_BIND_SERVICE = 10;
        CAP_NET_BROADCAST = 11;
        CAP_NET_ADMIN = 12;
        CAP_NET_RAW = 13;
        CAP_IPC_LOCK = 14;
        CAP_IPC_OWNER = 15;
        CAP_SYS_MODULE = 16;
        CAP_SYS_RAWIO = 17;
        CAP_SYS_CHROOT = 18;
        CAP_SYS_PTRACE = 19;
        CAP_SYS_PACCT = 20;
        CAP_SYS_ADMIN = 21;
        CAP_SYS_BOOT = 22;
        CAP_SYS_NICE = 23;
        CAP_SYS_RESOURCE = 24;
        CAP_SYS_TIME = 25;
        CAP_SYS_TTY_CONFIG = 26;
        CAP_MKNOD = 27;
        CAP_LEASE = 28;
        CAP_AUDIT_WRITE = 29;
        CAP_AUDIT_CONTROL = 30;
        CAP_SETFCAP = 31;
        CAP_MAC_OVERRIDE = 32;
        CAP_MAC_ADMIN = 33;
        CAP_SYSLOG = 34;
        CAP_WAKE_ALARM = 35;
        CAP_BLOCK_SUSPEND = 36;
        CAP_AUDIT_READ = 37;
        CAP_PERFMON = 38;
        CAP_BPF = 39;
        CAP_CHECKPOINT_RESTORE = 40;
        CAP_LAST_CAP = 40;
    }

    /// Bits of a futex word with an owner.
    u32 {
        FUTEX_WAITERS = 0x8000_0000;
        FUTEX_OWNER_DIED = 0x4000_0000;
        FUTEX_TID_MASK = 0x3fff_ffff;
    }

    /// `futex_waitv` flags.
    u32 {
        FUTEX_32 = 2;
    }

    /// The longest robust list that the kernel walks, and the most waiters of `futex_waitv`.
    usize {
        ROBUST_LIST_LIMIT = 0x800;
        FUTEX_WAITV_MAX = 128;
    }

    /// Operations of FUTEX_WAKE_OP.
    u32 {
        FUTEX_OP_SET = 0;
        FUTEX_OP_ADD = 1;
        FUTEX_OP_OR = 2;
        FUTEX_OP_ANDN = 3;
        FUTEX_OP_XOR = 4;
        FUTEX_OP_OPARG_SHIFT = 8;
        FUTEX_OP_CMP_EQ = 0;
        FUTEX_OP_CMP_NE = 1;
        FUTEX_OP_CMP_LT = 2;
        FUTEX_OP_CMP_LE = 3;
        FUTEX_OP_CMP_GT = 4;
        FUTEX_OP_CMP_GE = 5;
    }

    /// Commands of `membarrier`.
    i32 {
        MEMBARRIER_CMD_QUERY = 0;
        MEMBARRIER_CMD_GLOBAL = 1;
        MEMBARRIER_CMD_GLOBAL_EXPEDITED = 2;
        MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED = 4;
        MEMBARRIER_CMD_PRIVATE_EXPEDITED = 8;
        MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED = 16;
        MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE = 32;
        MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE = 64;
        MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ = 128;
        MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ = 0x100;
        MEMBARRIER_CMD_GET_REGISTRATIONS = 0x200;
    }

    /// `rseq`: flags, and `cpu_id` before registration.
    i32 {
        RSEQ_FLAG_UNREGISTER = 1;
        RSEQ_CPU_ID_UNINITIALIZED = -1;
        RSEQ_CPU_ID_REGISTRATION_FAILED = -2;
    }

    /// Second arguments of `prctl`.
    usize {
        PR_SET_VMA_ANON_NAME = 0;
        PR_CAP_AMBIENT_IS_SET = 1;
        PR_CAP_AMBIENT_RAISE = 2;
        PR_CAP_AMBIENT_LOWER = 3;
        PR_CAP_AMBIENT_CLEAR_ALL = 4;
        PR_TSC_ENABLE = 1;
        PR_TSC_SIGSEGV = 2;
        PR_SPEC_STORE_BYPASS = 0;
        PR_SPEC_INDIRECT_BRANCH = 1;
    }

    /// `securebits`.
    u32 {
        SECURE_NOROOT = 0;
        SECURE_NOROOT_LOCKED = 1;
        SECURE_NO_SETUID_FIXUP = 2;
        SECURE_NO_SETUID_FIXUP_LOCKED = 3;
        SECURE_KEEP_CAPS = 4;
        SECURE_KEEP_CAPS_LOCKED = 5;
    }

    /// `seccomp`.
    u32 {
        SECCOMP_SET_MODE_STRICT = 0;
        SECCOMP_SET_MODE_FILTER = 1;
        SECCOMP_GET_ACTION_AVAIL = 2;
        SECCOMP_GET_NOTIF_SIZES = 3;
        SECCOMP_MODE_DISABLED = 0;
        SECCOMP_MODE_STRICT = 1;
        SECCOMP_MODE_FILTER = 2;
    }

    /// `personality`.
    u32 {
        PER_LINUX = 0;
        PER_LINUX32 = 8;
        ADDR_NO_RANDOMIZE = 0x4_0000;
        MMAP_PAGE_ZERO = 0x10_0000;
        READ_IMPLIES_EXEC = 0x40_0000;
        ADDR_COMPAT_LAYOUT = 0x20_0000;
    }
}
