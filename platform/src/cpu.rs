//! CPUs: their numbers, the work word and idling.

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
    }
}

pub use crate::arch::cpu::{PLATFORM, hwcap, min_signal_stack};
pub use crate::arch::cpu::{count, id, idle, pending, raise, take};
