//! MSI-X (PCI Local Bus 3.0, section 6.8.2): interrupts as memory writes, from a table in one of
//! the function's windows.

use super::function::Function;
use crate::drivers::Window;
use crate::irq::MsiMessage;

const ID: u8 = 0x11;
const TABLE: u8 = 4;
const TABLE_SIZE_MASK: u16 = 0x7ff;
const ENABLE: u32 = 1 << 31;
const MASK_ALL: u32 = 1 << 30;

const ENTRY: usize = 16;
const ENTRY_ADDRESS: usize = 0;
const ENTRY_DATA: usize = 8;
const ENTRY_CONTROL: usize = 12;

/// A function's message table.
pub struct Msix {
    table: Window,
    entries: u16,
}

impl Msix {
    /// Switches a function's messages on; all of them are masked by themselves until [`Self::set`].
    /// `None` if it has none.
    #[cfg(target_os = "none")]
    pub fn enable(function: &Function<'_>) -> Option<Self> {
        let (at, entries, bar, offset) = locate(function)?;
        let bar = function.bar(bar)?;
        let len = usize::from(entries) * ENTRY;
        let end = u64::from(offset).checked_add(len as u64)?;
        if end > bar.size {
            return None;
        }
        let table = Window::map(bar.address + u64::from(offset), len);
        let control = function.read(at);
        function.write(at, (control | ENABLE) & !MASK_ALL);
        Some(Self { table, entries })
    }

    /// Makes entry `index` send `message`; `false` if there is no such entry.
    pub fn set(&self, index: u16, message: MsiMessage) -> bool {
        const UNMASKED: u32 = 0;
        if index >= self.entries {
            return false;
        }
        let entry = usize::from(index) * ENTRY;
        self.table.write64(entry + ENTRY_ADDRESS, message.address);
        self.table.write32(entry + ENTRY_DATA, message.data);
        self.table.write32(entry + ENTRY_CONTROL, UNMASKED);
        true
    }
}

/// Register of the capability, number of entries, BAR and offset of the table.
fn locate(function: &Function<'_>) -> Option<(u8, u16, u8, u32)> {
    const BAR_MASK: u32 = 0b111;
    let capability = function.capabilities().find(|capability| capability.id == ID)?;
    let table = function.read(capability.at.checked_add(TABLE)?);
    let entries = (capability.head & TABLE_SIZE_MASK) + 1;
    Some((capability.at, entries, (table & BAR_MASK) as u8, table & !BAR_MASK))
}

#[cfg(test)]
mod tests {
    use super::super::mock::Mock;
    use super::super::{Address, Function};
    use super::*;

    #[test]
    fn finds_and_fills_the_table() {
        let here = Address { bus: 0, device: 3, function: 0 };
        let mut mock = Mock::default();
        mock.set(here, 0, 0x1041_1af4);
        mock.set(here, 4, 1 << 20);
        mock.set(here, 0x34, 0x98);
        mock.set(here, 0x98, 0x0002_0011);
        mock.set(here, 0x9c, 0x1001);
        let function = Function::at(&mock, here).unwrap();
        assert_eq!(locate(&function), Some((0x98, 3, 1, 0x1000)));

        let mut memory = [u32::MAX; 12];
        // SAFETY: `memory` lives longer than the window.
        let table = unsafe { Window::of_memory(memory.as_mut_ptr().cast(), 48) };
        let msix = Msix { table, entries: 3 };
        let message = MsiMessage { address: 0xfee0_1000, data: 0x31 };
        assert!(msix.set(2, message));
        assert!(!msix.set(3, message));
        assert_eq!(memory[8..], [0xfee0_1000, 0, 0x31, 0]);
        assert_eq!(memory[..8], [u32::MAX; 8]);
    }
}
