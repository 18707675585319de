//! [`FsContext`]: the current directory, root directory and file creation mask of a process.
//!
//! Threads share one (`CLONE_FS`), `fork` copies it. Neighbour: [`super::walk`] starts here.

use core::sync::atomic::{AtomicU32, Ordering};

use elfin_platform::sync::SpinLock;

use super::dentry::PathRef;

/// The permission bits of the file creation mask.
const UMASK_BITS: u32 = 0o777;
/// The mask that the first process has.
const INITIAL_UMASK: u32 = 0o022;

/// Where paths start, and the file creation mask.
pub struct FsContext {
    cwd: SpinLock<PathRef>,
    root: SpinLock<PathRef>,
    umask: AtomicU32,
}

impl FsContext {
    /// The first process's: everything starts at `root`.
    #[must_use]
    pub fn new(root: PathRef) -> Self {
        Self {
            cwd: SpinLock::new(root.clone()),
            root: SpinLock::new(root),
            umask: AtomicU32::new(INITIAL_UMASK),
        }
    }

    /// The current directory.
    pub fn cwd(&self) -> PathRef {
        self.cwd.lock().clone()
    }

    /// The root directory.
    pub fn root(&self) -> PathRef {
        self.root.lock().clone()
    }

    /// Changes the current directory.
    pub fn set_cwd(&self, place: PathRef) {
        let old = core::mem::replace(&mut *self.cwd.lock(), place);
        drop(old);
    }

    /// Changes the root directory.
    pub fn set_root(&self, place: PathRef) {
        let old = core::mem::replace(&mut *self.root.lock(), place);
        drop(old);
    }

    /// The permission bits that new files do not get.
    #[inline]
    pub fn umask(&self) -> u32 {
        self.umask.load(Ordering::Relaxed)
    }

    /// Changes the mask; the old one.
    pub fn set_umask(&self, mask: u32) -> u32 {
        self.umask.swap(mask & UMASK_BITS, Ordering::Relaxed)
    }
}

impl Clone for FsContext {
    fn clone(&self) -> Self {
        Self {
            cwd: SpinLock::new(self.cwd()),
            root: SpinLock::new(self.root()),
            umask: AtomicU32::new(self.umask()),
        }
    }
}
