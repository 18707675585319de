//! Signal frames of x86_64, laid out as Linux does (`arch/x86/include/uapi/asm/sigcontext.h`,
//! `ucontext.h`, and `struct rt_sigframe`).
//!
//! ```text
//! higher   interrupted stack
//!          128 bytes that the psABI lets functions use below the stack pointer (red zone)
//!          vector state, 64-byte aligned: legacy area, XSAVE header, components, magic number
//!          siginfo
//!          ucontext: flags, stack, registers, mask
//! rsp →    address of the restorer                   (16-byte aligned plus 8, as after a call)
//! ```

use alloc::vec::Vec;
use core::fmt;
use core::mem::offset_of;

use elfin_platform::arch::UserFrame;
use elfin_platform::{task, user};
use elfin_syscalls::abi::{Siginfo, Stack, zeroed};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use super::action::{Action, SigFlags};
use super::info::Info;
use super::set::SigSet;
use crate::task::thread::Thread;

/// `struct sigcontext_64`.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
struct Sigcontext {
    r8: u64,
    r9: u64,
    r10: u64,
    r11: u64,
    r12: u64,
    r13: u64,
    r14: u64,
    r15: u64,
    rdi: u64,
    rsi: u64,
    rbp: u64,
    rbx: u64,
    rdx: u64,
    rax: u64,
    rcx: u64,
    rsp: u64,
    rip: u64,
    eflags: u64,
    cs: u16,
    gs: u16,
    fs: u16,
    ss: u16,
    err: u64,
    trapno: u64,
    oldmask: u64,
    cr2: u64,
    fpstate: u64,
    reserved: [u64; 8],
}

/// `struct ucontext`.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
struct Ucontext {
    flags: u64,
    link: u64,
    stack: Stack,
    context: Sigcontext,
    mask: u64,
}

/// `struct rt_sigframe`.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
struct Frame {
    restorer: u64,
    context: Ucontext,
    info: Siginfo,
}

/// `struct _fpx_sw_bytes`, in the unused end of the legacy area.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
struct SoftwareBytes {
    magic1: u32,
    extended_size: u32,
    features: u64,
    state_size: u32,
    padding: [u32; 7],
}

const _: () = assert!(size_of::<Sigcontext>() == 256 && size_of::<Frame>() == 440);

/// `uc_flags`: the vector state has an XSAVE header.
const UC_FP_XSTATE: u64 = 1;
/// `uc_flags`: `ss` was saved, and is restored strictly.
const UC_SIGCONTEXT_SS: u64 = 2 | 4;
const RED_ZONE: usize = 128;
const XSAVE_ALIGN: usize = 64;
const STACK_ALIGN: usize = 16;
const LEGACY_SIZE: usize = 512;
const XSAVE_HEADER: usize = 64;
const SOFTWARE_BYTES: usize = 464;
const FP_XSTATE_MAGIC1: u32 = 0x4650_5853;
const FP_XSTATE_MAGIC2: u32 = 0x4650_5845;
const MAGIC2_SIZE: usize = size_of::<u32>();
/// Bytes of the restorer's address, which the handler's `ret` takes off the stack.
const RETURN_ADDRESS: usize = size_of::<u64>();

/// A frame that cannot be written, read or restored.
#[derive(Clone, Copy, Debug)]
pub struct BadFrame;

impl From<user::Fault> for BadFrame {
    fn from(_: user::Fault) -> Self {
        Self
    }
}

/// Has the program at `regs` run `handler` for `info`; `mask` comes back after it.
pub fn push(
    me: &Thread,
    regs: &mut UserFrame,
    info: &Info,
    action: &Action,
    handler: usize,
    mask: SigSet,
) -> Result<(), BadFrame> {
    if !action.flags().contains(SigFlags::RESTORER) {
        return Err(BadFrame);
    }
    let alt_stack = *me.signals.stack.lock();
    let (sp, fpstate) = place(me, regs.sp(), action)?;
    save_vector_state(fpstate)?;

    let (_, has_header) = task::fpu_features();
    let mut frame: Frame = zeroed();
    frame.restorer = action.0.restorer;
    frame.context.flags = UC_SIGCONTEXT_SS | if has_header { UC_FP_XSTATE } else { 0 };
    frame.context.stack = alt_stack.saved();
    frame.context.context = save_registers(me, regs, fpstate, mask);
    frame.context.mask = mask.0;
    frame.info = info.to_abi();
    user::copy_out(sp, frame.as_bytes())?;

    let info_at = sp + offset_of!(Frame, info);
    let context_at = sp + offset_of!(Frame, context);
    let signal = usize::try_from(info.signal.number()).map_err(|_| BadFrame)?;
    regs.set_call(handler, signal, info_at, context_at);
    regs.set_sp(sp);
    if alt_stack.disarms() {
        *me.signals.stack.lock() = super::AltStack::NONE;
    }
    Ok(())
}

/// Where the frame and the vector state go.
fn place(me: &Thread, sp: usize, action: &Action) -> Result<(usize, usize), BadFrame> {
    let alt_stack = *me.signals.stack.lock();
    let nested = alt_stack.contains(sp);
    let below = sp.checked_sub(RED_ZONE).ok_or(BadFrame)?;
    let entry =
        if action.flags().contains(SigFlags::ONSTACK) { alt_stack.entry(below) } else { None };
    let top = entry.unwrap_or(below);
    let fpstate = top.checked_sub(task::fpu_state_size() + MAGIC2_SIZE).ok_or(BadFrame)?;
    let fpstate = fpstate / XSAVE_ALIGN * XSAVE_ALIGN;
    let frame = fpstate.checked_sub(size_of::<Frame>()).ok_or(BadFrame)?;
    let frame = (frame / STACK_ALIGN * STACK_ALIGN).checked_sub(RETURN_ADDRESS).ok_or(BadFrame)?;
    // A frame that does not fit on the alternate stack must not spill over its end.
    if (nested || entry.is_some()) && !alt_stack.covers(frame) {
        return Err(BadFrame);
    }
    Ok((frame, fpstate))
}

fn save_vector_state(at: usize) -> Result<(), BadFrame> {
    task::with_fpu_state(|state| user::copy_out(at, state))?;
    let (features, has_header) = task::fpu_features();
    if !has_header {
        return Ok(());
    }
    let size = task::fpu_state_size();
    let software = SoftwareBytes {
        magic1: FP_XSTATE_MAGIC1,
        extended_size: u32::try_from(size + MAGIC2_SIZE).map_err(|_| BadFrame)?,
        features,
        state_size: u32::try_from(size).map_err(|_| BadFrame)?,
        padding: [0; 7],
    };
    user::copy_out(at + SOFTWARE_BYTES, software.as_bytes())?;
    user::copy_out(at + size, &FP_XSTATE_MAGIC2.to_le_bytes())?;
    Ok(())
}

fn save_registers(me: &Thread, regs: &UserFrame, fpstate: usize, mask: SigSet) -> Sigcontext {
    let word = |n: usize| u64::try_from(n).unwrap_or_default();
    let trap = *me.signals.trap.lock();
    Sigcontext {
        r8: regs.r8,
        r9: regs.r9,
        r10: regs.r10,
        r11: regs.r11,
        r12: regs.r12,
        r13: regs.r13,
        r14: regs.r14,
        r15: regs.r15,
        rdi: regs.rdi,
        rsi: regs.rsi,
        rbp: regs.rbp,
        rbx: regs.rbx,
        rdx: regs.rdx,
        rax: regs.rax,
        rcx: regs.rcx,
        rsp: word(regs.sp()),
        rip: word(regs.ip()),
        eflags: regs.flags(),
        cs: regs.cs(),
        gs: 0,
        fs: 0,
        ss: regs.ss(),
        err: trap.error,
        trapno: trap.vector,
        oldmask: mask.0,
        cr2: trap.address,
        fpstate: word(fpstate),
        reserved: [0; 8],
    }
}

/// Takes down the frame on which the stack pointer of the program at `regs` stands: restores the
/// registers, and gives the mask to go back to.
pub fn pop(me: &Thread, regs: &mut UserFrame) -> Result<SigSet, BadFrame> {
    let at = regs.sp().checked_sub(RETURN_ADDRESS).ok_or(BadFrame)?;
    let context_at = at.checked_add(offset_of!(Frame, context)).ok_or(BadFrame)?;
    let mut context: Ucontext = zeroed();
    user::copy_in(context.as_mut_bytes(), context_at)?;
    restore_vector_state(&context)?;
    restore_registers(regs, &context.context);
    // One that is refused stays as it is, as in Linux.
    let stack = *me.signals.stack.lock();
    if let Ok(stack) = stack.replaced(&context.stack, regs.sp(), 0) {
        *me.signals.stack.lock() = stack;
    }
    Ok(SigSet(context.mask))
}

fn restore_registers(regs: &mut UserFrame, saved: &Sigcontext) {
    (regs.r8, regs.r9, regs.r10, regs.r11) = (saved.r8, saved.r9, saved.r10, saved.r11);
    (regs.r12, regs.r13, regs.r14, regs.r15) = (saved.r12, saved.r13, saved.r14, saved.r15);
    (regs.rdi, regs.rsi, regs.rbp, regs.rbx) = (saved.rdi, saved.rsi, saved.rbp, saved.rbx);
    (regs.rdx, regs.rax, regs.rcx) = (saved.rdx, saved.rax, saved.rcx);
    // Segments and privileged flags are not the program's to choose; an address outside of user
    // space becomes one where nothing is mapped.
    let address = |n: u64| usize::try_from(n).unwrap_or(0);
    regs.set_sp(address(saved.rsp));
    regs.set_ip(address(saved.rip));
    regs.set_flags(saved.eflags);
}

fn restore_vector_state(context: &Ucontext) -> Result<(), BadFrame> {
    let at = usize::try_from(context.context.fpstate).map_err(|_| BadFrame)?;
    if at == 0 {
        task::reset_fpu_state();
        return Ok(());
    }
    let size = extended_size(at)?.unwrap_or(LEGACY_SIZE);
    let mut state = Vec::new();
    state.try_reserve_exact(size).map_err(|_| BadFrame)?;
    state.resize(size, 0);
    user::copy_in(&mut state, at)?;
    if task::set_fpu_state(&state) { Ok(()) } else { Err(BadFrame) }
}

/// The size of the state at `at` if it has an XSAVE header and both magic numbers, and is as
/// large as this CPU's; otherwise only the legacy part counts.
fn extended_size(at: usize) -> Result<Option<usize>, BadFrame> {
    let (_, has_header) = task::fpu_features();
    if !has_header {
        return Ok(None);
    }
    let mut software: SoftwareBytes = zeroed();
    user::copy_in(software.as_mut_bytes(), at.checked_add(SOFTWARE_BYTES).ok_or(BadFrame)?)?;
    let size = usize::try_from(software.state_size).map_err(|_| BadFrame)?;
    if software.magic1 != FP_XSTATE_MAGIC1
        || size < LEGACY_SIZE + XSAVE_HEADER
        || size > task::fpu_state_size()
        || software.state_size > software.extended_size
    {
        return Ok(None);
    }
    let mut magic2 = [0; MAGIC2_SIZE];
    user::copy_in(&mut magic2, at.checked_add(size).ok_or(BadFrame)?)?;
    Ok((u32::from_le_bytes(magic2) == FP_XSTATE_MAGIC2).then_some(size))
}

/// The register that points to the caller's frame, in programs compiled so.
pub fn frame_pointer(regs: &UserFrame) -> usize {
    usize::try_from(regs.rbp).unwrap_or(0)
}

/// Shows the registers, line by line.
pub fn registers(regs: &UserFrame, line: &mut dyn FnMut(fmt::Arguments<'_>)) {
    let (ip, sp, flags) = (regs.ip(), regs.sp(), regs.flags());
    line(format_args!("  rip {ip:016x}  rsp {sp:016x}  flags {flags:08x}"));
    line(format_args!("  rax {:016x}  rbx {:016x}  rcx {:016x}", regs.rax, regs.rbx, regs.rcx));
    line(format_args!("  rdx {:016x}  rsi {:016x}  rdi {:016x}", regs.rdx, regs.rsi, regs.rdi));
    line(format_args!("  rbp {:016x}  r8  {:016x}  r9  {:016x}", regs.rbp, regs.r8, regs.r9));
    line(format_args!("  r10 {:016x}  r11 {:016x}  r12 {:016x}", regs.r10, regs.r11, regs.r12));
    line(format_args!("  r13 {:016x}  r14 {:016x}  r15 {:016x}", regs.r13, regs.r14, regs.r15));
}
