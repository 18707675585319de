//! Which memory goes into a core file (`core(5)`, "Controlling which mappings are written").

use alloc::vec::Vec;

use elfin_platform::paging::PageFlags;
use elfin_syscalls::args::ProtFlags;

use crate::mm::{AddressSpace, Backing, Label, PAGE_SIZE, Vma, VmaFlags};

/// Bits of `coredump_filter`.
mod filter {
    pub const ANONYMOUS_PRIVATE: u32 = 1 << 0;
    pub const ANONYMOUS_SHARED: u32 = 1 << 1;
    pub const FILE_PRIVATE: u32 = 1 << 2;
    pub const FILE_SHARED: u32 = 1 << 3;
    pub const ELF_HEADERS: u32 = 1 << 4;
}

/// What `coredump_filter` is at first: anonymous memory, the first pages of ELF files, and huge
/// pages.
pub const DEFAULT_FILTER: u32 = 0x33;

/// A mapping, and how much of it goes into the file.
pub(super) struct Segment {
    pub(super) vma: Vma,
    /// Bytes from its start.
    pub(super) dumped: usize,
}

/// All mappings of `mm`.
pub(super) fn segments(mm: &AddressSpace, filter: u32) -> Vec<Segment> {
    let mut all = Vec::new();
    mm.for_each(|vma| {
        // Without memory the core file shows what fits.
        if all.try_reserve(1).is_ok() {
            all.push(Segment { vma: vma.clone(), dumped: 0 });
        }
    });
    for segment in &mut all {
        segment.dumped = dumped(mm, &segment.vma, filter);
    }
    all
}

fn dumped(mm: &AddressSpace, vma: &Vma, filter: u32) -> usize {
    let wants = |bit| filter & bit != 0;
    let whole = |wanted| if wanted { vma.len() } else { 0 };
    match vma.label {
        Label::Vdso => return vma.len(),
        Label::Vvar => return 0,
        Label::None | Label::Heap | Label::Stack => {}
    }
    if vma.flags.contains(VmaFlags::DONT_DUMP) {
        return 0;
    }
    let file = match &vma.backing {
        Backing::Anonymous => return whole(wants(filter::ANONYMOUS_PRIVATE)),
        Backing::Object { path, .. } => path,
    };
    if vma.is_shared() {
        let named = file.as_ref().is_some_and(|place| place.inode().attr().nlink() > 0);
        let bit = if named { filter::FILE_SHARED } else { filter::ANONYMOUS_SHARED };
        return whole(wants(bit));
    }
    if wants(filter::FILE_PRIVATE) || (wants(filter::ANONYMOUS_PRIVATE) && has_own_pages(mm, vma)) {
        return vma.len();
    }
    if wants(filter::ELF_HEADERS) && vma.object_page(vma.start) == 0 && starts_as_elf(mm, vma) {
        return PAGE_SIZE;
    }
    0
}

/// Whether any page is not the file's any more.
fn has_own_pages(mm: &AddressSpace, vma: &Vma) -> bool {
    let Backing::Object { object, .. } = &vma.backing else { return true };
    let mut present = Vec::new();
    let mut own = false;
    mm.page_table().for_each(vma.range(), &mut |at, flags| {
        own |= flags.contains(PageFlags::WRITE);
        if !own && present.try_reserve(1).is_ok() {
            present.push(at);
        }
    });
    own || present.into_iter().any(|at| {
        let ours = mm.page_table().get(at);
        let theirs = object.peek(vma.object_page(at));
        match (ours, theirs) {
            (Some((ours, _)), Some(theirs)) => !ours.same(&theirs),
            (ours, _) => ours.is_some(),
        }
    })
}

fn starts_as_elf(mm: &AddressSpace, vma: &Vma) -> bool {
    let mut magic = [0; 4];
    vma.prot.contains(ProtFlags::READ)
        && mm.read(vma.start, &mut magic) == magic.len()
        && magic == *b"\x7fELF"
}

/// Which pages of `start..end` (at most [`WINDOW`] bytes) are in memory.
pub(super) fn present(mm: &AddressSpace, start: usize, end: usize) -> [bool; WINDOW / PAGE_SIZE] {
    let mut pages = [false; WINDOW / PAGE_SIZE];
    mm.page_table().for_each(start..end, &mut |at, _| {
        if let Some(page) = pages.get_mut((at - start) / PAGE_SIZE) {
            *page = true;
        }
    });
    pages
}

/// Bytes that [`present`] looks at.
pub(super) const WINDOW: usize = 64 * PAGE_SIZE;
