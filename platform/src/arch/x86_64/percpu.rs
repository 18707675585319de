//! [`PerCpu`]: what each CPU has of its own, found through the GS base while in the kernel.
//!
//! Assembly uses the fields by [`core::mem::offset_of`]; Rust goes through [`this`]. In the
//! kernel nothing preempts, so a CPU's own data needs no lock; interrupt handlers touch the
//! atomic fields only.

use super::gdt::{Gdt, Tss};
use crate::cpu::MAX_CPUS;
use core::cell::{Cell, UnsafeCell};
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Ordering};

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
    /// One that was left for the CPU's own stack, where nothing can be released.
    pub deferred: Cell<*const crate::task::Header>,
    /// Pending [`crate::cpu::Work`] bits.
    pub work: AtomicU32,
    /// Number of this CPU, from 0.
    pub id: Cell<u32>,
    /// When this CPU's alarm goes off, in ns since boot.
    pub alarm: AtomicU64,
    /// Physical address of the page table in CR3.
    pub page_table: Cell<u64>,
    /// The set of CPUs that use that page table, in which this one is; null with the boot table.
    pub page_table_users: Cell<*const AtomicU64>,
    /// It halts, and drops its translations before it uses them again if that was asked for in
    /// `stale`.
    pub lazy: AtomicBool,
    /// Translations were changed while it halted.
    pub stale: AtomicBool,
    /// The number by which interrupts are sent to it.
    pub apic_id: AtomicU32,
    /// What it sends others and what they ask of it.
    pub mail: super::ipi::Mail,
    /// Top of the stack that it idles on when no thread's is at hand.
    pub idle_stack: Cell<usize>,
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
    /// One that nothing is known of yet.
    pub const fn new() -> Self {
        Self {
            this: Cell::new(core::ptr::null()),
            user_rsp: Cell::new(0),
            kernel_rsp: Cell::new(0),
            current: Cell::new(core::ptr::null()),
            previous: Cell::new(core::ptr::null()),
            deferred: Cell::new(core::ptr::null()),
            work: AtomicU32::new(0),
            id: Cell::new(0),
            alarm: AtomicU64::new(super::alarm::NEVER),
            page_table: Cell::new(0),
            page_table_users: Cell::new(core::ptr::null()),
            lazy: AtomicBool::new(false),
            stale: AtomicBool::new(false),
            apic_id: AtomicU32::new(0),
            mail: super::ipi::Mail::new(),
            idle_stack: Cell::new(0),
            fpu_owner: Cell::new(core::ptr::null()),
            frames: UnsafeCell::new(FrameCache { len: 0, frames: [0; FRAME_CACHE] }),
            tss: UnsafeCell::new(Tss::new()),
            gdt: UnsafeCell::new(Gdt::new()),
        }
    }
}

static BOOT_CPU: PerCpu = PerCpu::new();
static CPUS_ONLINE: AtomicU32 = AtomicU32::new(1);
/// Each CPU's own data, by its number.
static CPUS: [AtomicPtr<PerCpu>; MAX_CPUS] =
    [const { AtomicPtr::new(core::ptr::null_mut()) }; MAX_CPUS];

/// Number of CPUs that run.
#[inline]
pub fn count() -> usize {
    CPUS_ONLINE.load(Ordering::Relaxed) as usize
}

/// Says how many CPUs run, all of them [registered](register).
pub fn set_count(count: u32) {
    CPUS_ONLINE.store(count, Ordering::Release);
}

/// The data of CPU `id`, if there is one.
pub fn of(id: usize) -> Option<&'static PerCpu> {
    // SAFETY: null, or data that lives for ever, of which others touch the atomic fields only.
    unsafe { CPUS.get(id)?.load(Ordering::Acquire).as_ref() }
}

/// Lets `cpu` know its number and place, before it is used.
pub fn prepare(id: u32, cpu: &'static PerCpu) {
    cpu.this.set(cpu);
    cpu.id.set(id);
}

/// Makes `cpu` the data of CPU `id`, for others too.
pub fn register(id: u32, cpu: &'static PerCpu) {
    if let Some(slot) = CPUS.get(id as usize) {
        slot.store((&raw const *cpu).cast_mut(), Ordering::Release);
    }
}

/// Makes `cpu` what [`this`] gives on this CPU. Its address must be set already.
pub fn adopt(cpu: &'static PerCpu) {
    super::msr::write(super::msr::GS_BASE, (&raw const *cpu).addr() as u64);
    super::msr::write(super::msr::KERNEL_GS_BASE, 0);
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
    prepare(0, &BOOT_CPU);
    register(0, &BOOT_CPU);
    BOOT_CPU.idle_stack.set(super::boot::stack_top());
    adopt(&BOOT_CPU);
}
