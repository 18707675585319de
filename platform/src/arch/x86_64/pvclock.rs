//! KVM's paravirtual clock (Linux, Documentation/virt/kvm/x86/msr.rst): the counter's rate and
//! the time of day.
//!
//! It is asked, not subscribed to: the host writes the structure when the MSR is written, and
//! afterwards the MSR is switched off, so that the host writes to no memory of ours later. The
//! clock itself is the counter, which KVM keeps at one rate (it scales it after a migration where
//! the hardware can).

use super::{clock, hypervisor, msr};
use crate::mm::Frame;
use crate::time::NANOS_PER_SEC;
use crate::time::page::Rate;
use crate::time::pvclock::TimeInfo;

const MSR_WALL_CLOCK: u32 = 0x4b56_4d00;
const MSR_SYSTEM_TIME: u32 = 0x4b56_4d01;
const SYSTEM_TIME_ENABLE: u64 = 1;
const FEATURE_CLOCKSOURCE2: u32 = 1 << 3;

/// Where in the frame each structure is asked for.
const TIME_AT: usize = 0;
const WALL_AT: usize = 64;

fn ask(frame: &Frame) -> Option<TimeInfo> {
    let address = frame.phys() + TIME_AT as u64;
    msr::write(MSR_SYSTEM_TIME, address | SYSTEM_TIME_ENABLE);
    let mut bytes = [0; TimeInfo::LEN];
    frame.read(TIME_AT, &mut bytes);
    msr::write(MSR_SYSTEM_TIME, 0);
    TimeInfo::parse(&bytes)
}

fn offered() -> bool {
    hypervisor::kvm_features() & FEATURE_CLOCKSOURCE2 != 0
}

/// The counter's rate, where KVM tells.
pub fn rate() -> Option<Rate> {
    if !offered() {
        return None;
    }
    let frame = Frame::zeroed()?;
    ask(&frame)?.hz().map(Rate::from_hz)
}

/// Nanoseconds since the epoch, where KVM tells.
pub fn wall() -> Option<u64> {
    if !offered() {
        return None;
    }
    let frame = Frame::zeroed()?;
    let info = ask(&frame)?;
    msr::write(MSR_WALL_CLOCK, frame.phys() + WALL_AT as u64);
    // version, seconds, nanoseconds: the time of day when KVM's clock began.
    let mut words = [0; 12];
    frame.read(WALL_AT, &mut words);
    let word = |n: usize| words[4 * n..].first_chunk().map_or(0, |b| u32::from_le_bytes(*b));
    if word(0) == 0 || word(0) & 1 != 0 {
        return None;
    }
    let began = u64::from(word(1)) * NANOS_PER_SEC + u64::from(word(2));
    Some(began.wrapping_add(info.at(clock::counter())))
}
