//! Arguments about the machine as a whole: randomness, reboot, mounts.

use super::macros::{codes, flag_set};

flag_set! {
    /// Flags of `getrandom`; `RANDOM` together with `INSECURE` is `EINVAL` too.
    pub struct GetrandomFlags: u32, "GRND_", reject {
        NONBLOCK = 1;
        RANDOM = 2;
        INSECURE = 4;
    }
}

codes! {
    /// What `reboot` is to do; unknown commands fail with `EINVAL`.
    pub struct RebootCmd: u32, "LINUX_REBOOT_CMD_" {
        RESTART = 0x0123_4567;
        HALT = 0xcdef_0123;
        CAD_ON = 0x89ab_cdef;
        CAD_OFF = 0;
        POWER_OFF = 0x4321_fedc;
        RESTART2 = 0xa1b2_c3d4;
        SW_SUSPEND = 0xd000_fce2;
        KEXEC = 0x4558_4543;
    }
}

impl RebootCmd {
    /// What the first argument must be.
    pub const MAGIC1: u32 = 0xfee1_dead;
    /// What the second argument may be.
    pub const MAGIC2: [u32; 4] = [0x2812_1969, 0x0512_1996, 0x1604_1998, 0x2011_2000];
}

flag_set! {
    /// Flags of `mount`; a magic number in the upper 16 bits is from old times and ignored.
    pub struct MountFlags: u64, "MS_", keep {
        RDONLY = 0x1;
        NOSUID = 0x2;
        NODEV = 0x4;
        NOEXEC = 0x8;
        SYNCHRONOUS = 0x10;
        REMOUNT = 0x20;
        MANDLOCK = 0x40;
        DIRSYNC = 0x80;
        NOSYMFOLLOW = 0x100;
        NOATIME = 0x400;
        NODIRATIME = 0x800;
        BIND = 0x1000;
        MOVE = 0x2000;
        REC = 0x4000;
        SILENT = 0x8000;
        POSIXACL = 0x1_0000;
        UNBINDABLE = 0x2_0000;
        PRIVATE = 0x4_0000;
        SLAVE = 0x8_0000;
        SHARED = 0x10_0000;
        RELATIME = 0x20_0000;
        KERNMOUNT = 0x40_0000;
        I_VERSION = 0x80_0000;
        STRICTATIME = 0x100_0000;
        LAZYTIME = 0x200_0000;
    }
}

flag_set! {
    /// Flags of `umount2`.
    pub struct UmountFlags: u32, "", reject {
        MNT_FORCE = 1;
        MNT_DETACH = 2;
        MNT_EXPIRE = 4;
        UMOUNT_NOFOLLOW = 8;
    }
}
