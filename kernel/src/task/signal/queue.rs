//! [`SignalQueue`]: the pending signals of a thread or a process.
//!
//! A standard signal is pending once, with what came with the first; real-time signals queue up
//! and come out in the order in which they were sent.

use alloc::collections::VecDeque;

use super::info::{Info, code};
use super::set::SigSet;

/// Pending signals.
pub struct SignalQueue {
    pending: SigSet,
    infos: VecDeque<Info>,
}

/// What became of a signal given to [`SignalQueue::push`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It is pending now.
    Queued,
    /// A standard signal that was pending already.
    Merged,
    /// The signal is pending, but there was no room for what comes with it.
    Bare,
    /// There was no room, and the sender wants to know: nothing is pending.
    Refused,
}

impl SignalQueue {
    /// No signal is pending.
    pub const fn new() -> Self {
        Self { pending: SigSet::EMPTY, infos: VecDeque::new() }
    }

    /// The pending signals.
    #[inline]
    pub fn pending(&self) -> SigSet {
        self.pending
    }

    /// Queued entries, which `RLIMIT_SIGPENDING` limits.
    #[cfg(test)]
    fn len(&self) -> usize {
        self.infos.len()
    }

    /// Adds a signal; at most `limit` entries queue up, and those standard signals that `kill` or
    /// the kernel sends beside.
    pub fn push(&mut self, info: Info, limit: u64) -> Pushed {
        let signal = info.signal;
        let of_timer = info.timer_id().is_some();
        if !signal.is_real_time() && !of_timer && self.pending.has(signal) {
            return Pushed::Merged;
        }
        let counts = !of_timer && (signal.is_real_time() || info.code < code::USER);
        let full = counts && u64::try_from(self.infos.len()).is_ok_and(|len| len >= limit);
        if full || self.infos.try_reserve(1).is_err() {
            if signal.is_real_time() && info.code != code::USER {
                return Pushed::Refused;
            }
            self.pending = self.pending.with(signal);
            return Pushed::Bare;
        }
        self.pending = self.pending.with(signal);
        self.infos.push_back(info);
        Pushed::Queued
    }

    /// Takes out the first signal to handle of those in `wanted`.
    pub fn pop(&mut self, wanted: SigSet) -> Option<Info> {
        let signal = (self.pending & wanted).first()?;
        let mut of_this = self.infos.iter().enumerate().filter(|(_, i)| i.signal == signal);
        let first = of_this.next().map(|(at, _)| at);
        let more = of_this.next().is_some();
        if !more {
            self.pending = self.pending.without(signal);
        }
        let bare = Info::from_process(signal, code::USER, 0, 0);
        Some(first.and_then(|at| self.infos.remove(at)).unwrap_or(bare))
    }

    /// Drops all pending signals that are in `set`; whether a timer had sent one.
    pub fn discard(&mut self, set: SigSet) -> bool {
        let mut of_timer = false;
        if !(self.pending & set).is_empty() {
            self.pending = self.pending & !set;
            self.infos.retain(|info| {
                let dropped = set.has(info.signal);
                of_timer |= dropped && info.timer_id().is_some();
                !dropped
            });
        }
        of_timer
    }

    /// Whether timer `id` has a signal here.
    pub fn has_timer(&self, id: i32) -> bool {
        self.infos.iter().any(|info| info.timer_id() == Some(id))
    }

    /// Drops what timer `id` has queued.
    pub fn discard_timer(&mut self, id: i32) {
        let Some(at) = self.infos.iter().position(|info| info.timer_id() == Some(id)) else {
            return;
        };
        if let Some(info) = self.infos.remove(at)
            && !self.infos.iter().any(|other| other.signal == info.signal)
        {
            self.pending = self.pending.without(info.signal);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::info::code;
    use super::super::set::{SIGALRM, SIGINT, SIGTERM, Signal};
    use super::*;
    use elfin_syscalls::args::SigNum;

    const ALL: SigSet = SigSet(u64::MAX);
    const NO_LIMIT: u64 = u64::MAX;

    fn from(signal: Signal, pid: u32) -> Info {
        Info::from_process(signal, code::USER, pid, 0)
    }

    fn real_time() -> Signal {
        Signal::new(SigNum(40)).unwrap()
    }

    #[test]
    fn merges_standard_signals() {
        let mut queue = SignalQueue::new();
        assert_eq!(queue.push(from(SIGTERM, 1), NO_LIMIT), Pushed::Queued);
        assert_eq!(queue.push(from(SIGTERM, 2), NO_LIMIT), Pushed::Merged);
        assert_eq!(queue.pop(ALL), Some(from(SIGTERM, 1)));
        assert_eq!(queue.pop(ALL), None);
    }

    #[test]
    fn queues_real_time_signals_in_order() {
        let mut queue = SignalQueue::new();
        (1..=3).for_each(|pid| _ = queue.push(from(real_time(), pid), NO_LIMIT));
        queue.push(from(SIGTERM, 9), NO_LIMIT);
        assert_eq!(queue.pop(ALL), Some(from(SIGTERM, 9)));
        (1..=3).for_each(|pid| assert_eq!(queue.pop(ALL), Some(from(real_time(), pid))));
        assert!(queue.pending().is_empty());
    }

    #[test]
    fn keeps_the_signal_when_full() {
        let mut queue = SignalQueue::new();
        assert_eq!(queue.push(from(real_time(), 1), 1), Pushed::Queued);
        let queued = |signal| Info::from_process(signal, code::QUEUE, 2, 0);
        assert_eq!(queue.push(queued(SIGINT), 1), Pushed::Bare);
        assert_eq!(queue.push(queued(real_time()), 1), Pushed::Refused);
        assert_eq!(queue.push(from(SIGTERM, 3), 1), Pushed::Queued, "kill always finds room");
        assert_eq!(queue.pop(ALL), Some(from(SIGINT, 0)));
        assert_eq!(queue.pop(ALL), Some(from(SIGTERM, 3)));
        assert_eq!(queue.pop(ALL), Some(from(real_time(), 1)));
        assert_eq!(queue.pop(ALL), None);
    }

    #[test]
    fn timers_do_not_merge() {
        let mut queue = SignalQueue::new();
        queue.push(from(SIGALRM, 1), 1);
        assert_eq!(queue.push(Info::timer(SIGALRM, 4, 0), 1), Pushed::Queued);
        assert!(queue.has_timer(4) && !queue.has_timer(5));
        assert_eq!(queue.pop(ALL), Some(from(SIGALRM, 1)));
        assert!(queue.pending().has(SIGALRM));
        assert!(queue.discard(SigSet::of(SIGALRM)));
    }

    #[test]
    fn respects_the_mask_and_discards() {
        let mut queue = SignalQueue::new();
        queue.push(from(SIGINT, 1), NO_LIMIT);
        queue.push(from(real_time(), 1), NO_LIMIT);
        queue.push(from(real_time(), 2), NO_LIMIT);
        assert_eq!(queue.pop(SigSet::of(SIGTERM)), None);
        queue.discard(SigSet::of(real_time()));
        assert_eq!((queue.len(), queue.pending()), (1, SigSet::of(SIGINT)));
    }

    #[test]
    fn forgets_a_deleted_timers_signal() {
        let mut queue = SignalQueue::new();
        queue.push(Info::timer(SIGALRM, 4, 0), NO_LIMIT);
        queue.discard_timer(3);
        assert!(queue.pending().has(SIGALRM));
        queue.discard_timer(4);
        assert!(queue.pending().is_empty());
    }
}
