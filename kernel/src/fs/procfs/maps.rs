//! `/proc/<pid>/maps`, and what a program's memory adds up to.

use alloc::vec::Vec;
use core::fmt::Write;

use elfin_syscalls::args::ProtFlags;

use super::super::attr::{major, minor};
use super::super::path;
use super::super::pseudo::{Shown, Text};
use crate::mm::{AddressSpace, Backing, Label, PAGE_SIZE, Vma};
use crate::task::{ThreadRef, current};

/// The column of the names.
pub(super) const NAME_COLUMN: usize = 73;

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
pub(super) fn copy(mm: &AddressSpace) -> Vec<Vma> {
    let mut vmas = Vec::new();
    mm.for_each(|vma| {
        // Without memory the list ends early.
        if vmas.try_reserve(1).is_ok() {
            vmas.push(vma.clone());
        }
    });
    vmas
}

pub(super) fn line(vma: &Vma, out: &mut Text) -> Shown {
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
