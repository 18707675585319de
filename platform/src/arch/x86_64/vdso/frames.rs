//! The vDSO's frames, and what each CPU has to set up for it.

use super::super::{msr, paging};
use super::image;
use crate::mm::Frame;
use crate::sync::Once;
use crate::time::page::CLOCK;
use crate::vdso::Vdso;
use core::arch::x86_64::__cpuid;

static FRAMES: Once<Vdso> = Once::new();

/// See [`crate::vdso::get`].
pub fn frames() -> Vdso {
    let frames = FRAMES.call_once(|| {
        // SAFETY: both are whole pages of the kernel's image, which nobody else owns as frames;
        // the references kept here keep them from ever being freed.
        unsafe {
            Vdso {
                data: Frame::adopt(paging::image_to_phys(&raw const CLOCK)),
                code: Frame::adopt(paging::image_to_phys(image().as_ptr())),
            }
        }
    });
    Vdso { data: frames.data.clone(), code: frames.code.clone() }
}

/// Puts this CPU's number where `rdtscp` reads it, where there is `rdtscp`.
pub fn init_cpu(number: u32) {
    const EXTENDED: u32 = 0x8000_0001;
    const RDTSCP: u32 = 1 << 27;
    if __cpuid(EXTENDED).edx & RDTSCP != 0 {
        msr::write(msr::TSC_AUX, u64::from(number));
        CLOCK.set_has_cpu_number();
    }
}
