//! What a user's queues may take (`RLIMIT_MSGQUEUE`), and how many queues there are.

use alloc::vec::Vec;

use elfin_platform::sync::SpinLock;
use elfin_syscalls::Errno;
use elfin_syscalls::args::Resource;

use crate::ipc::limits;
use crate::task::{Capability, current};

struct Accounts {
    queues: usize,
    /// Bytes by user id.
    users: Vec<(u32, u64)>,
}

static ACCOUNTS: SpinLock<Accounts> = SpinLock::new(Accounts { queues: 0, users: Vec::new() });

/// A queue's share of its user's bytes; given back when dropped.
pub struct Share {
    uid: u32,
    bytes: u64,
}

impl Share {
    /// A share of `bytes` for a new queue of the running thread's user.
    ///
    /// # Errors
    /// `ENOSPC` for too many queues, `EMFILE` beyond the user's limit, `ENOMEM`.
    pub fn new(bytes: u64) -> Result<Self, Errno> {
        let me = current();
        let cred = me.cred();
        let limit = me.process.rlimits.soft(Resource::MSGQUEUE);
        let uid = cred.uid;
        let mut accounts = ACCOUNTS.lock();
        let full = accounts.queues >= limits::MQ_QUEUES_MAX.count();
        if full && !cred.has(Capability::SYS_RESOURCE) {
            return Err(Errno::ENOSPC);
        }
        let user = accounts.users.iter().position(|user| user.0 == uid);
        let used = user.and_then(|at| accounts.users.get(at)).map_or(0, |user| user.1);
        let sum = used.saturating_add(bytes);
        if sum > limit {
            return Err(Errno::EMFILE);
        }
        match user.and_then(|at| accounts.users.get_mut(at)) {
            Some(user) => user.1 = sum,
            None => {
                accounts.users.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
                accounts.users.push((uid, sum));
            }
        }
        accounts.queues += 1;
        Ok(Self { uid, bytes })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut accounts = ACCOUNTS.lock();
        accounts.queues = accounts.queues.saturating_sub(1);
        if let Some(user) = accounts.users.iter_mut().find(|user| user.0 == self.uid) {
            user.1 = user.1.saturating_sub(self.bytes);
        }
        accounts.users.retain(|user| user.1 != 0);
    }
}
