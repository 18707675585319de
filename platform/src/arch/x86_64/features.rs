//! What this CPU offers, by CPUID, and the control registers that switch it on.

use crate::sync::Once;
use core::arch::x86_64::{__cpuid, __cpuid_count};

/// The optional features that Elfin uses.
#[derive(Clone, Copy, Debug, Default)]
pub struct Features {
    /// XSAVE and its relatives.
    pub xsave: bool,
    /// RDFSBASE, WRFSBASE, RDGSBASE, WRGSBASE.
    pub fsgsbase: bool,
    /// Supervisor-mode execution prevention.
    pub smep: bool,
    /// Supervisor-mode access prevention.
    pub smap: bool,
    /// User-mode instruction prevention.
    pub umip: bool,
    /// CPUID leaf 1 EDX: Linux's AT_HWCAP.
    pub hwcap: u32,
}

static FEATURES: Once<Features> = Once::new();

const CR4_PGE: u64 = 1 << 7;
const CR4_UMIP: u64 = 1 << 11;
const CR4_FSGSBASE: u64 = 1 << 16;
const CR4_OSXSAVE: u64 = 1 << 18;
const CR4_SMEP: u64 = 1 << 20;
const CR4_SMAP: u64 = 1 << 21;

/// The CPU's features. Only after [`enable`].
#[inline(always)]
pub fn cpu_features() -> &'static Features {
    FEATURES.get().expect("read at boot")
}

/// Reads CPUID and switches on all but SMAP.
pub fn enable() {
    let basic = __cpuid(1);
    let extended = if __cpuid(0).eax >= 7 { __cpuid_count(7, 0) } else { __cpuid(0x8000_0000) };
    let has_leaf7 = __cpuid(0).eax >= 7;
    let ebx = |bit: u32| has_leaf7 && extended.ebx >> bit & 1 != 0;
    let ecx = |bit: u32| has_leaf7 && extended.ecx >> bit & 1 != 0;
    let features = Features {
        xsave: basic.ecx >> 26 & 1 != 0,
        fsgsbase: ebx(0),
        smep: ebx(7),
        smap: ebx(20),
        umip: ecx(2),
        hwcap: basic.edx,
    };
    let mut bits = CR4_PGE;
    for (has, bit) in [
        (features.xsave, CR4_OSXSAVE),
        (features.fsgsbase, CR4_FSGSBASE),
        (features.smep, CR4_SMEP),
        (features.umip, CR4_UMIP),
    ] {
        if has {
            bits |= bit;
        }
    }
    set_cr4(bits);
    FEATURES.call_once(|| features);
}

/// Switches SMAP on, once the user copies know how to step around it.
pub fn enable_smap() {
    set_cr4(CR4_SMAP);
}

fn set_cr4(bits: u64) {
    // SAFETY: adds features that CPUID offers and the kernel is prepared for.
    unsafe {
        core::arch::asm!("mov {0}, cr4", "or {0}, {1}", "mov cr4, {0}",
            out(reg) _, in(reg) bits, options(nostack));
    }
}
