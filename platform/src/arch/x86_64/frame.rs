//! [`UserFrame`]: the program's registers, saved at the top of its thread's kernel stack on every
//! entry, in the order of Linux's `struct pt_regs`.

use super::gdt::{USER_CS, USER_DS};
use super::paging::USER_END;

/// The program's general registers on entry to the kernel.
///
/// `cs` doubles as the sign that the frame was changed: the system call path returns with
/// `sysret` only while it is exactly the user code selector; [`UserFrame::touch`] sets a bit above
/// the selector, and `iretq` (which ignores it) then loads every register.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
#[allow(missing_docs, reason = "the fields are the registers")]
pub struct UserFrame {
    pub r15: u64,
    pub r14: u64,
    pub r13: u64,
    pub r12: u64,
    pub rbp: u64,
    pub rbx: u64,
    pub r11: u64,
    pub r10: u64,
    pub r9: u64,
    pub r8: u64,
    pub rax: u64,
    pub rcx: u64,
    pub rdx: u64,
    pub rsi: u64,
    pub rdi: u64,
    /// System call number, or the error code of an exception.
    orig_rax: u64,
    rip: u64,
    cs: u64,
    rflags: u64,
    rsp: u64,
    ss: u64,
}

/// Where assembly finds `rax`.
pub(super) const RAX_OFFSET: usize = core::mem::offset_of!(UserFrame, rax);
/// Where assembly finds `cs`.
pub(super) const CS_OFFSET: usize = core::mem::offset_of!(UserFrame, cs);
/// Where assembly finds `rflags`.
pub(super) const RFLAGS_OFFSET: usize = core::mem::offset_of!(UserFrame, rflags);

const TOUCHED: u64 = 1 << 32;
/// CF, PF, AF, ZF, SF, TF, DF, OF, RF, AC, ID: what a program may set by itself.
const USER_FLAGS: u64 = 0x0025_0dd5;
const FLAG_RESERVED1: u64 = 1 << 1;
const FLAG_TF: u64 = 1 << 8;
const FLAG_IF: u64 = 1 << 9;
/// `orig_rax` of a frame that is no system call.
const NO_SYSCALL: u64 = u64::MAX;

impl UserFrame {
    /// A frame that starts a program at `ip` with stack pointer `sp`, all else zero.
    ///
    /// Addresses outside user space start at 0 instead, where nothing is mapped.
    pub fn start(ip: usize, sp: usize) -> Self {
        let mut frame = Self {
            r15: 0,
            r14: 0,
            r13: 0,
            r12: 0,
            rbp: 0,
            rbx: 0,
            r11: 0,
            r10: 0,
            r9: 0,
            r8: 0,
            rax: 0,
            rcx: 0,
            rdx: 0,
            rsi: 0,
            rdi: 0,
            orig_rax: NO_SYSCALL,
            rip: 0,
            cs: u64::from(USER_CS) | TOUCHED,
            rflags: FLAG_IF | FLAG_RESERVED1,
            rsp: 0,
            ss: u64::from(USER_DS),
        };
        frame.set_ip(ip);
        frame.set_sp(sp);
        frame
    }

    /// Marks the frame as changed: every register will be loaded on return.
    pub fn touch(&mut self) {
        self.cs = u64::from(USER_CS) | TOUCHED;
    }

    /// The system call's number: 32 bits, as on Linux.
    #[inline(always)]
    pub fn syscall_nr(&self) -> usize {
        self.orig_rax as u32 as usize
    }

    /// The system call's six arguments.
    #[inline(always)]
    pub fn args(&self) -> [usize; 6] {
        [
            self.rdi as usize,
            self.rsi as usize,
            self.rdx as usize,
            self.r10 as usize,
            self.r8 as usize,
            self.r9 as usize,
        ]
    }

    /// The system call's argument `n`, 0 to 5; 0 beyond.
    #[inline(always)]
    pub fn arg(&self, n: usize) -> usize {
        match n {
            0 => self.rdi as usize,
            1 => self.rsi as usize,
            2 => self.rdx as usize,
            3 => self.r10 as usize,
            4 => self.r8 as usize,
            5 => self.r9 as usize,
            _ => 0,
        }
    }

    /// Sets the system call's result.
    #[inline(always)]
    pub fn set_return(&mut self, value: isize) {
        self.rax = value as u64;
    }

    /// The result as the program would see it now.
    pub fn return_value(&self) -> isize {
        self.rax as isize
    }

    /// Whether the entry was a system call that was not dealt with yet (see [`Self::forget_syscall`]).
    pub fn in_syscall(&self) -> bool {
        self.orig_rax as i64 >= 0
    }

    /// Says that restarting no longer applies to this frame.
    pub fn forget_syscall(&mut self) {
        self.orig_rax = NO_SYSCALL;
    }

    /// Makes the program issue its system call again, as number `nr`.
    pub fn restart_syscall(&mut self, nr: usize) {
        const SYSCALL_INSTRUCTION_LEN: u64 = 2;
        self.rax = nr as u64;
        self.rip = self.rip.wrapping_sub(SYSCALL_INSTRUCTION_LEN);
        self.touch();
    }

    /// Instruction pointer.
    pub fn ip(&self) -> usize {
        self.rip as usize
    }

    /// Stack pointer.
    pub fn sp(&self) -> usize {
        self.rsp as usize
    }

    /// Processor flags.
    pub fn flags(&self) -> u64 {
        self.rflags
    }

    /// Error code of the exception, where it has one.
    pub fn error_code(&self) -> u64 {
        self.orig_rax
    }

    /// Continues the kernel elsewhere (a fixup of a user copy).
    pub(super) fn set_kernel_ip(&mut self, ip: usize) {
        self.rip = ip as u64;
    }

    pub(super) fn clear_error_code(&mut self) {
        self.orig_rax = NO_SYSCALL;
    }

    /// Sets the instruction pointer; one outside user space becomes 0, where nothing is mapped.
    pub fn set_ip(&mut self, ip: usize) {
        self.rip = if ip < USER_END { ip as u64 } else { 0 };
        self.touch();
    }

    /// Sets the stack pointer.
    pub fn set_sp(&mut self, sp: usize) {
        self.rsp = sp as u64;
        self.touch();
    }

    /// Sets the flags that a program may set; the others keep the kernel's values.
    pub fn set_flags(&mut self, flags: u64) {
        self.rflags = flags & USER_FLAGS | FLAG_IF | FLAG_RESERVED1;
        self.touch();
    }

    /// Sets the register that carries a thread's `clone` result in the child (0).
    pub fn set_clone_child(&mut self, stack: Option<usize>) {
        self.rax = 0;
        if let Some(sp) = stack {
            self.rsp = sp as u64;
        }
        self.touch();
    }

    /// Prepares a call of `handler(a, b, c)`, as the psABI passes arguments.
    pub fn set_call(&mut self, handler: usize, a: usize, b: usize, c: usize) {
        const FLAG_DF: u64 = 1 << 10;
        const FLAG_RF: u64 = 1 << 16;
        self.set_ip(handler);
        (self.rdi, self.rsi, self.rdx, self.rax) = (a as u64, b as u64, c as u64, 0);
        self.rflags &= !(FLAG_DF | FLAG_TF | FLAG_RF);
        self.forget_syscall();
    }

    /// Registers in a frame.
    pub const WORDS: usize = 21;

    /// The registers in the order of Linux's `struct pt_regs`: that of the fields.
    pub fn words(&self) -> [u64; Self::WORDS] {
        [
            self.r15,
            self.r14,
            self.r13,
            self.r12,
            self.rbp,
            self.rbx,
            self.r11,
            self.r10,
            self.r9,
            self.r8,
            self.rax,
            self.rcx,
            self.rdx,
            self.rsi,
            self.rdi,
            self.orig_rax,
            self.rip,
            u64::from(USER_CS),
            self.rflags,
            self.rsp,
            u64::from(USER_DS),
        ]
    }

    /// Sets a register by its place in [`words`](Self::words). Segments stay as they are, flags
    /// and addresses are bounded as the other setters do it; what lies beyond is ignored.
    pub fn set_word(&mut self, place: usize, value: u64) {
        self.touch();
        let register = match place {
            0 => &mut self.r15,
            1 => &mut self.r14,
            2 => &mut self.r13,
            3 => &mut self.r12,
            4 => &mut self.rbp,
            5 => &mut self.rbx,
            6 => &mut self.r11,
            7 => &mut self.r10,
            8 => &mut self.r9,
            9 => &mut self.r8,
            10 => &mut self.rax,
            11 => &mut self.rcx,
            12 => &mut self.rdx,
            13 => &mut self.rsi,
            14 => &mut self.rdi,
            15 => &mut self.orig_rax,
            16 => return self.set_ip(value as usize),
            18 => return self.set_flags(value),
            19 => &mut self.rsp,
            _ => return,
        };
        *register = value;
    }

    /// Has the processor raise a debug exception after each instruction, or not.
    pub fn set_single_step(&mut self, on: bool) {
        self.rflags = if on { self.rflags | FLAG_TF } else { self.rflags & !FLAG_TF };
        self.touch();
    }

    /// Whether the processor raises a debug exception after each instruction.
    pub fn single_steps(&self) -> bool {
        self.rflags & FLAG_TF != 0
    }

    /// Code segment selector, as signal frames show it.
    pub fn cs(&self) -> u16 {
        USER_CS
    }

    /// Stack segment selector, as signal frames show it.
    pub fn ss(&self) -> u16 {
        USER_DS
    }
}
