//! [`Inotify`]: a queue of what happened to watched files (`inotify(7)`).

use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;
use alloc::string::String;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::any::Any;
use core::fmt::Write;
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use elfin_platform::sync::SpinLock;
use elfin_syscalls::abi::{
    IN_ALL_EVENTS, IN_EXCL_UNLINK, IN_IGNORED, IN_MASK_ADD, IN_MASK_CREATE, IN_ONESHOT,
    IN_Q_OVERFLOW, InotifyEvent,
};
use elfin_syscalls::args::{IoctlCmd, UserAddr};
use elfin_syscalls::zerocopy::IntoBytes;
use elfin_syscalls::{Errno, SysResult};

use crate::fs::watch::Watch;
use crate::fs::{Dest, File, Inode, OpenFile};
use crate::sys::Cx;
use crate::sys::usercopy::user_write_at;
use crate::task::{PollEvents, PollTable, WaitQueue};

/// Events that wait at most (`fs.inotify.max_queued_events`).
pub const MAX_EVENTS: usize = 16_384;
/// Queues that there can be (`fs.inotify.max_user_instances`).
pub const MAX_INSTANCES: usize = 128;
/// An event before its name.
const HEADER: usize = size_of::<InotifyEvent>();
/// What a watch keeps of the mask that it was made with.
const KEPT: u32 = IN_ALL_EVENTS | IN_ONESHOT | IN_EXCL_UNLINK;
/// In place of a watch: the queue itself.
const NO_WATCH: i32 = -1;

static INSTANCES: AtomicUsize = AtomicUsize::new(0);

/// An event.
#[derive(PartialEq, Eq)]
struct Event {
    watch: i32,
    mask: u32,
    cookie: u32,
    name: Vec<u8>,
}

impl Event {
    /// The bytes of the name with its zeroes: whole headers.
    fn name_len(&self) -> usize {
        if self.name.is_empty() { 0 } else { (self.name.len() + 1).next_multiple_of(HEADER) }
    }

    fn len(&self) -> usize {
        HEADER + self.name_len()
    }

    fn put(&self, dst: &mut Dest<'_>) -> Result<(), Errno> {
        let header = InotifyEvent {
            wd: self.watch,
            mask: self.mask,
            cookie: self.cookie,
            len: u32::try_from(self.name_len()).unwrap_or(0),
        };
        let whole =
            dst.put(header.as_bytes())? == HEADER && dst.put(&self.name)? == self.name.len();
        let rest = self.name_len() - self.name.len();
        let whole = whole && dst.put([0; 2 * HEADER].get(..rest).unwrap_or_default())? == rest;
        if whole { Ok(()) } else { Err(Errno::EFAULT) }
    }
}

/// A queue of events, and what is watched for it.
pub struct Inotify {
    me: Weak<Self>,
    events: SpinLock<VecDeque<Event>>,
    watches: SpinLock<Watches>,
    queue: WaitQueue,
}

struct Watches {
    by_number: BTreeMap<i32, Arc<Watch>>,
    last: i32,
}

impl Inotify {
    /// A queue for which nothing is watched.
    ///
    /// # Errors
    /// `EMFILE` if there are too many.
    pub fn new() -> Result<Arc<Self>, Errno> {
        if INSTANCES.fetch_add(1, Ordering::Relaxed) >= MAX_INSTANCES {
            INSTANCES.fetch_sub(1, Ordering::Relaxed);
            return Err(Errno::EMFILE);
        }
        Ok(Arc::new_cyclic(|me| Self {
            me: me.clone(),
            events: SpinLock::new(VecDeque::new()),
            watches: SpinLock::new(Watches { by_number: BTreeMap::new(), last: 0 }),
            queue: WaitQueue::new(),
        }))
    }

    /// Watches `inode` for what `mask` says, or changes what it is watched for; the watch's
    /// number.
    ///
    /// # Errors
    /// `EEXIST` if it is watched and should not be, `ENOSPC`, `ENOMEM`.
    pub fn watch(&self, inode: &Arc<dyn Inode>, mask: u32) -> Result<i32, Errno> {
        let mut watches = self.watches.lock();
        let same = |watch: &&Arc<Watch>| Arc::ptr_eq(&watch.inode, inode);
        if let Some(watch) = watches.by_number.values().find(same) {
            if mask & IN_MASK_CREATE != 0 {
                return Err(Errno::EEXIST);
            }
            let before =
                if mask & IN_MASK_ADD != 0 { watch.mask.load(Ordering::Relaxed) } else { 0 };
            watch.mask.store(before | mask & KEPT, Ordering::Relaxed);
            return Ok(watch.number);
        }
        let mut number = watches.last;
        loop {
            number = number.checked_add(1).unwrap_or(1);
            if !watches.by_number.contains_key(&number) {
                break;
            }
        }
        let watch = Arc::new(Watch {
            number,
            inode: inode.clone(),
            mask: AtomicU32::new(mask & KEPT),
            owner: self.me.clone(),
        });
        watch.begin()?;
        watches.last = number;
        watches.by_number.insert(number, watch);
        Ok(number)
    }

    /// Watches no more.
    ///
    /// # Errors
    /// `EINVAL` if there is no such watch.
    pub fn unwatch(&self, number: i32) -> Result<(), Errno> {
        let watch = self.watches.lock().by_number.get(&number).cloned();
        self.drop_watch(&watch.ok_or(Errno::EINVAL)?);
        Ok(())
    }

    /// A watch ends, and that is told.
    pub fn drop_watch(&self, watch: &Arc<Watch>) {
        let removed = self.watches.lock().by_number.remove(&watch.number);
        if removed.is_some() && watch.end() {
            self.push(watch.number, IN_IGNORED, 0, None);
        }
    }

    /// Adds an event, unless the last one said the same.
    pub fn push(&self, watch: i32, mask: u32, cookie: u32, name: Option<&[u8]>) {
        let mut copy = Vec::new();
        let name = name.unwrap_or_default();
        let fits = copy.try_reserve_exact(name.len()).is_ok();
        if fits {
            copy.extend_from_slice(name);
        }
        let mut event = Event { watch, mask, cookie, name: copy };
        let mut events = self.events.lock();
        if events.back() == Some(&event) {
            return;
        }
        if events.len() >= MAX_EVENTS || !fits {
            event = Event { watch: NO_WATCH, mask: IN_Q_OVERFLOW, cookie: 0, name: Vec::new() };
            if events.back() == Some(&event) {
                return;
            }
        }
        if events.try_reserve(1).is_err() {
            return;
        }
        events.push_back(event);
        drop(events);
        self.queue.wake_all(PollEvents::READABLE);
    }

    /// The bytes that wait to be read.
    fn bytes(&self) -> usize {
        self.events.lock().iter().map(Event::len).sum()
    }

    /// Takes the next event if it fits in `room` bytes; `None` if there is none.
    fn take(&self, room: usize) -> Option<Result<Event, Errno>> {
        let mut events = self.events.lock();
        let fits = events.front()?.len() <= room;
        if fits { events.pop_front().map(Ok) } else { Some(Err(Errno::EINVAL)) }
    }
}

impl Drop for Inotify {
    fn drop(&mut self) {
        for watch in core::mem::take(&mut self.watches.get_mut().by_number).into_values() {
            watch.end();
        }
        INSTANCES.fetch_sub(1, Ordering::Relaxed);
    }
}

impl File for Inotify {
    fn read(&self, of: &OpenFile, dst: &mut Dest<'_>) -> SysResult {
        let first = match self.take(dst.remaining()) {
            Some(first) => first?,
            None if of.nonblocking() => return Err(Errno::EAGAIN),
            None => self.queue.wait_until(None, || self.take(dst.remaining()))??,
        };
        let mut done = first.len();
        first.put(dst)?;
        while let Some(Ok(event)) = self.take(dst.remaining()) {
            done += event.len();
            event.put(dst)?;
        }
        Ok(done)
    }

    fn poll(&self, _of: &OpenFile, table: Option<&mut PollTable<'_>>) -> PollEvents {
        if let Some(table) = table {
            table.add(&self.queue);
        }
        if self.events.lock().is_empty() { PollEvents::empty() } else { PollEvents::READABLE }
    }

    fn ioctl(&self, _of: &OpenFile, _cx: &mut Cx<'_>, cmd: u32, arg: UserAddr) -> SysResult {
        if IoctlCmd(cmd) != IoctlCmd::FIONREAD {
            return Err(Errno::ENOTTY);
        }
        user_write_at(arg, &i32::try_from(self.bytes()).unwrap_or(i32::MAX))?;
        Ok(0)
    }

    fn sends_signals(&self) -> bool {
        true
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn describe(&self) -> String {
        String::from("anon_inode:inotify")
    }

    fn fdinfo(&self, _of: &OpenFile) -> String {
        let mut lines = String::new();
        for watch in self.watches.lock().by_number.values() {
            let attr = watch.inode.attr();
            let mask = watch.mask.load(Ordering::Relaxed);
            let line = format!(
                "inotify wd:{:x} ino:{:x} sdev:{:x} mask:{mask:x} ignored_mask:0 \n",
                watch.number, attr.ino, attr.dev
            );
            // A string takes all there is memory for.
            let _ = lines.write_str(&line);
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::mount::FileSystem;
    use crate::fs::tmpfs::TmpFs;
    use elfin_syscalls::abi::{IN_CREATE, IN_MODIFY};

    #[test]
    fn names_are_padded_to_headers() {
        let event = |name: &[u8]| Event { watch: 1, mask: 0, cookie: 0, name: name.to_vec() };
        assert_eq!(event(b"").len(), HEADER);
        assert_eq!(event(&[b'x'; 15]).len(), 2 * HEADER);
        assert_eq!(event(&[b'x'; 16]).len(), 3 * HEADER);
    }

    #[test]
    fn equal_events_are_one_and_too_many_overflow() {
        let queue = Inotify::new().unwrap();
        queue.push(1, IN_MODIFY, 0, None);
        queue.push(1, IN_MODIFY, 0, None);
        queue.push(1, IN_MODIFY, 0, Some(b"name"));
        assert_eq!(queue.events.lock().len(), 2);
        for n in 0..2 * MAX_EVENTS {
            queue.push(1, IN_CREATE, u32::try_from(n).unwrap(), None);
        }
        let events = queue.events.lock();
        assert_eq!(events.len(), MAX_EVENTS + 1);
        assert_eq!(events.back().map(|event| (event.watch, event.mask)), Some((-1, IN_Q_OVERFLOW)));
    }

    #[test]
    fn masks_are_replaced_or_joined() {
        let queue = Inotify::new().unwrap();
        let inode = TmpFs::new("tmpfs", 0o755).root().inode().clone();
        assert_eq!(queue.watch(&inode, IN_CREATE), Ok(1));
        assert_eq!(queue.watch(&inode, IN_MODIFY | IN_MASK_ADD), Ok(1));
        let mask = || {
            queue.watches.lock().by_number.values().next().map(|w| w.mask.load(Ordering::Relaxed))
        };
        assert_eq!(mask(), Some(IN_CREATE | IN_MODIFY));
        assert_eq!(queue.watch(&inode, IN_MODIFY), Ok(1));
        assert_eq!(mask(), Some(IN_MODIFY));
        assert_eq!(queue.watch(&inode, IN_MODIFY | IN_MASK_CREATE), Err(Errno::EEXIST));
        assert_eq!(queue.unwatch(1), Ok(()));
        assert_eq!(queue.unwatch(1), Err(Errno::EINVAL));
        assert_eq!(queue.watch(&inode, IN_MODIFY), Ok(2));
    }
}
