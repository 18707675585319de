//! Starting the other CPUs (Intel SDM volume 3, section 9.4: INIT, then the start-up interrupt).
//!
//! A started CPU begins in real mode at a page below 1 MiB, to which [`start_others`] copies the
//! code below. It switches long mode on with the boot page table, to which that page is added at
//! its own address meanwhile, and comes to [`arrive`] on a stack of its own.
//!
//! | state | set by | means |
//! |---|---|---|
//! | `STARTING` | the boot CPU | one CPU is to come |
//! | `ARRIVED` | that CPU | it is there and waits for [`RELEASED`] |
//! | `GIVEN_UP` | the boot CPU | too late: it halts should it still come |
//!
//! All wait until the last one is there and the page is no longer mapped. If one did not come the
//! page stays as it is, for ever.

use super::apic::{self, COMMAND_INIT, COMMAND_START};
use super::paging::{self, IdentityMap, phys_to_virt};
use super::percpu::{self, PerCpu};
use super::{KernelStack, alarm, cpu_features, features, fpu, gdt, idt, topology, trap, vdso};
use crate::cpu::MAX_CPUS;
use crate::mm::{Frame, PAGE_SHIFT};
use crate::time;
use alloc::vec::Vec;
use core::arch::global_asm;
use core::mem::offset_of;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering};

/// Where real mode can begin.
const REAL_MODE_END: u64 = 0xa_0000;
/// How long a CPU may take to come, in nanoseconds.
const PATIENCE: u64 = 2_000_000_000;
/// After how long it is called once more.
const SECOND_CALL: u64 = 1_000_000;

const STARTING: u32 = 1;
const ARRIVED: u32 = 2;
const GIVEN_UP: u32 = 3;

static RELEASED: AtomicBool = AtomicBool::new(false);
static GONE_ON: AtomicU32 = AtomicU32::new(0);
/// The `fn() -> !` that the CPUs run.
static MAIN: AtomicPtr<()> = AtomicPtr::new(core::ptr::null_mut());

/// What the code in the page finds behind itself.
#[repr(C)]
struct Parameters {
    entry: u64,
    stack: u64,
    start: u64,
    page_table: u32,
    long_mode: u32,
    long_mode_selector: u16,
    gdt_limit: u16,
    gdt_base: u32,
}

global_asm!(
    r#"
.section .rodata.trampoline, "a", @progbits
.balign 16
.global trampoline
trampoline:
.code16
    cli
    cld
    mov ax, cs
    mov ds, ax
    # lgdt with a 16-bit address: the assembler takes no difference of labels there.
    .byte 0x0f, 0x01, 0x16
    .word trampoline_parameters - trampoline + {gdt_limit}
    mov eax, cr4
    or eax, 0x620                       # PAE, OSFXSR, OSXMMEXCPT
    mov cr4, eax
    .byte 0x66, 0xa1                    # mov eax, [16-bit address]
    .word trampoline_parameters - trampoline + {page_table}
    mov cr3, eax
    mov ecx, 0xc0000080                 # IA32_EFER
    rdmsr
    or eax, 0x901                       # SCE, LME, NXE
    wrmsr
    mov eax, 0x80050033                 # PG, AM, WP, NE, ET, MP, PE
    mov cr0, eax
    # Far, by a pointer of 16 and 32 bits.
    .byte 0x66, 0xff, 0x2e
    .word trampoline_parameters - trampoline + {long_mode}
.code64
.global trampoline_long_mode
trampoline_long_mode:
    xor eax, eax
    mov ds, eax
    mov es, eax
    mov fs, eax
    mov gs, eax
    mov eax, 0x18
    mov ss, eax
    xor ebp, ebp
    mov rsp, [rip + trampoline_parameters + {stack}]
    mov rdi, [rip + trampoline_parameters + {start}]
    call [rip + trampoline_parameters + {entry}]
    ud2
.balign 8
.global trampoline_gdt
trampoline_gdt:
    .quad 0
    .quad 0
    .quad 0x00af9b000000ffff            # 0x10: 64-bit code
    .quad 0x00cf93000000ffff            # 0x18: data
.global trampoline_parameters
trampoline_parameters:
    .skip {parameters_size}
.text
"#,
    entry = const offset_of!(Parameters, entry),
    stack = const offset_of!(Parameters, stack),
    start = const offset_of!(Parameters, start),
    page_table = const offset_of!(Parameters, page_table),
    long_mode = const offset_of!(Parameters, long_mode),
    gdt_limit = const offset_of!(Parameters, gdt_limit),
    parameters_size = const size_of::<Parameters>(),
);

const CODE_SELECTOR: u16 = 0x10;

unsafe extern "C" {
    static trampoline: u8;
    static trampoline_long_mode: u8;
    static trampoline_gdt: u8;
    static trampoline_parameters: u8;
}

/// What a CPU is given to begin with; lives for ever.
struct Start {
    state: AtomicU32,
    cpu: &'static PerCpu,
    ist_stacks: usize,
    stack: usize,
}

/// Why CPUs cannot be started.
const NO_MEMORY: &str = "there is no memory for it";

/// Starts all other CPUs of the machine, which run `main`. Those that cannot be started are named
/// in the log and left out. Once, on the boot CPU.
pub fn start_others(main: fn() -> !) {
    let ids = topology::apic_ids();
    let others = ids.len().saturating_sub(usize::from(ids.contains(&apic::boot_id())));
    if others == 0 {
        return;
    }
    let Some((page, map)) = real_mode_page() else {
        log::error!("{others} other CPUs are not used: no free memory below 640 KiB");
        return;
    };
    MAIN.store(main as *mut (), Ordering::Relaxed);
    let (mut count, mut all_came) = (1, true);
    for id in ids.into_iter().filter(|&id| id != apic::boot_id()) {
        if count as usize == MAX_CPUS {
            log::error!("the machine has more than {MAX_CPUS} CPUs: the others are not used");
            break;
        }
        match start(&page, id, count) {
            Ok(()) => count += 1,
            Err(reason) => {
                all_came &= reason == NO_MEMORY;
                log::error!("CPU with APIC ID {id} is not used: {reason}");
            }
        }
    }
    if all_came {
        // What each of them may still have cached of this goes before they go on.
        map.remove();
    } else {
        core::mem::forget((page, map));
    }
    percpu::set_count(count);
    RELEASED.store(true, Ordering::Release);
    while GONE_ON.load(Ordering::Acquire) + 1 < count {
        core::hint::spin_loop();
    }
    // Now the page and its tables are not used any more, unless they were forgotten.
}

/// A page for the start code, mapped at its own address.
fn real_mode_page() -> Option<(Frame, IdentityMap)> {
    let page = Frame::below(REAL_MODE_END)?;
    let map = IdentityMap::new(page.phys())?;
    Some((page, map))
}

/// Starts the CPU with APIC ID `apic_id`, which becomes CPU `number`.
fn start(page: &Frame, apic_id: u32, number: u32) -> Result<(), &'static str> {
    if apic_id > 0xff && !apic::x2apic() {
        return Err("without x2APIC it cannot be reached");
    }
    let start = prepare(apic_id, number).ok_or(NO_MEMORY)?;
    write_code(page, start);
    let vector = (page.phys() >> PAGE_SHIFT) as u32;
    apic::send(apic_id, COMMAND_INIT);
    apic::send(apic_id, COMMAND_START | vector);
    let (began, mut called_again) = (time::now(), false);
    while start.state.load(Ordering::Acquire) == STARTING {
        let waited = time::now() - began;
        if waited > SECOND_CALL && !called_again {
            apic::send(apic_id, COMMAND_START | vector);
            called_again = true;
        }
        if waited > PATIENCE && change(start, GIVEN_UP) {
            return Err("it did not start");
        }
        core::hint::spin_loop();
    }
    percpu::register(number, start.cpu);
    Ok(())
}

/// Everything that a CPU has of its own; `None` without memory.
fn prepare(apic_id: u32, number: u32) -> Option<&'static Start> {
    let (stack, ist) = (KernelStack::new()?, KernelStack::new()?);
    let cpu = leak(PerCpu::new())?;
    percpu::prepare(number, cpu);
    cpu.apic_id.store(apic_id, Ordering::Relaxed);
    cpu.idle_stack.set(stack.top());
    let state = AtomicU32::new(STARTING);
    let ist_stacks = ist.top() - gdt::IST_SIZE;
    let start = leak(Start { state, cpu, ist_stacks, stack: stack.top() })?;
    core::mem::forget((stack, ist));
    Some(start)
}

/// Gives `value` a place for ever; `None` without memory.
fn leak<T>(value: T) -> Option<&'static T> {
    let mut place = Vec::new();
    place.try_reserve_exact(1).ok()?;
    place.push(value);
    place.leak().first()
}

fn write_code(page: &Frame, start: &'static Start) {
    let base = (&raw const trampoline).addr();
    let at = |label: *const u8| (label.addr() - base) as u32;
    let (code, phys) = (at(&raw const trampoline_parameters) as usize, page.phys() as u32);
    let gdt = at(&raw const trampoline_gdt);
    let parameters = Parameters {
        entry: (arrive as *const ()).addr() as u64,
        stack: start.stack as u64,
        start: (&raw const *start).addr() as u64,
        page_table: paging::boot_root() as u32,
        long_mode: phys + at(&raw const trampoline_long_mode),
        long_mode_selector: CODE_SELECTOR,
        gdt_limit: (at(&raw const trampoline_parameters) - gdt - 1) as u16,
        gdt_base: phys + gdt,
    };
    // SAFETY: the labels bracket the code and its parameters, which fit a page; the page is ours.
    unsafe {
        let target = phys_to_virt(page.phys());
        core::ptr::copy_nonoverlapping(&raw const trampoline, target, code);
        target.add(code).cast::<Parameters>().write_unaligned(parameters);
    }
}

/// Leaves `STARTING` for another state; `false` if somebody else has.
fn change(start: &Start, state: u32) -> bool {
    start.state.compare_exchange(STARTING, state, Ordering::AcqRel, Ordering::Acquire).is_ok()
}

/// The first Rust code of a started CPU, on its own stack, interrupts off.
extern "C" fn arrive(start: &'static Start) -> ! {
    percpu::adopt(start.cpu);
    gdt::init(start.cpu, start.ist_stacks);
    idt::load();
    features::enable_on_this_cpu();
    if cpu_features().smap {
        features::enable_smap();
    }
    trap::init_syscall();
    if cpu_features().xsave {
        fpu::enable_on_this_cpu();
    }
    apic::init_cpu();
    alarm::init_cpu();
    vdso::init_cpu(start.cpu.id.get());
    if !change(start, ARRIVED) {
        super::cpu::halt();
    }
    while !RELEASED.load(Ordering::Acquire) {
        core::hint::spin_loop();
    }
    paging::flush_all();
    GONE_ON.fetch_add(1, Ordering::Release);
    super::interrupts_on();
    // SAFETY: `start_others` stored a `fn() -> !` there.
    let main = unsafe { core::mem::transmute::<*mut (), fn() -> !>(MAIN.load(Ordering::Relaxed)) };
    main()
}

const _: () = assert!(size_of::<Parameters>() == 40);
