//! `FUTEX_WAIT` and `FUTEX_WAIT_BITSET`.

use elfin_platform::{time, user};
use elfin_syscalls::{Errno, SysResult};

use super::table::{self, Locked, announce};
use super::word::{self, quietly};
use crate::sys::Cx;
use crate::task::clock::Clock;
use crate::task::sched::{self, Sleep};
use crate::task::sleep::Restart;
use crate::task::thread::{Thread, ThreadRef};
use crate::task::timer;

/// What to wait for.
#[derive(Clone, Copy, Debug)]
pub struct WaitRequest {
    /// The word's address.
    pub address: usize,
    /// The word is not shared with other processes.
    pub private: bool,
    /// What it must hold, or there is nothing to wait for.
    pub value: u32,
    /// Which wakeups count: those that share a bit.
    pub bitset: u32,
    /// When to give up.
    pub deadline: Option<Deadline>,
}

/// When to give up waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deadline {
    /// Nanoseconds of the monotonic clock.
    Monotonic(u64),
    /// Nanoseconds since the epoch: it moves when the clock is set.
    Wall(u64),
}

impl Deadline {
    /// In nanoseconds of the monotonic clock, as the wall clock stands.
    pub(super) fn monotonic(self) -> u64 {
        match self {
            Self::Monotonic(at) => at,
            Self::Wall(at) => Clock::Realtime.when(at),
        }
    }
}

/// How waiting ended.
pub(super) enum End {
    Woken,
    TimedOut,
    Interrupted,
}

/// Waits until the word is woken.
///
/// # Errors
/// `EAGAIN` if the word holds something else, `ETIMEDOUT`, `EINVAL` without a bit or for a
/// misaligned word, `EFAULT`, `ENOMEM`; interrupted by a signal, those that have the call made
/// again: with a deadline through `restart_syscall`.
pub fn wait(me: &ThreadRef, request: &WaitRequest) -> SysResult {
    if request.bitset == 0 {
        return Err(Errno::EINVAL);
    }
    match sleep(me, request)? {
        End::Woken => Ok(0),
        End::TimedOut => Err(Errno::ETIMEDOUT),
        End::Interrupted => {
            let (at, by_wall) = match request.deadline {
                None => return Err(Errno::ERESTARTSYS),
                Some(Deadline::Monotonic(at)) => (at, false),
                Some(Deadline::Wall(at)) => (at, true),
            };
            *me.restart.lock() = Some(Restart {
                run: wait_again,
                args: [
                    request.address,
                    usize::from(request.private),
                    usize::try_from(request.value).unwrap_or(0),
                    usize::try_from(request.bitset).unwrap_or(0),
                    usize::from(by_wall),
                ],
                deadline: Some(at),
            });
            Err(Errno::ERESTART_RESTARTBLOCK)
        }
    }
}

fn wait_again(cx: &mut Cx<'_>, restart: &Restart) -> SysResult {
    let [address, private, value, bitset, by_wall] = restart.args;
    let deadline = if by_wall != 0 { Deadline::Wall } else { Deadline::Monotonic };
    let narrow = |word: usize| u32::try_from(word).unwrap_or(0);
    wait(
        cx.thread,
        &WaitRequest {
            address,
            private: private != 0,
            value: narrow(value),
            bitset: narrow(bitset),
            deadline: restart.deadline.map(deadline),
        },
    )
}

fn sleep(me: &ThreadRef, request: &WaitRequest) -> Result<End, Errno> {
    let key = word::key(me, request.address, request.private)?;
    let index = table::index_of(key);
    let mut announced = Some(announce(index));
    loop {
        let mut bucket = table::lock(index);
        match quietly(me, || user::load_u32(request.address)) {
            Ok(value) if value != request.value => return Err(Errno::EAGAIN),
            Ok(_) => {
                let announced = announced.take().unwrap_or_else(|| announce(index));
                bucket.add(announced, key, request.bitset, me)?;
                return Ok(sleep_in_table(me, bucket, request.deadline));
            }
            Err(_) => {
                drop(bucket);
                word::fetch(request.address)?;
            }
        }
    }
}

/// Sleeps until somebody takes `me` out of the table, of which `bucket` is still locked since it
/// was put there.
pub(super) fn sleep_in_table(me: &ThreadRef, bucket: Locked, deadline: Option<Deadline>) -> End {
    sched::prepare_to_sleep(me, Sleep::Interruptible);
    drop(bucket);
    loop {
        let until = deadline.map(Deadline::monotonic);
        if let Some(end) = give_up(me, until) {
            sched::stay_awake(me);
            return if table::withdraw(me) { end } else { End::Woken };
        }
        let timer = until.map(|at| timer::arm_wakeup(at, me.clone()));
        sched::block(me);
        drop(timer);
        // Whoever wakes this thread through the futex takes it out of the table first.
        if !table::waits(me) {
            return End::Woken;
        }
        sched::prepare_to_sleep(me, Sleep::Interruptible);
        if !table::waits(me) {
            sched::stay_awake(me);
            return End::Woken;
        }
    }
}

/// Whether there is a reason to stop waiting.
pub(super) fn give_up(me: &Thread, deadline: Option<u64>) -> Option<End> {
    if deadline.is_some_and(|at| time::now() >= at) {
        Some(End::TimedOut)
    } else if me.interrupted() {
        Some(End::Interrupted)
    } else {
        None
    }
}
