//! The two 8259A interrupt controllers of the PC: silenced, for the I/O APIC does their work.

use super::port;

const MASTER_COMMAND: u16 = 0x20;
const MASTER_DATA: u16 = 0x21;
const SLAVE_COMMAND: u16 = 0xa0;
const SLAVE_DATA: u16 = 0xa1;

/// Vectors where their spurious interrupts arrive, masked as they are.
pub const VECTOR_BASE: u8 = 0x20;
/// How many those are.
pub const VECTORS: u8 = 16;

/// Moves both away from the exception vectors, where the firmware may have left them, and masks
/// all their lines.
pub fn silence() {
    /// Initialise, edge-triggered, cascaded, with ICW4.
    const ICW1: u8 = 0x11;
    const ICW4_8086: u8 = 0x01;
    const CASCADE_LINE: u8 = 2;
    port::out8(MASTER_COMMAND, ICW1);
    port::out8(SLAVE_COMMAND, ICW1);
    port::out8(MASTER_DATA, VECTOR_BASE);
    port::out8(SLAVE_DATA, VECTOR_BASE + VECTORS / 2);
    port::out8(MASTER_DATA, 1 << CASCADE_LINE);
    port::out8(SLAVE_DATA, CASCADE_LINE);
    port::out8(MASTER_DATA, ICW4_8086);
    port::out8(SLAVE_DATA, ICW4_8086);
    port::out8(MASTER_DATA, 0xff);
    port::out8(SLAVE_DATA, 0xff);
}
