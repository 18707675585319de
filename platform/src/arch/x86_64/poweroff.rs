//! Switching the machine off: by ACPI, by the ports of QEMU's machines, by a triple fault.

use super::port;
use crate::acpi::{self, Fadt, Register, Space};

/// PM1 control: sleep now.
const PM1_SLEEP_ENABLE: u16 = 1 << 13;
const PM1_SLEEP_TYPE_SHIFT: u32 = 10;
/// Sleep control of hardware-reduced machines: sleep now.
const SLEEP_ENABLE: u8 = 1 << 5;
const SLEEP_TYPE_SHIFT: u32 = 2;
/// Soft-off sleep type where the DSDT does not tell (QEMU's hardware-reduced machines: 5).
const DEFAULT_REDUCED_TYPE: u8 = 5;

/// PM1a control of QEMU's q35, and of its pc (since 2.x; the older place after it), where the
/// firmware left no tables.
const QEMU_PM1A_CONTROL: [u16; 2] = [0x604, 0xb004];

/// Switches the machine off. If nothing works it is reset, and if that does not work either,
/// this CPU halts for ever.
pub fn power_off() -> ! {
    super::interrupts_off();
    match acpi::fadt() {
        Some(fadt) => by_acpi(&fadt),
        None => QEMU_PM1A_CONTROL.iter().for_each(|&at| port::out16(at, PM1_SLEEP_ENABLE)),
    }
    triple_fault()
}

fn by_acpi(fadt: &Fadt) {
    let sleep_type = acpi::power_off_type(fadt);
    if fadt.hardware_reduced {
        let sleep_type = sleep_type.unwrap_or(DEFAULT_REDUCED_TYPE);
        if let Some(register) = fadt.sleep_control {
            write8(register, SLEEP_ENABLE | sleep_type << SLEEP_TYPE_SHIFT);
        }
        return;
    }
    let sleep_type = u16::from(sleep_type.unwrap_or(0)) << PM1_SLEEP_TYPE_SHIFT;
    for register in [fadt.pm1a_control, fadt.pm1b_control].into_iter().flatten() {
        if let (Space::Port, Ok(at)) = (register.space, u16::try_from(register.address)) {
            port::out16(at, PM1_SLEEP_ENABLE | sleep_type);
        }
    }
}

fn write8(register: Register, value: u8) {
    match register.space {
        Space::Port => {
            if let Ok(at) = u16::try_from(register.address) {
                port::out8(at, value);
            }
        }
        Space::Memory => {
            let mapped = super::mmio_map(register.address, 1);
            // SAFETY: the firmware names this byte as the sleep or reset register.
            unsafe { mapped.write_volatile(value) }
        }
    }
}

/// Resets the machine: by ACPI's reset register, or by a triple fault.
pub fn reset() -> ! {
    super::interrupts_off();
    if let Some((register, value)) = acpi::fadt().and_then(|fadt| fadt.reset) {
        write8(register, value);
    }
    triple_fault()
}

/// An exception with an empty descriptor table: the processor shuts down, which resets a PC.
fn triple_fault() -> ! {
    let empty_table = [0u16; 5];
    // SAFETY: nothing of the kernel runs after this.
    unsafe {
        core::arch::asm!("lidt [{}]", "int3", in(reg) &empty_table, options(nostack));
    }
    loop {
        // SAFETY: waits for ever, with interrupts off.
        unsafe { core::arch::asm!("cli", "hlt", options(nomem, nostack)) };
    }
}
