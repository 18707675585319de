//! The segments of an ELF file in a new address space.

use elfin_loader::elf::{Backing as Part, LoadPlan, Prot};
use elfin_syscalls::Errno;
use elfin_syscalls::args::ProtFlags;

use crate::fs::OpenFile;
use crate::mm::{AddressSpace, Backing, MapRequest, PAGE_SIZE, VmaFlags};

/// The bits are the same.
fn prot_flags(prot: Prot) -> ProtFlags {
    ProtFlags::from_bits_retain(u32::from(prot.bits()))
}

/// Maps what `plan` says of `file`, moved up by `bias`.
///
/// # Errors
/// `ENOMEM`, `EINVAL` when the program and this address space do not fit, `ENODEV` when the file
/// cannot be mapped.
pub fn map(mm: &AddressSpace, file: &OpenFile, plan: &LoadPlan, bias: u64) -> Result<(), Errno> {
    let object = file.file.mapping().ok_or(Errno::ENODEV)?;
    for region in plan.regions() {
        let start = region.start.wrapping_add(bias);
        let address = usize::try_from(start).map_err(|_| Errno::EINVAL)?;
        let len = usize::try_from(region.len).map_err(|_| Errno::EINVAL)?;
        let prot = prot_flags(region.prot);
        let mut request = MapRequest {
            address,
            fixed: true,
            no_replace: true,
            ..MapRequest::anonymous(len, prot)
        };
        let mut zero_tail = None;
        if let Part::File { offset, zero_tail: tail } = &region.backing {
            request.backing = Backing::Object {
                object: object.clone(),
                page: offset / PAGE_SIZE as u64,
                path: file.path.clone(),
            };
            zero_tail = tail.clone().filter(|_| prot.contains(ProtFlags::WRITE));
        }
        request.flags = VmaFlags::MAY_WRITE;
        mm.map_request(request)?;
        if let Some(tail) = zero_tail {
            let tail_start = tail.start.wrapping_add(bias);
            let tail_start = usize::try_from(tail_start).map_err(|_| Errno::EINVAL)?;
            let tail_len = usize::try_from(tail.end - tail.start).map_err(|_| Errno::EINVAL)?;
            mm.zero(tail_start, tail_len)?;
        }
    }
    Ok(())
}
