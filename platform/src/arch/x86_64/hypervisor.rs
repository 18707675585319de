//! Which hypervisor this runs under, by CPUID 0x40000000.

use crate::sync::Once;
use core::arch::x86_64::{__cpuid, CpuidResult};

/// A hypervisor that Elfin treats specially.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hypervisor {
    /// None that says so.
    None,
    /// Linux's KVM.
    Kvm,
    /// QEMU's own interpreter.
    Tcg,
    /// Another one.
    Other,
}

const BASE: u32 = 0x4000_0000;
/// KVM's leaves where Hyper-V's are offered too (Linux, virt/kvm/x86/cpuid.rst).
const SHIFTED_BASE: u32 = 0x4000_0100;
const TIMING: u32 = 0x10;
const CPUID_1_HYPERVISOR: u32 = 1 << 31;

static FOUND: Once<(Hypervisor, u32)> = Once::new();

fn found() -> (Hypervisor, u32) {
    *FOUND.call_once(|| {
        if __cpuid(1).ecx & CPUID_1_HYPERVISOR == 0 {
            return (Hypervisor::None, BASE);
        }
        for base in [BASE, SHIFTED_BASE] {
            match &signature(base) {
                b"KVMKVMKVM\0\0\0" => return (Hypervisor::Kvm, base),
                b"TCGTCGTCGTCG" => return (Hypervisor::Tcg, base),
                _ => {}
            }
        }
        (Hypervisor::Other, BASE)
    })
}

fn signature(base: u32) -> [u8; 12] {
    let leaf = __cpuid(base);
    let mut bytes = [0; 12];
    for (word, part) in [leaf.ebx, leaf.ecx, leaf.edx].into_iter().zip(bytes.chunks_exact_mut(4)) {
        part.copy_from_slice(&word.to_le_bytes());
    }
    bytes
}

/// The hypervisor.
pub fn get() -> Hypervisor {
    found().0
}

/// KVM's feature bits (leaf 0x40000001, EAX); only under [`Hypervisor::Kvm`].
pub fn kvm_features() -> u32 {
    __cpuid(found().1 + 1).eax
}

/// The timing leaf: EAX counter kHz, EBX local APIC bus kHz.
pub fn timing_leaf() -> Option<CpuidResult> {
    if get() == Hypervisor::None || __cpuid(BASE).eax < BASE + TIMING {
        return None;
    }
    Some(__cpuid(BASE + TIMING))
}
