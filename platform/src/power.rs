//! The end of the machine.

use crate::arch::{debugcon, poweroff};
use crate::{console, host};
use core::fmt;

/// `isa-debug-exit` value of a program that ended (docs: the host protocol).
const EXIT_DONE: u16 = 0x10;
/// `isa-debug-exit` value of a kernel panic.
const EXIT_PANIC: u16 = 0x21;

/// Ends the machine after its program: `status` is 0–255, 128+n for death by signal n.
///
/// The host command learns the status where it listens; otherwise the machine is powered off.
pub fn exit(status: u8) -> ! {
    console::drain();
    if host::enabled() {
        host::event(format_args!("elfin-exit: {status}"));
        debugcon::exit(EXIT_DONE);
    }
    poweroff::power_off()
}

/// [`exit`] from anywhere: waits for no lock.
pub fn exit_emergency(status: u8) -> ! {
    console::drain();
    if host::enabled() {
        host::event_emergency(format_args!("elfin-exit: {status}"));
        debugcon::exit(EXIT_DONE);
    }
    poweroff::power_off()
}

/// Ends the machine after a kernel panic, of which `summary` is the first line.
///
/// Waits for no lock, so it can be called from anywhere. The report itself is on the console
/// already ([`console::write_emergency`]).
pub fn panic_exit(summary: fmt::Arguments<'_>) -> ! {
    console::drain();
    if host::enabled() {
        host::event_emergency(format_args!("elfin-panic: {summary}"));
        debugcon::exit(EXIT_PANIC);
    }
    poweroff::power_off()
}
