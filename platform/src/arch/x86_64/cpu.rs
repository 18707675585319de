//! This CPU's work word and idling.

use super::ipi;
use super::percpu::{self, this};
use crate::cpu::Work;
use core::sync::atomic::Ordering;
use x86_64::instructions::interrupts;

pub use super::ipi::{interrupt, stop_others, synchronize};
pub use super::smp::start_others;
pub use percpu::count;

/// Number of the CPU that this runs on, from 0.
#[inline]
pub fn id() -> usize {
    this().id.get() as usize
}

/// Adds to this CPU's work.
#[inline]
pub fn raise(work: Work) {
    this().work.fetch_or(work.bits(), Ordering::Release);
}

/// This CPU's work, which stays pending.
#[inline]
pub fn pending() -> Work {
    Work::from_bits_retain(this().work.load(Ordering::Relaxed))
}

/// Takes those of the `wanted` bits that are pending.
#[inline]
pub fn take(wanted: Work) -> Work {
    let was = this().work.fetch_and(!wanted.bits(), Ordering::Acquire);
    Work::from_bits_retain(was) & wanted
}

/// Sleeps until an interrupt, unless work is pending already.
pub fn idle() {
    super::interrupts_off();
    if pending().is_empty() {
        if count() == 1 {
            return interrupts::enable_and_hlt();
        }
        ipi::fall_asleep();
        interrupts::enable_and_hlt();
        ipi::wake_up();
    } else {
        super::interrupts_on();
    }
}

/// Does nothing any more, but for answering others.
pub fn park() -> ! {
    loop {
        interrupts::enable_and_hlt();
    }
}

/// Halts this CPU for ever.
pub fn halt() -> ! {
    loop {
        super::interrupts_off();
        x86_64::instructions::hlt();
    }
}

/// What `AT_PLATFORM` says.
pub const PLATFORM: &str = "x86_64";

/// What `AT_HWCAP` and `AT_HWCAP2` say: CPUID leaf 1 EDX; bit 1 for FSGSBASE (Linux,
/// arch/x86/include/uapi/asm/hwcap2.h).
pub fn hwcap() -> (u64, u64) {
    const HWCAP2_FSGSBASE: u64 = 1 << 1;
    let features = super::cpu_features();
    (u64::from(features.hwcap), if features.fsgsbase { HWCAP2_FSGSBASE } else { 0 })
}

/// What `AT_MINSIGSTKSZ` says: bytes that a signal frame takes at most.
pub fn min_signal_stack() -> usize {
    /// Return address, ucontext and siginfo, alignment, the second magic word, the red zone.
    const FRAME: usize = 8 + 304 + 128 + 64 + 4 + 128;
    FRAME + super::FpuState::size()
}
