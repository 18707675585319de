//! The vDSO in a new address space.

use alloc::sync::Arc;
use alloc::vec::Vec;

use elfin_platform::vdso;
use elfin_syscalls::Errno;
use elfin_syscalls::args::ProtFlags;

use crate::fs::Mappable;
use crate::mm::{AddressSpace, Backing, FixedPages, Label, MapRequest, PAGE_SIZE, VmaFlags};

fn object(frame: elfin_platform::mm::Frame) -> Result<Arc<dyn Mappable>, Errno> {
    let mut frames = Vec::new();
    frames.try_reserve_exact(1).map_err(|_| Errno::ENOMEM)?;
    frames.push(frame);
    Ok(Arc::new(FixedPages::new(frames)))
}

/// Maps the vDSO's data and code; the address of the code, for `AT_SYSINFO_EHDR`.
///
/// # Errors
/// `ENOMEM`.
pub fn map(mm: &AddressSpace) -> Result<usize, Errno> {
    let pages = vdso::get();
    // Place for both first, then each over its half.
    let base = mm.map_request(MapRequest::anonymous(2 * PAGE_SIZE, ProtFlags::empty()))?;
    let parts = [
        (pages.data, ProtFlags::READ, Label::Vvar),
        (pages.code, ProtFlags::READ | ProtFlags::EXEC, Label::Vdso),
    ];
    for (n, (frame, prot, label)) in parts.into_iter().enumerate() {
        mm.map_request(MapRequest {
            address: base + n * PAGE_SIZE,
            prot,
            flags: VmaFlags::DONT_DUMP,
            backing: Backing::Object { object: object(frame)?, page: 0, path: None },
            label,
            fixed: true,
            ..MapRequest::anonymous(PAGE_SIZE, prot)
        })?;
    }
    Ok(base + PAGE_SIZE)
}
