//! Thread and process ids: giving them out, and finding who has one.
//!
//! One number space for both, as in Linux. A [`Tid`] is an id in use: it is free again when the
//! last `Tid` of it is dropped with its thread. Ids are given out in ascending order, and again
//! from the start when they run out.

use alloc::collections::BTreeMap;
use alloc::sync::{Arc, Weak};

use elfin_platform::sync::SpinLock;
use elfin_platform::task::Task;
use elfin_syscalls::Errno;

use super::process::Process;
use super::thread::{Thread, ThreadRef};

/// Ids are below this (`/proc/sys/kernel/pid_max`).
pub const PID_MAX: u32 = 32_768;
/// After the first round ids start here, as in Linux.
const SECOND_ROUND: u32 = 300;

/// An id in use.
#[derive(Debug)]
pub struct Tid(u32);

struct Ids {
    last: u32,
    threads: BTreeMap<u32, Weak<Task<Thread>>>,
}

static IDS: SpinLock<Ids> = SpinLock::new(Ids { last: 0, threads: BTreeMap::new() });

impl Tid {
    /// Takes the next free id.
    ///
    /// # Errors
    /// `EAGAIN` if all are in use.
    pub fn allocate() -> Result<Self, Errno> {
        let mut ids = IDS.lock();
        let first = ids.last;
        let mut next = first;
        loop {
            next = if next + 1 >= PID_MAX { SECOND_ROUND } else { next + 1 };
            if !ids.threads.contains_key(&next) {
                ids.last = next;
                ids.threads.insert(next, Weak::new());
                return Ok(Self(next));
            }
            if next == first {
                return Err(Errno::EAGAIN);
            }
        }
    }

    /// The id itself.
    pub fn number(&self) -> u32 {
        self.0
    }
}

impl Drop for Tid {
    fn drop(&mut self) {
        let _weak = IDS.lock().threads.remove(&self.0);
    }
}

/// Makes `thread` the one that is found by its id.
pub fn register(thread: &ThreadRef) {
    let _old = IDS.lock().threads.insert(thread.tid, Arc::downgrade(thread));
}

/// Makes the running thread's id lead to nobody, though it stays in use until the thread is gone.
pub fn unregister(thread: &ThreadRef) {
    let _old = IDS.lock().threads.insert(thread.tid, Weak::new());
}

/// The thread with this id.
pub fn find_thread(tid: u32) -> Option<ThreadRef> {
    IDS.lock().threads.get(&tid)?.upgrade()
}

/// The process with this id.
pub fn find_process(pid: u32) -> Option<Arc<Process>> {
    let _ = pid;
    None
}

/// The id given out last, for `/proc/loadavg`.
pub fn last_id() -> u32 {
    IDS.lock().last
}
