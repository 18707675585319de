//! The layout of a core file, and writing it: headers, notes, memory. Pages of zeroes become holes.

use alloc::sync::Arc;
use alloc::vec::Vec;

use elfin_syscalls::Errno;
use elfin_syscalls::args::ProtFlags;
use zerocopy::{Immutable, IntoBytes};

use super::segments::{Segment, WINDOW, present};
use crate::fs::{OpenFile, Source};
use crate::mm::{AddressSpace, Backing, PAGE_SIZE, Vma};

const ET_CORE: u16 = 4;
/// `EM_X86_64` or `EM_AARCH64`.
const MACHINE: u16 = if cfg!(target_arch = "x86_64") { 62 } else { 183 };
const PT_LOAD: u32 = 1;
const PT_NOTE: u32 = 4;
/// Program headers that the ELF header can count, less the notes' (`PN_XNUM`).
const MOST_SEGMENTS: usize = 0xfffe;

/// `Elf64_Ehdr`.
#[derive(Clone, Copy, IntoBytes, Immutable)]
#[repr(C)]
struct Ehdr {
    ident: [u8; 16],
    kind: u16,
    machine: u16,
    version: u32,
    entry: u64,
    phoff: u64,
    shoff: u64,
    flags: u32,
    ehsize: u16,
    phentsize: u16,
    phnum: u16,
    shentsize: u16,
    shnum: u16,
    shstrndx: u16,
}

/// `Elf64_Phdr`.
#[derive(Clone, Copy, IntoBytes, Immutable)]
#[repr(C)]
struct Phdr {
    kind: u32,
    flags: u32,
    offset: u64,
    vaddr: u64,
    paddr: u64,
    filesz: u64,
    memsz: u64,
    align: u64,
}

/// Headers for these segments and notes of `notes` bytes, and where the memory begins.
fn headers(segments: &[Segment], notes: usize) -> (Vec<u8>, u64) {
    let size = size_of::<Ehdr>() + (segments.len() + 1) * size_of::<Phdr>();
    let start = (size + notes).next_multiple_of(PAGE_SIZE) as u64;
    let ehdr = Ehdr {
        ident: *b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0",
        kind: ET_CORE,
        machine: MACHINE,
        version: 1,
        entry: 0,
        phoff: size_of::<Ehdr>() as u64,
        shoff: 0,
        flags: 0,
        ehsize: size_of::<Ehdr>() as u16,
        phentsize: size_of::<Phdr>() as u16,
        phnum: u16::try_from(segments.len() + 1).unwrap_or(u16::MAX),
        shentsize: 0,
        shnum: 0,
        shstrndx: 0,
    };
    let note = Phdr {
        kind: PT_NOTE,
        flags: 0,
        offset: size as u64,
        vaddr: 0,
        paddr: 0,
        filesz: notes as u64,
        memsz: 0,
        align: size_of::<u32>() as u64,
    };
    let mut bytes = ehdr.as_bytes().to_vec();
    bytes.extend_from_slice(note.as_bytes());
    let mut offset = start;
    for Segment { vma, dumped } in segments {
        let load = Phdr {
            kind: PT_LOAD,
            flags: segment_flags(vma.prot),
            offset,
            vaddr: vma.start as u64,
            paddr: 0,
            filesz: *dumped as u64,
            memsz: vma.len() as u64,
            align: PAGE_SIZE as u64,
        };
        bytes.extend_from_slice(load.as_bytes());
        offset += *dumped as u64;
    }
    (bytes, start)
}

/// `PF_R`, `PF_W` and `PF_X`.
fn segment_flags(prot: ProtFlags) -> u32 {
    [(ProtFlags::READ, 4), (ProtFlags::WRITE, 2), (ProtFlags::EXEC, 1)]
        .into_iter()
        .filter(|(right, _)| prot.contains(*right))
        .map(|(_, bit)| bit)
        .sum()
}

/// A core file that is being written.
struct Output {
    file: Arc<OpenFile>,
    at: u64,
    limit: u64,
}

impl Output {
    fn put(&mut self, bytes: &[u8]) -> Result<(), Errno> {
        let room = usize::try_from(self.limit.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let mut rest = bytes.get(..room).unwrap_or(bytes);
        while !rest.is_empty() {
            let n = self.file.file.write_at(self.at, &mut Source::kernel(rest))?;
            if n == 0 {
                return Err(Errno::ENOSPC);
            }
            self.at += n as u64;
            rest = rest.get(n..).unwrap_or_default();
        }
        if room < bytes.len() { Err(Errno::EFBIG) } else { Ok(()) }
    }

    fn memory(&mut self, mm: &AddressSpace, vma: &Vma, len: usize) -> Result<(), Errno> {
        let end = vma.start + len;
        let untouched_is_zero = matches!(vma.backing, Backing::Anonymous);
        let mut page = [0; PAGE_SIZE];
        for window in (vma.start..end).step_by(WINDOW) {
            let window_end = end.min(window + WINDOW);
            let there = present(mm, window, window_end);
            for (at, is_there) in (window..window_end).step_by(PAGE_SIZE).zip(there) {
                let wanted = is_there || !untouched_is_zero;
                let n = if wanted { mm.peek(at, &mut page) } else { 0 };
                if n < PAGE_SIZE || page.iter().all(|&byte| byte == 0) {
                    self.at += PAGE_SIZE as u64;
                } else {
                    self.put(&page)?;
                }
            }
        }
        Ok(())
    }
}

/// Writes a core file of at most `limit` bytes.
///
/// # Errors
/// `EFBIG` if it was cut off there, and those of writing.
pub(super) fn write(
    file: Arc<OpenFile>,
    limit: u64,
    mm: &AddressSpace,
    segments: &[Segment],
    notes: &[u8],
) -> Result<(), Errno> {
    let segments = segments.get(..MOST_SEGMENTS).unwrap_or(segments);
    let (headers, start) = headers(segments, notes.len());
    let mut output = Output { file, at: 0, limit };
    output.put(&headers)?;
    output.put(notes)?;
    output.at = start;
    for Segment { vma, dumped } in segments {
        output.memory(mm, vma, *dumped)?;
    }
    // What ends with a hole is as long as it says.
    if let Some(inode) = output.file.inode() {
        inode.truncate(output.at.min(limit))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mm::{Label, VmaFlags};

    #[test]
    fn memory_follows_the_notes_on_a_page() {
        let vma = Vma {
            start: 0x40_0000,
            end: 0x40_3000,
            prot: ProtFlags::READ | ProtFlags::EXEC,
            flags: VmaFlags::empty(),
            backing: Backing::Anonymous,
            label: Label::None,
        };
        let segments = [Segment { vma, dumped: 0x1000 }];
        let (bytes, start) = headers(&segments, 5000);
        assert_eq!((bytes.len(), start), (64 + 2 * 56, 0x2000));
        assert_eq!(bytes[16], 4);
        assert_eq!(
            bytes[64 + 56..64 + 56 + 16],
            [1, 0, 0, 0, 5, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0, 0]
        );
    }
}
