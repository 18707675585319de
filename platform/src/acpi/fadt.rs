//! The FADT (ACPI 6.5, section 5.2.9): how the machine is switched off and reset.

use super::tables::{u32_at, u64_at};

const DSDT_AT: usize = 40;
const PM1A_CONTROL_AT: usize = 64;
const PM1B_CONTROL_AT: usize = 68;
const FLAGS_AT: usize = 112;
const RESET_REGISTER_AT: usize = 116;
const RESET_VALUE_AT: usize = 128;
const X_DSDT_AT: usize = 140;
const X_PM1A_CONTROL_AT: usize = 172;
const SLEEP_CONTROL_AT: usize = 244;

const FLAG_RESET: u32 = 1 << 10;
const FLAG_HARDWARE_REDUCED: u32 = 1 << 20;

/// An address space of ACPI's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// Physical memory.
    Memory,
    /// I/O ports.
    Port,
}

/// A register somewhere (generic address structure, section 5.2.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Register {
    /// In which space.
    pub space: Space,
    /// Where in it.
    pub address: u64,
}

/// What Elfin uses of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fadt {
    /// Physical address of the DSDT.
    pub dsdt: u64,
    /// PM1a control register.
    pub pm1a_control: Option<Register>,
    /// PM1b control register.
    pub pm1b_control: Option<Register>,
    /// Sleep control register of hardware-reduced machines.
    pub sleep_control: Option<Register>,
    /// The register that resets the machine, and what to write there.
    pub reset: Option<(Register, u8)>,
    /// The machine has no fixed ACPI hardware.
    pub hardware_reduced: bool,
}

impl Fadt {
    /// Takes a table apart. Old tables are shorter: what they lack is `None`.
    pub fn parse(table: &[u8]) -> Option<Self> {
        let flags = u32_at(table, FLAGS_AT)?;
        let port = |offset| {
            let address = u32_at(table, offset)?;
            (address != 0).then_some(Register { space: Space::Port, address: u64::from(address) })
        };
        let reset = (flags & FLAG_RESET != 0)
            .then(|| Some((register(table, RESET_REGISTER_AT)?, *table.get(RESET_VALUE_AT)?)))
            .flatten();
        Some(Self {
            dsdt: u64_at(table, X_DSDT_AT)
                .filter(|&address| address != 0)
                .or_else(|| u32_at(table, DSDT_AT).map(u64::from))?,
            pm1a_control: register(table, X_PM1A_CONTROL_AT).or_else(|| port(PM1A_CONTROL_AT)),
            pm1b_control: port(PM1B_CONTROL_AT),
            sleep_control: register(table, SLEEP_CONTROL_AT),
            reset,
            hardware_reduced: flags & FLAG_HARDWARE_REDUCED != 0,
        })
    }
}

fn register(table: &[u8], offset: usize) -> Option<Register> {
    let space = match *table.get(offset)? {
        0 => Space::Memory,
        1 => Space::Port,
        _ => return None,
    };
    let address = u64_at(table, offset + 4)?;
    (address != 0).then_some(Register { space, address })
}

/// The sleep type for "soft off": the first element of the package `\_S5` in the DSDT.
///
/// The name is searched for and its package read by the grammar of section 20.2; the firmware
/// has no reason to compute it.
pub fn s5_sleep_type(dsdt: &[u8]) -> Option<u8> {
    const NAME: &[u8; 5] = b"_S5_\x12"; // followed by PackageOp
    const BYTE_PREFIX: u8 = 0x0a;
    const ZERO: u8 = 0x00;
    const ONE: u8 = 0x01;
    let at = dsdt.windows(NAME.len()).position(|window| window == NAME)?;
    let package = dsdt.get(at + NAME.len()..)?;
    // PkgLength: the two top bits say how many bytes follow it. Then the number of elements.
    let length_bytes = usize::from(package.first()? >> 6) + 1;
    match package.get(length_bytes + 1..)? {
        [BYTE_PREFIX, value, ..] => Some(*value),
        [value @ (ZERO | ONE), ..] => Some(*value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleep_type() {
        assert_eq!(s5_sleep_type(b"\x08_S5_\x12\x06\x04\x00\x00\x00\x00"), Some(0));
        assert_eq!(s5_sleep_type(b"\x08_S5_\x12\x08\x04\x0a\x05\x0a\x05"), Some(5));
        assert_eq!(s5_sleep_type(b"\x08_S5_\x12"), None);
        assert_eq!(s5_sleep_type(b"nothing"), None);
    }

    #[test]
    fn registers() {
        let mut table = vec![0; 276];
        table[DSDT_AT..DSDT_AT + 4].copy_from_slice(&0x1234u32.to_le_bytes());
        table[PM1A_CONTROL_AT..PM1A_CONTROL_AT + 4].copy_from_slice(&0x604u32.to_le_bytes());
        table[FLAGS_AT..FLAGS_AT + 4].copy_from_slice(&FLAG_RESET.to_le_bytes());
        table[RESET_REGISTER_AT] = 1;
        table[RESET_REGISTER_AT + 4..RESET_REGISTER_AT + 6].copy_from_slice(&[0xf9, 0x0c]);
        table[RESET_VALUE_AT] = 0xf;
        let fadt = Fadt::parse(&table).unwrap();
        assert_eq!(fadt.dsdt, 0x1234);
        assert_eq!(fadt.pm1a_control, Some(Register { space: Space::Port, address: 0x604 }));
        assert_eq!(fadt.reset, Some((Register { space: Space::Port, address: 0xcf9 }, 0xf)));
        assert_eq!(fadt.sleep_control, None);
        assert!(!fadt.hardware_reduced);
        assert_eq!(Fadt::parse(&table[..116]).unwrap().reset, None, "an old, short table");
        assert_eq!(Fadt::parse(&table[..50]), None);
    }
}
