//! How much arguments and environment may take, by Linux's rules (execve(2), "Limits on size of
//! arguments and environment").

use super::error::StackError;

/// Bytes of one string at most, NUL included (Linux's MAX_ARG_STRLEN).
pub const ARGUMENT_MAX: u64 = 128 << 10;
/// What is always allowed (Linux's ARG_MAX).
const SPACE_MIN: u64 = 128 << 10;
/// What is never allowed: three quarters of Linux's default stack of 8 MiB.
const SPACE_MAX: u64 = 6 << 20;
/// The part of the stack that they may take.
const STACK_SHARE: u64 = 4;

/// Bytes of a pointer.
pub(super) const POINTER: u64 = 8;
/// sp at the first instruction is a multiple of this, on both machines.
pub(super) const STACK_ALIGN: u64 = 16;

/// Bytes that strings and their pointers may take on a stack of `stack_limit` (RLIMIT_STACK) bytes.
pub fn argument_space(stack_limit: u64) -> u64 {
    (stack_limit / STACK_SHARE).clamp(SPACE_MIN, SPACE_MAX)
}

/// Bytes of strings, NULs included, and how many there are.
#[derive(Clone, Copy, Default)]
pub(super) struct Strings {
    pub bytes: u64,
    pub count: u64,
}

impl Strings {
    /// Measures `strings`, checking each.
    pub(super) fn measure<S: AsRef<[u8]>>(strings: &[S]) -> Result<Self, StackError> {
        let mut sum = Self::default();
        for string in strings {
            sum.bytes = sum.bytes.saturating_add(string_size(string.as_ref())?);
            sum.count = sum.count.saturating_add(1);
        }
        Ok(sum)
    }
}

/// Bytes of `string` with its NUL.
pub(super) fn string_size(string: &[u8]) -> Result<u64, StackError> {
    let needed = (string.len() as u64).saturating_add(1);
    if needed > ARGUMENT_MAX {
        return Err(StackError::TooLong { needed, limit: ARGUMENT_MAX });
    }
    if string.contains(&0) { Err(StackError::NulByte) } else { Ok(needed) }
}
