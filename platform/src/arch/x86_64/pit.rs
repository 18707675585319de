//! The 8254 interval timer, to measure the counter with where nothing else tells its rate.

use super::{clock, port};
use crate::time::page::Rate;

const CHANNEL_2: u16 = 0x42;
const COMMAND: u16 = 0x43;
/// Bit 0 gates channel 2, bit 1 the speaker, bit 5 is channel 2's output.
const CONTROL: u16 = 0x61;
const GATE: u8 = 1 << 0;
const SPEAKER: u8 = 1 << 1;
/// Channel 2, low then high byte, mode 0 (count down once), binary.
const COUNT_DOWN: u8 = 0b1011_0000;
/// Latch channel 2's count.
const LATCH: u8 = 0b1000_0000;
const HZ: u64 = 1_193_182;
/// About 1.5 ms.
const MEASURE_TICKS: u16 = 1_800;
/// Looks before a machine is taken to have no interval timer.
const MAX_LOOKS: u32 = 100_000;
/// A guess that is wrong, but lets time go on.
const DEFAULT_HZ: u64 = 2_000_000_000;

/// The counter's rate: the middle one of three measurements, for a hypervisor may take the CPU
/// away in the midst of one. Takes about 5 ms.
pub fn measure_counter() -> Rate {
    let control = port::in8(CONTROL);
    port::out8(CONTROL, control & !SPEAKER | GATE);
    port::out8(COMMAND, COUNT_DOWN);
    port::out8(CHANNEL_2, 0xff);
    port::out8(CHANNEL_2, 0xff);
    let mut rates = [measure(), measure(), measure()];
    port::out8(CONTROL, control);
    rates.sort_unstable_by_key(|rate| rate.map(Rate::hz));
    rates[1].unwrap_or(Rate::from_hz(DEFAULT_HZ))
}

fn measure() -> Option<Rate> {
    let (start, first) = look();
    for _ in 0..MAX_LOOKS {
        let (now, ticks) = look();
        let ticks = first.wrapping_sub(ticks);
        if ticks >= MEASURE_TICKS {
            return Some(Rate::from_ratio(now - start, u64::from(ticks), HZ));
        }
    }
    None
}

/// Counter and timer at one moment: the closer of two looks.
fn look() -> (u64, u16) {
    let once = || {
        let before = clock::counter();
        let ticks = count();
        let gap = clock::counter() - before;
        (gap, before + gap / 2, ticks)
    };
    let (_, counter, ticks) = once().min(once());
    (counter, ticks)
}

fn count() -> u16 {
    port::out8(COMMAND, LATCH);
    u16::from_le_bytes([port::in8(CHANNEL_2), port::in8(CHANNEL_2)])
}
