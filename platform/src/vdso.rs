//! The vDSO: a shared object of the kernel's that programs find by AT_SYSINFO_EHDR, so that they
//! read the clock without a system call (vdso(7)).
//!
//! Two pages, mapped one after the other into each program: first [`Vdso::data`], read-only, the
//! parameters of the clocks ([`crate::time`] keeps them); right behind it [`Vdso::code`], readable
//! and executable, the ELF image. AT_SYSINFO_EHDR is the address of the second.

use crate::mm::Frame;

/// The vDSO's pages.
pub struct Vdso {
    /// The clocks' parameters: to be mapped read-only, right before [`Self::code`].
    pub data: Frame,
    /// The ELF image: to be mapped readable and executable.
    pub code: Frame,
}

/// The vDSO, another reference to its frames each time.
pub fn get() -> Vdso {
    crate::arch::vdso::frames()
}
