//! The interrupt descriptor table: 256 gates to stubs laid out by the assembler (`trap.rs`).

use super::gdt::{IST_DEBUG, IST_DOUBLE_FAULT, IST_MACHINE_CHECK, IST_NMI, KERNEL_CS};
use core::cell::UnsafeCell;

/// Bytes between two stubs.
pub const STUB_SIZE: usize = 16;
const VECTORS: usize = 256;

#[derive(Clone, Copy)]
#[repr(C)]
struct Gate {
    low: u64,
    high: u64,
}

#[repr(C, align(16))]
struct Idt(UnsafeCell<[Gate; VECTORS]>);
// SAFETY: written once, by the boot CPU, before interrupts are on.
unsafe impl Sync for Idt {}
static IDT: Idt = Idt(UnsafeCell::new([Gate { low: 0, high: 0 }; VECTORS]));

unsafe extern "C" {
    static trap_stubs: u8;
}

#[repr(C, packed)]
struct TablePointer {
    limit: u16,
    base: u64,
}

/// Fills the table (boot CPU only).
pub fn init() {
    const INTERRUPT_GATE: u64 = 0x8e00 << 32;
    const USER_CALLABLE: u64 = 3 << 45;
    // SAFETY: the boot CPU alone runs; the stubs are `STUB_SIZE` apart.
    let table = unsafe { &mut *IDT.0.get() };
    let stubs = (&raw const trap_stubs).addr() as u64;
    for (vector, gate) in table.iter_mut().enumerate() {
        let target = stubs + (vector * STUB_SIZE) as u64;
        let (ist, dpl) = match vector {
            1 => (IST_DEBUG, 0),
            2 => (IST_NMI, 0),
            3 | 4 => (0, USER_CALLABLE),
            8 => (IST_DOUBLE_FAULT, 0),
            18 => (IST_MACHINE_CHECK, 0),
            _ => (0, 0),
        };
        gate.low = target & 0xffff
            | u64::from(KERNEL_CS) << 16
            | u64::from(ist) << 32
            | INTERRUPT_GATE
            | dpl
            | (target >> 16 & 0xffff) << 48;
        gate.high = target >> 32;
    }
}

/// Loads the table on this CPU.
pub fn load() {
    let pointer = TablePointer {
        limit: (VECTORS * size_of::<Gate>() - 1) as u16,
        base: IDT.0.get().addr() as u64,
    };
    // SAFETY: the table is filled and lives for ever.
    unsafe { core::arch::asm!("lidt [{}]", in(reg) &pointer, options(readonly, nostack)) };
}
