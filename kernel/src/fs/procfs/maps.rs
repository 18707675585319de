//! `/proc/<pid>/{maps,smaps,smaps_rollup}`.

use alloc::vec::Vec;
use core::fmt::Write;

use elfin_syscalls::args::ProtFlags;

use super::super::attr::{major, minor};
use super::super::path;
use super::super::pseudo::{Shown, Text};
use crate::mm::{AddressSpace, Backing, Label, PAGE_SIZE, Vma, VmaFlags};
use crate::task::{ThreadRef, current};

/// Bytes in the unit of `smaps`.
const KB: usize = 1024;
/// The column of the names.
const NAME_COLUMN: usize = 73;

/// What a program's memory adds up to, in bytes.
#[derive(Default)]
pub(super) struct Sizes {
    pub(super) total: usize,
    pub(super) resident: usize,
    /// Resident, and shared with a file.
    pub(super) resident_file: usize,
    pub(super) code: usize,
    pub(super) data: usize,
    pub(super) stack: usize,
    pub(super) code_start: usize,
    pub(super) code_end: usize,
    pub(super) data_start: usize,
    pub(super) data_end: usize,
}

impl Sizes {
    pub(super) fn of(mm: &AddressSpace) -> Self {
        let mut sizes = Self { resident: mm.resident(), ..Self::default() };
        for vma in copy(mm) {
            let len = vma.len();
            sizes.total += len;
            let file = matches!(vma.backing, Backing::Object { .. });
            if vma.label == Label::Stack {
                sizes.stack += len;
            } else if file && vma.prot.contains(ProtFlags::EXEC) && vma.label == Label::None {
                sizes.code += len;
                if sizes.code_start == 0 {
                    sizes.code_start = vma.start;
                }
                sizes.code_end = vma.end;
            } else if vma.prot.contains(ProtFlags::WRITE) && !vma.is_shared() {
                sizes.data += len;
                if file {
                    if sizes.data_start == 0 {
                        sizes.data_start = vma.start;
                    }
                    sizes.data_end = vma.end;
                }
            }
            if file && !vma.prot.contains(ProtFlags::WRITE) {
                sizes.resident_file += mm.resident_in(&vma);
            }
        }
        sizes
    }
}

/// The mappings at one moment: what is written of them may need the address space itself.
fn copy(mm: &AddressSpace) -> Vec<Vma> {
    let mut vmas = Vec::new();
    mm.for_each(|vma| {
        // Without memory the list ends early.
        if vmas.try_reserve(1).is_ok() {
            vmas.push(vma.clone());
        }
    });
    vmas
}

fn line(vma: &Vma, out: &mut Text) -> Shown {
    let flag = |flag, letter| if vma.prot.contains(flag) { letter } else { '-' };
    let (r, w, x) =
        (flag(ProtFlags::READ, 'r'), flag(ProtFlags::WRITE, 'w'), flag(ProtFlags::EXEC, 'x'));
    let p = if vma.is_shared() { 's' } else { 'p' };
    let mut place = None;
    let mut offset = 0;
    let (mut dev, mut ino) = (0, 0);
    if let Backing::Object { page, path, .. } = &vma.backing {
        if let Some(at) = path {
            let attr = at.inode().attr();
            (dev, ino) = (attr.dev, attr.ino);
            place = Some(at);
        }
        offset = page.saturating_mul(PAGE_SIZE as u64);
    }
    let before = out.as_bytes().len();
    write!(out, "{:08x}-{:08x} {r}{w}{x}{p} {offset:08x} ", vma.start, vma.end)?;
    write!(out, "{:02x}:{:02x} {ino} ", major(dev), minor(dev))?;
    let name: &[u8] = match vma.label {
        Label::Heap => b"[heap]",
        Label::Stack => b"[stack]",
        Label::Vdso => b"[vdso]",
        Label::Vvar => b"[vvar]",
        Label::None => b"",
    };
    // As on Linux, a path that is too long is not shown.
    let shown = place.and_then(|place| path::shown(place, &current().fs().root()).ok());
    let name = shown.as_deref().unwrap_or(name);
    if !name.is_empty() {
        let width = out.as_bytes().len() - before;
        write!(out, "{:1$}", "", NAME_COLUMN.saturating_sub(width))?;
        // A line end in a name would be one in the file.
        for &byte in name {
            match byte {
                b'\n' => out.bytes(b"\\012")?,
                byte => out.bytes(&[byte])?,
            }
        }
    }
    out.bytes(b"\n")
}

/// `maps`.
pub fn maps(thread: &ThreadRef, out: &mut Text) -> Shown {
    copy(thread.mm()).iter().try_for_each(|vma| line(vma, out))
}

/// What `smaps` says of one mapping, or of all together.
#[derive(Default)]
struct Usage {
    size: usize,
    resident: usize,
    shared: usize,
    anonymous: usize,
    locked: usize,
}

impl Usage {
    fn of(mm: &AddressSpace, vma: &Vma) -> Self {
        let resident = mm.resident_in(vma);
        let file = matches!(vma.backing, Backing::Object { .. });
        let shared = if file && !vma.prot.contains(ProtFlags::WRITE) { resident } else { 0 };
        let locked = if vma.flags.contains(VmaFlags::LOCKED) { resident } else { 0 };
        Self { size: vma.len(), resident, shared, anonymous: resident - shared, locked }
    }

    fn add(&mut self, other: &Self) {
        self.size += other.size;
        self.resident += other.resident;
        self.shared += other.shared;
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
        row("Rss", self.resident)?;
        row("Pss", self.resident)?;
        row("Pss_Dirty", self.anonymous)?;
        row("Shared_Clean", 0)?;
        row("Shared_Dirty", 0)?;
        row("Private_Clean", self.shared)?;
        row("Private_Dirty", self.anonymous)?;
        row("Referenced", self.resident)?;
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
