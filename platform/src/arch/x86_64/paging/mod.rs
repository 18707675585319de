//! Page tables: the kernel's half (`kernel.rs`), laid out at boot and shared by all, and
//! [`PageTable`] (`program.rs`), a program's (Intel SDM volume 3, chapter 4), with what is done to
//! whole tables (`fork.rs`).
//!
//! | from | what |
//! |---|---|
//! | 0 | the program, up to [`USER_END`] |
//! | [`PHYS_OFFSET`] | physical memory, 2 MiB pages; devices beside it, uncached |
//! | [`STACKS_BASE`] | kernel stacks with guard pages |
//! | `KERNEL_BASE` | the kernel's image, each section with its rights |

mod clear;
mod fork;
mod kernel;
mod program;
mod resident;
mod tables;

pub use kernel::{
    IdentityMap, init, kernel_image, map_direct, map_kernel_page, mmio_map, patch_smap_sites,
    reserve_stack_region,
};
pub use program::{OutOfMemory, PageTable};
pub use tables::{kept_tables, release_tables};

use crate::mm::{PAGE_SHIFT, PAGE_SIZE};
use core::ops::Range;
use core::sync::atomic::AtomicU64;
use x86_64::VirtAddr;
use x86_64::instructions::tlb;

/// Where physical memory begins in the kernel's address space.
pub const PHYS_OFFSET: usize = 0xffff_8000_0000_0000;
/// Where kernel stacks begin.
pub const STACKS_BASE: usize = 0xffff_c000_0000_0000;
const KERNEL_BASE: usize = 0xffff_ffff_8000_0000;
/// First address beyond a program's reach: the last page below the canonical hole stays empty, so
/// that no `syscall` lies at its very end (`sysret` would fault in the kernel).
pub const USER_END: usize = 0x7fff_ffff_f000;

const PRESENT: u64 = 1;
const WRITE: u64 = 1 << 1;
const USER: u64 = 1 << 2;
const ACCESSED: u64 = 1 << 5;
const DIRTY: u64 = 1 << 6;
/// Software bit: the entry holds a reference to a [`Frame`], present or not.
const OWNED: u64 = 1 << 9;
/// Software bit: the frame of zeroes, which does not count as the program's memory.
const ZERO: u64 = 1 << 10;
const NO_EXECUTE: u64 = 1 << 63;
const ADDRESS: u64 = 0x000f_ffff_ffff_f000;

const ENTRIES: usize = 512;
/// The first top-level entry of the kernel's half.
const KERNEL_HALF: usize = 256;
const LEVEL_BITS: usize = 9;
const TOP_LEVEL: usize = 3;

type Table = [AtomicU64; ENTRIES];

unsafe extern "C" {
    static boot_pml4: Table;
}

/// Where the kernel sees a physical address that is memory (or was mapped by [`mmio_map`]).
#[inline(always)]
pub fn phys_to_virt(phys: u64) -> *mut u8 {
    core::ptr::with_exposed_provenance_mut(PHYS_OFFSET + phys as usize)
}

/// The physical address behind a pointer into the direct map.
#[inline(always)]
pub fn virt_to_phys(virt: *const u8) -> u64 {
    (virt.addr() - PHYS_OFFSET) as u64
}

/// The physical address of something in the kernel's image (a `static`).
pub fn image_to_phys<T>(object: *const T) -> u64 {
    (object.addr() - KERNEL_BASE) as u64
}

#[inline]
fn table(phys: u64) -> &'static Table {
    // SAFETY: tables are whole frames in the direct map, and all access is atomic.
    unsafe { &*phys_to_virt(phys & ADDRESS).cast::<Table>() }
}

/// The top-level table that the boot code made.
fn boot_table() -> &'static Table {
    // SAFETY: laid out by the assembler, there for ever, and all access is atomic.
    unsafe { &boot_pml4 }
}

/// Physical address of the table that the boot code made, which maps no program.
pub fn boot_root() -> u64 {
    // SAFETY: taking the address of a static.
    image_to_phys(&raw const boot_pml4)
}

/// Drops this CPU's translations of program addresses.
pub fn flush_all() {
    tlb::flush_all();
}

/// Drops this CPU's translations of `range`.
pub fn flush(range: Range<usize>) {
    /// From here on all are dropped.
    const FEW: usize = 32;
    if (range.end - range.start) >> PAGE_SHIFT <= FEW {
        for virt in range.step_by(PAGE_SIZE) {
            tlb::flush(VirtAddr::new_truncate(virt as u64));
        }
    } else {
        tlb::flush_all();
    }
}

#[inline(always)]
fn index(virt: usize, level: usize) -> usize {
    virt >> (PAGE_SHIFT + LEVEL_BITS * level) & (ENTRIES - 1)
}
