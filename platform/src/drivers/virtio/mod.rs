//! virtio devices (OASIS virtio 1.2), modern ones only: [`transport`]s over PCI and MMIO, the
//! split [`queue`], and the drivers.
//!
//! Rings and configuration are the device's to write: lengths, indices and offsets that come from
//! there are checked, and a device that breaks the rules is stopped by name.
//!
//! Own code and not a crate's, for what the rings are there for: message interrupts, event
//! indices, buffers that stay with their ring, and nothing allocated for a request.

#![cfg_attr(
    not(target_os = "none"),
    allow(dead_code, unused_imports, reason = "a host has no such devices; tests use parts")
)]

mod discover;
mod features;
mod interrupt;
mod mmio;
pub mod net;
mod pci;
mod queue;
pub mod rng;
mod transport;

#[cfg(test)]
mod mock;
