//! The context switch, thread-local bases and first entries.

use super::frame::UserFrame;
use super::percpu::this;
use super::{cpu_features, msr};
use crate::task::Header;
use core::arch::global_asm;
use core::ptr;
use core::sync::atomic::Ordering;

global_asm!(
    r#"
.text
# rdi = where to save the stack pointer, rsi = the stack pointer to load
.balign 16
.global switch_stacks
switch_stacks:
    push rbp
    push rbx
    push r12
    push r13
    push r14
    push r15
    mov [rdi], rsp
    mov rsp, rsi
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbx
    pop rbp
    ret

# First instruction of a task that starts in the program; stack: a word, then its frame.
.global first_user_entry
first_user_entry:
    call {user_start}
    cli
    jmp return_to_user

# rdi = stack pointer with a word and a frame on it
.global enter_user_at
enter_user_at:
    mov rsp, rdi
    cli
    jmp return_to_user
"#,
    user_start = sym crate::task::user_start,
);

unsafe extern "C" {
    fn switch_stacks(save: *mut usize, load: usize);
    fn first_user_entry();
    fn enter_user_at(stack: usize) -> !;
}

/// What `switch_stacks` pops: six registers and the return address.
const SAVED_WORDS: usize = 7;

/// The running task, or null.
#[inline(always)]
pub fn current() -> *const Header {
    this().current.get()
}

/// The task that was just left, once.
pub fn take_previous() -> *const Header {
    this().previous.replace(ptr::null())
}

/// Puts a task aside whose count is to be dropped on a task's stack.
pub fn defer(task: *const Header) {
    this().deferred.set(task);
}

/// The task that was put aside, once.
pub fn take_deferred() -> *const Header {
    this().deferred.replace(ptr::null())
}

fn frame_pointer(header: &Header) -> *mut UserFrame {
    ptr::with_exposed_provenance_mut(header.stack_top - size_of::<UserFrame>())
}

/// Lays out the stack of a kernel task so that the first switch starts `start`.
pub fn prepare_kernel(header: &Header, start: extern "C" fn() -> !) {
    // As after a call: the return address' place is 8 below a 16-byte boundary.
    lay_out(header, header.stack_top - 8, start as *const ());
}

/// Lays out the stack of a task so that the first switch starts the program at `frame`.
pub fn prepare_user(header: &Header, frame: &UserFrame) {
    let at = frame_pointer(header);
    let mut touched = *frame;
    touched.touch();
    // SAFETY: the top of the task's own stack, which nothing uses yet.
    unsafe { at.write(touched) };
    lay_out(header, at.addr() - 8, first_user_entry as *const ());
}

fn lay_out(header: &Header, top: usize, start: *const ()) {
    header.stack_pointer.set(first_frame(top, start));
}

/// Writes what the first switch to a stack pops below `top`; the stack pointer for it.
fn first_frame(top: usize, start: *const ()) -> usize {
    let stack_pointer = top - SAVED_WORDS * 8;
    let words: *mut usize = ptr::with_exposed_provenance_mut(stack_pointer);
    // SAFETY: below the top of a stack that nothing uses now.
    unsafe {
        for n in 0..SAVED_WORDS - 1 {
            words.add(n).write(0);
        }
        words.add(SAVED_WORDS - 1).write(start.addr());
    }
    stack_pointer
}

/// Switches from `previous` to the CPU's own stack, where `start` runs.
///
/// # Safety
/// `previous` is the live task that this CPU runs. `start` calls `finish_switch` first, and so
/// does the caller as soon as it runs again.
pub unsafe fn switch_to_idle(previous: *const Header, start: extern "C" fn() -> !) {
    let cpu = this();
    // SAFETY: by the contract.
    unsafe {
        let header = &*previous;
        save_registers(header);
        cpu.previous.set(previous);
        cpu.current.set(ptr::null());
        // As after a call: the return address' place is 8 below a 16-byte boundary.
        let load = first_frame(cpu.idle_stack.get() - 8, start as *const ());
        switch_stacks(header.stack_pointer.as_ptr(), load);
    }
}

/// Saves what the running program has in registers that the kernel does not use.
fn save_registers(header: &Header) {
    save_current_state(header);
    header.tls.store(tls() as u64, Ordering::Relaxed);
    header.user_gs.store(user_gs(), Ordering::Relaxed);
}

/// Switches stacks, thread-local bases and vector state from `previous` (null: none) to `next`.
///
/// # Safety
/// `next` is a live task that runs nowhere; `previous` is what this CPU runs. The caller calls
/// `finish_switch` as soon as it runs again.
pub unsafe fn switch(previous: *const Header, next: *const Header) {
    let cpu = this();
    let mut discarded = 0;
    // SAFETY: by the contract, both are live.
    unsafe {
        let next_header = &*next;
        let mut save: *mut usize = &mut discarded;
        if let Some(header) = previous.as_ref() {
            save = header.stack_pointer.as_ptr();
            save_registers(header);
        }
        (*next_header.fpu.get()).restore();
        set_tls(next_header.tls.load(Ordering::Relaxed) as usize);
        set_user_gs(next_header.user_gs.load(Ordering::Relaxed));
        cpu.previous.set(previous);
        cpu.current.set(next);
        set_kernel_stack(next_header.stack_top);
        switch_stacks(save, next_header.stack_pointer.get());
    }
}

fn set_kernel_stack(top: usize) {
    let cpu = this();
    cpu.kernel_rsp.set(top);
    // SAFETY: this CPU's own TSS; the processor reads it only on entries from the program.
    unsafe { (*cpu.tss.get()).set_kernel_stack(top) };
}

/// Saves this CPU's vector registers to the running task's state.
pub fn save_current_state(header: &Header) {
    // SAFETY: the running task's state is this CPU's to write.
    unsafe { (*header.fpu.get()).save() };
}

/// The program's registers of a task.
pub fn user_frame(header: &Header) -> UserFrame {
    // SAFETY: the top of the task's stack always has room for a frame.
    unsafe { *frame_pointer(header) }
}

/// What `enter_user_at` finds at the stack pointer it is given.
#[repr(C, align(16))]
struct Entry {
    alignment: usize,
    frame: UserFrame,
}

/// Enters the program at `frame`. What is on the kernel stack is given up: the next entry from the
/// program begins at its top again.
pub fn enter_user(frame: &UserFrame) -> ! {
    set_tls(0);
    set_user_gs(0);
    crate::task::reset_fpu_state();
    let mut entry = Entry { alignment: 0, frame: *frame };
    entry.frame.touch();
    super::interrupts_off();
    // SAFETY: the stack pointer becomes the entry's address; what lies below is free, and nothing
    // above is needed any more but the entry itself.
    unsafe { enter_user_at((&raw const entry).expose_provenance()) }
}

/// The running program's FS base.
#[inline]
pub fn tls() -> usize {
    if cpu_features().fsgsbase {
        let base: usize;
        // SAFETY: the CPU has the instruction and CR4 allows it.
        unsafe { core::arch::asm!("rdfsbase {}", out(reg) base, options(nomem, nostack)) };
        base
    } else {
        msr::read(msr::FS_BASE) as usize
    }
}

/// Sets the running program's FS base.
#[inline]
pub fn set_tls(base: usize) {
    if cpu_features().fsgsbase {
        // SAFETY: the CPU has the instruction and CR4 allows it; the kernel does not use FS.
        unsafe { core::arch::asm!("wrfsbase {}", in(reg) base, options(nomem, nostack)) };
    } else {
        msr::write(msr::FS_BASE, base as u64);
    }
}

/// The running program's GS base (kept in the swap register while in the kernel).
pub fn user_gs() -> u64 {
    msr::read(msr::KERNEL_GS_BASE)
}

/// Sets the running program's GS base.
pub fn set_user_gs(base: u64) {
    msr::write(msr::KERNEL_GS_BASE, base);
}
