//! Who watches files, and telling them: the hooks that the rest of the file system calls.
//!
//! A [`Watch`] is on an object, not on a name. What happens to an object is told to who watches
//! it, and to who watches the directory that its name is in. While nobody watches anything a
//! hook is one load. Neighbour: [`crate::event::inotify`] has the queues of events.

use alloc::collections::BTreeMap;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use elfin_platform::sync::SpinLock;
use elfin_syscalls::Errno;
use elfin_syscalls::abi::{
    IN_ACCESS, IN_ATTRIB, IN_CLOSE_NOWRITE, IN_CLOSE_WRITE, IN_CREATE, IN_DELETE, IN_DELETE_SELF,
    IN_EXCL_UNLINK, IN_ISDIR, IN_MODIFY, IN_MOVE_SELF, IN_MOVED_FROM, IN_MOVED_TO, IN_ONESHOT,
    IN_OPEN, IN_UNMOUNT,
};

use super::dentry::{Dentry, PathRef};
use super::file::OpenFile;
use super::inode::Inode;
use crate::event::inotify::Inotify;

/// The most watches that there can be (`fs.inotify.max_user_watches`).
pub const MAX_WATCHES: usize = 8192;

/// Somebody's interest in an object.
pub struct Watch {
    /// Its number among its owner's.
    pub number: i32,
    /// The object.
    pub inode: Arc<dyn Inode>,
    /// Which events (`IN_*`).
    pub mask: AtomicU32,
    /// Who is told.
    pub owner: Weak<Inotify>,
}

/// Watches by the address of what they watch.
static WATCHES: SpinLock<BTreeMap<usize, Vec<Arc<Watch>>>> = SpinLock::new(BTreeMap::new());
static COUNT: AtomicUsize = AtomicUsize::new(0);

fn address(inode: &Arc<dyn Inode>) -> usize {
    Arc::as_ptr(inode).cast::<()>().addr()
}

/// Whether anybody watches anything.
#[inline]
pub fn is_active() -> bool {
    COUNT.load(Ordering::Relaxed) != 0
}

impl Watch {
    /// From now on its owner is told.
    ///
    /// # Errors
    /// `ENOSPC` for too many, `ENOMEM`.
    pub fn begin(self: &Arc<Self>) -> Result<(), Errno> {
        if COUNT.load(Ordering::Relaxed) >= MAX_WATCHES {
            return Err(Errno::ENOSPC);
        }
        let mut watches = WATCHES.lock();
        let list = watches.entry(address(&self.inode)).or_default();
        list.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        list.push(self.clone());
        COUNT.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Its owner is told no more; false if that was so already.
    pub fn end(&self) -> bool {
        let removed = {
            let mut watches = WATCHES.lock();
            let Some(list) = watches.get_mut(&address(&self.inode)) else { return false };
            let at = list.iter().position(|watch| core::ptr::eq(&**watch, self));
            let removed = at.map(|at| list.swap_remove(at));
            if list.is_empty() {
                watches.remove(&address(&self.inode));
            }
            removed
        };
        if removed.is_some() {
            COUNT.fetch_sub(1, Ordering::Relaxed);
        }
        removed.is_some()
    }
}

/// The watches on an object. Without memory there are none.
fn watches_of(inode: &Arc<dyn Inode>) -> Vec<Arc<Watch>> {
    let watches = WATCHES.lock();
    let mut copy = Vec::new();
    if let Some(list) = watches.get(&address(inode))
        && copy.try_reserve(list.len()).is_ok()
    {
        copy.extend(list.iter().cloned());
    }
    copy
}

/// What happened, and to which name of a directory.
#[derive(Clone, Copy)]
struct Event<'a> {
    mask: u32,
    cookie: u32,
    name: Option<&'a [u8]>,
    /// The name is gone already.
    gone: bool,
}

fn tell(inode: &Arc<dyn Inode>, event: Event<'_>) {
    for watch in watches_of(inode) {
        let wanted = watch.mask.load(Ordering::Relaxed);
        if wanted & event.mask & !IN_ISDIR == 0 || (event.gone && wanted & IN_EXCL_UNLINK != 0) {
            continue;
        }
        let Some(owner) = watch.owner.upgrade() else { continue };
        owner.push(watch.number, event.mask, event.cookie, event.name);
        if wanted & IN_ONESHOT != 0 {
            owner.drop_watch(&watch);
        }
    }
}

fn directory_bit(dentry: &Dentry) -> u32 {
    if dentry.is_directory() { IN_ISDIR } else { 0 }
}

/// Something happened to what `dentry` names: told to who watches its directory, and it.
fn happened(dentry: &Arc<Dentry>, mask: u32) {
    let mask = mask | directory_bit(dentry);
    let (parent, name) = dentry.place();
    if let Some(parent) = parent {
        let event = Event { mask, cookie: 0, name: Some(&name), gone: dentry.is_deleted() };
        tell(parent.inode(), event);
    }
    tell(dentry.inode(), Event { mask, cookie: 0, name: None, gone: false });
}

/// Something happened to an object, whatever its name.
fn happened_to(inode: &Arc<dyn Inode>, mask: u32) {
    tell(inode, Event { mask, cookie: 0, name: None, gone: false });
}

/// An object is gone for good: so are its watches.
fn gone(inode: &Arc<dyn Inode>, mask: u32) {
    happened_to(inode, mask);
    for watch in watches_of(inode) {
        if let Some(owner) = watch.owner.upgrade() {
            owner.drop_watch(&watch);
        }
    }
}

/// A file was opened.
#[inline]
pub fn opened(file: &OpenFile) {
    if is_active() && !file.is_path() {
        file_event(file, IN_OPEN);
    }
}

/// A file was read.
#[inline]
pub fn accessed(file: &OpenFile) {
    if is_active() {
        file_event(file, IN_ACCESS);
    }
}

/// A file was written to.
#[inline]
pub fn modified(file: &OpenFile) {
    if is_active() {
        file_event(file, IN_MODIFY);
    }
}

#[inline(never)]
fn file_event(file: &OpenFile, mask: u32) {
    if let Some(place) = &file.path {
        happened(&place.dentry, mask);
    }
}

/// The last descriptor of an open file was closed.
#[inline]
pub fn closed(file: &OpenFile) {
    if !is_active() || file.is_path() {
        return;
    }
    let Some(place) = &file.path else { return };
    let mask = if file.writable() { IN_CLOSE_WRITE } else { IN_CLOSE_NOWRITE };
    happened(&place.dentry, mask);
    let nameless = place.dentry.is_deleted() && place.inode().attr().nlink() == 0;
    if nameless && Arc::strong_count(&place.dentry) == 1 {
        gone(place.inode(), IN_DELETE_SELF);
    }
}

/// The contents of what is at `place` changed without a descriptor (`truncate`).
pub fn resized(place: &PathRef) {
    if is_active() {
        happened(&place.dentry, IN_MODIFY);
    }
}

/// The attributes of what is at `place` changed.
pub fn attributes_changed(place: &PathRef) {
    if is_active() {
        happened(&place.dentry, IN_ATTRIB);
    }
}

/// The times of what is at `place` were set: of access, of modification.
pub fn times_set(place: &PathRef, access: bool, modification: bool) {
    if is_active() {
        happened(
            &place.dentry,
            match (access, modification) {
                (true, false) => IN_ACCESS,
                (false, true) => IN_MODIFY,
                _ => IN_ATTRIB,
            },
        );
    }
}

/// A name appeared in a directory. `linked` says that it is a further one.
pub fn created(dentry: &Arc<Dentry>, linked: bool) {
    if !is_active() {
        return;
    }
    if linked {
        happened_to(dentry.inode(), IN_ATTRIB);
    }
    named(dentry, IN_CREATE, 0);
}

/// Something about a name, told to who watches its directory.
fn named(dentry: &Arc<Dentry>, mask: u32, cookie: u32) {
    let (parent, name) = dentry.place();
    if let Some(parent) = parent {
        let mask = mask | directory_bit(dentry);
        tell(parent.inode(), Event { mask, cookie, name: Some(&name), gone: false });
    }
}

/// The name of `dentry`, to which the caller has the only reference of those who do not use the
/// object, was removed.
pub fn removed(dentry: &Arc<Dentry>) {
    if !is_active() {
        return;
    }
    lost_name(dentry);
    named(dentry, IN_DELETE, 0);
}

/// An object lost a name, and may be gone with it.
fn lost_name(dentry: &Arc<Dentry>) {
    let inode = dentry.inode();
    if !dentry.is_directory() {
        happened_to(inode, IN_ATTRIB);
    }
    if inode.attr().nlink() == 0 && Arc::strong_count(dentry) == 1 {
        gone(inode, IN_DELETE_SELF);
    }
}

/// `dentry` was moved here from the name `old` of the directory `from`; `replaced` lost its name
/// by that.
pub fn moved(dentry: &Arc<Dentry>, from: &Arc<Dentry>, old: &[u8], replaced: Option<&Arc<Dentry>>) {
    static COOKIE: AtomicU32 = AtomicU32::new(1);
    if !is_active() {
        return;
    }
    let cookie = COOKIE.fetch_add(1, Ordering::Relaxed);
    let mask = IN_MOVED_FROM | directory_bit(dentry);
    tell(from.inode(), Event { mask, cookie, name: Some(old), gone: false });
    named(dentry, IN_MOVED_TO, cookie);
    happened_to(dentry.inode(), IN_MOVE_SELF);
    if let Some(replaced) = replaced {
        lost_name(replaced);
    }
}

/// A file system with the device number `dev` is mounted no more.
pub fn unmounted(dev: u64) {
    if !is_active() {
        return;
    }
    loop {
        let next = {
            let watches = WATCHES.lock();
            let mut all = watches.values().filter_map(|list| list.first());
            all.find(|watch| watch.inode.attr().dev == dev).map(|watch| watch.inode.clone())
        };
        let Some(inode) = next else { return };
        for watch in watches_of(&inode) {
            if let Some(owner) = watch.owner.upgrade() {
                owner.push(watch.number, IN_UNMOUNT, 0, None);
                owner.drop_watch(&watch);
            } else {
                watch.end();
            }
        }
    }
}
