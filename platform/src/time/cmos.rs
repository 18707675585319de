//! The registers of a PC's battery clock (Motorola MC146818), decoded.

#![cfg_attr(not(target_os = "none"), allow(dead_code, reason = "a host has no such clock"))]

use super::seconds_since_epoch;

const BINARY: u8 = 1 << 2;
const HOURS_24: u8 = 1 << 1;
const PM: u8 = 1 << 7;

/// The registers of one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registers {
    /// Seconds, 0–59.
    pub second: u8,
    /// Minutes, 0–59.
    pub minute: u8,
    /// Hours; with the top bit for the afternoon in 12-hour mode.
    pub hour: u8,
    /// Day of the month, from 1.
    pub day: u8,
    /// Month, from 1.
    pub month: u8,
    /// Year of the century.
    pub year: u8,
    /// Century, by convention.
    pub century: u8,
    /// Status register B: how the others are coded.
    pub status_b: u8,
}

impl Registers {
    /// Seconds since the epoch, if they tell a moment.
    pub fn seconds_since_epoch(&self) -> Option<u64> {
        let r = self;
        let number = |value: u8| {
            u64::from(if r.status_b & BINARY != 0 {
                value
            } else {
                (value >> 4) * 10 + (value & 0xf)
            })
        };
        let mut hour = number(r.hour & !PM);
        if r.status_b & HOURS_24 == 0 {
            hour = hour % 12 + if r.hour & PM != 0 { 12 } else { 0 };
        }
        // Machines without the century's register are of this century.
        let century = Some(number(r.century)).filter(|c| (19..=99).contains(c)).unwrap_or(20);
        let year = century * 100 + number(r.year);
        seconds_since_epoch(
            year,
            number(r.month),
            number(r.day),
            hour,
            number(r.minute),
            number(r.second),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Registers = Registers {
        second: 0x59,
        minute: 0x58,
        hour: 0x12,
        day: 0x21,
        month: 0x11,
        year: 0x26,
        century: 0x20,
        status_b: HOURS_24,
    };

    #[test]
    fn codings() {
        let seconds = seconds_since_epoch(2026, 11, 21, 12, 58, 59);
        assert!(seconds.is_some());
        assert_eq!(NOON.seconds_since_epoch(), seconds);
        let twelve = Registers { hour: 0x12 | PM, status_b: 0, ..NOON };
        assert_eq!(twelve.seconds_since_epoch(), seconds);
        let midnight = Registers { hour: 0x12, status_b: 0, ..NOON };
        assert_eq!(midnight.seconds_since_epoch(), seconds.map(|s| s - 12 * 3600));
        let evening = Registers { hour: 0x11 | PM, status_b: 0, ..NOON };
        assert_eq!(evening.seconds_since_epoch(), seconds.map(|s| s + 11 * 3600));
        let binary = Registers {
            second: 59,
            minute: 58,
            hour: 12,
            day: 21,
            month: 11,
            year: 26,
            century: 20,
            status_b: HOURS_24 | BINARY,
        };
        assert_eq!(binary.seconds_since_epoch(), seconds);
        assert_eq!(Registers { century: 0, ..NOON }.seconds_since_epoch(), seconds);
        assert_eq!(Registers { century: 0xff, ..NOON }.seconds_since_epoch(), seconds);
    }

    #[test]
    fn no_clock() {
        let absent = Registers {
            second: 0xff,
            minute: 0xff,
            hour: 0xff,
            day: 0xff,
            month: 0xff,
            year: 0xff,
            century: 0xff,
            status_b: 0xff,
        };
        assert_eq!(absent.seconds_since_epoch(), None);
        assert_eq!(Registers { month: 0, ..NOON }.seconds_since_epoch(), None);
    }
}
