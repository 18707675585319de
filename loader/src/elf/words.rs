//! What is said of each [`ElfError`]: one line that names field and value.

use core::fmt;

use goblin::elf::header as gh;

use super::error::ElfError;
use super::header::{PHDR_SIZE, PHNUM_MAX};
use crate::machine::LOWEST_ADDRESS;

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
                write!(f, "e_phentsize is {size}, a program header has {} bytes", PHDR_SIZE)
            }
            Self::HeaderCount(0) => f.write_str("e_phnum is 0: there is nothing to load"),
            Self::HeaderCount(count) => {
                write!(f, "e_phnum is {count}, a program has at most {} program headers", PHNUM_MAX)
            }
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
