//! Finding functions: bus 0, and the buses behind bridges that the firmware numbered.

use super::config::{Address, ConfigSpace, space};
use super::function::Function;
use alloc::vec::Vec;

const DEVICES: u8 = 32;
const FUNCTIONS: u8 = 8;
/// Functions on one machine that are looked at; more is a broken bus.
const MAX_FUNCTIONS: usize = 256;

/// All functions of the machine, in bus order.
pub fn functions() -> Vec<Function<'static>> {
    space().map(scan).unwrap_or_default()
}

/// All functions that `space` has.
pub fn scan(space: &dyn ConfigSpace) -> Vec<Function<'_>> {
    let mut found = Vec::new();
    scan_bus(space, 0, &mut found);
    found
}

fn scan_bus<'a>(space: &'a dyn ConfigSpace, bus: u8, found: &mut Vec<Function<'a>>) {
    for device in 0..DEVICES {
        for number in 0..FUNCTIONS {
            if found.len() >= MAX_FUNCTIONS {
                return;
            }
            let Some(function) = Function::at(space, Address { bus, device, function: number })
            else {
                if number == 0 { break } else { continue }
            };
            let has_more = function.is_multifunction();
            // Numbers grow on the way down, so this ends.
            let below = function.secondary_bus().filter(|&secondary| secondary > bus);
            found.push(function);
            if let Some(secondary) = below {
                scan_bus(space, secondary, found);
            }
            if number == 0 && !has_more {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::mock::Mock;
    use super::*;

    fn at(bus: u8, device: u8, function: u8) -> Address {
        Address { bus, device, function }
    }

    #[test]
    fn finds_what_is_there() {
        let mut mock = Mock::default();
        mock.set(at(0, 0, 0), 0, 0x29c0_8086);
        mock.set(at(0, 3, 0), 0, 0x1041_1af4);
        mock.set(at(0, 31, 0), 0, 0x2918_8086);
        mock.set(at(0, 31, 0), 12, 0x80 << 16);
        mock.set(at(0, 31, 3), 0, 0x2930_8086);
        // A bridge to bus 2, a bridge that leads back, and one without a number.
        mock.set(at(0, 4, 0), 0, 0x000c_1b36);
        mock.set(at(0, 4, 0), 12, 1 << 16);
        mock.set(at(0, 4, 0), 24, 2 << 8);
        mock.set(at(2, 0, 0), 0, 0x1044_1af4);
        mock.set(at(2, 1, 0), 0, 0x000c_1b36);
        mock.set(at(2, 1, 0), 12, 1 << 16);
        mock.set(at(2, 1, 0), 24, 2 << 8);
        let found: Vec<Address> = scan(&mock).iter().map(|f| f.address).collect();
        assert_eq!(
            found,
            [
                at(0, 0, 0),
                at(0, 3, 0),
                at(0, 4, 0),
                at(2, 0, 0),
                at(2, 1, 0),
                at(0, 31, 0),
                at(0, 31, 3)
            ]
        );
    }
}
