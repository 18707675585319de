//! `/proc/<pid>/{smaps,smaps_rollup}`: each mapping, and the memory that it uses.

use core::fmt::Write;

use elfin_syscalls::args::ProtFlags;

use super::super::pseudo::{Shown, Text};
use super::maps::{NAME_COLUMN, copy, line};
use crate::mm::{AddressSpace, Backing, PAGE_SIZE, PageUse, Vma, VmaFlags};
use crate::task::ThreadRef;

/// Bytes in the unit of the files.
const KB: usize = 1024;

/// What is said of one mapping, or of all together, in bytes.
#[derive(Default)]
struct Usage {
    size: usize,
    pages: PageUse,
    anonymous: usize,
    locked: usize,
}

impl Usage {
    fn of(mm: &AddressSpace, vma: &Vma) -> Self {
        let pages = mm.page_use(vma);
        // Private pages that were written to are the program's, whatever they were before.
        let dirty = pages.dirty.own + pages.dirty.shared;
        let is_object = matches!(vma.backing, Backing::Object { .. });
        let anonymous = match () {
            () if vma.is_shared() => 0,
            () if is_object => dirty,
            () => pages.resident(),
        };
        let is_locked = vma.flags.contains(VmaFlags::LOCKED);
        let locked = if is_locked { pages.clean.share + pages.dirty.share } else { 0 };
        Self { size: vma.len(), pages, anonymous, locked }
    }

    fn add(&mut self, other: &Self) {
        self.size += other.size;
        self.pages.add(&other.pages);
        self.anonymous += other.anonymous;
        self.locked += other.locked;
    }

    fn show(&self, one: bool, out: &mut Text) -> Shown {
        let mut row = |name: &str, bytes: usize| {
            writeln!(out, "{:<16}{:8} kB", alloc::format!("{name}:"), bytes / KB)
        };
        if one {
            row("Size", self.size)?;
            row("KernelPageSize", PAGE_SIZE)?;
            row("MMUPageSize", PAGE_SIZE)?;
        }
        let [clean, dirty] = [&self.pages.clean, &self.pages.dirty];
        let resident = self.pages.resident();
        row("Rss", resident)?;
        row("Pss", clean.share + dirty.share)?;
        row("Pss_Dirty", dirty.share)?;
        row("Shared_Clean", clean.shared)?;
        row("Shared_Dirty", dirty.shared)?;
        row("Private_Clean", clean.own)?;
        row("Private_Dirty", dirty.own)?;
        row("Referenced", resident)?;
        row("Anonymous", self.anonymous)?;
        row("KSM", 0)?;
        row("LazyFree", 0)?;
        row("AnonHugePages", 0)?;
        row("ShmemPmdMapped", 0)?;
        row("FilePmdMapped", 0)?;
        row("Shared_Hugetlb", 0)?;
        row("Private_Hugetlb", 0)?;
        row("Swap", 0)?;
        row("SwapPss", 0)?;
        row("Locked", self.locked)?;
        Ok(())
    }
}

/// `smaps`.
pub fn smaps(thread: &ThreadRef, out: &mut Text) -> Shown {
    let mm = thread.mm();
    for vma in copy(mm) {
        line(&vma, out)?;
        Usage::of(mm, &vma).show(true, out)?;
        writeln!(out, "THPeligible:           0")?;
        write!(out, "VmFlags:")?;
        for (flag, name) in
            [(ProtFlags::READ, "rd"), (ProtFlags::WRITE, "wr"), (ProtFlags::EXEC, "ex")]
        {
            if vma.prot.contains(flag) {
                write!(out, " {name}")?;
            }
        }
        if vma.is_shared() {
            write!(out, " sh")?;
        }
        write!(out, " mr mw me")?;
        for (flag, name) in [
            (VmaFlags::GROWS_DOWN, "gd"),
            (VmaFlags::LOCKED, "lo"),
            (VmaFlags::DONT_FORK, "dc"),
            (VmaFlags::ACCOUNT, "ac"),
            (VmaFlags::NO_RESERVE, "nr"),
            (VmaFlags::WIPE_ON_FORK, "wf"),
            (VmaFlags::DONT_DUMP, "dd"),
        ] {
            if vma.flags.contains(flag) {
                write!(out, " {name}")?;
            }
        }
        writeln!(out, " ")?;
    }
    Ok(())
}

/// `smaps_rollup`.
pub fn rollup(thread: &ThreadRef, out: &mut Text) -> Shown {
    let mm = thread.mm();
    let vmas = copy(mm);
    let (Some(first), Some(last)) = (vmas.first(), vmas.last()) else { return Ok(()) };
    let mut all = Usage::default();
    vmas.iter().for_each(|vma| all.add(&Usage::of(mm, vma)));
    let range = alloc::format!("{:08x}-{:08x} ---p 00000000 00:00 0 ", first.start, last.end);
    writeln!(out, "{range:<NAME_COLUMN$}[rollup]")?;
    all.show(false, out)
}
