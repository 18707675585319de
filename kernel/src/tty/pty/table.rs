//! All pseudoterminals by their numbers, and opening them.

use alloc::collections::BTreeMap;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::sync::atomic::Ordering;

use elfin_platform::sync::SpinLock;
use elfin_syscalls::Errno;
use elfin_syscalls::args::OpenFlags;

use super::super::open::open_terminal;
use super::super::terminal::Terminal;
use super::link::{Link, slave_number};
use super::master::MasterFile;
use crate::fs::{File, devpts};
use crate::task::current;

/// The most that there are at a time (`/proc/sys/kernel/pty/max`).
pub const PTY_MAX: u32 = 4096;

static PTYS: SpinLock<BTreeMap<u32, Weak<Terminal>>> = SpinLock::new(BTreeMap::new());

/// Opens `/dev/ptmx`: makes a pseudoterminal.
///
/// # Errors
/// `ENOSPC` if there are too many.
pub fn open_master() -> Result<Arc<dyn File>, Errno> {
    let cred = current().cred();
    let index = reserve()?;
    let node = devpts::node(index, slave_number(index), cred.fsuid);
    let terminal = Arc::new(Terminal::pty(Link::new(index, node)));
    PTYS.lock().insert(index, Arc::downgrade(&terminal));
    Ok(MasterFile::new(terminal))
}

/// Takes the lowest free number.
fn reserve() -> Result<u32, Errno> {
    let mut ptys = PTYS.lock();
    let index = (0..PTY_MAX).find(|index| !ptys.contains_key(index)).ok_or(Errno::ENOSPC)?;
    ptys.insert(index, Weak::new());
    Ok(index)
}

/// Gives a number back: its terminal is gone.
pub fn forget(link: &Link) {
    PTYS.lock().remove(&link.index);
}

/// The terminal with this number whose master is open.
pub fn find(index: u32) -> Option<Arc<Terminal>> {
    let terminal = PTYS.lock().get(&index)?.upgrade()?;
    terminal.link().is_some_and(Link::master_open).then_some(terminal)
}

/// The numbers of all terminals whose master is open.
pub fn numbers() -> Vec<u32> {
    let all: Vec<u32> = PTYS.lock().keys().copied().collect();
    all.into_iter().filter(|&index| find(index).is_some()).collect()
}

/// The node of the slave with this number.
pub fn node(index: u32) -> Option<Arc<dyn crate::fs::Inode>> {
    Some(find(index)?.link()?.node.clone())
}

/// Opens the slave with this number.
///
/// # Errors
/// `ENXIO` if there is none, `EIO` while it is locked, `EBUSY` while somebody has it for himself.
pub fn open_slave(index: u32, flags: OpenFlags) -> Result<Arc<dyn File>, Errno> {
    let terminal = find(index).ok_or(Errno::ENXIO)?;
    let link = terminal.link().ok_or(Errno::ENXIO)?;
    if link.locked.load(Ordering::Relaxed) {
        return Err(Errno::EIO);
    }
    let file = open_terminal(&terminal, flags)?;
    link.slave_opened();
    Ok(file)
}
