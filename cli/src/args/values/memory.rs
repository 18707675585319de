//! [`MemorySize`].

use std::fmt;
use std::str::FromStr;

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// The least memory a machine may be given, in bytes.
const MEMORY_MIN: u64 = MIB;
/// The most memory a machine may be given, in bytes.
const MEMORY_MAX: u64 = 1024 * GIB;

/// An amount of memory in bytes, a multiple of a KiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MemorySize(u64);

impl MemorySize {
    /// The amount in bytes.
    pub fn bytes(self) -> u64 {
        self.0
    }

    /// Takes a number of bytes, rounded up to whole MiB and kept within what a machine can have.
    pub fn from_bytes(bytes: u64) -> Self {
        let whole = bytes.checked_next_multiple_of(MIB).unwrap_or(MEMORY_MAX);
        Self(whole.clamp(MEMORY_MIN, MEMORY_MAX))
    }
}

impl fmt::Display for MemorySize {
    /// As QEMU's `-m` takes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_multiple_of(MIB) {
            write!(f, "{}M", self.0 / MIB)
        } else {
            write!(f, "{}K", self.0 / KIB)
        }
    }
}

impl FromStr for MemorySize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("'{text}' is not a size such as 64M, 512K or 1G");
        let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (digits, unit) = text.split_at(split);
        let number: u64 = digits.parse().map_err(|_| expected())?;
        let unit = match unit.to_ascii_uppercase().trim_end_matches('B').trim_end_matches('I') {
            "" | "M" => MIB,
            "K" => KIB,
            "G" => GIB,
            _ => return Err(expected()),
        };
        match number.checked_mul(unit) {
            Some(bytes) if (MEMORY_MIN..=MEMORY_MAX).contains(&bytes) => Ok(Self(bytes)),
            _ => Err(format!("'{text}' is not between 1M and 1024G")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_sizes() {
        let bytes = |text: &str| text.parse::<MemorySize>().map(|size| size.0);
        assert_eq!(bytes("64"), Ok(64 * MIB));
        assert_eq!(bytes("64M"), Ok(64 * MIB));
        assert_eq!(bytes("64MiB"), Ok(64 * MIB));
        assert_eq!(bytes("4096k"), Ok(4 * MIB));
        assert_eq!(bytes("2G"), Ok(2 * GIB));
        for wrong in ["", "M", "1X", "-1", "512K", "0", "99999999999999G", "1.5G"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
        assert_eq!("2048K".parse::<MemorySize>().unwrap().to_string(), "2M");
        assert_eq!(MemorySize::from_bytes(MIB + 1).to_string(), "2M");
        assert_eq!(MemorySize::from_bytes(u64::MAX).0, MEMORY_MAX);
    }
}
