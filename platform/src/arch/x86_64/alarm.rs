//! The local APIC's timer: each CPU's alarm, and under TCG the yardstick for the counter.
//!
//! With TSC-deadline (Intel SDM volume 3, section 11.5.4.1) an alarm is one MSR write. Otherwise
//! the timer counts down once, at its bus frequency over [`DIVISOR`].
//!
//! While the counter's rate is being refined, the timer runs periodically, so that it goes on
//! counting after an alarm went off, until its handler sets it to ring when the time for the
//! refinement has come.
//!
//! An alarm that is set already and comes earlier stays: it costs one needless wake-up, and
//! timeouts that keep moving away (every network connection has one) cost nothing.

use super::apic::{self, Register};
use super::hypervisor::{self, Hypervisor};
use super::{clock, msr, percpu};
use crate::cpu::{self, Work};
use crate::sync::{Once, SpinLock};
use crate::time::page::{Rate, mul_div};
use crate::time::{self, NANOS_PER_SEC};
use core::arch::x86_64::__cpuid;
use core::sync::atomic::{AtomicBool, Ordering, fence};

const VECTOR: u32 = apic::TIMER_VECTOR as u32;
const IA32_TSC_DEADLINE: u32 = 0x6e0;
const CPUID_TSC_DEADLINE: u32 = 1 << 24;

/// Bus ticks for one timer tick: with QEMU's 1 GHz, 16 ns steps and 68 s at most.
const DIVISOR: u64 = 16;
/// Divide configuration register: by 16.
const DIVIDE_BY_16: u32 = 0b0011;
/// Bus frequency of QEMU's and KVM's virtual APICs (QEMU hw/i386/kvm/apic.c, hw/intc/apic.c;
/// Linux arch/x86/kvm/lapic.h APIC_BUS_CYCLE_NS).
const VIRTUAL_BUS_HZ: u64 = 1_000_000_000;

/// Nothing is armed.
pub const NEVER: u64 = u64::MAX;

/// Shortest measurement for a first answer, good to about 1 %: 50 µs.
const FIRST_TICKS: u64 = 50_000 / DIVISOR;
/// After how much covered time the rate is computed for good: 50 ms, good to some 10 ppm.
const REFINE_TICKS: u64 = 50_000_000 / DIVISOR;

static USES_DEADLINE: Once<bool> = Once::new();
static TIMER_HZ: Once<u64> = Once::new();
static REFINING: AtomicBool = AtomicBool::new(false);
static REFERENCE: SpinLock<Reference> = SpinLock::new(Reference::new());

/// The boot CPU's timer as a yardstick: stretches of time over which both counters were seen.
struct Reference {
    /// Counter and timer at the start of the running stretch.
    start: (u64, u32),
    /// What the timer starts from when it has run out; 0 if it does not.
    period: u32,
    /// Counter ticks in the finished stretches.
    counter: u64,
    /// Timer ticks in them.
    ticks: u64,
}

impl Reference {
    const fn new() -> Self {
        Self { start: (0, 0), period: 0, counter: 0, ticks: 0 }
    }

    /// Ends the running stretch at `now`, if it can be told how long it was.
    fn finish(&mut self, now: (u64, u32)) {
        let passed = now.0.saturating_sub(self.start.0);
        if let Some(ticks) = self.ticks_until(now.1, passed) {
            self.counter += passed;
            self.ticks += ticks;
        }
        self.start = now;
    }

    /// Timer ticks from the stretch's start until the timer is at `timer`, `passed` ticks of the
    /// counter later.
    fn ticks_until(&self, timer: u32, passed: u64) -> Option<u64> {
        /// With more rounds than this the rate so far may miscount them.
        const MAX_ROUNDS: u64 = 8;
        let (first, timer) = (u64::from(self.start.1), u64::from(timer));
        if self.period == 0 {
            // At 0 it stopped, nobody knows when.
            return if timer == 0 { None } else { first.checked_sub(timer) };
        }
        // The rate so far tells how often it went round; a round is one tick longer than what it
        // starts from.
        let round = u64::from(self.period) + 1;
        let expected = mul_div(passed, self.ticks, self.counter.max(1));
        let rounds = (expected + timer + round / 2).saturating_sub(first) / round;
        (rounds <= MAX_ROUNDS).then(|| (rounds * round + first).checked_sub(timer)).flatten()
    }

    fn rate(&self) -> Rate {
        Rate::from_ratio(self.counter.max(1), self.ticks.max(1), VIRTUAL_BUS_HZ / DIVISOR)
    }
}

/// Counter and timer at one moment: the closest of a few looks, for the host may take the CPU
/// away between the two.
fn look() -> (u64, u32) {
    const LOOKS: usize = 3;
    let mut best = (u64::MAX, 0, 0);
    for _ in 0..LOOKS {
        let before = clock::counter();
        let timer = apic::read(Register::CurrentCount);
        let gap = clock::counter().wrapping_sub(before);
        if gap < best.0 {
            best = (gap, before + gap / 2, timer);
        }
    }
    (best.1, best.2)
}

/// Sets this CPU's timer up.
pub fn init_cpu() {
    if uses_deadline() {
        apic::write(Register::TimerLvt, apic::LVT_TSC_DEADLINE | VECTOR);
        // The MMIO write must have arrived before writes of the deadline count.
        fence(Ordering::SeqCst);
    } else {
        apic::write(Register::TimerLvt, VECTOR);
        apic::write(Register::DivideConfiguration, DIVIDE_BY_16);
    }
}

/// Lets the boot CPU's timer count down from its highest value, as a yardstick from boot on.
/// (When it runs out, that is one needless wake-up.)
pub fn start_reference() {
    if !uses_deadline() {
        restart_reference(&mut REFERENCE.lock(), u32::MAX, 0);
    }
}

fn restart_reference(reference: &mut Reference, count: u32, period: u32) {
    apic::write(Register::InitialCount, count);
    reference.start = look();
    reference.period = period;
}

/// The counter's rate by the timer's, waiting only for what is missing of a short measurement.
/// Under TCG, where the timer's frequency is known.
pub fn measure_counter() -> Rate {
    let mut reference = REFERENCE.lock();
    loop {
        let now = look();
        if now.1 == 0 {
            // Ran out: the machine ran for more than a minute before it asked for the time.
            restart_reference(&mut reference, u32::MAX, 0);
            continue;
        }
        let covered = reference.ticks + u64::from(reference.start.1.saturating_sub(now.1));
        if covered >= FIRST_TICKS {
            reference.finish(now);
            REFINING.store(true, Ordering::Relaxed);
            return reference.rate();
        }
        core::hint::spin_loop();
    }
}

/// Is a better rate to be had later?
#[inline]
pub fn wants_refinement() -> bool {
    REFINING.load(Ordering::Relaxed)
}

/// The rate by all that was seen since boot, once that is enough.
pub fn refined_rate() -> Option<Rate> {
    if cpu::id() != 0 {
        return None;
    }
    let mut reference = REFERENCE.try_lock()?;
    reference.finish(look());
    if reference.ticks < REFINE_TICKS {
        return None;
    }
    REFINING.store(false, Ordering::Relaxed);
    apic::write(Register::TimerLvt, VECTOR);
    // A timer that is through its first round stops now, and its interrupt may not have been
    // sent yet: the alarm is to be set anew.
    percpu::this().alarm.store(NEVER, Ordering::Relaxed);
    cpu::raise(Work::TIMER);
    Some(reference.rate())
}

/// Sets this CPU's alarm; see [`crate::time::set_alarm`].
pub fn set(now: u64, deadline: u64) {
    let armed = &percpu::this().alarm;
    if deadline <= now {
        cpu::raise(Work::TIMER);
        return;
    }
    if armed.load(Ordering::Relaxed) <= deadline {
        return;
    }
    armed.store(deadline, Ordering::Relaxed);
    if uses_deadline() {
        msr::write(IA32_TSC_DEADLINE, time::counter_at(deadline));
    } else {
        arm_count(deadline - now);
    }
}

/// The timer's interrupt.
pub fn fired() {
    percpu::this().alarm.store(NEVER, Ordering::Relaxed);
    if is_yardstick() {
        // These locks are only tried: the code that this interrupted may hold them.
        time::refine();
    }
    if is_yardstick()
        && let Some(mut reference) = REFERENCE.try_lock()
    {
        reference.finish(look());
        restart_reference(&mut reference, REFINE_TICKS as u32, REFINE_TICKS as u32);
    }
    cpu::raise(Work::TIMER);
}

/// Under TCG the timer has to count, for the sake of the yardstick.
fn uses_deadline() -> bool {
    *USES_DEADLINE.call_once(|| {
        __cpuid(1).ecx & CPUID_TSC_DEADLINE != 0 && hypervisor::get() != Hypervisor::Tcg
    })
}

fn arm_count(delay: u64) {
    let ticks = mul_div(delay, timer_hz(), NANOS_PER_SEC).clamp(1, u64::from(u32::MAX)) as u32;
    if is_yardstick() {
        let mut reference = REFERENCE.lock();
        // An interrupt just now may have ended it; from here on none can.
        if is_yardstick() {
            reference.finish(look());
            apic::write(Register::TimerLvt, apic::LVT_PERIODIC | VECTOR);
            restart_reference(&mut reference, ticks, ticks);
            return;
        }
    }
    apic::write(Register::InitialCount, ticks);
}

/// Is this CPU's timer measured with?
fn is_yardstick() -> bool {
    wants_refinement() && cpu::id() == 0
}

/// Ticks of the divided timer in a second.
fn timer_hz() -> u64 {
    *TIMER_HZ.call_once(|| {
        if let Some(khz) = hypervisor::timing_leaf().map(|leaf| leaf.ebx).filter(|&khz| khz != 0) {
            return u64::from(khz) * 1000 / DIVISOR;
        }
        match hypervisor::get() {
            Hypervisor::Tcg | Hypervisor::Kvm => VIRTUAL_BUS_HZ / DIVISOR,
            Hypervisor::None | Hypervisor::Other => measure_timer(),
        }
    })
}

/// The timer's frequency by the clock's.
fn measure_timer() -> u64 {
    const MEASURE_NS: u64 = 500_000;
    apic::write(Register::InitialCount, u32::MAX);
    let (start, first) = (time::now(), apic::read(Register::CurrentCount));
    let mut elapsed = 0;
    while elapsed < MEASURE_NS {
        core::hint::spin_loop();
        elapsed = time::now() - start;
    }
    let ticks = first.saturating_sub(apic::read(Register::CurrentCount));
    mul_div(u64::from(ticks), NANOS_PER_SEC, elapsed).max(1)
}
