//! [`Task`]: the machine's half of a thread: kernel stack, saved registers, vector state, TLS
//! base and page table. The kernel's half is the `T` inside.
//!
//! A CPU runs one task, found by [`current`]; [`switch_to`] goes to another. Which one is the
//! kernel's decision. The running task and the one just left are kept alive by the CPU.
//!
//! The kernel's `T` is one type throughout (checked by `TypeId` in [`current`]).

use crate::arch::{FpuState, KernelStack, UserFrame, switch as arch};
use crate::hooks::{SYSCALLS, SystemCallTable};
use crate::paging::PageTable;
use crate::sync::{Once, SpinLock};
use alloc::sync::Arc;
use core::any::TypeId;
use core::cell::{Cell, UnsafeCell};
use core::marker::PhantomData;
use core::mem::{ManuallyDrop, MaybeUninit};
use core::ops::Deref;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering};

/// What assembly and the switch need, at the start of every [`Task`].
#[repr(C)]
pub struct Header {
    /// Kernel stack pointer while the task does not run.
    pub(crate) stack_pointer: Cell<usize>,
    /// Top of the kernel stack, where the program's registers are saved.
    pub(crate) stack_top: usize,
    pub(crate) fpu: UnsafeCell<FpuState>,
    /// FS base (thread-local storage) while the task does not run.
    pub(crate) tls: AtomicU64,
    /// GS base of the program while the task does not run.
    pub(crate) user_gs: AtomicU64,
    /// The functions of its system calls.
    pub(crate) calls: AtomicPtr<()>,
    on_cpu: AtomicBool,
    type_id: TypeId,
    /// Where a kernel task starts.
    entry: Cell<Option<fn()>>,
    page_table: SpinLock<Option<Arc<PageTable>>>,
    /// Drops a reference that was given up as a raw pointer to this header.
    release: unsafe fn(*const Header),
    _stack: KernelStack,
}

/// A thread, as the machine sees it, with the kernel's `T`.
#[repr(C)]
pub struct Task<T> {
    header: Header,
    /// The reference by which others know it, not counted: what a system call is given.
    me: UnsafeCell<MaybeUninit<ManuallyDrop<Arc<Task<T>>>>>,
    data: T,
}

/// Where assembly finds the reference to hand to a system call.
#[allow(dead_code, reason = "used by assembly on bare metal only")]
pub(crate) const ME_OFFSET: usize = core::mem::offset_of!(Task<()>, me);

// SAFETY: the cells are touched only by the CPU that runs the task or switches to or from it,
// under the kernel's scheduling (a task runs on one CPU at a time, `on_cpu`); `T` is shared.
unsafe impl<T: Send + Sync> Send for Task<T> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync> Sync for Task<T> {}

impl<T> Deref for Task<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        &self.data
    }
}

impl<T: Send + Sync + 'static> Task<T> {
    fn new(data: T, page_table: Option<Arc<PageTable>>) -> Option<Self> {
        declare::<T>();
        let stack = KernelStack::new()?;
        Some(Self {
            header: Header {
                stack_pointer: Cell::new(0),
                stack_top: stack.top(),
                fpu: UnsafeCell::new(FpuState::new()?),
                tls: AtomicU64::new(0),
                user_gs: AtomicU64::new(0),
                calls: AtomicPtr::new(SYSCALLS.load(Ordering::Acquire)),
                on_cpu: AtomicBool::new(false),
                type_id: TypeId::of::<T>(),
                entry: Cell::new(None),
                page_table: SpinLock::new(page_table),
                release: release::<T>,
                _stack: stack,
            },
            me: UnsafeCell::new(MaybeUninit::uninit()),
            data,
        })
    }

    /// Puts the finished task where it stays.
    fn into_arc(self) -> Arc<Self> {
        let task = Arc::new(self);
        // SAFETY: nobody else has the task yet. The copy is not counted and never dropped; it is
        // used only while the task runs, when the CPU holds a count.
        unsafe { (*task.me.get()).write(ManuallyDrop::new(core::ptr::read(&raw const task))) };
        task
    }

    /// A task that runs `entry` in the kernel; `entry` must not return. `None` when memory is
    /// out.
    pub fn new_kernel(data: T, entry: fn()) -> Option<Arc<Self>> {
        let task = Self::new(data, None)?;
        task.header.entry.set(Some(entry));
        arch::prepare_kernel(&task.header, kernel_start);
        Some(task.into_arc())
    }

    /// A task that starts in the program at `frame`, with thread-local storage at `tls` and a
    /// copy of the calling task's vector state. `None` when memory is out.
    pub fn new_user(
        data: T,
        frame: &UserFrame,
        tls: usize,
        page_table: Arc<PageTable>,
    ) -> Option<Arc<Self>> {
        let mut task = Self::new(data, Some(page_table))?;
        task.header.tls.store(tls as u64, Ordering::Relaxed);
        if let Some(parent) = current_header() {
            let parent_state = parent.fpu.get();
            // SAFETY: the running task's state is this CPU's to write; the new one is ours.
            unsafe {
                arch::save_current_state(parent);
                task.header.fpu.get_mut().copy_from(&*parent_state);
            }
            task.header.user_gs.store(arch::user_gs(), Ordering::Relaxed);
        }
        arch::prepare_user(&task.header, frame);
        Some(task.into_arc())
    }

    /// A task that starts in a fresh program at `frame`: with initial vector state and no
    /// thread-local storage. `None` when memory is out.
    pub fn new_program(
        data: T,
        frame: &UserFrame,
        page_table: Arc<PageTable>,
    ) -> Option<Arc<Self>> {
        let task = Self::new(data, Some(page_table))?;
        arch::prepare_user(&task.header, frame);
        Some(task.into_arc())
    }
}

impl<T: Send + Sync + 'static> Task<T> {
    /// Has its system calls served by `table` from the next one on: for tracing.
    pub fn set_calls(&self, table: &'static SystemCallTable<T>) {
        self.header.calls.store(table.as_ptr().cast_mut().cast(), Ordering::Release);
    }
}

impl<T> Task<T> {
    /// Whether a CPU runs the task, or is still leaving its stack.
    pub fn on_cpu(&self) -> bool {
        self.header.on_cpu.load(Ordering::Acquire)
    }

    /// The program's general registers as saved by its last entry. For a task that is not
    /// running, or for the running one between entry and return.
    pub fn user_frame(&self) -> UserFrame {
        arch::user_frame(&self.header)
    }
}

/// The running task.
pub struct Current<T: 'static> {
    task: &'static Task<T>,
    _not_send: PhantomData<*const ()>,
}

impl<T> Deref for Current<T> {
    type Target = Task<T>;

    #[inline(always)]
    fn deref(&self) -> &Task<T> {
        self.task
    }
}

impl<T: Send + Sync + 'static> Current<T> {
    /// A counted reference.
    pub fn to_arc(&self) -> Arc<Task<T>> {
        let raw: *const Task<T> = self.task;
        // SAFETY: every task lives in an `Arc`, of which the CPU holds a count while it runs.
        unsafe {
            Arc::increment_strong_count(raw);
            Arc::from_raw(raw)
        }
    }

    /// Runs `f` with the counted reference that the CPU holds, without counting another.
    #[inline(always)]
    pub fn with_arc<R>(&self, f: impl FnOnce(&Arc<Task<T>>) -> R) -> R {
        let raw: *const Task<T> = self.task;
        // SAFETY: as in `to_arc`; the count is not given up.
        let held = core::mem::ManuallyDrop::new(unsafe { Arc::from_raw(raw) });
        f(&held)
    }
}

/// Says that all tasks are of type `T`. Panics if that is not so.
pub(crate) fn declare<T: 'static>() {
    static DECLARED: Once<TypeId> = Once::new();
    let declared = *DECLARED.call_once(TypeId::of::<T>);
    assert!(declared == TypeId::of::<T>(), "the kernel has threads of one type");
}

#[inline(always)]
fn current_header() -> Option<&'static Header> {
    // SAFETY: null, or a task that the CPU keeps alive while it runs.
    unsafe { arch::current().as_ref() }
}

/// The running task, or `None` before the first one runs.
#[inline(always)]
pub fn try_current<T: Send + Sync + 'static>() -> Option<Current<T>> {
    let header = current_header()?;
    if header.type_id != TypeId::of::<T>() {
        return None;
    }
    // SAFETY: the header of a `Task<T>`, by its type id; alive while it runs, and `Current`
    // cannot leave the thread.
    let task = unsafe { &*(&raw const *header).cast::<Task<T>>() };
    Some(Current { task, _not_send: PhantomData })
}

/// The running task. Panics before the first one runs.
#[inline(always)]
pub fn current<T: Send + Sync + 'static>() -> Current<T> {
    try_current().expect("a task runs")
}

/// Leaves the running task for `next` and comes back when something switches to it again.
///
/// Before the first task runs this leaves the boot stack, for ever. `next` must not be on a CPU
/// unless it is the running task itself (then nothing happens).
pub fn switch_to<T: Send + Sync + 'static>(next: Arc<Task<T>>) {
    let previous = arch::current();
    let raw = Arc::into_raw(next).cast::<Header>();
    if raw == previous {
        // SAFETY: the count just given up.
        unsafe { ((*raw).release)(raw) };
        return;
    }
    if previous.is_null() {
        // Boot code has them off; a task that slept in the kernel expects them on.
        crate::arch::interrupts_on();
    }
    // SAFETY: the count that `next` had is the CPU's now; `previous` keeps its own until
    // `finish_switch`, which runs on the new stack.
    unsafe {
        let target = &*raw;
        assert!(!target.on_cpu.swap(true, Ordering::Acquire), "a task runs on two CPUs");
        match &*target.page_table.lock() {
            Some(table) => table.activate(),
            None => PageTable::activate_kernel(),
        }
        arch::switch(previous, raw);
        finish_switch();
    }
}

/// What CPUs do on their own stacks.
static IDLE: Once<fn() -> !> = Once::new();

/// Leaves the running task for the CPU's own stack, where `idle` runs (the same one always), and
/// comes back when something switches to the task again.
pub fn switch_to_idle(idle: fn() -> !) {
    IDLE.call_once(|| idle);
    PageTable::activate_kernel();
    // SAFETY: the CPU keeps its count of the task until `finish_switch`, which `idle_start` calls
    // on the other stack; nothing else is on that one, for what ran there has switched to a task.
    unsafe { arch::switch_to_idle(arch::current(), idle_start) };
    finish_switch();
}

/// The start of a CPU's own stack.
extern "C" fn idle_start() -> ! {
    let previous = arch::take_previous();
    // SAFETY: the task left, whose count the CPU still holds.
    if let Some(header) = unsafe { previous.as_ref() } {
        header.on_cpu.store(false, Ordering::Release);
    }
    // To release it may sleep, which needs a task.
    arch::defer(previous);
    crate::arch::interrupts_on();
    let idle = IDLE.get().expect("set before it is switched to");
    idle()
}

/// Lets go of the task that was left. First thing on a task's stack after a switch.
fn finish_switch() {
    let previous = arch::take_previous();
    // SAFETY: null or the task left, whose count the CPU still holds.
    if let Some(header) = unsafe { previous.as_ref() } {
        header.on_cpu.store(false, Ordering::Release);
        // SAFETY: the CPU no longer uses its stack.
        unsafe { (header.release)(previous) };
    }
    let deferred = arch::take_deferred();
    // SAFETY: null or a task left before, whose count the CPU still holds.
    if let Some(header) = unsafe { deferred.as_ref() } {
        // SAFETY: the CPU has left its stack.
        unsafe { (header.release)(deferred) };
    }
}

/// Called by the first switch to a task that starts in the program.
#[cfg_attr(not(target_os = "none"), allow(dead_code, reason = "called by assembly"))]
pub(crate) extern "C" fn user_start() {
    finish_switch();
}

/// Called by the first switch to a kernel task.
extern "C" fn kernel_start() -> ! {
    finish_switch();
    crate::arch::interrupts_on();
    let entry = current_header().and_then(|header| header.entry.get());
    entry.expect("a kernel task has an entry")();
    panic!("a kernel task returned");
}

/// Drops one count of the `Arc<Task<T>>` behind `header`.
///
/// # Safety
/// `header` came from `Arc::<Task<T>>::into_raw`, and that count was not taken back yet.
unsafe fn release<T>(header: *const Header) {
    // SAFETY: by the contract.
    drop(unsafe { Arc::from_raw(header.cast::<Task<T>>()) });
}

/// Gives the running task a page table (or none), and uses it at once.
pub fn set_page_table(table: Option<Arc<PageTable>>) {
    let header = current_header().expect("a task runs");
    match &table {
        Some(table) => table.activate(),
        None => PageTable::activate_kernel(),
    }
    let old = core::mem::replace(&mut *header.page_table.lock(), table);
    drop(old);
}

/// Leaves the kernel for the program at `frame`, giving up all that is on the running task's
/// kernel stack (whose values the caller has dropped), with initial vector state and no TLS.
pub fn enter_user(frame: &UserFrame) -> ! {
    arch::enter_user(frame)
}

/// The running thread's TLS base.
pub fn tls() -> usize {
    arch::tls()
}

/// Sets the running thread's TLS base; the kernel has checked that it lies in user space.
pub fn set_tls(base: usize) {
    arch::set_tls(base.min(crate::user::END));
}

/// The running thread's second base register (GS on x86_64).
pub fn user_gs() -> usize {
    arch::user_gs() as usize
}

/// Sets the running thread's second base register.
pub fn set_user_gs(base: usize) {
    arch::set_user_gs(base.min(crate::user::END) as u64);
}

/// Runs `f` with the running thread's vector state in its saved form, as signal frames carry it.
pub fn with_fpu_state<R>(f: impl FnOnce(&[u8]) -> R) -> R {
    let header = current_header().expect("a task runs");
    arch::save_current_state(header);
    // SAFETY: the running task's state is this CPU's; `f` gets it shared and cannot switch away
    // with it changed, for only this task's own calls change it.
    f(unsafe { (*header.fpu.get()).bytes() })
}

/// Sets the running thread's vector state from its saved form; `false` (and no change to what
/// runs) when the processor would refuse it.
pub fn set_fpu_state(bytes: &[u8]) -> bool {
    let header = current_header().expect("a task runs");
    // SAFETY: the running task's state is this CPU's; no reference to it is out.
    let state = unsafe { &mut *header.fpu.get() };
    if !state.set_bytes(bytes) {
        return false;
    }
    state.restore();
    true
}

/// Whether the processor would take this as a vector state; see [`set_fpu_state`].
pub fn is_fpu_state(bytes: &[u8]) -> bool {
    FpuState::new().is_some_and(|mut state| state.set_bytes(bytes))
}

/// Gives the running thread the vector state that programs start with.
pub fn reset_fpu_state() {
    let header = current_header().expect("a task runs");
    if let Some(initial) = FpuState::new() {
        // SAFETY: the running task's state is this CPU's; no reference to it is out.
        let state = unsafe { &mut *header.fpu.get() };
        state.copy_from(&initial);
        state.restore();
    }
}

/// Bytes in a saved vector state.
pub fn fpu_state_size() -> usize {
    FpuState::size()
}

/// State components in a saved vector state (XCR0 on x86_64), and whether it has an XSAVE header.
pub fn fpu_features() -> (u64, bool) {
    FpuState::features()
}
