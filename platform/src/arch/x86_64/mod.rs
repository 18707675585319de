//! x86_64: boot by PVH, long mode, `syscall`, local APIC.

mod apic;
mod boot;
pub mod cpu;
pub mod debugcon;
mod features;
mod fpu;
mod frame;
mod gdt;
mod idt;
mod ioapic;
pub mod irqchip;
mod memory;
pub mod msr;
pub mod paging;
mod percpu;
mod pic;
mod port;
pub mod poweroff;
pub mod serial;
mod stack;
mod start;
pub mod switch;
mod trap;
pub mod usercopy;

pub use features::cpu_features;
pub use fpu::FpuState;
pub use frame::UserFrame;
pub use memory::{copy, interrupts_off, interrupts_on, zero};
pub use paging::{frame_cache_len, frame_cache_pop, frame_cache_push, mmio_map};
pub use stack::KernelStack;
pub(crate) use start::start;
