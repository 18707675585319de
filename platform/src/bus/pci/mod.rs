//! PCI: configuration space ([`config`]), the devices on the buses ([`scan`]), their memory
//! windows ([`bar`]), capabilities and message interrupts ([`msix`]).
//!
//! Interrupt pins are not used: which line they reach is told in AML only. Devices without MSI-X
//! are refused by name.

mod bar;
mod config;
mod function;
mod msix;
mod scan;

pub use config::{Address, ConfigSpace};
pub use function::{Capability, Function, VENDOR_SPECIFIC};
pub use msix::Msix;
pub use scan::functions;

#[cfg(test)]
pub(crate) use config::mock;
