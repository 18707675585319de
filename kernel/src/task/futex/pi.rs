//! Locks with an owner: `FUTEX_LOCK_PI` and its kin.
//!
//! The word holds the owner's thread id and a bit that says that somebody waits. Unlocking hands
//! the lock to whoever has waited longest. The owner's priority is not raised meanwhile.

use alloc::sync::Arc;

use elfin_platform::user;
use elfin_syscalls::{Errno, SysResult};

use super::robust::{OWNER_DIED, TID_MASK, WAITERS};
use super::table::{self, Locked, announce};
use super::wait::{Deadline, End, sleep_in_table};
use super::word::{self, fetch_for_writing, quietly};
use crate::mm::FutexKey;
use crate::task::ids::find_thread;
use crate::task::thread::{Thread, ThreadRef};

/// What the word says to somebody who wants the lock.
enum Claim {
    Owned,
    /// This thread has it.
    MustWait(u32),
}

/// Takes the lock at `address`, waiting until `deadline`.
///
/// # Errors
/// `EDEADLK` if the caller has it, `ESRCH` if its owner does not exist, `ETIMEDOUT`, `EINVAL`,
/// `EFAULT`, `ENOMEM`.
pub fn lock_pi(
    me: &ThreadRef,
    address: usize,
    private: bool,
    deadline: Option<Deadline>,
) -> SysResult {
    let key = word::key(me, address, private)?;
    let index = table::index_of(key);
    let mut announced = Some(announce(index));
    let mut abandoned = false;
    loop {
        let mut bucket = table::lock(index);
        match quietly(me, || claim(me, address, abandoned)) {
            Ok(claimed) => match claimed? {
                Claim::Owned => return Ok(0),
                Claim::MustWait(owner) => {
                    let announced = announced.take().unwrap_or_else(|| announce(index));
                    bucket.add_pi(announced, key, owner, me)?;
                    break match sleep_in_table(me, bucket, deadline) {
                        End::Woken if me.futex.take_owner_gone() => {
                            abandoned = true;
                            continue;
                        }
                        // Whoever unlocked it has made us the owner.
                        End::Woken => Ok(0),
                        End::TimedOut => Err(Errno::ETIMEDOUT),
                        End::Interrupted => Err(Errno::ERESTARTNOINTR),
                    };
                }
            },
            Err(_) => {
                drop(bucket);
                fetch_for_writing(address)?;
            }
        }
    }
}

/// Takes the lock at `address` if nobody has it.
///
/// # Errors
/// `EAGAIN` if somebody has, `EDEADLK` if the caller has, `EINVAL`, `EFAULT`.
pub fn try_lock_pi(me: &Thread, address: usize, private: bool) -> SysResult {
    let key = word::key(me, address, private)?;
    loop {
        let bucket = table::lock(table::index_of(key));
        let result = quietly(me, || {
            let old = user::load_u32(address)?;
            if old & TID_MASK == me.tid {
                return Ok(Err(Errno::EDEADLK));
            }
            if old & TID_MASK != 0 {
                return Ok(Err(Errno::EAGAIN));
            }
            let new = me.tid | old & (WAITERS | OWNER_DIED);
            let seen = user::cmpxchg_u32(address, old, new)?;
            Ok(if seen == old { Ok(0) } else { Err(Errno::EAGAIN) })
        });
        match result {
            Ok(result) => return result,
            Err(_) => {
                drop(bucket);
                fetch_for_writing(address)?;
            }
        }
    }
}

/// Gives up the lock at `address`, to whoever has waited longest.
///
/// # Errors
/// `EPERM` if the caller does not have it, `EINVAL`, `EFAULT`.
pub fn unlock_pi(me: &Thread, address: usize, private: bool) -> SysResult {
    let key = word::key(me, address, private)?;
    loop {
        let mut bucket = table::lock(table::index_of(key));
        match quietly(me, || hand_over(&mut bucket, key, address, me.tid, 0)) {
            Ok(true) => return Ok(0),
            Ok(false) => return Err(Errno::EPERM),
            Err(_) => {
                drop(bucket);
                fetch_for_writing(address)?;
            }
        }
    }
}

/// Hands on a lock whose owner ends, marked so; false if the word cannot be reached.
pub(super) fn owner_died(me: &Thread, address: usize) -> bool {
    let Ok(key) = word::key(me, address, false) else { return false };
    let mut bucket = table::lock(table::index_of(key));
    if let Ok(_owned) = quietly(me, || hand_over(&mut bucket, key, address, me.tid, OWNER_DIED)) {
        return true;
    }
    drop(bucket);
    // Its page is not at hand: whoever finds the word takes it as it is.
    fetch_for_writing(address).is_ok()
}

/// Makes `me` the owner if there is none, or says in the word that somebody waits. An owner that
/// does not exist is an error, unless the lock is known to be `abandoned` by one that ended.
fn claim(
    me: &Thread,
    address: usize,
    abandoned: bool,
) -> Result<Result<Claim, Errno>, user::Fault> {
    loop {
        let old = user::load_u32(address)?;
        let owner = old & TID_MASK;
        if owner == me.tid {
            return Ok(Err(Errno::EDEADLK));
        }
        let (new, claim) = if owner == 0 {
            (me.tid | old & (WAITERS | OWNER_DIED), Claim::Owned)
        } else {
            match find_thread(owner).map(|owner| owner.futex.has_ended()) {
                Some(false) => (old | WAITERS, Claim::MustWait(owner)),
                None if !abandoned => return Ok(Err(Errno::ESRCH)),
                _ => (me.tid | old & WAITERS | OWNER_DIED, Claim::Owned),
            }
        };
        if user::cmpxchg_u32(address, old, new)? == old {
            return Ok(Ok(claim));
        }
    }
}

/// Gives the lock that `owner` has to the first waiter, with `mark` in the word; false if it is
/// not `owner`'s.
fn hand_over(
    bucket: &mut Locked,
    key: FutexKey,
    address: usize,
    owner: u32,
    mark: u32,
) -> Result<bool, user::Fault> {
    loop {
        let old = user::load_u32(address)?;
        if old & TID_MASK != owner {
            return Ok(false);
        }
        let (heir, more) = bucket.first_pi(key);
        let new = heir.as_ref().map_or(0, |heir| heir.tid | if more { WAITERS } else { 0 }) | mark;
        if user::cmpxchg_u32(address, old, new)? == old {
            if let Some(heir) = heir {
                bucket.take_pi(key, &heir);
                drop::<Arc<_>>(heir);
            }
            return Ok(true);
        }
    }
}
