//! QEMU's `isa-debugcon` and `isa-debug-exit`: how the kernel tells the host command of events
//! and ends the machine with a status (docs: the host protocol). Used only where the command
//! line says that they are there.

use super::port;

/// The event port.
const DEBUGCON: u16 = 0xe9;
/// The exit port, 16 bits wide.
const DEBUG_EXIT: u16 = 0x501;

/// Writes `bytes` to the event port.
pub fn write(bytes: &[u8]) {
    port::out8_all(DEBUGCON, bytes);
}

/// Ends the machine with QEMU status `2·code + 1`; returns if there is no such device.
pub fn exit(code: u16) {
    port::out16(DEBUG_EXIT, code);
}
