//! [`Pidfd`]: a file that stands for a process (`pidfd_open(2)`). It is readable once the process
//! has ended, and means that process for ever, whoever gets its id later.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use core::any::Any;

use elfin_syscalls::Errno;
use elfin_syscalls::args::{Fd, OpenFlags};

use super::poll::{PollEvents, PollTable};
use super::process::Process;
use super::thread::Thread;
use crate::fs::{File, OpenFile};

/// A process as a file.
pub struct Pidfd(Arc<Process>);

impl Pidfd {
    /// The process that `file` stands for.
    ///
    /// # Errors
    /// `EBADF` if it is no such file.
    pub fn process(file: &OpenFile) -> Result<Arc<Process>, Errno> {
        let pidfd = file.file.as_any().downcast_ref::<Self>().ok_or(Errno::EBADF)?;
        Ok(pidfd.0.clone())
    }
}

/// Gives `owner` a descriptor for `process`; it is closed on exec.
///
/// # Errors
/// `EMFILE`, `ENOMEM`.
pub fn install(owner: &Thread, process: &Arc<Process>, nonblocking: bool) -> Result<Fd, Errno> {
    let mut flags = OpenFlags::RDWR;
    flags.set(OpenFlags::NONBLOCK, nonblocking);
    let file = OpenFile::new(Arc::new(Pidfd(process.clone())), flags, None);
    owner.files().install(file, true)
}

impl File for Pidfd {
    fn poll(&self, _of: &OpenFile, table: Option<&mut PollTable<'_>>) -> PollEvents {
        if let Some(table) = table {
            table.add(&self.0.ended);
        }
        if self.0.has_ended() { PollEvents::READABLE } else { PollEvents::empty() }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn describe(&self) -> String {
        String::from("anon_inode:[pidfd]")
    }

    fn fdinfo(&self, _of: &OpenFile) -> String {
        let pid = if self.0.is_reaped() { -1 } else { i64::from(self.0.pid) };
        format!("Pid:\t{pid}\nNSpid:\t{pid}\n")
    }
}
