//! Settings of a process: files that are written.

use core::fmt::Write;
use core::sync::atomic::Ordering;

use elfin_syscalls::Errno;

use super::super::pseudo::{Shown, Text};
use crate::task::{ThreadRef, current, oom};

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

pub(super) fn oom_score(thread: &ThreadRef, out: &mut Text) -> Shown {
    writeln!(out, "{}", oom::score(&thread.process))?;
    Ok(())
}

pub(super) fn oom(thread: &ThreadRef, out: &mut Text) -> Shown {
    writeln!(out, "{}", thread.process.oom.adjustment())?;
    Ok(())
}

pub(super) fn set_oom(thread: &ThreadRef, bytes: &[u8]) -> Result<(), Errno> {
    let text = core::str::from_utf8(bytes).map_err(|_| Errno::EINVAL)?;
    thread.process.oom.set(text.trim().parse().map_err(|_| Errno::EINVAL)?)
}

/// Sets a thread's name: its own process may.
pub(super) fn set_comm(thread: &ThreadRef, bytes: &[u8]) -> Result<(), Errno> {
    if thread.process.pid != current().process.pid {
        return Err(Errno::EINVAL);
    }
    thread.set_name(bytes.strip_suffix(b"\n").unwrap_or(bytes));
    Ok(())
}
