//! The paravirtual clock's structure, which KVM and Xen share: how the counter's ticks become
//! nanoseconds.

#![cfg_attr(not(target_os = "none"), allow(dead_code, reason = "a host has no hypervisor to ask"))]

use super::NANOS_PER_SEC;

/// `struct pvclock_vcpu_time_info` (Linux, arch/x86/include/asm/pvclock-abi.h).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeInfo {
    tsc_timestamp: u64,
    system_time: u64,
    tsc_to_system_mul: u32,
    tsc_shift: i8,
}

impl TimeInfo {
    /// Length of the structure in bytes.
    pub const LEN: usize = 32;

    /// Reads the structure; `None` if it was never written (version 0), or is being written (an
    /// odd one).
    pub fn parse(bytes: &[u8; Self::LEN]) -> Option<Self> {
        let u32_at = |at: usize| bytes[at..].first_chunk().map_or(0, |b| u32::from_le_bytes(*b));
        let u64_at = |at: usize| bytes[at..].first_chunk().map_or(0, |b| u64::from_le_bytes(*b));
        let version = u32_at(0);
        if version == 0 || version & 1 != 0 {
            return None;
        }
        Some(Self {
            tsc_timestamp: u64_at(8),
            system_time: u64_at(16),
            tsc_to_system_mul: u32_at(24),
            tsc_shift: bytes[28] as i8,
        })
    }

    /// Counter ticks in a second: `ns = (ticks << shift) · mul >> 32`, solved for 10⁹ ns.
    pub fn hz(&self) -> Option<u64> {
        let mul = u64::from(self.tsc_to_system_mul);
        let hz = (NANOS_PER_SEC << 32).checked_div(mul)?;
        let shift = u32::from(self.tsc_shift.unsigned_abs());
        let hz = if self.tsc_shift >= 0 { hz.checked_shr(shift) } else { hz.checked_shl(shift) }?;
        (hz >= 1_000_000).then_some(hz)
    }

    /// KVM's nanoseconds since it began, when the counter is `tsc`.
    pub fn at(&self, tsc: u64) -> u64 {
        let ticks = u128::from(tsc.saturating_sub(self.tsc_timestamp));
        let shift = u32::from(self.tsc_shift.unsigned_abs()).min(63);
        let ticks = if self.tsc_shift >= 0 { ticks << shift } else { ticks >> shift };
        let ns = (ticks.wrapping_mul(u128::from(self.tsc_to_system_mul)) >> 32) as u64;
        self.system_time.wrapping_add(ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(version: u32, mul: u32, shift: i8) -> [u8; TimeInfo::LEN] {
        let mut bytes = [0; TimeInfo::LEN];
        bytes[..4].copy_from_slice(&version.to_le_bytes());
        bytes[8..16].copy_from_slice(&1_000_000u64.to_le_bytes());
        bytes[16..24].copy_from_slice(&777u64.to_le_bytes());
        bytes[24..28].copy_from_slice(&mul.to_le_bytes());
        bytes[28] = shift.cast_unsigned();
        bytes
    }

    #[test]
    fn what_kvm_writes() {
        // 2.4 GHz, 1 GHz, 500 MHz.
        for (mul, shift, hz) in [
            (0xd555_5555, -1, 2_400_000_000u64),
            (1 << 31, 1, 1_000_000_000),
            (1 << 31, 2, 500_000_000),
        ] {
            let info = TimeInfo::parse(&info(2, mul, shift)).unwrap();
            assert!(info.hz().unwrap().abs_diff(hz) < 10, "{hz} Hz: {:?}", info.hz());
            assert_eq!(info.at(1_000_000), 777);
            assert!(info.at(1_000_000 + hz).abs_diff(1_000_000_777) < 10);
            assert_eq!(info.at(0), 777, "an older counter");
        }
    }

    #[test]
    fn nonsense() {
        assert_eq!(TimeInfo::parse(&info(0, 1, 0)), None);
        assert_eq!(TimeInfo::parse(&info(3, 1, 0)), None);
        assert_eq!(TimeInfo::parse(&info(2, 0, 0)).unwrap().hz(), None);
        for shift in [i8::MIN, -64, 64, i8::MAX] {
            let info = TimeInfo::parse(&info(2, u32::MAX, shift)).unwrap();
            assert_eq!(info.hz(), None);
            info.at(u64::MAX);
        }
    }
}
