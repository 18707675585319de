//! Settings of a process: files that are written.

use alloc::vec::Vec;
use core::fmt::Write;
use core::sync::atomic::Ordering;

use elfin_platform::sync::SpinLock;
use elfin_syscalls::Errno;

use super::super::pseudo::{Shown, Text};
use crate::task::{ThreadRef, current, find_process};

pub(super) fn filter(thread: &ThreadRef, out: &mut Text) -> Shown {
    writeln!(out, "{:08x}", thread.process.core.filter.load(Ordering::Relaxed))?;
    Ok(())
}

pub(super) fn set_filter(thread: &ThreadRef, bytes: &[u8]) -> Result<(), Errno> {
    /// The bits that there are.
    const ALL: u32 = 0x1ff;
    let text = core::str::from_utf8(bytes).map_err(|_| Errno::EINVAL)?.trim();
    let value = match text.strip_prefix("0x").or(text.strip_prefix("0X")) {
        Some(digits) => u32::from_str_radix(digits, 16),
        None if text.len() > 1 && text.starts_with('0') => u32::from_str_radix(text, 8),
        None => text.parse(),
    };
    let value = value.map_err(|_| Errno::EINVAL)?;
    thread.process.core.filter.store(value & ALL, Ordering::Relaxed);
    Ok(())
}

/// Processes whose score was set, and to what.
static OOM: SpinLock<Vec<(u32, i32)>> = SpinLock::new(Vec::new());

pub(super) fn oom(thread: &ThreadRef, out: &mut Text) -> Shown {
    let pid = thread.process.pid;
    let set = OOM.lock().iter().find(|(known, _)| *known == pid).map_or(0, |(_, score)| *score);
    writeln!(out, "{set}")?;
    Ok(())
}

pub(super) fn set_oom(thread: &ThreadRef, bytes: &[u8]) -> Result<(), Errno> {
    const RANGE: core::ops::RangeInclusive<i32> = -1000..=1000;
    let text = core::str::from_utf8(bytes).map_err(|_| Errno::EINVAL)?;
    let score: i32 = text.trim().parse().map_err(|_| Errno::EINVAL)?;
    if !RANGE.contains(&score) {
        return Err(Errno::EINVAL);
    }
    let pid = thread.process.pid;
    let mut scores = OOM.lock();
    scores.retain(|(known, _)| *known != pid && find_process(*known).is_some());
    scores.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
    scores.push((pid, score));
    Ok(())
}

/// Sets a thread's name: its own process may.
pub(super) fn set_comm(thread: &ThreadRef, bytes: &[u8]) -> Result<(), Errno> {
    if thread.process.pid != current().process.pid {
        return Err(Errno::EINVAL);
    }
    thread.set_name(bytes.strip_suffix(b"\n").unwrap_or(bytes));
    Ok(())
}
