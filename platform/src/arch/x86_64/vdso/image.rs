//! The vDSO's ELF image, laid out by the assembler: one page, one segment, at address 0.
//!
//! | what | for |
//! |---|---|
//! | ELF header, program headers LOAD, DYNAMIC, GNU_EH_FRAME | everybody |
//! | DT_HASH and DT_GNU_HASH, one bucket each | musl, older and newer glibc, Go |
//! | version LINUX_2.6 | all of them ask for it |
//! | `.eh_frame` | debuggers and profilers that stop inside |
//! | section headers | tools |
//!
//! The clock page lies right before the image; its fields are [`crate::time::page`]'s. What cannot
//! be told from it is left to the system call.

use crate::time::page;
use core::arch::global_asm;

/// Length of the image: one page.
pub const LEN: usize = 4096;

/// DT_GNU_HASH's hash function (also Bernstein's).
const fn gnu_hash(name: &str) -> u32 {
    let bytes = name.as_bytes();
    let mut hash = 5381u32;
    let mut n = 0;
    while n < bytes.len() {
        hash = hash.wrapping_mul(33).wrapping_add(bytes[n] as u32);
        n += 1;
    }
    hash
}

/// A link of the GNU hash chain: the lowest bit ends it.
const fn gnu_link(name: &str, last: bool) -> u32 {
    gnu_hash(name) & !1 | last as u32
}

/// DT_HASH's hash function (System V gABI), which versions use too.
const fn elf_hash(name: &str) -> u32 {
    let bytes = name.as_bytes();
    let mut hash = 0u32;
    let mut n = 0;
    while n < bytes.len() {
        hash = (hash << 4).wrapping_add(bytes[n] as u32);
        let high = hash & 0xf000_0000;
        hash ^= high >> 24;
        hash &= !high;
        n += 1;
    }
    hash
}

global_asm!(
    r#"
.section .rodata.vdso, "a", @progbits
.balign 4096
.global elfin_vdso
elfin_vdso:
vd_start:
.set vd_page, vd_start - {page_size}

# ELF header
    .byte 0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0    # ELF64, little endian, version 1, System V
    .quad 0
    .short 3, 62                                # ET_DYN, EM_X86_64
    .long 1
    .quad 0                                     # entry
    .quad vd_phdrs - vd_start
    .quad vd_shdrs - vd_start
    .long 0
    .short 64, 56, 3, 64, 12, 11
vd_phdrs:
    .long 1, 5                                  # PT_LOAD, R X
    .quad 0, 0, 0, vd_end - vd_start, vd_end - vd_start, {page_size}
    .long 2, 4                                  # PT_DYNAMIC, R
    .quad vd_dynamic - vd_start, vd_dynamic - vd_start, vd_dynamic - vd_start
    .quad vd_dynamic_end - vd_dynamic, vd_dynamic_end - vd_dynamic, 8
    .long 0x6474e550, 4                         # PT_GNU_EH_FRAME, R
    .quad vd_eh_hdr - vd_start, vd_eh_hdr - vd_start, vd_eh_hdr - vd_start
    .quad vd_eh_hdr_end - vd_eh_hdr, vd_eh_hdr_end - vd_eh_hdr, 4

.macro VD_SYMBOL name, code
    .long \name - vd_dynstr
    .byte 0x12, 0                               # STB_GLOBAL, STT_FUNC, STV_DEFAULT
    .short 8                                    # .text
    .quad \code - vd_start, \code\()_end - \code
.endm

.balign 8
vd_dynsym:
    .fill 24, 1, 0
    VD_SYMBOL vd_n_clock_gettime, vd_clock_gettime
    VD_SYMBOL vd_n_gettimeofday, vd_gettimeofday
    VD_SYMBOL vd_n_time, vd_time
    VD_SYMBOL vd_n_getcpu, vd_getcpu
    VD_SYMBOL vd_n_clock_getres, vd_clock_getres
vd_dynsym_end:

vd_dynstr:
    .byte 0
vd_n_clock_gettime: .asciz "__vdso_clock_gettime"
vd_n_gettimeofday:  .asciz "__vdso_gettimeofday"
vd_n_time:          .asciz "__vdso_time"
vd_n_getcpu:        .asciz "__vdso_getcpu"
vd_n_clock_getres:  .asciz "__vdso_clock_getres"
vd_n_soname:        .asciz "linux-vdso.so.1"
vd_n_version:       .asciz "LINUX_2.6"
vd_dynstr_end:

.balign 8
vd_hash:                                        # one bucket: all symbols in one chain
    .long 1, 6
    .long 1
    .long 0, 2, 3, 4, 5, 0
vd_hash_end:

.balign 8
vd_gnu_hash:                                    # one bucket, a filter that lets all pass
    .long 1, 1, 1, 0
    .quad -1
    .long 1
    .long {g_clock_gettime}, {g_gettimeofday}, {g_time}, {g_getcpu}, {g_clock_getres}
vd_gnu_hash_end:

.balign 2
vd_versym:
    .short 0, 2, 2, 2, 2, 2
vd_versym_end:

.balign 8
vd_verdef:
    .short 1, 1, 1, 1                           # version 1, VER_FLG_BASE, index 1, one name
    .long {h_soname}, 20, 28
    .long vd_n_soname - vd_dynstr, 0
    .short 1, 0, 2, 1                           # index 2
    .long {h_version}, 20, 0
    .long vd_n_version - vd_dynstr, 0
vd_verdef_end:

.balign 8
vd_dynamic:
    .quad 14, vd_n_soname - vd_dynstr           # DT_SONAME
    .quad 4, vd_hash - vd_start                 # DT_HASH
    .quad 0x6ffffef5, vd_gnu_hash - vd_start    # DT_GNU_HASH
    .quad 5, vd_dynstr - vd_start               # DT_STRTAB
    .quad 6, vd_dynsym - vd_start               # DT_SYMTAB
    .quad 10, vd_dynstr_end - vd_dynstr         # DT_STRSZ
    .quad 11, 24                                # DT_SYMENT
    .quad 0x6ffffffc, vd_verdef - vd_start      # DT_VERDEF
    .quad 0x6ffffffd, 2                         # DT_VERDEFNUM
    .quad 0x6ffffff0, vd_versym - vd_start      # DT_VERSYM
    .quad 0, 0                                  # DT_NULL
vd_dynamic_end:

.balign 4
vd_eh_hdr:
    .byte 1, 0x1b, 0x03, 0x3b                   # pcrel sdata4; udata4; datarel sdata4
    .long vd_eh_frame - .
    .long 1
    .long vd_text - vd_eh_hdr, vd_fde - vd_eh_hdr
vd_eh_hdr_end:

.balign 8
vd_eh_frame:                                    # no function moves the stack pointer
    .long vd_cie_end - vd_cie
vd_cie:
    .long 0
    .byte 1
    .asciz "zR"
    .byte 1, 0x78, 16                           # code align 1, data align -8, RA is column 16
    .byte 1, 0x1b                               # FDE addresses: pcrel sdata4
    .byte 0x0c, 7, 8                            # DW_CFA_def_cfa rsp+8
    .byte 0x90, 1                               # DW_CFA_offset RA at cfa-8
    .balign 8, 0
vd_cie_end:
vd_fde:
    .long vd_fde_end - vd_fde_id
vd_fde_id:
    .long vd_fde_id - vd_eh_frame
    .long vd_text - .
    .long vd_text_end - vd_text
    .byte 0
    .balign 8, 0
vd_fde_end:
    .long 0
vd_eh_frame_end:

# rax = time in ns of clock rdi (0..{clocks}), or jump to \fail. Changes rcx, rdx, r8.
.macro VD_READ fail
771:
    mov r8d, [rip + vd_page]
    test r8b, 1
    jnz 772f
    mov ecx, [rip + vd_page + {clocks_at}]
    bt ecx, edi
    jnc \fail
    lfence
    rdtsc
    shl rdx, 32
    or rax, rdx
    xor ecx, ecx
    sub rax, [rip + vd_page + {base_counter_at}]
    cmovb rax, rcx                              # another CPU's counter may lag
    mul qword ptr [rip + vd_page + {mult_at}]
    shrd rax, rdx, {shift}
    add rax, [rip + vd_page + {base_ns_at}]
    lea rcx, [rip + vd_page + {offsets_at}]
    add rax, [rcx + rdi * 8]
    cmp r8d, [rip + vd_page]
    je 773f
772:
    pause
    jmp 771b
773:
.endm

# rdx = rax / 10^9, rcx = rax % 10^9. Changes rax.
.macro VD_SPLIT
    mov rcx, rax
    shr rax, 9
    movabs rdx, 0x44b82fa09b5a53                # ceil(2^75 / (10^9 >> 9)): exact for 64 bits
    mul rdx
    shr rdx, 11
    imul rax, rdx, 1000000000
    sub rcx, rax
.endm

.balign 16
vd_text:
vd_clock_gettime:                               # (clock, timespec)
    cmp edi, {last_clock}
    ja 9f
    mov edi, edi
    VD_READ 9f
    VD_SPLIT
    mov [rsi], rdx
    mov [rsi + 8], rcx
    xor eax, eax
    ret
9:  mov eax, 228
    syscall
    ret
vd_clock_gettime_end:

.balign 16
vd_gettimeofday:                                # (timeval, timezone), both may be null
    mov r9, rdi
    test rdi, rdi
    jz 1f
    xor edi, edi
    VD_READ 9f
    VD_SPLIT
    mov [r9], rdx
    mov eax, ecx
    xor edx, edx
    mov ecx, 1000
    div ecx
    mov [r9 + 8], rax
1:  test rsi, rsi
    jz 2f
    mov qword ptr [rsi], 0                      # UTC, as Linux unless settimeofday said otherwise
2:  xor eax, eax
    ret
9:  mov rdi, r9
    mov eax, 96
    syscall
    ret
vd_gettimeofday_end:

.balign 16
vd_time:                                        # (time_t), may be null
    mov r9, rdi
    xor edi, edi
    VD_READ 9f
    VD_SPLIT
    mov rax, rdx
    test r9, r9
    jz 1f
    mov [r9], rax
1:  ret
9:  mov rdi, r9
    mov eax, 201
    syscall
    ret
vd_time_end:

.balign 16
vd_getcpu:                                      # (cpu, node, unused), may be null
    cmp dword ptr [rip + vd_page + {has_cpu_number_at}], 0
    je 9f
    rdtscp
    test rdi, rdi
    jz 1f
    mov [rdi], ecx
1:  test rsi, rsi
    jz 2f
    mov dword ptr [rsi], 0                      # one memory node
2:  xor eax, eax
    ret
9:  mov eax, 309
    syscall
    ret
vd_getcpu_end:

.balign 16
vd_clock_getres:                                # (clock, timespec), may be null
    cmp edi, {last_clock}
    ja 9f
    mov eax, {fine_clocks}
    bt eax, edi
    jnc 9f
    test rsi, rsi
    jz 1f
    mov qword ptr [rsi], 0
    mov qword ptr [rsi + 8], 1
1:  xor eax, eax
    ret
9:  mov eax, 229
    syscall
    ret
vd_clock_getres_end:
vd_text_end:

vd_shstrtab:
    .byte 0
vd_s_dynsym:    .asciz ".dynsym"
vd_s_dynstr:    .asciz ".dynstr"
vd_s_hash:      .asciz ".hash"
vd_s_gnu_hash:  .asciz ".gnu.hash"
vd_s_versym:    .asciz ".gnu.version"
vd_s_verdef:    .asciz ".gnu.version_d"
vd_s_dynamic:   .asciz ".dynamic"
vd_s_text:      .asciz ".text"
vd_s_eh_hdr:    .asciz ".eh_frame_hdr"
vd_s_eh_frame:  .asciz ".eh_frame"
vd_s_shstrtab:  .asciz ".shstrtab"
vd_shstrtab_end:

.macro VD_SECTION name, type, flags, from, to, link, info, align, entry
    .long \name - vd_shstrtab, \type
    .quad \flags, \from - vd_start, \from - vd_start, \to - \from
    .long \link, \info
    .quad \align, \entry
.endm

.balign 8
vd_shdrs:
    .fill 64, 1, 0
    VD_SECTION vd_s_dynsym, 11, 2, vd_dynsym, vd_dynsym_end, 2, 1, 8, 24
    VD_SECTION vd_s_dynstr, 3, 2, vd_dynstr, vd_dynstr_end, 0, 0, 1, 0
    VD_SECTION vd_s_hash, 5, 2, vd_hash, vd_hash_end, 1, 0, 8, 4
    VD_SECTION vd_s_gnu_hash, 0x6ffffff6, 2, vd_gnu_hash, vd_gnu_hash_end, 1, 0, 8, 0
    VD_SECTION vd_s_versym, 0x6fffffff, 2, vd_versym, vd_versym_end, 1, 0, 2, 2
    VD_SECTION vd_s_verdef, 0x6ffffffd, 2, vd_verdef, vd_verdef_end, 2, 2, 8, 0
    VD_SECTION vd_s_dynamic, 6, 2, vd_dynamic, vd_dynamic_end, 2, 0, 8, 16
    VD_SECTION vd_s_text, 1, 6, vd_text, vd_text_end, 0, 0, 16, 0
    VD_SECTION vd_s_eh_hdr, 1, 2, vd_eh_hdr, vd_eh_hdr_end, 0, 0, 4, 0
    VD_SECTION vd_s_eh_frame, 1, 2, vd_eh_frame, vd_eh_frame_end, 0, 0, 8, 0
    VD_SECTION vd_s_shstrtab, 3, 0, vd_shstrtab, vd_shstrtab_end, 0, 0, 1, 0
vd_end:
.fill {page_size} - (vd_end - vd_start), 1, 0
.text
"#,
    page_size = const LEN,
    clocks = const page::CLOCKS,
    last_clock = const page::CLOCKS - 1,
    shift = const page::SHIFT,
    clocks_at = const page::CLOCKS_AT,
    base_counter_at = const page::BASE_COUNTER_AT,
    mult_at = const page::MULT_AT,
    base_ns_at = const page::BASE_NS_AT,
    offsets_at = const page::OFFSETS_AT,
    has_cpu_number_at = const page::HAS_CPU_NUMBER_AT,
    fine_clocks = const page::FINE_CLOCKS,
    g_clock_gettime = const gnu_link("__vdso_clock_gettime", false),
    g_gettimeofday = const gnu_link("__vdso_gettimeofday", false),
    g_time = const gnu_link("__vdso_time", false),
    g_getcpu = const gnu_link("__vdso_getcpu", false),
    g_clock_getres = const gnu_link("__vdso_clock_getres", true),
    h_soname = const elf_hash("linux-vdso.so.1"),
    h_version = const elf_hash("LINUX_2.6"),
);

unsafe extern "C" {
    static elfin_vdso: [u8; LEN];
}

/// The image.
pub fn image() -> &'static [u8; LEN] {
    // SAFETY: the assembler lays it out above, `LEN` bytes that nobody changes.
    unsafe { &elfin_vdso }
}
