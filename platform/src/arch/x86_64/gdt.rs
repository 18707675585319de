//! Segments and the task state segment. The selectors are Linux's, because programs see them
//! (signal frames, ptrace).

use super::percpu::PerCpu;

/// Kernel code segment.
pub const KERNEL_CS: u16 = 0x10;
/// Kernel data segment.
pub const KERNEL_DS: u16 = 0x18;
/// What STAR names for `sysret`: the 32-bit user code segment, with data and 64-bit code after.
pub const USER32_CS: u16 = 0x23;
/// User data segment.
pub const USER_DS: u16 = 0x2b;
/// User 64-bit code segment.
pub const USER_CS: u16 = 0x33;
const TSS: u16 = 0x40;

/// Interrupt stack table slot of the non-maskable interrupt.
pub const IST_NMI: u8 = 1;
/// Interrupt stack table slot of the double fault.
pub const IST_DOUBLE_FAULT: u8 = 2;
/// Interrupt stack table slot of the machine check.
pub const IST_MACHINE_CHECK: u8 = 3;
/// Interrupt stack table slot of the debug exception.
pub const IST_DEBUG: u8 = 4;
const IST_STACK_SIZE: usize = 4096;

/// Task state segment (Intel SDM volume 3, 8.7).
#[repr(C, packed(4))]
pub struct Tss {
    reserved0: u32,
    rsp: [u64; 3],
    reserved1: u64,
    ist: [u64; 7],
    reserved2: u64,
    reserved3: u16,
    iomap_base: u16,
}

impl Tss {
    /// A TSS without stacks and without an I/O bitmap.
    pub const fn new() -> Self {
        Self {
            reserved0: 0,
            rsp: [0; 3],
            reserved1: 0,
            ist: [0; 7],
            reserved2: 0,
            reserved3: 0,
            iomap_base: size_of::<Self>() as u16,
        }
    }

    /// Sets the stack for entries from the program.
    pub fn set_kernel_stack(&mut self, top: usize) {
        self.rsp[0] = top as u64;
    }
}

/// Global descriptor table.
#[repr(C, align(16))]
pub struct Gdt([u64; 10]);

impl Gdt {
    /// The table without its TSS descriptor.
    pub const fn new() -> Self {
        Self([
            0,
            0,
            0x00af_9b00_0000_ffff, // 0x10 kernel code
            0x00cf_9300_0000_ffff, // 0x18 kernel data
            0x00cf_fb00_0000_ffff, // 0x20 user code, 32-bit
            0x00cf_f300_0000_ffff, // 0x28 user data
            0x00af_fb00_0000_ffff, // 0x30 user code, 64-bit
            0,
            0, // 0x40 TSS, two entries
            0,
        ])
    }

    fn set_tss(&mut self, base: u64) {
        const AVAILABLE_TSS: u64 = 0x89 << 40;
        let limit = size_of::<Tss>() as u64 - 1;
        self.0[8] = limit | (base & 0xff_ffff) << 16 | AVAILABLE_TSS | (base >> 24 & 0xff) << 56;
        self.0[9] = base >> 32;
    }
}

#[repr(align(16))]
struct IstStacks(core::cell::UnsafeCell<[[u8; IST_STACK_SIZE]; IST_STACKS]>);
// SAFETY: only the CPU writes them, as stacks.
unsafe impl Sync for IstStacks {}
static BOOT_IST: IstStacks =
    IstStacks(core::cell::UnsafeCell::new([[0; IST_STACK_SIZE]; IST_STACKS]));

#[repr(C, packed)]
struct TablePointer {
    limit: u16,
    base: u64,
}

/// Loads the boot CPU's segments and task register.
pub fn init_boot_cpu(cpu: &'static PerCpu) {
    init(cpu, BOOT_IST.0.get().addr());
}

/// Bytes of stacks that [`init`] needs.
pub const IST_SIZE: usize = IST_STACKS * IST_STACK_SIZE;
const IST_STACKS: usize = 4;

/// Loads this CPU's segments and task register; `stacks` is the address of [`IST_SIZE`] bytes
/// that are this CPU's for ever.
pub fn init(cpu: &'static PerCpu, stacks: usize) {
    // SAFETY: runs once per CPU before anything else uses its GDT and TSS; the selectors loaded
    // are those of the table just laid out, which lives for ever. Loading null into FS and GS
    // would clear GS's base, so those are left alone.
    unsafe {
        let tss = &mut *cpu.tss.get();
        for slot in 0..IST_STACKS {
            tss.ist[slot] = (stacks + (slot + 1) * IST_STACK_SIZE) as u64;
        }
        let gdt = &mut *cpu.gdt.get();
        gdt.set_tss(cpu.tss.get().addr() as u64);
        let pointer =
            TablePointer { limit: size_of::<Gdt>() as u16 - 1, base: cpu.gdt.get().addr() as u64 };
        core::arch::asm!(
            "lgdt [{pointer}]",
            "push {cs}",
            "lea {tmp}, [rip + 2f]",
            "push {tmp}",
            "retfq",
            "2:",
            "mov ss, {ds:e}",
            "xor {tmp:e}, {tmp:e}",
            "mov ds, {tmp:e}",
            "mov es, {tmp:e}",
            "ltr {tss:x}",
            pointer = in(reg) &pointer,
            cs = const KERNEL_CS,
            ds = in(reg) u64::from(KERNEL_DS),
            tss = in(reg) u64::from(TSS),
            tmp = out(reg) _,
        );
    }
}
