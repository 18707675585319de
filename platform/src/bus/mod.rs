//! Buses: where devices are looked for. [`pci`] by its configuration space; [`mmio`] by the
//! kernel's command line, or at the places where QEMU's microvm has its slots.

#![cfg_attr(
    not(target_os = "none"),
    allow(dead_code, unused_imports, reason = "a host has no such devices; tests use parts")
)]

pub mod mmio;
pub mod pci;
