//! Whether a machine's memory has room for what is put there before it starts. QEMU would lay one
//! thing over the other, and the machine would do nothing at all.

use std::fs;

use anyhow::{Context, Result, bail};
use goblin::elf::Elf;
use goblin::elf::program_header::PT_LOAD;

use super::plan::MachinePlan;
use crate::args::{MachineChoice, MemorySize};

/// The initramfs begins on a page, and ends below the last one.
const ALIGNMENT: u64 = 2 * 4096;
/// What QEMU keeps at the end of memory for the tables of machines with ACPI, in bytes
/// (hw/i386/pc.c: acpi_data_size).
const ACPI_TABLES: u64 = 0x28000;
/// No kernel is as large: with this much left, the image need not be read.
const AMPLE: u64 = 32 << 20;

/// Checks that the machine's memory holds its kernel and an initramfs of `initramfs` bytes.
///
/// # Errors
/// When it does not, with the least that does; or when the kernel can not be read.
pub fn check_memory(plan: &MachinePlan, initramfs: u64) -> Result<()> {
    let (kernel, memory) = (&plan.kernel, plan.memory);
    let tables = if plan.machine == MachineChoice::Microvm { 0 } else { ACPI_TABLES };
    if memory.bytes().saturating_sub(initramfs) >= AMPLE {
        return Ok(());
    }
    let bytes = fs::read(kernel)
        .with_context(|| format!("can not read the kernel '{}'", kernel.display()))?;
    // What is no ELF file is QEMU's to complain about.
    let Ok(image) = Elf::parse(&bytes) else { return Ok(()) };
    let loaded = image.program_headers.iter().filter(|header| header.p_type == PT_LOAD);
    let end = loaded.map(|header| header.p_paddr.saturating_add(header.p_memsz)).max().unwrap_or(0);
    let need = end.saturating_add(initramfs).saturating_add(ALIGNMENT + tables);
    if need > memory.bytes() {
        bail!(
            "-m {memory} is too small: the kernel ends at {} KiB and the files take {} KiB; \
             give -m {} or more",
            end.div_ceil(1024),
            initramfs.div_ceil(1024),
            MemorySize::from_bytes(need)
        );
    }
    Ok(())
}
