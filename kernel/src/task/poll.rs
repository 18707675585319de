//! Readiness: [`PollEvents`], and how somebody who waits for many files is told.
//!
//! A file's `poll` gets a [`PollTable`] from those who want to be told of later changes (poll,
//! select, epoll) and adds the wait queue whose wakeups mean a change. The queue keeps a weak
//! reference to the [`Poller`]; dropping the poller ends the registration.

use alloc::sync::{Arc, Weak};

use bitflags::bitflags;
use elfin_syscalls::Errno;

use super::wait::WaitQueue;

bitflags! {
    /// What a file is ready for: the bits of `poll(2)` and `epoll(7)`, which are the same.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct PollEvents: u32 {
        /// There is something to read.
        const IN = 0x001;
        /// There is something urgent to read.
        const PRI = 0x002;
        /// Writing will not block.
        const OUT = 0x004;
        /// An error; always reported.
        const ERR = 0x008;
        /// The other side is gone; always reported.
        const HUP = 0x010;
        /// No such descriptor; `poll` only.
        const NVAL = 0x020;
        /// Normal data to read.
        const RDNORM = 0x040;
        /// Out-of-band data to read.
        const RDBAND = 0x080;
        /// Writing normal data will not block.
        const WRNORM = 0x100;
        /// Writing out-of-band data will not block.
        const WRBAND = 0x200;
        /// A message; unused by Linux.
        const MSG = 0x400;
        /// The other side will write no more.
        const RDHUP = 0x2000;
    }
}

impl PollEvents {
    /// Ready to read, as most files say it.
    pub const READABLE: Self = Self::IN.union(Self::RDNORM);
    /// Ready to write, as most files say it.
    pub const WRITABLE: Self = Self::OUT.union(Self::WRNORM);
    /// What is reported even if nobody asked for it.
    pub const ALWAYS: Self = Self::ERR.union(Self::HUP);
}

/// Somebody who waits for several queues at once.
///
/// A poller must not touch a wait queue that it is registered with while it is dropped.
pub trait Poller: Send + Sync {
    /// Something happened. `events` are those of the wakeup, which may hold more than the
    /// interest given, and are a hint: ask the file again.
    ///
    /// Called with the queue locked: it may lock other things and wake other queues, but must
    /// neither sleep nor touch the queue that calls.
    fn notify(&self, events: PollEvents);

    /// [`notify`](Self::notify) for one that is registered exclusively: whether it will see to
    /// it. If not, the next one is told, too.
    fn notify_exclusive(&self, events: PollEvents) -> bool {
        self.notify(events);
        true
    }
}

/// Registers one poller with the queues that a file's `poll` names.
pub struct PollTable<'a> {
    poller: &'a Arc<dyn Poller>,
    interest: PollEvents,
    exclusive: bool,
    failed: bool,
}

impl<'a> PollTable<'a> {
    /// A table that registers `poller` for wakeups that touch `interest` (errors and hang-ups are
    /// always included). With `exclusive` one wakeup reaches one of such pollers
    /// (`EPOLLEXCLUSIVE`).
    pub fn new(poller: &'a Arc<dyn Poller>, interest: PollEvents, exclusive: bool) -> Self {
        Self { poller, interest: interest | PollEvents::ALWAYS, exclusive, failed: false }
    }

    /// Registers with `queue`. Memory running out is remembered for [`finish`](Self::finish).
    pub fn add(&mut self, queue: &WaitQueue) {
        let entry = PollEntry {
            poller: Arc::downgrade(self.poller),
            interest: self.interest,
            exclusive: self.exclusive,
        };
        self.failed |= queue.register(entry).is_err();
    }

    /// Whether all registrations succeeded.
    ///
    /// # Errors
    /// `ENOMEM` if there was no memory for one.
    pub fn finish(&self) -> Result<(), Errno> {
        if self.failed { Err(Errno::ENOMEM) } else { Ok(()) }
    }
}

/// One registration in a queue; dead when the poller is gone.
pub(super) struct PollEntry {
    pub(super) poller: Weak<dyn Poller>,
    pub(super) interest: PollEvents,
    pub(super) exclusive: bool,
}
