//! Numbers: the integer types, [`Fd`], [`Mode`], [`SigNum`] and the ids.

use super::{FromArg, Kind};
use crate::errno::Errno;

/// A process, thread or process group id.
pub type Pid = i32;
/// A user id.
pub type Uid = u32;
/// A group id.
pub type Gid = u32;

macro_rules! integers {
    ($($type:ty => $kind:ident),*) => {$(
        impl FromArg for $type {
            const KIND: Kind = Kind::$kind;
            #[inline]
            fn from_arg(raw: usize) -> Result<Self, Errno> {
                // Narrowing and reinterpreting is what Linux does to a register word.
                Ok(raw as $type)
            }
        }
    )*};
}

integers!(i32 => Int, u32 => Uint, i64 => Long, u64 => Size, isize => Long, usize => Size);

/// A descriptor as the program names it; not looked up, and possibly negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fd(pub i32);

impl Fd {
    /// `AT_FDCWD`: the current directory, where a directory's descriptor is asked for.
    pub const CWD: Self = Self(-100);

    /// The index into a table of descriptors; `None` if negative.
    #[inline]
    #[must_use]
    pub const fn index(self) -> Option<usize> {
        if self.0 < 0 { None } else { Some(self.0.unsigned_abs() as usize) }
    }
}

impl FromArg for Fd {
    const KIND: Kind = Kind::Fd;
    #[inline]
    fn from_arg(raw: usize) -> Result<Self, Errno> {
        Ok(Self(raw as i32))
    }
}

/// A file mode: permission bits, and for `mknod` the type of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mode(pub u32);

impl Mode {
    /// The twelve bits that `chmod` can set.
    pub const PERMISSIONS: u32 = 0o7777;

    /// The permission bits with set-id and sticky bits, without the file type.
    #[inline]
    #[must_use]
    pub const fn permissions(self) -> u32 {
        self.0 & Self::PERMISSIONS
    }
}

impl FromArg for Mode {
    const KIND: Kind = Kind::Octal;
    #[inline]
    fn from_arg(raw: usize) -> Result<Self, Errno> {
        Ok(Self(raw as u32))
    }
}

/// A signal number as the program gives it; not checked (0 is allowed where `kill` allows it).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SigNum(pub u32);

impl SigNum {
    /// The number of signals, and the highest one (`_NSIG`).
    pub const MAX: u32 = 64;

    /// The number if it is a signal's, from 1 to 64.
    ///
    /// # Errors
    /// `EINVAL` otherwise.
    #[inline]
    pub const fn check(self) -> Result<u32, Errno> {
        if self.0 >= 1 && self.0 <= Self::MAX { Ok(self.0) } else { Err(Errno::EINVAL) }
    }
}

impl FromArg for SigNum {
    const KIND: Kind = Kind::Signal;
    #[inline]
    fn from_arg(raw: usize) -> Result<Self, Errno> {
        Ok(Self(raw as u32))
    }
}
