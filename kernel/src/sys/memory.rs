//! Handlers about memory: `mmap` and its kin. The address space does the work.

use alloc::vec::Vec;
use core::ops::Range;

use elfin_syscalls::args::{
    Advice, Fd, MapFlags, MlockallFlags, MremapFlags, MsyncFlags, OpenFlags, ProtFlags, Sharing,
    UserAddr,
};
use elfin_syscalls::{Errno, SysResult};

use super::Cx;
use super::usercopy::user_write_at;
use crate::mm::commit::{self, Mode};
use crate::mm::{
    AddressSpace, Backing, Label, MapRequest, PAGE_SIZE, Resize, VmaFlags, may_lock, page_ceil,
    page_floor,
};

/// Flags of `mlock2`: lock pages as they are touched.
const MLOCK_ONFAULT: u32 = 1;

fn mm<'a>(cx: &'a Cx<'_>) -> &'a AddressSpace {
    cx.thread.mm()
}

/// `mmap(2)`. Huge pages (`MAP_HUGETLB`) are refused with `ENOMEM`, as by a Linux without any
/// reserved.
pub fn mmap(
    cx: &mut Cx<'_>,
    addr: UserAddr,
    len: usize,
    prot: ProtFlags,
    flags: MapFlags,
    fd: Fd,
    offset: usize,
) -> SysResult {
    if !offset.is_multiple_of(PAGE_SIZE) {
        return Err(Errno::EINVAL);
    }
    let is_anonymous = flags.contains(MapFlags::ANONYMOUS);
    let file = if is_anonymous { None } else { Some(cx.file(fd)?) };
    if len == 0 {
        return Err(Errno::EINVAL);
    }
    let sharing = flags.sharing()?;
    let known = MapFlags::all().bits() | MapFlags::TYPE_MASK | !0 << MapFlags::HUGE_SHIFT;
    if sharing == Sharing::SharedValidate && flags.bits() & !known != 0 {
        return Err(Errno::EOPNOTSUPP);
    }
    if flags.contains(MapFlags::HUGETLB) {
        return Err(Errno::ENOMEM);
    }
    if flags.contains(MapFlags::LOCKED) {
        may_lock()?;
    }
    let is_shared = sharing != Sharing::Private;
    let mut vma_flags = VmaFlags::empty();
    vma_flags.set(VmaFlags::SHARED, is_shared);
    vma_flags.set(VmaFlags::GROWS_DOWN, flags.contains(MapFlags::GROWSDOWN));
    let no_reserve = flags.contains(MapFlags::NORESERVE) && commit::mode() != Mode::Never;
    vma_flags.set(VmaFlags::NO_RESERVE, no_reserve);
    vma_flags.set(VmaFlags::LOCKED, flags.contains(MapFlags::LOCKED));
    let backing = match &file {
        None => {
            vma_flags |= VmaFlags::MAY_WRITE;
            Backing::Anonymous
        }
        Some(file) => {
            let mode = file.flags();
            let is_writable = mode.writable();
            if !mode.readable() || is_shared && prot.contains(ProtFlags::WRITE) && !is_writable {
                return Err(Errno::EACCES);
            }
            let object = file.file.mapping().ok_or(Errno::ENODEV)?;
            if flags.contains(MapFlags::GROWSDOWN) {
                return Err(Errno::EINVAL);
            }
            let pages = (len.div_ceil(PAGE_SIZE)) as u64;
            let page = (offset / PAGE_SIZE) as u64;
            page.checked_add(pages).ok_or(Errno::EOVERFLOW)?;
            object.check_map(is_shared, prot.contains(ProtFlags::WRITE))?;
            vma_flags.set(VmaFlags::MAY_WRITE, !is_shared || is_writable);
            if let Some(inode) = file.inode().filter(|_| !mode.contains(OpenFlags::NOATIME)) {
                inode.attr().touch_atime();
            }
            Backing::Object { object, page, path: file.path.clone() }
        }
    };
    let request = MapRequest {
        address: addr.addr(),
        len,
        prot,
        flags: vma_flags,
        backing,
        label: Label::None,
        fixed: flags.intersects(MapFlags::FIXED | MapFlags::FIXED_NOREPLACE),
        no_replace: flags.contains(MapFlags::FIXED_NOREPLACE),
        low: flags.contains(MapFlags::BIT_32),
        populate: flags.intersects(MapFlags::POPULATE | MapFlags::LOCKED)
            && !flags.contains(MapFlags::NONBLOCK),
    };
    mm(cx).map_request(request)
}

/// `munmap(2)`.
pub fn munmap(cx: &mut Cx<'_>, addr: UserAddr, len: usize) -> SysResult {
    mm(cx).unmap(addr.addr(), len)?;
    Ok(0)
}

/// `mprotect(2)`.
pub fn mprotect(cx: &mut Cx<'_>, addr: UserAddr, len: usize, prot: ProtFlags) -> SysResult {
    let grows = ProtFlags::GROWSDOWN | ProtFlags::GROWSUP;
    if prot.has_unknown() || prot.contains(grows) {
        return Err(Errno::EINVAL);
    }
    let (mut start, mut len) = (addr.addr(), len);
    if prot.intersects(grows) {
        let vma = mm(cx).find(start).ok_or(Errno::ENOMEM)?;
        if !vma.flags.contains(VmaFlags::GROWS_DOWN) || prot.contains(ProtFlags::GROWSUP) {
            return Err(Errno::EINVAL);
        }
        len = len.saturating_add(start - vma.start);
        start = vma.start;
    }
    mm(cx).protect(start, len, prot)?;
    Ok(0)
}

/// `mremap(2)`.
pub fn mremap(
    cx: &mut Cx<'_>,
    old: UserAddr,
    old_len: usize,
    new_len: usize,
    flags: MremapFlags,
    new: UserAddr,
) -> SysResult {
    let may_move = flags.contains(MremapFlags::MAYMOVE);
    let keep = flags.contains(MremapFlags::DONTUNMAP);
    let fixed = flags.contains(MremapFlags::FIXED).then(|| new.addr());
    let same_len = page_ceil(old_len) == page_ceil(new_len);
    if (fixed.is_some() || keep) && !may_move || keep && !same_len {
        return Err(Errno::EINVAL);
    }
    mm(cx).resize(old.addr(), old_len, new_len, Resize { may_move, fixed, keep })
}

/// `remap_file_pages(2)`.
pub fn remap_file_pages(
    cx: &mut Cx<'_>,
    addr: UserAddr,
    len: usize,
    prot: usize,
    page: usize,
    _flags: usize,
) -> SysResult {
    let (start, len) = (page_floor(addr.addr()), page_floor(len));
    let end = start.checked_add(len).filter(|&end| end > start).ok_or(Errno::EINVAL)?;
    page.checked_add(len / PAGE_SIZE).ok_or(Errno::EINVAL)?;
    if prot != 0 {
        return Err(Errno::EINVAL);
    }
    mm(cx).remap_object(start..end, page as u64)?;
    Ok(0)
}

/// `madvise(2)`.
pub fn madvise(cx: &mut Cx<'_>, addr: UserAddr, len: usize, advice: Advice) -> SysResult {
    mm(cx).advise(addr.addr(), len, advice)?;
    Ok(0)
}

/// `brk(2)`, the system call: the heap's end afterwards, whether or not it is the one asked for.
pub fn brk(cx: &mut Cx<'_>, addr: UserAddr) -> SysResult {
    Ok(mm(cx).set_heap_end(addr.addr()))
}

/// `msync(2)`. Files are memory: there is nothing to write back, only errors to report.
pub fn msync(cx: &mut Cx<'_>, addr: UserAddr, len: usize, flags: MsyncFlags) -> SysResult {
    if flags.contains(MsyncFlags::ASYNC | MsyncFlags::SYNC) {
        return Err(Errno::EINVAL);
    }
    mm(cx).each_part(addr.addr(), len, |vma, _| {
        let is_busy =
            flags.contains(MsyncFlags::INVALIDATE) && vma.flags.contains(VmaFlags::LOCKED);
        if is_busy { Err(Errno::EBUSY) } else { Ok(()) }
    })?;
    Ok(0)
}

/// `mincore(2)`.
pub fn mincore(cx: &mut Cx<'_>, addr: UserAddr, len: usize, vec: UserAddr) -> SysResult {
    /// Pages asked for at a time.
    const CHUNK: usize = 4096;
    if !addr.addr().is_multiple_of(PAGE_SIZE) {
        return Err(Errno::EINVAL);
    }
    let pages = page_ceil(len).ok_or(Errno::ENOMEM)? / PAGE_SIZE;
    let mut bytes = Vec::new();
    let mut done = 0;
    while done < pages {
        let count = (pages - done).min(CHUNK);
        bytes.clear();
        bytes.try_reserve(count).map_err(|_| Errno::EAGAIN)?;
        bytes.resize(count, 0u8);
        let from = addr.offset(done * PAGE_SIZE).map_err(|_| Errno::ENOMEM)?;
        mm(cx).in_core(from.addr(), count * PAGE_SIZE, &mut bytes)?;
        user_write_at(vec.offset(done)?, bytes.as_slice())?;
        done += count;
    }
    Ok(0)
}

/// The whole pages that `len` bytes at `addr` touch.
fn pages(addr: UserAddr, len: usize) -> Result<Range<usize>, Errno> {
    let start = page_floor(addr.addr());
    let len = len.checked_add(addr.addr() - start).and_then(page_ceil).ok_or(Errno::EINVAL)?;
    let end = start.checked_add(len).ok_or(Errno::EINVAL)?;
    Ok(start..end)
}

/// `mlock(2)`.
pub fn mlock(cx: &mut Cx<'_>, addr: UserAddr, len: usize) -> SysResult {
    mm(cx).lock(pages(addr, len)?, false)?;
    Ok(0)
}

/// `mlock2(2)`.
pub fn mlock2(cx: &mut Cx<'_>, addr: UserAddr, len: usize, flags: u32) -> SysResult {
    if flags & !MLOCK_ONFAULT != 0 {
        return Err(Errno::EINVAL);
    }
    mm(cx).lock(pages(addr, len)?, flags & MLOCK_ONFAULT != 0)?;
    Ok(0)
}

/// `munlock(2)`.
pub fn munlock(cx: &mut Cx<'_>, addr: UserAddr, len: usize) -> SysResult {
    mm(cx).unlock(pages(addr, len)?)?;
    Ok(0)
}

/// `mlockall(2)`.
pub fn mlockall(cx: &mut Cx<'_>, flags: MlockallFlags) -> SysResult {
    if flags.is_empty() || flags == MlockallFlags::ONFAULT {
        return Err(Errno::EINVAL);
    }
    let has = |flag| flags.contains(flag);
    let (now, future) = (has(MlockallFlags::CURRENT), has(MlockallFlags::FUTURE));
    mm(cx).lock_all(now, future, has(MlockallFlags::ONFAULT))?;
    Ok(0)
}

/// `munlockall(2)`.
pub fn munlockall(cx: &mut Cx<'_>) -> SysResult {
    mm(cx).unlock_all()?;
    Ok(0)
}
