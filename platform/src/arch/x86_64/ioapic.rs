//! I/O APICs (Intel 82093AA data sheet): interrupt lines to vectors.
//!
//! Found in the MADT; a machine without ACPI (microvm) has one at the usual address. Looked for
//! at the first line that is routed.

use crate::acpi;
use crate::irq::{IrqError, Polarity, Trigger};
use crate::sync::{Once, SpinLock};
use alloc::vec::Vec;

const DEFAULT_ADDRESS: u64 = 0xfec0_0000;
const REGISTERS_LEN: usize = 0x20;
const SELECT: usize = 0x00;
const WINDOW: usize = 0x10;

const REGISTER_VERSION: u8 = 0x01;
const REGISTER_REDIRECTION: u8 = 0x10;

const REDIRECTION_LOW_ACTIVE: u32 = 1 << 13;
const REDIRECTION_LEVEL: u32 = 1 << 15;
const REDIRECTION_MASKED: u32 = 1 << 16;

/// One controller. Its select/window pair is one shared register: hence the lock.
struct IoApic {
    registers: SpinLock<Registers>,
    first_line: u32,
    lines: u32,
}

struct Registers(*mut u8);
// SAFETY: MMIO registers, the same from every CPU.
unsafe impl Send for Registers {}

impl Registers {
    fn select(&mut self, register: u8) {
        // SAFETY: within the mapped `REGISTERS_LEN` bytes.
        unsafe { self.0.add(SELECT).cast::<u32>().write_volatile(u32::from(register)) }
    }

    fn read(&mut self, register: u8) -> u32 {
        self.select(register);
        // SAFETY: as above.
        unsafe { self.0.add(WINDOW).cast::<u32>().read_volatile() }
    }

    fn write(&mut self, register: u8, value: u32) {
        self.select(register);
        // SAFETY: as above; the values route lines to vectors of ours.
        unsafe { self.0.add(WINDOW).cast::<u32>().write_volatile(value) }
    }
}

static CONTROLLERS: Once<Vec<IoApic>> = Once::new();

fn controllers() -> &'static [IoApic] {
    CONTROLLERS.call_once(|| {
        let mut found: Vec<IoApic> =
            acpi::io_apics().map(|entry| IoApic::new(entry.address, entry.first_gsi)).collect();
        if found.is_empty() {
            found.push(IoApic::new(DEFAULT_ADDRESS, 0));
        }
        found
    })
}

impl IoApic {
    fn new(address: u64, first_line: u32) -> Self {
        let mut registers = Registers(super::mmio_map(address, REGISTERS_LEN));
        let lines = (registers.read(REGISTER_VERSION) >> 16 & 0xff) + 1;
        for line in 0..lines {
            registers.write(redirection(line), REDIRECTION_MASKED);
        }
        Self { registers: SpinLock::new(registers), first_line, lines }
    }
}

/// Register of the low half of a line's redirection entry.
fn redirection(line: u32) -> u8 {
    // At most 120 lines: the version register's field, and the register space ends there.
    REGISTER_REDIRECTION.saturating_add(line.min(119) as u8 * 2)
}

/// Sends line `gsi` to `vector` of the CPU with APIC ID `destination`.
pub fn route(
    gsi: u32,
    vector: u8,
    destination: u8,
    trigger: Trigger,
    polarity: Polarity,
) -> Result<(), IrqError> {
    for controller in controllers() {
        let Some(line) = gsi.checked_sub(controller.first_line) else { continue };
        if line >= controller.lines {
            continue;
        }
        let mut low = u32::from(vector);
        if trigger == Trigger::Level {
            low |= REDIRECTION_LEVEL;
        }
        if polarity == Polarity::Low {
            low |= REDIRECTION_LOW_ACTIVE;
        }
        let mut registers = controller.registers.lock();
        registers.write(redirection(line), REDIRECTION_MASKED);
        registers.write(redirection(line) + 1, u32::from(destination) << 24);
        registers.write(redirection(line), low);
        return Ok(());
    }
    Err(IrqError::NoLine(gsi))
}

/// Line, trigger and polarity of an ISA interrupt: itself, rising edge, unless the MADT says
/// otherwise.
pub fn isa_line(irq: u8) -> (u32, Trigger, Polarity) {
    acpi::isa_override(irq).map_or((u32::from(irq), Trigger::Edge, Polarity::High), |entry| {
        (entry.gsi, entry.trigger, entry.polarity)
    })
}
