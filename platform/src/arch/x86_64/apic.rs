//! The local APIC of each CPU (Intel SDM volume 3, chapter 11): end of interrupt, its timer, and
//! the form of messages. By MMIO (xAPIC), or by MSR where CPUID offers x2APIC.
//!
//! Neighbours: `irqchip` is what [`crate::irq`] sees; `alarm` runs the timer.

use super::msr;
use core::arch::x86_64::__cpuid;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering};

/// Vector of the timer.
pub const TIMER_VECTOR: u8 = 0xf0;
/// Vector of interrupts between CPUs.
pub const IPI_VECTOR: u8 = 0xf1;
/// Vector of interrupts that went away before they were taken.
pub const SPURIOUS_VECTOR: u8 = 0xff;

const IA32_APIC_BASE: u32 = 0x1b;
const BASE_X2APIC: u64 = 1 << 10;
const BASE_ENABLE: u64 = 1 << 11;
const BASE_ADDRESS: u64 = 0x000f_ffff_ffff_f000;
const X2APIC_MSRS: u32 = 0x800;
const REGISTERS_LEN: usize = 0x1000;

/// Registers, by their offset in the MMIO page; the x2APIC's MSR is `X2APIC_MSRS + offset / 16`.
#[derive(Clone, Copy)]
#[repr(u32)]
pub enum Register {
    Id = 0x20,
    EndOfInterrupt = 0xb0,
    Spurious = 0xf0,
    Command = 0x300,
    CommandHigh = 0x310,
    TimerLvt = 0x320,
    InitialCount = 0x380,
    CurrentCount = 0x390,
    DivideConfiguration = 0x3e0,
}

const SPURIOUS_ENABLE: u32 = 1 << 8;
/// Timer local vector table entry: start again at the end.
pub const LVT_PERIODIC: u32 = 1 << 17;
/// Timer local vector table entry: fire at the value of IA32_TSC_DEADLINE.
pub const LVT_TSC_DEADLINE: u32 = 2 << 17;

/// Interrupt command: initialise the processor.
pub const COMMAND_INIT: u32 = 0x4500;
/// Interrupt command: start the processor at the page whose number is in the low byte.
pub const COMMAND_START: u32 = 0x4600;
/// Interrupt command: a vector, in the low byte, as any interrupt.
pub const COMMAND_FIXED: u32 = 0x4000;
const COMMAND_PENDING: u32 = 1 << 12;

/// The MMIO registers; null with x2APIC.
static REGISTERS: AtomicPtr<u32> = AtomicPtr::new(core::ptr::null_mut());
static X2APIC: AtomicBool = AtomicBool::new(false);
static BOOT_ID: AtomicU32 = AtomicU32::new(0);

/// Switches on the boot CPU's local APIC. Once, before anything else here.
pub fn init_boot_cpu() {
    const CPUID_X2APIC: u32 = 1 << 21;
    let x2apic = __cpuid(1).ecx & CPUID_X2APIC != 0;
    X2APIC.store(x2apic, Ordering::Relaxed);
    if !x2apic {
        let base = msr::read(IA32_APIC_BASE) & BASE_ADDRESS;
        let registers = super::mmio_map(base, REGISTERS_LEN);
        REGISTERS.store(registers.cast(), Ordering::Relaxed);
    }
    init_cpu();
    BOOT_ID.store(id(), Ordering::Relaxed);
}

/// Switches on this CPU's local APIC.
pub fn init_cpu() {
    let base = msr::read(IA32_APIC_BASE);
    let wanted = base | BASE_ENABLE | if x2apic() { BASE_X2APIC } else { 0 };
    if wanted != base {
        if x2apic() && base & BASE_ENABLE == 0 {
            // From "disabled" the way to x2APIC leads over xAPIC.
            msr::write(IA32_APIC_BASE, base | BASE_ENABLE);
        }
        msr::write(IA32_APIC_BASE, wanted);
    }
    write(Register::Spurious, SPURIOUS_ENABLE | u32::from(SPURIOUS_VECTOR));
}

/// Whether IDs above 255 can be reached.
#[inline]
pub fn x2apic() -> bool {
    X2APIC.load(Ordering::Relaxed)
}

/// Reads a register of this CPU's APIC.
#[inline]
pub fn read(register: Register) -> u32 {
    if x2apic() {
        return msr::read(X2APIC_MSRS + register as u32 / 16) as u32;
    }
    let registers = REGISTERS.load(Ordering::Relaxed);
    // SAFETY: `init_boot_cpu` mapped the page; `Register` names offsets within it.
    unsafe { registers.byte_add(register as usize).read_volatile() }
}

/// Writes a register of this CPU's APIC.
#[inline]
pub fn write(register: Register, value: u32) {
    if x2apic() {
        return msr::write(X2APIC_MSRS + register as u32 / 16, u64::from(value));
    }
    let registers = REGISTERS.load(Ordering::Relaxed);
    // SAFETY: as in `read`; the values written here raise interrupts only to our own vectors.
    unsafe { registers.byte_add(register as usize).write_volatile(value) }
}

/// This CPU's APIC ID.
pub fn id() -> u32 {
    let value = read(Register::Id);
    if x2apic() { value } else { value >> 24 }
}

/// APIC ID of the boot CPU, to which lines and messages are sent.
pub fn boot_id() -> u32 {
    BOOT_ID.load(Ordering::Relaxed)
}

/// Sends `command` to the CPU with the APIC ID `destination`. What this CPU wrote before is
/// visible there when it arrives.
pub fn send(destination: u32, command: u32) {
    if x2apic() {
        // Writes to these MSRs are not ordered behind stores (SDM volume 3, 11.12.3).
        // SAFETY: orders memory accesses, no more.
        unsafe { core::arch::asm!("mfence", "lfence", options(nostack, preserves_flags)) };
        let value = u64::from(destination) << 32 | u64::from(command);
        return msr::write(X2APIC_MSRS + Register::Command as u32 / 16, value);
    }
    let was_on = x86_64::instructions::interrupts::are_enabled();
    super::interrupts_off();
    while read(Register::Command) & COMMAND_PENDING != 0 {
        core::hint::spin_loop();
    }
    write(Register::CommandHigh, destination << 24);
    write(Register::Command, command);
    if was_on {
        super::interrupts_on();
    }
}

/// Tells the APIC that the interrupt in service is done.
#[inline]
pub fn end_of_interrupt() {
    write(Register::EndOfInterrupt, 0);
}
