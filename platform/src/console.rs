//! The console: bytes out at once, bytes in through a queue that the interrupt handler fills.
//!
//! Output works from the first instruction. Input begins with [`enable_input`] (or the first
//! [`read`]); every arrival raises [`Work::CONSOLE`]. Line discipline is the kernel's.
//!
//! Neighbours: `arch::serial` drives the device, [`crate::host`] tells the host command of events
//! apart from the console.

use crate::arch::serial;
use crate::cpu::{self, Work};
use crate::irq;
use crate::sync::{Once, SpinLock};
use core::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};

/// Bytes of input that wait for [`read`] before the sender is held back. A power of two.
const QUEUE: usize = 256;

/// A queue with one producer (the interrupt handler) and one consumer (the holder of [`READER`]).
struct Input {
    bytes: [AtomicU8; QUEUE],
    /// Bytes ever put in, modulo 2³².
    head: AtomicU32,
    /// Bytes ever taken out, modulo 2³².
    tail: AtomicU32,
    /// The producer stopped because the queue was full.
    held: AtomicBool,
}

static INPUT: Input = Input {
    bytes: [const { AtomicU8::new(0) }; QUEUE],
    head: AtomicU32::new(0),
    tail: AtomicU32::new(0),
    held: AtomicBool::new(false),
};
static READER: SpinLock<()> = SpinLock::new(());
static WRITER: SpinLock<()> = SpinLock::new(());
static INPUT_ON: Once<()> = Once::new();

impl Input {
    fn slot(&self, index: u32) -> &AtomicU8 {
        &self.bytes[index as usize % QUEUE]
    }

    /// Room for one more byte? (Producer.)
    fn has_room(&self) -> bool {
        let used =
            self.head.load(Ordering::Relaxed).wrapping_sub(self.tail.load(Ordering::Acquire));
        (used as usize) < QUEUE
    }

    /// Puts a byte in; the caller has seen room. (Producer.)
    fn push(&self, byte: u8) {
        let head = self.head.load(Ordering::Relaxed);
        self.slot(head).store(byte, Ordering::Relaxed);
        self.head.store(head.wrapping_add(1), Ordering::Release);
    }

    /// Takes a byte out. (Consumer.)
    fn pop(&self) -> Option<u8> {
        let tail = self.tail.load(Ordering::Relaxed);
        if tail == self.head.load(Ordering::Acquire) {
            return None;
        }
        let byte = self.slot(tail).load(Ordering::Relaxed);
        self.tail.store(tail.wrapping_add(1), Ordering::Release);
        Some(byte)
    }
}

/// Writes `bytes` to the console, as they are, and waits until the device has taken them.
///
/// Two writes on two CPUs do not mix.
pub fn write(bytes: &[u8]) {
    let _guard = WRITER.lock();
    serial::write(bytes);
}

/// Writes from a CPU that is about to stop: waits for nobody, so that a CPU that panicked while
/// it held the console can still say so.
pub fn write_emergency(bytes: &[u8]) {
    let _guard = WRITER.try_lock();
    serial::write(bytes);
}

/// Waits until the last byte written has left the machine.
pub fn drain() {
    serial::drain();
}

/// Lets input arrive. Safe to call again; returns false if the machine has no console input.
pub fn enable_input() -> bool {
    INPUT_ON.call_once(|| {
        if !serial::present() {
            return;
        }
        let Ok(vector) = irq::allocate(input_arrived, 0) else { return };
        if irq::route_isa(serial::ISA_IRQ, vector).is_ok() {
            // No interrupt comes for a byte from before; for those in the device one does.
            if serial::has_early()
                && let Some(byte) = serial::read()
            {
                INPUT.push(byte);
                cpu::raise(Work::CONSOLE);
            }
            serial::set_receive_interrupt(true);
        }
    });
    serial::present()
}

/// Takes the next byte of input, if there is one. The first call enables input.
pub fn read() -> Option<u8> {
    if !INPUT_ON.is_completed() {
        enable_input();
    }
    let _guard = READER.lock();
    let byte = INPUT.pop();
    if byte.is_none() && INPUT.held.swap(false, Ordering::AcqRel) {
        // Interrupts come again; bytes that wait in the device raise one at once.
        serial::set_receive_interrupt(true);
    }
    byte
}

/// Is there a byte for [`read`]?
pub fn has_input() -> bool {
    INPUT.tail.load(Ordering::Relaxed) != INPUT.head.load(Ordering::Acquire)
}

/// The interrupt handler.
fn input_arrived(_argument: usize) {
    let mut any = false;
    loop {
        if !INPUT.has_room() {
            serial::set_receive_interrupt(false);
            INPUT.held.store(true, Ordering::Release);
            any = true;
            break;
        }
        let Some(byte) = serial::read() else { break };
        INPUT.push(byte);
        any = true;
    }
    if any {
        cpu::raise(Work::CONSOLE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queue_keeps_order_and_bounds() {
        let queue = Input {
            bytes: [const { AtomicU8::new(0) }; QUEUE],
            head: AtomicU32::new(u32::MAX - 3),
            tail: AtomicU32::new(u32::MAX - 3),
            held: AtomicBool::new(false),
        };
        assert_eq!(queue.pop(), None);
        let mut put = 0usize;
        while queue.has_room() {
            queue.push(put as u8);
            put += 1;
        }
        assert_eq!(put, QUEUE);
        for expected in 0..put {
            assert_eq!(queue.pop(), Some(expected as u8));
        }
        assert_eq!(queue.pop(), None);
    }
}
