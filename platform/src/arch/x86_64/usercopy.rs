//! Copies between the kernel and user memory of the current address space.
//!
//! Each instruction that may fault on a user address has an entry in the exception table
//! (`.extable`: faulting address, fixup address). `stac`/`clac` bracket the access; they are
//! no-ops (patched in by [`super::paging::init`]'s caller) where the CPU has no SMAP.

use core::arch::global_asm;

global_asm!(
    r#"
.macro STAC
772:
    .byte 0x0f, 0x1f, 0x00
    .pushsection .smap_sites, "a"
    .quad 772b
    .quad 1
    .popsection
.endm
.macro UCLAC
773:
    .byte 0x0f, 0x1f, 0x00
    .pushsection .smap_sites, "a"
    .quad 773b
    .quad 0
    .popsection
.endm
.macro FIXUP at, to
    .pushsection .extable, "a"
    .quad \at
    .quad \to
    .popsection
.endm

.text
# rdi = to, rsi = from, rdx = bytes; returns bytes not copied
.balign 16
.global user_copy
user_copy:
    STAC
    mov rcx, rdx
    and edx, 7
    shr rcx, 3
    jz 2f
1:  rep movsq
2:  mov ecx, edx
3:  rep movsb
4:  UCLAC
    mov rax, rcx
    ret
5:  lea rcx, [rdx + rcx*8]              # a quadword faulted: again, byte by byte
    jmp 3b
    FIXUP 1b, 5b
    FIXUP 3b, 4b

# rdi = to, rdx = bytes; returns bytes not zeroed
.balign 16
.global user_zero
user_zero:
    STAC
    xor eax, eax
    mov rcx, rdx
    and edx, 7
    shr rcx, 3
    jz 2f
1:  rep stosq
2:  mov ecx, edx
3:  rep stosb
4:  UCLAC
    mov rax, rcx
    ret
5:  lea rcx, [rdx + rcx*8]
    jmp 3b
    FIXUP 1b, 5b
    FIXUP 3b, 4b

# rdi = to, rsi = from, rdx = at most; returns length without NUL, -1 if none, -2 on a fault
.balign 16
.global user_str
user_str:
    STAC
    xor eax, eax
1:  cmp rax, rdx
    jae 3f
2:  mov cl, [rsi + rax]
    mov [rdi + rax], cl
    inc rax
    test cl, cl
    jnz 1b
    dec rax
    UCLAC
    ret
3:  UCLAC
    mov rax, -1
    ret
4:  UCLAC
    mov rax, -2
    ret
    FIXUP 2b, 4b

# rdi = address; returns the word, or 1 << 32 on a fault
.balign 16
.global user_load
user_load:
    STAC
1:  mov eax, [rdi]
    UCLAC
    ret
# rdi = address, esi = word; returns 0, or 1 << 32 on a fault
.global user_store
user_store:
    STAC
2:  mov [rdi], esi
    UCLAC
    xor eax, eax
    ret
# rdi = address, esi = expected, edx = new; returns the word found, or 1 << 32 on a fault
.global user_cmpxchg
user_cmpxchg:
    STAC
    mov eax, esi
3:  lock cmpxchg [rdi], edx
    UCLAC
    mov eax, eax
    ret
9:  UCLAC
    mov eax, 1
    shl rax, 32
    ret
    FIXUP 1b, 9b
    FIXUP 2b, 9b
    FIXUP 3b, 9b
"#
);

unsafe extern "C" {
    fn user_copy(to: usize, from: usize, len: usize) -> usize;
    fn user_zero(to: usize, unused: usize, len: usize) -> usize;
    fn user_str(to: usize, from: usize, max: usize) -> isize;
    fn user_load(address: usize) -> u64;
    fn user_store(address: usize, value: u32) -> u64;
    fn user_cmpxchg(address: usize, old: u32, new: u32) -> u64;
    static extable_start: [usize; 2];
    static extable_end: [usize; 2];
}

/// What the word primitives return when the address cannot be reached.
pub const WORD_FAULT: u64 = 1 << 32;
/// What [`copy_str`] returns when no NUL was within reach.
pub const NO_NUL: isize = -1;

/// Copies `len` user bytes at `from` to kernel memory; returns how many were not copied.
///
/// # Safety
/// `to` must be valid for `len` bytes of writing; `from..from + len` must lie in user space.
#[inline]
pub unsafe fn copy_in(to: *mut u8, from: usize, len: usize) -> usize {
    // SAFETY: by the contract; faults on the user side end in the fixup.
    unsafe { user_copy(to.expose_provenance(), from, len) }
}

/// Copies `len` kernel bytes to user memory at `to`; returns how many were not copied.
///
/// # Safety
/// `from` must be valid for `len` bytes of reading; `to..to + len` must lie in user space.
#[inline]
pub unsafe fn copy_out(to: usize, from: *const u8, len: usize) -> usize {
    // SAFETY: by the contract; faults on the user side end in the fixup.
    unsafe { user_copy(to, from.expose_provenance(), len) }
}

/// Zeroes `len` user bytes at `to`; returns how many were not zeroed.
///
/// # Safety
/// `to..to + len` must lie in user space.
pub unsafe fn zero(to: usize, len: usize) -> usize {
    // SAFETY: by the contract.
    unsafe { user_zero(to, 0, len) }
}

/// Copies a NUL-terminated string; see [`NO_NUL`]; another negative value is a fault.
///
/// # Safety
/// `to` must be valid for `max` bytes of writing; `from..from + max` must lie in user space.
pub unsafe fn copy_str(to: *mut u8, from: usize, max: usize) -> isize {
    // SAFETY: by the contract.
    unsafe { user_str(to.expose_provenance(), from, max) }
}

/// Loads an aligned user word, or [`WORD_FAULT`].
///
/// # Safety
/// The word must lie in user space.
pub unsafe fn load(address: usize) -> u64 {
    // SAFETY: by the contract.
    unsafe { user_load(address) }
}

/// Stores an aligned user word; 0 or [`WORD_FAULT`].
///
/// # Safety
/// The word must lie in user space.
pub unsafe fn store(address: usize, value: u32) -> u64 {
    // SAFETY: by the contract.
    unsafe { user_store(address, value) }
}

/// Compares and exchanges an aligned user word; the word found or [`WORD_FAULT`].
///
/// # Safety
/// The word must lie in user space.
pub unsafe fn cmpxchg(address: usize, old: u32, new: u32) -> u64 {
    // SAFETY: by the contract.
    unsafe { user_cmpxchg(address, old, new) }
}

/// Where to go on when the kernel instruction at `ip` faults, if it is a user access.
pub fn fixup(ip: usize) -> Option<usize> {
    let start = &raw const extable_start;
    let end = &raw const extable_end;
    let entries = (end.addr() - start.addr()) / size_of::<[usize; 2]>();
    // SAFETY: the linker script brackets the table with these symbols.
    let table = unsafe { core::slice::from_raw_parts(start, entries) };
    table.iter().find(|entry| entry[0] == ip).map(|entry| entry[1])
}
