//! Devices: what a device number stands for ([`open`]), and the file system `/dev`
//! ([`populate`]).

mod kmsg;
mod memory;
mod random;

use alloc::sync::Arc;
use core::any::Any;

use elfin_platform::sync::Lazy;
use elfin_syscalls::Errno;
use elfin_syscalls::args::OpenFlags;

use super::attr::{FileKind, makedev};
use super::context::FsContext;
use super::dentry::PathRef;
use super::file::File;
use super::namei::{self, Make};
use super::walk::{WalkFlags, Walker};
use crate::task::Cred;
use crate::tty;

/// Memory devices.
const MEM_MAJOR: u32 = 1;
/// Terminals on lines.
pub const TTY_MAJOR: u32 = 4;
/// `/dev/tty`, `/dev/console` and `/dev/ptmx`.
pub const TTYAUX_MAJOR: u32 = 5;
/// `/dev/ptmx`'s minor number.
pub const PTMX_MINOR: u32 = 2;
/// Slaves of pseudoterminals.
pub const SLAVE_MAJOR: u32 = 136;
/// The first serial line.
pub const SERIAL_MINOR: u32 = 64;

/// Permissions of devices that everybody uses.
const PUBLIC: u32 = 0o666;
/// Permissions of the console.
const PRIVATE: u32 = 0o600;

/// The character devices there are.
const DEVICES: &[(&[u8], u32, u32, u32)] = &[
    (b"null", MEM_MAJOR, 3, PUBLIC),
    (b"zero", MEM_MAJOR, 5, PUBLIC),
    (b"full", MEM_MAJOR, 7, PUBLIC),
    (b"random", MEM_MAJOR, 8, PUBLIC),
    (b"urandom", MEM_MAJOR, 9, PUBLIC),
    (b"kmsg", MEM_MAJOR, 11, 0o644),
    (b"tty", TTYAUX_MAJOR, 0, PUBLIC),
    (b"console", TTYAUX_MAJOR, 1, PRIVATE),
    (b"ptmx", TTYAUX_MAJOR, PTMX_MINOR, PUBLIC),
    (b"ttyS0", TTY_MAJOR, SERIAL_MINOR, PRIVATE),
];

/// The links there are.
const LINKS: &[(&[u8], &[u8])] = &[
    (b"fd", b"/proc/self/fd"),
    (b"stdin", b"/proc/self/fd/0"),
    (b"stdout", b"/proc/self/fd/1"),
    (b"stderr", b"/proc/self/fd/2"),
];

/// The directories there are: where other file systems are mounted.
const DIRECTORIES: &[&[u8]] = &[b"shm", b"pts", b"mqueue"];

/// Opens the device `rdev`.
///
/// # Errors
/// `ENXIO` if there is none, and the device's own.
pub fn open(kind: FileKind, rdev: u64, flags: OpenFlags) -> Result<Arc<dyn File>, Errno> {
    static NULL: Lazy<Arc<memory::Null>> = Lazy::new(|| Arc::new(memory::Null));
    static ZERO: Lazy<Arc<memory::Zero>> = Lazy::new(|| Arc::new(memory::Zero));
    static FULL: Lazy<Arc<memory::Full>> = Lazy::new(|| Arc::new(memory::Full));
    static RANDOM: Lazy<Arc<random::Random>> = Lazy::new(|| Arc::new(random::Random));
    if kind != FileKind::Char {
        return Err(Errno::ENXIO);
    }
    Ok(match (super::attr::major(rdev), super::attr::minor(rdev)) {
        (MEM_MAJOR, 3) => NULL.clone(),
        (MEM_MAJOR, 5) => ZERO.clone(),
        (MEM_MAJOR, 7) => FULL.clone(),
        (MEM_MAJOR, 8 | 9) => RANDOM.clone(),
        (MEM_MAJOR, 11) => Arc::new(kmsg::Kmsg::new()),
        (TTYAUX_MAJOR, 0) => tty::open_current()?,
        (TTYAUX_MAJOR, 1) => tty::open_console()?,
        (TTYAUX_MAJOR, PTMX_MINOR) => tty::pty::open_master()?,
        (TTY_MAJOR, SERIAL_MINOR) => tty::open_serial(flags)?,
        (SLAVE_MAJOR, index) => tty::pty::open_slave(index, flags)?,
        _ => return Err(Errno::ENXIO),
    })
}

/// The file behind every `O_PATH` descriptor: nothing can be done with it.
pub fn path_only() -> Arc<dyn File> {
    static SHARED: Lazy<Arc<PathOnly>> = Lazy::new(|| Arc::new(PathOnly));
    SHARED.clone()
}

struct PathOnly;

impl File for PathOnly {
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Makes the devices, links and directories of `/dev` in `root`, an empty file system.
///
/// # Errors
/// `ENOSPC`.
pub fn populate(root: &PathRef) -> Result<(), Errno> {
    let context = FsContext::new(root.clone());
    let cred = Arc::new(Cred::root());
    let mut walker = Walker::new(&context, cred, None, WalkFlags::empty());
    for &(name, major, minor, mode) in DEVICES {
        let make = Make { rdev: makedev(major, minor), ..Make::new(FileKind::Char, mode) };
        namei::make(&mut walker, name, make)?;
    }
    for &(name, target) in LINKS {
        let make = Make { target, ..Make::new(FileKind::Symlink, 0o777) };
        namei::make(&mut walker, name, make)?;
    }
    for &name in DIRECTORIES {
        namei::make(&mut walker, name, Make::new(FileKind::Directory, 0o755))?;
    }
    Ok(())
}
