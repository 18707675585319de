//! The table of segments.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicUsize, Ordering};

use elfin_platform::mm;
use elfin_platform::sync::SpinLock;
use elfin_syscalls::Errno;

use super::segment::Segment;
use crate::ipc::{self, Name, Object, Perm, Registry, limits};
use crate::task::{Capability, Cred};

static SEGMENTS: SpinLock<Registry<Segment>> = SpinLock::new(Registry::new());
/// Pages of all segments.
static TOTAL: AtomicUsize = AtomicUsize::new(0);

/// In the flags of `shmget`: huge pages.
const HUGETLB: i32 = 0o4000;
/// In the flags of `shmget`: more than memory has is no mistake.
const NORESERVE: i32 = 0o10_000;

/// `shmget(2)`. Huge pages are refused with `ENOMEM`, as by a Linux without any reserved.
///
/// # Errors
/// `EINVAL`, `ENOENT`, `EEXIST`, `EACCES`, `ENOSPC`, `ENOMEM`, `EPERM` for huge pages.
pub fn get(key: i32, size: usize, flags: i32, cred: &Cred) -> Result<i32, Errno> {
    let fits = |segment: &Segment| if segment.size() < size { Err(Errno::EINVAL) } else { Ok(()) };
    let make = |id| {
        if size == 0 || u64::try_from(size).is_ok_and(|size| size > limits::SHMMAX.get()) {
            return Err(Errno::EINVAL);
        }
        let pages = size.div_ceil(mm::PAGE_SIZE);
        if size.checked_next_multiple_of(mm::PAGE_SIZE).is_none()
            || TOTAL.load(Ordering::Relaxed).saturating_add(pages) > limits::SHMALL.count()
        {
            return Err(Errno::ENOSPC);
        }
        if flags & HUGETLB != 0 {
            let may = cred.has(Capability::IPC_LOCK);
            return Err(if may { Errno::ENOMEM } else { Errno::EPERM });
        }
        if flags & NORESERVE == 0 && size > mm::stats().total || i64::try_from(size).is_err() {
            return Err(Errno::ENOMEM);
        }
        ipc::reserve(size_of::<Segment>())?;
        TOTAL.fetch_add(pages, Ordering::Relaxed);
        Ok(Segment::new(Name::new(id, key), size, Perm::new(flags, cred)))
    };
    ipc::get(&SEGMENTS, (key, flags), limits::SHMMNI.count(), cred, fits, make)
}

/// The segment with this id.
///
/// # Errors
/// `EINVAL`.
pub fn find(id: i32) -> Result<Arc<Segment>, Errno> {
    SEGMENTS.lock().get(id)
}

/// The segment at this place of the table.
///
/// # Errors
/// `EINVAL`.
pub fn find_at(place: i32) -> Result<Arc<Segment>, Errno> {
    SEGMENTS.lock().at(place)
}

/// All segments.
///
/// # Errors
/// `ENOMEM`.
pub fn segments() -> Result<Vec<Arc<Segment>>, Errno> {
    let table = SEGMENTS.lock();
    let mut all = Vec::new();
    all.try_reserve(table.used()).map_err(|_| Errno::ENOMEM)?;
    all.extend(table.iter().cloned());
    Ok(all)
}

/// The number of segments, of pages in all of them, and the highest place in use.
pub fn info() -> (usize, usize, usize) {
    let table = SEGMENTS.lock();
    (table.used(), TOTAL.load(Ordering::Relaxed), table.highest())
}

/// `IPC_RMID`.
///
/// # Errors
/// `EINVAL`, `EPERM`, `EIDRM`.
pub fn remove(id: i32, cred: &Cred) -> Result<(), Errno> {
    find(id)?.doom(cred)
}

/// Takes a segment out that nobody has any more.
pub(super) fn forget(segment: &Segment) {
    let removed = SEGMENTS.lock().remove(segment.name().id());
    if removed.is_some() {
        TOTAL.fetch_sub(segment.page_count(), Ordering::Relaxed);
    }
}
