//! PCI configuration space through two ports (PCI Local Bus 3.0, section 3.2.2.3.2, mechanism 1).

use super::port;
use crate::bus::pci::{Address, ConfigSpace};
use crate::sync::SpinLock;

const ADDRESS: u16 = 0xcf8;
const DATA: u16 = 0xcfc;
const ENABLE: u32 = 1 << 31;

/// The two ports; one access at a time, for the first selects what the second reaches.
pub struct PciPorts(SpinLock<()>);

impl PciPorts {
    /// The ports, if the machine has them: the address register keeps what is written to it.
    pub fn probe() -> Option<Self> {
        port::out32(ADDRESS, ENABLE);
        (port::in32(ADDRESS) == ENABLE).then_some(Self(SpinLock::new(())))
    }
}

fn select(address: Address, register: u8) {
    let target = u32::from(address.bus) << 16
        | u32::from(address.device & 31) << 11
        | u32::from(address.function & 7) << 8
        | u32::from(register & !3);
    port::out32(ADDRESS, ENABLE | target);
}

impl ConfigSpace for PciPorts {
    fn read(&self, address: Address, register: u8) -> u32 {
        let _guard = self.0.lock();
        select(address, register);
        port::in32(DATA)
    }

    fn write(&self, address: Address, register: u8, value: u32) {
        let _guard = self.0.lock();
        select(address, register);
        port::out32(DATA, value);
    }
}
