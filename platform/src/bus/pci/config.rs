//! Configuration space: 256 bytes of registers for each function (PCI Local Bus 3.0, chapter 6).
//!
//! Reached through memory (ECAM) where the firmware's MCFG says so, through two I/O ports on
//! older PCs.

use core::fmt;

/// Which function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// Bus.
    pub bus: u8,
    /// Device on the bus, 0–31.
    pub device: u8,
    /// Function of the device, 0–7.
    pub function: u8,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02x}:{:02x}.{}", self.bus, self.device, self.function)
    }
}

/// Access to configuration space. `register` is a multiple of 4 below 256.
pub trait ConfigSpace: Sync {
    /// Reads a register; all ones where there is no function.
    fn read(&self, address: Address, register: u8) -> u32;
    /// Writes a register.
    fn write(&self, address: Address, register: u8, value: u32);
}

#[cfg(target_os = "none")]
mod machine {
    use super::{Address, ConfigSpace};
    use crate::acpi;
    use crate::drivers::Window;
    use crate::sync::Once;

    /// Through memory: 4 KiB for each function (PCI Express 5.0, section 7.2.2).
    struct Ecam {
        buses: Window,
        first_bus: u8,
    }

    const FUNCTION_SHIFT: usize = 12;
    const DEVICE_SHIFT: usize = 15;
    const BUS_SHIFT: usize = 20;

    impl Ecam {
        fn offset(&self, address: Address, register: u8) -> Option<usize> {
            let bus = address.bus.checked_sub(self.first_bus)?;
            Some(
                usize::from(bus) << BUS_SHIFT
                    | usize::from(address.device & 31) << DEVICE_SHIFT
                    | usize::from(address.function & 7) << FUNCTION_SHIFT
                    | usize::from(register),
            )
        }
    }

    impl ConfigSpace for Ecam {
        fn read(&self, address: Address, register: u8) -> u32 {
            self.offset(address, register).map_or(u32::MAX, |offset| self.buses.read32(offset))
        }

        fn write(&self, address: Address, register: u8, value: u32) {
            if let Some(offset) = self.offset(address, register) {
                self.buses.write32(offset, value);
            }
        }
    }

    static SPACE: Once<Option<Space>> = Once::new();

    enum Space {
        Ecam(Ecam),
        #[cfg(target_arch = "x86_64")]
        Ports(crate::arch::PciPorts),
    }

    /// The machine's configuration space, if it has PCI.
    pub fn space() -> Option<&'static dyn ConfigSpace> {
        let space = SPACE.call_once(|| match acpi::ecam() {
            Some(ecam) => {
                let buses = usize::from(ecam.last_bus - ecam.first_bus) + 1;
                let offset = u64::from(ecam.first_bus) << BUS_SHIFT;
                let window = Window::map(ecam.base + offset, buses << BUS_SHIFT);
                Some(Space::Ecam(Ecam { buses: window, first_bus: ecam.first_bus }))
            }
            #[cfg(target_arch = "x86_64")]
            None => crate::arch::PciPorts::probe().map(Space::Ports),
            #[cfg(not(target_arch = "x86_64"))]
            None => None,
        });
        match space.as_ref()? {
            Space::Ecam(ecam) => Some(ecam),
            #[cfg(target_arch = "x86_64")]
            Space::Ports(ports) => Some(ports),
        }
    }
}

#[cfg(target_os = "none")]
pub use machine::space;

/// No PCI in a test; those of this module bring their own.
#[cfg(not(target_os = "none"))]
pub fn space() -> Option<&'static dyn ConfigSpace> {
    None
}

#[cfg(test)]
pub(crate) mod mock {
    use super::{Address, ConfigSpace};
    use std::collections::HashMap;
    use std::sync::Mutex;

    /// Functions made of their registers; those that are not set read as 0 and stay so.
    #[derive(Default)]
    pub struct Mock {
        pub registers: Mutex<HashMap<(u8, u8, u8, u8), u32>>,
        /// Bits of a register that writing changes; without an entry, all.
        pub writable: HashMap<(u8, u8, u8, u8), u32>,
    }

    impl Mock {
        pub fn set(&mut self, address: Address, register: u8, value: u32) {
            let key = (address.bus, address.device, address.function, register);
            self.registers.lock().unwrap().insert(key, value);
        }

        pub fn limit(&mut self, address: Address, register: u8, writable: u32) {
            self.writable
                .insert((address.bus, address.device, address.function, register), writable);
        }
    }

    impl ConfigSpace for Mock {
        fn read(&self, a: Address, register: u8) -> u32 {
            let registers = self.registers.lock().unwrap();
            let absent = if registers.contains_key(&(a.bus, a.device, a.function, 0)) {
                0
            } else {
                u32::MAX
            };
            *registers.get(&(a.bus, a.device, a.function, register)).unwrap_or(&absent)
        }

        fn write(&self, a: Address, register: u8, value: u32) {
            let key = (a.bus, a.device, a.function, register);
            let writable = *self.writable.get(&key).unwrap_or(&u32::MAX);
            if let Some(entry) = self.registers.lock().unwrap().get_mut(&key) {
                *entry = *entry & !writable | value & writable;
            }
        }
    }
}
