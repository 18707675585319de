//! The program's executable bytes ([`Code`]), with the functions that its symbols name.

use std::collections::BTreeSet;
use std::ops::Range;

use super::flow::Isa;
use goblin::elf::{Elf, program_header, section_header, sym};

/// Bytes of a pointer.
const POINTER_LEN: usize = 8;
/// Pointers in data are aligned to this.
const POINTER_ALIGN: u64 = 8;

/// Executable bytes at their address.
#[derive(Clone, Copy, Debug)]
pub struct Region<'a> {
    /// Address of the first byte.
    pub address: u64,
    /// The bytes.
    pub bytes: &'a [u8],
}

impl Region<'_> {
    /// Its addresses.
    pub fn range(&self) -> Range<u64> {
        let len = u64::try_from(self.bytes.len()).unwrap_or(u64::MAX);
        self.address..self.address.saturating_add(len)
    }
}

/// All executable bytes of a program, with what its symbols say about them.
#[derive(Debug)]
pub struct Code<'a> {
    /// What the loadable segments have in the file, from an aligned address on.
    loaded: Vec<&'a [u8]>,
    regions: Vec<Region<'a>>,
    entry: u64,
    /// Functions by address.
    symbols: Vec<(u64, &'a str)>,
}

impl<'a> Code<'a> {
    /// Takes the executable sections, or, in a file without sections, the executable segments.
    pub fn new(elf: &Elf<'a>, file: &'a [u8]) -> Self {
        let part = |offset: u64, len: u64| {
            let start = usize::try_from(offset).ok()?;
            let end = start.checked_add(usize::try_from(len).ok()?)?.min(file.len());
            file.get(start..end)
        };
        let sections = elf.section_headers.iter().filter(|section| {
            section.sh_flags & u64::from(section_header::SHF_EXECINSTR) != 0
                && section.sh_type != section_header::SHT_NOBITS
        });
        let mut regions: Vec<Region<'a>> = sections
            .filter_map(|section| {
                let bytes = part(section.sh_offset, section.sh_size)?;
                Some(Region { address: section.sh_addr, bytes })
            })
            .collect();
        if regions.is_empty() {
            let segments = elf.program_headers.iter().filter(|segment| {
                segment.p_type == program_header::PT_LOAD && segment.is_executable()
            });
            regions.extend(segments.filter_map(|segment| {
                let bytes = part(segment.p_offset, segment.p_filesz)?;
                Some(Region { address: segment.p_vaddr, bytes })
            }));
        }
        regions.sort_by_key(|region| region.address);
        let segments = elf.program_headers.iter();
        let loaded = segments
            .filter(|segment| segment.p_type == program_header::PT_LOAD)
            .filter_map(|segment| {
                let aligned = segment.p_offset.checked_next_multiple_of(POINTER_ALIGN)?;
                let end = segment.p_offset.checked_add(segment.p_filesz)?;
                part(aligned, end.checked_sub(aligned)?)
            })
            .collect();
        let all = elf.syms.iter().map(|symbol| (symbol, &elf.strtab));
        let dynamic = elf.dynsyms.iter().map(|symbol| (symbol, &elf.dynstrtab));
        let mut symbols: Vec<(u64, &'a str)> = all
            .chain(dynamic)
            .filter(|(symbol, _)| symbol.st_type() == sym::STT_FUNC && symbol.st_value != 0)
            .filter_map(|(symbol, names)| Some((symbol.st_value, names.get_at(symbol.st_name)?)))
            .collect();
        symbols.sort_unstable();
        symbols.dedup_by_key(|(address, _)| *address);
        Self { loaded, regions, entry: elf.entry, symbols }
    }

    /// The parts.
    pub fn regions(&self) -> &[Region<'a>] {
        &self.regions
    }

    /// Where it is known that a function begins.
    pub fn known_starts(&self) -> impl Iterator<Item = u64> + '_ {
        let regions = self.regions.iter().map(|region| region.address);
        regions.chain([self.entry]).chain(self.symbols.iter().map(|(address, _)| *address))
    }

    /// The bytes at `range`, if it is all in one part.
    pub fn bytes(&self, range: &Range<u64>) -> Option<&'a [u8]> {
        let region = self.region_at(range.start)?;
        let start = usize::try_from(range.start - region.address).ok()?;
        let end = usize::try_from(range.end.checked_sub(region.address)?).ok()?;
        region.bytes.get(start..end.min(region.bytes.len()))
    }

    /// The name of the function that `address` is in, if the program tells.
    pub fn function_name(&self, address: u64) -> Option<&'a str> {
        let after = self.symbols.partition_point(|(start, _)| *start <= address);
        self.symbols.get(after.checked_sub(1)?).map(|(_, name)| *name)
    }

    /// Those of `addresses` that code or data may hold as a number, to use as a pointer.
    pub fn referenced<I: Isa>(&self, addresses: &BTreeSet<u64>) -> BTreeSet<u64> {
        let mut found = BTreeSet::new();
        if addresses.is_empty() {
            return found;
        }
        let mut any = false;
        for region in &self.regions {
            I::addresses(region.bytes, region.address, &mut |address| match address {
                Some(address) if addresses.contains(&address) => {
                    found.insert(address);
                }
                Some(_) => {}
                None => any = true,
            });
        }
        if any {
            return addresses.clone();
        }
        // Pointers in data, and the relocations that will make them, are aligned words of the file.
        for bytes in &self.loaded {
            let words = bytes.as_chunks::<POINTER_LEN>().0;
            let words = words.iter().map(|word| u64::from_le_bytes(*word));
            found.extend(words.filter(|word| addresses.contains(word)));
        }
        found
    }

    fn region_at(&self, address: u64) -> Option<&Region<'a>> {
        self.regions.iter().find(|region| region.range().contains(&address))
    }
}
