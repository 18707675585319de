//! Interrupts: vectors, their handlers, and the routes that bring lines and messages to them.
//!
//! A handler runs with interrupts off, on whatever CPU the interrupt came to. It takes no lock
//! and touches atomics and its device's registers only; what is to be done it leaves to a
//! [`crate::cpu::Work`] bit.
//!
//! Neighbours: `arch::apic` (local controller, end of interrupt), `arch::ioapic` (lines).

use crate::arch::irqchip;
use core::fmt;
use core::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

/// First vector that [`allocate`] hands out.
const FIRST: u8 = 0x30;
/// How many it has.
const COUNT: usize = 64;

/// An allocated interrupt vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vector(u8);

impl Vector {
    /// The processor's number for it.
    pub fn number(self) -> u8 {
        self.0
    }
}

/// How a line says that it wants attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// By a change.
    Edge,
    /// By a state, until it is served.
    Level,
}

/// Which state of a line is the active one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polarity {
    /// High, or rising.
    High,
    /// Low, or falling.
    Low,
}

/// Why an interrupt could not be set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IrqError {
    /// All vectors are taken.
    NoVector,
    /// No interrupt controller has this line (its global number).
    NoLine(u32),
}

impl fmt::Display for IrqError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoVector => write!(f, "all {COUNT} interrupt vectors are taken"),
            Self::NoLine(gsi) => write!(f, "no interrupt controller has line {gsi}"),
        }
    }
}

/// A memory write that a device makes to raise an interrupt (PCI MSI and MSI-X).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MsiMessage {
    /// Where it writes.
    pub address: u64,
    /// What it writes.
    pub data: u32,
}

struct Slot {
    /// The `fn(usize)`, or null while the slot is free.
    handler: AtomicPtr<()>,
    argument: AtomicUsize,
}

static SLOTS: [Slot; COUNT] = [const {
    Slot { handler: AtomicPtr::new(core::ptr::null_mut()), argument: AtomicUsize::new(0) }
}; COUNT];
static TAKEN: AtomicUsize = AtomicUsize::new(0);

/// Takes a vector for good; `handler(argument)` is called whenever it is raised.
pub fn allocate(handler: fn(usize), argument: usize) -> Result<Vector, IrqError> {
    let taken = TAKEN
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| (n < COUNT).then_some(n + 1))
        .map_err(|_| IrqError::NoVector)?;
    let slot = &SLOTS[taken];
    slot.argument.store(argument, Ordering::Relaxed);
    slot.handler.store(handler as *mut (), Ordering::Release);
    Ok(Vector(FIRST + taken as u8))
}

/// Brings the line with the global number `gsi` to `vector` on the boot CPU, and opens it.
pub fn route_gsi(
    gsi: u32,
    vector: Vector,
    trigger: Trigger,
    polarity: Polarity,
) -> Result<(), IrqError> {
    irqchip::route(gsi, vector.0, trigger, polarity)
}

/// Brings the ISA interrupt `irq` (0–15) to `vector`, wherever the firmware says that it is.
pub fn route_isa(irq: u8, vector: Vector) -> Result<(), IrqError> {
    irqchip::route_isa(irq, vector.0)
}

/// The message that raises `vector` on the boot CPU.
pub fn msi_message(vector: Vector) -> MsiMessage {
    irqchip::msi_message(vector.0)
}

/// Called by the trap entry for every external vector, interrupts off.
#[cfg_attr(not(any(test, target_os = "none")), allow(dead_code, reason = "a host has no traps"))]
#[inline]
pub(crate) fn dispatch(vector: u8) {
    match vector.checked_sub(FIRST).and_then(|n| SLOTS.get(usize::from(n))) {
        Some(slot) => {
            call(slot);
            irqchip::end_of_interrupt();
        }
        None => irqchip::dispatch_own(vector),
    }
}

#[cfg_attr(not(any(test, target_os = "none")), allow(dead_code, reason = "a host has no traps"))]
fn call(slot: &Slot) {
    let handler = slot.handler.load(Ordering::Acquire);
    if handler.is_null() {
        return;
    }
    // SAFETY: `allocate` stored a `fn(usize)` there, and slots never change afterwards.
    let handler = unsafe { core::mem::transmute::<*mut (), fn(usize)>(handler) };
    handler(slot.argument.load(Ordering::Relaxed));
}

#[cfg(test)]
mod tests {
    use super::*;

    static CALLS: AtomicUsize = AtomicUsize::new(0);

    fn count(argument: usize) {
        CALLS.fetch_add(argument, Ordering::Relaxed);
    }

    #[test]
    fn dispatches_to_the_handler() {
        let vector = allocate(count, 5).unwrap();
        dispatch(vector.number());
        dispatch(vector.number());
        dispatch(FIRST + COUNT as u8 - 1); // nobody's
        assert_eq!(CALLS.load(Ordering::Relaxed), 10);
    }
}
