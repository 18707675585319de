//! sysfs: what programs read of the machine under `/sys`, as one table.

use alloc::sync::Arc;
use core::fmt::Write;

use elfin_platform::cpu;

use super::attr::StatFs;
use super::dentry::Dentry;
use super::mount::{FileSystem, anonymous_dev};
use super::pseudo::{Node, Shown, TableDirectory, Text};

/// `SYSFS_MAGIC`.
const MAGIC: u64 = 0x6265_6572;
const PAGE: u64 = 4096;
const NAME_MAX: u64 = 255;
/// The inode number of the root.
const ROOT_INO: u64 = 1;

/// The file system.
pub struct SysFs {
    dev: u64,
    root: Arc<Dentry>,
}

impl SysFs {
    /// The file system.
    #[must_use]
    pub fn new() -> Arc<Self> {
        let dev = anonymous_dev();
        let root = Dentry::root(TableDirectory::new(dev, ROOT_INO, ROOT));
        Arc::new(Self { dev, root })
    }
}

impl FileSystem for SysFs {
    fn name(&self) -> &'static str {
        "sysfs"
    }

    fn dev(&self) -> u64 {
        self.dev
    }

    fn root(&self) -> Arc<Dentry> {
        self.root.clone()
    }

    fn statfs(&self) -> StatFs {
        StatFs { magic: MAGIC, block_size: PAGE, name_max: NAME_MAX, ..StatFs::default() }
    }
}

macro_rules! text {
    ($text:literal) => {
        |out| out.bytes($text.as_bytes())
    };
}

/// The CPUs as a list: `0-3`.
fn cpus(out: &mut Text) -> Shown {
    let last = cpu::count().saturating_sub(1);
    if last > 0 {
        write!(out, "0-")?;
    }
    writeln!(out, "{last}")?;
    Ok(())
}

/// The highest CPU number there may be.
fn kernel_max(out: &mut Text) -> Shown {
    writeln!(out, "{}", crate::task::sched::MAX_CPUS - 1)?;
    Ok(())
}

#[cfg(not(target_arch = "aarch64"))]
const CLOCK_SOURCE: &str = "tsc\n";
#[cfg(target_arch = "aarch64")]
const CLOCK_SOURCE: &str = "arch_sys_counter\n";

fn clock_source(out: &mut Text) -> Shown {
    out.bytes(CLOCK_SOURCE.as_bytes())
}

const CPU: &[Node] = &[
    Node::file(b"online", cpus),
    Node::file(b"possible", cpus),
    Node::file(b"present", cpus),
    Node::file(b"offline", text!("\n")),
    Node::file(b"isolated", text!("\n")),
    Node::file(b"kernel_max", kernel_max),
];

const CLOCK_SOURCES: &[Node] = &[Node::dir(
    b"clocksource0",
    &[
        Node::file(b"available_clocksource", clock_source),
        Node::file(b"current_clocksource", clock_source),
    ],
)];

const HUGE_PAGES: &[Node] = &[
    // Regions that a program asks for with MADV_HUGEPAGE may be backed by large pages.
    Node::file(b"enabled", text!("always [madvise] never\n")),
    Node::file(b"defrag", text!("always defer defer+madvise [madvise] never\n")),
    Node::file(b"shmem_enabled", text!("always within_size advise [never] deny force\n")),
    Node::file(b"hpage_pmd_size", text!("2097152\n")),
    Node::file(b"use_zero_page", text!("1\n")),
];

const MEMORY_NODES: &[Node] = &[
    Node::file(b"online", text!("0\n")),
    Node::file(b"possible", text!("0\n")),
    Node::file(b"has_cpu", text!("0\n")),
    Node::file(b"has_memory", text!("0\n")),
    Node::dir(b"node0", &[Node::file(b"cpulist", cpus)]),
];

const ROOT: &[Node] = &[
    Node::dir(b"block", &[]),
    Node::dir(b"bus", &[]),
    Node::dir(b"class", &[Node::dir(b"net", &[]), Node::dir(b"block", &[])]),
    Node::dir(b"dev", &[Node::dir(b"block", &[]), Node::dir(b"char", &[])]),
    Node::dir(
        b"devices",
        &[Node::dir(
            b"system",
            &[
                Node::dir(b"cpu", CPU),
                Node::dir(b"clocksource", CLOCK_SOURCES),
                Node::dir(b"node", MEMORY_NODES),
            ],
        )],
    ),
    Node::dir(b"firmware", &[]),
    Node::dir(b"fs", &[Node::dir(b"cgroup", &[])]),
    Node::dir(
        b"kernel",
        &[Node::dir(
            b"mm",
            &[Node::dir(b"transparent_hugepage", HUGE_PAGES), Node::dir(b"hugepages", &[])],
        )],
    ),
    Node::dir(b"module", &[]),
    Node::dir(b"power", &[]),
];
