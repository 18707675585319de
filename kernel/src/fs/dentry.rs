//! [`Dentry`]: a name in the directory tree, and [`PathRef`]: a place in the mounted tree.
//!
//! The tree of dentries is what path walks see. For file systems that live in memory it is the
//! only record of names; for others it is a cache that asks [`Inode::lookup`]. A directory's
//! names are changed with its [`Dentry::change`] lock held (several directories: the one that is
//! an ancestor first, else by address); finding a name takes a short spin lock alone.
//!
//! Neighbours: [`super::names`] is the table of names, [`super::walk`] and [`super::namei`] use
//! it, [`super::mount`] joins trees.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering};

use elfin_platform::sync::SpinLock;
use elfin_syscalls::Errno;

use super::attr::FileKind;
use super::inode::Inode;
use super::mount::Mount;
use super::names::Names;
use crate::task::{Mutex, MutexGuard};

/// A name in the tree, and what it names.
pub struct Dentry {
    inode: Arc<dyn Inode>,
    kind: FileKind,
    place: SpinLock<Place>,
    directory: Option<Box<Directory>>,
    /// Something is mounted here, in some mounted tree.
    mounted: AtomicBool,
}

struct Place {
    parent: Option<Arc<Dentry>>,
    name: Arc<[u8]>,
    deleted: bool,
}

/// What only directories have.
struct Directory {
    names: SpinLock<Names>,
    change: Mutex<()>,
}

impl Dentry {
    /// A name that is not in any directory's table: a file system's root, or a file without a
    /// name.
    pub fn new(inode: Arc<dyn Inode>, name: Arc<[u8]>, parent: Option<Arc<Dentry>>) -> Arc<Self> {
        let kind = inode.kind();
        let directory = (kind == FileKind::Directory)
            .then(|| Box::new(Directory { names: SpinLock::default(), change: Mutex::new(()) }));
        Arc::new(Self {
            inode,
            kind,
            place: SpinLock::new(Place { parent, name, deleted: false }),
            directory,
            mounted: AtomicBool::new(false),
        })
    }

    /// The root of a file system.
    pub fn root(inode: Arc<dyn Inode>) -> Arc<Self> {
        Self::new(inode, Arc::from(&b"/"[..]), None)
    }

    /// A file that never had a name, shown as `name (deleted)` (`memfd_create`, `O_TMPFILE`).
    pub fn unnamed(inode: Arc<dyn Inode>, name: &[u8]) -> Arc<Self> {
        let dentry = Self::new(inode, Arc::from(name), None);
        dentry.place.lock().deleted = true;
        dentry
    }

    /// What it names.
    #[inline]
    pub fn inode(&self) -> &Arc<dyn Inode> {
        &self.inode
    }

    /// The type of what it names.
    #[inline]
    pub fn kind(&self) -> FileKind {
        self.kind
    }

    /// Whether it is a directory.
    #[inline]
    pub fn is_directory(&self) -> bool {
        self.directory.is_some()
    }

    /// The directory it is in; `None` for a root.
    pub fn parent(&self) -> Option<Arc<Dentry>> {
        self.place.lock().parent.clone()
    }

    /// The name.
    pub fn name(&self) -> Arc<[u8]> {
        self.place.lock().name.clone()
    }

    /// Name and directory at one moment.
    pub fn place(&self) -> (Option<Arc<Dentry>>, Arc<[u8]>) {
        let place = self.place.lock();
        (place.parent.clone(), place.name.clone())
    }

    /// Whether the name is gone from its directory.
    pub fn is_deleted(&self) -> bool {
        self.place.lock().deleted
    }

    /// Whether something is mounted here, in some mounted tree.
    #[inline]
    pub fn is_mounted(&self) -> bool {
        self.mounted.load(Ordering::Relaxed)
    }

    /// Says whether something is mounted here.
    pub(super) fn set_mounted(&self, on: bool) {
        self.mounted.store(on, Ordering::Relaxed);
    }

    /// Locks the directory's names against change.
    ///
    /// # Errors
    /// `ENOTDIR`.
    pub fn change(&self) -> Result<MutexGuard<'_, ()>, Errno> {
        Ok(self.directory.as_ref().ok_or(Errno::ENOTDIR)?.change.lock())
    }

    /// Runs `f` on the table of names.
    ///
    /// # Errors
    /// `ENOTDIR`.
    pub(super) fn names<R>(&self, f: impl FnOnce(&mut Names) -> R) -> Result<R, Errno> {
        let directory = self.directory.as_ref().ok_or(Errno::ENOTDIR)?;
        Ok(f(&mut directory.names.lock()))
    }

    /// Finds `name` in this directory, asking the file system if the tree does not know it.
    ///
    /// # Errors
    /// `ENOENT`, `ENOTDIR`, the file system's.
    pub fn lookup(self: &Arc<Self>, name: &[u8]) -> Result<Arc<Dentry>, Errno> {
        let directory = self.directory.as_ref().ok_or(Errno::ENOTDIR)?;
        if let Some(found) = directory.names.lock().find(name) {
            return Ok(found.clone());
        }
        let inode = self.inode.lookup(name)?;
        let found = Self::new(inode, Arc::from(name), Some(self.clone()));
        if self.inode.volatile() {
            return Ok(found);
        }
        let mut names = directory.names.lock();
        if let Some(first) = names.find(name) {
            return Ok(first.clone());
        }
        names.insert(Arc::from(name), found.clone())?;
        Ok(found)
    }

    /// Puts `inode` into this directory under `name`, which is free. The caller holds the
    /// change lock.
    ///
    /// # Errors
    /// `ENOSPC` if there is no memory for it.
    pub fn attach(
        self: &Arc<Self>,
        name: &[u8],
        inode: Arc<dyn Inode>,
    ) -> Result<Arc<Dentry>, Errno> {
        let name: Arc<[u8]> = Arc::from(name);
        let dentry = Self::new(inode, name.clone(), Some(self.clone()));
        self.names(|names| names.insert(name, dentry.clone()))??;
        Ok(dentry)
    }

    /// Makes room for one more name, so that [`attach`](Self::attach) cannot fail.
    ///
    /// # Errors
    /// `ENOSPC`, `ENOTDIR`.
    pub fn reserve(&self) -> Result<(), Errno> {
        self.names(Names::reserve)?
    }

    /// Takes this name out of its directory. The caller holds the directory's change lock.
    pub fn detach(self: &Arc<Self>) {
        let (parent, name) = self.place();
        if let Some(parent) = parent {
            let removed = parent.names(|names| names.remove(&name));
            self.place.lock().deleted = true;
            drop(removed);
        }
    }

    /// Moves this name to `parent` under `name`, which is free and for which there is room. The
    /// caller holds the change locks.
    ///
    /// # Errors
    /// `ENOSPC`.
    pub fn relocate(self: &Arc<Self>, parent: &Arc<Dentry>, name: &[u8]) -> Result<(), Errno> {
        let (old_parent, old_name) = self.place();
        let name: Arc<[u8]> = Arc::from(name);
        if let Some(old_parent) = &old_parent {
            drop(old_parent.names(|names| names.remove(&old_name)));
        }
        parent.names(|names| names.insert(name.clone(), self.clone()))??;
        let mut place = self.place.lock();
        place.name = name;
        let old = place.parent.replace(parent.clone());
        drop(place);
        drop(old);
        Ok(())
    }

    /// Swaps the names of `self` and `other`. The caller holds the change locks.
    ///
    /// # Errors
    /// `ENOSPC`: then nothing has changed.
    pub fn exchange(self: &Arc<Self>, other: &Arc<Self>) -> Result<(), Errno> {
        const ROOM: usize = 2;
        let ((parent, name), (other_parent, other_name)) = (self.place(), other.place());
        let (Some(parent), Some(other_parent)) = (parent, other_parent) else {
            return Err(Errno::EINVAL);
        };
        parent.names(|names| names.reserve_more(ROOM))??;
        other_parent.names(|names| names.reserve_more(ROOM))??;
        let _first = parent.names(|names| names.remove(&name));
        let _second = other_parent.names(|names| names.remove(&other_name));
        parent.names(|names| names.insert(name.clone(), other.clone()))??;
        other_parent.names(|names| names.insert(other_name.clone(), self.clone()))??;
        for (dentry, parent, name) in [(self, other_parent, other_name), (other, parent, name)] {
            let mut place = dentry.place.lock();
            place.name = name;
            let old = place.parent.replace(parent);
            drop(place);
            drop(old);
        }
        Ok(())
    }

    /// Whether a directory has no names in it.
    pub fn is_empty(&self) -> bool {
        self.names(|names| names.is_empty()).unwrap_or(true)
    }

    /// Whether `self` is `other` or lies above it.
    pub fn is_ancestor_of(self: &Arc<Self>, other: &Arc<Dentry>) -> bool {
        let mut at = other.clone();
        loop {
            if Arc::ptr_eq(self, &at) {
                return true;
            }
            match at.parent() {
                Some(parent) => at = parent,
                None => return false,
            }
        }
    }
}

impl Drop for Dentry {
    /// Gives up the directories above one by one: the way up may be longer than a stack is deep.
    fn drop(&mut self) {
        let mut parent = self.place.get_mut().parent.take();
        while let Some(mut last) = parent.and_then(Arc::into_inner) {
            parent = last.place.get_mut().parent.take();
        }
    }
}

/// Takes a whole tree apart, from `root` down, so that nothing in it keeps the rest: names and
/// the directories that they are in refer to each other.
pub(super) fn dismantle(root: Arc<Dentry>) {
    let mut rest = Vec::new();
    if rest.try_reserve(1).is_err() {
        return;
    }
    rest.push(root);
    while let Some(dentry) = rest.pop() {
        let Ok(mut names) = dentry.names(core::mem::take) else { continue };
        for child in names.drain() {
            child.place.lock().parent = None;
            // Without memory the rest of this directory stays until the machine ends.
            if rest.try_reserve(1).is_ok() {
                rest.push(child);
            }
        }
    }
}

/// A place in the mounted tree: a name, and the mount through which it was reached.
#[derive(Clone)]
pub struct PathRef {
    /// The mount.
    pub mount: Arc<Mount>,
    /// The name.
    pub dentry: Arc<Dentry>,
}

impl PathRef {
    /// A place.
    #[inline]
    pub fn new(mount: Arc<Mount>, dentry: Arc<Dentry>) -> Self {
        Self { mount, dentry }
    }

    /// What lies there.
    #[inline]
    pub fn inode(&self) -> &Arc<dyn Inode> {
        self.dentry.inode()
    }

    /// Whether both are the same place.
    #[inline]
    pub fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.dentry, &other.dentry) && Arc::ptr_eq(&self.mount, &other.mount)
    }

    /// Whether it is the root of its mount.
    #[inline]
    pub fn is_mount_root(&self) -> bool {
        Arc::ptr_eq(&self.dentry, &self.mount.root)
    }
}
