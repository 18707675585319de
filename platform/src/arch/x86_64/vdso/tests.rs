//! The image, found and run the way a program does: looked up through its dynamic section by both
//! hash tables and the version, then mapped behind a clock page and called.

use super::image;
use crate::time::page::{ClockPage, Rate};
use std::arch::asm;

const PAGE: usize = 4096;

fn u16_at(at: usize) -> usize {
    usize::from(u16::from_le_bytes(image()[at..at + 2].try_into().unwrap()))
}

fn u32_at(at: usize) -> u32 {
    u32::from_le_bytes(image()[at..at + 4].try_into().unwrap())
}

fn u64_at(at: usize) -> usize {
    usize::try_from(u64::from_le_bytes(image()[at..at + 8].try_into().unwrap())).unwrap()
}

fn string_at(at: usize) -> &'static str {
    let bytes = &image()[at..];
    std::str::from_utf8(&bytes[..bytes.iter().position(|&b| b == 0).unwrap()]).unwrap()
}

fn segment(kind: u32) -> usize {
    let (at, count) = (u64_at(32), u16_at(56));
    (0..count).map(|n| at + 56 * n).find(|&at| u32_at(at) == kind).unwrap()
}

fn dynamic(tag: usize) -> usize {
    let mut at = u64_at(segment(2) + 16);
    while u64_at(at) != 0 {
        if u64_at(at) == tag {
            return u64_at(at + 8);
        }
        at += 16;
    }
    panic!("no dynamic entry {tag:#x}");
}

const STRTAB: usize = 5;
const SYMTAB: usize = 6;

fn symbol_name(index: usize) -> &'static str {
    string_at(dynamic(STRTAB) + u32_at(dynamic(SYMTAB) + 24 * index) as usize)
}

/// As musl and Go do with DT_HASH: index of the symbol.
fn by_hash(name: &str) -> Option<usize> {
    let hash = name.bytes().fold(0u32, |h, b| {
        let h = (h << 4) + u32::from(b);
        (h ^ (h >> 24 & 0xf0)) & 0x0fff_ffff
    });
    let at = dynamic(4);
    let buckets = u32_at(at);
    let chain = at + 8 + 4 * buckets as usize;
    let mut index = u32_at(at + 8 + 4 * (hash % buckets) as usize) as usize;
    while index != 0 {
        if symbol_name(index) == name {
            return Some(index);
        }
        index = u32_at(chain + 4 * index) as usize;
    }
    None
}

/// As glibc does with DT_GNU_HASH.
fn by_gnu_hash(name: &str) -> Option<usize> {
    let hash = name.bytes().fold(5381u32, |h, b| h.wrapping_mul(33).wrapping_add(u32::from(b)));
    let at = dynamic(0x6fff_fef5);
    let (buckets, offset, words, shift) =
        (u32_at(at), u32_at(at + 4), u32_at(at + 8), u32_at(at + 12));
    let word = u64_at(at + 16 + 8 * (hash as usize / 64 % words as usize)) as u64;
    if word >> (hash % 64) & 1 == 0 || word >> ((hash >> shift) % 64) & 1 == 0 {
        return None;
    }
    let bucket = at + 16 + 8 * words as usize;
    let chain = bucket + 4 * buckets as usize;
    let mut index = u32_at(bucket + 4 * (hash % buckets) as usize);
    loop {
        let link = u32_at(chain + 4 * (index - offset) as usize);
        if link | 1 == hash | 1 && symbol_name(index as usize) == name {
            return Some(index as usize);
        }
        if link & 1 == 1 {
            return None;
        }
        index += 1;
    }
}

fn version_of(index: usize) -> &'static str {
    let wanted = u16_at(dynamic(0x6fff_fff0) + 2 * index);
    let mut at = dynamic(0x6fff_fffc);
    loop {
        if u16_at(at + 4) == wanted {
            let name = u32_at(at + u32_at(at + 12) as usize);
            return string_at(dynamic(STRTAB) + name as usize);
        }
        let next = u32_at(at + 16) as usize;
        assert_ne!(next, 0, "no version {wanted}");
        at += next;
    }
}

const NAMES: [&str; 5] = [
    "__vdso_clock_gettime",
    "__vdso_gettimeofday",
    "__vdso_time",
    "__vdso_getcpu",
    "__vdso_clock_getres",
];

#[test]
fn every_loader_finds_every_symbol() {
    assert_eq!(&image()[..7], b"\x7fELF\x02\x01\x01");
    for name in NAMES {
        let index = by_hash(name).unwrap();
        assert_eq!(by_gnu_hash(name), Some(index));
        assert_eq!(version_of(index), "LINUX_2.6");
    }
    assert_eq!(by_hash("__vdso_nothing"), None);
    assert_eq!(by_gnu_hash("__vdso_nothing"), None);
    assert_eq!(string_at(dynamic(STRTAB) + dynamic(14)), "linux-vdso.so.1");
    let load = segment(1);
    assert_eq!((u64_at(load + 8), u64_at(load + 16)), (0, 0), "mapped from its start, at 0");
    assert!(u64_at(load + 40) <= PAGE);
}

#[test]
#[ignore = "writes the image to $ELFIN_VDSO, to look at it with readelf and objdump"]
fn write_image() {
    std::fs::write(std::env::var("ELFIN_VDSO").unwrap(), image()).unwrap();
}

/// A clock page and the image behind it, as a program has them.
struct Mapped(*mut u8);

impl Mapped {
    fn new() -> Self {
        const READ_WRITE: usize = 3;
        const PRIVATE_ANONYMOUS: usize = 0x22;
        const READ_EXECUTE: usize = 5;
        let (mmap, mprotect) = (9, 10);
        // SAFETY: new memory; the image is copied into its second page before that becomes
        // executable.
        unsafe {
            let at = syscall(mmap, [0, 2 * PAGE, READ_WRITE, PRIVATE_ANONYMOUS, usize::MAX, 0]);
            let at: *mut u8 = std::ptr::with_exposed_provenance_mut(at.cast_unsigned());
            at.add(PAGE).copy_from_nonoverlapping(image().as_ptr(), PAGE);
            assert_eq!(syscall(mprotect, [at.addr() + PAGE, PAGE, READ_EXECUTE, 0, 0, 0]), 0);
            Self(at)
        }
    }

    fn page(&self) -> &ClockPage {
        // SAFETY: page-aligned and zeroed, which is a valid `ClockPage`.
        unsafe { &*self.0.cast::<ClockPage>() }
    }

    fn function(&self, name: &str) -> *const u8 {
        let value = u64_at(dynamic(SYMTAB) + 24 * by_hash(name).unwrap() + 8);
        // SAFETY: within the image.
        unsafe { self.0.add(PAGE + value) }
    }

    fn call(&self, name: &str, a: usize, b: usize) -> isize {
        // SAFETY: the vDSO's functions have this form, and write only where `a` and `b` point.
        unsafe {
            let function: extern "C" fn(usize, usize, usize) -> isize =
                std::mem::transmute(self.function(name));
            function(a, b, 0)
        }
    }

    fn clock_gettime(&self, clock: usize) -> (isize, [u64; 2]) {
        let mut time = [u64::MAX; 2];
        (self.call("__vdso_clock_gettime", clock, (&raw mut time).expose_provenance()), time)
    }
}

unsafe fn syscall(number: usize, a: [usize; 6]) -> isize {
    let result: isize;
    // SAFETY: the caller's.
    unsafe {
        asm!("syscall", inout("rax") number.cast_signed() => result, in("rdi") a[0], in("rsi") a[1],
            in("rdx") a[2], in("r10") a[3], in("r8") a[4], in("r9") a[5], out("rcx") _, out("r11") _);
    }
    result
}

fn rdtsc() -> u64 {
    // SAFETY: reads the time stamp counter.
    unsafe { core::arch::x86_64::_rdtsc() }
}

#[test]
fn without_parameters_it_calls_the_kernel() {
    let vdso = Mapped::new();
    let (result, [seconds, nanos]) = vdso.clock_gettime(0);
    assert_eq!(result, 0);
    assert!(seconds > 1_700_000_000 && nanos < 1_000_000_000);
    let mut time = 0u64;
    let now = vdso.call("__vdso_time", (&raw mut time).expose_provenance(), 0);
    assert_eq!(now.cast_unsigned() as u64, time);
    assert!(time - seconds < 5);
    assert_eq!(vdso.clock_gettime(99).0, -22, "EINVAL comes from the kernel");
    assert_eq!(vdso.clock_gettime(usize::MAX).0, -22);
}

#[test]
fn with_parameters_it_computes() {
    const HZ: u64 = 2_000_000_000;
    /// 1.5 s and 40 years, so that the seconds do not fit 32 bits of nanoseconds.
    const BEFORE: u64 = 1_500_000_000 + 40 * 365 * 86_400 * 1_000_000_000;
    let vdso = Mapped::new();
    let base = rdtsc() - 2 * (BEFORE % 1_000_000_000_000);
    vdso.page().start(base, Rate::from_hz(HZ));
    vdso.page().set_real_offset(BEFORE);
    let expect = |offset: u64, [s, ns]: [u64; 2]| {
        assert!(ns < 1_000_000_000);
        let passed = (rdtsc() - base) / 2 + offset;
        let told = s * 1_000_000_000 + ns;
        assert!(passed.wrapping_sub(told) < 1_000_000_000, "{passed} against {told}");
    };
    for (clock, offset) in [(1, 0), (4, 0), (6, 0), (7, 0), (0, BEFORE), (5, BEFORE)] {
        let (result, time) = vdso.clock_gettime(clock);
        assert_eq!(result, 0);
        expect(offset, time);
    }
    let (mut tv, mut tz) = ([0u64; 2], [7u32; 2]);
    let both = ((&raw mut tv).expose_provenance(), (&raw mut tz).expose_provenance());
    assert_eq!(vdso.call("__vdso_gettimeofday", both.0, both.1), 0);
    assert!(tv[1] < 1_000_000);
    expect(BEFORE, [tv[0], tv[1] * 1000]);
    assert_eq!(tz, [0, 0]);
    assert_eq!(vdso.call("__vdso_gettimeofday", 0, 0), 0, "both may be null");
    let seconds = vdso.call("__vdso_time", 0, 0).cast_unsigned() as u64;
    assert!(seconds - tv[0] <= 1);
    let (_, first) = vdso.clock_gettime(1);
    let (_, second) = vdso.clock_gettime(1);
    assert!(second >= first);
}

#[test]
fn splits_exactly() {
    let vdso = Mapped::new();
    // A counter that lags behind the base counts as the base: the time is `base_ns + offset`.
    vdso.page().start(u64::MAX, Rate::from_hz(1_000_000_000));
    for ns in [0, 1, 999_999_999, 1_000_000_000, 1_999_999_999, u64::MAX, u64::MAX / 3, 1 << 63] {
        vdso.page().set_real_offset(ns);
        assert_eq!(vdso.clock_gettime(0), (0, [ns / 1_000_000_000, ns % 1_000_000_000]));
    }
}

#[test]
fn resolution_and_cpu() {
    let vdso = Mapped::new();
    let mut time = [7u64; 2];
    let at = (&raw mut time).expose_provenance();
    assert_eq!(vdso.call("__vdso_clock_getres", 1, at), 0);
    assert_eq!(time, [0, 1]);
    assert_eq!(vdso.call("__vdso_clock_getres", 1, 0), 0);
    assert_eq!(vdso.call("__vdso_clock_getres", 5, at), 0, "by the kernel");
    assert_eq!(vdso.call("__vdso_clock_getres", 77, at), -22);
    let (mut cpu, mut node) = (u32::MAX, u32::MAX);
    let both = ((&raw mut cpu).expose_provenance(), (&raw mut node).expose_provenance());
    assert_eq!(vdso.call("__vdso_getcpu", both.0, both.1), 0);
    assert!(cpu < 4096);
    vdso.page().set_has_cpu_number();
    assert_eq!(vdso.call("__vdso_getcpu", 0, both.1), 0);
    assert_eq!(node, 0);
}
