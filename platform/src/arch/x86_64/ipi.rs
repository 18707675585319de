//! Interrupts between CPUs: work for another one, translations to be dropped, memory barriers,
//! and the end.
//!
//! One vector serves all. What is wanted lies in the CPUs' [`Mail`] before the interrupt is sent:
//!
//! | wanted | said by | answered |
//! |---|---|---|
//! | look at the work word | its bits | – |
//! | drop translations, pass a barrier | the asker's bit in `askers`; the asker's `range` | its bit in the asker's `unanswered` |
//! | halt for ever | [`STOPPED`] | – |
//!
//! An asker waits with interrupts on, and so does whoever spins on a lock, so two CPUs that ask
//! each other both get their answers, whatever locks they hold. Interrupt handlers take no locks.

use super::apic::{self, COMMAND_FIXED, IPI_VECTOR};
use super::paging;
use super::percpu::{self, PerCpu};
use crate::cpu::Work;
use core::ops::Range;
use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering, fence};
use x86_64::instructions::interrupts;

/// A CPU's part in conversations with others.
pub struct Mail {
    /// CPUs whose questions wait for this one's answer, a bit each.
    askers: AtomicU64,
    /// CPUs that have not answered this one's question.
    unanswered: AtomicU64,
    /// The addresses whose translations this one wants dropped; empty for a barrier alone.
    start: AtomicUsize,
    end: AtomicUsize,
}

impl Default for Mail {
    fn default() -> Self {
        Self::new()
    }
}

impl Mail {
    /// Nothing asked.
    pub const fn new() -> Self {
        Self {
            askers: AtomicU64::new(0),
            unanswered: AtomicU64::new(0),
            start: AtomicUsize::new(0),
            end: AtomicUsize::new(0),
        }
    }
}

/// All CPUs but one are to halt for ever.
static STOPPED: AtomicBool = AtomicBool::new(false);

/// Asks the CPUs in `targets`, of which this is none, to drop their translations of `range` and
/// waits until all have. With an empty range they only pass a full memory barrier and serialise.
///
/// With `sleepers_too` false those that halt do it when they wake, and nobody waits for them.
/// Interrupts must be on: others may be asking at the same time.
pub fn ask(targets: u64, range: Range<usize>, sleepers_too: bool) {
    debug_assert!(interrupts::are_enabled(), "asking other CPUs with interrupts off");
    let me = percpu::this();
    me.mail.start.store(range.start, Ordering::Relaxed);
    me.mail.end.store(range.end, Ordering::Relaxed);
    let asked = ids(targets).filter_map(percpu::of);
    let asked = asked.filter(|cpu| sleepers_too || !sleeps_through(cpu));
    let mut all = 0;
    for cpu in asked {
        let bit = 1 << cpu.id.get();
        all |= bit;
        me.mail.unanswered.fetch_or(bit, Ordering::Relaxed);
        // Whoever finds a bit set already is sure that an interrupt is on its way.
        if cpu.mail.askers.fetch_or(1 << me.id.get(), Ordering::AcqRel) == 0 {
            send(cpu);
        }
    }
    while me.mail.unanswered.load(Ordering::Acquire) & all != 0 {
        core::hint::spin_loop();
    }
}

/// Whether `cpu` halts, and will drop all its translations before it uses any.
fn sleeps_through(cpu: &PerCpu) -> bool {
    if !cpu.lazy.load(Ordering::SeqCst) {
        return false;
    }
    cpu.stale.store(true, Ordering::SeqCst);
    // It may just have woken, and looked at `stale` before.
    cpu.lazy.load(Ordering::SeqCst)
}

/// Before this CPU halts: others need not wait for it.
pub fn fall_asleep() {
    percpu::this().lazy.store(true, Ordering::SeqCst);
}

/// After it halted: drops translations that have changed meanwhile.
pub fn wake_up() {
    let cpu = percpu::this();
    cpu.lazy.store(false, Ordering::SeqCst);
    if cpu.stale.swap(false, Ordering::SeqCst) {
        paging::flush_all();
    }
}

/// Adds `work` to CPU `id`'s and interrupts it, if it is another one.
pub fn interrupt(id: usize, work: Work) {
    let Some(cpu) = percpu::of(id) else { return };
    let before = cpu.work.fetch_or(work.bits(), Ordering::SeqCst);
    // Bits that were set already are on their way to be served.
    if before & work.bits() != work.bits() && !core::ptr::eq(cpu, percpu::this()) {
        send(cpu);
    }
}

/// Halts all other CPUs for ever, wherever they are.
pub fn stop_others() {
    if STOPPED.swap(true, Ordering::SeqCst) {
        return;
    }
    let me = percpu::this();
    (0..percpu::count())
        .filter_map(percpu::of)
        .filter(|cpu| !core::ptr::eq(*cpu, me))
        .for_each(send);
}

/// Has all other CPUs pass a full memory barrier.
pub fn synchronize() {
    fence(Ordering::SeqCst);
    let all = u64::MAX.checked_shr(u64::BITS - percpu::count() as u32).unwrap_or(0);
    ask(all & !(1 << percpu::this().id.get()), 0..0, true);
}

fn send(cpu: &PerCpu) {
    apic::send(cpu.apic_id.load(Ordering::Relaxed), COMMAND_FIXED | u32::from(IPI_VECTOR));
}

/// The interrupt's handler.
pub fn received() {
    if STOPPED.load(Ordering::Relaxed) {
        super::cpu::halt();
    }
    let me = percpu::this();
    let askers = me.mail.askers.swap(0, Ordering::AcqRel);
    for asker in ids(askers).filter_map(percpu::of) {
        let range =
            asker.mail.start.load(Ordering::Relaxed)..asker.mail.end.load(Ordering::Relaxed);
        if !range.is_empty() {
            paging::flush(range);
        }
        fence(Ordering::SeqCst);
        asker.mail.unanswered.fetch_and(!(1 << me.id.get()), Ordering::AcqRel);
    }
}

/// The numbers of the bits that are set.
fn ids(mut mask: u64) -> impl Iterator<Item = usize> {
    core::iter::from_fn(move || {
        let lowest = (mask != 0).then(|| mask.trailing_zeros() as usize);
        mask &= mask.wrapping_sub(1);
        lowest
    })
}
