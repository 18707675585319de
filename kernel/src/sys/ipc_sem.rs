//! System V semaphores: `semget`, `semop`, `semtimedop`, `semctl`.

use alloc::vec::Vec;

use elfin_platform::time;
use elfin_syscalls::abi::{
    GETALL, GETNCNT, GETPID, GETVAL, GETZCNT, IPC_INFO, IPC_NOWAIT, IPC_RMID, IPC_SET, IPC_STAT,
    SEM_INFO, SEM_STAT, SEM_STAT_ANY, SEM_UNDO, SETALL, SETVAL, Sembuf, SemidDs, Seminfo, Timespec,
};
use elfin_syscalls::args::{UserAddr, UserIn};
use elfin_syscalls::{Errno, SysResult};

use super::Cx;
use super::ipc_shm::{int, number};
use super::usercopy::{user_read, user_read_at, user_read_slice, user_write_at};
use crate::ipc::sem::{self, Change, Op, Query, VALUE_MAX};
use crate::ipc::{Object, READ, limits};

/// `semusz` in `IPC_INFO`: a size that means nothing any more.
const SEMUSZ: i32 = 20;

/// `semget(2)`.
///
/// # Errors
/// `EINVAL`, `ENOENT`, `EEXIST`, `EACCES`, `ENOSPC`, `ENOMEM`.
pub fn semget(cx: &mut Cx<'_>, key: i32, count: i32, flags: i32) -> SysResult {
    number(sem::get(key, count, flags, &cx.thread.cred())?)
}

/// `semop(2)`.
///
/// # Errors
/// See [`semtimedop`].
pub fn semop(_cx: &mut Cx<'_>, id: i32, ops: UserAddr, count: u32) -> SysResult {
    operate(id, ops, count, None)
}

/// `semtimedop(2)`.
///
/// # Errors
/// `EINVAL`, `E2BIG`, `EFAULT`, `EFBIG`, `EACCES`, `ERANGE`, `ENOMEM`, `EAGAIN`, `EINTR`,
/// `EIDRM`.
pub fn semtimedop(
    _cx: &mut Cx<'_>,
    id: i32,
    ops: UserAddr,
    count: u32,
    timeout: UserIn<Timespec>,
) -> SysResult {
    let timeout = match timeout.non_null() {
        None => None,
        Some(timeout) => Some(user_read(timeout)?),
    };
    operate(id, ops, count, timeout)
}

fn operate(id: i32, ops: UserAddr, count: u32, timeout: Option<Timespec>) -> SysResult {
    if u64::from(count) > limits::SEMOPM.get() {
        return Err(Errno::E2BIG);
    }
    let count = usize::try_from(count).map_err(|_| Errno::E2BIG)?;
    if count == 0 {
        return Err(Errno::EINVAL);
    }
    let raw: Vec<Sembuf> = user_read_slice(ops, count)?;
    if id < 0 {
        return Err(Errno::EINVAL);
    }
    let deadline = match timeout {
        None => None,
        Some(timeout) => {
            let nanos = timeout.checked_nanos().ok_or(Errno::EINVAL)?;
            Some(time::now().saturating_add(nanos))
        }
    };
    let mut ops = Vec::new();
    ops.try_reserve_exact(count).map_err(|_| Errno::ENOMEM)?;
    ops.extend(raw.iter().map(|raw| Op {
        index: usize::from(raw.sem_num),
        delta: i32::from(raw.sem_op),
        no_wait: i32::from(raw.sem_flg) & IPC_NOWAIT != 0,
        undo: i32::from(raw.sem_flg) & SEM_UNDO != 0,
    }));
    sem::operate(id, ops, deadline)?;
    Ok(0)
}

/// `semctl(2)`; `arg` is the union `semun`: a value, or an address.
///
/// # Errors
/// `EINVAL`, `EACCES`, `EPERM`, `EFAULT`, `ERANGE`, `ENOMEM`, `EIDRM`.
pub fn semctl(cx: &mut Cx<'_>, id: i32, index: i32, cmd: i32, arg: usize) -> SysResult {
    if id < 0 {
        return Err(Errno::EINVAL);
    }
    let (cred, buf) = (cx.thread.cred(), UserAddr(arg));
    let query = |query| sem::find(id)?.query(index, query, &cred);
    match cmd {
        IPC_INFO | SEM_INFO => info(cmd, buf),
        IPC_STAT | SEM_STAT | SEM_STAT_ANY => {
            let set = if cmd == IPC_STAT { sem::find(id)? } else { sem::find_at(id)? };
            if cmd != SEM_STAT_ANY {
                set.check(READ, &cred)?;
            }
            user_write_at(buf, &set.status())?;
            if cmd == IPC_STAT { Ok(0) } else { number(set.name().id()) }
        }
        IPC_SET => {
            let new: SemidDs = user_read_at(buf)?;
            sem::find(id)?.set_perm(&new.sem_perm, &cred)?;
            Ok(0)
        }
        IPC_RMID => {
            sem::remove(id, &cred)?;
            Ok(0)
        }
        GETVAL => query(Query::Value),
        GETPID => query(Query::Pid),
        GETNCNT => query(Query::WaitingForMore),
        GETZCNT => query(Query::WaitingForZero),
        SETVAL => {
            // The union's `int` is the register's lower half.
            let value = i32::try_from(arg & 0xffff_ffff).map_err(|_| Errno::ERANGE)?;
            if value > VALUE_MAX {
                return Err(Errno::ERANGE);
            }
            sem::find(id)?.change(Change::One(index, value), &cred)?;
            Ok(0)
        }
        GETALL => {
            let set = sem::find(id)?;
            let mut values = Vec::new();
            values.try_reserve_exact(set.len()).map_err(|_| Errno::ENOMEM)?;
            values.resize(set.len(), 0u16);
            set.values(&mut values, &cred)?;
            user_write_at(buf, values.as_slice())?;
            Ok(0)
        }
        SETALL => {
            let set = sem::find(id)?;
            set.check(crate::ipc::ALTER, &cred)?;
            let values: Vec<u16> = user_read_slice(buf, set.len())?;
            set.change(Change::All(&values), &cred)?;
            Ok(0)
        }
        _ => Err(Errno::EINVAL),
    }
}

fn info(cmd: i32, buf: UserAddr) -> SysResult {
    let (used, total, highest) = sem::info();
    let limit = |limit: &limits::Limit| int(limit.count());
    let usage = cmd == SEM_INFO;
    let info = Seminfo {
        semmap: limit(&limits::SEMMNS),
        semmni: limit(&limits::SEMMNI),
        semmns: limit(&limits::SEMMNS),
        semmnu: limit(&limits::SEMMNS),
        semmsl: limit(&limits::SEMMSL),
        semopm: limit(&limits::SEMOPM),
        semume: limit(&limits::SEMOPM),
        semusz: if usage { int(used) } else { SEMUSZ },
        semvmx: VALUE_MAX,
        semaem: if usage { int(total) } else { VALUE_MAX },
    };
    user_write_at(buf, &info)?;
    Ok(highest)
}
