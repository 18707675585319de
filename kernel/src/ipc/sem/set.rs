//! [`SemSet`]: a set of semaphores as an object, and the table of them.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicUsize, Ordering};

use elfin_platform::sync::SpinLock;
use elfin_syscalls::Errno;
use elfin_syscalls::abi::{IpcPerm, SemidDs, zeroed};

use super::array::{Array, VALUE_MAX};
use crate::ipc::{
    self, ALTER, Name, Object, Perm, READ, Registry, Waiter, acting_pid, limits, now,
};
use crate::task::Cred;

/// Who waits for operations, and how they ended.
pub(super) type OpWaiter = Arc<Waiter<Result<(), Errno>>>;

/// A set of semaphores.
pub struct SemSet {
    name: Name,
    state: SpinLock<State>,
}

pub(super) struct State {
    pub(super) perm: Perm,
    pub(super) array: Array<OpWaiter>,
    /// When an operation was done last.
    pub(super) otime: i64,
    ctime: i64,
    pub(super) removed: bool,
}

/// What can be asked of one semaphore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Query {
    /// Its value.
    Value,
    /// The process that changed it last.
    Pid,
    /// How many wait for it to become larger.
    WaitingForMore,
    /// How many wait for it to become 0.
    WaitingForZero,
}

/// New values.
#[derive(Clone, Copy, Debug)]
pub enum Change<'a> {
    /// One semaphore's.
    One(i32, i32),
    /// All semaphores'.
    All(&'a [u16]),
}

static SETS: SpinLock<Registry<SemSet>> = SpinLock::new(Registry::new());
/// Semaphores in all sets.
static TOTAL: AtomicUsize = AtomicUsize::new(0);

impl Object for SemSet {
    fn name(&self) -> &Name {
        &self.name
    }

    fn check(&self, wanted: u32, cred: &Cred) -> Result<(), Errno> {
        self.state.lock().perm.check(wanted, cred)
    }
}

/// `semget(2)`.
///
/// # Errors
/// `EINVAL`, `ENOENT`, `EEXIST`, `EACCES`, `ENOSPC`, `ENOMEM`.
pub fn get(key: i32, count: i32, flags: i32, cred: &Cred) -> Result<i32, Errno> {
    let count = usize::try_from(count).map_err(|_| Errno::EINVAL)?;
    if count > limits::SEMMSL.count() {
        return Err(Errno::EINVAL);
    }
    let fits = |set: &SemSet| if count > set.len() { Err(Errno::EINVAL) } else { Ok(()) };
    let make = |id| {
        if count == 0 {
            return Err(Errno::EINVAL);
        }
        if TOTAL.load(Ordering::Relaxed) + count > limits::SEMMNS.count() {
            return Err(Errno::ENOSPC);
        }
        ipc::reserve(count * size_of::<super::array::Semaphore>())?;
        let state = State {
            perm: Perm::new(flags, cred),
            array: Array::new(count)?,
            otime: 0,
            ctime: now(),
            removed: false,
        };
        TOTAL.fetch_add(count, Ordering::Relaxed);
        Ok(Arc::new(SemSet { name: Name::new(id, key), state: SpinLock::new(state) }))
    };
    ipc::get(&SETS, (key, flags), limits::SEMMNI.count(), cred, fits, make)
}

/// The set with this id.
///
/// # Errors
/// `EINVAL`.
pub fn find(id: i32) -> Result<Arc<SemSet>, Errno> {
    SETS.lock().get(id)
}

/// The set at this place of the table.
///
/// # Errors
/// `EINVAL`.
pub fn find_at(place: i32) -> Result<Arc<SemSet>, Errno> {
    SETS.lock().at(place)
}

/// All sets.
///
/// # Errors
/// `ENOMEM`.
pub fn sets() -> Result<Vec<Arc<SemSet>>, Errno> {
    let table = SETS.lock();
    let mut all = Vec::new();
    all.try_reserve(table.used()).map_err(|_| Errno::ENOMEM)?;
    all.extend(table.iter().cloned());
    Ok(all)
}

/// The number of sets, of semaphores in all, and the highest place in use.
pub fn info() -> (usize, usize, usize) {
    let table = SETS.lock();
    (table.used(), TOTAL.load(Ordering::Relaxed), table.highest())
}

/// `IPC_RMID`: whoever waits is told.
///
/// # Errors
/// `EINVAL`, `EPERM`, `EIDRM`.
pub fn remove(id: i32, cred: &Cred) -> Result<(), Errno> {
    let set = find(id)?;
    {
        let mut state = set.live()?;
        state.perm.check_owner(cred)?;
        state.removed = true;
        state.array.dismiss(|waiter| waiter.complete(Err(Errno::EIDRM)));
    }
    TOTAL.fetch_sub(set.len(), Ordering::Relaxed);
    let removed = SETS.lock().remove(id);
    drop(removed);
    Ok(())
}

impl SemSet {
    /// The number of semaphores.
    pub fn len(&self) -> usize {
        self.state.lock().array.len()
    }

    /// Never: a set has at least one semaphore.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The state, of a set that has not been removed.
    pub(super) fn live(&self) -> Result<elfin_platform::sync::SpinGuard<'_, State>, Errno> {
        let state = self.state.lock();
        if state.removed { Err(Errno::EIDRM) } else { Ok(state) }
    }

    /// What is known about it, without a check.
    pub fn status(&self) -> SemidDs {
        let state = self.state.lock();
        SemidDs {
            sem_perm: state.perm.to_abi(&self.name, 0),
            sem_otime: state.otime,
            sem_ctime: state.ctime,
            sem_nsems: u64::try_from(state.array.len()).unwrap_or(0),
            ..zeroed()
        }
    }

    /// `IPC_SET`.
    ///
    /// # Errors
    /// `EPERM`, `EINVAL`, `EIDRM`.
    pub fn set_perm(&self, new: &IpcPerm, cred: &Cred) -> Result<(), Errno> {
        let mut state = self.live()?;
        state.perm.check_owner(cred)?;
        state.perm.update(new)?;
        state.ctime = now();
        Ok(())
    }

    /// Asks about one semaphore.
    ///
    /// # Errors
    /// `EACCES`, `EINVAL` if there is no such semaphore, `EIDRM`.
    pub fn query(&self, index: i32, query: Query, cred: &Cred) -> Result<usize, Errno> {
        let state = self.live()?;
        state.perm.check(READ, cred)?;
        let index = usize::try_from(index).map_err(|_| Errno::EINVAL)?;
        let semaphore = state.array.semaphores().get(index).ok_or(Errno::EINVAL)?;
        Ok(match query {
            Query::Value => usize::try_from(semaphore.value).unwrap_or(0),
            Query::Pid => usize::try_from(semaphore.pid).unwrap_or(0),
            Query::WaitingForMore => state.array.waiting(index, false),
            Query::WaitingForZero => state.array.waiting(index, true),
        })
    }

    /// `GETALL`: all values, into `out`, which has room for them.
    ///
    /// # Errors
    /// `EACCES`, `EIDRM`.
    pub fn values(&self, out: &mut [u16], cred: &Cred) -> Result<(), Errno> {
        let state = self.live()?;
        state.perm.check(READ, cred)?;
        for (to, semaphore) in out.iter_mut().zip(state.array.semaphores()) {
            *to = u16::try_from(semaphore.value).unwrap_or(0);
        }
        Ok(())
    }

    /// `SETVAL` and `SETALL`.
    ///
    /// # Errors
    /// `ERANGE`, `EACCES`, `EINVAL` if there is no such semaphore, `EIDRM`.
    pub fn change(&self, change: Change<'_>, cred: &Cred) -> Result<(), Errno> {
        if let Change::All(values) = change
            && values.iter().any(|&value| i32::from(value) > VALUE_MAX)
        {
            self.live()?.perm.check(ALTER, cred)?;
            return Err(Errno::ERANGE);
        }
        let mut state = self.live()?;
        match change {
            Change::One(index, value) => {
                let index = usize::try_from(index).ok().filter(|&at| at < state.array.len());
                let index = index.ok_or(Errno::EINVAL)?;
                state.perm.check(ALTER, cred)?;
                state.array.set(index, value, acting_pid());
            }
            Change::All(values) => {
                state.perm.check(ALTER, cred)?;
                for (index, &value) in values.iter().enumerate() {
                    state.array.set(index, i32::from(value), acting_pid());
                }
            }
        }
        state.ctime = now();
        state.settle();
        Ok(())
    }

    /// Takes back what `list` has asked for.
    pub(super) fn undo(&self, list: u64) {
        let mut state = self.state.lock();
        if !state.removed {
            state.array.undo(list, acting_pid());
            state.settle();
        }
    }
}

impl State {
    /// Values have changed: does what waited for that.
    pub(super) fn settle(&mut self) {
        if self.array.settle(|waiter, result| waiter.complete(result)) {
            self.otime = now();
        }
    }
}
