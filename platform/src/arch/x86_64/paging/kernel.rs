//! The kernel's half of every address space: its image, the direct map, devices, kernel stacks.

use super::tables::new_table;
use super::{
    ACCESSED, DIRTY, ENTRIES, NO_EXECUTE, OWNED, PHYS_OFFSET, PRESENT, STACKS_BASE, TOP_LEVEL,
    Table, WRITE, boot_pml4, boot_table, image_to_phys, index, phys_to_virt, table,
};
use crate::mm::{Frame, PAGE_SHIFT, PAGE_SIZE};
use core::ops::Range;
use core::sync::atomic::{AtomicU64, Ordering};
use x86_64::instructions::tlb;

const WRITE_THROUGH: u64 = 1 << 3;
const NO_CACHE: u64 = 1 << 4;
const LARGE: u64 = 1 << 7;
const GLOBAL: u64 = 1 << 8;
const LARGE_SIZE: u64 = 2 << 20;
const GIB: u64 = 1 << 30;

unsafe extern "C" {
    static boot_pdpt_kernel: Table;
    static boot_pd_kernel: Table;
    static kernel_start: u8;
    static text_end: u8;
    static rodata_end: u8;
    static kernel_end: u8;
    static smap_sites_start: [usize; 2];
    static smap_sites_end: [usize; 2];
}

/// 4 KiB tables for the kernel's image.
#[repr(C, align(4096))]
struct KernelTables([Table; KERNEL_TABLES]);
const KERNEL_TABLES: usize = 2;
static KERNEL_PT: KernelTables =
    KernelTables([const { [const { AtomicU64::new(0) }; ENTRIES] }; KERNEL_TABLES]);

/// Physical range of the kernel's image.
pub fn kernel_image() -> Range<u64> {
    image_to_phys(&raw const kernel_start)..image_to_phys(&raw const kernel_end)
}

/// Gives each section of the kernel's image its rights and removes the boot-time mapping at 0.
/// [`patch_smap_sites`] must have run already: the text becomes read-only here.
pub fn init() {
    let image = kernel_image();
    let text = image.start..image_to_phys(&raw const text_end);
    let rodata_end_phys = image_to_phys(&raw const rodata_end);
    let mut phys = image.start;
    while phys < image.end {
        let rights = if text.contains(&phys) {
            0
        } else if phys < rodata_end_phys {
            NO_EXECUTE
        } else {
            NO_EXECUTE | WRITE
        };
        let index = (phys >> PAGE_SHIFT) as usize;
        KERNEL_PT.0[index / ENTRIES][index % ENTRIES]
            .store(phys | rights | PRESENT | GLOBAL | ACCESSED | DIRTY, Ordering::Relaxed);
        phys += PAGE_SIZE as u64;
    }
    // SAFETY: the tables are statics of the boot code; only this CPU runs.
    unsafe {
        for (n, entry) in boot_pd_kernel.iter().enumerate() {
            let value = KERNEL_PT.0.get(n).map_or(0, |t| image_to_phys(t) | PRESENT | WRITE);
            entry.store(value, Ordering::Relaxed);
        }
        boot_pml4[0].store(0, Ordering::Relaxed);
        boot_pdpt_kernel[0].store(0, Ordering::Relaxed);
    }
    tlb::flush_all();
}

/// Writes `stac` or `clac` over the no-ops that hold their places, for a CPU with SMAP.
pub fn patch_smap_sites() {
    const CLAC: [u8; 3] = [0x0f, 0x01, 0xca];
    const STAC: [u8; 3] = [0x0f, 0x01, 0xcb];
    let start = &raw const smap_sites_start;
    let count = ((&raw const smap_sites_end).addr() - start.addr()) / size_of::<[usize; 2]>();
    // SAFETY: the linker script brackets the table; the text is still writable; each site is a
    // three-byte no-op that this CPU is not executing now.
    unsafe {
        for site in core::slice::from_raw_parts(start, count) {
            let code = if site[1] == 1 { STAC } else { CLAC };
            core::ptr::with_exposed_provenance_mut::<[u8; 3]>(site[0]).write(code);
        }
        // Serialise before the new bytes run.
        core::arch::x86_64::__cpuid(0);
    }
}

/// Maps the memory in `range` into the direct map, as far as the boot tables do not.
pub fn map_direct(range: Range<u64>) {
    map_large(range, PRESENT | WRITE | GLOBAL | NO_EXECUTE | ACCESSED | DIRTY);
}

/// Where the kernel sees the device at `phys`, uncached. For use at boot: programs' page tables
/// copy the kernel's half when they are made.
pub fn mmio_map(phys: u64, len: usize) -> *mut u8 {
    map_large(
        phys..phys + len as u64,
        PRESENT | WRITE | GLOBAL | NO_EXECUTE | NO_CACHE | WRITE_THROUGH | ACCESSED | DIRTY,
    );
    phys_to_virt(phys)
}

fn map_large(range: Range<u64>, flags: u64) {
    let mut phys = range.start.max(GIB) & !(LARGE_SIZE - 1);
    while phys < range.end {
        let virt = PHYS_OFFSET + phys as usize;
        let mut current = boot_table();
        for level in [3, 2] {
            let entry = &current[index(virt, level)];
            let mut value = entry.load(Ordering::Relaxed);
            if value & PRESENT == 0 {
                value = new_table().expect("memory for the kernel's page tables")
                    | PRESENT
                    | WRITE
                    | ACCESSED;
                entry.store(value, Ordering::Relaxed);
            }
            current = table(value);
        }
        let entry = &current[index(virt, 1)];
        if entry.load(Ordering::Relaxed) & PRESENT == 0 {
            entry.store(phys | flags | LARGE, Ordering::Relaxed);
        }
        phys += LARGE_SIZE;
    }
}

/// Maps one page of the kernel's own at `virt` (kernel stacks). `None`: memory is out.
pub fn map_kernel_page(virt: usize, frame: Frame) -> Option<()> {
    let mut current = boot_table();
    for level in [3, 2, 1] {
        let entry = &current[index(virt, level)];
        let mut value = entry.load(Ordering::Relaxed);
        if value & PRESENT == 0 {
            value = new_table()? | PRESENT | WRITE | ACCESSED;
            entry.store(value, Ordering::Relaxed);
        }
        current = table(value);
    }
    let flags = PRESENT | WRITE | GLOBAL | NO_EXECUTE | ACCESSED | DIRTY | OWNED;
    current[index(virt, 0)].store(frame.into_raw() | flags, Ordering::Relaxed);
    Some(())
}

/// A page of physical memory that the boot table maps at its own address, to be executed, for
/// CPUs that switch paging on there.
pub struct IdentityMap {
    _tables: [Frame; 3],
}

impl IdentityMap {
    /// Maps the page at `phys`; `None` when memory is out.
    pub fn new(phys: u64) -> Option<Self> {
        let tables = [Frame::zeroed()?, Frame::zeroed()?, Frame::zeroed()?];
        let mut current = boot_table();
        for (level, frame) in [3, 2, 1].into_iter().zip(&tables) {
            let entry = &current[index(phys as usize, level)];
            entry.store(frame.phys() | PRESENT | WRITE | ACCESSED, Ordering::Relaxed);
            current = table(frame.phys());
        }
        current[index(phys as usize, 0)].store(phys | PRESENT | ACCESSED, Ordering::Release);
        Some(Self { _tables: tables })
    }

    /// Takes the page out of the table. Its tables are freed when `self` is dropped: not before
    /// every CPU that may have used them has dropped its translations.
    pub fn remove(&self) {
        boot_table()[0].store(0, Ordering::SeqCst);
        tlb::flush_all();
    }
}

/// Makes the kernel-stack region's top-level entry, so that every page table shares it.
pub fn reserve_stack_region() {
    let entry = &boot_table()[index(STACKS_BASE, TOP_LEVEL)];
    let value = new_table().expect("memory for the kernel's page tables");
    entry.store(value | PRESENT | WRITE | ACCESSED, Ordering::Relaxed);
}
