//! From the PVH entry point to Rust in the high half.
//!
//! PVH (Xen's HVM direct boot, x86/HVM start info ABI): 32-bit protected mode, flat segments,
//! paging off, interrupts off, `ebx` = physical address of `hvm_start_info`. [`pvh_entry`] sets
//! up long mode on page tables that the assembler laid out, and calls [`super::start`].
//!
//! | PML4 | PDPT | maps | until |
//! |---|---|---|---|
//! | 0 | kernel | the first 8 MiB at their own addresses (the code that switches paging on) | [`super::paging::init`] |
//! | 256 | direct | the first GiB of physical memory at [`super::paging::PHYS_OFFSET`] | stays |
//! | 511 | kernel | the first 8 MiB at `KERNEL_BASE` | refined by [`super::paging::init`] |

use core::arch::global_asm;

unsafe extern "C" {
    static boot_stack: u8;
}

/// Address above the boot stack.
pub fn stack_top() -> usize {
    (&raw const boot_stack).addr() + BOOT_STACK_SIZE
}

/// Size of the stack that the boot code runs on, in bytes.
pub const BOOT_STACK_SIZE: usize = 32 * 1024;

global_asm!(
    r#"
.set KBASE, 0xffffffff80000000

.section .note.Xen, "a", @note
.balign 4
    .long 4
    .long 4
    .long 18                            # XEN_ELFNOTE_PHYS32_ENTRY
    .asciz "Xen"
    .long pvh_entry - KBASE

.section .text.boot, "ax", @progbits
.code32
.global pvh_entry
pvh_entry:
    cld
    cli
    mov eax, cr4
    or eax, 0x6a0                       # PAE, PGE, OSFXSR, OSXMMEXCPT
    and eax, ~0x80                      # PGE only after the tables are final
    mov cr4, eax
    mov eax, offset boot_pml4 - KBASE
    mov cr3, eax
    mov ecx, 0xc0000080                 # IA32_EFER
    rdmsr
    or eax, 0x901                       # SCE, LME, NXE
    wrmsr
    mov eax, 0x80050033                 # PG, AM, WP, NE, ET, MP, PE
    mov cr0, eax
    lgdt [boot_gdt_ptr - KBASE]
    .byte 0xea                          # ljmp 0x10:long_mode
    .long long_mode - KBASE
    .word 0x10

.code64
long_mode:
    xor eax, eax
    mov ds, eax
    mov es, eax
    mov fs, eax
    mov gs, eax
    mov eax, 0x18
    mov ss, eax
    movabs rsp, offset boot_stack + {stack_size}
    movabs rdi, offset bss_start
    movabs rcx, offset bss_end
    sub rcx, rdi
    shr rcx, 3
    xor eax, eax
    rep stosq
    mov edi, ebx
    xor ebp, ebp
    movabs rax, offset {start}
    call rax
    ud2

.section .rodata.boot, "a", @progbits
.balign 8
boot_gdt:
    .quad 0
    .quad 0
    .quad 0x00af9b000000ffff            # 0x10: 64-bit code
    .quad 0x00cf93000000ffff            # 0x18: data
boot_gdt_end:
.global boot_gdt_ptr
boot_gdt_ptr:
    .word boot_gdt_end - boot_gdt - 1
    .long boot_gdt - KBASE
    .long 0

.section .data.page_aligned, "aw", @progbits
.balign 4096
.global boot_pml4
boot_pml4:
    .quad boot_pdpt_kernel - KBASE + 0x3
    .fill 255, 8, 0
    .quad boot_pdpt_direct - KBASE + 0x3
    .fill 254, 8, 0
    .quad boot_pdpt_kernel - KBASE + 0x3
.global boot_pdpt_direct
boot_pdpt_direct:
    .quad boot_pd_direct - KBASE + 0x3
    .fill 511, 8, 0
.global boot_pdpt_kernel
boot_pdpt_kernel:
    .quad boot_pd_kernel - KBASE + 0x3
    .fill 509, 8, 0
    .quad boot_pd_kernel - KBASE + 0x3
    .quad 0
.global boot_pd_kernel
boot_pd_kernel:
    .quad 0x000083                      # 2 MiB pages: present, writable
    .quad 0x200083
    .quad 0x400083
    .quad 0x600083
    .fill 508, 8, 0
.global boot_pd_direct
boot_pd_direct:
    .set page, 0
    .rept 512
    .quad page + 0x8000000000000083     # 2 MiB, present, writable, no execute
    .set page, page + 0x200000
    .endr

.section .bss.boot_stack, "aw", @nobits
.balign 16
.global boot_stack
boot_stack:
    .skip {stack_size}
.text
"#,
    stack_size = const BOOT_STACK_SIZE,
    start = sym super::start,
);
