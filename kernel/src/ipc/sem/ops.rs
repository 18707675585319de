//! [`operate`]: `semop(2)` and `semtimedop(2)`.

use alloc::sync::Arc;
use alloc::vec::Vec;

use elfin_syscalls::Errno;

use super::array::{Attempt, Op};
use super::set::find;
use crate::ipc::{ALTER, READ, Waiter, acting_pid, now};
use crate::task::{Wake, current};

/// Does all operations on the set `id` at once, waiting for that until the monotonic clock
/// reaches `deadline`.
///
/// # Errors
/// `EINVAL`, `EFBIG` for a semaphore that is not there, `EACCES`, `ERANGE`, `ENOMEM`, `EAGAIN`
/// when it may not wait or not any longer, `EINTR`, `EIDRM`.
pub fn operate(id: i32, ops: Vec<Op>, deadline: Option<u64>) -> Result<(), Errno> {
    let set = find(id)?;
    let me = current();
    let (cred, pid) = (me.cred(), acting_pid());
    let undo = ops.iter().any(|op| op.undo).then(|| me.process.ipc.undo_list());
    let list = undo.as_ref().map_or(0, |undo| undo.id());
    if let Some(undo) = &undo {
        undo.remember(&set)?;
    }
    let alters = ops.iter().any(|op| op.delta != 0);
    let waiter = {
        let mut state = set.live()?;
        if ops.iter().any(|op| op.index >= state.array.len()) {
            return Err(Errno::EFBIG);
        }
        state.perm.check(if alters { ALTER } else { READ }, &cred)?;
        if undo.is_some() {
            state.array.prepare_undo(list)?;
        }
        match state.array.attempt(&ops, pid, list)? {
            Attempt::Done => {
                state.otime = now();
                if alters {
                    state.settle();
                }
                return Ok(());
            }
            Attempt::Blocked(op) if op.no_wait => return Err(Errno::EAGAIN),
            Attempt::Blocked(op) => {
                let waiter = Waiter::new();
                state.array.wait(waiter.clone(), ops, (pid, list), op)?;
                waiter
            }
        }
    };
    let wake = match waiter.wait(deadline) {
        Ok(result) => return result,
        Err(wake) => wake,
    };
    // A set that was removed has told all who waited.
    if let Ok(mut state) = set.live() {
        state.array.withdraw(|other| Arc::ptr_eq(other, &waiter));
    }
    waiter.take().unwrap_or(Err(match wake {
        Wake::TimedOut => Errno::EAGAIN,
        Wake::Interrupted => Errno::EINTR,
    }))
}
