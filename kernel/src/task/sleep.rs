//! Sleeping without a queue, and [`Restart`]: how an interrupted call goes on.

use elfin_platform::time;
use elfin_syscalls::SysResult;

use super::sched::{self, Sleep};
use super::thread::current;
use super::timer;
use super::wait::Wake;
use crate::sys::Cx;

/// Sleeps until the clock reaches `deadline` (nanoseconds of the monotonic clock), or for ever.
/// Why it ended: the deadline came, or a signal did.
pub fn sleep_until(deadline: Option<u64>) -> Wake {
    sleep_by(|| deadline)
}

/// The same for a deadline that is asked for anew whenever the thread is woken: one of a clock
/// that can be set or stand still.
pub fn sleep_by(deadline: impl Fn() -> Option<u64>) -> Wake {
    let me = current();
    loop {
        let deadline = deadline();
        sched::prepare_to_sleep(&me, Sleep::Interruptible);
        let over = if me.interrupted() {
            Some(Wake::Interrupted)
        } else if deadline.is_some_and(|at| time::now() >= at) {
            Some(Wake::TimedOut)
        } else {
            None
        };
        if let Some(wake) = over {
            sched::stay_awake(&me);
            return wake;
        }
        let timer = deadline.map(|at| timer::arm_wakeup(at, me.to_arc()));
        sched::block(&me);
        drop(timer);
    }
}

/// What `restart_syscall` runs for a call that ended with `ERESTART_RESTARTBLOCK`: one whose
/// arguments alone do not say how long it still has to wait.
#[derive(Clone, Copy)]
pub struct Restart {
    /// Goes on with the call.
    pub run: fn(&mut Cx<'_>, &Restart) -> SysResult,
    /// What it needs of the call's arguments.
    pub args: [usize; 5],
    /// When the call is to end, in nanoseconds of the monotonic clock.
    pub deadline: Option<u64>,
}
