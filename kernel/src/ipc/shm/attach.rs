//! [`attach`] and [`detach`]: `shmat(2)` and `shmdt(2)`.

use alloc::sync::Arc;
use alloc::vec::Vec;

use elfin_syscalls::args::ProtFlags;
use elfin_syscalls::{Errno, SysResult};

use super::segment::{Segment, SegmentInode};
use super::table::find;
use crate::ipc::{ALTER, READ};
use crate::mm::{Backing, Label, MapRequest, PAGE_SIZE, Vma, VmaFlags};
use crate::task::Thread;

/// Execute permission, as bits of each class.
const EXECUTE: u32 = 0o111;

/// How a segment is to be attached.
#[derive(Clone, Copy, Debug)]
pub struct Attach {
    /// Where; 0 for anywhere.
    pub address: usize,
    /// Not for writing.
    pub read_only: bool,
    /// For running what is in it.
    pub execute: bool,
    /// In place of what is mapped there.
    pub replace: bool,
}

/// Maps the segment `id`; the address.
///
/// # Errors
/// `EINVAL`, `EACCES`, `EIDRM`, `ENOMEM`.
pub fn attach(me: &Thread, id: i32, ask: Attach) -> SysResult {
    let segment = find(id)?;
    let mut prot = ProtFlags::READ;
    let mut wanted = READ;
    let mut flags = VmaFlags::SHARED;
    if !ask.read_only {
        prot |= ProtFlags::WRITE;
        wanted |= ALTER;
        flags |= VmaFlags::MAY_WRITE;
    }
    if ask.execute {
        prot |= ProtFlags::EXEC;
        wanted |= EXECUTE;
    }
    segment.hold(wanted, &me.cred())?;
    let made = me.mm().map_request(MapRequest {
        address: ask.address,
        len: segment.size(),
        prot,
        flags,
        backing: Backing::Object { object: segment.clone(), page: 0, path: Some(segment.place()) },
        label: Label::None,
        fixed: ask.address != 0,
        no_replace: !ask.replace,
        low: false,
        populate: false,
    });
    segment.unhold();
    made.map_err(|errno| if errno == Errno::EEXIST { Errno::EINVAL } else { errno })
}

/// The segment that a mapping shows, if it lies where the segment's start would be at `address`.
fn segment_at(vma: &Vma, address: usize) -> Option<Arc<Segment>> {
    let Backing::Object { page, path: Some(path), .. } = &vma.backing else { return None };
    let inode: &SegmentInode = path.inode().as_any().downcast_ref()?;
    let pages = vma.start.checked_sub(address)? / PAGE_SIZE;
    (u64::try_from(pages).ok()? == *page).then(|| inode.segment().clone())
}

/// Unmaps what is left of the segment that was attached at `address`.
///
/// # Errors
/// `EINVAL` if none is, `ENOMEM`.
pub fn detach(me: &Thread, address: usize) -> Result<(), Errno> {
    if !address.is_multiple_of(PAGE_SIZE) {
        return Err(Errno::EINVAL);
    }
    let mut found: Option<Arc<Segment>> = None;
    let mut parts = Vec::new();
    let mut result = Ok(());
    me.mm().for_each(|vma| {
        let Some(segment) = segment_at(vma, address) else { return };
        let wanted = found.get_or_insert_with(|| segment.clone());
        let within = vma.start - address < wanted.size();
        if !within || !Arc::ptr_eq(wanted, &segment) {
            return;
        }
        match parts.try_reserve(1) {
            Ok(()) => parts.push(vma.range()),
            Err(_) => result = Err(Errno::ENOMEM),
        }
    });
    result?;
    if parts.is_empty() {
        return Err(Errno::EINVAL);
    }
    for part in parts {
        me.mm().unmap(part.start, part.len())?;
    }
    Ok(())
}
