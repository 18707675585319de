//! Arguments about processes: [`CloneFlags`], [`WaitOptions`], [`Resource`], `prctl`.

use super::kind::names;
use super::macros::{codes, flag_set};
use super::{FromArg, Kind, Names, Special};
use crate::errno::Errno;

bitflags::bitflags! {
    /// Flags of `clone`, `clone3` and `unshare`. In `clone` the low byte is the exit signal
    /// ([`CloneFlags::exit_signal`]); unknown bits are kept.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    #[repr(transparent)]
    pub struct CloneFlags: u64 {
        /// Time namespace (`clone3` and `unshare`; inside the signal byte).
        const NEWTIME = 0x80;
        /// Share memory.
        const VM = 0x100;
        /// Share root, current directory and umask.
        const FS = 0x200;
        /// Share descriptors.
        const FILES = 0x400;
        /// Share signal actions.
        const SIGHAND = 0x800;
        /// Give the parent a pidfd.
        const PIDFD = 0x1000;
        /// The child is traced too.
        const PTRACE = 0x2000;
        /// The parent waits until the child has let go of the memory.
        const VFORK = 0x4000;
        /// The child has the caller's parent.
        const PARENT = 0x8000;
        /// A thread of the same process.
        const THREAD = 0x1_0000;
        /// Mount namespace.
        const NEWNS = 0x2_0000;
        /// Share semaphore undo lists.
        const SYSVSEM = 0x4_0000;
        /// Set the thread pointer.
        const SETTLS = 0x8_0000;
        /// Store the id in the parent's memory.
        const PARENT_SETTID = 0x10_0000;
        /// Clear the id and wake a futex when the child ends.
        const CHILD_CLEARTID = 0x20_0000;
        /// Ignored.
        const DETACHED = 0x40_0000;
        /// The child cannot be traced by force.
        const UNTRACED = 0x80_0000;
        /// Store the id in the child's memory.
        const CHILD_SETTID = 0x100_0000;
        /// Control group namespace.
        const NEWCGROUP = 0x200_0000;
        /// Host name namespace.
        const NEWUTS = 0x400_0000;
        /// System V IPC namespace.
        const NEWIPC = 0x800_0000;
        /// User namespace.
        const NEWUSER = 0x1000_0000;
        /// Process namespace.
        const NEWPID = 0x2000_0000;
        /// Network namespace.
        const NEWNET = 0x4000_0000;
        /// Share the I/O context.
        const IO = 0x8000_0000;
        /// Reset signal actions (`clone3` alone).
        const CLEAR_SIGHAND = 0x1_0000_0000;
        /// Start in a control group (`clone3` alone).
        const INTO_CGROUP = 0x2_0000_0000;
    }
}

impl CloneFlags {
    /// The bits of `clone` that hold the exit signal (`CSIGNAL`).
    pub const SIGNAL_MASK: u64 = 0xff;

    /// The flags' names, for a trace.
    pub const NAMES: &'static Names = names! { "CLONE_" {
        VM = 0x100, FS = 0x200, FILES = 0x400, SIGHAND = 0x800, PIDFD = 0x1000,
        PTRACE = 0x2000, VFORK = 0x4000, PARENT = 0x8000, THREAD = 0x1_0000,
        NEWNS = 0x2_0000, SYSVSEM = 0x4_0000, SETTLS = 0x8_0000,
        PARENT_SETTID = 0x10_0000, CHILD_CLEARTID = 0x20_0000, DETACHED = 0x40_0000,
        UNTRACED = 0x80_0000, CHILD_SETTID = 0x100_0000, NEWCGROUP = 0x200_0000,
        NEWUTS = 0x400_0000, NEWIPC = 0x800_0000, NEWUSER = 0x1000_0000,
        NEWPID = 0x2000_0000, NEWNET = 0x4000_0000, IO = 0x8000_0000,
        CLEAR_SIGHAND = 0x1_0000_0000, INTO_CGROUP = 0x2_0000_0000,
    } };

    /// The signal that `clone` asks to be sent to the parent at the end; 0 for none.
    #[inline]
    #[must_use]
    pub const fn exit_signal(self) -> u32 {
        (self.bits() & Self::SIGNAL_MASK) as u32
    }

    /// The flags without the exit signal.
    #[inline]
    #[must_use]
    pub const fn without_signal(self) -> Self {
        Self::from_bits_retain(self.bits() & !Self::SIGNAL_MASK)
    }
}

impl FromArg for CloneFlags {
    const KIND: Kind = Kind::Special(Special::Clone);
    #[inline]
    fn from_arg(raw: usize) -> Result<Self, Errno> {
        Ok(Self::from_bits_retain(raw as u64))
    }
}

/// The last two arguments of `clone`, whose order differs: (thread pointer, child id address).
/// x86_64 passes (child id, thread pointer), arm64 (thread pointer, child id).
#[inline]
#[must_use]
pub const fn clone_tail(arch: crate::Arch, a3: usize, a4: usize) -> (usize, usize) {
    match arch {
        crate::Arch::X86_64 => (a4, a3),
        crate::Arch::Aarch64 => (a3, a4),
    }
}

flag_set! {
    /// Options of `wait4` (see [`WaitOptions::WAIT4`]) and `waitid` ([`WaitOptions::WAITID`]).
    pub struct WaitOptions: u32, "", reject {
        WNOHANG = 1;
        WUNTRACED = 2;
        WEXITED = 4;
        WCONTINUED = 8;
        WNOWAIT = 0x0100_0000;
        __WNOTHREAD = 0x2000_0000;
        __WALL = 0x4000_0000;
        __WCLONE = 0x8000_0000;
    }
}

impl WaitOptions {
    const THREADS: Self = Self::__WNOTHREAD.union(Self::__WALL).union(Self::__WCLONE);
    /// `WSTOPPED`, the name of `WUNTRACED` in `waitid`.
    pub const WSTOPPED: Self = Self::WUNTRACED;
    /// What `wait4` allows: pass it to `only`.
    pub const WAIT4: Self =
        Self::WNOHANG.union(Self::WUNTRACED).union(Self::WCONTINUED).union(Self::THREADS);
    /// What `waitid` allows: pass it to `only`; one of EXITED, STOPPED, CONTINUED is needed.
    pub const WAITID: Self = Self::WAIT4.union(Self::WEXITED).union(Self::WNOWAIT);
}

codes! {
    /// What `setrlimit` and its kin limit; unknown ones fail with `EINVAL`.
    pub struct Resource: u32, "RLIMIT_" {
        CPU = 0;
        FSIZE = 1;
        DATA = 2;
        STACK = 3;
        CORE = 4;
        RSS = 5;
        NPROC = 6;
        NOFILE = 7;
        MEMLOCK = 8;
        AS = 9;
        LOCKS = 10;
        SIGPENDING = 11;
        MSGQUEUE = 12;
        NICE = 13;
        RTPRIO = 14;
        RTTIME = 15;
    }
}

impl Resource {
    /// How many there are.
    pub const COUNT: usize = 16;

    /// The index into a table of limits.
    ///
    /// # Errors
    /// `EINVAL` for an unknown resource.
    #[inline]
    pub const fn index(self) -> Result<usize, Errno> {
        if (self.0 as usize) < Self::COUNT { Ok(self.0 as usize) } else { Err(Errno::EINVAL) }
    }
}

codes! {
    /// What `ptrace(2)` is to do.
    pub struct PtraceRequest: u32, "PTRACE_" {
        TRACEME = 0;
        PEEKTEXT = 1;
        PEEKDATA = 2;
        PEEKUSER = 3;
        POKETEXT = 4;
        POKEDATA = 5;
        POKEUSER = 6;
        CONT = 7;
        KILL = 8;
        SINGLESTEP = 9;
        GETREGS = 12;
        SETREGS = 13;
        GETFPREGS = 14;
        SETFPREGS = 15;
        ATTACH = 16;
        DETACH = 17;
        SYSCALL = 24;
        SYSEMU = 31;
        SYSEMU_SINGLESTEP = 32;
        SINGLEBLOCK = 33;
        SETOPTIONS = 0x4200;
        GETEVENTMSG = 0x4201;
        GETSIGINFO = 0x4202;
        SETSIGINFO = 0x4203;
        GETREGSET = 0x4204;
        SETREGSET = 0x4205;
        SEIZE = 0x4206;
        INTERRUPT = 0x4207;
        LISTEN = 0x4208;
        PEEKSIGINFO = 0x4209;
        GETSIGMASK = 0x420a;
        SETSIGMASK = 0x420b;
        GET_SYSCALL_INFO = 0x420e;
    }
}

codes! {
    /// What `prctl` is to do; unknown options fail with `EINVAL`.
    pub struct PrctlOption: u32, "PR_" {
        SET_PDEATHSIG = 1;
        GET_PDEATHSIG = 2;
        GET_DUMPABLE = 3;
        SET_DUMPABLE = 4;
        GET_UNALIGN = 5;
        SET_UNALIGN = 6;
        GET_KEEPCAPS = 7;
        SET_KEEPCAPS = 8;
        GET_FPEMU = 9;
        SET_FPEMU = 10;
        GET_FPEXC = 11;
        SET_FPEXC = 12;
        GET_TIMING = 13;
        SET_TIMING = 14;
        SET_NAME = 15;
        GET_NAME = 16;
        GET_ENDIAN = 19;
        SET_ENDIAN = 20;
        GET_SECCOMP = 21;
        SET_SECCOMP = 22;
        CAPBSET_READ = 23;
        CAPBSET_DROP = 24;
        GET_TSC = 25;
        SET_TSC = 26;
        GET_SECUREBITS = 27;
        SET_SECUREBITS = 28;
        SET_TIMERSLACK = 29;
        GET_TIMERSLACK = 30;
        TASK_PERF_EVENTS_DISABLE = 31;
        TASK_PERF_EVENTS_ENABLE = 32;
        MCE_KILL = 33;
        MCE_KILL_GET = 34;
        SET_MM = 35;
        SET_CHILD_SUBREAPER = 36;
        GET_CHILD_SUBREAPER = 37;
        SET_NO_NEW_PRIVS = 38;
        GET_NO_NEW_PRIVS = 39;
        GET_TID_ADDRESS = 40;
        SET_THP_DISABLE = 41;
        GET_THP_DISABLE = 42;
        CAP_AMBIENT = 47;
        SVE_SET_VL = 50;
        SVE_GET_VL = 51;
        GET_SPECULATION_CTRL = 52;
        SET_SPECULATION_CTRL = 53;
        PAC_RESET_KEYS = 54;
        SET_TAGGED_ADDR_CTRL = 55;
        GET_TAGGED_ADDR_CTRL = 56;
        SET_IO_FLUSHER = 57;
        GET_IO_FLUSHER = 58;
        SET_SYSCALL_USER_DISPATCH = 59;
        PAC_SET_ENABLED_KEYS = 60;
        PAC_GET_ENABLED_KEYS = 61;
        SCHED_CORE = 62;
        SME_SET_VL = 63;
        SME_GET_VL = 64;
        SET_MDWE = 65;
        GET_MDWE = 66;
        SET_MEMORY_MERGE = 67;
        GET_MEMORY_MERGE = 68;
        SET_VMA = 0x5356_4d41;
        SET_PTRACER = 0x5961_6d61;
    }
}

codes! {
    /// What `arch_prctl` is to do (x86_64 alone); unknown codes fail with `EINVAL`.
    pub struct ArchPrctlCode: u32, "ARCH_" {
        SET_GS = 0x1001;
        SET_FS = 0x1002;
        GET_FS = 0x1003;
        GET_GS = 0x1004;
        GET_CPUID = 0x1011;
        SET_CPUID = 0x1012;
        GET_XCOMP_SUPP = 0x1021;
        GET_XCOMP_PERM = 0x1022;
        REQ_XCOMP_PERM = 0x1023;
        CET_STATUS = 0x3001;
        MAP_VDSO_X32 = 0x2001;
        MAP_VDSO_32 = 0x2002;
        MAP_VDSO_64 = 0x2003;
        SHSTK_ENABLE = 0x5001;
        SHSTK_DISABLE = 0x5002;
        SHSTK_LOCK = 0x5003;
        SHSTK_UNLOCK = 0x5004;
        SHSTK_STATUS = 0x5005;
    }
}
