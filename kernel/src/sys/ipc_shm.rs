//! System V shared memory: `shmget`, `shmat`, `shmdt`, `shmctl`.

use elfin_syscalls::abi::{
    IPC_INFO, IPC_RMID, IPC_SET, IPC_STAT, SHM_EXEC, SHM_INFO, SHM_LOCK, SHM_RDONLY, SHM_REMAP,
    SHM_RND, SHM_STAT, SHM_STAT_ANY, SHM_UNLOCK, ShmInfo, ShmidDs, Shminfo, zeroed,
};
use elfin_syscalls::args::UserAddr;
use elfin_syscalls::{Errno, SysResult};

use super::Cx;
use super::usercopy::{user_read_at, user_write_at};
use crate::ipc::shm::{self, Attach};
use crate::ipc::{Object, READ, limits};
use crate::mm::PAGE_SIZE;

/// An id, or a place in a table, as a result.
pub(super) fn number(id: i32) -> SysResult {
    usize::try_from(id).map_err(|_| Errno::EINVAL)
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// A number in a field of the C type `int`.
pub(super) fn int(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// `shmget(2)`.
///
/// # Errors
/// `EINVAL`, `ENOENT`, `EEXIST`, `EACCES`, `ENOSPC`, `ENOMEM`, `EPERM`.
pub fn shmget(cx: &mut Cx<'_>, key: i32, size: usize, flags: i32) -> SysResult {
    number(shm::get(key, size, flags, &cx.thread.cred())?)
}

/// `shmat(2)`: the address.
///
/// # Errors
/// `EINVAL`, `EACCES`, `EIDRM`, `ENOMEM`.
pub fn shmat(cx: &mut Cx<'_>, id: i32, addr: UserAddr, flags: i32) -> SysResult {
    let asked = addr.addr();
    let replace = flags & SHM_REMAP != 0;
    let rounded = asked - asked % PAGE_SIZE;
    let unaligned = rounded != asked && flags & SHM_RND == 0;
    if unaligned || (replace && rounded == 0) {
        return Err(Errno::EINVAL);
    }
    let ask = Attach {
        address: rounded,
        read_only: flags & SHM_RDONLY != 0,
        execute: flags & SHM_EXEC != 0,
        replace,
    };
    shm::attach(cx.thread, id, ask)
}

/// `shmdt(2)`.
///
/// # Errors
/// `EINVAL`.
pub fn shmdt(cx: &mut Cx<'_>, addr: UserAddr) -> SysResult {
    shm::detach(cx.thread, addr.addr())?;
    Ok(0)
}

/// `shmctl(2)`.
///
/// # Errors
/// `EINVAL`, `EACCES`, `EPERM`, `EFAULT`, `EIDRM`.
pub fn shmctl(cx: &mut Cx<'_>, id: i32, cmd: i32, buf: UserAddr) -> SysResult {
    if id < 0 || cmd < 0 {
        return Err(Errno::EINVAL);
    }
    let cred = cx.thread.cred();
    match cmd {
        IPC_INFO | SHM_INFO => info(cmd, buf),
        IPC_STAT | SHM_STAT | SHM_STAT_ANY => {
            let segment = if cmd == IPC_STAT { shm::find(id)? } else { shm::find_at(id)? };
            if cmd != SHM_STAT_ANY {
                segment.check(READ, &cred)?;
            }
            user_write_at(buf, &segment.status())?;
            if cmd == IPC_STAT { Ok(0) } else { number(segment.name().id()) }
        }
        IPC_SET => {
            let new: ShmidDs = user_read_at(buf)?;
            shm::find(id)?.set_perm(&new.shm_perm, &cred)?;
            Ok(0)
        }
        IPC_RMID => {
            shm::remove(id, &cred)?;
            Ok(0)
        }
        SHM_LOCK | SHM_UNLOCK => {
            shm::find(id)?.set_locked(cmd == SHM_LOCK, &cred)?;
            Ok(0)
        }
        _ => Err(Errno::EINVAL),
    }
}

fn info(cmd: i32, buf: UserAddr) -> SysResult {
    let (used, pages, highest) = shm::info();
    if cmd == IPC_INFO {
        let limits = Shminfo {
            shmmax: limits::SHMMAX.get(),
            shmmin: 1,
            shmmni: limits::SHMMNI.get(),
            shmseg: limits::SHMMNI.get(),
            shmall: limits::SHMALL.get(),
            ..zeroed()
        };
        user_write_at(buf, &limits)?;
    } else {
        let resident = shm::segments()?.iter().map(|segment| segment.resident()).sum();
        let usage =
            ShmInfo { used_ids: int(used), shm_tot: count(pages), shm_rss: resident, ..zeroed() };
        user_write_at(buf, &usage)?;
    }
    Ok(highest)
}
