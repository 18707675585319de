//! What can be wrong with an archive ([`CpioError`]), and with what is to become one
//! ([`EncodeError`]).

use core::fmt;

use super::header::NAME_MAX;

/// Linux's errno for an archive that makes no sense.
const EINVAL: i32 = 22;
/// Linux's errno for an exhausted memory.
const ENOMEM: i32 = 12;

/// What is wrong at a place of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// No entry begins there.
    Magic([u8; 6]),
    /// An entry does not begin at a multiple of 4 bytes.
    Padding,
    /// A field of the header is not hexadecimal.
    Digits,
    /// The length of the name is 0 or above Linux's PATH_MAX.
    NameSize(u32),
    /// The name is empty, or has no NUL at its end.
    Name,
    /// The archive ends within this.
    CutShort(&'static str),
    /// The sum of the data's bytes (070702) is another.
    Checksum,
    /// No memory to remember hard links.
    OutOfMemory,
}

/// What is wrong with an archive, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CpioError {
    /// Begin of the entry, from the begin of the archive.
    pub offset: usize,
    /// What is wrong with it.
    pub fault: Fault,
}

impl CpioError {
    /// Linux's errno for it.
    pub const fn errno(&self) -> i32 {
        match self.fault {
            Fault::OutOfMemory => ENOMEM,
            _ => EINVAL,
        }
    }
}

impl fmt::Display for CpioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cpio archive, entry at {:#x}: ", self.offset)?;
        match &self.fault {
            Fault::Magic(bytes) => write!(
                f,
                "begins with \"{}\", not with \"070701\" (cpio \"newc\")",
                bytes.escape_ascii()
            ),
            Fault::Padding => f.write_str("does not begin at a multiple of 4 bytes"),
            Fault::Digits => f.write_str("a field of its header is not hexadecimal"),
            Fault::NameSize(size) => write!(f, "namesize is {size}, not 1 to {NAME_MAX}"),
            Fault::Name => f.write_str("its name is empty or has no NUL at its end"),
            Fault::CutShort(what) => write!(f, "the archive is cut short within {what}"),
            Fault::Checksum => f.write_str("its data does not have the checksum of its header"),
            Fault::OutOfMemory => f.write_str("out of memory for hard links"),
        }
    }
}

impl core::error::Error for CpioError {}

/// Why something can not be put into an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodeError {
    /// The name is empty, too long, has a NUL byte, or is that of the trailer.
    Name,
    /// The data is 4 GiB or more.
    TooLong(u64),
    /// No memory for the archive.
    OutOfMemory,
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name => f.write_str("the name can not be that of an archive's entry"),
            Self::TooLong(len) => {
                write!(f, "{len} bytes are too many: a file of a cpio archive is below 4 GiB")
            }
            Self::OutOfMemory => f.write_str("out of memory for the archive"),
        }
    }
}

impl core::error::Error for EncodeError {}
