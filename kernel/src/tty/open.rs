//! Opening terminals (`open(2)`, `tty(4)`): which of them the running process may have, and when
//! it becomes the one that controls its session.

use alloc::sync::Arc;
use core::sync::atomic::Ordering;

use elfin_syscalls::Errno;
use elfin_syscalls::args::OpenFlags;

use super::file::TerminalFile;
use super::terminal::Terminal;
use super::{console, is_terminal, stream};
use crate::fs::File;
use crate::task::{Capability, current, jobs};

/// Opens `/dev/console`, which never becomes anybody's controlling terminal.
///
/// # Errors
/// None.
pub fn open_console() -> Result<Arc<dyn File>, Errno> {
    Ok(console::console())
}

/// Opens `/dev/ttyS0`.
///
/// # Errors
/// `EBUSY` while somebody has it for himself.
pub fn open_serial(flags: OpenFlags) -> Result<Arc<dyn File>, Errno> {
    if !is_terminal() {
        return Ok(stream::file());
    }
    open_terminal(console::serial(), flags)
}

/// Opens `/dev/tty`: the terminal that controls the running process.
///
/// # Errors
/// `ENXIO` if there is none, `EIO` if it is gone.
pub fn open_current() -> Result<Arc<dyn File>, Errno> {
    let terminal = jobs::terminal(&current().process).ok_or(Errno::ENXIO)?;
    if terminal.has_lost_master() {
        return Err(Errno::EIO);
    }
    Ok(TerminalFile::new(terminal, false))
}

/// Opens a terminal by its own name.
///
/// # Errors
/// `EBUSY` while somebody has it for himself.
pub(super) fn open_terminal(
    terminal: &Arc<Terminal>,
    flags: OpenFlags,
) -> Result<Arc<dyn File>, Errno> {
    let me = current();
    let exclusive = terminal.exclusive.load(Ordering::Relaxed);
    if exclusive && !me.cred().has(Capability::SYS_ADMIN) {
        return Err(Errno::EBUSY);
    }
    let file = TerminalFile::new(terminal.clone(), false);
    if !flags.contains(OpenFlags::NOCTTY) && flags.readable() {
        jobs::opened(&me.process, terminal);
    }
    Ok(file)
}
