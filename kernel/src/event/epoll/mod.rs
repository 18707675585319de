//! epoll: being told which of many files are ready, at a cost of those alone.
//!
//! An [`Epoll`] has an [`Item`] per file and descriptor. A file that changes puts its item on
//! the list of those to look at; `epoll_wait` asks each on the list what it is ready for.

mod item;
mod ready;
#[cfg(test)]
mod tests;

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::any::Any;

use elfin_platform::sync::SpinLock;
use elfin_syscalls::Errno;
use elfin_syscalls::abi::EpollEvent;
use elfin_syscalls::args::{EpollEvents, Fd};
use hashbrown::HashTable;

use crate::fs::{File, OpenFile};
use crate::task::{Mutex, PollEvents, PollTable, Poller, WaitQueue, Wake};
use item::{Item, Key};
use ready::Ready;

/// How deep epoll files may watch each other (`EP_MAX_NESTS`).
const MAX_NESTING: u32 = 4;

/// Epoll files are added to others one at a time, so that no loop arises between two.
static NESTING: Mutex<()> = Mutex::new(());

/// An epoll instance.
pub struct Epoll(Arc<Core>);

/// What items refer back to.
pub(super) struct Core {
    items: SpinLock<HashTable<Arc<Item>>>,
    ready: Ready,
    waiters: WaitQueue,
    /// Held by the one who looks at the items on the list.
    looking: Mutex<()>,
}

impl Epoll {
    /// An instance that watches nothing.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::new(Self(Arc::new(Core {
            items: SpinLock::new(HashTable::new()),
            ready: Ready::new(),
            waiters: WaitQueue::new(),
            looking: Mutex::new(()),
        })))
    }

    /// The epoll instance of an open file.
    ///
    /// # Errors
    /// `EINVAL` if it is none.
    pub fn of(file: &OpenFile) -> Result<&Self, Errno> {
        file.file.as_any().downcast_ref().ok_or(Errno::EINVAL)
    }

    /// Watches `file`, known by the descriptor `fd`.
    ///
    /// # Errors
    /// `EEXIST` if it is watched, `ELOOP` for epoll files that would watch each other,
    /// `ENOMEM`.
    pub fn add(&self, fd: Fd, file: &Arc<OpenFile>, event: EpollEvent) -> Result<(), Errno> {
        let inner = file.file.as_any().downcast_ref::<Self>();
        let _nesting = inner.map(|_| NESTING.lock());
        if let Some(inner) = inner {
            inner.check_loop(&self.0, MAX_NESTING)?;
        }
        let key = Key::new(fd, file);
        if self.0.find(key).is_some() {
            return Err(Errno::EEXIST);
        }
        self.0.insert(key, file, event)
    }

    /// Changes what is to be known about a watched file.
    ///
    /// # Errors
    /// `ENOENT`, `ENOMEM`; `EINVAL` for one that was added as exclusive.
    pub fn modify(&self, fd: Fd, file: &Arc<OpenFile>, event: EpollEvent) -> Result<(), Errno> {
        let key = Key::new(fd, file);
        let old = self.0.find(key).ok_or(Errno::ENOENT)?;
        if old.flags().contains(EpollEvents::EXCLUSIVE) {
            return Err(Errno::EINVAL);
        }
        self.0.remove(key);
        self.0.insert(key, file, event)
    }

    /// Stops watching a file.
    ///
    /// # Errors
    /// `ENOENT`.
    pub fn delete(&self, fd: Fd, file: &Arc<OpenFile>) -> Result<(), Errno> {
        self.0.remove(Key::new(fd, file)).map(drop).ok_or(Errno::ENOENT)
    }

    /// Waits until a file is ready or the monotonic clock reaches `deadline` (`Some(0)`: does
    /// not wait), and gives at most `max` events to `emit`. Their number.
    ///
    /// # Errors
    /// `EINTR` for a signal, and `emit`'s if no event was given.
    pub fn wait(
        &self,
        max: usize,
        deadline: Option<u64>,
        emit: &mut dyn FnMut(usize, EpollEvent) -> Result<(), Errno>,
    ) -> Result<usize, Errno> {
        loop {
            let count = self.0.harvest(max, emit)?;
            if count > 0 || deadline == Some(0) {
                return Ok(count);
            }
            let listed = || (!self.0.ready.is_empty()).then_some(());
            match self.0.waiters.wait_exclusive_until(deadline, listed) {
                Ok(()) => {}
                Err(Wake::TimedOut) => return Ok(0),
                Err(Wake::Interrupted) => return Err(Errno::EINTR),
            }
        }
    }

    /// Checks that watching this instance from `outer` makes no loop and no deep nest.
    fn check_loop(&self, outer: &Arc<Core>, depth: u32) -> Result<(), Errno> {
        if Arc::ptr_eq(&self.0, outer) || depth == 0 {
            return Err(Errno::ELOOP);
        }
        for file in self.0.files()? {
            if let Some(inner) = file.file.as_any().downcast_ref::<Self>() {
                inner.check_loop(outer, depth - 1)?;
            }
        }
        Ok(())
    }
}

impl Drop for Epoll {
    /// Items refer back to what they are in.
    fn drop(&mut self) {
        let items = core::mem::take(&mut *self.0.items.lock());
        items.iter().for_each(|item| item.disable());
        self.0.ready.clear();
    }
}

impl Core {
    fn find(&self, key: Key) -> Option<Arc<Item>> {
        self.items.lock().find(key.hash(), |item| item.key == key).cloned()
    }

    fn files(&self) -> Result<Vec<Arc<OpenFile>>, Errno> {
        let items = self.items.lock();
        let mut files = Vec::new();
        files.try_reserve_exact(items.len()).map_err(|_| Errno::ENOMEM)?;
        files.extend(items.iter().filter_map(|item| item.file()));
        Ok(files)
    }

    fn insert(
        self: &Arc<Self>,
        key: Key,
        file: &Arc<OpenFile>,
        event: EpollEvent,
    ) -> Result<(), Errno> {
        let item = Item::new(key, self, file, event);
        let mut items = self.items.lock();
        items.try_reserve(1, |item| item.key.hash()).map_err(|_| Errno::ENOMEM)?;
        self.ready.reserve(items.len() + 1)?;
        items.insert_unique(key.hash(), item.clone(), |item| item.key.hash());
        drop(items);
        let poller: Arc<dyn Poller> = item.clone();
        let exclusive = item.flags().contains(EpollEvents::EXCLUSIVE);
        let mut table = PollTable::new(&poller, item.interest(), exclusive);
        let events = file.poll(Some(&mut table)) & item.interest();
        let as_watcher: Arc<dyn crate::fs::file::Watcher> = item.clone();
        let watched = file.watch(Arc::downgrade(&as_watcher));
        if let Err(errno) = table.finish().and(watched) {
            self.remove(key);
            return Err(errno);
        }
        if !events.is_empty() {
            self.announce(&item);
        }
        Ok(())
    }

    /// Removes an item; it is dropped by the caller, outside of locks.
    fn remove(&self, key: Key) -> Option<Arc<Item>> {
        let mut items = self.items.lock();
        let entry = items.find_entry(key.hash(), |item| item.key == key).ok()?;
        let (item, _) = entry.remove();
        drop(items);
        item.disable();
        Some(item)
    }

    /// Puts an item on the list, and tells somebody who waits.
    fn announce(&self, item: &Arc<Item>) {
        if self.ready.push(item) {
            self.waiters.wake_one(PollEvents::READABLE);
        }
    }

    /// Looks at the items on the list, and gives what they are ready for to `emit`.
    fn harvest(
        &self,
        max: usize,
        emit: &mut dyn FnMut(usize, EpollEvent) -> Result<(), Errno>,
    ) -> Result<usize, Errno> {
        if self.ready.is_empty() {
            return Ok(0);
        }
        let looking = self.looking.lock();
        let mut count = 0;
        let mut result = Ok(());
        // What is put back while we look is for the next time.
        for _ in 0..self.ready.len() {
            let Some(item) = self.ready.pop() else { break };
            let events = item.look();
            if events.is_empty() {
                continue;
            }
            if count == max || result.is_err() {
                self.ready.push_front(&item);
                break;
            }
            result = emit(count, item.event(events));
            if result.is_err() {
                self.ready.push_front(&item);
                break;
            }
            count += 1;
            let flags = item.flags();
            if flags.contains(EpollEvents::ONESHOT) {
                item.disable();
            } else if !flags.contains(EpollEvents::ET) {
                self.ready.push(&item);
            }
        }
        drop(looking);
        if !self.ready.is_empty() {
            self.waiters.wake_one(PollEvents::READABLE);
        }
        match result {
            Err(errno) if count == 0 => Err(errno),
            _ => Ok(count),
        }
    }

    /// Whether any item on the list is ready; those that are not leave it.
    fn any_ready(&self) -> bool {
        if self.ready.is_empty() {
            return false;
        }
        let _looking = self.looking.lock();
        while let Some(item) = self.ready.pop() {
            if !item.look().is_empty() {
                self.ready.push_front(&item);
                return true;
            }
        }
        false
    }
}

impl File for Epoll {
    fn poll(&self, _of: &OpenFile, table: Option<&mut PollTable<'_>>) -> PollEvents {
        if let Some(table) = table {
            table.add(&self.0.waiters);
        }
        if self.0.any_ready() { PollEvents::READABLE } else { PollEvents::empty() }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn describe(&self) -> String {
        String::from("anon_inode:[eventpoll]")
    }

    fn fdinfo(&self, _of: &OpenFile) -> String {
        let items = self.0.items.lock();
        let mut text = String::new();
        for item in items.iter() {
            let (fd, event) = (item.key.fd(), item.event(item.interest()));
            let (events, data) = (item.flags().bits() | event.events, event.data);
            text += &format!("tfd: {fd:8} events: {events:8x} data: {data:16x}\n");
        }
        text
    }
}
