//! What programs were promised: memory that they may write to, touched or not
//! (`vm.overcommit_memory`, proc(5)).

use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use elfin_platform::mm;
use elfin_syscalls::Errno;

use crate::task::{Capability, try_current};

/// Bytes promised (`Committed_AS`).
static PROMISED: AtomicUsize = AtomicUsize::new(0);
/// `vm.overcommit_memory`.
static MODE: AtomicU32 = AtomicU32::new(Mode::Guess as u32);
/// `vm.overcommit_ratio`: the part of memory that may be promised in mode 2, in percent.
static RATIO: AtomicU32 = AtomicU32::new(50);
/// A hundred percent.
const WHOLE: usize = 100;
/// What mode 2 keeps back for privileged programs, at most (`vm.admin_reserve_kbytes`), in bytes.
const ADMIN_RESERVE: usize = 8 << 20;
/// The part of memory that it keeps back for them.
const ADMIN_SHARE: usize = 32;

/// How much may be promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Anything that is not obviously too much.
    Guess = 0,
    /// Anything.
    Always = 1,
    /// What there is.
    Never = 2,
}

/// How much may be promised now.
pub fn mode() -> Mode {
    match MODE.load(Ordering::Relaxed) {
        1 => Mode::Always,
        2 => Mode::Never,
        _ => Mode::Guess,
    }
}

/// Sets `vm.overcommit_memory`.
///
/// # Errors
/// `EINVAL` if there is no such mode.
pub fn set_mode(mode: u32) -> Result<(), Errno> {
    if mode > Mode::Never as u32 {
        return Err(Errno::EINVAL);
    }
    MODE.store(mode, Ordering::Relaxed);
    Ok(())
}

/// `vm.overcommit_ratio`, in percent.
pub fn ratio() -> u32 {
    RATIO.load(Ordering::Relaxed)
}

/// Sets `vm.overcommit_ratio`.
pub fn set_ratio(percent: u32) {
    RATIO.store(percent, Ordering::Relaxed);
}

/// The most bytes that mode 2 promises (`CommitLimit`).
pub fn limit() -> usize {
    (mm::total() / WHOLE).saturating_mul(usize::try_from(ratio()).unwrap_or(usize::MAX))
}

/// Bytes promised.
pub fn promised() -> usize {
    PROMISED.load(Ordering::Relaxed)
}

/// Whether `bytes` more may be promised to the running program.
///
/// # Errors
/// `ENOMEM`.
pub fn check(bytes: usize) -> Result<(), Errno> {
    let allowed = match mode() {
        Mode::Guess => mm::total(),
        Mode::Always => return Ok(()),
        Mode::Never => {
            let is_privileged = try_current().is_none_or(|me| me.cred().has(Capability::SYS_ADMIN));
            let limit = limit();
            let kept = if is_privileged { 0 } else { ADMIN_RESERVE.min(limit / ADMIN_SHARE) };
            limit.saturating_sub(kept).saturating_sub(promised())
        }
    };
    if bytes <= allowed { Ok(()) } else { Err(Errno::ENOMEM) }
}

/// Counts `bytes` as promised.
pub(super) fn add(bytes: usize) {
    PROMISED.fetch_add(bytes, Ordering::Relaxed);
}

/// Counts `bytes` as given back.
pub(super) fn take(bytes: usize) {
    PROMISED.fetch_sub(bytes, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_linux_s() {
        assert_eq!(mode(), Mode::Guess);
        assert_eq!(check(mm::total()), Ok(()));
        assert_eq!(check(mm::total() + 1), Err(Errno::ENOMEM));
        assert_eq!(set_mode(3), Err(Errno::EINVAL));
    }
}
