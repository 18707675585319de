//! virtio over PCI, modern (virtio 1.2, section 4.1): structures in the function's windows, which
//! vendor-specific capabilities point to; interrupts by MSI-X, one message for the device.

use super::interrupt::Interrupt;
use super::queue::QueueAddresses;
use super::transport::{Notifier, SetupError};
use crate::bus::pci::{Address, Capability, Function, Msix, VENDOR_SPECIFIC};
use crate::drivers::Window;
use crate::irq;

/// Who virtio's PCI devices belong to.
pub const VENDOR: u16 = 0x1af4;
/// Device IDs of modern devices are this plus the device's kind.
pub const MODERN_BASE: u16 = 0x1040;
/// Device IDs of transitional devices; their kind is the subsystem's device ID.
pub const TRANSITIONAL: core::ops::RangeInclusive<u16> = 0x1000..=0x103f;

const CAP_COMMON: u8 = 1;
const CAP_NOTIFY: u8 = 2;
const CAP_DEVICE: u8 = 4;

/// Registers of a capability, from its start.
const CAP_BAR: u8 = 4;
const CAP_OFFSET: u8 = 8;
const CAP_LENGTH: u8 = 12;
const CAP_NOTIFY_MULTIPLIER: u8 = 16;

/// The common configuration structure (section 4.1.4.3).
const DEVICE_FEATURE_SELECT: usize = 0;
const DEVICE_FEATURE: usize = 4;
const DRIVER_FEATURE_SELECT: usize = 8;
const DRIVER_FEATURE: usize = 12;
const CONFIG_VECTOR: usize = 16;
const DEVICE_STATUS: usize = 20;
const QUEUE_SELECT: usize = 22;
const QUEUE_SIZE: usize = 24;
const QUEUE_VECTOR: usize = 26;
const QUEUE_ENABLE: usize = 28;
const QUEUE_NOTIFY_OFF: usize = 30;
const QUEUE_DESCRIPTORS: usize = 32;
const QUEUE_AVAILABLE: usize = 40;
const QUEUE_USED: usize = 48;
const COMMON_LEN: usize = 56;

/// The one entry of the message table that is used.
const MESSAGE: u16 = 0;

/// A device on PCI.
pub struct PciTransport {
    address: Address,
    common: Window,
    notify: Window,
    notify_multiplier: usize,
    config: Window,
    msix: Msix,
}

/// The kind of virtio device that `function` is, if it is one.
pub fn device_id(function: &Function<'_>) -> Option<u32> {
    if function.vendor != VENDOR {
        return None;
    }
    if TRANSITIONAL.contains(&function.device) {
        return Some(u32::from(function.subsystem()));
    }
    let kind = function.device.checked_sub(MODERN_BASE)?;
    (1..0x40).contains(&kind).then_some(u32::from(kind))
}

impl PciTransport {
    /// Finds the device's structures.
    #[cfg(target_os = "none")]
    pub fn open(function: &Function<'_>) -> Result<Self, SetupError> {
        let map = |place: Place| {
            let bar = function.bar(place.bar)?;
            let end = u64::from(place.offset) + u64::from(place.len);
            (end <= bar.size)
                .then(|| Window::map(bar.address + u64::from(place.offset), place.len as usize))
        };
        let common = place(function, CAP_COMMON).ok_or(SetupError::Legacy)?;
        let common = map(common)
            .filter(|window| window.len() >= COMMON_LEN)
            .ok_or(SetupError::Malformed("common configuration"))?;
        let notify =
            place(function, CAP_NOTIFY).ok_or(SetupError::Malformed("notification area"))?;
        let config = place(function, CAP_DEVICE).and_then(map);
        let opened = Self {
            address: function.address,
            common,
            notify: map(notify).ok_or(SetupError::Malformed("notification area"))?,
            notify_multiplier: notify.multiplier as usize,
            config: config.ok_or(SetupError::Malformed("device configuration"))?,
            msix: Msix::enable(function).ok_or(SetupError::NoMessages)?,
        };
        function.enable();
        Ok(opened)
    }

    /// Where on the bus.
    pub fn address(&self) -> Address {
        self.address
    }

    pub(super) fn status(&self) -> u8 {
        self.common.read8(DEVICE_STATUS)
    }

    pub(super) fn set_status(&mut self, status: u8) {
        self.common.write8(DEVICE_STATUS, status);
    }

    pub(super) fn device_features(&self) -> u64 {
        let half = |n: u32| {
            self.common.write32(DEVICE_FEATURE_SELECT, n);
            u64::from(self.common.read32(DEVICE_FEATURE))
        };
        half(0) | half(1) << 32
    }

    pub(super) fn set_driver_features(&mut self, features: u64) {
        for (n, half) in [(0, features as u32), (1, (features >> 32) as u32)] {
            self.common.write32(DRIVER_FEATURE_SELECT, n);
            self.common.write32(DRIVER_FEATURE, half);
        }
    }

    pub(super) fn max_queue_size(&self, index: u16) -> u16 {
        self.common.write16(QUEUE_SELECT, index);
        self.common.read16(QUEUE_SIZE)
    }

    pub(super) fn enable_queue(
        &mut self,
        index: u16,
        size: u16,
        at: QueueAddresses,
    ) -> Result<Notifier, SetupError> {
        let common = &self.common;
        common.write16(QUEUE_SELECT, index);
        common.write16(QUEUE_SIZE, size);
        common.write64(QUEUE_DESCRIPTORS, at.descriptors);
        common.write64(QUEUE_AVAILABLE, at.available);
        common.write64(QUEUE_USED, at.used);
        common.write16(QUEUE_VECTOR, MESSAGE);
        if common.read16(QUEUE_VECTOR) != MESSAGE {
            return Err(SetupError::NoMessages);
        }
        let offset = usize::from(common.read16(QUEUE_NOTIFY_OFF))
            .checked_mul(self.notify_multiplier)
            .ok_or(SetupError::Malformed("notification offset"))?;
        let bell =
            self.notify.part(offset, 2).ok_or(SetupError::Malformed("notification offset"))?;
        common.write16(QUEUE_ENABLE, 1);
        Ok(Notifier::new(bell, index, false))
    }

    pub(super) fn enable_interrupt(&mut self, interrupt: Interrupt) -> Result<(), SetupError> {
        let vector = interrupt.allocate().map_err(SetupError::Interrupt)?;
        if !self.msix.set(MESSAGE, irq::msi_message(vector)) {
            return Err(SetupError::NoMessages);
        }
        self.common.write16(CONFIG_VECTOR, MESSAGE);
        if self.common.read16(CONFIG_VECTOR) != MESSAGE {
            return Err(SetupError::NoMessages);
        }
        Ok(())
    }

    pub(super) fn config(&self) -> Window {
        self.config
    }
}

/// Where a structure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    bar: u8,
    offset: u32,
    len: u32,
    multiplier: u32,
}

/// The first place in memory that the function names for structure `kind`: it may offer several,
/// the better ones first.
fn place(function: &Function<'_>, kind: u8) -> Option<Place> {
    function
        .capabilities()
        .filter(|capability| capability.id == VENDOR_SPECIFIC)
        .find_map(|capability| structure(function, capability, kind))
}

fn structure(function: &Function<'_>, capability: Capability, kind: u8) -> Option<Place> {
    let [_len, this_kind] = capability.head.to_le_bytes();
    if this_kind != kind {
        return None;
    }
    let read = |register| Some(function.read(capability.at.checked_add(register)?));
    let place = Place {
        bar: read(CAP_BAR)? as u8,
        offset: read(CAP_OFFSET)?,
        len: read(CAP_LENGTH)?,
        multiplier: if kind == CAP_NOTIFY { read(CAP_NOTIFY_MULTIPLIER)? } else { 0 },
    };
    // Structures behind ports are for firmware; there is another in memory.
    function.bar(place.bar).map(|_| place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::pci::mock::Mock;

    const HERE: Address = Address { bus: 0, device: 3, function: 0 };

    fn device(vendor_device: u32) -> Mock {
        let mut mock = Mock::default();
        mock.set(HERE, 0, vendor_device);
        mock.set(HERE, 4, 1 << 20);
        mock.set(HERE, 0x34, 0x40);
        mock
    }

    #[test]
    fn kinds() {
        let mut transitional = device(0x1000_1af4);
        transitional.set(HERE, 0x2c, 0x0001_1af4);
        for (mock, kind) in [
            (transitional, Some(1)),
            (device(0x1044_1af4), Some(4)),
            (device(0x1040_1af4), None),
            (device(0x1100_1af4), None),
            (device(0x1041_8086), None),
        ] {
            assert_eq!(device_id(&Function::at(&mock, HERE).unwrap()), kind);
        }
    }

    #[test]
    fn structures_are_found_in_memory() {
        let mut mock = device(0x1041_1af4);
        mock.set(HERE, 0x10, 0xc001); // ports
        mock.set(HERE, 0x20, 0xfe00_000c);
        mock.limit(HERE, 0x20, 0xffff_c000);
        mock.set(HERE, 0x24, 0);
        mock.set(HERE, 0x40, 0x0214_5009); // notify, behind ports
        mock.set(HERE, 0x44, 0);
        mock.set(HERE, 0x50, 0x0214_6409); // notify, in memory
        mock.set(HERE, 0x54, 4);
        mock.set(HERE, 0x58, 0x3000);
        mock.set(HERE, 0x5c, 0x1000);
        mock.set(HERE, 0x60, 4);
        mock.set(HERE, 0x64, 0x0110_0009); // common: no more than the header
        let function = Function::at(&mock, HERE).unwrap();
        assert_eq!(
            place(&function, CAP_NOTIFY),
            Some(Place { bar: 4, offset: 0x3000, len: 0x1000, multiplier: 4 })
        );
        assert_eq!(place(&function, CAP_DEVICE), None);
    }
}
