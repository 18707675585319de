//! Model-specific registers (Intel SDM volume 4; AMD APM volume 2).

use x86_64::registers::model_specific::Msr;

/// Extended feature enables.
pub const EFER: u32 = 0xc000_0080;
/// System call segment selectors.
pub const STAR: u32 = 0xc000_0081;
/// System call entry point.
pub const LSTAR: u32 = 0xc000_0082;
/// RFLAGS bits that a system call clears.
pub const FMASK: u32 = 0xc000_0084;
/// FS segment base.
pub const FS_BASE: u32 = 0xc000_0100;
/// GS segment base.
pub const GS_BASE: u32 = 0xc000_0101;
/// What `swapgs` exchanges with the GS base.
pub const KERNEL_GS_BASE: u32 = 0xc000_0102;
/// What `rdtscp` gives beside the counter: the CPU's number.
pub const TSC_AUX: u32 = 0xc000_0103;

/// Reads a model-specific register that this CPU is known to have.
#[inline]
pub fn read(msr: u32) -> u64 {
    // SAFETY: reading the registers named here has no side effect on memory safety; an absent one
    // raises #GP, which the trap handler reports.
    unsafe { Msr::new(msr).read() }
}

/// Writes a model-specific register that this CPU is known to have.
///
/// Private to the architecture: its callers know what the register does.
#[inline]
pub(crate) fn write(msr: u32, value: u64) {
    // SAFETY: callers in this crate write values that keep the kernel's invariants.
    unsafe { Msr::new(msr).write(value) }
}
