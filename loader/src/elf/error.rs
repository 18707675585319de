//! [`ElfError`]: why a file can not be run, in one line that names field and value, with the
//! errno and the exit status that go with it. [`ParseError`] adds the failures of the reader.

use alloc::vec::Vec;
use core::fmt;

use goblin::elf::header as gh;

use crate::Machine;
use crate::machine::LOWEST_ADDRESS;

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

impl fmt::Display for ElfError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("not an ELF file (it is empty)"),
            Self::NotElf { begin, len } => {
                f.write_str("not an ELF file (begins with")?;
                for byte in begin.iter().take(*len) {
                    write!(f, " {byte:02x}")?;
                }
                f.write_str(")")
            }
            Self::CutShort { what, offset, len, file_size } => write!(
                f,
                "the file is cut short: {what} at {offset:#x}, {len:#x} bytes long, is past the \
                 end of the file ({file_size:#x} bytes)"
            ),
            Self::Class(class) => {
                write!(f, "EI_CLASS is {class}{}, not 2 (64-bit)", class_name(*class))
            }
            Self::Data(data) => {
                write!(f, "EI_DATA is {data}{}, not 1 (little-endian)", data_name(*data))
            }
            Self::Version { field, value } => write!(f, "{field} is {value}, not 1"),
            Self::Type(e_type) => {
                write!(f, "e_type is {e_type} ({}), not 2 or 3 (a program)", type_name(*e_type))
            }
            Self::Machine { value, expected } => {
                write!(
                    f,
                    "e_machine is {value} ({}), this machine is {expected}",
                    machine_name(*value)
                )
            }
            Self::EntrySize(size) => {
                write!(
                    f,
                    "e_phentsize is {size}, a program header has {} bytes",
                    super::header::PHDR_SIZE
                )
            }
            Self::HeaderCount(0) => f.write_str("e_phnum is 0: there is nothing to load"),
            Self::HeaderCount(count) => write!(
                f,
                "e_phnum is {count}, a program has at most {} program headers",
                super::header::PHNUM_MAX
            ),
            Self::NothingToLoad => {
                f.write_str("no program header is a PT_LOAD with p_memsz above 0")
            }
            Self::PastEnd { segment, offset, len, file_size } => write!(
                f,
                "segment {segment}: p_offset {offset:#x} + p_filesz {len:#x} is past the end of \
                 the file ({file_size:#x} bytes)"
            ),
            Self::FileExceedsMemory { segment, file_size, mem_size } => write!(
                f,
                "segment {segment}: p_filesz {file_size:#x} is more than p_memsz {mem_size:#x}"
            ),
            Self::Misaligned { segment, vaddr, offset } => write!(
                f,
                "segment {segment}: p_vaddr {vaddr:#x} and p_offset {offset:#x} differ in their \
                 place in a page"
            ),
            Self::TooHigh { segment, vaddr, mem_size, limit } => write!(
                f,
                "segment {segment}: p_vaddr {vaddr:#x} + p_memsz {mem_size:#x} is above a \
                 program's last address ({limit:#x})"
            ),
            Self::TooLow { segment, vaddr } => write!(
                f,
                "segment {segment}: p_vaddr {vaddr:#x} is below a program's first address \
                 ({LOWEST_ADDRESS:#x})"
            ),
            Self::Overlap { segment, other, address } => {
                write!(f, "segments {segment} and {other} overlap at p_vaddr {address:#x}")
            }
            Self::SharedPage { segment, other, page } => write!(
                f,
                "segments {segment} and {other} need different contents of the page at {page:#x}"
            ),
            Self::Alignment { segment, align } => {
                write!(f, "segment {segment}: p_align {align:#x} is more than there are addresses")
            }
            Self::Entry { entry } => write!(
                f,
                "e_entry {entry:#x} is in no executable segment{}",
                if *entry == 0 { " (a shared library?)" } else { "" }
            ),
            Self::InterpreterSize { segment, len } => {
                write!(f, "segment {segment}: PT_INTERP has p_filesz {len:#x}, no length of a path")
            }
            Self::InterpreterUnterminated { segment } => {
                write!(f, "segment {segment}: the path of PT_INTERP has no NUL at its end")
            }
            Self::InterpreterMissing { path } => write!(
                f,
                "its interpreter '{}' (PT_INTERP) does not exist; add it, or link the program statically",
                path.escape_ascii()
            ),
            Self::OutOfMemory => f.write_str("out of memory for the program headers"),
        }
    }
}

impl core::error::Error for ElfError {}

const fn class_name(class: u8) -> &'static str {
    match class {
        1 => " (32-bit)",
        _ => "",
    }
}

const fn data_name(data: u8) -> &'static str {
    match data {
        2 => " (big-endian)",
        _ => "",
    }
}

const fn type_name(e_type: u16) -> &'static str {
    match e_type {
        0 => "none",
        1 => "an object file to be linked",
        4 => "a core dump",
        _ => "unknown",
    }
}

const fn machine_name(value: u16) -> &'static str {
    match value {
        gh::EM_386 => "i386",
        gh::EM_MIPS => "MIPS",
        gh::EM_PPC64 => "PowerPC64",
        gh::EM_S390 => "S/390",
        gh::EM_ARM => "ARM",
        gh::EM_X86_64 => "x86_64",
        gh::EM_AARCH64 => "AArch64",
        gh::EM_RISCV => "RISC-V",
        gh::EM_LOONGARCH => "LoongArch",
        _ => "unknown",
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
