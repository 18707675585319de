//! Asynchronous input and output (`io_submit(2)`).
//!
//! Files are memory here, so an operation is done when it is submitted and only its result waits
//! to be fetched; what waits on its own is a request for readiness ([`Poll`]). A [`Context`] is
//! known by the address of a page that is mapped for it, as in Linux, where that is the ring.

use alloc::collections::VecDeque;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use elfin_platform::sync::SpinLock;
use elfin_syscalls::Errno;
use elfin_syscalls::abi::IoEvent;

use super::eventfd::EventFd;
use crate::fs::OpenFile;
use crate::task::{PollEvents, PollTable, Poller, WaitQueue, Wake};

/// Operations that all contexts may have (`fs.aio-max-nr`).
pub const MAX_OPERATIONS: usize = 65_536;

static OPERATIONS: AtomicUsize = AtomicUsize::new(0);

/// Operations that contexts were made for (`fs.aio-nr`).
pub fn operations() -> usize {
    OPERATIONS.load(Ordering::Relaxed)
}

/// The contexts of an address space.
#[derive(Default)]
pub struct Contexts(SpinLock<Vec<Arc<Context>>>);

impl Contexts {
    /// None.
    pub const fn new() -> Self {
        Self(SpinLock::new(Vec::new()))
    }

    /// Adds one.
    ///
    /// # Errors
    /// `ENOMEM`.
    pub fn add(&self, context: Arc<Context>) -> Result<(), Errno> {
        let mut contexts = self.0.lock();
        contexts.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        contexts.push(context);
        Ok(())
    }

    /// The context that is known by this address.
    ///
    /// # Errors
    /// `EINVAL` if there is none.
    pub fn get(&self, address: usize) -> Result<Arc<Context>, Errno> {
        let contexts = self.0.lock();
        let found = contexts.iter().find(|context| context.address == address);
        found.cloned().ok_or(Errno::EINVAL)
    }

    /// Takes the context out that is known by this address.
    ///
    /// # Errors
    /// `EINVAL` if there is none.
    pub fn remove(&self, address: usize) -> Result<Arc<Context>, Errno> {
        let mut contexts = self.0.lock();
        let at = contexts.iter().position(|context| context.address == address);
        Ok(contexts.swap_remove(at.ok_or(Errno::EINVAL)?))
    }

    /// Takes all out.
    pub fn clear(&self) {
        let contexts = core::mem::take(&mut *self.0.lock());
        drop(contexts);
    }
}

/// Where results wait to be fetched.
pub struct Context {
    /// What it is known by.
    pub address: usize,
    /// Operations that it holds at most.
    capacity: usize,
    state: SpinLock<State>,
    queue: WaitQueue,
}

struct State {
    /// Results, for which there is room.
    done: VecDeque<IoEvent>,
    /// Requests for readiness, some of which may have been met.
    polls: Vec<Arc<Poll>>,
    ended: bool,
}

/// Whom a result is told to.
#[derive(Clone)]
pub struct Receipt {
    /// The program's value.
    pub data: u64,
    /// The control block's address.
    pub block: u64,
    /// Counts results.
    pub eventfd: Option<Arc<OpenFile>>,
}

impl Context {
    /// A context of `capacity` operations.
    ///
    /// # Errors
    /// `EAGAIN` for too many, `ENOMEM`.
    pub fn new(address: usize, capacity: usize) -> Result<Arc<Self>, Errno> {
        let sum = |taken: usize| taken.checked_add(capacity).filter(|sum| *sum <= MAX_OPERATIONS);
        OPERATIONS
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, sum)
            .map_err(|_| Errno::EAGAIN)?;
        // From here on its end gives the share back.
        let context = Arc::new(Self {
            address,
            capacity,
            state: SpinLock::new(State { done: VecDeque::new(), polls: Vec::new(), ended: false }),
            queue: WaitQueue::new(),
        });
        {
            let mut state = context.state.lock();
            state.done.try_reserve_exact(capacity).map_err(|_| Errno::ENOMEM)?;
            state.polls.try_reserve_exact(capacity).map_err(|_| Errno::ENOMEM)?;
        }
        Ok(context)
    }

    /// Whether another operation may begin.
    ///
    /// # Errors
    /// `EAGAIN` if results must be fetched first.
    pub fn check_room(&self) -> Result<(), Errno> {
        let met = {
            let mut state = self.state.lock();
            let met = state.sweep();
            if state.done.len() + state.polls.len() >= self.capacity {
                return Err(Errno::EAGAIN);
            }
            met
        };
        drop(met);
        Ok(())
    }

    /// An operation is over.
    pub fn complete(&self, receipt: &Receipt, result: i64) {
        let event = IoEvent { data: receipt.data, obj: receipt.block, res: result, res2: 0 };
        let mut state = self.state.lock();
        if state.ended || state.done.len() >= self.capacity {
            return;
        }
        state.done.push_back(event);
        drop(state);
        if let Some(counter) =
            receipt.eventfd.as_ref().and_then(|file| file.file.as_any().downcast_ref::<EventFd>())
        {
            counter.signal();
        }
        self.queue.wake_all(PollEvents::empty());
    }

    /// Takes up to `most` results out, once there are `least` in all or the clock reaches
    /// `deadline`; gives each to `put`. Their number.
    ///
    /// # Errors
    /// `EINTR` if a signal came before any result, `EINVAL` if the context ends; those of `put`.
    pub fn fetch(
        &self,
        least: usize,
        most: usize,
        deadline: Option<u64>,
        mut put: impl FnMut(usize, &IoEvent) -> Result<(), Errno>,
    ) -> Result<usize, Errno> {
        let mut fetched = 0;
        loop {
            while fetched < most {
                let Some(event) = self.state.lock().done.pop_front() else { break };
                put(fetched, &event)?;
                fetched += 1;
            }
            if fetched >= least {
                return Ok(fetched);
            }
            let more = || {
                let state = self.state.lock();
                (state.ended || !state.done.is_empty()).then_some(state.ended)
            };
            match self.queue.wait_until(deadline, more) {
                Ok(false) => {}
                Ok(true) => return Err(Errno::EINVAL),
                Err(Wake::Interrupted) if fetched == 0 => return Err(Errno::EINTR),
                Err(_) => return Ok(fetched),
            }
        }
    }

    /// Nobody fetches anything any more.
    pub fn end(&self) {
        let polls = {
            let mut state = self.state.lock();
            state.ended = true;
            core::mem::take(&mut state.polls)
        };
        drop(polls);
        self.queue.wake_all(PollEvents::empty());
    }

    /// Completes an operation once `file` is ready for `interest`.
    ///
    /// # Errors
    /// `ENOMEM`.
    pub fn poll(
        self: &Arc<Self>,
        file: &Arc<OpenFile>,
        interest: PollEvents,
        receipt: Receipt,
    ) -> Result<(), Errno> {
        let interest = interest | PollEvents::ALWAYS;
        let poll = Arc::new(Poll {
            context: Arc::downgrade(self),
            _file: file.clone(),
            interest,
            receipt,
            met: AtomicBool::new(false),
        });
        let poller: Arc<dyn Poller> = poll.clone();
        let mut table = PollTable::new(&poller, interest, false);
        let ready = file.poll(Some(&mut table)) & interest;
        table.finish()?;
        self.state.lock().polls.push(poll.clone());
        if !ready.is_empty() {
            poll.meet(i64::from(ready.bits()));
        }
        Ok(())
    }

    /// Cancels the request for readiness with this control block; its result comes as others do.
    ///
    /// # Errors
    /// `EINVAL` if there is none, else `EINPROGRESS`, which is how Linux says it is done.
    pub fn cancel(&self, block: u64) -> Result<(), Errno> {
        let found = {
            let state = self.state.lock();
            state.polls.iter().find(|poll| poll.receipt.block == block && !poll.is_met()).cloned()
        };
        found.ok_or(Errno::EINVAL)?.meet(-i64::from(Errno::ECANCELED.number()));
        Err(Errno::EINPROGRESS)
    }
}

impl State {
    /// Takes out the requests that have been met.
    fn sweep(&mut self) -> Vec<Arc<Poll>> {
        let mut met = Vec::new();
        let mut at = 0;
        while let Some(poll) = self.polls.get(at) {
            if poll.is_met() && met.try_reserve(1).is_ok() {
                met.push(self.polls.swap_remove(at));
            } else {
                at += 1;
            }
        }
        met
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        OPERATIONS.fetch_sub(self.capacity, Ordering::Relaxed);
    }
}

/// A request for readiness.
pub struct Poll {
    context: Weak<Context>,
    _file: Arc<OpenFile>,
    interest: PollEvents,
    receipt: Receipt,
    met: AtomicBool,
}

impl Poll {
    fn is_met(&self) -> bool {
        self.met.load(Ordering::Acquire)
    }

    fn meet(&self, result: i64) {
        let Some(context) = self.context.upgrade() else { return };
        if !self.met.swap(true, Ordering::AcqRel) {
            context.complete(&self.receipt, result);
        }
    }
}

impl Poller for Poll {
    fn notify(&self, events: PollEvents) {
        let ready = events & self.interest;
        if !ready.is_empty() {
            self.meet(i64::from(ready.bits()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(data: u64) -> Receipt {
        Receipt { data, block: 0, eventfd: None }
    }

    #[test]
    fn results_wait_in_order_and_fill_the_context() {
        let context = Context::new(1, 2).unwrap();
        for n in 0..2 {
            context.check_room().unwrap();
            context.complete(&receipt(n), 7);
        }
        assert_eq!(context.check_room(), Err(Errno::EAGAIN));
        let mut seen = Vec::new();
        let count = context.fetch(1, 5, None, |_, event| {
            seen.push(event.data);
            Ok(())
        });
        assert_eq!((count, seen), (Ok(2), std::vec![0, 1]));
        assert_eq!(context.fetch(0, 5, None, |_, _| Ok(())), Ok(0));
        assert_eq!(context.check_room(), Ok(()));
    }

    #[test]
    fn too_many_operations_are_refused() {
        assert!(Context::new(1, MAX_OPERATIONS + 1).is_err());
        assert!(Context::new(1, 8).is_ok());
    }
}
