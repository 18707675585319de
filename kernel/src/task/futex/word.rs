//! Reading and changing a futex word.

use core::sync::atomic::Ordering;

use elfin_platform::user;
use elfin_syscalls::Errno;

use crate::mm::FutexKey;
use crate::task::thread::Thread;

/// The page of the word is not there; it may come when faults are allowed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Absent;

/// Runs `f` in the running thread, `me`, with page faults refused instead of served, for they may sleep.
#[inline]
pub(super) fn quietly<R>(
    me: &Thread,
    f: impl FnOnce() -> Result<R, user::Fault>,
) -> Result<R, Absent> {
    me.faults_off.store(true, Ordering::Relaxed);
    let result = f();
    me.faults_off.store(false, Ordering::Relaxed);
    result.map_err(|_| Absent)
}

/// What the word at `address` is known by.
///
/// # Errors
/// `EINVAL` if it is not aligned, `EFAULT` outside of user space.
#[inline]
pub(super) fn key(me: &Thread, address: usize, private: bool) -> Result<FutexKey, Errno> {
    if !address.is_multiple_of(align_of::<u32>()) {
        return Err(Errno::EINVAL);
    }
    if address >= user::END {
        return Err(Errno::EFAULT);
    }
    Ok(if private { me.mm().futex_key(address, true) } else { shared_key(me, address) })
}

/// The key of a word that other processes may use too: by what is mapped there.
#[inline(never)]
fn shared_key(me: &Thread, address: usize) -> FutexKey {
    me.mm().futex_key(address, false)
}

/// Fetches the page of a word for reading.
///
/// # Errors
/// `EFAULT`.
#[cold]
pub(super) fn fetch(address: usize) -> Result<(), Errno> {
    user::load_u32(address).map(|_| ()).map_err(|_| Errno::EFAULT)
}

/// Fetches the page of a word for writing.
///
/// # Errors
/// `EFAULT`.
#[cold]
pub(super) fn fetch_for_writing(address: usize) -> Result<(), Errno> {
    // Storing what is there changes nothing but brings the page.
    user::cmpxchg_u32(address, 0, 0).map(|_| ()).map_err(|_| Errno::EFAULT)
}

/// Changes a word by `f`, atomically; the old value.
pub(super) fn update(address: usize, f: impl Fn(u32) -> u32) -> Result<u32, user::Fault> {
    let mut old = user::load_u32(address)?;
    loop {
        let seen = user::cmpxchg_u32(address, old, f(old))?;
        if seen == old {
            return Ok(old);
        }
        old = seen;
    }
}
