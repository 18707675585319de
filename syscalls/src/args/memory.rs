//! Arguments about memory: [`ProtFlags`], [`MapFlags`], [`Advice`] and their kin.

use super::kind::names;
use super::macros::{codes, flag_set};
use super::{FromArg, Kind, Names, Special};
use crate::errno::Errno;

flag_set! {
    /// Page protection. `mmap` ignores unknown bits, `mprotect` refuses them (`only`).
    pub struct ProtFlags: u32, "PROT_", keep {
        READ = 1;
        WRITE = 2;
        EXEC = 4;
        SEM = 8;
        GROWSDOWN = 0x0100_0000;
        GROWSUP = 0x0200_0000;
    }
}

bitflags::bitflags! {
    /// Flags of `mmap` beside the type of sharing ([`MapFlags::sharing`]). Unknown bits are kept:
    /// they matter for `MAP_SHARED_VALIDATE` alone, which fails with `EOPNOTSUPP`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    #[repr(transparent)]
    pub struct MapFlags: u32 {
        /// Exactly at the address, replacing what is there.
        const FIXED = 0x10;
        /// No file behind it.
        const ANONYMOUS = 0x20;
        /// Below 2 GiB (x86_64 alone).
        const BIT_32 = 0x40;
        /// Grow downwards on faults.
        const GROWSDOWN = 0x100;
        /// Ignored.
        const DENYWRITE = 0x800;
        /// Ignored.
        const EXECUTABLE = 0x1000;
        /// Lock the pages.
        const LOCKED = 0x2000;
        /// Reserve nothing.
        const NORESERVE = 0x4000;
        /// Fault the pages in now.
        const POPULATE = 0x8000;
        /// With `POPULATE`: no reading from disk.
        const NONBLOCK = 0x1_0000;
        /// A stack; a hint that Linux ignores.
        const STACK = 0x2_0000;
        /// Huge pages; the size is in bits 26 to 31.
        const HUGETLB = 0x4_0000;
        /// Writes through the mapping are synchronous (DAX).
        const SYNC = 0x8_0000;
        /// Exactly at the address, or `EEXIST`.
        const FIXED_NOREPLACE = 0x10_0000;
        /// Memory may hold anything.
        const UNINITIALIZED = 0x400_0000;
    }
}

/// Who sees writes to a mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// Everyone who maps the object.
    Shared,
    /// This address space alone: copy on write.
    Private,
    /// As `Shared`, and unknown flags are refused.
    SharedValidate,
}

impl MapFlags {
    /// The bits that hold the type of sharing.
    pub const TYPE_MASK: u32 = 0xf;
    /// Where the page size of `HUGETLB` begins.
    pub const HUGE_SHIFT: u32 = 26;
    /// The flags' names, for a trace.
    pub const NAMES: &'static Names = names! { "MAP_" {
        FIXED = 0x10, ANONYMOUS = 0x20, 32BIT = 0x40, GROWSDOWN = 0x100,
        DENYWRITE = 0x800, EXECUTABLE = 0x1000, LOCKED = 0x2000, NORESERVE = 0x4000,
        POPULATE = 0x8000, NONBLOCK = 0x1_0000, STACK = 0x2_0000, HUGETLB = 0x4_0000,
        SYNC = 0x8_0000, FIXED_NOREPLACE = 0x10_0000,
    } };

    /// The type of sharing.
    ///
    /// # Errors
    /// `EINVAL` if it is none of the three.
    #[inline]
    pub const fn sharing(self) -> Result<Sharing, Errno> {
        match self.bits() & Self::TYPE_MASK {
            1 => Ok(Sharing::Shared),
            2 => Ok(Sharing::Private),
            3 => Ok(Sharing::SharedValidate),
            _ => Err(Errno::EINVAL),
        }
    }
}

impl FromArg for MapFlags {
    const KIND: Kind = Kind::Special(Special::Map);
    #[inline]
    fn from_arg(raw: usize) -> Result<Self, Errno> {
        Ok(Self::from_bits_retain(raw as u32))
    }
}

flag_set! {
    /// Flags of `mremap`.
    pub struct MremapFlags: u32, "MREMAP_", reject {
        MAYMOVE = 1;
        FIXED = 2;
        DONTUNMAP = 4;
    }
}

flag_set! {
    /// Flags of `msync`.
    pub struct MsyncFlags: u32, "MS_", reject {
        ASYNC = 1;
        INVALIDATE = 2;
        SYNC = 4;
    }
}

flag_set! {
    /// Flags of `mlockall`.
    pub struct MlockallFlags: u32, "MCL_", reject {
        CURRENT = 1;
        FUTURE = 2;
        ONFAULT = 4;
    }
}

codes! {
    /// Advice to `madvise`; unknown advice fails with `EINVAL`.
    pub struct Advice: u32, "MADV_" {
        NORMAL = 0;
        RANDOM = 1;
        SEQUENTIAL = 2;
        WILLNEED = 3;
        DONTNEED = 4;
        FREE = 8;
        REMOVE = 9;
        DONTFORK = 10;
        DOFORK = 11;
        MERGEABLE = 12;
        UNMERGEABLE = 13;
        HUGEPAGE = 14;
        NOHUGEPAGE = 15;
        DONTDUMP = 16;
        DODUMP = 17;
        WIPEONFORK = 18;
        KEEPONFORK = 19;
        COLD = 20;
        PAGEOUT = 21;
        POPULATE_READ = 22;
        POPULATE_WRITE = 23;
        DONTNEED_LOCKED = 24;
        COLLAPSE = 25;
        HWPOISON = 100;
        SOFT_OFFLINE = 101;
        GUARD_INSTALL = 102;
        GUARD_REMOVE = 103;
    }
}
