//! [`PerCpu`]: what each CPU has of its own, found through the GS base while in the kernel.
//!
//! Assembly uses the fields by [`core::mem::offset_of`]; Rust goes through [`this`]. In the
//! kernel nothing preempts, so a CPU's own data needs no lock; interrupt handlers touch the
//! atomic fields only.

use super::gdt::{Gdt, Tss};
use core::cell::{Cell, UnsafeCell};
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Frames that a CPU keeps at hand before it asks the common allocator.
pub const FRAME_CACHE: usize = 32;

/// One CPU's own data.
#[repr(C, align(64))]
pub struct PerCpu {
    /// Its own address, for `mov reg, gs:[0]`.
    this: Cell<*const PerCpu>,
    /// The program's stack pointer while the system call entry builds its frame.
    pub user_rsp: Cell<usize>,
    /// Top of the running thread's kernel stack.
    pub kernel_rsp: Cell<usize>,
    /// The running thread's `task::Header`, or null.
    pub current: Cell<*const crate::task::Header>,
    /// The thread that was switched away from and is still to be released.
    pub previous: Cell<*const crate::task::Header>,
    /// Pending [`crate::cpu::Work`] bits.
    pub work: AtomicU32,
    /// Number of this CPU, from 0.
    pub id: Cell<u32>,
    /// When this CPU's alarm goes off, in ns since boot.
    pub alarm: AtomicU64,
    /// Physical address of the page table in CR3.
    pub page_table: Cell<u64>,
    /// The thread whose vector registers are in this CPU.
    pub fpu_owner: Cell<*const crate::task::Header>,
    /// Free frames of this CPU's own.
    pub frames: UnsafeCell<FrameCache>,
    /// Task state segment and descriptor table.
    pub tss: UnsafeCell<Tss>,
    pub gdt: UnsafeCell<Gdt>,
}

/// Physical addresses of frames kept by a CPU.
pub struct FrameCache {
    pub len: usize,
    pub frames: [u64; FRAME_CACHE],
}

// SAFETY: each CPU reaches only its own copy (through GS), the atomics apart.
unsafe impl Sync for PerCpu {}

impl PerCpu {
    const fn new() -> Self {
        Self {
            this: Cell::new(core::ptr::null()),
            user_rsp: Cell::new(0),
            kernel_rsp: Cell::new(0),
            current: Cell::new(core::ptr::null()),
            previous: Cell::new(core::ptr::null()),
            work: AtomicU32::new(0),
            id: Cell::new(0),
            alarm: AtomicU64::new(super::alarm::NEVER),
            page_table: Cell::new(0),
            fpu_owner: Cell::new(core::ptr::null()),
            frames: UnsafeCell::new(FrameCache { len: 0, frames: [0; FRAME_CACHE] }),
            tss: UnsafeCell::new(Tss::new()),
            gdt: UnsafeCell::new(Gdt::new()),
        }
    }
}

static BOOT_CPU: PerCpu = PerCpu::new();
static CPUS_ONLINE: AtomicU32 = AtomicU32::new(1);

/// Number of CPUs that run.
pub fn count() -> usize {
    CPUS_ONLINE.load(Ordering::Relaxed) as usize
}

/// This CPU's own data. Only after [`init_boot_cpu`].
#[inline(always)]
pub fn this() -> &'static PerCpu {
    let this: *const PerCpu;
    // SAFETY: in the kernel the GS base is this CPU's `PerCpu`, whose first field is its address.
    unsafe {
        core::arch::asm!("mov {}, gs:[0]", out(reg) this,
            options(pure, readonly, nostack, preserves_flags));
        &*this
    }
}

/// Gives the boot CPU its data.
pub fn init_boot_cpu() {
    BOOT_CPU.this.set(&BOOT_CPU);
    super::msr::write(super::msr::GS_BASE, (&raw const BOOT_CPU).addr() as u64);
    super::msr::write(super::msr::KERNEL_GS_BASE, 0);
}
