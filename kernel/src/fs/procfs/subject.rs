//! [`Subject`]: whom a directory or file below `/proc/<pid>` is about.
//!
//! It does not keep the process: once that is gone, files that are open fail with `ESRCH`. A
//! process that has ended but was not waited for still has a name, an owner and a status.

use alloc::sync::{Arc, Weak};

use elfin_syscalls::Errno;

use super::super::attr::{Attr, FileKind};
use super::super::pseudo::{Shown, Text, child_ino};
use crate::task::ptrace::{Access, may_access};
use crate::task::{Process, ThreadRef, current};

/// Whom a directory or file is about.
#[derive(Clone)]
pub(super) struct Subject {
    process: Weak<Process>,
    /// One thread of it alone: below `task`.
    tid: Option<u32>,
}

impl Subject {
    /// A process.
    pub(super) fn of_process(process: &Arc<Process>) -> Self {
        Self { process: Arc::downgrade(process), tid: None }
    }

    /// A thread of the same process.
    pub(super) fn of_thread(&self, tid: u32) -> Self {
        Self { tid: Some(tid), ..self.clone() }
    }

    /// Whether it is one thread alone.
    pub(super) fn is_thread(&self) -> bool {
        self.tid.is_some()
    }

    /// The process.
    ///
    /// # Errors
    /// `ESRCH` once it is gone.
    pub(super) fn process(&self) -> Result<Arc<Process>, Errno> {
        self.process.upgrade().filter(|process| !process.is_reaped()).ok_or(Errno::ESRCH)
    }

    /// The thread that stands for it.
    ///
    /// # Errors
    /// `ESRCH` once it has ended.
    pub(super) fn thread(&self) -> Result<ThreadRef, Errno> {
        match self.own_thread() {
            // The first thread may have ended before the others.
            Err(_) if self.tid.is_none() => {
                self.process()?.find_thread(|thread| Some(thread.clone())).ok_or(Errno::ESRCH)
            }
            found => found,
        }
    }

    /// The thread itself; a process's first.
    fn own_thread(&self) -> Result<ThreadRef, Errno> {
        let process = self.process()?;
        let tid = self.tid.unwrap_or(process.pid);
        process
            .find_thread(|thread| (thread.tid == tid).then(|| thread.clone()))
            .ok_or(Errno::ESRCH)
    }

    /// The process, if it or at least its first thread has ended and was not waited for.
    fn ended(&self) -> Result<Arc<Process>, Errno> {
        let process = self.process()?;
        let is_it = self.tid.is_none_or(|tid| tid == process.pid);
        if is_it && self.own_thread().is_err() { Ok(process) } else { Err(Errno::ESRCH) }
    }

    /// Shows it by one of two functions: while it lives, and when it has ended.
    pub(super) fn show(
        &self,
        live: impl Fn(&ThreadRef, &mut Text) -> Shown,
        ended: impl Fn(&Process, &mut Text) -> Shown,
        out: &mut Text,
    ) -> Shown {
        match self.own_thread() {
            Ok(thread) => live(&thread, out),
            Err(_) => ended(&*self.ended()?, out),
        }
    }

    /// Checks that the running thread may look into it; `None` if it has ended.
    ///
    /// # Errors
    /// `EACCES`, `ESRCH`.
    pub(super) fn check_access(&self) -> Result<Option<ThreadRef>, Errno> {
        let Ok(thread) = self.thread() else { return self.ended().map(|_| None) };
        if may_access(&current(), &thread, Access::Files) {
            Ok(Some(thread))
        } else {
            Err(Errno::EACCES)
        }
    }

    /// Whether the running thread is one of it.
    pub(super) fn is_own(&self) -> bool {
        core::ptr::eq(self.process.as_ptr(), Arc::as_ptr(&current().process))
    }

    /// Attributes of something about it, which belongs to it; to root if it is not to be looked
    /// into, except for the directories that all may see.
    ///
    /// # Errors
    /// `ESRCH` once it is gone.
    pub(super) fn owned(
        &self,
        parent: &Attr,
        name: &[u8],
        kind: FileKind,
        mode: u32,
    ) -> Result<Attr, Errno> {
        const OPEN: u32 = 0o555;
        let cred = match self.thread() {
            Ok(thread) => thread.cred(),
            Err(_) => self.ended()?.remains().cred,
        };
        let plain = (kind == FileKind::Directory && mode == OPEN) || self.process()?.is_dumpable();
        let (uid, gid) = if plain { (cred.euid, cred.egid) } else { (0, 0) };
        Ok(Attr::new(child_ino(parent.ino, name), parent.dev, kind, mode, uid, gid))
    }
}
