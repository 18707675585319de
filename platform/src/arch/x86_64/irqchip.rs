//! The interrupt controllers together, as [`crate::irq`] wants them.

use super::{alarm, apic, clock, ioapic, ipi, percpu, pic, vdso};
use crate::irq::{IrqError, MsiMessage, Polarity, Trigger};
use core::sync::atomic::Ordering;

/// Where messages to local APICs are written (Intel SDM volume 3, section 11.11).
const MSI_ADDRESS: u64 = 0xfee0_0000;
const MSI_DESTINATION_SHIFT: u32 = 12;
/// Largest APIC ID that fits a message's and an I/O APIC's destination field.
const MAX_DESTINATION: u32 = 0xff;

/// Sets up the boot CPU's interrupts and clock: the old controllers silent, the local APIC on, its
/// timer counting. The I/O APICs are set up at the first line that is routed.
pub fn init() {
    pic::silence();
    apic::init_boot_cpu();
    percpu::this().apic_id.store(apic::boot_id(), Ordering::Relaxed);
    clock::init();
    vdso::init_cpu(0);
}

/// See [`crate::irq::route_gsi`].
pub fn route(gsi: u32, vector: u8, trigger: Trigger, polarity: Polarity) -> Result<(), IrqError> {
    ioapic::route(gsi, vector, destination(), trigger, polarity)
}

/// See [`crate::irq::route_isa`].
pub fn route_isa(irq: u8, vector: u8) -> Result<(), IrqError> {
    let (gsi, trigger, polarity) = ioapic::isa_line(irq);
    route(gsi, vector, trigger, polarity)
}

/// See [`crate::irq::msi_message`].
pub fn msi_message(vector: u8) -> MsiMessage {
    // Fixed delivery, edge: all other fields are zero.
    let destination = u64::from(destination()) << MSI_DESTINATION_SHIFT;
    MsiMessage { address: MSI_ADDRESS | destination, data: u32::from(vector) }
}

/// The boot CPU. Firmware gives it a small ID; beyond 255 interrupt remapping would be needed.
fn destination() -> u8 {
    apic::boot_id().min(MAX_DESTINATION) as u8
}

/// See [`apic::end_of_interrupt`].
#[inline]
pub fn end_of_interrupt() {
    apic::end_of_interrupt();
}

/// Serves the vectors that the controllers themselves use.
pub fn dispatch_own(vector: u8) {
    match vector {
        apic::TIMER_VECTOR => {
            alarm::fired();
            apic::end_of_interrupt();
        }
        apic::IPI_VECTOR => {
            apic::end_of_interrupt();
            ipi::received();
        }
        // A spurious interrupt is in service nowhere: nothing to end.
        apic::SPURIOUS_VECTOR => {}
        pic::VECTOR_BASE..0x30 => {}
        _ => apic::end_of_interrupt(),
    }
}

const _: () = assert!(pic::VECTOR_BASE + pic::VECTORS == 0x30);
