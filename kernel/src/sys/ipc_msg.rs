//! System V message queues: `msgget`, `msgsnd`, `msgrcv`, `msgctl`.

use elfin_platform::user;
use elfin_syscalls::abi::{
    IPC_INFO, IPC_NOWAIT, IPC_RMID, IPC_SET, IPC_STAT, MSG_COPY, MSG_EXCEPT, MSG_INFO, MSG_NOERROR,
    MSG_STAT, MSG_STAT_ANY, Msginfo, MsqidDs,
};
use elfin_syscalls::args::UserAddr;
use elfin_syscalls::{Errno, SysResult};

use super::Cx;
use super::ipc_shm::{int, number};
use super::usercopy::{efault, user_read_at, user_write_at};
use crate::ipc::msg::{self, Message, Receive, Selector};
use crate::ipc::{Object, READ, limits};

/// Bytes of a message before its text: the type.
const HEADER: usize = size_of::<i64>();
/// `msgssz` and `msgseg` in `IPC_INFO`: the segments of a pool that there is no more.
const SEGMENT: (i32, u16) = (16, 0xffff);
/// Bytes in the unit of `msgpool`.
const KB: usize = 1024;

/// `msgget(2)`.
///
/// # Errors
/// `ENOENT`, `EEXIST`, `EACCES`, `ENOSPC`, `ENOMEM`.
pub fn msgget(cx: &mut Cx<'_>, key: i32, flags: i32) -> SysResult {
    number(msg::get(key, flags, &cx.thread.cred())?)
}

/// `msgsnd(2)`.
///
/// # Errors
/// `EINVAL`, `EFAULT`, `EACCES`, `EAGAIN`, `EIDRM`, `ENOMEM`, `EINTR`.
pub fn msgsnd(_cx: &mut Cx<'_>, id: i32, from: UserAddr, size: usize, flags: i32) -> SysResult {
    let kind: i64 = user_read_at(from)?;
    if size > limits::MSGMAX.count() || id < 0 || kind < 1 {
        return Err(Errno::EINVAL);
    }
    let mut text = msg::text(size)?;
    user::copy_in(&mut text, from.offset(HEADER)?.addr()).map_err(efault)?;
    msg::send(id, Message { kind, text }, flags & IPC_NOWAIT != 0)?;
    Ok(0)
}

/// `msgrcv(2)`: the length of the text.
///
/// # Errors
/// `EINVAL`, `EFAULT`, `EACCES`, `E2BIG`, `ENOMSG`, `EIDRM`, `ENOMEM`, `EINTR`.
pub fn msgrcv(
    _cx: &mut Cx<'_>,
    id: i32,
    to: UserAddr,
    size: usize,
    kind: isize,
    flags: i32,
) -> SysResult {
    if id < 0 || isize::try_from(size).is_err() {
        return Err(Errno::EINVAL);
    }
    let (copy, no_wait) = (flags & MSG_COPY != 0, flags & IPC_NOWAIT != 0);
    let except = flags & MSG_EXCEPT != 0;
    if copy && (except || !no_wait) {
        return Err(Errno::EINVAL);
    }
    let kind = i64::try_from(kind).map_err(|_| Errno::EINVAL)?;
    let wanted = if copy { Selector::Number(kind) } else { Selector::new(kind, except) };
    let ask = Receive { wanted, room: size, cut: flags & MSG_NOERROR != 0, no_wait, copy };
    let message = msg::receive(id, &ask)?;
    user_write_at(to, &message.kind)?;
    let len = message.text.len().min(size);
    let text = message.text.get(..len).unwrap_or_default();
    user_write_at(to.offset(HEADER)?, text)?;
    Ok(len)
}

/// `msgctl(2)`.
///
/// # Errors
/// `EINVAL`, `EACCES`, `EPERM`, `EFAULT`, `EIDRM`.
pub fn msgctl(cx: &mut Cx<'_>, id: i32, cmd: i32, buf: UserAddr) -> SysResult {
    if id < 0 || cmd < 0 {
        return Err(Errno::EINVAL);
    }
    let cred = cx.thread.cred();
    match cmd {
        IPC_INFO | MSG_INFO => info(cmd, buf),
        IPC_STAT | MSG_STAT | MSG_STAT_ANY => {
            let queue = if cmd == IPC_STAT { msg::find(id)? } else { msg::find_at(id)? };
            if cmd != MSG_STAT_ANY {
                queue.check(READ, &cred)?;
            }
            user_write_at(buf, &queue.status())?;
            if cmd == IPC_STAT { Ok(0) } else { number(queue.name().id()) }
        }
        IPC_SET => {
            let new: MsqidDs = user_read_at(buf)?;
            msg::find(id)?.set(&new, &cred)?;
            Ok(0)
        }
        IPC_RMID => {
            msg::remove(id, &cred)?;
            Ok(0)
        }
        _ => Err(Errno::EINVAL),
    }
}

fn info(cmd: i32, buf: UserAddr) -> SysResult {
    let [used, messages, bytes, highest] = msg::info();
    let capacity = limits::MSGMNB.count();
    let pool = limits::MSGMNI.count().saturating_mul(capacity) / KB;
    let [pool, map, total] =
        if cmd == MSG_INFO { [used, messages, bytes] } else { [pool, capacity, capacity] };
    let info = Msginfo {
        msgpool: int(pool),
        msgmap: int(map),
        msgmax: int(limits::MSGMAX.count()),
        msgmnb: int(capacity),
        msgmni: int(limits::MSGMNI.count()),
        msgssz: SEGMENT.0,
        msgtql: int(total),
        msgseg: SEGMENT.1,
        pad: 0,
    };
    user_write_at(buf, &info)?;
    Ok(highest)
}
