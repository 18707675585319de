//! What the tests share: files made byte by byte, broken in known ways, and the checks that every
//! accepted plan must stand.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use elfin_loader::Machine;
use elfin_loader::elf::{Backing, ElfError, LoadPlan, Prot};
use elfin_loader::machine::PAGE_SIZE;

pub const PT_NULL: u32 = 0;
pub const PT_LOAD: u32 = 1;
pub const PT_INTERP: u32 = 3;
pub const PT_TLS: u32 = 7;
pub const PT_GNU_STACK: u32 = 0x6474_e551;
pub const PT_GNU_RELRO: u32 = 0x6474_e552;
pub const PT_GNU_PROPERTY: u32 = 0x6474_e553;

pub const EHDR: usize = 64;
pub const PHDR: usize = 56;

/// Offsets in the ELF header.
pub const E_TYPE: usize = 16;
pub const E_MACHINE: usize = 18;
pub const E_VERSION: usize = 20;
pub const E_ENTRY: usize = 24;
pub const E_PHOFF: usize = 32;
pub const E_PHENTSIZE: usize = 54;
pub const E_PHNUM: usize = 56;

#[derive(Clone, Copy)]
pub struct Phdr {
    pub kind: u32,
    pub flags: u32,
    pub offset: u64,
    pub vaddr: u64,
    pub filesz: u64,
    pub memsz: u64,
    pub align: u64,
}

/// Offsets in a program header, to patch `at(n, field)`.
pub const P_TYPE: usize = 0;
pub const P_OFFSET: usize = 8;
pub const P_VADDR: usize = 16;
pub const P_FILESZ: usize = 32;
pub const P_MEMSZ: usize = 40;
pub const P_ALIGN: usize = 48;

pub fn at(segment: usize, field: usize) -> usize {
    EHDR + segment * PHDR + field
}

pub fn put(file: &mut [u8], offset: usize, bytes: &[u8]) {
    file[offset..offset + bytes.len()].copy_from_slice(bytes);
}

pub fn put16(file: &mut [u8], offset: usize, value: u16) {
    put(file, offset, &value.to_le_bytes());
}

pub fn put32(file: &mut [u8], offset: usize, value: u32) {
    put(file, offset, &value.to_le_bytes());
}

pub fn put64(file: &mut [u8], offset: usize, value: u64) {
    put(file, offset, &value.to_le_bytes());
}

pub fn load(flags: u32, offset: u64, vaddr: u64, filesz: u64, memsz: u64) -> Phdr {
    Phdr { kind: PT_LOAD, flags, offset, vaddr, filesz, memsz, align: PAGE_SIZE }
}

/// A file of `size` bytes with these headers; what is not header is a pattern without zeroes.
pub fn elf(e_type: u16, entry: u64, size: usize, headers: &[Phdr]) -> Vec<u8> {
    let mut file: Vec<u8> = (0..size).map(|at| (at % 251) as u8 + 1).collect();
    file[..EHDR].fill(0);
    put(&mut file, 0, b"\x7fELF\x02\x01\x01");
    put16(&mut file, E_TYPE, e_type);
    put16(&mut file, E_MACHINE, Machine::X86_64.elf_number());
    put32(&mut file, E_VERSION, 1);
    put64(&mut file, E_ENTRY, entry);
    put64(&mut file, E_PHOFF, EHDR as u64);
    put16(&mut file, 52, EHDR as u16);
    put16(&mut file, E_PHENTSIZE, PHDR as u16);
    put16(&mut file, E_PHNUM, headers.len() as u16);
    for (index, header) in headers.iter().enumerate() {
        put32(&mut file, at(index, P_TYPE), header.kind);
        put32(&mut file, at(index, 4), header.flags);
        put64(&mut file, at(index, P_OFFSET), header.offset);
        put64(&mut file, at(index, P_VADDR), header.vaddr);
        put64(&mut file, at(index, 24), header.vaddr);
        put64(&mut file, at(index, P_FILESZ), header.filesz);
        put64(&mut file, at(index, P_MEMSZ), header.memsz);
        put64(&mut file, at(index, P_ALIGN), header.align);
    }
    file
}

/// An ordinary ET_EXEC: headers and text read-only, code, data with bss, a stack header, one to
/// spare; 0x3000 bytes long.
pub fn ordinary() -> Vec<u8> {
    let other = |kind| Phdr { kind, ..load(6, 0, 0, 0, 0) };
    let headers = [
        load(4, 0, 0x40_0000, 0x1000, 0x1000),
        load(5, 0x1000, 0x40_1000, 0x0f00, 0x0f00),
        load(6, 0x2010, 0x40_3010, 0x0400, 0x2800),
        other(PT_GNU_STACK),
        other(PT_NULL),
    ];
    elf(2, 0x40_1000, 0x3000, &headers)
}

pub fn plan(file: &[u8]) -> Result<LoadPlan, ElfError> {
    LoadPlan::from_slice(file, Machine::X86_64)
}

/// What must hold for every plan, however the file came to be. Where the program is small, also
/// that its memory holds what the segments say.
pub fn check(plan: &LoadPlan, file: &[u8]) {
    let file_size = file.len() as u64;
    let limit = plan.machine.user_limit();
    assert!(!plan.segments.is_empty());
    for segment in &plan.segments {
        assert!(segment.mem_size != 0 && segment.file_size <= segment.mem_size);
        assert!(segment.vaddr.checked_add(segment.mem_size).unwrap() <= limit);
        assert!(segment.file_offset.checked_add(segment.file_size).unwrap() <= file_size);
        assert!(plan.span.start <= segment.vaddr && segment.end() <= plan.span.end);
        assert!(segment.end() <= plan.end);
    }
    assert!(plan.segments.windows(2).all(|pair| pair[0].end() <= pair[1].vaddr));
    assert!(
        plan.segments.iter().any(|s| s.prot.contains(Prot::EXEC) && s.contains(plan.entry)),
        "entry"
    );
    assert!(plan.load_align.is_power_of_two() && plan.load_align >= PAGE_SIZE);
    assert_eq!(plan.kind.is_dynamic(), plan.interp.is_some());
    assert!(plan.span.start.is_multiple_of(PAGE_SIZE) && plan.span.end.is_multiple_of(PAGE_SIZE));

    let regions: Vec<_> = plan.regions().collect();
    assert!(regions.len() <= plan.segments.len() * 2);
    for region in &regions {
        assert!(
            region.len != 0
                && region.len.is_multiple_of(PAGE_SIZE)
                && region.start.is_multiple_of(PAGE_SIZE)
        );
        assert!(plan.span.start <= region.start && region.end() <= plan.span.end);
        if let Backing::File { offset, zero_tail } = &region.backing {
            assert!(offset.is_multiple_of(PAGE_SIZE) && *offset < file_size);
            if let Some(zero) = zero_tail {
                assert!(zero.start < zero.end && zero.end == region.end());
                assert!(zero.end - zero.start < PAGE_SIZE);
            }
        }
    }
    assert!(regions.windows(2).all(|pair| pair[0].end() <= pair[1].start), "regions overlap");
    if plan.span.end - plan.span.start <= 1 << 20 {
        check_memory(plan, file);
    }
}

fn check_memory(plan: &LoadPlan, file: &[u8]) {
    let base = plan.span.start;
    let mut memory = vec![None; (plan.span.end - base) as usize];
    let index = |address: u64| (address - base) as usize;
    for region in plan.regions() {
        for step in 0..region.len {
            memory[index(region.start + step)] = Some(match &region.backing {
                Backing::File { offset, zero_tail } => {
                    let is_zero = zero_tail
                        .as_ref()
                        .is_some_and(|zero| zero.contains(&(region.start + step)));
                    let byte = file.get((offset + step) as usize).copied().unwrap_or(0);
                    if is_zero { 0 } else { byte }
                }
                Backing::Zero => 0,
            });
        }
    }
    for segment in &plan.segments {
        for step in 0..segment.mem_size {
            let expected = if step < segment.file_size {
                file[(segment.file_offset + step) as usize]
            } else {
                0
            };
            let found = memory[index(segment.vaddr + step)];
            assert_eq!(found, Some(expected), "at {:#x}", segment.vaddr + step);
        }
    }
}

/// A small generator (xorshift64*), so that a failure can be repeated from its seed.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    /// A number of the kind that breaks arithmetic.
    pub fn nasty(&mut self) -> u64 {
        match self.below(8) {
            0 => 0,
            1 => u64::MAX,
            2 => 1 << self.below(64),
            3 => (1_u64 << self.below(64)).wrapping_sub(1),
            4 => self.next() % 0x10_000,
            5 => (self.next() % 64) * PAGE_SIZE,
            6 => 0x40_0000 + (self.next() % 16) * 0x800,
            _ => self.next(),
        }
    }
}
