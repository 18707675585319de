//! `/dev/kmsg`: the kernel's log. What is written goes there.

use alloc::string::String;
use core::any::Any;

use elfin_syscalls::args::Whence;
use elfin_syscalls::{Errno, SysResult};

use super::super::file::{File, OpenFile};
use super::super::transfer::{Dest, Source};
use crate::task::{PollEvents, PollTable};

/// The longest line that can be written (`PRINTKRB_RECORD_MAX`).
const LINE_MAX: usize = 1024;

/// The log as a file.
pub struct Kmsg(());

impl Kmsg {
    /// A reader at the end of the log.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

impl File for Kmsg {
    /// The log is not kept, so there is nothing to read but what comes next, and that does not
    /// come through here.
    fn read(&self, _of: &OpenFile, _dst: &mut Dest<'_>) -> SysResult {
        Err(Errno::EAGAIN)
    }

    fn write(&self, _of: &OpenFile, src: &mut Source<'_>) -> SysResult {
        let mut line = [0; LINE_MAX];
        let total = src.remaining();
        if total > LINE_MAX {
            return Err(Errno::EINVAL);
        }
        let n = src.take(&mut line)?;
        let text = String::from_utf8_lossy(line.get(..n).unwrap_or_default());
        log::info!("{}", text.trim_end());
        Ok(total)
    }

    fn poll(&self, _of: &OpenFile, _table: Option<&mut PollTable<'_>>) -> PollEvents {
        PollEvents::WRITABLE
    }

    fn seek(&self, _of: &OpenFile, offset: i64, _whence: Whence) -> SysResult {
        if offset == 0 { Ok(0) } else { Err(Errno::ESPIPE) }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
