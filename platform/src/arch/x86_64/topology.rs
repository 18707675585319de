//! Which CPUs the machine has: by ACPI's MADT, or on a machine without ACPI (microvm) by what
//! QEMU says in its configuration device.

use super::port;
use crate::acpi;
use alloc::vec::Vec;

/// QEMU's configuration device (docs/specs/fw_cfg).
const CONFIG_SELECTOR: u16 = 0x510;
const CONFIG_DATA: u16 = 0x511;
const KEY_SIGNATURE: u16 = 0x00;
const KEY_CPU_COUNT: u16 = 0x05;

/// The APIC IDs of all usable CPUs; empty if only the one that runs is known, or without memory.
pub fn apic_ids() -> Vec<u32> {
    let mut ids = Vec::new();
    let mut add = |id| ids.try_reserve(1).map(|()| ids.push(id)).is_ok();
    let mut by_acpi = false;
    for id in acpi::cpus() {
        by_acpi = true;
        if !add(id) {
            return Vec::new();
        }
    }
    if !by_acpi {
        // Without tables to say otherwise, QEMU numbers them from 0 without gaps.
        for id in 0..configured_count() {
            if !add(u32::from(id)) {
                return Vec::new();
            }
        }
    }
    ids
}

/// The number of CPUs as QEMU's configuration device says; 1 without it.
fn configured_count() -> u16 {
    if config::<4>(KEY_SIGNATURE) == *b"QEMU" {
        u16::from_le_bytes(config(KEY_CPU_COUNT)).max(1)
    } else {
        1
    }
}

fn config<const N: usize>(key: u16) -> [u8; N] {
    port::out16(CONFIG_SELECTOR, key);
    core::array::from_fn(|_| port::in8(CONFIG_DATA))
}
