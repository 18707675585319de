//! [`LoadPlan`]: everything that starting a program needs to know of its file. It is made from the
//! ELF header and the program headers alone, read in two or three small pieces.

use alloc::vec::Vec;
use core::convert::Infallible;
use core::ops::Range;

use goblin::elf::header::ET_EXEC;
use goblin::elf::program_header as ph;

use super::error::{ElfError, ParseError};
use super::header::{PHDR_SIZE, ProgramHeader, ReadAt, Source};
use super::property::Properties;
use super::segment::{Prot, Segment};
use crate::Machine;
use crate::machine::{LOWEST_ADDRESS, PAGE_SIZE, page_down, page_up};

/// Bytes of PT_INTERP at most, Linux's PATH_MAX.
const INTERPRETER_MAX: u64 = 4096;
/// Bytes of PT_INTERP at least: a character and a NUL.
const INTERPRETER_MIN: u64 = 2;

/// How a program wants to be placed and started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// ET_EXEC: at its own addresses, by itself.
    Exec,
    /// ET_EXEC with PT_INTERP: at its own addresses, started by its interpreter.
    DynamicExec,
    /// ET_DYN without PT_INTERP: anywhere, relocating itself. Interpreters are of this kind too.
    StaticPie,
    /// ET_DYN with PT_INTERP: anywhere, started by its interpreter.
    DynamicPie,
}

impl Kind {
    /// Whether addresses are relative to a bias that the loader chooses.
    pub const fn is_pie(self) -> bool {
        matches!(self, Self::StaticPie | Self::DynamicPie)
    }

    /// Whether an interpreter (PT_INTERP) must be loaded as well.
    pub const fn is_dynamic(self) -> bool {
        matches!(self, Self::DynamicExec | Self::DynamicPie)
    }
}

/// What of a file belongs where. Addresses are those of the file: add the bias to all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadPlan {
    /// The machine it was made for.
    pub machine: Machine,
    /// How it is placed and started.
    pub kind: Kind,
    /// Address of the first instruction; in an executable segment.
    pub entry: u64,
    /// AT_PHDR: where the program headers are in memory, if a segment holds them.
    pub phdr_vaddr: Option<u64>,
    /// AT_PHNUM.
    pub phnum: u16,
    /// AT_PHENT.
    pub phent: u16,
    /// What to load, ascending; at least one, none overlaps another.
    pub segments: Vec<Segment>,
    /// All pages, from the lowest to the highest.
    pub span: Range<u64>,
    /// End of the highest segment, not rounded: where the heap may begin.
    pub end: u64,
    /// What the address of a PIE must be a multiple of, at least a page.
    pub load_align: u64,
    /// PT_INTERP: path of the interpreter, without NUL.
    pub interp: Option<Vec<u8>>,
    /// PT_GNU_STACK: whether the stack is executable; `None` where the header is missing, which
    /// on x86_64 and arm64 means no.
    pub executable_stack: Option<bool>,
    /// PT_TLS: the initial thread-local data. Kept for show; libc reads it through AT_PHDR.
    pub tls: Option<Range<u64>>,
    /// PT_GNU_RELRO: what libc makes read-only after relocation. Kept for show.
    pub relro: Option<Range<u64>>,
    /// What the code promises (IBT, shadow stack, BTI, PAC).
    pub properties: Properties,
}

impl LoadPlan {
    /// Makes a plan from a file of `file_size` bytes. `read` fills its slice from a file offset on;
    /// it is asked for ranges inside the file only.
    ///
    /// # Errors
    /// The file can not be run, or `read` failed.
    pub fn parse<'r, E>(
        file_size: u64,
        read: &'r mut ReadAt<'r, E>,
        machine: Machine,
    ) -> Result<Self, ParseError<E>> {
        let mut source = Source { size: file_size, read };
        let header = source.header(machine)?;
        let headers = source.program_headers(&header)?;
        let is_exec = header.e_type == ET_EXEC;

        let mut interp = None;
        let mut note = None;
        for (index, header) in headers.iter().enumerate() {
            match header.p_type {
                ph::PT_INTERP if interp.is_none() => {
                    interp = Some(read_interpreter(&mut source, index, header)?);
                }
                ph::PT_GNU_PROPERTY => note = Some(header),
                _ => {}
            }
        }
        let properties = match note {
            Some(note) => Properties::read(&mut source, note, machine)?,
            None => Properties::default(),
        };

        let kind = match (is_exec, interp.is_some()) {
            (true, false) => Kind::Exec,
            (true, true) => Kind::DynamicExec,
            (false, false) => Kind::StaticPie,
            (false, true) => Kind::DynamicPie,
        };
        let segments = load_segments(&headers, file_size, machine)?;
        let (Some(first), Some(last)) = (segments.first(), segments.last()) else {
            return Err(ElfError::NothingToLoad.into());
        };
        if is_exec && first.vaddr < LOWEST_ADDRESS {
            return Err(ElfError::TooLow { segment: first.index, vaddr: first.vaddr }.into());
        }
        let entry = header.e_entry;
        if !segments.iter().any(|s| s.prot.contains(Prot::EXEC) && s.contains(entry)) {
            return Err(ElfError::Entry { entry }.into());
        }
        Ok(Self {
            machine,
            kind,
            entry,
            phdr_vaddr: table_address(&segments, header.e_phoff),
            phnum: header.e_phnum,
            phent: PHDR_SIZE,
            span: page_down(first.vaddr)..page_up(last.end()),
            end: last.end(),
            load_align: load_align(&segments),
            interp,
            executable_stack: find(&headers, ph::PT_GNU_STACK).map(|h| h.p_flags & ph::PF_X != 0),
            tls: find(&headers, ph::PT_TLS).and_then(memory_range),
            relro: find(&headers, ph::PT_GNU_RELRO).and_then(memory_range),
            properties,
            segments,
        })
    }

    /// Makes a plan from a file that is in memory as a whole.
    ///
    /// # Errors
    /// The file can not be run.
    pub fn from_slice(file: &[u8], machine: Machine) -> Result<Self, ElfError> {
        let mut read = |offset: u64, to: &mut [u8]| {
            let from = usize::try_from(offset).ok().and_then(|offset| file.get(offset..));
            from.unwrap_or_default().iter().zip(to).for_each(|(from, to)| *to = *from);
            Ok::<(), Infallible>(())
        };
        Self::parse(file.len() as u64, &mut read, machine).map_err(|error| match error {
            ParseError::Elf(error) => error,
            ParseError::Read(never) => match never {},
        })
    }

    /// The bias with which the program comes to `address`, or below it as far as its alignment
    /// asks (as Linux rounds); 0 for a program with addresses of its own. It may wrap, as may the
    /// addition: use `wrapping_add`.
    pub const fn bias_for(&self, address: u64) -> u64 {
        if !self.kind.is_pie() {
            return 0;
        }
        address.wrapping_sub(self.span.start) & !(self.load_align - 1)
    }
}

/// Checks all PT_LOAD headers and sorts them by address.
fn load_segments(
    headers: &[ProgramHeader],
    file_size: u64,
    machine: Machine,
) -> Result<Vec<Segment>, ElfError> {
    let mut segments = Vec::new();
    segments.try_reserve_exact(headers.len()).map_err(|_| ElfError::OutOfMemory)?;
    for (index, header) in headers.iter().enumerate() {
        if header.p_type == ph::PT_LOAD {
            let segment = Segment::new(index, header, file_size, machine)?;
            if segment.mem_size != 0 {
                // Almost always the end; a sort is more code than this is worth.
                let place = segments.partition_point(|s: &Segment| s.vaddr <= segment.vaddr);
                segments.insert(place, segment);
            }
        }
    }
    for pair in segments.windows(2) {
        if let [lower, upper] = pair {
            lower.check_neighbour(upper)?;
        }
    }
    Ok(segments)
}

/// Where the bytes at `file_offset` come to lie, if they are loaded.
fn table_address(segments: &[Segment], file_offset: u64) -> Option<u64> {
    segments.iter().find_map(|segment| {
        let distance = file_offset.checked_sub(segment.file_offset)?;
        (distance < segment.file_size).then(|| segment.vaddr.saturating_add(distance))
    })
}

/// The largest alignment that is a power of two, as Linux takes it.
fn load_align(segments: &[Segment]) -> u64 {
    let powers = segments.iter().map(|segment| segment.align).filter(|a| a.is_power_of_two());
    powers.max().unwrap_or(PAGE_SIZE).max(PAGE_SIZE)
}

fn find(headers: &[ProgramHeader], p_type: u32) -> Option<&ProgramHeader> {
    headers.iter().find(|header| header.p_type == p_type)
}

fn memory_range(header: &ProgramHeader) -> Option<Range<u64>> {
    Some(header.p_vaddr..header.p_vaddr.checked_add(header.p_memsz)?)
}

fn read_interpreter<E>(
    source: &mut Source<'_, E>,
    segment: usize,
    header: &ProgramHeader,
) -> Result<Vec<u8>, ParseError<E>> {
    let len = header.p_filesz;
    if !(INTERPRETER_MIN..=INTERPRETER_MAX).contains(&len) {
        return Err(ElfError::InterpreterSize { segment, len }.into());
    }
    let size = usize::try_from(len).map_err(|_| ElfError::InterpreterSize { segment, len })?;
    let mut path = source.bytes("the path of PT_INTERP", header.p_offset, size)?;
    if path.last() != Some(&0) {
        return Err(ElfError::InterpreterUnterminated { segment }.into());
    }
    let end = path.iter().position(|byte| *byte == 0).unwrap_or(path.len());
    path.truncate(end);
    Ok(path)
}
