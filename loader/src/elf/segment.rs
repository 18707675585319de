//! [`Segment`]: a PT_LOAD header whose numbers were checked against the file, the address space
//! and its neighbours, with the [protection](Prot) it asks for.

use bitflags::bitflags;
use goblin::elf::program_header::{PF_R, PF_W, PF_X};

use super::error::ElfError;
use super::header::ProgramHeader;
use crate::Machine;
use crate::machine::{PAGE_SIZE, page_down, page_up};

bitflags! {
    /// What a program may do with pages. The bits are those of PROT_READ, PROT_WRITE and PROT_EXEC.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct Prot: u8 {
        /// Load.
        const READ = 1;
        /// Store.
        const WRITE = 2;
        /// Fetch instructions.
        const EXEC = 4;
    }
}

impl Prot {
    fn from_flags(p_flags: u32) -> Self {
        let mut prot = Self::empty();
        prot.set(Self::READ, p_flags & PF_R != 0);
        prot.set(Self::WRITE, p_flags & PF_W != 0);
        prot.set(Self::EXEC, p_flags & PF_X != 0);
        prot
    }
}

/// A part of the file, or of zeroes, and its place in memory. `vaddr + mem_size` and
/// `file_offset + file_size` do not overflow, `file_size` is at most `mem_size`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Number of its program header, from 0.
    pub index: usize,
    /// First address, without the bias of a PIE.
    pub vaddr: u64,
    /// Bytes in memory, at least 1.
    pub mem_size: u64,
    /// Where its bytes are in the file.
    pub file_offset: u64,
    /// Bytes from the file; the rest of `mem_size` is zero.
    pub file_size: u64,
    /// What the program may do with it.
    pub prot: Prot,
    /// p_align as the file has it; Linux takes powers of two only.
    pub align: u64,
}

impl Segment {
    /// Checks a PT_LOAD header by itself.
    pub(super) fn new(
        index: usize,
        header: &ProgramHeader,
        file_end: u64,
        machine: Machine,
    ) -> Result<Self, ElfError> {
        let &ProgramHeader { p_vaddr, p_memsz, p_offset, p_filesz, p_align, .. } = header;
        if p_filesz > p_memsz {
            return Err(ElfError::FileExceedsMemory {
                segment: index,
                file_size: p_filesz,
                mem_size: p_memsz,
            });
        }
        let limit = machine.user_limit();
        if p_vaddr.checked_add(p_memsz).is_none_or(|end| end > limit) {
            return Err(ElfError::TooHigh {
                segment: index,
                vaddr: p_vaddr,
                mem_size: p_memsz,
                limit,
            });
        }
        if p_filesz != 0 {
            if p_offset.checked_add(p_filesz).is_none_or(|end| end > file_end) {
                return Err(ElfError::PastEnd {
                    segment: index,
                    offset: p_offset,
                    len: p_filesz,
                    file_size: file_end,
                });
            }
            if p_vaddr % PAGE_SIZE != p_offset % PAGE_SIZE {
                return Err(ElfError::Misaligned {
                    segment: index,
                    vaddr: p_vaddr,
                    offset: p_offset,
                });
            }
        }
        if p_align.is_power_of_two() && p_align > limit / 2 {
            return Err(ElfError::Alignment { segment: index, align: p_align });
        }
        Ok(Self {
            index,
            vaddr: p_vaddr,
            mem_size: p_memsz,
            file_offset: if p_filesz == 0 { 0 } else { p_offset },
            file_size: p_filesz,
            prot: Prot::from_flags(header.p_flags),
            align: p_align,
        })
    }

    /// Its end in memory.
    pub const fn end(&self) -> u64 {
        self.vaddr.saturating_add(self.mem_size)
    }

    /// The end of what comes from the file.
    pub const fn file_backed_end(&self) -> u64 {
        self.vaddr.saturating_add(self.file_size)
    }

    /// Whether `address` (without bias) lies in it.
    pub const fn contains(&self, address: u64) -> bool {
        self.vaddr <= address && address < self.end()
    }

    /// End of the pages that show the file; their begin where it has no bytes of the file.
    pub(super) const fn file_pages_end(&self) -> u64 {
        if self.file_size == 0 { page_down(self.vaddr) } else { page_up(self.file_backed_end()) }
    }

    /// Checks `next`, which begins at or above this one: no address is claimed twice, and a page
    /// that both lie in can serve both (the later one's mapping is what the program sees).
    pub(super) fn check_neighbour(&self, next: &Self) -> Result<(), ElfError> {
        if next.vaddr < self.end() {
            return Err(ElfError::Overlap {
                segment: self.index,
                other: next.index,
                address: next.vaddr,
            });
        }
        let page = page_down(next.vaddr);
        if page >= self.end() {
            return Ok(());
        }
        let both_zero = self.file_pages_end() <= page && next.file_size == 0;
        let same_bytes = self.file_size == self.mem_size
            && next.file_size != 0
            && self.file_offset.wrapping_sub(self.vaddr)
                == next.file_offset.wrapping_sub(next.vaddr);
        if both_zero || same_bytes {
            Ok(())
        } else {
            Err(ElfError::SharedPage { segment: self.index, other: next.index, page })
        }
    }
}
