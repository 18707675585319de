//! Robust futexes: what a thread still held when it ended is marked and handed on
//! (`get_robust_list(2)`, Documentation/locking/robust-futexes.rst).
//!
//! The list is in the program's memory and may hold anything: it is followed for a bounded number
//! of steps, and ends at the first word that cannot be reached.

use core::sync::atomic::Ordering;

use elfin_platform::user;
use elfin_syscalls::abi::{RobustListHead, zeroed};
use elfin_syscalls::zerocopy::IntoBytes;

use super::pi::owner_died;
use super::wake::wake_word;
use super::word::update;
use crate::task::thread::Thread;

/// The most entries that are looked at (`ROBUST_LIST_LIMIT`).
const LIMIT: usize = 2048;
/// The low bit of an entry's address says that it is a futex with priority inheritance.
const PI_BIT: usize = 1;
/// Somebody waits.
pub(super) const WAITERS: u32 = 0x8000_0000;
/// The owner ended without letting go.
pub(super) const OWNER_DIED: u32 = 0x4000_0000;
/// The owner's thread id.
pub(super) const TID_MASK: u32 = 0x3fff_ffff;

/// Marks all futexes that the running thread, which ends, still holds, and wakes one waiter of
/// each.
pub fn release_robust_list(me: &Thread) {
    let head_at = me.robust_list.swap(0, Ordering::Relaxed);
    if head_at == 0 {
        return;
    }
    let mut head: RobustListHead = zeroed();
    if user::copy_in(head.as_mut_bytes(), head_at).is_err() {
        return;
    }
    let address = |word: u64| usize::try_from(word).unwrap_or(0);
    let offset = isize::try_from(head.futex_offset).unwrap_or(0);
    let word_of = |entry: usize| (entry & !PI_BIT).wrapping_add_signed(offset);
    let pending = address(head.list_op_pending);
    let mut entry = address(head.list);
    for _ in 0..LIMIT {
        if entry & !PI_BIT == head_at {
            break;
        }
        // The next one is read before this one is let go, for it may be freed then.
        let mut next = [0; size_of::<u64>()];
        let more = user::copy_in(&mut next, entry & !PI_BIT).is_ok();
        if entry != pending && !let_go(me, word_of(entry), entry & PI_BIT != 0) {
            break;
        }
        if !more {
            break;
        }
        entry = address(u64::from_ne_bytes(next));
    }
    if pending != 0 {
        let_go(me, word_of(pending), pending & PI_BIT != 0);
    }
}

/// Marks one word if the thread holds it; false if it cannot be reached.
fn let_go(me: &Thread, word: usize, has_owner: bool) -> bool {
    if has_owner {
        return owner_died(me, word);
    }
    let died = |old: u32| {
        if old & TID_MASK == me.tid { old & WAITERS | OWNER_DIED } else { old }
    };
    match update(word, died) {
        Ok(old) => {
            if old & TID_MASK == me.tid && old & WAITERS != 0 {
                wake_word(me, word);
            }
            true
        }
        Err(_) => false,
    }
}
