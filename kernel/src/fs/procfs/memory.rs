//! `/proc/meminfo` and `/proc/vmstat`.

use core::fmt::Write;

use elfin_platform::mm::{self, PAGE_SIZE};

use super::super::pseudo::{Shown, Text};
use super::super::tmpfs::{RESERVE, pages_in_files};
use crate::mm::commit;

/// Bytes in the unit of the file.
const KB: usize = 1024;

/// `/proc/meminfo`.
pub fn meminfo(out: &mut Text) -> Shown {
    let memory = mm::stats();
    let files = usize::try_from(pages_in_files()).unwrap_or(0).saturating_mul(PAGE_SIZE);
    let used = memory.total.saturating_sub(memory.free);
    let anonymous = used.saturating_sub(files).saturating_sub(memory.kernel_heap);
    let available = memory.free.saturating_sub(RESERVE);
    for (name, bytes) in [
        ("MemTotal", memory.total),
        ("MemFree", memory.free),
        ("MemAvailable", available),
        ("Buffers", 0),
        ("Cached", files),
        ("SwapCached", 0),
        ("Active", anonymous),
        ("Inactive", files),
        ("Active(anon)", anonymous),
        ("Inactive(anon)", files),
        ("Active(file)", 0),
        ("Inactive(file)", 0),
        ("Unevictable", 0),
        ("Mlocked", 0),
        ("SwapTotal", 0),
        ("SwapFree", 0),
        ("Dirty", 0),
        ("Writeback", 0),
        ("AnonPages", anonymous),
        ("Mapped", 0),
        ("Shmem", files),
        ("KReclaimable", 0),
        ("Slab", memory.kernel_heap),
        ("SReclaimable", 0),
        ("SUnreclaim", memory.kernel_heap),
        ("KernelStack", 0),
        ("PageTables", 0),
        ("SecPageTables", 0),
        ("NFS_Unstable", 0),
        ("Bounce", 0),
        ("WritebackTmp", 0),
        ("CommitLimit", commit::limit()),
        ("Committed_AS", commit::promised()),
        ("VmallocTotal", 0),
        ("VmallocUsed", 0),
        ("VmallocChunk", 0),
        ("Percpu", 0),
        ("AnonHugePages", 0),
        ("ShmemHugePages", 0),
        ("ShmemPmdMapped", 0),
        ("FileHugePages", 0),
        ("FilePmdMapped", 0),
    ] {
        line(out, name, bytes)?;
    }
    for name in ["HugePages_Total", "HugePages_Free", "HugePages_Rsvd", "HugePages_Surp"] {
        writeln!(out, "{:<16}{:8}", alloc::format!("{name}:"), 0)?;
    }
    line(out, "Hugepagesize", 2 << 20)?;
    line(out, "Hugetlb", 0)
}

fn line(out: &mut Text, name: &str, bytes: usize) -> Shown {
    writeln!(out, "{:<16}{:8} kB", alloc::format!("{name}:"), bytes / KB)?;
    Ok(())
}

/// `/proc/vmstat`: what is counted.
pub fn vmstat(out: &mut Text) -> Shown {
    let memory = mm::stats();
    writeln!(out, "nr_free_pages {}", memory.free / PAGE_SIZE)?;
    writeln!(out, "nr_file_pages {}", pages_in_files())?;
    writeln!(out, "nr_shmem {}", pages_in_files())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_as_wide_as_linux_s() {
        let mut out = Text::default();
        line(&mut out, "MemTotal", 16_316_412 * KB).unwrap();
        line(&mut out, "MemFree", 5 * KB).unwrap();
        let text = core::str::from_utf8(out.as_bytes()).unwrap();
        assert_eq!(text, "MemTotal:       16316412 kB\nMemFree:               5 kB\n");
    }
}
