//! virtio devices that are simply there, at an address (virtio 1.2, section 4.2): told on the
//! command line as for Linux, `virtio_mmio.device=<size>@<base>:<irq>`, which QEMU's microvm adds
//! by itself where it has no ACPI.
//!
//! With ACPI, microvm tells in AML alone; its slots are at known places then.

use crate::acpi;

const PARAMETER: &str = "virtio_mmio.device=";

/// QEMU's microvm (hw/i386/microvm.c): slots and their lines.
mod microvm {
    pub const BASE: u64 = 0xfeb0_0000;
    pub const SIZE: u64 = 512;
    /// With two I/O APICs: as many slots as the second has lines, on these.
    pub const SLOTS_WITH_SECOND_IO_APIC: u32 = 24;
    pub const FIRST_GSI_WITH_SECOND_IO_APIC: u32 = 24;
    /// With one.
    pub const SLOTS: u32 = 8;
    pub const FIRST_GSI: u32 = 16;
}

/// A place where a virtio-mmio device is, or may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Physical address of its registers.
    pub base: u64,
    /// Length of its registers in bytes.
    pub size: u64,
    /// Its interrupt line.
    pub gsi: u32,
}

/// The slots of this machine.
pub fn slots() -> impl Iterator<Item = Slot> {
    let told = from_cmdline(&crate::boot::info().cmdline);
    let is_microvm_with_acpi = acpi::fadt().is_some_and(|fadt| fadt.hardware_reduced);
    let (count, first_gsi) = match acpi::io_apics().count() {
        _ if !is_microvm_with_acpi => (0, 0),
        0 | 1 => (microvm::SLOTS, microvm::FIRST_GSI),
        _ => (microvm::SLOTS_WITH_SECOND_IO_APIC, microvm::FIRST_GSI_WITH_SECOND_IO_APIC),
    };
    let known = (0..count).map(move |n| Slot {
        base: microvm::BASE + u64::from(n) * microvm::SIZE,
        size: microvm::SIZE,
        gsi: first_gsi + n,
    });
    told.chain(known)
}

/// The slots that a command line tells of; what cannot be understood is skipped. What follows
/// ` -- ` is the program's, but the hypervisor adds its own at the very end.
pub fn from_cmdline(cmdline: &str) -> impl Iterator<Item = Slot> + '_ {
    cmdline
        .split_ascii_whitespace()
        .filter_map(|word| word.strip_prefix(PARAMETER))
        .filter_map(parse)
}

fn parse(value: &str) -> Option<Slot> {
    let (size, rest) = value.split_once('@')?;
    let mut rest = rest.split(':');
    let (base, gsi) = (number(rest.next()?)?, number(rest.next()?)?);
    let gsi = u32::try_from(gsi).ok()?;
    Some(Slot { base, size: size_in_bytes(size)?, gsi })
}

/// Linux's memparse: a number with an optional K, M or G.
fn size_in_bytes(text: &str) -> Option<u64> {
    let (digits, shift) = match text.as_bytes().last()? {
        b'K' | b'k' => (&text[..text.len() - 1], 10),
        b'M' | b'm' => (&text[..text.len() - 1], 20),
        b'G' | b'g' => (&text[..text.len() - 1], 30),
        _ => (text, 0),
    };
    number(digits)?.checked_mul(1 << shift)
}

/// Decimal, 0x hexadecimal or 0 octal.
fn number(text: &str) -> Option<u64> {
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return u64::from_str_radix(digits, 16).ok();
    }
    match text.strip_prefix('0') {
        Some(digits) if !digits.is_empty() => u64::from_str_radix(digits, 8).ok(),
        _ => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_qemu_appends() {
        let line = "quiet virtio_mmio.device=512@0xfeb00e00:12 virtio_mmio.device=4K@0x1000:0x11:3";
        let slots: Vec<Slot> = from_cmdline(line).collect();
        assert_eq!(
            slots,
            [
                Slot { base: 0xfeb0_0e00, size: 512, gsi: 12 },
                Slot { base: 0x1000, size: 4096, gsi: 17 },
            ]
        );
    }

    #[test]
    fn nonsense_is_skipped() {
        for word in
            ["512", "@1:2", "512@0x1000", "512@x:2", "512@1:99999999999", "9999999999999999G@1:2"]
        {
            assert_eq!(parse(word), None, "{word}");
        }
    }
}
