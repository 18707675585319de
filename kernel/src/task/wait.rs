//! [`WaitQueue`]: sleeping until something happens, and waking those who sleep.
//!
//! A condition belongs to whoever owns the queue; the queue only says "look again". A sleeper
//! enters the queue, looks once more and only then gives up the CPU, and a waker changes the
//! condition before it looks whether anybody is in the queue: with a full barrier on both sides
//! no wakeup is lost. Waking a queue in which nobody is costs the barrier and one load.
//!
//! Neighbours: [`super::poll`] registers those who wait for several queues, [`super::sched`]
//! blocks and wakes threads, [`super::timer`] ends sleeps at their deadline.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering, fence};

use elfin_platform::sync::{SpinGuard, SpinLock};
use elfin_platform::time;
use elfin_syscalls::Errno;

use super::poll::{PollEntry, PollEvents};
use super::sched::{self, Sleep};
use super::thread::{ThreadRef, current};
use super::timer;

/// Why a sleep ended although its condition is not met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// A signal is to be handled.
    Interrupted,
    /// The deadline has passed.
    TimedOut,
}

impl From<Wake> for Errno {
    /// For calls that restart as `SA_RESTART` says: a signal gives `ERESTARTSYS`, which the way
    /// back to the program resolves. A deadline gives `ETIMEDOUT`; where Linux has another
    /// answer, match on [`Wake`] instead.
    fn from(wake: Wake) -> Self {
        match wake {
            Wake::Interrupted => Errno::ERESTARTSYS,
            Wake::TimedOut => Errno::ETIMEDOUT,
        }
    }
}

/// Threads that sleep until something happens, and pollers that want to know.
pub struct WaitQueue {
    /// What somebody in `inner` waits for, to see without the lock that nobody does: the events
    /// that pollers are interested in, and [`SLEEPERS`].
    wanted: AtomicU32,
    inner: SpinLock<Inner>,
}

/// In `wanted`: threads sleep, whom every wakeup concerns. No poll event has this bit.
const SLEEPERS: u32 = 1 << 31;

struct Inner {
    sleepers: VecDeque<Sleeper>,
    pollers: Vec<PollEntry>,
    /// All that pollers are interested in, or were.
    interests: PollEvents,
}

struct Sleeper {
    thread: ThreadRef,
    /// Woken one at a time by [`WaitQueue::wake_one`].
    exclusive: bool,
}

impl Inner {
    #[inline]
    fn remove_sleeper(&mut self, index: usize) {
        // Taking the first one out moves none of the others.
        let _sleeper =
            if index == 0 { self.sleepers.pop_front() } else { self.sleepers.remove(index) };
    }
}

/// How a sleep in a queue is to be.
#[derive(Clone, Copy)]
struct Manner {
    sleep: Sleep,
    exclusive: bool,
    deadline: Option<u64>,
}

impl WaitQueue {
    /// A queue in which nobody waits.
    pub const fn new() -> Self {
        Self {
            wanted: AtomicU32::new(0),
            inner: SpinLock::new(Inner {
                sleepers: VecDeque::new(),
                pollers: Vec::new(),
                interests: PollEvents::empty(),
            }),
        }
    }

    /// Sleeps until `cond` gives something, a signal is to be handled, or the clock
    /// ([`time::now`], nanoseconds) reaches `deadline`.
    ///
    /// `cond` is asked before the first sleep and after every wakeup; it should not sleep
    /// itself.
    ///
    /// # Errors
    /// Why it gave up. The condition was asked after that happened, so nothing is missed.
    pub fn wait_until<R>(
        &self,
        deadline: Option<u64>,
        cond: impl FnMut() -> Option<R>,
    ) -> Result<R, Wake> {
        self.wait(Manner { sleep: Sleep::Interruptible, exclusive: false, deadline }, cond)
    }

    /// The same, for sleepers of whom [`wake_one`](Self::wake_one) wakes one at a time.
    ///
    /// # Errors
    /// As [`wait_until`](Self::wait_until).
    pub fn wait_exclusive_until<R>(
        &self,
        deadline: Option<u64>,
        cond: impl FnMut() -> Option<R>,
    ) -> Result<R, Wake> {
        self.wait(Manner { sleep: Sleep::Interruptible, exclusive: true, deadline }, cond)
    }

    /// Sleeps until `cond` gives something, whatever signals come.
    pub fn wait_uninterruptible<R>(&self, cond: impl FnMut() -> Option<R>) -> R {
        self.wait_deaf(false, cond)
    }

    /// Sleeps until `cond` gives something; of signals only the end of the process ends this.
    ///
    /// # Errors
    /// [`Wake::Interrupted`] when the thread is to end.
    pub fn wait_killable<R>(&self, cond: impl FnMut() -> Option<R>) -> Result<R, Wake> {
        self.wait(Manner { sleep: Sleep::Killable, exclusive: false, deadline: None }, cond)
    }

    /// Sleeps uninterruptibly and exclusively: for locks.
    pub(super) fn wait_exclusive_uninterruptible<R>(&self, cond: impl FnMut() -> Option<R>) -> R {
        self.wait_deaf(true, cond)
    }

    fn wait_deaf<R>(&self, exclusive: bool, mut cond: impl FnMut() -> Option<R>) -> R {
        let manner = Manner { sleep: Sleep::Uninterruptible, exclusive, deadline: None };
        loop {
            // Neither signals nor time end this sleep, so the first turn is the last.
            if let Ok(result) = self.wait(manner, &mut cond) {
                return result;
            }
        }
    }

    fn wait<R>(&self, manner: Manner, mut cond: impl FnMut() -> Option<R>) -> Result<R, Wake> {
        if let Some(result) = cond() {
            return Ok(result);
        }
        let me = current().to_arc();
        loop {
            sched::prepare_to_sleep(&me, manner.sleep);
            let in_queue = self.enter(&me, manner.exclusive);
            fence(Ordering::SeqCst);
            let verdict = match cond() {
                Some(result) => Some(Ok(result)),
                None => manner.give_up(&me).map(Err),
            };
            if let Some(verdict) = verdict {
                sched::stay_awake(&me);
                self.leave(&me);
                return verdict;
            }
            if in_queue {
                let timer = manner.deadline.map(|at| timer::arm_wakeup(at, me.clone()));
                sched::block(&me);
                drop(timer);
                self.leave(&me);
                // Most often what was waited for is there now.
                if let Some(result) = cond() {
                    return Ok(result);
                }
            } else {
                // No memory to queue up in: let others run and look again.
                sched::stay_awake(&me);
                sched::yield_now();
            }
        }
    }

    /// Wakes all sleepers, and tells all pollers whose interest meets `events`.
    #[inline]
    pub fn wake_all(&self, events: PollEvents) {
        if self.concerns(events) {
            self.wake_waiters(events, u32::MAX);
        }
    }

    /// Wakes one exclusive sleeper, all others, and tells the pollers whose interest meets
    /// `events`, of the exclusive ones one. Says whether any sleeper was woken.
    #[inline]
    pub fn wake_one(&self, events: PollEvents) -> bool {
        self.concerns(events) && self.wake_waiters(events, 1)
    }

    /// Whether a wakeup may concern somebody here.
    #[inline]
    fn concerns(&self, events: PollEvents) -> bool {
        fence(Ordering::SeqCst);
        self.wanted.load(Ordering::Relaxed) & (events.bits() | SLEEPERS) != 0
    }

    #[inline(never)]
    fn wake_waiters(&self, events: PollEvents, exclusive_limit: u32) -> bool {
        let mut woken = false;
        let mut limit = exclusive_limit;
        let mut inner = self.inner.lock();
        let mut index = 0;
        while let Some(sleeper) = inner.sleepers.get(index) {
            let exclusive = sleeper.exclusive;
            // One that a signal or the clock has woken already takes itself out.
            if (exclusive && limit == 0) || !sched::wake(&sleeper.thread) {
                index += 1;
                continue;
            }
            woken = true;
            if exclusive {
                limit -= 1;
            }
            inner.remove_sleeper(index);
        }
        if inner.pollers.is_empty() {
            self.publish(&inner);
        } else {
            self.notify(inner, events, exclusive_limit);
        }
        woken
    }

    /// Tells the pollers. One whose last reference is ours is dropped outside of the lock.
    fn notify<'a>(&'a self, mut inner: SpinGuard<'a, Inner>, events: PollEvents, limit: u32) {
        let mut limit = limit;
        let mut index = 0;
        while let Some(entry) = inner.pollers.get(index) {
            if !entry.interest.intersects(events) || (entry.exclusive && limit == 0) {
                index += 1;
                continue;
            }
            let exclusive = entry.exclusive;
            let Some(poller) = entry.poller.upgrade() else {
                inner.pollers.swap_remove(index);
                if inner.pollers.is_empty() {
                    inner.interests = PollEvents::empty();
                }
                continue;
            };
            if !exclusive {
                poller.notify(events);
            } else if poller.notify_exclusive(events) {
                limit -= 1;
            }
            index += 1;
            if alloc::sync::Arc::strong_count(&poller) == 1 {
                self.publish(&inner);
                drop(inner);
                drop(poller);
                inner = self.inner.lock();
            }
        }
        self.publish(&inner);
    }

    /// Adds a poller; dead ones make room first.
    pub(super) fn register(&self, entry: PollEntry) -> Result<(), Errno> {
        let mut inner = self.inner.lock();
        if inner.pollers.len() == inner.pollers.capacity() {
            inner.pollers.retain(|entry| entry.poller.strong_count() != 0);
            inner.interests = inner.pollers.iter().map(|entry| entry.interest).collect();
            inner.pollers.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        }
        inner.interests |= entry.interest;
        inner.pollers.push(entry);
        self.publish(&inner);
        Ok(())
    }

    /// Puts `me` in the queue; false if there is no memory for that.
    fn enter(&self, me: &ThreadRef, exclusive: bool) -> bool {
        let mut inner = self.inner.lock();
        if inner.sleepers.try_reserve(1).is_err() {
            return false;
        }
        inner.sleepers.push_back(Sleeper { thread: me.clone(), exclusive });
        self.publish(&inner);
        true
    }

    /// Takes `me` out of the queue, if no waker has.
    fn leave(&self, me: &ThreadRef) {
        // Our own entry counts, so nothing can be missed here.
        if self.wanted.load(Ordering::Acquire) & SLEEPERS == 0 {
            return;
        }
        let mut inner = self.inner.lock();
        if let Some(at) = inner.sleepers.iter().position(|s| ThreadRef::ptr_eq(&s.thread, me)) {
            inner.remove_sleeper(at);
            self.publish(&inner);
        }
    }

    fn publish(&self, inner: &Inner) {
        let sleepers = if inner.sleepers.is_empty() { 0 } else { SLEEPERS };
        self.wanted.store(inner.interests.bits() | sleepers, Ordering::Release);
    }
}

impl Default for WaitQueue {
    fn default() -> Self {
        Self::new()
    }
}

impl Manner {
    /// Whether the sleep must end without its condition.
    fn give_up(self, me: &ThreadRef) -> Option<Wake> {
        let interrupted = match self.sleep {
            Sleep::Interruptible => me.interrupted(),
            Sleep::Killable => me.process.must_end(me.tid),
            Sleep::Uninterruptible => false,
        };
        if interrupted {
            Some(Wake::Interrupted)
        } else if self.deadline.is_some_and(|at| time::now() >= at) {
            Some(Wake::TimedOut)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::poll::{PollTable, Poller};
    use alloc::sync::Arc;

    #[derive(Default)]
    struct Count(AtomicU32);

    impl Poller for Count {
        fn notify(&self, _events: PollEvents) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn register(queue: &WaitQueue, interest: PollEvents, exclusive: bool) -> Arc<Count> {
        let count = Arc::new(Count::default());
        let poller: Arc<dyn Poller> = count.clone();
        let mut table = PollTable::new(&poller, interest, exclusive);
        table.add(queue);
        assert_eq!(table.finish(), Ok(()));
        count
    }

    fn told(count: &Count) -> u32 {
        count.0.load(Ordering::Relaxed)
    }

    #[test]
    fn a_met_condition_needs_no_sleep() {
        let queue = WaitQueue::new();
        assert_eq!(queue.wait_until(None, || Some(7)), Ok(7));
        assert_eq!(queue.wait_uninterruptible(|| Some(8)), 8);
    }

    #[test]
    fn tells_pollers_of_what_concerns_them() {
        let queue = WaitQueue::new();
        let reader = register(&queue, PollEvents::IN, false);
        let writer = register(&queue, PollEvents::OUT, false);
        queue.wake_all(PollEvents::READABLE);
        assert_eq!((told(&reader), told(&writer)), (1, 0));
        queue.wake_all(PollEvents::HUP);
        assert_eq!((told(&reader), told(&writer)), (2, 1));
        assert!(!queue.wake_one(PollEvents::WRITABLE), "nobody sleeps");
        assert_eq!((told(&reader), told(&writer)), (2, 2));
    }

    #[test]
    fn tells_one_exclusive_poller_at_a_time() {
        let queue = WaitQueue::new();
        let first = register(&queue, PollEvents::IN, true);
        let second = register(&queue, PollEvents::IN, true);
        queue.wake_one(PollEvents::IN);
        assert_eq!(told(&first) + told(&second), 1);
        queue.wake_all(PollEvents::IN);
        assert_eq!(told(&first) + told(&second), 3);
    }

    #[test]
    fn forgets_pollers_that_are_gone() {
        let queue = WaitQueue::new();
        for _ in 0..1000 {
            drop(register(&queue, PollEvents::IN, false));
        }
        assert!(queue.inner.lock().pollers.len() <= 8);
        queue.wake_all(PollEvents::IN);
        assert!(queue.inner.lock().pollers.is_empty());
        assert!(!queue.concerns(PollEvents::IN));
    }
}
