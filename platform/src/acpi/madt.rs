//! The MADT (ACPI 6.5, section 5.2.12): CPUs, I/O APICs, ISA interrupt overrides.

use super::tables::{HEADER, u16_at, u32_at};
use crate::irq::{Polarity, Trigger};

/// Entries follow the header, the local APIC's address and the flags.
const ENTRIES_AT: usize = HEADER + 8;
const ENTRY_HEADER: usize = 2;

const TYPE_CPU: u8 = 0;
const TYPE_IO_APIC: u8 = 1;
const TYPE_OVERRIDE: u8 = 2;
const TYPE_X2APIC_CPU: u8 = 9;
const CPU_ENABLED: u32 = 1 << 0;

/// An I/O APIC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IoApicEntry {
    /// Physical address of its registers.
    pub address: u64,
    /// Global number of its first line.
    pub first_gsi: u32,
}

/// An ISA interrupt that is not where it is by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OverrideEntry {
    /// The ISA interrupt.
    pub source: u8,
    /// The line it is on.
    pub gsi: u32,
    /// How it triggers.
    pub trigger: Trigger,
    /// Its active state.
    pub polarity: Polarity,
}

/// What Elfin knows of the table's entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A usable CPU.
    Cpu {
        /// Its APIC ID.
        apic_id: u32,
    },
    /// An I/O APIC.
    IoApic(IoApicEntry),
    /// An ISA interrupt override.
    Override(OverrideEntry),
    /// Anything else.
    Other,
}

/// The entries of the table with these bytes; stops at one that is not whole.
pub fn entries(table: &[u8]) -> impl Iterator<Item = Entry> + '_ {
    let mut rest = table.get(ENTRIES_AT..).unwrap_or(&[]);
    core::iter::from_fn(move || {
        let length = usize::from(*rest.get(1)?);
        if length < ENTRY_HEADER {
            return None;
        }
        let entry = rest.get(..length)?;
        rest = rest.get(length..)?;
        Some(parse(entry).unwrap_or(Entry::Other))
    })
}

fn parse(entry: &[u8]) -> Option<Entry> {
    Some(match *entry.first()? {
        TYPE_CPU if u32_at(entry, 4)? & CPU_ENABLED != 0 => {
            Entry::Cpu { apic_id: u32::from(*entry.get(3)?) }
        }
        TYPE_X2APIC_CPU if u32_at(entry, 8)? & CPU_ENABLED != 0 => {
            Entry::Cpu { apic_id: u32_at(entry, 4)? }
        }
        TYPE_IO_APIC => Entry::IoApic(IoApicEntry {
            address: u64::from(u32_at(entry, 4)?),
            first_gsi: u32_at(entry, 8)?,
        }),
        TYPE_OVERRIDE => {
            let flags = u16_at(entry, 8)?;
            Entry::Override(OverrideEntry {
                source: *entry.get(3)?,
                gsi: u32_at(entry, 4)?,
                // 0 means "as the bus does": ISA is edge, active high.
                polarity: if flags & 0b11 == 0b11 { Polarity::Low } else { Polarity::High },
                trigger: if flags >> 2 & 0b11 == 0b11 { Trigger::Level } else { Trigger::Edge },
            })
        }
        _ => Entry::Other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(entries: &[&[u8]]) -> Vec<u8> {
        let mut bytes = vec![0; ENTRIES_AT];
        entries.iter().for_each(|entry| bytes.extend_from_slice(entry));
        bytes
    }

    #[test]
    fn what_qemu_writes() {
        let bytes = table(&[
            &[0, 8, 0, 0, 1, 0, 0, 0],
            &[0, 8, 1, 1, 0, 0, 0, 0], // not enabled
            &[1, 12, 0, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0],
            &[2, 10, 0, 9, 9, 0, 0, 0, 0xf, 0],
            &[4, 6, 0xff, 0, 0, 1],
        ]);
        let found: Vec<Entry> = entries(&bytes).collect();
        assert_eq!(
            found,
            [
                Entry::Cpu { apic_id: 0 },
                Entry::Other,
                Entry::IoApic(IoApicEntry { address: 0xfec0_0000, first_gsi: 0 }),
                Entry::Override(OverrideEntry {
                    source: 9,
                    gsi: 9,
                    trigger: Trigger::Level,
                    polarity: Polarity::Low
                }),
                Entry::Other,
            ]
        );
    }

    #[test]
    fn broken_tables_end() {
        assert_eq!(entries(&[]).count(), 0);
        assert_eq!(entries(&table(&[&[0, 0, 0, 0]])).count(), 0, "no progress");
        assert_eq!(entries(&table(&[&[1, 12, 0]])).count(), 0, "cut short");
        assert_eq!(entries(&table(&[&[1, 4, 0, 0]])).next(), Some(Entry::Other), "too short");
    }
}
