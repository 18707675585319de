//! Vector and floating-point state: the program's registers stay in the CPU across system calls
//! and are saved when another thread's are wanted (Intel SDM volume 1, chapter 13).

use alloc::alloc::{alloc_zeroed, dealloc};
use core::alloc::Layout;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};

const LEGACY_SIZE: u32 = 512;
const FCW_INIT: u16 = 0x37f;
const MXCSR_INIT: u32 = 0x1f80;
const FCW_OFFSET: usize = 0;
const MXCSR_OFFSET: usize = 24;
const ALIGN: usize = 64;

const METHOD_FXSAVE: u8 = 0;
const METHOD_XSAVE: u8 = 1;
const METHOD_XSAVEOPT: u8 = 2;

static METHOD: AtomicU8 = AtomicU8::new(METHOD_FXSAVE);
static AREA_SIZE: AtomicU32 = AtomicU32::new(LEGACY_SIZE);
static FEATURES: AtomicU64 = AtomicU64::new(0x3);

/// State components that Elfin keeps for programs: x87, SSE, AVX, AVX-512 (three), PKRU.
const WANTED_FEATURES: u64 = 0x2e7;

/// Switches on the state components that this CPU has. CR4.OSXSAVE must be set where CPUID says
/// that XSAVE exists.
pub fn init(has_xsave: bool) {
    use core::arch::x86_64::__cpuid_count;
    if !has_xsave {
        return;
    }
    let leaf = __cpuid_count(0xd, 0);
    let offered = u64::from(leaf.edx) << 32 | u64::from(leaf.eax);
    FEATURES.store(offered & WANTED_FEATURES, Ordering::Relaxed);
    enable_on_this_cpu();
    AREA_SIZE.store(__cpuid_count(0xd, 0).ebx, Ordering::Relaxed);
    let has_xsaveopt = __cpuid_count(0xd, 1).eax & 1 != 0;
    METHOD.store(if has_xsaveopt { METHOD_XSAVEOPT } else { METHOD_XSAVE }, Ordering::Relaxed);
}

/// Switches on, on this CPU, the state components that [`init`] found, where there is XSAVE.
pub fn enable_on_this_cpu() {
    let features = features();
    // SAFETY: OSXSAVE is on and the features are offered; x87 and SSE are always among them.
    unsafe {
        core::arch::asm!("xsetbv", in("ecx") 0, in("eax") features as u32,
            in("edx") (features >> 32) as u32, options(nomem, nostack));
    }
}

/// Size in bytes of a saved state in the standard format, as signal frames carry it.
pub fn area_size() -> usize {
    AREA_SIZE.load(Ordering::Relaxed) as usize
}

/// State components that are saved (XCR0), or x87 and SSE where the CPU has no XSAVE.
pub fn features() -> u64 {
    FEATURES.load(Ordering::Relaxed)
}

/// Whether saved states carry an XSAVE header.
pub fn has_header() -> bool {
    METHOD.load(Ordering::Relaxed) != METHOD_FXSAVE
}

/// A thread's saved vector and floating-point registers.
pub struct FpuState {
    area: NonNull<u8>,
}

// SAFETY: plain memory owned by the value.
unsafe impl Send for FpuState {}
// SAFETY: written through `&mut` or by its thread's CPU only.
unsafe impl Sync for FpuState {}

fn layout() -> Layout {
    Layout::from_size_align(area_size().next_multiple_of(ALIGN), ALIGN)
        .expect("an XSAVE area is a few KiB")
}

impl FpuState {
    /// The state that a program starts with; `None` without memory.
    pub fn new() -> Option<Self> {
        // SAFETY: the layout is not empty.
        let area = NonNull::new(unsafe { alloc_zeroed(layout()) })?;
        // SAFETY: both lie within the first 512 bytes of the area, aligned.
        unsafe {
            area.add(FCW_OFFSET).cast::<u16>().write(FCW_INIT);
            area.add(MXCSR_OFFSET).cast::<u32>().write(MXCSR_INIT);
        }
        Some(Self { area })
    }

    /// Saves this CPU's registers into the state.
    #[inline]
    pub fn save(&self) {
        let area = self.area.as_ptr();
        let (low, high) = (u32::MAX, u32::MAX);
        // SAFETY: the area is as large as the enabled features need and 64-byte aligned.
        unsafe {
            match METHOD.load(Ordering::Relaxed) {
                METHOD_XSAVEOPT => core::arch::asm!("xsaveopt64 [{}]", in(reg) area,
                    in("eax") low, in("edx") high, options(nostack)),
                METHOD_XSAVE => core::arch::asm!("xsave64 [{}]", in(reg) area,
                    in("eax") low, in("edx") high, options(nostack)),
                _ => core::arch::asm!("fxsave64 [{}]", in(reg) area, options(nostack)),
            }
        }
    }

    /// Loads the state into this CPU's registers.
    #[inline]
    pub fn restore(&self) {
        let area = self.area.as_ptr();
        // SAFETY: the area holds what `save` wrote, or the initial state, or a state that
        // `set_bytes` checked.
        unsafe {
            if METHOD.load(Ordering::Relaxed) == METHOD_FXSAVE {
                core::arch::asm!("fxrstor64 [{}]", in(reg) area, options(nostack));
            } else {
                core::arch::asm!("xrstor64 [{}]", in(reg) area,
                    in("eax") u32::MAX, in("edx") u32::MAX, options(nostack));
            }
        }
    }

    /// See [`area_size`].
    pub fn size() -> usize {
        area_size()
    }

    /// The state components kept, and whether saved states have an XSAVE header.
    pub fn features() -> (u64, bool) {
        (features(), has_header())
    }

    /// The saved bytes, in the standard format.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: the area is that long and initialised.
        unsafe { core::slice::from_raw_parts(self.area.as_ptr(), area_size()) }
    }

    /// Copies another state.
    pub fn copy_from(&mut self, other: &Self) {
        // SAFETY: two areas of the same size.
        unsafe {
            self.area.copy_from_nonoverlapping(other.area, area_size());
        }
    }

    /// Takes a state that a program offers (a signal frame's), if the CPU would accept it:
    /// reserved bits of MXCSR and of the XSAVE header are refused with `false`.
    ///
    /// Shorter than an area: the legacy part only; the rest becomes initial.
    pub fn set_bytes(&mut self, bytes: &[u8]) -> bool {
        const HEADER: usize = LEGACY_SIZE as usize;
        const HEADER_LEN: usize = 64;
        const MXCSR_MASK_DEFAULT: u32 = 0xffff;
        let Some(legacy) = bytes.get(..HEADER) else { return false };
        let word = |at: usize| {
            legacy.get(at..at + 4).and_then(|b| b.try_into().ok()).map(u32::from_le_bytes)
        };
        if word(MXCSR_OFFSET).is_none_or(|mxcsr| mxcsr & !MXCSR_MASK_DEFAULT != 0) {
            return false;
        }
        let full = bytes.len() >= area_size() && has_header();
        let mut components = 0x3;
        if full {
            let Some(header) = bytes.get(HEADER..HEADER + HEADER_LEN) else { return false };
            let Some(Ok(bv)) = header.get(..8).map(<[u8; 8]>::try_from) else { return false };
            components = u64::from_le_bytes(bv);
            let rest_is_zero = header.iter().skip(8).all(|&b| b == 0);
            if components & !features() != 0 || !rest_is_zero {
                return false;
            }
        }
        let len = if full { area_size() } else { HEADER };
        // SAFETY: `len` is at most both lengths; the header's place is within the area where the
        // CPU has XSAVE.
        unsafe {
            let area = self.area.as_ptr();
            area.write_bytes(0, area_size());
            area.copy_from_nonoverlapping(bytes.as_ptr(), len);
            if has_header() {
                area.add(HEADER).cast::<u64>().write(components);
            }
        }
        true
    }
}

impl Drop for FpuState {
    fn drop(&mut self) {
        // SAFETY: allocated with the same layout.
        unsafe { dealloc(self.area.as_ptr(), layout()) }
    }
}

/// The x87 unmasked exception flags that are raised now.
pub fn x87_status() -> u32 {
    let (mut status, mut control): (u16, u16) = (0, 0);
    // SAFETY: both store two bytes.
    unsafe {
        core::arch::asm!("fnstsw [{}]", in(reg) &mut status, options(nostack));
        core::arch::asm!("fnstcw [{}]", in(reg) &mut control, options(nostack));
    }
    u32::from(status & !control) & 0x3f
}

/// The SSE unmasked exception flags that are raised now.
pub fn simd_status() -> u32 {
    const MASK_SHIFT: u32 = 7;
    let mut mxcsr: u32 = 0;
    // SAFETY: stores four bytes.
    unsafe { core::arch::asm!("stmxcsr [{}]", in(reg) &mut mxcsr, options(nostack)) };
    mxcsr & !(mxcsr >> MASK_SHIFT) & 0x3f
}
