//! [`MsgQueue`]: a message queue as an object, and the table of them.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;

use elfin_platform::sync::{SpinGuard, SpinLock};
use elfin_syscalls::Errno;
use elfin_syscalls::abi::{MsqidDs, zeroed};

use super::messages::{Message, Messages, Selector};
use crate::ipc::{self, Name, Object, Perm, Registry, Waiter, limits, now};
use crate::task::{Capability, Cred, PollEvents, WaitQueue};

/// Who waits for a message.
pub(super) type ReceiveWaiter = Arc<Waiter<Result<Message, Errno>>>;

/// Somebody who waits for a message, and for which.
pub(super) struct Receiver {
    pub(super) waiter: ReceiveWaiter,
    pub(super) wanted: Selector,
    /// The longest text that it takes.
    pub(super) room: usize,
    pub(super) pid: i32,
}

/// A message queue.
pub struct MsgQueue {
    name: Name,
    state: SpinLock<State>,
    /// Those who wait for room.
    pub(super) senders: WaitQueue,
}

pub(super) struct State {
    pub(super) perm: Perm,
    pub(super) messages: Messages,
    pub(super) receivers: VecDeque<Receiver>,
    /// Bytes that it may hold.
    pub(super) capacity: u64,
    pub(super) stime: i64,
    pub(super) rtime: i64,
    pub(super) ctime: i64,
    pub(super) lspid: i32,
    pub(super) lrpid: i32,
    removed: bool,
}

static QUEUES: SpinLock<Registry<MsgQueue>> = SpinLock::new(Registry::new());

impl Object for MsgQueue {
    fn name(&self) -> &Name {
        &self.name
    }

    fn check(&self, wanted: u32, cred: &Cred) -> Result<(), Errno> {
        self.state.lock().perm.check(wanted, cred)
    }
}

/// `msgget(2)`.
///
/// # Errors
/// `ENOENT`, `EEXIST`, `EACCES`, `ENOSPC`, `ENOMEM`.
pub fn get(key: i32, flags: i32, cred: &Cred) -> Result<i32, Errno> {
    let make = |id| {
        ipc::reserve(size_of::<MsgQueue>())?;
        let state = State {
            perm: Perm::new(flags, cred),
            messages: Messages::new(),
            receivers: VecDeque::new(),
            capacity: limits::MSGMNB.get(),
            stime: 0,
            rtime: 0,
            ctime: now(),
            lspid: 0,
            lrpid: 0,
            removed: false,
        };
        Ok(Arc::new(MsgQueue {
            name: Name::new(id, key),
            state: SpinLock::new(state),
            senders: WaitQueue::new(),
        }))
    };
    ipc::get(&QUEUES, (key, flags), limits::MSGMNI.count(), cred, |_| Ok(()), make)
}

/// The queue with this id.
///
/// # Errors
/// `EINVAL`.
pub fn find(id: i32) -> Result<Arc<MsgQueue>, Errno> {
    QUEUES.lock().get(id)
}

/// The queue at this place of the table.
///
/// # Errors
/// `EINVAL`.
pub fn find_at(place: i32) -> Result<Arc<MsgQueue>, Errno> {
    QUEUES.lock().at(place)
}

/// All queues.
///
/// # Errors
/// `ENOMEM`.
pub fn queues() -> Result<Vec<Arc<MsgQueue>>, Errno> {
    let table = QUEUES.lock();
    let mut all = Vec::new();
    all.try_reserve(table.used()).map_err(|_| Errno::ENOMEM)?;
    all.extend(table.iter().cloned());
    Ok(all)
}

/// The number of queues, of messages and of their bytes, and the highest place in use.
pub fn info() -> [usize; 4] {
    let table = QUEUES.lock();
    let (messages, bytes) = table.iter().fold((0, 0), |(messages, bytes), queue| {
        let state = queue.state.lock();
        (messages + state.messages.len(), bytes + state.messages.bytes())
    });
    [table.used(), messages, bytes, table.highest()]
}

/// `IPC_RMID`: whoever waits is told.
///
/// # Errors
/// `EINVAL`, `EPERM`, `EIDRM`.
pub fn remove(id: i32, cred: &Cred) -> Result<(), Errno> {
    let queue = find(id)?;
    let messages = {
        let mut state = queue.live()?;
        state.perm.check_owner(cred)?;
        state.removed = true;
        for receiver in state.receivers.drain(..) {
            receiver.waiter.complete(Err(Errno::EIDRM));
        }
        state.messages.drain()
    };
    queue.senders.wake_all(PollEvents::empty());
    let removed = QUEUES.lock().remove(id);
    drop((removed, messages));
    Ok(())
}

impl MsgQueue {
    /// The state, of a queue that has not been removed.
    pub(super) fn live(&self) -> Result<SpinGuard<'_, State>, Errno> {
        let state = self.state.lock();
        if state.removed { Err(Errno::EIDRM) } else { Ok(state) }
    }

    /// What is known about it, without a check.
    pub fn status(&self) -> MsqidDs {
        let state = self.state.lock();
        let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        MsqidDs {
            msg_perm: state.perm.to_abi(&self.name, 0),
            msg_stime: state.stime,
            msg_rtime: state.rtime,
            msg_ctime: state.ctime,
            msg_cbytes: count(state.messages.bytes()),
            msg_qnum: count(state.messages.len()),
            msg_qbytes: state.capacity,
            msg_lspid: state.lspid,
            msg_lrpid: state.lrpid,
            ..zeroed()
        }
    }

    /// `IPC_SET`: owner, mode and capacity. Who waits looks again whether it still may.
    ///
    /// # Errors
    /// `EPERM`, `EINVAL`, `EIDRM`.
    pub fn set(&self, new: &MsqidDs, cred: &Cred) -> Result<(), Errno> {
        {
            let mut state = self.live()?;
            state.perm.check_owner(cred)?;
            let more = new.msg_qbytes > limits::MSGMNB.get();
            if more && !cred.has(Capability::SYS_RESOURCE) {
                return Err(Errno::EPERM);
            }
            state.perm.update(&new.msg_perm)?;
            state.capacity = new.msg_qbytes;
            state.ctime = now();
            for receiver in state.receivers.drain(..) {
                receiver.waiter.complete(Err(Errno::EAGAIN));
            }
        }
        self.senders.wake_all(PollEvents::empty());
        Ok(())
    }
}
