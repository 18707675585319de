//! Moving names: `rename`, `RENAME_NOREPLACE`, `RENAME_EXCHANGE`.
//!
//! Renames across directories take turns, so that what is above what does not change meanwhile.

use alloc::borrow::Cow;
use alloc::sync::Arc;

use elfin_syscalls::Errno;
use elfin_syscalls::args::RenameFlags;

use super::dentry::{Dentry, PathRef};
use super::namei::check_removal;
use super::perm;
use super::walk::{Last, Walker};
use super::watch;
use crate::task::{Cred, Mutex, MutexGuard};

static RENAMING: Mutex<()> = Mutex::new(());

/// Moves `old` of the first walk to `new` of the second.
///
/// # Errors
/// `EXDEV`, `EBUSY`, `EINVAL`, `EEXIST`, `ENOTEMPTY`, `EISDIR`, `ENOTDIR`, `ENOENT`, and those
/// of the walks and of removing a name.
pub fn rename(
    old_walker: &mut Walker,
    old: &[u8],
    new_walker: &mut Walker,
    new: &[u8],
    flags: RenameFlags,
) -> Result<(), Errno> {
    let exchange = flags.contains(RenameFlags::EXCHANGE);
    let no_replace = flags.contains(RenameFlags::NOREPLACE);
    if flags.contains(RenameFlags::WHITEOUT) || (exchange && no_replace) {
        return Err(Errno::EINVAL);
    }
    let old = old_walker.resolve_parent(old)?;
    let new = new_walker.resolve_parent(new)?;
    if !Arc::ptr_eq(&old.dir.mount, &new.dir.mount) {
        return Err(Errno::EXDEV);
    }
    let old_name = name(old.last, Errno::EBUSY)?;
    let new_name = name(new.last, if no_replace { Errno::EEXIST } else { Errno::EBUSY })?;
    let across = !Arc::ptr_eq(&old.dir.dentry, &new.dir.dentry);
    let _renaming = across.then(|| RENAMING.lock());
    let _locks = lock_both(&old.dir.dentry, &new.dir.dentry)?;

    let source = old.dir.dentry.lookup(&old_name)?;
    let target = match new.dir.dentry.lookup(&new_name) {
        Ok(_) if no_replace => return Err(Errno::EEXIST),
        Ok(target) => Some(target),
        Err(Errno::ENOENT) if !exchange => None,
        Err(errno) => return Err(errno),
    };
    if !source.is_directory() && (old.slash || (new.slash && !exchange)) {
        return Err(Errno::ENOTDIR);
    }
    if exchange && new.slash && target.as_ref().is_some_and(|target| !target.is_directory()) {
        return Err(Errno::ENOTDIR);
    }
    if across && source.is_ancestor_of(&new.dir.dentry) {
        return Err(Errno::EINVAL);
    }
    if let Some(target) = target.as_ref().filter(|_| across)
        && target.is_ancestor_of(&old.dir.dentry)
    {
        return Err(if exchange { Errno::EINVAL } else { Errno::ENOTEMPTY });
    }
    let moving = Moving { old: &old.dir, new: &new.dir, source: &source, cred: &old_walker.cred };
    match target {
        Some(target) if Arc::ptr_eq(source.inode(), target.inode()) => Ok(()),
        Some(target) if exchange => moving.exchange(&target),
        target => moving.replace(&new_name, target),
    }
}

fn name<'a>(last: Last<'a>, otherwise: Errno) -> Result<Cow<'a, [u8]>, Errno> {
    match last {
        Last::Name(name) => Ok(name),
        Last::Dot | Last::DotDot | Last::Root => Err(otherwise),
    }
}

/// Locks two directories' names, the one above the other first.
fn lock_both<'a>(
    a: &'a Arc<Dentry>,
    b: &'a Arc<Dentry>,
) -> Result<(MutexGuard<'a, ()>, Option<MutexGuard<'a, ()>>), Errno> {
    if Arc::ptr_eq(a, b) {
        return Ok((a.change()?, None));
    }
    let b_first = b.is_ancestor_of(a) || (!a.is_ancestor_of(b) && Arc::as_ptr(b) < Arc::as_ptr(a));
    let (first, second) = if b_first { (b, a) } else { (a, b) };
    let first = first.change()?;
    Ok((first, Some(second.change()?)))
}

struct Moving<'a> {
    old: &'a PathRef,
    new: &'a PathRef,
    source: &'a Arc<Dentry>,
    cred: &'a Cred,
}

impl Moving<'_> {
    fn replace(&self, name: &[u8], target: Option<Arc<Dentry>>) -> Result<(), Errno> {
        let directory = self.source.is_directory();
        check_removal(self.old, self.source, directory, self.cred)?;
        match &target {
            Some(target) => check_removal(self.new, target, directory, self.cred)?,
            None if self.new.dentry.is_deleted() => return Err(Errno::ENOENT),
            None => perm::check_change(self.new, self.cred)?,
        }
        self.check_moved(self.source)?;
        if let Some(target) = &target
            && !target.is_empty()
        {
            return Err(Errno::ENOTEMPTY);
        }
        self.new.dentry.reserve()?;
        let replaced = target.as_ref().map(|target| target.inode());
        self.old.inode().rename(self.source.inode(), self.new.inode(), replaced)?;
        if let Some(target) = &target {
            target.detach();
        }
        let before = self.source.name();
        self.source.relocate(&self.new.dentry, name)?;
        watch::moved(self.source, &self.old.dentry, &before, target.as_ref());
        Ok(())
    }

    fn exchange(&self, target: &Arc<Dentry>) -> Result<(), Errno> {
        check_removal(self.old, self.source, self.source.is_directory(), self.cred)?;
        check_removal(self.new, target, target.is_directory(), self.cred)?;
        self.check_moved(self.source)?;
        self.check_moved(target)?;
        self.old.inode().rename(self.source.inode(), self.new.inode(), None)?;
        self.new.inode().rename(target.inode(), self.old.inode(), None)?;
        let (before, theirs) = (self.source.name(), target.name());
        self.source.exchange(target)?;
        watch::moved(self.source, &self.old.dentry, &before, None);
        watch::moved(target, &self.new.dentry, &theirs, None);
        Ok(())
    }

    /// A directory that gets another parent is changed itself: its `..`.
    fn check_moved(&self, moved: &Arc<Dentry>) -> Result<(), Errno> {
        if moved.is_directory() && !Arc::ptr_eq(&self.old.dentry, &self.new.dentry) {
            perm::check(&**moved.inode(), perm::MAY_WRITE, self.cred)?;
        }
        Ok(())
    }
}
