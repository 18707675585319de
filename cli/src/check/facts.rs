//! What an ELF file says about itself: [`Facts`].

use goblin::elf::{Elf, header, program_header};
use serde::Serialize;

use super::libc_guess::guess_libc;

/// The facts, as `elfin check --json` shows them.
#[derive(Debug, Serialize)]
pub struct Facts {
    /// File size in bytes.
    pub size: u64,
    /// `ET_EXEC`, `ET_DYN`, …
    pub elf_type: String,
    /// What that means together with the interpreter.
    pub kind: &'static str,
    /// `x86_64`, `aarch64`, or the number.
    pub machine: String,
    /// Bits of an address.
    pub bits: u8,
    /// Where execution begins.
    pub entry: u64,
    /// The dynamic loader asked for.
    pub interpreter: Option<String>,
    /// Shared libraries asked for.
    pub needs: Vec<String>,
    /// The C library or language run time that it looks like.
    pub libc: &'static str,
    /// Whether function names are there.
    pub stripped: bool,
    /// Bytes of memory that the segments take.
    pub memory: u64,
    /// The loadable segments.
    pub segments: Vec<Segment>,
}

/// A loadable segment.
#[derive(Debug, Serialize)]
pub struct Segment {
    /// Address.
    pub address: u64,
    /// Bytes in the file.
    pub file_size: u64,
    /// Bytes in memory.
    pub memory_size: u64,
    /// `r-x` and the like.
    pub permissions: String,
}

impl Facts {
    /// Reads them from `elf`, which is `file`.
    pub fn new(elf: &Elf<'_>, file: &[u8]) -> Self {
        let segments: Vec<Segment> = elf
            .program_headers
            .iter()
            .filter(|segment| segment.p_type == program_header::PT_LOAD)
            .map(|segment| Segment {
                address: segment.p_vaddr,
                file_size: segment.p_filesz,
                memory_size: segment.p_memsz,
                permissions: permissions(segment.p_flags),
            })
            .collect();
        let memory =
            segments.iter().map(|segment| segment.memory_size).fold(0, u64::saturating_add);
        Self {
            size: u64::try_from(file.len()).unwrap_or(u64::MAX),
            elf_type: header::et_to_str(elf.header.e_type).to_owned(),
            kind: kind(elf),
            machine: machine_name(elf.header.e_machine),
            bits: if elf.is_64 { 64 } else { 32 },
            entry: elf.entry,
            interpreter: elf.interpreter.map(str::to_owned),
            needs: elf.libraries.iter().map(|name| (*name).to_owned()).collect(),
            libc: guess_libc(elf, file),
            stripped: elf.syms.is_empty(),
            memory,
            segments,
        }
    }
}

fn kind(elf: &Elf<'_>) -> &'static str {
    match (elf.header.e_type, elf.interpreter) {
        (header::ET_EXEC, None) => "static executable",
        (header::ET_EXEC, Some(_)) => "dynamic executable",
        (header::ET_DYN, Some(_)) => "dynamic position-independent executable",
        (header::ET_DYN, None) if elf.libraries.is_empty() => {
            "static position-independent executable"
        }
        (header::ET_DYN, None) => "shared library",
        (header::ET_REL, _) => "object file",
        (header::ET_CORE, _) => "core dump",
        _ => "unknown kind of ELF",
    }
}

/// As uname(1) says it.
fn machine_name(machine: u16) -> String {
    match machine {
        header::EM_X86_64 => "x86_64".into(),
        header::EM_AARCH64 => "aarch64".into(),
        header::EM_386 => "i386".into(),
        header::EM_ARM => "arm".into(),
        header::EM_RISCV => "riscv".into(),
        other => format!("{} (e_machine {other})", header::machine_to_str(other)),
    }
}

fn permissions(flags: u32) -> String {
    let bit = |mask, letter| if flags & mask != 0 { letter } else { '-' };
    [bit(program_header::PF_R, 'r'), bit(program_header::PF_W, 'w'), bit(program_header::PF_X, 'x')]
        .into_iter()
        .collect()
}
