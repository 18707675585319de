//! User copies on a host: addresses are the test's own. The first page faults, as page 0 does.

const FAULTS_BELOW: usize = 4096;

/// See the x86_64 architecture.
pub const NO_NUL: isize = -1;

/// Copies; returns how many bytes were not copied.
///
/// # Safety
/// Both must be valid for `len` bytes, or `from` in the first page.
pub unsafe fn copy_in(to: *mut u8, from: usize, len: usize) -> usize {
    if from < FAULTS_BELOW {
        return len;
    }
    // SAFETY: by the contract.
    unsafe { core::ptr::copy(core::ptr::with_exposed_provenance(from), to, len) };
    0
}

/// Copies; returns how many bytes were not copied.
///
/// # Safety
/// Both must be valid for `len` bytes, or `to` in the first page.
pub unsafe fn copy_out(to: usize, from: *const u8, len: usize) -> usize {
    if to < FAULTS_BELOW {
        return len;
    }
    // SAFETY: by the contract.
    unsafe { core::ptr::copy(from, core::ptr::with_exposed_provenance_mut(to), len) };
    0
}

/// Zeroes; returns how many bytes were not zeroed.
///
/// # Safety
/// `to` must be valid for `len` bytes, or in the first page.
pub unsafe fn zero(to: usize, len: usize) -> usize {
    if to < FAULTS_BELOW {
        return len;
    }
    // SAFETY: by the contract.
    unsafe { core::ptr::write_bytes(core::ptr::with_exposed_provenance_mut::<u8>(to), 0, len) };
    0
}

/// Copies a string.
///
/// # Safety
/// `from` must be NUL-terminated or valid for `max` bytes, or in the first page.
pub unsafe fn copy_str(to: *mut u8, from: usize, max: usize) -> isize {
    if from < FAULTS_BELOW {
        return -2;
    }
    for n in 0..max {
        // SAFETY: by the contract.
        unsafe {
            let byte: u8 = core::ptr::with_exposed_provenance::<u8>(from + n).read();
            to.add(n).write(byte);
            if byte == 0 {
                return n as isize;
            }
        }
    }
    NO_NUL
}

fn word(address: usize) -> *mut u32 {
    core::ptr::with_exposed_provenance_mut(address)
}

/// Loads a word.
///
/// # Safety
/// The word must be valid, or in the first page.
pub unsafe fn load(address: usize) -> u64 {
    if address < FAULTS_BELOW {
        return 1 << 32;
    }
    // SAFETY: by the contract.
    u64::from(unsafe { word(address).read_volatile() })
}

/// Stores a word.
///
/// # Safety
/// The word must be valid, or in the first page.
pub unsafe fn store(address: usize, value: u32) -> u64 {
    if address < FAULTS_BELOW {
        return 1 << 32;
    }
    // SAFETY: by the contract.
    unsafe { word(address).write_volatile(value) };
    0
}

/// Compares and exchanges a word.
///
/// # Safety
/// The word must be valid, or in the first page.
pub unsafe fn cmpxchg(address: usize, old: u32, new: u32) -> u64 {
    use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
    if address < FAULTS_BELOW {
        return 1 << 32;
    }
    // SAFETY: by the contract.
    let atomic = unsafe { AtomicU32::from_ptr(word(address)) };
    u64::from(atomic.compare_exchange(old, new, SeqCst, SeqCst).unwrap_or_else(|found| found))
}
