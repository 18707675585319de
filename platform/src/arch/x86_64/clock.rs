//! The time stamp counter as the clock, and how fast it runs.
//!
//! | asked in this order | costs |
//! |---|---|
//! | KVM's paravirtual clock | one MSR write |
//! | CPUID 0x15 with the crystal's frequency | nothing |
//! | the hypervisor's timing leaf, CPUID 0x40000010 | nothing |
//! | QEMU's TCG: its local APIC timer counts at 1 GHz, from boot on | what is missing of 50 µs since boot |
//! | CPUID 0x16, nominal | nothing |
//! | channel 2 of the interval timer | 5 ms |
//!
//! With TCG the first answer is good to about 1 %; it is refined 55 ms later.

use super::{alarm, hypervisor, pit, pvclock};
use crate::time::page::Rate;
use core::arch::x86_64::__cpuid;
use core::sync::atomic::{AtomicU64, Ordering};
use hypervisor::Hypervisor;

static BOOT_COUNTER: AtomicU64 = AtomicU64::new(0);

/// Notes the moment of boot and lets the local APIC's timer count from there. After
/// [`super::irqchip::init`].
pub fn init() {
    alarm::init_cpu();
    alarm::start_reference();
    BOOT_COUNTER.store(counter(), Ordering::Relaxed);
}

/// The counter now; later reads, on any CPU, are not lower (Intel SDM volume 2, RDTSC: `lfence`
/// keeps it behind the loads before it).
#[inline(always)]
pub fn counter() -> u64 {
    let (low, high): (u32, u32);
    // SAFETY: reads the time stamp counter.
    unsafe {
        core::arch::asm!("lfence", "rdtsc", out("eax") low, out("edx") high,
            options(nostack, preserves_flags));
    }
    u64::from(high) << 32 | u64::from(low)
}

/// The counter at boot.
pub fn boot_counter() -> u64 {
    BOOT_COUNTER.load(Ordering::Relaxed)
}

/// How fast the counter runs.
pub fn rate() -> Rate {
    if hypervisor::get() == Hypervisor::Kvm
        && let Some(rate) = pvclock::rate()
    {
        return rate;
    }
    if let Some(hz) = crystal().or_else(timing_leaf) {
        return Rate::from_hz(hz);
    }
    if hypervisor::get() == Hypervisor::Tcg {
        return alarm::measure_counter();
    }
    nominal().map_or_else(pit::measure_counter, Rate::from_hz)
}

/// Can the rate be known better than it is used now?
#[inline]
pub fn wants_refinement() -> bool {
    alarm::wants_refinement()
}

/// The better known rate, once enough time has passed.
pub fn refined_rate() -> Option<Rate> {
    alarm::refined_rate()
}

/// CPUID 0x15: crystal frequency times a ratio (Intel SDM volume 3, section 19.7.3).
fn crystal() -> Option<u64> {
    const LEAF: u32 = 0x15;
    if __cpuid(0).eax < LEAF {
        return None;
    }
    let leaf = __cpuid(LEAF);
    let (denominator, numerator, hz) = (leaf.eax, leaf.ebx, leaf.ecx);
    if denominator == 0 || numerator == 0 || hz == 0 {
        return None;
    }
    Some(u64::from(hz) * u64::from(numerator) / u64::from(denominator))
}

/// CPUID 0x40000010: the counter's kHz (VMware's leaf, which others offer too).
fn timing_leaf() -> Option<u64> {
    let khz = hypervisor::timing_leaf()?.eax;
    (khz != 0).then(|| u64::from(khz) * 1000)
}

/// CPUID 0x16: the base frequency in MHz, which the counter has by convention.
fn nominal() -> Option<u64> {
    const LEAF: u32 = 0x16;
    if __cpuid(0).eax < LEAF {
        return None;
    }
    let mhz = __cpuid(LEAF).eax & 0xffff;
    (mhz != 0).then(|| u64::from(mhz) * 1_000_000)
}
