//! A message queue as a file: what `read`, `poll` and `fstat` make of it.

use alloc::format;
use alloc::sync::Arc;
use core::any::Any;

use elfin_syscalls::args::{OpenFlags, Whence};
use elfin_syscalls::{Errno, SysResult};

use super::queue::MqInode;
use crate::fs::file::{read_at_position, seek_within};
use crate::fs::{Attr, Dest, File, Inode, OpenFile};
use crate::task::{PollEvents, PollTable};

/// The size that a queue has as a file (`FILENT_SIZE`).
const SIZE: u64 = 80;

impl Inode for MqInode {
    fn attr(&self) -> &Attr {
        &self.attr
    }

    fn size(&self) -> u64 {
        SIZE
    }

    fn open(self: Arc<Self>, _flags: OpenFlags) -> Result<Arc<dyn File>, Errno> {
        Ok(self)
    }

    fn truncate(&self, _len: u64) -> Result<(), Errno> {
        Ok(())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl File for MqInode {
    fn read(&self, of: &OpenFile, dst: &mut Dest<'_>) -> SysResult {
        read_at_position(self, of, dst)
    }

    fn read_at(&self, offset: u64, dst: &mut Dest<'_>) -> SysResult {
        let (bytes, notify, signal, pid) = self.summary();
        let text =
            format!("QSIZE:{bytes:<10} NOTIFY:{notify:<5} SIGNO:{signal:<5} NOTIFY_PID:{pid:<6}\n");
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let n = dst.put(text.as_bytes().get(offset..).unwrap_or_default())?;
        self.attr.touch_atime();
        Ok(n)
    }

    fn seek(&self, of: &OpenFile, offset: i64, whence: Whence) -> SysResult {
        seek_within(of, SIZE, offset, whence)
    }

    fn poll(&self, _of: &OpenFile, table: Option<&mut PollTable<'_>>) -> PollEvents {
        if let Some(table) = table {
            table.add(&self.changed);
        }
        self.ready()
    }

    fn closed_by(&self, pid: u32) {
        self.unregister(pid);
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
