//! Memory is out: the process that has most of it ends (`proc(5)`, `oom_score_adj`).
//!
//! One at a time: while a victim is about to give its memory back the others wait for that. The
//! first process is chosen only if there is no other, for the machine ends with it.

use alloc::sync::{Arc, Weak};
use core::sync::atomic::{AtomicI32, Ordering};

use elfin_platform::mm::{self, PAGE_SIZE};
use elfin_platform::sync::SpinLock;
use elfin_platform::time;
use elfin_syscalls::Errno;

use super::ids::processes;
use super::process::{INIT, Process};
use super::signal;
use super::sleep::sleep_until;
use super::thread::current;
use super::{Capability, sched};

/// The least and the greatest value of `oom_score_adj`.
const MOST: i32 = 1000;
/// How long a victim may take to end before another is chosen, in nanoseconds.
const PATIENCE: u64 = 2_000_000_000;
/// How long the others wait before they look again, in nanoseconds.
const PAUSE: u64 = 1_000_000;
/// Bytes in the unit of the message.
const KB: usize = 1024;

/// How willing a process is to be chosen.
#[derive(Default)]
pub struct Score {
    /// `oom_score_adj`.
    adjustment: AtomicI32,
    /// What it may be set to at least without privilege.
    least: AtomicI32,
}

impl Score {
    /// `oom_score_adj`.
    pub fn adjustment(&self) -> i32 {
        self.adjustment.load(Ordering::Relaxed)
    }

    /// Sets `oom_score_adj`, at the bidding of the running thread.
    ///
    /// # Errors
    /// `EINVAL` outside of -1000 to 1000, `EACCES` for less than before without
    /// `CAP_SYS_RESOURCE`.
    pub fn set(&self, value: i32) -> Result<(), Errno> {
        if !(-MOST..=MOST).contains(&value) {
            return Err(Errno::EINVAL);
        }
        if current().cred().has(Capability::SYS_RESOURCE) {
            self.least.store(value, Ordering::Relaxed);
        } else if value < self.least.load(Ordering::Relaxed) {
            return Err(Errno::EACCES);
        }
        self.adjustment.store(value, Ordering::Relaxed);
        Ok(())
    }

    /// Makes it that of a child of the process with the score `parent`.
    pub fn inherit(&self, parent: &Self) {
        self.adjustment.store(parent.adjustment(), Ordering::Relaxed);
        self.least.store(parent.least.load(Ordering::Relaxed), Ordering::Relaxed);
    }
}

/// The process that was chosen last, and when.
struct Victim {
    process: Weak<Process>,
    since: u64,
}

static VICTIM: SpinLock<Victim> = SpinLock::new(Victim { process: Weak::new(), since: 0 });

/// Bytes of memory that a process uses.
fn resident(process: &Process) -> usize {
    let mm = process.find_thread(|thread| Some(thread.mm().clone()));
    mm.map_or(0, |mm| mm.resident())
}

fn signed(pages: usize) -> i64 {
    i64::try_from(pages).unwrap_or(i64::MAX)
}

/// How much is to be gained by ending a process, in pages: what it uses, and `oom_score_adj`
/// thousandths of all memory. `None` if it is not to be chosen.
fn badness(resident: usize, adjustment: i32, total: usize) -> Option<i64> {
    let share = signed(total / PAGE_SIZE) / i64::from(MOST);
    (adjustment > -MOST).then(|| signed(resident / PAGE_SIZE) + i64::from(adjustment) * share)
}

/// `oom_score`: 0 to 2000.
pub fn score(process: &Process) -> i64 {
    const THIRDS: i64 = 3;
    let total = mm::stats().total;
    let pages = signed(total / PAGE_SIZE).max(1);
    let adjustment = process.oom.adjustment();
    badness(resident(process), adjustment, total).map_or(0, |bad| {
        (i64::from(MOST) + bad.saturating_mul(MOST.into()) / pages).max(0) * 2 / THIRDS
    })
}

fn choose() -> Option<Arc<Process>> {
    let total = mm::stats().total;
    let mut worst: Option<(i64, Arc<Process>)> = None;
    for process in processes() {
        if process.pid == INIT || process.thread_count() == 0 {
            continue;
        }
        let Some(bad) = badness(resident(&process), process.oom.adjustment(), total) else {
            continue;
        };
        if worst.as_ref().is_none_or(|(most, _)| bad > *most) {
            worst = Some((bad, process));
        }
    }
    let init = || processes().find(|process| process.pid == INIT);
    worst.map(|(_, process)| process).or_else(init)
}

/// Ends the process that has most of the memory, unless one that was chosen is still about to
/// end.
pub fn kill_one() {
    let now = time::now();
    let (before, since) = {
        let victim = VICTIM.lock();
        (victim.process.upgrade(), victim.since)
    };
    if before.is_some_and(|victim| victim.thread_count() > 0) && now < since + PATIENCE {
        return;
    }
    let Some(process) = choose() else { return };
    {
        let mut victim = VICTIM.lock();
        victim.process = Arc::downgrade(&process);
        victim.since = now;
    }
    let name = process.find_thread(|thread| Some(thread.name())).unwrap_or_default();
    let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
    log::error!(
        "Out of memory: killed process {} ({}), {} kB resident{}",
        process.pid,
        name.escape_ascii(),
        resident(&process) / KB,
        if process.pid == INIT { "; give the machine more (-m)" } else { "" },
    );
    signal::kill(&process);
}

/// Makes room for the running thread, which found none: another process ends, or its own. False
/// if it is to end itself: there is no point in trying again.
pub fn make_room() -> bool {
    let me = current();
    if me.process.must_end(me.tid) {
        return false;
    }
    kill_one();
    if me.process.must_end(me.tid) {
        return false;
    }
    sched::yield_now();
    // A signal may end the pause early: then the program takes it and tries again.
    let _why = sleep_until(Some(time::now() + PAUSE));
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_and_the_least_wanted_go_first() {
        const MIB: usize = 1 << 20;
        let total = 64 * MIB;
        let [small, large] = [MIB, 8 * MIB].map(|size| badness(size, 0, total).unwrap());
        assert!(small < large);
        assert!(badness(MIB, 500, total).unwrap() > large);
        assert!(badness(8 * MIB, -500, total).unwrap() < small);
        assert_eq!(badness(8 * MIB, -1000, total), None);
    }
}
