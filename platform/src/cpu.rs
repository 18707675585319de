//! CPUs: their numbers, starting them, the work word and idling.

use bitflags::bitflags;

bitflags! {
    /// What waits to be done on the way back to the program or in the idle loop. One word per
    /// CPU; interrupt handlers set bits, the kernel takes them.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Work: u32 {
        /// The alarm of [`crate::time::set_alarm`] went off.
        const TIMER = 1 << 0;
        /// A network device has something.
        const NET = 1 << 1;
        /// The console has input.
        const CONSOLE = 1 << 2;
        /// Another thread should run.
        const RESCHED = 1 << 3;
        /// The running thread has signals to look at.
        const SIGNAL = 1 << 4;
        /// A block device has something.
        const BLOCK = 1 << 5;
        /// Memory is out for the kernel itself ([`crate::mm::is_exhausted`]).
        const MEMORY = 1 << 6;
        /// Another CPU has put a thread into this one's queue.
        const QUEUE = 1 << 7;
        /// The running thread was on another CPU before.
        const MOVED = 1 << 10;
        /// The machine ends: do nothing more.
        const PARK = 1 << 8;
        /// Signals about files that became ready wait to be sent.
        const ASYNC = 1 << 9;
    }
}

/// The most CPUs that a machine can use.
pub const MAX_CPUS: usize = 64;

pub use crate::arch::cpu::{PLATFORM, hwcap, min_signal_stack};
pub use crate::arch::cpu::{count, id, idle, pending, raise, take};
pub use crate::arch::cpu::{halt, interrupt, park, start_others, stop_others, synchronize};
