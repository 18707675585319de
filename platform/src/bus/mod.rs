//! Buses: where devices are looked for. [`pci`] by its configuration space; [`mmio`] by the
//! kernel's command line, or at the places where QEMU's microvm has its slots.

pub mod mmio;
pub mod pci;
