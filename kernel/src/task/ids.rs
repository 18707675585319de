//! Thread and process ids: giving them out, and finding who has one.
//!
//! One number space for both, as in Linux. A [`Tid`] is an id in use: it is free again when the
//! last reference to it is gone, with its thread, and with its process for the first thread's.
//! Ids are given out in ascending order, and again from the start when they run out.

use alloc::collections::BTreeMap;
use alloc::sync::{Arc, Weak};
use core::ops::Bound;
use core::sync::atomic::{AtomicU64, Ordering};

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

#[derive(Default)]
struct Owner {
    id: Weak<Tid>,
    thread: Weak<Task<Thread>>,
    process: Weak<Process>,
}

struct Ids {
    last: u32,
    owners: BTreeMap<u32, Owner>,
}

static IDS: SpinLock<Ids> = SpinLock::new(Ids { last: 0, owners: BTreeMap::new() });

/// Threads and processes made since the machine started.
static MADE: AtomicU64 = AtomicU64::new(0);

impl Tid {
    /// Takes the next free id.
    ///
    /// # Errors
    /// `EAGAIN` if all are in use.
    pub fn allocate() -> Result<Arc<Self>, Errno> {
        let mut ids = IDS.lock();
        let first = ids.last;
        let mut next = first;
        loop {
            next = if next + 1 >= PID_MAX { SECOND_ROUND } else { next + 1 };
            if !ids.owners.contains_key(&next) {
                ids.last = next;
                MADE.fetch_add(1, Ordering::Relaxed);
                let id = Arc::new(Self(next));
                ids.owners.insert(next, Owner { id: Arc::downgrade(&id), ..Owner::default() });
                return Ok(id);
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
        let _owner = IDS.lock().owners.remove(&self.0);
    }
}

/// Lets `thread` be found by its id.
pub fn register_thread(thread: &ThreadRef) {
    if let Some(owner) = IDS.lock().owners.get_mut(&thread.tid) {
        owner.thread = Arc::downgrade(thread);
    }
}

/// Lets `process` be found by its id.
pub fn register_process(process: &Arc<Process>) {
    if let Some(owner) = IDS.lock().owners.get_mut(&process.pid) {
        owner.process = Arc::downgrade(process);
    }
}

/// Lets `thread`, which ends, be found no more, unless another has its id already (`execve`).
pub fn unregister_thread(thread: &Thread) {
    let mut ids = IDS.lock();
    let Some(owner) = ids.owners.get_mut(&thread.tid) else { return };
    let found = owner.thread.upgrade();
    if found.as_ref().is_some_and(|found| core::ptr::eq::<Thread>(&***found, thread)) {
        owner.thread = Weak::new();
    }
    drop(ids);
    drop(found);
}

/// Lets `process`, for which its parent has waited, be found no more.
pub fn unregister_process(process: &Process) {
    if let Some(owner) = IDS.lock().owners.get_mut(&process.pid) {
        owner.process = Weak::new();
    }
}

/// The id with this number, if it is in use.
pub fn find_id(number: u32) -> Option<Arc<Tid>> {
    IDS.lock().owners.get(&number)?.id.upgrade()
}

/// The thread with this id.
pub fn find_thread(tid: u32) -> Option<ThreadRef> {
    IDS.lock().owners.get(&tid)?.thread.upgrade()
}

/// The process with this id, ended or not.
pub fn find_process(pid: u32) -> Option<Arc<Process>> {
    IDS.lock().owners.get(&pid)?.process.upgrade()
}

/// All processes, in ascending order of their ids. Those that come and go meanwhile may be in it
/// or not.
pub fn processes() -> impl Iterator<Item = Arc<Process>> {
    let mut last = 0;
    core::iter::from_fn(move || {
        let ids = IDS.lock();
        let later = ids.owners.range((Bound::Excluded(last), Bound::Unbounded));
        let (pid, process) =
            later.filter_map(|(pid, owner)| Some((*pid, owner.process.upgrade()?))).next()?;
        last = pid;
        Some(process)
    })
}

/// How many threads and processes were made since the machine started.
pub fn made() -> u64 {
    MADE.load(Ordering::Relaxed)
}

/// The id given out last, for `/proc/loadavg`.
pub fn last_id() -> u32 {
    IDS.lock().last
}
