//! [`Item`]: a file that an epoll instance watches.

use alloc::sync::{Arc, Weak};
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use elfin_syscalls::abi::EpollEvent;
use elfin_syscalls::args::{EpollEvents, Fd};

use super::Core;
use crate::fs::OpenFile;
use crate::fs::file::Watcher;
use crate::task::{PollEvents, Poller};

/// The flags beside the events.
const FLAGS: EpollEvents = EpollEvents::EXCLUSIVE
    .union(EpollEvents::WAKEUP)
    .union(EpollEvents::ONESHOT)
    .union(EpollEvents::ET);

/// What an item is known by: the descriptor and the open file behind it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    fd: i32,
    file: usize,
}

impl Key {
    pub(super) fn new(fd: Fd, file: &Arc<OpenFile>) -> Self {
        Self { fd: fd.0, file: Arc::as_ptr(file).addr() }
    }

    pub(super) fn fd(self) -> i32 {
        self.fd
    }

    /// Descriptors are small and differ: they need only be spread.
    pub(super) fn hash(self) -> u64 {
        const K: u64 = 0x9e37_79b9_7f4a_7c15;
        let hash = u64::from(self.fd.cast_unsigned()).wrapping_add(1).wrapping_mul(K);
        hash ^ hash >> 32
    }
}

/// A watched file.
pub(super) struct Item {
    pub(super) key: Key,
    me: Weak<Self>,
    core: Arc<Core>,
    file: Weak<OpenFile>,
    /// Events asked for; none once it is disabled.
    interest: AtomicU32,
    flags: EpollEvents,
    data: u64,
    /// It is on the list of those to look at.
    pub(super) listed: AtomicBool,
}

impl Item {
    pub(super) fn new(
        key: Key,
        core: &Arc<Core>,
        file: &Arc<OpenFile>,
        event: EpollEvent,
    ) -> Arc<Self> {
        let requested = event.requested();
        let events = PollEvents::from_bits_truncate((requested - FLAGS).bits());
        Arc::new_cyclic(|me| Self {
            key,
            me: me.clone(),
            core: core.clone(),
            file: Arc::downgrade(file),
            interest: AtomicU32::new((events | PollEvents::ALWAYS).bits()),
            flags: requested & FLAGS,
            data: event.data,
            listed: AtomicBool::new(false),
        })
    }

    /// The file, while it is open.
    pub(super) fn file(&self) -> Option<Arc<OpenFile>> {
        self.file.upgrade()
    }

    pub(super) fn interest(&self) -> PollEvents {
        PollEvents::from_bits_retain(self.interest.load(Ordering::Acquire))
    }

    pub(super) fn flags(&self) -> EpollEvents {
        self.flags
    }

    /// No more events, until it is modified.
    pub(super) fn disable(&self) {
        self.interest.store(0, Ordering::Release);
    }

    /// What the file is ready for now, of what was asked for.
    pub(super) fn look(&self) -> PollEvents {
        let interest = self.interest();
        if interest.is_empty() {
            return interest;
        }
        match self.file.upgrade() {
            Some(file) => file.poll(None) & interest,
            None => PollEvents::empty(),
        }
    }

    /// The event for the program.
    pub(super) fn event(&self, events: PollEvents) -> EpollEvent {
        EpollEvent::new(EpollEvents::from_bits_retain(events.bits()), self.data)
    }
}

impl Poller for Item {
    fn notify(&self, events: PollEvents) {
        if self.interest().intersects(events)
            && !self.listed.load(Ordering::Acquire)
            && let Some(item) = self.me.upgrade()
        {
            self.core.announce(&item);
        }
    }
}

impl Watcher for Item {
    fn closed(&self) {
        drop(self.core.remove(self.key));
    }
}
