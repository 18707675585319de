//! Base address registers: where a function's memory is, and giving it a place where the firmware
//! (qboot) did not.

use super::function::Function;
use crate::sync::SpinLock;
use core::ops::Range;

const FIRST_BAR: u8 = 0x10;
const BAR_PORT: u32 = 1 << 0;
const BAR_TYPE: u32 = 0b110;
const BAR_TYPE_64: u32 = 0b100;
const BAR_FLAGS: u32 = 0xf;

/// A function's memory window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// Physical address.
    pub address: u64,
    /// Length in bytes.
    pub size: u64,
}

/// Addresses for windows that the firmware left without one: below the interrupt controllers,
/// above where QEMU's machines ever have memory.
const UNASSIGNED: Range<u64> = 0xe000_0000..0xfe00_0000;
static NEXT: SpinLock<u64> = SpinLock::new(UNASSIGNED.start);

impl Function<'_> {
    /// Memory window `index`; `None` if it has none there. Gives it a place if it has no address.
    pub fn bar(&self, index: u8) -> Option<Bar> {
        if index >= self.bars() {
            return None;
        }
        let register = FIRST_BAR + 4 * index;
        let low = self.read(register);
        if low & BAR_PORT != 0 {
            return None;
        }
        let is_64 = low & BAR_TYPE == BAR_TYPE_64;
        if is_64 && index + 1 >= self.bars() {
            return None;
        }
        let high = if is_64 { self.read(register + 4) } else { 0 };
        let address = u64::from(high) << 32 | u64::from(low & !BAR_FLAGS);

        // While all ones are in the register, the function must not answer to them.
        let answered = self.set_memory(false);
        self.write(register, u32::MAX);
        let mut mask = u64::from(self.read(register) & !BAR_FLAGS);
        if is_64 {
            self.write(register + 4, u32::MAX);
            mask |= u64::from(self.read(register + 4)) << 32;
        } else if mask != 0 {
            mask |= 0xffff_ffff << 32;
        }
        let size = if mask == 0 { 0 } else { (!mask).wrapping_add(1) };
        let address = match address {
            // Behind a bridge, the bridge would need a window too.
            0 if size.is_power_of_two() && self.address.bus == 0 => place(size).unwrap_or(0),
            _ => address,
        };
        self.write(register, address as u32 | low & BAR_FLAGS);
        if is_64 {
            self.write(register + 4, (address >> 32) as u32);
        }
        let usable = address != 0 && size.is_power_of_two();
        self.set_memory(usable || answered);
        usable.then_some(Bar { address, size })
    }
}

/// Takes `size` bytes, aligned to their size.
fn place(size: u64) -> Option<u64> {
    let mut next = NEXT.lock();
    let address = next.checked_next_multiple_of(size)?;
    let end = address.checked_add(size)?;
    if end > UNASSIGNED.end {
        return None;
    }
    *next = end;
    Some(address)
}

#[cfg(test)]
mod tests {
    use super::super::mock::Mock;
    use super::super::{Address, Function};
    use super::*;

    const HERE: Address = Address { bus: 0, device: 3, function: 0 };

    fn function_with(bars: &[(u8, u32, u32)]) -> Mock {
        let mut mock = Mock::default();
        mock.set(HERE, 0, 0x1041_1af4);
        mock.set(HERE, 4, 0);
        for &(index, value, writable) in bars {
            mock.set(HERE, FIRST_BAR + 4 * index, value);
            mock.limit(HERE, FIRST_BAR + 4 * index, writable);
        }
        mock
    }

    #[test]
    fn sizes_and_restores() {
        let mock = function_with(&[
            (0, 0xc001, 0xffff_ffe0),
            (1, 0xfebd_1000, 0xffff_f000),
            (4, 0xfe00_000c, 0xffff_c000),
            (5, 0, u32::MAX),
        ]);
        let function = Function::at(&mock, HERE).unwrap();
        assert_eq!(function.bar(0), None, "ports");
        assert_eq!(function.bar(1), Some(Bar { address: 0xfebd_1000, size: 0x1000 }));
        assert_eq!(function.bar(4), Some(Bar { address: 0xfe00_0000, size: 0x4000 }));
        assert_eq!(function.read(0x20), 0xfe00_000c);
        assert_eq!(function.read(0x24), 0);
        assert_eq!(function.bar(2), None, "not there");
        assert_eq!(function.bar(6), None);
        assert_ne!(function.read(4) & 2, 0, "answers again");
    }

    #[test]
    fn places_what_has_no_address() {
        let mock = function_with(&[(1, 0, 0xffff_f000), (4, 0xc, 0xffff_c000), (5, 0, u32::MAX)]);
        let function = Function::at(&mock, HERE).unwrap();
        let (small, large) = (function.bar(1).unwrap(), function.bar(4).unwrap());
        for bar in [small, large] {
            assert!(UNASSIGNED.contains(&bar.address) && bar.address % bar.size == 0);
        }
        assert!(small.address + small.size <= large.address);
        assert_eq!(function.bar(4), Some(large), "keeps its place");
        assert_eq!(place(1 << 40), None);
    }
}
