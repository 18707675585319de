//! [`Function`]: a device's registers in configuration space.

use super::config::{Address, ConfigSpace};
use core::iter;

const COMMAND_STATUS: u8 = 0x04;
const HEADER_TYPE: u8 = 0x0c;
const SUBSYSTEM: u8 = 0x2c;
const BRIDGE_BUSES: u8 = 0x18;
const CAPABILITIES: u8 = 0x34;

const COMMAND_MEMORY: u32 = 1 << 1;
const COMMAND_BUS_MASTER: u32 = 1 << 2;
const COMMAND_NO_PINS: u32 = 1 << 10;
/// The writable half: status bits are cleared by writing ones.
const COMMAND_MASK: u32 = 0xffff;
const STATUS_CAPABILITIES: u32 = 1 << 20;
const HEADER_MULTIFUNCTION: u32 = 1 << 23;
const HEADER_BRIDGE: u32 = 1;

/// Vendor ID where there is nobody.
const NO_VENDOR: u16 = 0xffff;
/// A list of 48 fills all of configuration space behind the header.
const MAX_CAPABILITIES: usize = 48;
const FIRST_CAPABILITY: u8 = 0x40;

/// Capability ID of vendors' own.
pub const VENDOR_SPECIFIC: u8 = 0x09;

/// A function of a device on the bus.
#[derive(Clone, Copy)]
pub struct Function<'a> {
    space: &'a dyn ConfigSpace,
    /// Where it is.
    pub address: Address,
    /// Who made it.
    pub vendor: u16,
    /// Which of theirs it is.
    pub device: u16,
}

/// An entry of the list of capabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capability {
    /// What it is.
    pub id: u8,
    /// Its first register.
    pub at: u8,
    /// The 16 bits behind the link.
    pub head: u16,
}

impl<'a> Function<'a> {
    /// The function at `address`, if there is one.
    pub fn at(space: &'a dyn ConfigSpace, address: Address) -> Option<Self> {
        let id = space.read(address, 0);
        let (vendor, device) = (id as u16, (id >> 16) as u16);
        (vendor != NO_VENDOR).then_some(Self { space, address, vendor, device })
    }

    /// Reads a register (a multiple of 4).
    pub fn read(&self, register: u8) -> u32 {
        self.space.read(self.address, register)
    }

    /// Writes a register (a multiple of 4).
    pub fn write(&self, register: u8, value: u32) {
        self.space.write(self.address, register, value);
    }

    /// Subsystem device ID.
    pub fn subsystem(&self) -> u16 {
        (self.read(SUBSYSTEM) >> 16) as u16
    }

    pub(super) fn is_multifunction(&self) -> bool {
        self.read(HEADER_TYPE) & HEADER_MULTIFUNCTION != 0
    }

    fn header(&self) -> u32 {
        self.read(HEADER_TYPE) >> 16 & 0x7f
    }

    /// Behind a bridge: the bus there.
    pub(super) fn secondary_bus(&self) -> Option<u8> {
        (self.header() == HEADER_BRIDGE).then(|| (self.read(BRIDGE_BUSES) >> 8) as u8)
    }

    /// How many base address registers it has.
    pub(super) fn bars(&self) -> u8 {
        if self.header() == HEADER_BRIDGE { 2 } else { 6 }
    }

    /// Lets it answer to its memory addresses, or not; gives what was before.
    pub(super) fn set_memory(&self, on: bool) -> bool {
        let command = self.read(COMMAND_STATUS) & COMMAND_MASK;
        let wanted = if on { command | COMMAND_MEMORY } else { command & !COMMAND_MEMORY };
        if wanted != command {
            self.write(COMMAND_STATUS, wanted);
        }
        command & COMMAND_MEMORY != 0
    }

    /// Lets it access memory and raise message interrupts; silences its interrupt pin.
    pub fn enable(&self) {
        let command = self.read(COMMAND_STATUS) & COMMAND_MASK;
        self.write(COMMAND_STATUS, command | COMMAND_MEMORY | COMMAND_BUS_MASTER | COMMAND_NO_PINS);
    }

    /// Its capabilities. A list that is broken or goes in circles ends.
    pub fn capabilities(&self) -> impl Iterator<Item = Capability> + '_ {
        let has_list = self.read(COMMAND_STATUS) & STATUS_CAPABILITIES != 0;
        let mut next = if has_list { self.read(CAPABILITIES) as u8 } else { 0 };
        iter::from_fn(move || {
            let at = next & !3;
            if at < FIRST_CAPABILITY {
                return None;
            }
            let head = self.read(at);
            next = (head >> 8) as u8;
            Some(Capability { id: head as u8, at, head: (head >> 16) as u16 })
        })
        .take(MAX_CAPABILITIES)
    }
}

#[cfg(test)]
mod tests {
    use super::super::mock::Mock;
    use super::*;

    const HERE: Address = Address { bus: 0, device: 3, function: 0 };

    #[test]
    fn capability_lists_end() {
        let mut mock = Mock::default();
        mock.set(HERE, 0, 0x1041_1af4);
        mock.set(HERE, 4, 1 << 20);
        mock.set(HERE, 0x34, 0x43);
        mock.set(HERE, 0x40, 0x8000_5011);
        mock.set(HERE, 0x50, 0x0014_4009); // back to the first
        let function = Function::at(&mock, HERE).unwrap();
        let list: Vec<Capability> = function.capabilities().collect();
        assert_eq!(list.len(), MAX_CAPABILITIES);
        assert_eq!(list[0], Capability { id: 0x11, at: 0x40, head: 0x8000 });
        assert_eq!(list[1], Capability { id: 9, at: 0x50, head: 0x14 });
        mock.set(HERE, 4, 0);
        assert_eq!(Function::at(&mock, HERE).unwrap().capabilities().count(), 0);
    }
}
