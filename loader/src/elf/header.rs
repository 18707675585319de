//! The ELF header and the program headers, read through goblin's types and checked in the order
//! in which Linux looks at them. Sections are never looked at: a program runs without.

use alloc::vec::Vec;

use goblin::elf::header::{
    EI_CLASS, EI_DATA, EI_VERSION, ELFCLASS64, ELFDATA2LSB, ELFMAG, ET_DYN, ET_EXEC, EV_CURRENT,
    SELFMAG, header64,
};
use goblin::elf::program_header::program_header64;
use scroll::{LE, Pread};

use super::error::{ElfError, ParseError};
use crate::Machine;

pub(super) use header64::Header;
pub(super) use program_header64::ProgramHeader;

/// Bytes of a program header.
pub(super) const PHDR_SIZE: u16 = 56;
const _: () = assert!(PHDR_SIZE as usize == program_header64::SIZEOF_PHDR);
/// Bytes of an ELF header.
const EHDR_SIZE: u64 = header64::SIZEOF_EHDR as u64;
/// Bytes of program headers that Linux reads at most.
const PHDRS_BYTES_MAX: u16 = u16::MAX;
/// Program headers that Linux reads at most.
pub(super) const PHNUM_MAX: u16 = PHDRS_BYTES_MAX / PHDR_SIZE;

/// Fills the slice with the file's bytes from an offset on.
pub type ReadAt<'r, E> = dyn FnMut(u64, &mut [u8]) -> Result<(), E> + 'r;

/// Reads ranges of a file for the parser.
pub(super) struct Source<'r, E> {
    /// Bytes of the file.
    pub size: u64,
    /// Reads it.
    pub read: &'r mut ReadAt<'r, E>,
}

impl<E> Source<'_, E> {
    /// Reads `len` bytes at `offset`, called `what` in errors.
    pub(super) fn bytes(
        &mut self,
        what: &'static str,
        offset: u64,
        len: usize,
    ) -> Result<Vec<u8>, ParseError<E>> {
        let wanted = len as u64;
        if offset.checked_add(wanted).is_none_or(|end| end > self.size) {
            let file_size = self.size;
            return Err(ElfError::CutShort { what, offset, len: wanted, file_size }.into());
        }
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(len).map_err(|_| ElfError::OutOfMemory)?;
        bytes.resize(len, 0);
        (self.read)(offset, &mut bytes).map_err(ParseError::Read)?;
        Ok(bytes)
    }

    /// Reads and checks the ELF header.
    pub(super) fn header(&mut self, machine: Machine) -> Result<Header, ParseError<E>> {
        let present = usize::try_from(self.size.min(EHDR_SIZE)).unwrap_or(header64::SIZEOF_EHDR);
        let bytes = self.bytes("the ELF header", 0, present)?;
        Ok(check_header(&bytes, self.size, machine)?)
    }

    /// Reads the program headers.
    pub(super) fn program_headers(
        &mut self,
        header: &Header,
    ) -> Result<Vec<ProgramHeader>, ParseError<E>> {
        let count = usize::from(header.e_phnum);
        let len = count.saturating_mul(usize::from(PHDR_SIZE));
        let bytes = self.bytes("the program header table (e_phoff)", header.e_phoff, len)?;
        let mut headers = Vec::new();
        headers.try_reserve_exact(count).map_err(|_| ElfError::OutOfMemory)?;
        for entry in bytes.chunks_exact(usize::from(PHDR_SIZE)) {
            headers.push(entry.pread_with(0, LE).map_err(|_| ElfError::OutOfMemory)?);
        }
        Ok(headers)
    }
}

/// Checks what can be told from the first bytes alone.
fn check_header(bytes: &[u8], file_size: u64, machine: Machine) -> Result<Header, ElfError> {
    let cut = ElfError::CutShort { what: "the ELF header", offset: 0, len: EHDR_SIZE, file_size };
    let ident = |index: usize| bytes.get(index).copied().ok_or_else(|| cut.clone());
    if bytes.is_empty() {
        return Err(ElfError::Empty);
    }
    if !bytes.iter().zip(ELFMAG).all(|(found, expected)| found == expected) {
        let mut begin = [0; SELFMAG];
        begin.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        return Err(ElfError::NotElf { begin, len: bytes.len().min(SELFMAG) });
    }
    match ident(EI_CLASS)? {
        ELFCLASS64 => {}
        class => return Err(ElfError::Class(class)),
    }
    match ident(EI_DATA)? {
        ELFDATA2LSB => {}
        data => return Err(ElfError::Data(data)),
    }
    match ident(EI_VERSION)? {
        EV_CURRENT => {}
        value => return Err(ElfError::Version { field: "EI_VERSION", value: value.into() }),
    }
    let header = bytes.pread_with::<Header>(0, LE).map_err(|_| cut)?;
    if !matches!(header.e_type, ET_EXEC | ET_DYN) {
        return Err(ElfError::Type(header.e_type));
    }
    if Machine::from_elf(header.e_machine) != Some(machine) {
        return Err(ElfError::Machine { value: header.e_machine, expected: machine });
    }
    if header.e_version != u32::from(EV_CURRENT) {
        return Err(ElfError::Version { field: "e_version", value: header.e_version });
    }
    if header.e_phnum == 0 || header.e_phnum > PHNUM_MAX {
        return Err(ElfError::HeaderCount(header.e_phnum));
    }
    if header.e_phentsize != PHDR_SIZE {
        return Err(ElfError::EntrySize(header.e_phentsize));
    }
    Ok(header)
}
