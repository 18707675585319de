//! Finding virtio devices, once, on all buses; drivers then [`take`] those of their kind.

use super::transport::Transport;
use crate::sync::{Once, SpinLock};
use alloc::vec::Vec;

/// Kinds of devices (virtio 1.2, chapter 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum DeviceKind {
    /// A network card.
    Net = 1,
    /// An entropy source.
    Entropy = 4,
}

static FOUND: Once<SpinLock<Vec<(u32, Transport)>>> = Once::new();

/// The devices of kind `kind` that nobody has taken, in discovery order.
pub fn take(kind: DeviceKind) -> Vec<Transport> {
    let mut found = FOUND.call_once(|| SpinLock::new(find_all())).lock();
    let (taken, left) = found.drain(..).partition(|(id, _)| *id == kind as u32);
    *found = left;
    taken.into_iter().map(|(_, transport): (u32, Transport)| transport).collect()
}

#[cfg(target_os = "none")]
fn find_all() -> Vec<(u32, Transport)> {
    use super::mmio::MmioTransport;
    use super::pci::{self, PciTransport};
    use crate::bus;

    let mut found = Vec::new();
    for slot in bus::mmio::slots() {
        match MmioTransport::probe(slot) {
            Ok(Some((id, transport))) => found.push((id, Transport::Mmio(transport))),
            Ok(None) => {}
            Err(error) => log::warn!("virtio device at MMIO {:#x}: {error}", slot.base),
        }
    }
    for function in bus::pci::functions() {
        let Some(id) = pci::device_id(&function) else { continue };
        match PciTransport::open(&function) {
            Ok(transport) => found.push((id, Transport::Pci(transport))),
            Err(error) => log::warn!("virtio device at PCI {}: {error}", function.address),
        }
    }
    found
}

#[cfg(not(target_os = "none"))]
fn find_all() -> Vec<(u32, Transport)> {
    Vec::new()
}
