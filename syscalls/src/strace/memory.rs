//! Reading the program's memory without believing in it.

use core::fmt;

use zerocopy::{FromZeros, IntoBytes};

/// The program's memory, of which any part may be missing.
pub trait Memory {
    /// Copies bytes from `addr` on into `buffer`, up to the first that cannot be read, and
    /// returns how many there were.
    fn read(&self, addr: usize, buffer: &mut [u8]) -> usize;
}

/// The most bytes of a string or buffer that a trace shows.
pub(super) const SHOWN_BYTES: usize = 32;

/// The value at `addr`, if all of it can be read.
pub(super) fn read<T: FromZeros + IntoBytes + zerocopy::FromBytes>(
    memory: &dyn Memory,
    addr: usize,
) -> Option<T> {
    let mut value = T::new_zeroed();
    let bytes = value.as_mut_bytes();
    addr.checked_add(bytes.len())?;
    let size = bytes.len();
    (memory.read(addr, bytes) == size).then_some(value)
}

/// Writes an address as a number, or `NULL`.
pub(super) fn write_addr(f: &mut fmt::Formatter<'_>, addr: usize) -> fmt::Result {
    if addr == 0 { f.write_str("NULL") } else { write!(f, "{addr:#x}") }
}

/// Writes a string that ends with a zero byte, cut where it gets long; the address if its first
/// byte cannot be read.
pub(super) fn write_string(
    f: &mut fmt::Formatter<'_>,
    memory: &dyn Memory,
    addr: usize,
) -> fmt::Result {
    let mut bytes = [0; SHOWN_BYTES + 1];
    let got = memory.read(addr, &mut bytes).min(bytes.len());
    let text = bytes.get(..got).unwrap_or_default();
    if addr == 0 || text.is_empty() {
        return write_addr(f, addr);
    }
    match text.iter().position(|byte| *byte == 0) {
        Some(end) => write_quoted(f, text.get(..end).unwrap_or_default(), false),
        None => write_quoted(f, text.get(..SHOWN_BYTES.min(got)).unwrap_or_default(), true),
    }
}

/// Writes `len` bytes as a string, cut where it gets long; the address if not all of what would
/// be shown can be read.
pub(super) fn write_bytes(
    f: &mut fmt::Formatter<'_>,
    memory: &dyn Memory,
    addr: usize,
    len: usize,
) -> fmt::Result {
    let mut bytes = [0; SHOWN_BYTES];
    let shown = len.min(SHOWN_BYTES);
    let buffer = bytes.get_mut(..shown).unwrap_or_default();
    if addr == 0 || memory.read(addr, buffer) < shown {
        return write_addr(f, addr);
    }
    write_quoted(f, buffer, len > SHOWN_BYTES)
}

/// Writes bytes between quotes as C would.
pub(super) fn write_quoted(f: &mut fmt::Formatter<'_>, bytes: &[u8], more: bool) -> fmt::Result {
    f.write_str("\"")?;
    for (index, byte) in bytes.iter().enumerate() {
        let digit_follows = bytes.get(index.saturating_add(1)).is_some_and(u8::is_ascii_digit);
        match byte {
            b'"' => f.write_str("\\\"")?,
            b'\\' => f.write_str("\\\\")?,
            b'\n' => f.write_str("\\n")?,
            b'\r' => f.write_str("\\r")?,
            b'\t' => f.write_str("\\t")?,
            0x0b => f.write_str("\\v")?,
            0x0c => f.write_str("\\f")?,
            b' '..=b'~' => fmt::Write::write_char(f, char::from(*byte))?,
            // All three digits where a digit follows that would be read as one more.
            other if digit_follows => write!(f, "\\{other:03o}")?,
            other => write!(f, "\\{other:o}")?,
        }
    }
    f.write_str(if more { "\"..." } else { "\"" })
}
