//! A table of broken files, each with the exact words that a user reads.

mod common;

use common::*;

const SECOND_EXEC: u32 = 5;

#[test]
fn the_ordinary_file_is_accepted() {
    let file = ordinary();
    let plan = plan(&file).unwrap();
    check(&plan, &file);
    assert_eq!(plan.phdr_vaddr, Some(0x40_0040));
    assert_eq!(plan.span, 0x40_0000..0x40_6000);
    assert_eq!(plan.end, 0x40_5810);
    assert_eq!(plan.executable_stack, Some(false));
}

/// A change to the ordinary file, and what is said about it.
type Case = (fn(&mut Vec<u8>), &'static str);

const CASES: &[Case] = &[
    (|f| f.clear(), "not an ELF file (it is empty)"),
    (|f| put(f, 0, b"#!/b"), "not an ELF file (begins with 23 21 2f 62)"),
    (|f| *f = b"MZ".to_vec(), "not an ELF file (begins with 4d 5a)"),
    (
        |f| f.truncate(3),
        "the file is cut short: the ELF header at 0x0, 0x40 bytes long, is past the end of the file (0x3 bytes)",
    ),
    (
        |f| f.truncate(63),
        "the file is cut short: the ELF header at 0x0, 0x40 bytes long, is past the end of the file (0x3f bytes)",
    ),
    (|f| f[4] = 1, "EI_CLASS is 1 (32-bit), not 2 (64-bit)"),
    (|f| f[4] = 7, "EI_CLASS is 7, not 2 (64-bit)"),
    (|f| f[5] = 2, "EI_DATA is 2 (big-endian), not 1 (little-endian)"),
    (|f| f[6] = 0, "EI_VERSION is 0, not 1"),
    (|f| put32(f, E_VERSION, 9), "e_version is 9, not 1"),
    (|f| put16(f, E_TYPE, 1), "e_type is 1 (an object file to be linked), not 2 or 3 (a program)"),
    (|f| put16(f, E_TYPE, 4), "e_type is 4 (a core dump), not 2 or 3 (a program)"),
    (|f| put16(f, E_TYPE, 0xfe00), "e_type is 65024 (unknown), not 2 or 3 (a program)"),
    (|f| put16(f, E_MACHINE, 183), "e_machine is 183 (AArch64), this machine is x86_64"),
    (|f| put16(f, E_MACHINE, 243), "e_machine is 243 (RISC-V), this machine is x86_64"),
    (|f| put16(f, E_MACHINE, 999), "e_machine is 999 (unknown), this machine is x86_64"),
    (|f| put16(f, E_PHENTSIZE, 32), "e_phentsize is 32, a program header has 56 bytes"),
    (|f| put16(f, E_PHNUM, 0), "e_phnum is 0: there is nothing to load"),
    (|f| put16(f, E_PHNUM, 0xffff), "e_phnum is 65535, a program has at most 1170 program headers"),
    (
        |f| put16(f, E_PHNUM, 1000),
        "the file is cut short: the program header table (e_phoff) at 0x40, 0xdac0 bytes long, is past the end of the file (0x3000 bytes)",
    ),
    (
        |f| put64(f, E_PHOFF, u64::MAX - 3),
        "the file is cut short: the program header table (e_phoff) at 0xfffffffffffffffc, 0x118 bytes long, is past the end of the file (0x3000 bytes)",
    ),
    (
        |f| (0..3).for_each(|n| put32(f, at(n, P_TYPE), PT_NULL)),
        "no program header is a PT_LOAD with p_memsz above 0",
    ),
    (
        |f| put64(f, at(2, P_FILESZ), 0x1000),
        "segment 2: p_offset 0x2010 + p_filesz 0x1000 is past the end of the file (0x3000 bytes)",
    ),
    (
        |f| f.truncate(0x2100),
        "segment 2: p_offset 0x2010 + p_filesz 0x400 is past the end of the file (0x2100 bytes)",
    ),
    (
        |f| put64(f, at(2, P_OFFSET), u64::MAX - 0xfef),
        "segment 2: p_offset 0xfffffffffffff010 + p_filesz 0x400 is past the end of the file (0x3000 bytes)",
    ),
    (|f| put64(f, at(1, P_FILESZ), 0xf01), "segment 1: p_filesz 0xf01 is more than p_memsz 0xf00"),
    (
        |f| put64(f, at(2, P_OFFSET), 0x2011),
        "segment 2: p_vaddr 0x403010 and p_offset 0x2011 differ in their place in a page",
    ),
    (
        |f| put64(f, at(2, P_VADDR), 0x7fff_ffff_e010),
        "segment 2: p_vaddr 0x7fffffffe010 + p_memsz 0x2800 is above a program's last address (0x7ffffffff000)",
    ),
    (
        |f| put64(f, at(2, P_VADDR), u64::MAX - 0xfef),
        "segment 2: p_vaddr 0xfffffffffffff010 + p_memsz 0x2800 is above a program's last address (0x7ffffffff000)",
    ),
    (
        |f| put64(f, at(2, P_MEMSZ), u64::MAX),
        "segment 2: p_vaddr 0x403010 + p_memsz 0xffffffffffffffff is above a program's last address (0x7ffffffff000)",
    ),
    (
        |f| put64(f, at(0, P_VADDR), 0xf000),
        "segment 0: p_vaddr 0xf000 is below a program's first address (0x10000)",
    ),
    (|f| put64(f, at(2, P_VADDR), 0x40_1010), "segments 1 and 2 overlap at p_vaddr 0x401010"),
    (|f| put64(f, at(2, P_VADDR), 0x3f_f010), "segments 2 and 0 overlap at p_vaddr 0x400000"),
    (
        |f| {
            put64(f, at(1, P_FILESZ), 0x100);
            put64(f, at(1, P_MEMSZ), 0x100);
            put64(f, at(2, P_OFFSET), 0x2200);
            put64(f, at(2, P_VADDR), 0x40_1200);
        },
        "segments 1 and 2 need different contents of the page at 0x401000",
    ),
    (
        |f| put64(f, at(1, P_ALIGN), 1 << 47),
        "segment 1: p_align 0x800000000000 is more than there are addresses",
    ),
    (|f| put64(f, E_ENTRY, 0), "e_entry 0x0 is in no executable segment (a shared library?)"),
    (|f| put64(f, E_ENTRY, 0x40_0000), "e_entry 0x400000 is in no executable segment"),
    (|f| put64(f, E_ENTRY, 0x40_1f00), "e_entry 0x401f00 is in no executable segment"),
    (
        |f| interpreter(f, 0x2800, b"x", 1),
        "segment 4: PT_INTERP has p_filesz 0x1, no length of a path",
    ),
    (
        |f| interpreter(f, 0x2800, b"x", 4097),
        "segment 4: PT_INTERP has p_filesz 0x1001, no length of a path",
    ),
    (
        |f| interpreter(f, 0x2800, b"/lib/ld.so!", 11),
        "segment 4: the path of PT_INTERP has no NUL at its end",
    ),
    (
        |f| interpreter(f, 0x2ff8, b"/lib/ld", 20),
        "the file is cut short: the path of PT_INTERP at 0x2ff8, 0x14 bytes long, is past the end of the file (0x3000 bytes)",
    ),
];

fn interpreter(file: &mut [u8], offset: u64, path: &[u8], size: u64) {
    put32(file, at(4, P_TYPE), PT_INTERP);
    put64(file, at(4, P_OFFSET), offset);
    put64(file, at(4, P_FILESZ), size);
    put(file, offset as usize, path);
}

#[test]
fn each_broken_file_is_told_apart() {
    for (number, (change, words)) in CASES.iter().enumerate() {
        let mut file = ordinary();
        change(&mut file);
        let error = plan(&file).expect_err(words);
        assert_eq!(error.to_string(), *words, "case {number}");
        assert_eq!(error.exit_status(), 126, "{words}");
        assert!(matches!(error.errno(), 1 | 8 | 12 | 22), "{words}");
    }
}

#[test]
fn a_missing_interpreter_is_not_found() {
    let error = elfin_loader::elf::ElfError::InterpreterMissing { path: b"/lib/ld.so".to_vec() };
    assert_eq!(
        error.to_string(),
        "its interpreter '/lib/ld.so' (PT_INTERP) does not exist; add it, or link the program statically"
    );
    assert_eq!((error.exit_status(), error.errno()), (127, 2));
}

#[test]
fn a_failing_reader_is_passed_on() {
    use elfin_loader::elf::{LoadPlan, ParseError};
    let mut read = |_: u64, _: &mut [u8]| Err("no disk");
    let result = LoadPlan::parse(0x3000, &mut read, elfin_loader::Machine::X86_64);
    assert_eq!(result, Err(ParseError::Read("no disk")));
}

#[test]
fn unusual_files_that_linux_takes() {
    // Segments in any order.
    let headers = [
        load(6, 0x2000, 0x40_2000, 0x100, 0x100),
        load(SECOND_EXEC, 0x1000, 0x40_1000, 0x100, 0x100),
        load(4, 0, 0, 0, 0),
    ];
    let file = elf(2, 0x40_1000, 0x3000, &headers);
    let found = plan(&file).unwrap();
    check(&found, &file);
    assert_eq!(found.segments.iter().map(|s| s.index).collect::<Vec<_>>(), [1, 0]);
    assert_eq!(found.phdr_vaddr, None);

    // A segment without bytes of the file: its offset means nothing.
    let headers = [load(5, 0, 0x40_0000, 0x1000, 0x1000), load(6, u64::MAX, 0x40_1010, 0, 0x2000)];
    let file = elf(2, 0x40_0000, 0x1000, &headers);
    let found = plan(&file).unwrap();
    check(&found, &file);
    let regions: Vec<_> = found.regions().map(|r| (r.start, r.len)).collect();
    assert_eq!(regions, [(0x40_0000, 0x1000), (0x40_1000, 0x3000)]);

    // Two segments in one page of the same file page: the later one's mapping serves both.
    let headers = [load(5, 0, 0x40_0000, 0x1800, 0x1800), load(6, 0x1800, 0x40_1800, 0x200, 0x900)];
    let file = elf(2, 0x40_0000, 0x3000, &headers);
    let found = plan(&file).unwrap();
    check(&found, &file);
    let regions: Vec<_> = found.regions().map(|r| (r.segment, r.start, r.len)).collect();
    assert_eq!(regions, [(0, 0x40_0000, 0x1000), (1, 0x40_1000, 0x1000), (1, 0x40_2000, 0x1000)]);

    // bss that ends in the page in which more bss begins.
    let headers = [load(5, 0, 0x40_0000, 0x10, 0x1010), load(6, 0, 0x40_1800, 0, 0x100)];
    let file = elf(2, 0x40_0000, 0x1000, &headers);
    check(&plan(&file).unwrap(), &file);

    // A PIE at 0, with alignment, and its bias.
    let mut headers = [load(5, 0, 0, 0x1000, 0x1000), load(6, 0x1000, 0x20_0000, 0x10, 0x20)];
    headers[1].align = 0x20_0000;
    let file = elf(3, 0x100, 0x2000, &headers);
    let found = plan(&file).unwrap();
    check(&found, &file);
    assert_eq!(found.load_align, 0x20_0000);
    assert_eq!(found.bias_for(0x5555_5540_0000), 0x5555_5540_0000);
    assert_eq!(found.bias_for(0x5555_555f_f000), 0x5555_5540_0000);

    // One that was linked for a place of its own: its bias may go down.
    let file = elf(3, 0x7000_0000_0000, 0x1000, &[load(5, 0, 0x7000_0000_0000, 0x800, 0x800)]);
    let found = plan(&file).unwrap();
    check(&found, &file);
    let bias = found.bias_for(0x5555_5555_4000);
    assert_eq!(found.entry.wrapping_add(bias), 0x5555_5555_4000);
    assert_eq!(plan(&ordinary()).unwrap().bias_for(0x5555_5555_4000), 0);
}

#[test]
fn notes_say_what_code_is_fit_for() {
    use elfin_loader::elf::Properties;
    let mut file = ordinary();
    put32(&mut file, at(4, P_TYPE), PT_GNU_PROPERTY);
    put64(&mut file, at(4, P_OFFSET), 0x2800);
    put64(&mut file, at(4, P_FILESZ), 48);
    for (index, word) in [4_u32, 32, 5, 0x0055_4e47, 0xc000_8002, 4, 1, 0, 0xc000_0002, 4, 3, 0]
        .into_iter()
        .enumerate()
    {
        put32(&mut file, 0x2800 + index * 4, word);
    }
    assert_eq!(plan(&file).unwrap().properties, Properties::X86_IBT | Properties::X86_SHSTK);
    // A size that leads nowhere.
    put32(&mut file, 0x2814, u32::MAX);
    assert_eq!(plan(&file).unwrap().properties, Properties::empty());
}

/// What is just right, and what is off by one.
#[test]
fn limits_are_exact() {
    let check_pair = |change: &dyn Fn(&mut Vec<u8>, u64), value: u64, words: &str| {
        let mut file = ordinary();
        change(&mut file, value);
        check(&plan(&file).expect(words), &file);
        let mut file = ordinary();
        change(&mut file, value + 1);
        assert_eq!(plan(&file).expect_err(words).to_string(), words);
    };
    check_pair(
        &|file, size| put64(file, at(2, P_FILESZ), size),
        0x3000 - 0x2010,
        "segment 2: p_offset 0x2010 + p_filesz 0xff1 is past the end of the file (0x3000 bytes)",
    );
    check_pair(
        &|file, size| put64(file, at(2, P_MEMSZ), size),
        0x7fff_ffff_f000 - 0x40_3010,
        "segment 2: p_vaddr 0x403010 + p_memsz 0x7fffffbfbff1 is above a program's last address (0x7ffffffff000)",
    );
    check_pair(
        &|file, size| put64(file, at(0, P_MEMSZ), size),
        0x1000,
        "segments 0 and 1 overlap at p_vaddr 0x401000",
    );
    check_pair(
        &|file, entry| put64(file, E_ENTRY, entry),
        0x40_1eff,
        "e_entry 0x401f00 is in no executable segment",
    );
    check_pair(
        &|file, offset| {
            put64(file, E_PHOFF, offset);
            let table = file[EHDR..EHDR + 5 * PHDR].to_vec();
            let room = file.len().saturating_sub(offset as usize).min(table.len());
            put(file, offset as usize, &table[..room]);
        },
        0x3000 - 5 * PHDR as u64,
        "the file is cut short: the program header table (e_phoff) at 0x2ee9, 0x118 bytes long, is past the end of the file (0x3000 bytes)",
    );

    let mut file = ordinary();
    put64(&mut file, at(0, P_VADDR), 0x1_0000);
    check(&plan(&file).unwrap(), &file);
    // A table right behind what is loaded is not in memory.
    let mut file = ordinary();
    file.copy_within(EHDR..EHDR + 5 * PHDR, 0x2410);
    put64(&mut file, E_PHOFF, 0x2410);
    assert_eq!(plan(&file).unwrap().phdr_vaddr, None);
    put64(&mut file, at(2, P_FILESZ), 0x401);
    file.copy_within(EHDR..EHDR + 5 * PHDR, 0x2410);
    assert_eq!(plan(&file).unwrap().phdr_vaddr, Some(0x40_3410));
}

#[test]
fn only_bss_is_zeroed() {
    use elfin_loader::elf::Backing;
    let tails = |file: &[u8]| -> Vec<_> {
        let zero = |region| match region {
            Backing::File { zero_tail, .. } => zero_tail,
            Backing::Zero => None,
        };
        plan(file).unwrap().regions().map(|region| zero(region.backing)).collect()
    };
    let mut file = ordinary();
    assert_eq!(tails(&file), [None, None, Some(0x40_3410..0x40_4000), None]);
    put64(&mut file, at(2, P_MEMSZ), 0x400);
    assert_eq!(tails(&file), [None, None, None]);

    // bss and other bytes of the file can not have one page.
    let headers = [load(5, 0, 0x40_0000, 0x800, 0x900), load(6, 0xa00, 0x40_0a00, 0x10, 0x10)];
    let file = elf(2, 0x40_0000, 0x1000, &headers);
    let error = plan(&file).unwrap_err().to_string();
    assert_eq!(error, "segments 0 and 1 need different contents of the page at 0x400000");
}
