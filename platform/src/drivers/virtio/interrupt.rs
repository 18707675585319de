//! A device's interrupt: it raises a [`Work`] bit, and that is all.

use super::mmio::{CONFIG_CHANGE, INTERRUPT_ACK, USED_BUFFER};
use crate::cpu::{self, Work};
use crate::drivers::Window;
use crate::irq::{self, IrqError, Vector};
use alloc::boxed::Box;

/// Configuration changes and used buffers alike.
pub struct Interrupt {
    work: Work,
    /// MMIO: the registers, for the device holds its line until it is told.
    registers: Option<Window>,
}

impl Interrupt {
    /// One that comes as a message.
    pub fn message(work: Work) -> Self {
        Self { work, registers: None }
    }

    /// One that comes by a line.
    pub fn line(work: Work, registers: Window) -> Self {
        Self { work, registers: Some(registers) }
    }

    /// Takes a vector for it, for good.
    pub fn allocate(self) -> Result<Vector, IrqError> {
        let interrupt: &'static Self = Box::leak(Box::new(self));
        irq::allocate(raised, core::ptr::from_ref(interrupt).expose_provenance())
    }
}

fn raised(argument: usize) {
    // SAFETY: `allocate` passed a leaked `Interrupt`.
    let interrupt: &Interrupt = unsafe { &*core::ptr::with_exposed_provenance(argument) };
    if let Some(registers) = interrupt.registers {
        // Both reasons raise the same work: to read which it is would be one exit more.
        registers.write32(INTERRUPT_ACK, USED_BUFFER | CONFIG_CHANGE);
    }
    cpu::raise(interrupt.work);
}
