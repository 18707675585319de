//! On which CPU a thread runs.
//!
//! A thread goes back to the CPU it ran on last, unless that is busy and another one idles. While
//! a CPU still is on a thread's stack (it leaves it, or idles on it), nobody else can run the
//! thread, and it goes there whatever its affinity says; that CPU passes it on.
//!
//! One who has woken another mostly goes to sleep soon. If that is its habit, the other one waits
//! for it on the same CPU, which costs less than to wake a second one; should it not keep to its
//! habit, an idle CPU takes over when its minimum of time is up.

use core::sync::atomic::{AtomicU64, Ordering};

use elfin_platform::cpu::{self, Work};

use super::cpus::{self, Cpu};
use super::run_queue::Class;
use super::state::QUEUED;
use crate::task::thread::{Thread, ThreadRef, current, try_current};

/// A burst in which a thread does next to nothing beside waking another, in nanoseconds.
const SHORT_BURST: u32 = 25_000;

/// CPUs that have nothing to run, a bit each, as far as nobody has given them something since.
static IDLE: AtomicU64 = AtomicU64::new(0);

fn bit(id: usize) -> u64 {
    u32::try_from(id).ok().and_then(|id| 1_u64.checked_shl(id)).unwrap_or(0)
}

/// The CPUs that run, a bit each.
pub fn online_mask() -> u64 {
    let count = u32::try_from(cpu::count()).unwrap_or(u64::BITS);
    u64::MAX.checked_shr(u64::BITS.saturating_sub(count)).unwrap_or(0)
}

/// How many CPUs have nothing to run.
pub(super) fn idle_cpus() -> usize {
    usize::try_from(IDLE.load(Ordering::Relaxed).count_ones()).unwrap_or(0)
}

/// CPU `here` is about to halt unless it finds something to run when it looks once more.
pub(super) fn begin_idling(here: usize) {
    IDLE.fetch_or(bit(here), Ordering::SeqCst);
}

/// It goes on.
pub(super) fn end_idling(here: usize) {
    IDLE.fetch_and(!bit(here), Ordering::SeqCst);
}

/// An idle CPU in `allowed`, which nobody else gets until it idles again.
fn claim_idle(allowed: u64) -> Option<usize> {
    loop {
        let idle = IDLE.load(Ordering::SeqCst) & allowed;
        let id = usize::try_from(idle.trailing_zeros()).ok().filter(|_| idle != 0)?;
        if IDLE.fetch_and(!bit(id), Ordering::SeqCst) & bit(id) != 0 {
            return Some(id);
        }
    }
}

/// Puts a thread into the queue of the CPU where it should run, and sees to it that this CPU
/// knows.
#[inline]
pub(super) fn enqueue(thread: ThreadRef) {
    let here = cpu::id();
    if cpu::count() == 1 {
        return enqueue_on(here, here, thread);
    }
    let home = choose(&thread, here);
    enqueue_on(home, here, thread);
}

fn choose(thread: &ThreadRef, here: usize) -> usize {
    let last = thread.sched.cpu();
    if thread.on_cpu() {
        return last;
    }
    let allowed = thread.sched.affinity() & online_mask();
    let is_free = allowed & bit(here) != 0 && cpus::of(here).waiting() == 0;
    let is_short = |burst: u32| burst < SHORT_BURST;
    // Who is awake here: none if this is the idle loop.
    let waker = try_current().filter(|me| me.sched.is_running());
    let stays_here = is_free
        && match waker {
            Some(waker) => {
                is_short(waker.sched.burst())
                    && is_short(thread.sched.burst())
                    && thread.sched.real_time() == 0
            }
            None => last == here || IDLE.load(Ordering::Relaxed) & allowed & bit(last) == 0,
        };
    if stays_here {
        return here;
    }
    let claimed = claim_idle(allowed & bit(last)).or_else(|| claim_idle(allowed));
    claimed.unwrap_or_else(|| least_loaded(thread, allowed, last))
}

/// Where a thread waits least when no CPU idles.
fn least_loaded(thread: &ThreadRef, allowed: u64, last: usize) -> usize {
    let may = |id: &usize| allowed & bit(*id) != 0;
    let load = |id: usize| {
        let cpu = cpus::of(id);
        let runs = cpu.priority.load(Ordering::Relaxed);
        // For a real-time thread it matters what runs; a lower priority makes room at once.
        let blocks = thread.sched.real_time() > 0 && runs >= thread.sched.real_time();
        (blocks, if thread.sched.real_time() > 0 { usize::from(runs) } else { cpu.waiting() })
    };
    let best = (0..cpu::count()).filter(may).min_by_key(|id| load(*id));
    // A thread stays where it was unless there is much to be gained.
    match best {
        Some(best) if may(&last) && !load(last).0 && load(last).1 <= load(best).1 + 1 => last,
        Some(best) => best,
        None => last,
    }
}

/// Queues a thread up at CPU `home`.
#[inline]
fn enqueue_on(home: usize, here: usize, thread: ThreadRef) {
    let class = thread.sched.class();
    let urgency = thread.sched.real_time();
    let cpu = cpus::of(home);
    cpu.push(class, thread);
    if home != here {
        tell(cpu, home, urgency);
    } else if urgency > cpu.priority.load(Ordering::Relaxed) {
        cpu::raise(Work::RESCHED);
    } else if let Some(running) = try_current()
        && running.sched.is_running()
    {
        cpu.watch_slice(&running.sched);
    }
}

/// Lets another CPU know that there is a thread in its queue.
fn tell(cpu: &Cpu, id: usize, urgency: u8) {
    if urgency > cpu.priority.load(Ordering::Relaxed) {
        cpu::interrupt(id, Work::RESCHED);
    } else {
        cpu::interrupt(id, Work::QUEUE);
    }
}

/// Queues up a thread that cannot run on this CPU, `here`, but at another.
pub(super) fn pass_on(thread: ThreadRef, class: Class, here: usize) {
    let allowed = thread.sched.affinity() & online_mask() & !bit(here);
    let home = claim_idle(allowed).unwrap_or_else(|| least_loaded(&thread, allowed, here));
    queue_at(home, class, thread);
}

/// Queues a thread up at another CPU.
pub(super) fn queue_at(home: usize, class: Class, thread: ThreadRef) {
    let urgency = thread.sched.real_time();
    let cpu = cpus::of(home);
    cpu.push(class, thread);
    tell(cpu, home, urgency);
}

/// Wakes an idle CPU so that it takes over one of the threads that wait here, if one that has
/// this affinity may run there.
pub(super) fn share(affinity: u64, here: usize) {
    if cpu::count() > 1
        && let Some(id) = claim_idle(affinity & online_mask() & !bit(here))
    {
        cpu::interrupt(id, Work::RESCHED);
    }
}

/// What became of the search for a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stolen {
    /// One is in this CPU's queue now.
    One,
    /// There is one that its CPU is just leaving.
    Soon,
    /// There is none.
    None,
}

/// Takes over a thread that waits for another CPU, for CPU `here`, which has nothing to run.
pub(super) fn steal(here: usize) -> Stolen {
    let mut result = Stolen::None;
    let count = cpu::count();
    for other in (here + 1..count).chain(0..here) {
        let victim = cpus::of(other);
        if victim.waiting() == 0 {
            continue;
        }
        let leaving = core::cell::Cell::new(false);
        let taken = victim.pop(here, |thread| {
            let is_mine = try_current().is_some_and(|me| core::ptr::eq(&**me, &***thread));
            if !thread.sched.may_run_on(here) || is_mine {
                return false;
            }
            leaving.set(leaving.get() || thread.on_cpu());
            !thread.on_cpu()
        });
        if let Some(thread) = taken {
            let class = thread.sched.class();
            cpus::of(here).push(class, thread);
            return Stolen::One;
        }
        // A CPU that idles is about to run it itself.
        if leaving.get() && IDLE.load(Ordering::Relaxed) & bit(other) == 0 {
            result = Stolen::Soon;
        }
    }
    result
}

/// At the end of a slice: another CPU with fewer threads waiting than this one, where the running
/// thread goes so that all get the same share in the long run.
pub(super) fn lighter(here: usize, affinity: u64) -> Option<usize> {
    if cpu::count() == 1 {
        return None;
    }
    let waiting = cpus::of(here).waiting();
    let others = (0..cpu::count()).filter(|id| *id != here && affinity & bit(*id) != 0);
    others
        .map(|id| (cpus::of(id).waiting(), id))
        .min()
        .filter(|(load, _)| *load < waiting)
        .map(|(_, id)| id)
}

/// After the policy of a thread was changed: it waits in its new place, or makes room for those
/// that come before it now.
pub fn settle(thread: &ThreadRef) {
    if thread.sched.is_running() {
        let there = thread.sched.cpu();
        cpus::of(there).priority.store(thread.sched.real_time(), Ordering::Relaxed);
        cpu::interrupt(there, Work::RESCHED);
    } else if thread.sched.state.load(Ordering::SeqCst) == QUEUED {
        for (id, cpu) in cpus::online().iter().enumerate() {
            if let Some(thread) = cpu.remove(thread) {
                let class = thread.sched.class();
                queue_at(id, class, thread);
            }
        }
    }
}

/// Waits until a thread is not on a CPU any more where it may not be: in the program it is told
/// at once, in the kernel it comes when it is done there.
fn wait_for_move(thread: &ThreadRef) {
    let me = current();
    while thread.sched.is_running()
        && !thread.sched.may_run_on(thread.sched.cpu())
        && !me.interrupted()
    {
        super::switch::yield_now();
        core::hint::spin_loop();
    }
}

/// Sets the CPUs that a thread may run on, of which at least one runs, and makes it go there.
pub fn set_affinity(thread: &ThreadRef, mask: u64) {
    thread.sched.set_affinity(mask);
    let there = thread.sched.cpu();
    if thread.sched.may_run_on(there) {
        return;
    }
    if core::ptr::eq::<Thread>(&***thread, &**current()) {
        super::switch::leave_cpu();
    } else if thread.sched.is_running() {
        cpu::interrupt(there, Work::RESCHED);
        wait_for_move(thread);
    } else if thread.sched.state.load(Ordering::SeqCst) == QUEUED {
        share(mask, there);
    }
}
