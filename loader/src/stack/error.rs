//! [`StackError`]: arguments and environment that do not fit.

use core::fmt;

/// Linux's errno for arguments that are too long.
const E2BIG: i32 = 7;
/// Linux's errno for an exhausted memory.
const ENOMEM: i32 = 12;
/// Linux's errno for what can not be.
const EINVAL: i32 = 22;

/// Why a stack could not be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StackError {
    /// Arguments and environment together, or one of their strings, are longer than may be.
    TooLong {
        /// Bytes that are needed.
        needed: u64,
        /// Bytes that there may be.
        limit: u64,
    },
    /// A string holds a NUL byte, which would end it early.
    NulByte,
    /// The top is not a multiple of 16, or so low that nothing fits below.
    Top(u64),
    /// No memory for the image.
    OutOfMemory,
}

impl StackError {
    /// The errno that execve(2) gives.
    pub const fn errno(&self) -> i32 {
        match self {
            Self::TooLong { .. } => E2BIG,
            Self::NulByte | Self::Top(_) => EINVAL,
            Self::OutOfMemory => ENOMEM,
        }
    }
}

impl fmt::Display for StackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { needed, limit } => write!(
                f,
                "arguments and environment are too long: {needed} bytes, {limit} are allowed"
            ),
            Self::NulByte => f.write_str("an argument or environment string holds a NUL byte"),
            Self::Top(top) => write!(f, "the top of the stack {top:#x} can not be one"),
            Self::OutOfMemory => f.write_str("out of memory for the initial stack"),
        }
    }
}

impl core::error::Error for StackError {}
