//! I/O ports. Private to the platform: its callers know what the device behind a port does.

use core::arch::asm;

/// Reads a byte from `port`.
#[inline]
pub(crate) fn in8(port: u16) -> u8 {
    let value: u8;
    // SAFETY: the ports named in this crate are devices whose reads do not touch memory.
    unsafe {
        asm!("in al, dx", in("dx") port, out("al") value, options(nomem, nostack, preserves_flags))
    };
    value
}

/// Reads 32 bits from `port`.
#[inline]
pub(crate) fn in32(port: u16) -> u32 {
    let value: u32;
    // SAFETY: as for `in8`.
    unsafe {
        asm!("in eax, dx", in("dx") port, out("eax") value, options(nomem, nostack, preserves_flags))
    };
    value
}

/// Writes a byte to `port`.
#[inline]
pub(crate) fn out8(port: u16, value: u8) {
    // SAFETY: callers in this crate program devices in ways that keep the kernel's memory whole.
    unsafe { asm!("out dx, al", in("dx") port, in("al") value, options(nostack, preserves_flags)) };
}

/// Writes 16 bits to `port`.
#[inline]
pub(crate) fn out16(port: u16, value: u16) {
    // SAFETY: as for `out8`.
    unsafe { asm!("out dx, ax", in("dx") port, in("ax") value, options(nostack, preserves_flags)) };
}

/// Writes 32 bits to `port`.
#[inline]
pub(crate) fn out32(port: u16, value: u32) {
    // SAFETY: as for `out8`.
    unsafe {
        asm!("out dx, eax", in("dx") port, in("eax") value, options(nostack, preserves_flags))
    };
}

/// Writes all of `bytes`, one after the other, to `port`.
#[inline]
pub(crate) fn out8_all(port: u16, bytes: &[u8]) {
    // SAFETY: as for `out8`; `rep outsb` reads `bytes.len()` bytes from `bytes`, upwards, for the
    // direction flag is clear in Rust code.
    unsafe {
        asm!("rep outsb", in("dx") port, inout("rsi") bytes.as_ptr() => _,
            inout("rcx") bytes.len() => _, options(readonly, nostack, preserves_flags));
    }
}

/// Reads a byte from `from` and writes `value` to `to` with nothing between the two.
pub(crate) fn in8_then_out8(from: u16, to: u16, value: u8) -> u8 {
    let read: u8;
    // SAFETY: as for `in8` and `out8`.
    unsafe {
        asm!("in al, dx", "mov {read}, al", "mov edx, {to:e}", "mov al, {value}", "out dx, al",
            inout("dx") from => _, out("al") _, read = out(reg_byte) read,
            to = in(reg) u32::from(to), value = in(reg_byte) value,
            options(nostack, preserves_flags));
    }
    read
}
