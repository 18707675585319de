//! Entries into the kernel and the way back: exceptions, interrupts and system calls.
//!
//! Every entry builds a [`UserFrame`] on the kernel stack; from the program it lies at the
//! stack's top. The way back checks one word ([`crate::cpu::Work`] bits of this CPU).
//!
//! | entry | stack | GS | interrupts in the handler |
//! |---|---|---|---|
//! | `syscall` | loaded from `PerCpu` | `swapgs` | on |
//! | exception or interrupt from ring 3 | TSS.RSP0 | `swapgs` | exceptions: on; interrupts: off |
//! | from ring 0 | as it was | as it is | off |
//! | NMI, #DF, #MC, #DB | IST; from ring 3 moved to the thread's | by the value of the GS base | off |

use super::frame::UserFrame;
use super::gdt;
use super::msr;
use super::percpu::PerCpu;
use crate::hooks::{self, Exception, PageFault};
use crate::task::Task;
use alloc::sync::Arc;
use core::arch::global_asm;
use core::mem::offset_of;
use x86_64::registers::control::Cr2;

/// What the processor reports, by vector (Intel SDM volume 3, table 6-1).
mod vector {
    pub const DIVIDE: u64 = 0;
    pub const DEBUG: u64 = 1;
    pub const NMI: u64 = 2;
    pub const BREAKPOINT: u64 = 3;
    pub const OVERFLOW: u64 = 4;
    pub const BOUND: u64 = 5;
    pub const INVALID_OPCODE: u64 = 6;
    pub const DEVICE_NOT_AVAILABLE: u64 = 7;
    pub const DOUBLE_FAULT: u64 = 8;
    pub const PAGE_FAULT: u64 = 14;
    pub const X87: u64 = 16;
    pub const ALIGNMENT: u64 = 17;
    pub const MACHINE_CHECK: u64 = 18;
    pub const SIMD: u64 = 19;
    pub const FIRST_EXTERNAL: u64 = 32;
}

global_asm!(
    r#"
.macro SAVE_CALLERS                     # what a function may change, after rdi
    push rsi
    push rdx
    push rcx
    push rax
    push r8
    push r9
    push r10
    push r11
.endm

.macro SAVE_REST                        # after rdi
    SAVE_CALLERS
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
.endm

.macro FILL_FRAME at                    # the registers that a system call leaves alone
    mov [\at], r15
    mov [\at + 8], r14
    mov [\at + 16], r13
    mov [\at + 24], r12
    mov [\at + 32], rbp
    mov [\at + 40], rbx
.endm

.macro RESTORE_ALL
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    pop r11
    pop r10
    pop r9
    pop r8
    pop rax
    pop rcx
    pop rdx
    pop rsi
    pop rdi
.endm

# A site where SMAP's clac belongs; paging.rs writes it over the no-op where the CPU has SMAP.
.macro CLAC
771:
    .byte 0x0f, 0x1f, 0x00
    .pushsection .smap_sites, "a"
    .quad 771b
    .quad 0
    .popsection
.endm

.text
.balign 16
.global syscall_entry
syscall_entry:
    swapgs
    mov gs:[{user_rsp}], rsp
    mov rsp, gs:[{kernel_rsp}]
    push {user_ds}
    push gs:[{user_rsp}]
    push r11
    push {user_cs}
    push rcx
    push rax
    push rdi
    SAVE_CALLERS
    # rbx, rbp and r12 to r15 stay where they are: what is called preserves them. Their places in
    # the frame are filled when somebody looks. The word below keeps the psABI's alignment.
    sub rsp, 56
    sti
    lea rdi, [rsp + 8]
    mov rsi, gs:[{current}]
    mov rcx, [rsi + {calls}]
    add rsi, {me}
    mov eax, eax
    cmp eax, {last_call}
    ja 9f
8:  call [rcx + rax * 8]
    mov [rsp + {rax} + 8], rax
    cli
    cmp qword ptr [rsp + {cs} + 8], {user_cs}
    jne return_to_user                  # somebody has filled the frame and changed it
    cmp dword ptr gs:[{work}], 0
    jne 7f
    test dword ptr [rsp + {rflags} + 8], 0x10100    # RF, TF
    jnz 6f
    # r11 and rcx are the processor's.
    add rsp, 64
    pop r10
    pop r9
    pop r8
    pop rax
    pop rcx
    pop rdx
    pop rsi
    pop rdi
    mov rcx, [rsp + 8]
    mov r11, [rsp + 24]
    mov rsp, [rsp + 32]
    swapgs
    sysretq
6:  FILL_FRAME rsp + 8
    jmp return_iret
7:  FILL_FRAME rsp + 8
    jmp return_work
9:  mov eax, {last_call}
    jmp 8b

# Interrupts off, one word and then the frame on the stack, work pending.
return_work:
    sti
    lea rdi, [rsp + 8]
    call {user_return}
    cli
.global return_to_user
return_to_user:
    cmp dword ptr gs:[{work}], 0
    jne return_work
return_iret:
    pop r15
    RESTORE_ALL
    add rsp, 8
    swapgs
    iretq

.balign 16
trap_common:                            # stack: vector, error, rip, cs, …
    xchg rdi, [rsp]
    cld
    CLAC
    test byte ptr [rsp + 24], 3
    jz trap_from_kernel
    swapgs
    SAVE_REST
    mov rsi, rdi
    mov rdi, rsp
    push rdi
    call {from_user}
    cli
    jmp return_to_user
trap_from_kernel:
    SAVE_REST
    mov rsi, rdi
    mov rdi, rsp
    mov rbp, rsp
    and rsp, -16
    call {from_kernel}
    mov rsp, rbp
    RESTORE_ALL
    add rsp, 8
    iretq

# NMI, #DF, #MC, #DB. From the program: go on as from any other trap, on the thread's stack.
# From the kernel: may come anywhere, also between the entry's first instructions.
trap_paranoid:                          # IST stack: vector, error, rip, cs, rflags, rsp, ss
    test byte ptr [rsp + 24], 3
    jz 3f
    swapgs
    mov gs:[{user_rsp}], rdi
    mov rdi, rsp
    mov rsp, gs:[{kernel_rsp}]
    push [rdi + 48]
    push [rdi + 40]
    push [rdi + 32]
    push [rdi + 24]
    push [rdi + 16]
    push [rdi + 8]
    push [rdi]
    mov rdi, gs:[{user_rsp}]
    swapgs
    jmp trap_common
3:
    xchg rdi, [rsp]
    cld
    CLAC
    SAVE_REST
    mov rsi, rdi
    mov rdi, rsp
    mov ecx, 0xc0000101                 # IA32_GS_BASE: a kernel address?
    rdmsr
    xor ebx, ebx
    test edx, edx
    js 1f
    swapgs
    inc ebx
1:  mov rbp, rsp
    and rsp, -16
    call {paranoid}
    mov rsp, rbp
    test ebx, ebx
    jz 2f
    swapgs
2:  RESTORE_ALL
    add rsp, 8
    iretq

.balign 16
.global trap_stubs
trap_stubs:
.set vec, 0
.rept 256
    .balign {stub_size}
    .if vec != 8 && (vec < 10 || vec > 14) && vec != 17 && vec != 21 && vec != 29 && vec != 30
    push 0
    .endif
    push vec
    .if vec == 1 || vec == 2 || vec == 8 || vec == 18
    jmp trap_paranoid
    .else
    jmp trap_common
    .endif
    .set vec, vec + 1
.endr
"#,
    user_rsp = const offset_of!(PerCpu, user_rsp),
    kernel_rsp = const offset_of!(PerCpu, kernel_rsp),
    work = const offset_of!(PerCpu, work),
    user_ds = const gdt::USER_DS,
    user_cs = const gdt::USER_CS,
    cs = const super::frame::CS_OFFSET,
    rflags = const super::frame::RFLAGS_OFFSET,
    current = const offset_of!(PerCpu, current),
    calls = const offset_of!(crate::task::Header, calls),
    me = const crate::task::ME_OFFSET,
    last_call = const hooks::CALLS - 1,
    rax = const super::frame::RAX_OFFSET,
    user_return = sym user_return,
    from_user = sym from_user,
    from_kernel = sym from_kernel,
    paranoid = sym paranoid,
    stub_size = const super::idt::STUB_SIZE,
);

unsafe extern "C" {
    fn syscall_entry();
}

/// A function for a table of system calls: fills the places in the frame of the registers that a
/// system call leaves alone, and goes on to [`hooks::SystemCalls::whole`].
#[unsafe(naked)]
pub extern "C" fn whole_frame<K: hooks::SystemCalls>(
    frame: &mut UserFrame,
    thread: &Arc<Task<K::Thread>>,
) -> isize {
    core::arch::naked_asm!(
        "mov [rdi], r15",
        "mov [rdi + 8], r14",
        "mov [rdi + 16], r13",
        "mov [rdi + 24], r12",
        "mov [rdi + 32], rbp",
        "mov [rdi + 40], rbx",
        "jmp {whole}",
        whole = sym hooks::whole::<K>,
    )
}

/// Programs this CPU's `syscall` instruction.
pub fn init_syscall() {
    /// TF, IF, DF, IOPL, NT, AC and RF are cleared on entry.
    const ENTRY_CLEARS: u64 = 0x5_7700;
    let star = u64::from(gdt::USER32_CS) << 48 | u64::from(gdt::KERNEL_CS) << 32;
    msr::write(msr::STAR, star);
    msr::write(msr::LSTAR, (syscall_entry as *const ()).addr() as u64);
    msr::write(msr::FMASK, ENTRY_CLEARS);
}

extern "C" fn user_return(frame: &mut UserFrame) {
    (hooks::get().user_return)(frame);
}

/// The faulting address of the last page fault.
fn fault_address() -> usize {
    Cr2::read_raw() as usize
}

fn page_fault(address: usize, code: u64, user: bool) -> PageFault {
    const WRITE: u64 = 1 << 1;
    const FETCH: u64 = 1 << 4;
    PageFault { address, write: code & WRITE != 0, execute: code & FETCH != 0, user }
}

extern "C" fn from_user(frame: &mut UserFrame, vector: u64) {
    if vector >= vector::FIRST_EXTERNAL {
        frame.clear_error_code();
        crate::irq::dispatch(vector as u8);
        return;
    }
    let code = frame.error_code();
    frame.clear_error_code();
    let address = fault_address();
    super::interrupts_on();
    let exception = match vector {
        vector::PAGE_FAULT => {
            let fault = page_fault(address, code, true);
            return (hooks::get().user_page_fault)(frame, &fault);
        }
        vector::DIVIDE => Exception::Divide,
        vector::DEBUG => Exception::Debug,
        vector::BREAKPOINT => Exception::Breakpoint,
        vector::OVERFLOW | vector::BOUND => Exception::Overflow,
        vector::INVALID_OPCODE | vector::DEVICE_NOT_AVAILABLE => Exception::InvalidInstruction,
        vector::X87 => Exception::Float { status: super::fpu::x87_status() },
        vector::SIMD => Exception::Float { status: super::fpu::simd_status() },
        vector::ALIGNMENT => Exception::Alignment,
        _ => Exception::Protection { vector: vector as u8, code },
    };
    (hooks::get().user_exception)(frame, &exception);
}

extern "C" fn from_kernel(frame: &mut UserFrame, vector: u64) {
    if vector >= vector::FIRST_EXTERNAL {
        crate::irq::dispatch(vector as u8);
        return;
    }
    let address = fault_address();
    if vector == vector::PAGE_FAULT
        && address < super::paging::USER_END
        && super::usercopy::fixup(frame.ip()).is_some()
    {
        super::interrupts_on();
        let fault = page_fault(address, frame.error_code(), false);
        let served = (hooks::get().kernel_page_fault)(&fault);
        super::interrupts_off();
        if served {
            return;
        }
    }
    match super::usercopy::fixup(frame.ip()) {
        Some(target) => frame.set_kernel_ip(target),
        None => die(frame, vector, address),
    }
}

extern "C" fn paranoid(frame: &mut UserFrame, vector: u64) {
    // A debug exception of the kernel's own comes from a flag that the program set: nothing to do.
    if vector != vector::NMI && vector != vector::DEBUG {
        die(frame, vector, fault_address());
    }
}

fn die(frame: &UserFrame, vector: u64, address: usize) -> ! {
    let name = match vector {
        vector::DIVIDE => "divide error",
        vector::INVALID_OPCODE => "invalid opcode",
        vector::DOUBLE_FAULT => "double fault (kernel stack overflow?)",
        vector::PAGE_FAULT => "page fault",
        vector::MACHINE_CHECK => "machine check",
        _ => "exception",
    };
    panic!(
        "{name} in the kernel: vector {vector} code {:#x} address {address:#x}\n{frame:#x?}",
        frame.error_code()
    );
}
