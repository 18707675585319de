//! The battery clock, a Motorola MC146818 and its likes. It is taken to run in UTC, as QEMU's
//! does by default.

use super::port;
use crate::time::NANOS_PER_SEC;
use crate::time::cmos::Registers;

const INDEX: u16 = 0x70;
const DATA: u16 = 0x71;

const SECONDS: u8 = 0x00;
const MINUTES: u8 = 0x02;
const HOURS: u8 = 0x04;
const DAY: u8 = 0x07;
const MONTH: u8 = 0x08;
const YEAR: u8 = 0x09;
const STATUS_A: u8 = 0x0a;
const STATUS_B: u8 = 0x0b;
/// By convention; the FADT can name another place, and none does.
const CENTURY: u8 = 0x32;

const UPDATE_IN_PROGRESS: u8 = 1 << 7;
/// Looks at the update flag: an update takes 2 ms at most, a port access about 1 µs.
const MAX_WAIT: u32 = 10_000;
const MAX_TRIES: u32 = 8;

/// Nanoseconds since the epoch, to the second; `None` if there is no such clock or it tells
/// nonsense.
pub fn read() -> Option<u64> {
    let mut last = None;
    for _ in 0..MAX_TRIES {
        let registers = read_once()?;
        // The same twice: no update came between.
        if last == Some(registers) {
            return registers.seconds_since_epoch().map(|seconds| seconds * NANOS_PER_SEC);
        }
        last = Some(registers);
    }
    None
}

fn register(index: u8) -> u8 {
    port::out8(INDEX, index);
    port::in8(DATA)
}

fn read_once() -> Option<Registers> {
    (0..MAX_WAIT).find(|_| register(STATUS_A) & UPDATE_IN_PROGRESS == 0)?;
    Some(Registers {
        second: register(SECONDS),
        minute: register(MINUTES),
        hour: register(HOURS),
        day: register(DAY),
        month: register(MONTH),
        year: register(YEAR),
        century: register(CENTURY),
        status_b: register(STATUS_B),
    })
}
