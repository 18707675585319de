//! The few ACPI tables that Elfin reads (ACPI specification 6.5, chapter 5): interrupt
//! controllers and CPUs (MADT), PCI configuration space (MCFG), power-off and reset (FADT).
//! No AML is interpreted; only the sleep type of `\_S5` is looked up in it.
//!
//! The tables are looked for at the first question. A machine without ACPI answers them all with
//! "nothing".
//!
//! Neighbours: [`madt`], [`mcfg`] and [`fadt`] take a table's bytes apart and run on the host.

#![cfg_attr(
    not(target_os = "none"),
    allow(dead_code, unused_imports, reason = "a host has no such devices; tests use parts")
)]

mod fadt;
mod madt;
mod mcfg;
mod tables;

pub use fadt::{Fadt, Register, Space};
pub use madt::{IoApicEntry, OverrideEntry};
pub use mcfg::Ecam;

use fadt::s5_sleep_type;
use madt::Entry;

/// The APIC IDs of the machine's usable CPUs.
pub fn cpus() -> impl Iterator<Item = u32> {
    madt_entries().filter_map(|entry| match entry {
        Entry::Cpu { apic_id } => Some(apic_id),
        _ => None,
    })
}

/// The I/O APICs of the machine.
pub fn io_apics() -> impl Iterator<Item = IoApicEntry> {
    madt_entries().filter_map(|entry| match entry {
        Entry::IoApic(found) => Some(found),
        _ => None,
    })
}

/// How ISA interrupt `irq` deviates from the usual, if it does.
pub fn isa_override(irq: u8) -> Option<OverrideEntry> {
    madt_entries().find_map(|entry| match entry {
        Entry::Override(found) if found.source == irq => Some(found),
        _ => None,
    })
}

/// Where PCI configuration space (segment 0) is memory-mapped.
pub fn ecam() -> Option<Ecam> {
    mcfg::segment_zero(tables::find(tables::MCFG)?)
}

/// The fixed hardware description.
pub fn fadt() -> Option<Fadt> {
    Fadt::parse(tables::find(tables::FADT)?)
}

/// The sleep type that switches the machine off.
pub fn power_off_type(fadt: &Fadt) -> Option<u8> {
    s5_sleep_type(tables::at(fadt.dsdt, tables::DSDT)?)
}

fn madt_entries() -> impl Iterator<Item = Entry> {
    madt::entries(tables::find(tables::MADT).unwrap_or(&[]))
}
