//! What this CPU offers, by CPUID, and the control registers that switch it on.

use crate::sync::Once;
use core::arch::x86_64::{__cpuid, __cpuid_count};
use x86_64::registers::control::{Cr4, Cr4Flags};

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
    FEATURES.call_once(|| features);
    enable_on_this_cpu();
}

/// Switches on, on this CPU, what [`enable`] found.
pub fn enable_on_this_cpu() {
    let features = cpu_features();
    let mut flags = Cr4Flags::PAGE_GLOBAL;
    flags.set(Cr4Flags::OSXSAVE, features.xsave);
    flags.set(Cr4Flags::FSGSBASE, features.fsgsbase);
    flags.set(Cr4Flags::SUPERVISOR_MODE_EXECUTION_PROTECTION, features.smep);
    flags.set(Cr4Flags::USER_MODE_INSTRUCTION_PREVENTION, features.umip);
    add(flags);
}

/// Switches SMAP on, on this CPU, once the user copies know how to step around it.
pub fn enable_smap() {
    add(Cr4Flags::SUPERVISOR_MODE_ACCESS_PREVENTION);
}

fn add(flags: Cr4Flags) {
    // SAFETY: adds features that CPUID offers and the kernel is prepared for.
    unsafe { Cr4::update(|now| now.insert(flags)) };
}
