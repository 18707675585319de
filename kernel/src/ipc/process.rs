//! [`ProcessPart`]: what a process keeps of interprocess communication.

use alloc::sync::Arc;

use elfin_platform::sync::SpinLock;
use elfin_syscalls::args::CloneFlags;

use super::mqueue;
use super::sem::UndoList;
use crate::task::Process;

/// A process's part.
#[derive(Default)]
pub struct ProcessPart {
    /// What is undone at its end (`SEM_UNDO`).
    undo: SpinLock<Option<Arc<UndoList>>>,
}

impl ProcessPart {
    /// Nothing to undo.
    pub const fn new() -> Self {
        Self { undo: SpinLock::new(None) }
    }

    /// The list of what is to be undone, made at the first use.
    pub fn undo_list(&self) -> Arc<UndoList> {
        self.undo.lock().get_or_insert_with(UndoList::new).clone()
    }
}

/// The last thread of `process` has ended.
pub fn on_exit(process: &Process) {
    unshare(process);
    mqueue::forget(process);
}

/// `process` leaves the list that it shares; if it was the last, what is in it is undone
/// (`unshare` with `CLONE_SYSVSEM`).
pub fn unshare(process: &Process) {
    let list = process.ipc.undo.lock().take();
    drop(list);
}

/// `child` is made by `parent`: it starts without anything to undo, unless they share it.
pub fn on_fork(parent: &Process, child: &Process, flags: CloneFlags) {
    if flags.contains(CloneFlags::SYSVSEM) {
        let list = parent.ipc.undo_list();
        *child.ipc.undo.lock() = Some(list);
    }
}
