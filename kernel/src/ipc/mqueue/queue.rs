//! [`MqInode`]: a POSIX message queue.
//!
//! A message for which somebody waits goes there at once; a message that waits for room is put in
//! by whoever makes room. Of those who wait the most urgent thread goes first, and of equal ones
//! the one that has waited longest.

use alloc::collections::VecDeque;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;

use elfin_platform::sync::SpinLock;
use elfin_platform::time;
use elfin_syscalls::Errno;

use super::account::Share;
use super::letters::{Letter, Letters};
use super::notify::{Notice, Registration};
use crate::fs::{Attr, OpenFile};
use crate::ipc::{Waiter, limits};
use crate::task::{Capability, Cred, PollEvents, Process, WaitQueue, Wake, current};

/// Bytes that Linux counts for each message (`struct msg_msg`).
const MESSAGE_OVERHEAD: u64 = 48;
/// Bytes that Linux counts for each priority (`struct posix_msg_tree_node`).
const PRIORITY_OVERHEAD: u64 = 48;
/// The most messages that the privileged may ask for (`HARD_MSGMAX`).
const HARD_MESSAGES: u64 = 65_536;
/// The largest message that the privileged may ask for (`HARD_MSGSIZEMAX`).
const HARD_SIZE: u64 = 16 * 1024 * 1024;

/// How large a queue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attributes {
    /// Messages that it holds.
    pub messages: usize,
    /// The length of the longest.
    pub size: usize,
}

impl Attributes {
    /// A queue's that is made without attributes.
    pub fn standard() -> Self {
        let lower = |most: &limits::Limit, own: &limits::Limit| most.count().min(own.count());
        Self {
            messages: lower(&limits::MQ_MSG_MAX, &limits::MQ_MSG_DEFAULT),
            size: lower(&limits::MQ_MSGSIZE_MAX, &limits::MQ_MSGSIZE_DEFAULT),
        }
    }

    /// Those that a program asks for.
    ///
    /// # Errors
    /// `EINVAL` out of range.
    pub fn checked(messages: i64, size: i64, cred: &Cred) -> Result<Self, Errno> {
        let (most, largest) = if cred.has(Capability::SYS_RESOURCE) {
            (HARD_MESSAGES, HARD_SIZE)
        } else {
            (limits::MQ_MSG_MAX.get(), limits::MQ_MSGSIZE_MAX.get())
        };
        let within = |value: i64, most: u64| {
            let value = u64::try_from(value).ok().filter(|value| (1..=most).contains(value));
            value.and_then(|value| usize::try_from(value).ok()).ok_or(Errno::EINVAL)
        };
        Ok(Self { messages: within(messages, most)?, size: within(size, largest)? })
    }

    /// Bytes that count against the user's limit.
    fn bytes(self) -> u64 {
        let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        let messages = count(self.messages);
        let priorities = messages.min(u64::from(super::PRIORITIES));
        messages
            .saturating_mul(count(self.size).saturating_add(MESSAGE_OVERHEAD))
            .saturating_add(priorities * PRIORITY_OVERHEAD)
    }
}

/// Somebody who waits for a message.
struct Receiver {
    rank: i32,
    waiter: Arc<Waiter<Letter>>,
}

/// Somebody who waits for room.
struct Sender {
    rank: i32,
    waiter: Arc<Waiter<()>>,
    letter: Letter,
}

/// A POSIX message queue, the object behind a name.
pub struct MqInode {
    pub(super) attr: Attr,
    /// How large it is.
    pub attributes: Attributes,
    state: SpinLock<State>,
    /// Pollers.
    pub(super) changed: WaitQueue,
    _share: Share,
}

struct State {
    letters: Letters,
    receivers: VecDeque<Receiver>,
    senders: VecDeque<Sender>,
    registration: Option<Registration>,
}

/// All queues, also those without a name that are still open.
static QUEUES: SpinLock<Vec<Weak<MqInode>>> = SpinLock::new(Vec::new());

impl MqInode {
    /// A new queue.
    ///
    /// # Errors
    /// `ENOSPC`, `EMFILE`, `ENOMEM`.
    pub(super) fn new(attr: Attr, attributes: Attributes) -> Result<Arc<Self>, Errno> {
        crate::ipc::reserve(size_of::<Self>())?;
        let share = Share::new(attributes.bytes())?;
        let state = State {
            letters: Letters::new(),
            receivers: VecDeque::new(),
            senders: VecDeque::new(),
            registration: None,
        };
        let queue = Arc::new(Self {
            attr,
            attributes,
            state: SpinLock::new(state),
            changed: WaitQueue::new(),
            _share: share,
        });
        let mut queues = QUEUES.lock();
        queues.retain(|queue| queue.strong_count() > 0);
        queues.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        queues.push(Arc::downgrade(&queue));
        Ok(queue)
    }

    /// The number of messages in it.
    pub fn count(&self) -> usize {
        self.state.lock().letters.len()
    }

    /// The length of all messages; and how, by which signal, and which process is told of the
    /// next: what reading the queue as a file shows.
    pub(super) fn summary(&self) -> (usize, i32, u32, u32) {
        const NONE: i32 = 1;
        const SIGNAL: i32 = 0;
        const THREAD: i32 = 2;
        let state = self.state.lock();
        let bytes = state.letters.bytes();
        let Some(registration) = &state.registration else { return (bytes, 0, 0, 0) };
        let (notify, signal) = match &registration.notice {
            Notice::Nothing => (NONE, 0),
            Notice::Signal(signal, _) => (SIGNAL, signal.map_or(0, |signal| signal.number())),
            Notice::Socket(..) => (THREAD, 0),
        };
        (bytes, notify, signal, registration.pid)
    }

    /// What it is ready for.
    pub(super) fn ready(&self) -> PollEvents {
        let count = self.count();
        let mut ready = PollEvents::empty();
        if count > 0 {
            ready |= PollEvents::READABLE;
        }
        if count < self.attributes.messages {
            ready |= PollEvents::WRITABLE;
        }
        ready
    }

    /// Sends a message, waiting for room until the wall clock reaches `until`, unless `no_wait`.
    ///
    /// # Errors
    /// `EAGAIN`, `ETIMEDOUT`, `ERESTARTSYS`, `ENOMEM`.
    pub fn send(&self, letter: Letter, no_wait: bool, until: Option<u64>) -> Result<(), Errno> {
        let waiter = {
            let mut state = self.state.lock();
            if let Some(receiver) = state.receivers.pop_front() {
                receiver.waiter.complete(letter);
                drop(state);
                self.attr.touch_mtime();
                return Ok(());
            }
            if state.letters.len() < self.attributes.messages {
                state.letters.reserve()?;
                state.letters.push(letter);
                let first = state.letters.len() == 1;
                let told = if first { state.registration.take() } else { None };
                drop(state);
                if let Some(registration) = told {
                    registration.fire();
                }
                self.attr.touch_mtime();
                self.changed.wake_all(PollEvents::READABLE);
                return Ok(());
            }
            if no_wait {
                return Err(Errno::EAGAIN);
            }
            let waiter = Waiter::new();
            state.senders.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
            let rank = rank();
            let at = state.senders.partition_point(|other| other.rank <= rank);
            state.senders.insert(at, Sender { rank, waiter: waiter.clone(), letter });
            waiter
        };
        self.wait(&waiter, until, |state| {
            state.senders.retain(|sender| !Arc::ptr_eq(&sender.waiter, &waiter));
        })
    }

    /// Receives the next message, waiting for one until the wall clock reaches `until`, unless
    /// `no_wait`.
    ///
    /// # Errors
    /// `EAGAIN`, `ETIMEDOUT`, `ERESTARTSYS`, `ENOMEM`.
    pub fn receive(&self, no_wait: bool, until: Option<u64>) -> Result<Letter, Errno> {
        let waiter = {
            let mut state = self.state.lock();
            if let Some(letter) = state.letters.pop() {
                let sender = state.senders.pop_front();
                let full = sender.is_some();
                if let Some(sender) = sender {
                    // There is room: one was just taken out.
                    state.letters.push(sender.letter);
                    sender.waiter.complete(());
                }
                drop(state);
                self.attr.update_times(|times| {
                    times.atime = time::wall();
                    times.ctime = times.atime;
                });
                self.changed.wake_all(if full {
                    PollEvents::READABLE
                } else {
                    PollEvents::WRITABLE
                });
                return Ok(letter);
            }
            if no_wait {
                return Err(Errno::EAGAIN);
            }
            let waiter = Waiter::new();
            state.receivers.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
            let rank = rank();
            let at = state.receivers.partition_point(|other| other.rank <= rank);
            state.receivers.insert(at, Receiver { rank, waiter: waiter.clone() });
            waiter
        };
        self.wait(&waiter, until, |state| {
            state.receivers.retain(|other| !Arc::ptr_eq(&other.waiter, &waiter));
        })
    }

    fn wait<R>(
        &self,
        waiter: &Waiter<R>,
        until: Option<u64>,
        withdraw: impl FnOnce(&mut State),
    ) -> Result<R, Errno> {
        let wake = loop {
            let missing = until.map(|until| until.saturating_sub(time::wall()));
            let deadline = missing.map(|missing| time::now().saturating_add(missing));
            match waiter.wait(deadline) {
                Ok(result) => return Ok(result),
                // The wall clock was set back meanwhile.
                Err(Wake::TimedOut) if until.is_some_and(|until| time::wall() < until) => {}
                Err(wake) => break wake,
            }
        };
        withdraw(&mut self.state.lock());
        waiter.take().ok_or(Errno::from(wake))
    }

    /// Lets the running process be told of the next message that comes to the empty queue.
    ///
    /// # Errors
    /// `EBUSY` if somebody is to be told already.
    pub fn register(&self, notice: Notice) -> Result<(), Errno> {
        let registration = Registration::new(notice);
        let mut state = self.state.lock();
        if state.registration.is_some() {
            // Outside of the lock: a socket may be dropped.
            drop(state);
            drop(registration);
            return Err(Errno::EBUSY);
        }
        state.registration = Some(registration);
        drop(state);
        self.touch();
        Ok(())
    }

    /// The process `pid` is no longer to be told.
    pub fn unregister(&self, pid: u32) {
        let removed = {
            let mut state = self.state.lock();
            state.registration.take_if(|registration| registration.pid == pid)
        };
        if let Some(registration) = removed {
            registration.cancel();
            self.touch();
        }
    }

    fn touch(&self) {
        self.attr.update_times(|times| {
            times.atime = time::wall();
            times.ctime = times.atime;
        });
    }
}

/// How urgent the running thread is.
fn rank() -> i32 {
    current().policy.lock().rank()
}

/// The queue that an open file is.
///
/// # Errors
/// `EBADF` if it is none.
pub fn of_file(file: &OpenFile) -> Result<&MqInode, Errno> {
    file.file.as_any().downcast_ref().ok_or(Errno::EBADF)
}

/// `process` ends: it is not to be told of anything any more.
pub fn forget(process: &Process) {
    let mut at = 0;
    loop {
        let queue = {
            let queues = QUEUES.lock();
            let rest = queues.get(at..).unwrap_or_default();
            let Some(skip) = rest.iter().position(|queue| queue.strong_count() > 0) else { return };
            at += skip + 1;
            rest.get(skip).and_then(Weak::upgrade)
        };
        if let Some(queue) = queue {
            queue.unregister(process.pid);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_have_bounds() {
        let root = Cred::root();
        let mut user = Cred::root();
        user.set_resuid([1, 1, 1]).unwrap();
        assert_eq!(Attributes::standard(), Attributes { messages: 10, size: 8192 });
        assert!(Attributes::checked(11, 1, &user).is_err());
        assert!(Attributes::checked(10, 8193, &user).is_err());
        assert!(Attributes::checked(10, 8192, &user).is_ok());
        assert!(Attributes::checked(65_536, 16 << 20, &root).is_ok());
        for (messages, size) in [(0, 1), (1, 0), (-1, 1), (1, -1), (65_537, 1)] {
            assert_eq!(Attributes::checked(messages, size, &root), Err(Errno::EINVAL));
        }
        assert_eq!(Attributes { messages: 10, size: 8192 }.bytes(), 10 * (8192 + 96));
    }
}
