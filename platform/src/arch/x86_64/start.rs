//! The first Rust code: from the PVH start info to the kernel's main.

use super::paging::{self, phys_to_virt};
use super::{cpu_features, features, fpu, gdt, idt, irqchip, percpu, trap};
use crate::boot::{BootInfo, Initramfs};
use crate::mm::{Frame, PAGE_SIZE};
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

/// `hvm_start_info` (Xen, public/arch-x86/hvm/start_info.h).
#[repr(C)]
#[derive(Clone, Copy)]
struct StartInfo {
    magic: u32,
    version: u32,
    flags: u32,
    modules: u32,
    modules_address: u64,
    cmdline_address: u64,
    rsdp_address: u64,
    memmap_address: u64,
    memmap_entries: u32,
    reserved: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Module {
    address: u64,
    size: u64,
    cmdline_address: u64,
    reserved: u64,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct MemmapEntry {
    address: u64,
    size: u64,
    kind: u32,
    reserved: u32,
}

const START_INFO_MAGIC: u32 = 0x336e_c578;
const MEMMAP_RAM: u32 = 1;
const MEMMAP_ACPI: u32 = 3;
const MEMMAP_NVS: u32 = 4;
const MAX_REGIONS: usize = 32;
const MAX_CMDLINE: usize = 64 * 1024;
/// What the boot page tables map directly.
const BOOT_MAPPED: u64 = 1 << 30;
const PAGE: u64 = PAGE_SIZE as u64;

unsafe extern "Rust" {
    /// The kernel's main, by the `entry!` macro.
    safe fn elfin_kernel_main() -> !;
}

/// Ranges of physical addresses, without an allocator.
struct Ranges {
    len: usize,
    all: [Range<u64>; MAX_REGIONS],
}

impl Ranges {
    fn new() -> Self {
        Self { len: 0, all: [const { 0..0 }; MAX_REGIONS] }
    }

    fn push(&mut self, range: Range<u64>) {
        if range.start < range.end
            && let Some(slot) = self.all.get_mut(self.len)
        {
            *slot = range;
            self.len += 1;
        }
    }

    fn as_slice(&self) -> &[Range<u64>] {
        &self.all[..self.len]
    }

    fn clipped(&self, bounds: Range<u64>) -> Self {
        let mut clipped = Self::new();
        for range in self.as_slice() {
            clipped.push(range.start.max(bounds.start)..range.end.min(bounds.end));
        }
        clipped
    }
}

/// Called by the boot code, on the boot stack, with the physical address of the start info.
pub extern "C" fn start(info_address: u64) -> ! {
    percpu::init_boot_cpu();
    gdt::init_boot_cpu(percpu::this());
    idt::init();
    idt::load();
    features::enable();
    if cpu_features().smap {
        paging::patch_smap_sites();
        features::enable_smap();
    }
    paging::init();
    trap::init_syscall();
    fpu::init(cpu_features().xsave);

    // SAFETY: the boot loader left the start info there, in memory that the boot tables map.
    let info = unsafe { phys_to_virt(info_address).cast::<StartInfo>().read_unaligned() };
    assert!(info.magic == START_INFO_MAGIC, "not started by PVH: magic {:#x}", info.magic);
    let modules = init_memory(&info, info_address);
    paging::reserve_stack_region();
    irqchip::init();
    let initramfs = modules.map(adopt_module);
    let rsdp = (info.rsdp_address != 0).then_some(info.rsdp_address);
    crate::boot::set(BootInfo { cmdline: cmdline(info.cmdline_address), rsdp }, initramfs);
    elfin_kernel_main()
}

/// Takes over memory; gives the first module's range.
fn init_memory(info: &StartInfo, info_address: u64) -> Option<Range<u64>> {
    let (mut ram, mut firmware, mut reserved) = (Ranges::new(), Ranges::new(), Ranges::new());
    reserved.push(0..PAGE);
    reserved.push(paging::kernel_image());
    let info_end = info_address + size_of::<StartInfo>() as u64;
    reserved.push(info_address & !(PAGE - 1)..info_end.next_multiple_of(PAGE));
    // Read once there is a heap: nobody may write over it until then.
    let cmdline_end = info.cmdline_address + cmdline_bytes(info.cmdline_address).len() as u64 + 1;
    reserved.push(info.cmdline_address & !(PAGE - 1)..cmdline_end.next_multiple_of(PAGE));

    let entries = info.memmap_entries.min(MAX_REGIONS as u32) as usize;
    for n in 0..entries {
        let at = info.memmap_address + (n * size_of::<MemmapEntry>()) as u64;
        // SAFETY: the start info says that the memory map is there.
        let entry = unsafe { phys_to_virt(at).cast::<MemmapEntry>().read_unaligned() };
        let Some(end) = entry.address.checked_add(entry.size) else { continue };
        match entry.kind {
            MEMMAP_RAM => ram.push(entry.address..end),
            MEMMAP_ACPI | MEMMAP_NVS => firmware.push(entry.address..end),
            _ => {}
        }
    }
    let module = (info.modules > 0).then(|| {
        // SAFETY: the start info says that the module list is there, below 1 GiB as all of it.
        unsafe { phys_to_virt(info.modules_address).cast::<Module>().read_unaligned() }
    });
    let module = module.map(|m| m.address..m.address.saturating_add(m.size));
    if let Some(range) = &module {
        reserved.push(range.start & !(PAGE - 1)..range.end.next_multiple_of(PAGE));
    }
    let low = ram.clipped(0..BOOT_MAPPED);
    // SAFETY: once, on the boot CPU; the boot tables map all below 1 GiB.
    let ready =
        unsafe { crate::mm::init_memory(ram.as_slice(), low.as_slice(), reserved.as_slice()) };
    assert!(ready, "the memory map has no room for the frame table");
    let high = ram.clipped(BOOT_MAPPED..u64::MAX);
    for range in high.as_slice().iter().chain(firmware.as_slice()) {
        paging::map_direct(range.clone());
    }
    crate::mm::add_memory(high.as_slice(), reserved.as_slice());
    module
}

/// The module as an initramfs whose frames belong to it.
fn adopt_module(range: Range<u64>) -> Initramfs {
    let first = range.start & !(PAGE - 1);
    let last = range.end.next_multiple_of(PAGE);
    let mut frames = Vec::with_capacity(((last - first) / PAGE) as usize);
    let mut address = first;
    while address < last {
        // SAFETY: the range was reserved, so nothing else owns its frames.
        frames.push(Some(unsafe { Frame::adopt(address) }));
        address += PAGE;
    }
    let len = (range.end - range.start) as usize;
    // SAFETY: mapped memory, which `Initramfs` no longer shows once it gives the first page away.
    let bytes = unsafe { core::slice::from_raw_parts(phys_to_virt(range.start), len) };
    Initramfs::new(bytes, frames, (range.start - first) as usize)
}

/// The command line's bytes, where the boot loader left them.
fn cmdline_bytes(address: u64) -> &'static [u8] {
    if address == 0 {
        return &[];
    }
    let start = phys_to_virt(address);
    // SAFETY: the start info says that a NUL-terminated string is there; its pages are reserved.
    unsafe {
        let len = (0..MAX_CMDLINE).find(|&n| start.add(n).read() == 0).unwrap_or(MAX_CMDLINE);
        core::slice::from_raw_parts(start, len)
    }
}

fn cmdline(address: u64) -> String {
    String::from_utf8_lossy(cmdline_bytes(address)).into_owned()
}
