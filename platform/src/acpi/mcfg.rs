//! The MCFG (PCI firmware specification 3.3, section 4.1.2): memory-mapped configuration space.

use super::tables::{HEADER, u16_at, u64_at};

const ENTRIES_AT: usize = HEADER + 8;
const ENTRY: usize = 16;

/// A memory-mapped configuration space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ecam {
    /// Physical address where bus 0 is or would be.
    pub base: u64,
    /// First bus.
    pub first_bus: u8,
    /// Last bus.
    pub last_bus: u8,
}

/// The space of segment 0.
pub fn segment_zero(table: &[u8]) -> Option<Ecam> {
    table.get(ENTRIES_AT..)?.chunks_exact(ENTRY).find_map(|entry| {
        let (&first_bus, &last_bus) = (entry.get(10)?, entry.get(11)?);
        (u16_at(entry, 8)? == 0 && first_bus <= last_bus).then_some(Ecam {
            base: u64_at(entry, 0)?,
            first_bus,
            last_bus,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_segment_zero() {
        let mut bytes = vec![0; ENTRIES_AT];
        bytes.extend([0, 0, 0, 0xc0, 0, 0, 0, 0, 1, 0, 0, 255, 0, 0, 0, 0]);
        assert_eq!(segment_zero(&bytes), None);
        bytes.extend([0, 0, 0, 0xb0, 0, 0, 0, 0, 0, 0, 0, 255, 0, 0, 0, 0]);
        assert_eq!(
            segment_zero(&bytes),
            Some(Ecam { base: 0xb000_0000, first_bus: 0, last_bus: 255 })
        );
        assert_eq!(segment_zero(&bytes[..20]), None);
    }
}
