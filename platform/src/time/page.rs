//! [`ClockPage`]: the parameters of the clocks, under a sequence counter.
//!
//! `ns = base_ns + ((counter - base_counter) · mult) >> 32`, plus an offset for each clock. The
//! vDSO code of each architecture reads the page by the offsets below; programs see it read-only.
//!
//! | offset | field |
//! |---|---|
//! | 0 | `sequence`: odd while the page is being changed |
//! | 4 | `clocks`: bit n set: clock n may be computed from the page |
//! | 8 | `base_counter` |
//! | 16 | `mult` |
//! | 24 | `base_ns` |
//! | 32 | `offsets`, one for each clock |
//! | 128 | `has_cpu_number`: the CPU's number can be read by an instruction |

#![cfg_attr(
    not(target_os = "none"),
    allow(dead_code, reason = "the vDSO, which reads the page, is a machine's")
)]

use core::mem::offset_of;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

/// Bits that `mult` is shifted by: the number of ticks fills 64 bits, the product 128.
pub const SHIFT: u32 = 32;
/// Clock numbers that the page has room for.
pub const CLOCKS: usize = 12;

/// Linux's clock numbers, as far as the page serves them (clock_gettime(2)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum ClockId {
    /// CLOCK_REALTIME.
    Realtime = 0,
    /// CLOCK_MONOTONIC.
    Monotonic = 1,
    /// CLOCK_MONOTONIC_RAW.
    MonotonicRaw = 4,
    /// CLOCK_REALTIME_COARSE.
    RealtimeCoarse = 5,
    /// CLOCK_MONOTONIC_COARSE.
    MonotonicCoarse = 6,
    /// CLOCK_BOOTTIME.
    Boottime = 7,
}

const MONOTONIC_CLOCKS: u32 = 1 << ClockId::Monotonic as u32
    | 1 << ClockId::MonotonicRaw as u32
    | 1 << ClockId::MonotonicCoarse as u32
    | 1 << ClockId::Boottime as u32;
const REAL_CLOCKS: u32 = 1 << ClockId::Realtime as u32 | 1 << ClockId::RealtimeCoarse as u32;

/// Clocks with a resolution of 1 ns; a bit for each. (The coarse ones are as fine, but say what
/// Linux says.)
pub const FINE_CLOCKS: u32 = 1 << ClockId::Realtime as u32
    | 1 << ClockId::Monotonic as u32
    | 1 << ClockId::MonotonicRaw as u32
    | 1 << ClockId::Boottime as u32;

/// The page.
#[repr(C, align(4096))]
pub struct ClockPage {
    sequence: AtomicU32,
    clocks: AtomicU32,
    base_counter: AtomicU64,
    mult: AtomicU64,
    base_ns: AtomicU64,
    offsets: [AtomicU64; CLOCKS],
    has_cpu_number: AtomicU32,
}

/// Offset of `clocks`.
pub const CLOCKS_AT: usize = offset_of!(ClockPage, clocks);
/// Offset of `base_counter`.
pub const BASE_COUNTER_AT: usize = offset_of!(ClockPage, base_counter);
/// Offset of `mult`.
pub const MULT_AT: usize = offset_of!(ClockPage, mult);
/// Offset of `base_ns`.
pub const BASE_NS_AT: usize = offset_of!(ClockPage, base_ns);
/// Offset of `offsets`.
pub const OFFSETS_AT: usize = offset_of!(ClockPage, offsets);
/// Offset of `has_cpu_number`.
pub const HAS_CPU_NUMBER_AT: usize = offset_of!(ClockPage, has_cpu_number);

const _: () = assert!(offset_of!(ClockPage, sequence) == 0 && HAS_CPU_NUMBER_AT == 128);

/// The one page of the machine.
pub static CLOCK: ClockPage = ClockPage::new();

/// A rate: nanoseconds per tick of the counter, times 2^[`SHIFT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate(u64);

impl Rate {
    /// The rate of a counter with `hz` ticks a second (at least 1 kHz).
    pub fn from_hz(hz: u64) -> Self {
        const NANOS_SHIFTED: u64 = super::NANOS_PER_SEC << SHIFT;
        Self(NANOS_SHIFTED / hz.max(1000))
    }

    /// The rate of a counter of which `ticks` pass while `reference_ticks` of a counter with
    /// `reference_hz` do; neither may be 0.
    pub fn from_ratio(ticks: u64, reference_ticks: u64, reference_hz: u64) -> Self {
        Self::from_hz(mul_div(ticks, reference_hz, reference_ticks))
    }

    /// Ticks in a second.
    pub fn hz(self) -> u64 {
        (super::NANOS_PER_SEC << SHIFT) / self.0.max(1)
    }
}

/// `a · b / c` without losing the product's high bits; saturates.
#[cfg(target_arch = "x86_64")]
pub fn mul_div(a: u64, b: u64, c: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    let (high, low) = ((product >> 64) as u64, product as u64);
    if high >= c {
        return u64::MAX;
    }
    let quotient: u64;
    // SAFETY: the quotient fits 64 bits, for `high < c`; so `div` does not fault.
    unsafe {
        core::arch::asm!("div {}", in(reg) c, inout("rax") low => quotient, inout("rdx") high => _,
            options(pure, nomem, nostack));
    }
    quotient
}

/// `a · b / c` without losing the product's high bits; saturates.
#[cfg(not(target_arch = "x86_64"))]
pub fn mul_div(a: u64, b: u64, c: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product.checked_div(u128::from(c)).and_then(|q| u64::try_from(q).ok()).unwrap_or(u64::MAX)
}

#[inline(always)]
fn scale(ticks: u64, mult: u64) -> u64 {
    ((u128::from(ticks) * u128::from(mult)) >> SHIFT) as u64
}

impl ClockPage {
    const fn new() -> Self {
        Self {
            sequence: AtomicU32::new(0),
            clocks: AtomicU32::new(0),
            base_counter: AtomicU64::new(0),
            mult: AtomicU64::new(0),
            base_ns: AtomicU64::new(0),
            offsets: [const { AtomicU64::new(0) }; CLOCKS],
            has_cpu_number: AtomicU32::new(0),
        }
    }

    /// Can `clock` be computed from the page?
    #[inline]
    pub fn has(&self, clock: ClockId) -> bool {
        self.clocks.load(Ordering::Relaxed) & 1 << clock as u32 != 0
    }

    /// The time of `clock` when `counter` was called; `None` if the page does not know it.
    #[inline]
    pub fn read(&self, clock: ClockId, counter: impl Fn() -> u64) -> Option<u64> {
        loop {
            let sequence = self.sequence.load(Ordering::Acquire);
            let has = self.has(clock);
            let ns = self.at(counter());
            let ns = ns.wrapping_add(self.offsets[clock as usize].load(Ordering::Relaxed));
            fence(Ordering::Acquire);
            if sequence & 1 == 0 && self.sequence.load(Ordering::Relaxed) == sequence {
                return has.then_some(ns);
            }
            core::hint::spin_loop();
        }
    }

    /// Nanoseconds since boot at `counter`. A counter of another CPU that lags a little behind
    /// the base counts as the base.
    #[inline(always)]
    fn at(&self, counter: u64) -> u64 {
        let ticks = counter.saturating_sub(self.base_counter.load(Ordering::Relaxed));
        let ns = scale(ticks, self.mult.load(Ordering::Relaxed));
        self.base_ns.load(Ordering::Relaxed).wrapping_add(ns)
    }

    /// The counter's value at `ns`. The caller keeps changes out.
    pub fn counter_at(&self, ns: u64) -> u64 {
        let delta = ns.saturating_sub(self.base_ns.load(Ordering::Relaxed));
        let mult = self.mult.load(Ordering::Relaxed).max(1);
        let ticks = mul_div(delta, 1 << SHIFT, mult).saturating_add(1);
        self.base_counter.load(Ordering::Relaxed).saturating_add(ticks)
    }

    /// Starts the monotonic clocks: 0 when the counter was `boot_counter`. The caller keeps
    /// other writers out, here and below.
    pub fn start(&self, boot_counter: u64, rate: Rate) {
        self.change(|page| {
            page.base_counter.store(boot_counter, Ordering::Relaxed);
            page.mult.store(rate.0, Ordering::Relaxed);
            page.base_ns.store(0, Ordering::Relaxed);
            page.clocks.fetch_or(MONOTONIC_CLOCKS, Ordering::Relaxed);
        });
    }

    /// Goes on at another rate from now on, without a jump.
    pub fn change_rate(&self, counter: impl Fn() -> u64, rate: Rate) {
        self.change(|page| {
            // Read after the sequence became odd: no reader of the old rate comes later.
            let now = counter();
            let ns = page.at(now);
            page.base_counter.store(now, Ordering::Relaxed);
            page.base_ns.store(ns, Ordering::Relaxed);
            page.mult.store(rate.0, Ordering::Relaxed);
        });
    }

    /// Real time is monotonic time plus `offset` (modulo 2⁶⁴).
    pub fn set_real_offset(&self, offset: u64) {
        self.change(|page| {
            for clock in [ClockId::Realtime, ClockId::RealtimeCoarse] {
                page.offsets[clock as usize].store(offset, Ordering::Relaxed);
            }
            page.clocks.fetch_or(REAL_CLOCKS, Ordering::Relaxed);
        });
    }

    /// The CPU's number can be read by an instruction, on every CPU.
    pub fn set_has_cpu_number(&self) {
        self.has_cpu_number.store(1, Ordering::Relaxed);
    }

    fn change(&self, change: impl FnOnce(&Self)) {
        let sequence = self.sequence.load(Ordering::Relaxed);
        self.sequence.store(sequence.wrapping_add(1), Ordering::Relaxed);
        fence(Ordering::SeqCst);
        change(self);
        self.sequence.store(sequence.wrapping_add(2), Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicBool;

    #[test]
    fn rates() {
        for hz in [1_000_000, 24_000_000, 1_000_000_000, 2_995_200_000, 5_000_000_000] {
            let page = ClockPage::new();
            page.start(77, Rate::from_hz(hz));
            let day = page.read(ClockId::Monotonic, || 77 + 86_400 * hz).unwrap();
            let error = day.abs_diff(86_400 * 1_000_000_000);
            assert!(error < 86_400 * 1_000, "{hz} Hz: {error} ns a day");
            let back = page.counter_at(day);
            assert!(back.abs_diff(77 + 86_400 * hz) <= hz / 1_000_000 + 1, "{hz} Hz back");
        }
        assert!(Rate::from_ratio(3_000, 1_000, 1_000_000).hz().abs_diff(3_000_000) < 10);
        assert_eq!(mul_div(u64::MAX, u64::MAX, u64::MAX), u64::MAX);
        assert_eq!(mul_div(u64::MAX, 2, 1), u64::MAX, "saturates");
        assert_eq!(mul_div(10, 10, 3), 33);
    }

    #[test]
    fn unknown_until_started() {
        let page = ClockPage::new();
        assert_eq!(page.read(ClockId::Monotonic, || 5), None);
        page.start(0, Rate::from_hz(1_000_000_000));
        assert_eq!(page.read(ClockId::Boottime, || 5), Some(5));
        assert_eq!(page.read(ClockId::Realtime, || 5), None);
        page.set_real_offset(100);
        assert_eq!(page.read(ClockId::Realtime, || 5), Some(105));
    }

    #[test]
    fn a_lagging_counter_does_not_underflow() {
        let page = ClockPage::new();
        page.start(1000, Rate::from_hz(1_000_000_000));
        assert_eq!(page.read(ClockId::Monotonic, || 990), Some(0));
    }

    #[test]
    fn rate_changes_do_not_go_back() {
        static PAGE: ClockPage = ClockPage::new();
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        static DONE: AtomicBool = AtomicBool::new(false);
        let counter = || COUNTER.fetch_add(3, Ordering::SeqCst);
        PAGE.start(0, Rate::from_hz(1_000_000_000));
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let mut last = 0;
                    while !DONE.load(Ordering::Relaxed) {
                        let now = PAGE.read(ClockId::Monotonic, counter).unwrap();
                        assert!(now >= last, "{now} after {last}");
                        last = now;
                    }
                });
            }
            for n in 0..2000 {
                PAGE.change_rate(counter, Rate::from_hz(900_000_000 + n * 100_000));
            }
            DONE.store(true, Ordering::Relaxed);
        });
    }
}
