//! [`ElfError`]: why a file can not be run, with the errno and the exit status that go with it (its
//! words are in `words`). [`ParseError`] adds the failures of the reader.

use alloc::vec::Vec;
use core::fmt;

use crate::Machine;

/// Linux's errno for a file that is not something to run.
const ENOEXEC: i32 = 8;
/// Linux's errno for a name that leads to nothing.
const ENOENT: i32 = 2;
/// Linux's errno for a program header that contradicts itself.
const EINVAL: i32 = 22;
/// Linux's errno for an exhausted memory.
const ENOMEM: i32 = 12;
/// Linux's errno for an address that is not to be used.
const EPERM: i32 = 1;

/// Exit status of a shell for what was found but can not be run.
const STATUS_NOT_RUNNABLE: i32 = 126;
/// Exit status of a shell for what was not found.
const STATUS_NOT_FOUND: i32 = 127;

/// Why an ELF file can not be run. Segments are counted as `readelf -l` lists program headers, from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ElfError {
    /// The file has no bytes.
    Empty,
    /// The magic number is another.
    NotElf {
        /// Begin of the file.
        begin: [u8; 4],
        /// How much of that the file has.
        len: usize,
    },
    /// The file ends within what it says it has.
    CutShort {
        /// What is cut.
        what: &'static str,
        /// Where it begins in the file.
        offset: u64,
        /// How long it is.
        len: u64,
        /// Where the file ends.
        file_size: u64,
    },
    /// EI_CLASS is not 64 bits.
    Class(u8),
    /// EI_DATA is not little-endian.
    Data(u8),
    /// EI_VERSION or e_version is not 1.
    Version {
        /// The field.
        field: &'static str,
        /// Its value.
        value: u32,
    },
    /// e_type is not that of a program.
    Type(u16),
    /// e_machine is another machine's.
    Machine {
        /// Its value.
        value: u16,
        /// What was expected.
        expected: Machine,
    },
    /// e_phentsize is not the size of a program header.
    EntrySize(u16),
    /// e_phnum is 0 or beyond what Linux reads.
    HeaderCount(u16),
    /// No program header asks for memory.
    NothingToLoad,
    /// A segment reaches past the end of the file.
    PastEnd {
        /// Number of the program header.
        segment: usize,
        /// Its p_offset.
        offset: u64,
        /// Its p_filesz.
        len: u64,
        /// Where the file ends.
        file_size: u64,
    },
    /// p_filesz is more than p_memsz.
    FileExceedsMemory {
        /// Number of the program header.
        segment: usize,
        /// Its p_filesz.
        file_size: u64,
        /// Its p_memsz.
        mem_size: u64,
    },
    /// p_vaddr and p_offset are at different places of a page.
    Misaligned {
        /// Number of the program header.
        segment: usize,
        /// Its p_vaddr.
        vaddr: u64,
        /// Its p_offset.
        offset: u64,
    },
    /// p_vaddr + p_memsz is beyond a program's addresses.
    TooHigh {
        /// Number of the program header.
        segment: usize,
        /// Its p_vaddr.
        vaddr: u64,
        /// Its p_memsz.
        mem_size: u64,
        /// End of a program's addresses.
        limit: u64,
    },
    /// p_vaddr is below what a program may map.
    TooLow {
        /// Number of the program header.
        segment: usize,
        /// Its p_vaddr.
        vaddr: u64,
    },
    /// Two segments claim the same address.
    Overlap {
        /// Number of the lower program header.
        segment: usize,
        /// Number of the other one.
        other: usize,
        /// First address that both claim.
        address: u64,
    },
    /// Two segments share a page whose bytes can not serve both.
    SharedPage {
        /// Number of the lower program header.
        segment: usize,
        /// Number of the other one.
        other: usize,
        /// The page.
        page: u64,
    },
    /// p_align asks for more than there are addresses.
    Alignment {
        /// Number of the program header.
        segment: usize,
        /// Its p_align.
        align: u64,
    },
    /// e_entry is in no executable segment.
    Entry {
        /// e_entry.
        entry: u64,
    },
    /// PT_INTERP has a length that no path has.
    InterpreterSize {
        /// Number of the program header.
        segment: usize,
        /// Its p_filesz.
        len: u64,
    },
    /// PT_INTERP does not end with a NUL byte.
    InterpreterUnterminated {
        /// Number of the program header.
        segment: usize,
    },
    /// The interpreter is not in the file system; made by who looks for it.
    InterpreterMissing {
        /// Its path.
        path: Vec<u8>,
    },
    /// No memory for the plan.
    OutOfMemory,
}

impl ElfError {
    /// The errno that execve(2) gives.
    pub const fn errno(&self) -> i32 {
        match self {
            Self::InterpreterMissing { .. } => ENOENT,
            Self::OutOfMemory | Self::Alignment { .. } => ENOMEM,
            Self::TooLow { .. } => EPERM,
            Self::FileExceedsMemory { .. }
            | Self::Misaligned { .. }
            | Self::TooHigh { .. }
            | Self::Overlap { .. }
            | Self::SharedPage { .. } => EINVAL,
            _ => ENOEXEC,
        }
    }

    /// The exit status of a shell that was to run the file.
    pub const fn exit_status(&self) -> i32 {
        match self {
            Self::InterpreterMissing { .. } => STATUS_NOT_FOUND,
            _ => STATUS_NOT_RUNNABLE,
        }
    }
}

/// Why a file gave no plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParseError<E> {
    /// The file is at fault.
    Elf(ElfError),
    /// The file could not be read.
    Read(E),
}

impl<E> From<ElfError> for ParseError<E> {
    fn from(error: ElfError) -> Self {
        Self::Elf(error)
    }
}

impl<E: fmt::Display> fmt::Display for ParseError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Elf(error) => error.fmt(f),
            Self::Read(error) => error.fmt(f),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> core::error::Error for ParseError<E> {}
