//! [`Capability`]: the parts of root's power (`capabilities(7)`).

use elfin_syscalls::Errno;

/// All capabilities.
pub const CAP_ALL: u64 = (1 << (Capability::LAST + 1)) - 1;

/// A capability by its number (`capabilities(7)`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capability(u32);

#[allow(missing_docs, reason = "each is the capability of this name")]
impl Capability {
    pub const CHOWN: Self = Self(0);
    pub const DAC_OVERRIDE: Self = Self(1);
    pub const DAC_READ_SEARCH: Self = Self(2);
    pub const FOWNER: Self = Self(3);
    pub const FSETID: Self = Self(4);
    pub const KILL: Self = Self(5);
    pub const SETGID: Self = Self(6);
    pub const SETUID: Self = Self(7);
    pub const SETPCAP: Self = Self(8);
    pub const LINUX_IMMUTABLE: Self = Self(9);
    pub const NET_BIND_SERVICE: Self = Self(10);
    pub const NET_BROADCAST: Self = Self(11);
    pub const NET_ADMIN: Self = Self(12);
    pub const NET_RAW: Self = Self(13);
    pub const IPC_LOCK: Self = Self(14);
    pub const IPC_OWNER: Self = Self(15);
    pub const SYS_MODULE: Self = Self(16);
    pub const SYS_RAWIO: Self = Self(17);
    pub const SYS_CHROOT: Self = Self(18);
    pub const SYS_PTRACE: Self = Self(19);
    pub const SYS_PACCT: Self = Self(20);
    pub const SYS_ADMIN: Self = Self(21);
    pub const SYS_BOOT: Self = Self(22);
    pub const SYS_NICE: Self = Self(23);
    pub const SYS_RESOURCE: Self = Self(24);
    pub const SYS_TIME: Self = Self(25);
    pub const SYS_TTY_CONFIG: Self = Self(26);
    pub const MKNOD: Self = Self(27);
    pub const LEASE: Self = Self(28);
    pub const AUDIT_WRITE: Self = Self(29);
    pub const AUDIT_CONTROL: Self = Self(30);
    pub const SETFCAP: Self = Self(31);
    pub const MAC_OVERRIDE: Self = Self(32);
    pub const MAC_ADMIN: Self = Self(33);
    pub const SYSLOG: Self = Self(34);
    pub const WAKE_ALARM: Self = Self(35);
    pub const BLOCK_SUSPEND: Self = Self(36);
    pub const AUDIT_READ: Self = Self(37);
    pub const PERFMON: Self = Self(38);
    pub const BPF: Self = Self(39);
    pub const CHECKPOINT_RESTORE: Self = Self(40);
}

impl Capability {
    /// The highest one.
    pub const LAST: u32 = Self::CHECKPOINT_RESTORE.0;

    /// The capability with this number.
    ///
    /// # Errors
    /// `EINVAL` if there is none.
    pub fn new(number: usize) -> Result<Self, Errno> {
        u32::try_from(number).ok().filter(|n| *n <= Self::LAST).map(Self).ok_or(Errno::EINVAL)
    }

    /// Its bit in a set.
    #[inline]
    pub const fn bit(self) -> u64 {
        1 << self.0
    }
}
