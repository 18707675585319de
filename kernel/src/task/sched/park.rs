//! The end of the machine, or of the kernel: only one CPU goes on.

use core::sync::atomic::{AtomicUsize, Ordering};

use elfin_platform::cpu::{self, Work};
use elfin_platform::time;

/// How long others have to come to a place where they hold nothing, in nanoseconds.
const PATIENCE: u64 = 20_000_000;

static PARKED: AtomicUsize = AtomicUsize::new(0);

/// Lets all other CPUs stop where they hold no locks. One that does not come there in time goes
/// on until the machine is off.
pub fn park_others() {
    let here = cpu::id();
    let others = cpu::count().saturating_sub(1);
    if others == 0 {
        return;
    }
    (0..cpu::count()).filter(|id| *id != here).for_each(|id| cpu::interrupt(id, Work::PARK));
    let give_up = time::now().saturating_add(PATIENCE);
    while PARKED.load(Ordering::Acquire) < others && time::now() < give_up {
        core::hint::spin_loop();
    }
}

/// Stops this CPU, which was told so.
pub fn park() -> ! {
    PARKED.fetch_add(1, Ordering::Release);
    cpu::park()
}
