//! What the running process may have of memory: `RLIMIT_AS`, `RLIMIT_DATA`, `RLIMIT_MEMLOCK`
//! (getrlimit(2)) and what may be promised ([`commit`]).

use elfin_syscalls::Errno;
use elfin_syscalls::args::Resource;

use super::commit;
use super::totals::{Totals, is_data};
use super::vma::{Vma, VmaFlags};
use crate::task::{Capability, try_current};

fn soft(resource: Resource) -> usize {
    let Some(me) = try_current() else { return usize::MAX };
    usize::try_from(me.process.rlimits.soft(resource)).unwrap_or(usize::MAX)
}

/// Whether `totals` may grow by `bytes` of a mapping like `vma`.
///
/// # Errors
/// `ENOMEM`; `EAGAIN` for more locked memory than is allowed.
pub fn check(totals: &Totals, vma: &Vma, bytes: usize) -> Result<(), Errno> {
    if totals.mapped.saturating_add(bytes) > soft(Resource::AS) {
        return Err(Errno::ENOMEM);
    }
    if vma.flags.contains(VmaFlags::LOCKED) {
        check_locked(totals.locked.saturating_add(bytes), Errno::EAGAIN)?;
    }
    let data = if is_data(vma) { bytes } else { 0 };
    let promise = if vma.flags.contains(VmaFlags::ACCOUNT) { bytes } else { 0 };
    check_data(totals, data, promise)
}

/// Whether `bytes` more may become data, and `promise` more bytes may be promised.
///
/// # Errors
/// `ENOMEM`.
pub fn check_data(totals: &Totals, bytes: usize, promise: usize) -> Result<(), Errno> {
    if promise > 0 {
        commit::check(promise)?;
    }
    if bytes == 0 {
        return Ok(());
    }
    let limit = soft(Resource::DATA);
    let data = totals.data.saturating_add(bytes);
    // A limit of 0 is taken for one against `brk` alone, as long as the hard one allows it.
    let hard = || {
        let me = try_current()?;
        usize::try_from(me.process.rlimits.get(Resource::DATA).ok()?.rlim_max).ok()
    };
    if data <= limit || limit == 0 && data <= hard().unwrap_or(usize::MAX) {
        Ok(())
    } else {
        Err(Errno::ENOMEM)
    }
}

/// Whether the heap may have `bytes`.
///
/// # Errors
/// `ENOMEM`.
pub fn check_heap(bytes: usize) -> Result<(), Errno> {
    if bytes <= soft(Resource::DATA) { Ok(()) } else { Err(Errno::ENOMEM) }
}

/// Whether `bytes` may be locked in all.
///
/// # Errors
/// `otherwise`.
pub fn check_locked(bytes: usize, otherwise: Errno) -> Result<(), Errno> {
    if bytes <= soft(Resource::MEMLOCK) || is_privileged() { Ok(()) } else { Err(otherwise) }
}

/// Whether anything may be locked.
///
/// # Errors
/// `EPERM`.
pub fn may_lock() -> Result<(), Errno> {
    if soft(Resource::MEMLOCK) != 0 || is_privileged() { Ok(()) } else { Err(Errno::EPERM) }
}

fn is_privileged() -> bool {
    try_current().is_none_or(|me| me.cred().has(Capability::IPC_LOCK))
}
