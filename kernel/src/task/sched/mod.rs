//! The scheduler: who runs, and how threads fall asleep and wake.
//!
//! | state             | meaning                                   | leaves it by                |
//! |-------------------|-------------------------------------------|-----------------------------|
//! | `Running`         | has a CPU                                 | `prepare_to_sleep`, preemption, exit |
//! | `Interruptible`   | sleeps, or is about to; signals wake it   | `wake`, `wake_interruptible`, `stay_awake` |
//! | `Killable`        | the same; the end of the process wakes it   | `wake`, `wake_killable`, `stay_awake` |
//! | `Uninterruptible` | sleeps, or is about to                    | `wake`, `stay_awake`        |
//! | `Queued`          | in exactly one run queue                  | being taken out of it       |
//! | `Dead`            | will not run again                        | –                           |
//!
//! Whoever turns a sleeping thread into `Queued` puts it into a queue, once; whoever takes it out
//! runs it. A thread goes to the queue of the CPU it ran on last, where it may still be on its
//! way off: nobody else takes it from there while its `on_cpu` is set, and should that CPU take
//! it, it has simply not slept at all.
//!
//! [`run_queue`] orders those who wait, [`cpus`] has the queues, [`place`] chooses among them,
//! [`switch`] gives the CPU from
//! one thread to the next, [`sleep`] is falling asleep and waking, [`state`] a thread's part.
//! Neighbours: [`super::work`] is what a CPU does when nobody wants it, the platform's `task`
//! switches stacks and registers.

mod cpus;
mod park;
mod place;
mod run_queue;
mod sleep;
mod state;
mod switch;

pub(super) use cpus::forget_thread;
pub use cpus::{MAX_CPUS, cpu_time, idle_time, interrupt_cpu, load, reserve_thread, thread_count};
pub use park::{park, park_others};
pub use place::{online_mask, set_affinity, settle};
pub use sleep::{
    Sleep, block, prepare_to_sleep, stay_awake, wake, wake_interruptible, wake_killable, wake_owned,
};
pub use state::{SLICE, SchedState, UNLIMITED};
pub use switch::{exit_current, preempt, queue_grew, slice_over, spawn, start, yield_now};
