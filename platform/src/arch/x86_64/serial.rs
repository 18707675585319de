//! COM1, a 16550A UART (National Semiconductor PC16550D data sheet): the console.
//!
//! Output is polled, one look at the line status for each FIFO's worth of bytes, and works from
//! the first instruction. Input comes by interrupt into [`crate::console`]'s queue; while that
//! queue is full the interrupt is off, so that the sender is held back by the UART's own FIFO.

use super::port;
use core::sync::atomic::{AtomicU8, AtomicU16, Ordering};

const COM1: u16 = 0x3f8;
/// The ISA interrupt of COM1.
pub const ISA_IRQ: u8 = 4;

/// Receive buffer (read), transmit holding register (write), divisor low with DLAB.
const DATA: u16 = COM1;
/// Interrupt enable, divisor high with DLAB.
const INTERRUPT_ENABLE: u16 = COM1 + 1;
/// FIFO control (write).
const FIFO_CONTROL: u16 = COM1 + 2;
/// Line control.
const LINE_CONTROL: u16 = COM1 + 3;
/// Modem control.
const MODEM_CONTROL: u16 = COM1 + 4;
/// Line status.
const LINE_STATUS: u16 = COM1 + 5;

const IER_RECEIVED: u8 = 1 << 0;
/// No byte was waiting when the UART was set up.
const NO_BYTE: u16 = u16::MAX;

/// Enable and clear both FIFOs, interrupt at 14 bytes, or fewer that have waited for the time of
/// four. QEMU brings no more at once than are wanted.
const FCR_ENABLE: u8 = 0xc7;
const LCR_8N1: u8 = 0x03;
const LCR_DLAB: u8 = 0x80;
/// Data terminal ready, request to send, OUT2 (which gates the interrupt line on a PC).
const MCR_READY: u8 = 0x0b;
const LSR_DATA_READY: u8 = 1 << 0;
const LSR_TRANSMIT_EMPTY: u8 = 1 << 5;
const LSR_IDLE: u8 = 1 << 6;
/// What a bus without a device reads.
const NO_DEVICE: u8 = 0xff;
const FIFO_SIZE: usize = 16;

const UNSET: u8 = 0;
const READY: u8 = 1;
const ABSENT: u8 = 2;
static STATE: AtomicU8 = AtomicU8::new(UNSET);
/// A byte that came before the FIFOs were on, which switching them on would lose.
static EARLY: AtomicU16 = AtomicU16::new(NO_BYTE);

/// Sets the UART up at its first use; false if there is none.
fn ready() -> bool {
    match STATE.load(Ordering::Relaxed) {
        READY => true,
        ABSENT => false,
        _ => init(),
    }
}

#[cold]
fn init() -> bool {
    if port::in8(LINE_STATUS) == NO_DEVICE {
        STATE.store(ABSENT, Ordering::Relaxed);
        return false;
    }
    port::out8(INTERRUPT_ENABLE, 0);
    port::out8(LINE_CONTROL, LCR_DLAB);
    port::out8(DATA, 1); // 115,200 baud
    port::out8(INTERRUPT_ENABLE, 0);
    port::out8(LINE_CONTROL, LCR_8N1);
    if port::in8(LINE_STATUS) & LSR_DATA_READY == 0 {
        port::out8(FIFO_CONTROL, FCR_ENABLE);
    } else {
        // Between the two a sender could put its next byte, which would be lost.
        let early = port::in8_then_out8(DATA, FIFO_CONTROL, FCR_ENABLE);
        EARLY.store(u16::from(early), Ordering::Relaxed);
    }
    port::out8(MODEM_CONTROL, MCR_READY);
    STATE.store(READY, Ordering::Relaxed);
    true
}

/// Writes `bytes`, waiting for the line as needed (a virtual one may wait for its reader).
pub fn write(bytes: &[u8]) {
    if !ready() {
        return;
    }
    for chunk in bytes.chunks(FIFO_SIZE) {
        wait_for(LSR_TRANSMIT_EMPTY);
        port::out8_all(DATA, chunk);
    }
}

/// Waits until the last byte has left the UART.
pub fn drain() {
    if STATE.load(Ordering::Relaxed) == READY {
        wait_for(LSR_IDLE);
    }
}

fn wait_for(status: u8) {
    while port::in8(LINE_STATUS) & status == 0 {
        core::hint::spin_loop();
    }
}

/// Takes a received byte, if there is one.
pub fn read() -> Option<u8> {
    if EARLY.load(Ordering::Relaxed) != NO_BYTE {
        return u8::try_from(EARLY.swap(NO_BYTE, Ordering::Relaxed)).ok();
    }
    received()
}

fn received() -> Option<u8> {
    (port::in8(LINE_STATUS) & LSR_DATA_READY != 0).then(|| port::in8(DATA))
}

/// Did a byte come before the interrupt was on?
pub fn has_early() -> bool {
    EARLY.load(Ordering::Relaxed) != NO_BYTE
}

/// Is there a UART?
pub fn present() -> bool {
    ready()
}

/// Lets the UART interrupt for received bytes, or stops it.
pub fn set_receive_interrupt(on: bool) {
    port::out8(INTERRUPT_ENABLE, if on { IER_RECEIVED } else { 0 });
}
