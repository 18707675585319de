//! [`Waiter`]: somebody who sleeps until another does what was asked for.
//!
//! A semaphore operation or the receipt of a message that cannot be done now is left with the
//! object. Whoever makes it possible does it on the sleeper's behalf, in the order in which they
//! came, and leaves the result here.

use alloc::sync::Arc;

use elfin_platform::sync::SpinLock;

use crate::task::{PollEvents, WaitQueue, Wake};

/// The place for one result, and who waits for it.
pub struct Waiter<R> {
    result: SpinLock<Option<R>>,
    queue: WaitQueue,
}

impl<R> Waiter<R> {
    /// Nothing has happened yet.
    pub fn new() -> Arc<Self> {
        Arc::new(Self { result: SpinLock::new(None), queue: WaitQueue::new() })
    }

    /// Says how it went, and wakes the sleeper.
    pub fn complete(&self, result: R) {
        *self.result.lock() = Some(result);
        self.queue.wake_all(PollEvents::empty());
    }

    /// Takes the result, if it is there.
    pub fn take(&self) -> Option<R> {
        self.result.lock().take()
    }

    /// Sleeps until the result is there, a signal is to be handled, or the monotonic clock
    /// reaches `deadline`. After an error the result may have come after all: the caller takes
    /// its request back, with the object locked, and then looks once more.
    ///
    /// # Errors
    /// Why it gave up.
    pub fn wait(&self, deadline: Option<u64>) -> Result<R, Wake> {
        self.queue.wait_until(deadline, || self.take())
    }
}
