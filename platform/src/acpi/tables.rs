//! From the root pointer to a table's bytes. Lengths and checksums are checked: firmware makes
//! mistakes too.

use crate::sync::Once;
use alloc::vec::Vec;

/// Multiple APIC description table.
pub const MADT: [u8; 4] = *b"APIC";
/// PCI Express memory-mapped configuration.
pub const MCFG: [u8; 4] = *b"MCFG";
/// Fixed ACPI description table.
pub const FADT: [u8; 4] = *b"FACP";
/// Differentiated system description table.
pub const DSDT: [u8; 4] = *b"DSDT";

/// Length of the header that every table begins with.
pub const HEADER: usize = 36;
const LENGTH_AT: usize = 4;
const MAX_TABLE: usize = 1 << 20;
const MAX_TABLES: usize = 64;

const RSDP_V1: usize = 20;
const RSDP_V2: usize = 36;
const RSDP_REVISION_AT: usize = 15;
const RSDP_RSDT_AT: usize = 16;
const RSDP_XSDT_AT: usize = 24;

static TABLES: Once<Vec<&'static [u8]>> = Once::new();

/// The first table with `signature`.
pub fn find(signature: [u8; 4]) -> Option<&'static [u8]> {
    let tables = TABLES.call_once(|| root().unwrap_or_default());
    tables.iter().find(|table| table.starts_with(&signature)).copied()
}

/// The table at physical address `address`, if it is whole and has this signature.
pub fn at(address: u64, signature: [u8; 4]) -> Option<&'static [u8]> {
    let table = read_table(address)?;
    table.starts_with(&signature).then_some(table)
}

fn root() -> Option<Vec<&'static [u8]>> {
    let rsdp = crate::boot::info().rsdp?;
    let pointer = crate::arch::firmware_bytes(rsdp, RSDP_V2)?;
    let (address, wide) = root_table(pointer)?;
    let root = read_table(address)?;
    let tables = entries(root, wide).take(MAX_TABLES).filter_map(read_table).collect();
    Some(tables)
}

/// Where the root pointer says that the root table is, and whether its entries have 64 bits.
fn root_table(pointer: &[u8]) -> Option<(u64, bool)> {
    if !pointer.starts_with(b"RSD PTR ") || sum(pointer.get(..RSDP_V1)?) != 0 {
        return None;
    }
    let extended = *pointer.get(RSDP_REVISION_AT)? >= 2 && sum(pointer.get(..RSDP_V2)?) == 0;
    if extended {
        let xsdt = u64_at(pointer, RSDP_XSDT_AT)?;
        if xsdt != 0 {
            return Some((xsdt, true));
        }
    }
    Some((u64::from(u32_at(pointer, RSDP_RSDT_AT)?), false))
}

fn entries(root: &[u8], wide: bool) -> impl Iterator<Item = u64> {
    let size = if wide { 8 } else { 4 };
    root.get(HEADER..).unwrap_or(&[]).chunks_exact(size).filter_map(move |entry| {
        if wide { u64_at(entry, 0) } else { u32_at(entry, 0).map(u64::from) }
    })
}

fn read_table(address: u64) -> Option<&'static [u8]> {
    let header = crate::arch::firmware_bytes(address, HEADER)?;
    let length = u32_at(header, LENGTH_AT)? as usize;
    if !(HEADER..=MAX_TABLE).contains(&length) {
        return None;
    }
    let table = crate::arch::firmware_bytes(address, length)?;
    // The DSDT is long and only searched: its checksum would cost more than it tells.
    (table.starts_with(&DSDT) || sum(table) == 0).then_some(table)
}

fn sum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, &byte| sum.wrapping_add(byte))
}

/// The little-endian 16-bit number at `offset`.
pub fn u16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(offset..)?.first_chunk()?))
}

/// The little-endian 32-bit number at `offset`.
pub fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(offset..)?.first_chunk()?))
}

/// The little-endian 64-bit number at `offset`.
pub fn u64_at(bytes: &[u8], offset: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(offset..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rsdp(revision: u8, rsdt: u32, xsdt: u64) -> [u8; RSDP_V2] {
        let mut bytes = [0; RSDP_V2];
        bytes[..8].copy_from_slice(b"RSD PTR ");
        bytes[RSDP_REVISION_AT] = revision;
        bytes[16..20].copy_from_slice(&rsdt.to_le_bytes());
        bytes[20..24].copy_from_slice(&(RSDP_V2 as u32).to_le_bytes());
        bytes[24..32].copy_from_slice(&xsdt.to_le_bytes());
        bytes[8] = 0u8.wrapping_sub(sum(&bytes[..RSDP_V1]));
        bytes[32] = 0u8.wrapping_sub(sum(&bytes));
        bytes
    }

    #[test]
    fn root_pointer() {
        assert_eq!(root_table(&rsdp(0, 0x1000, 0x2000)), Some((0x1000, false)));
        assert_eq!(root_table(&rsdp(2, 0x1000, 0x2000)), Some((0x2000, true)));
        assert_eq!(root_table(&rsdp(2, 0x1000, 0)), Some((0x1000, false)));
        let mut broken = rsdp(0, 0x1000, 0);
        broken[17] ^= 1;
        assert_eq!(root_table(&broken), None);
        assert_eq!(root_table(b"RSD PTR "), None);
    }

    #[test]
    fn root_entries() {
        let mut root = vec![0; HEADER];
        root.extend([1, 0, 0, 0, 2, 0, 0, 0, 9]);
        assert_eq!(entries(&root, false).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(entries(&root, true).collect::<Vec<_>>(), [0x2_0000_0001]);
        assert_eq!(entries(&root[..10], true).count(), 0);
    }
}
