//! Plain memory and the interrupt flag.

use x86_64::instructions::interrupts;

/// Copies bytes by string instructions.
///
/// # Safety
/// Both must be valid for `len` bytes; they may be the same, but not overlap otherwise.
#[inline]
pub unsafe fn copy(to: *mut u8, from: *const u8, len: usize) {
    // SAFETY: by the contract.
    unsafe {
        core::arch::asm!(
            "rep movsq",
            "mov ecx, {tail:e}",
            "rep movsb",
            tail = in(reg) len & 7,
            inout("rcx") len >> 3 => _,
            inout("rdi") to => _,
            inout("rsi") from => _,
            options(nostack, preserves_flags)
        );
    }
}

/// Zeroes bytes by string instructions.
///
/// # Safety
/// `to` must be valid for `len` bytes of writing.
#[inline]
pub unsafe fn zero(to: *mut u8, len: usize) {
    // SAFETY: by the contract.
    unsafe {
        core::arch::asm!(
            "rep stosq",
            "mov ecx, {tail:e}",
            "rep stosb",
            tail = in(reg) len & 7,
            inout("rcx") len >> 3 => _,
            inout("rdi") to => _,
            in("rax") 0u64,
            options(nostack, preserves_flags)
        );
    }
}

/// Lets interrupts come.
#[inline]
pub fn interrupts_on() {
    interrupts::enable();
}

/// Holds interrupts back.
#[inline]
pub fn interrupts_off() {
    interrupts::disable();
}
