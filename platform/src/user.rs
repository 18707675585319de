//! User memory of the current address space. Addresses come from the program: they are
//! allegations, checked here, and an access may fault (and sleep while the page is fetched).

use crate::arch::paging::USER_END;
use crate::arch::usercopy as arch;

/// User memory could not be reached: EFAULT to the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Bytes dealt with before the fault.
    pub done: usize,
}

/// First address beyond user space.
pub const END: usize = USER_END;

#[inline]
fn check(address: usize, len: usize) -> Result<(), Fault> {
    match address.checked_add(len) {
        Some(end) if end <= USER_END => Ok(()),
        _ => Err(Fault { done: 0 }),
    }
}

#[inline]
fn result(len: usize, left: usize) -> Result<(), Fault> {
    if left == 0 { Ok(()) } else { Err(Fault { done: len.saturating_sub(left) }) }
}

/// Copies from user memory at `src`.
#[inline]
pub fn copy_in(dst: &mut [u8], src: usize) -> Result<(), Fault> {
    // SAFETY: the slice is valid for writing.
    unsafe { copy_in_raw(dst.as_mut_ptr(), src, dst.len()) }
}

/// Copies to user memory at `dst`.
#[inline]
pub fn copy_out(dst: usize, src: &[u8]) -> Result<(), Fault> {
    // SAFETY: the slice is valid for reading.
    unsafe { copy_out_raw(dst, src.as_ptr(), src.len()) }
}

/// Copies from user memory to raw kernel memory.
///
/// # Safety
/// `dst` must be valid for `len` bytes of writing.
#[inline]
pub(crate) unsafe fn copy_in_raw(dst: *mut u8, src: usize, len: usize) -> Result<(), Fault> {
    check(src, len)?;
    // SAFETY: by the contract and the check.
    result(len, unsafe { arch::copy_in(dst, src, len) })
}

/// Copies raw kernel memory to user memory.
///
/// # Safety
/// `src` must be valid for `len` bytes of reading.
#[inline]
pub(crate) unsafe fn copy_out_raw(dst: usize, src: *const u8, len: usize) -> Result<(), Fault> {
    check(dst, len)?;
    // SAFETY: by the contract and the check.
    result(len, unsafe { arch::copy_out(dst, src, len) })
}

/// Zeroes user memory at `dst`.
#[inline]
pub fn zero_out(dst: usize, len: usize) -> Result<(), Fault> {
    check(dst, len)?;
    // SAFETY: checked.
    result(len, unsafe { arch::zero(dst, len) })
}

/// Copies a NUL-terminated string at `src`: its length without the NUL, or `None` when the first
/// `dst.len()` bytes have none.
pub fn str_in(dst: &mut [u8], src: usize) -> Result<Option<usize>, Fault> {
    let room = USER_END.checked_sub(src).ok_or(Fault { done: 0 })?;
    let max = dst.len().min(room);
    // SAFETY: the slice has `max` bytes and the source lies in user space.
    match unsafe { arch::copy_str(dst.as_mut_ptr(), src, max) } {
        arch::NO_NUL if max < dst.len() => Err(Fault { done: max }),
        arch::NO_NUL => Ok(None),
        len => usize::try_from(len).map(Some).map_err(|_| Fault { done: 0 }),
    }
}

fn word(address: usize) -> Result<(), Fault> {
    if !address.is_multiple_of(align_of::<u32>()) {
        return Err(Fault { done: 0 });
    }
    check(address, size_of::<u32>())
}

/// Loads an aligned 32-bit word, atomically.
#[inline]
pub fn load_u32(address: usize) -> Result<u32, Fault> {
    word(address)?;
    // SAFETY: checked.
    u32::try_from(unsafe { arch::load(address) }).map_err(|_| Fault { done: 0 })
}

/// Stores an aligned 32-bit word, atomically.
#[inline]
pub fn store_u32(address: usize, value: u32) -> Result<(), Fault> {
    word(address)?;
    // SAFETY: checked.
    match unsafe { arch::store(address, value) } {
        0 => Ok(()),
        _ => Err(Fault { done: 0 }),
    }
}

/// Stores `new` in an aligned 32-bit word if it holds `old`, atomically; gives what it held.
pub fn cmpxchg_u32(address: usize, old: u32, new: u32) -> Result<u32, Fault> {
    word(address)?;
    // SAFETY: checked.
    u32::try_from(unsafe { arch::cmpxchg(address, old, new) }).map_err(|_| Fault { done: 0 })
}
