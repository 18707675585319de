//! Calls about another process's memory: copies (`process_vm_readv(2)`, `process_vm_writev(2)`),
//! advice (`process_madvise(2)`), its end (`process_mrelease(2)`).

use alloc::sync::Arc;
use alloc::vec::Vec;

use elfin_platform::user;
use elfin_syscalls::abi::Iovec;
use elfin_syscalls::args::{Advice, Fd, Pid, UserAddr};
use elfin_syscalls::{Errno, SysResult};

use super::Cx;
use super::usercopy::user_iovecs;
use crate::fs::{Dest, Source};
use crate::mm::AddressSpace;
use crate::task::pidfd::Pidfd;
use crate::task::ptrace::{Access, may_access};
use crate::task::{Capability, Process, find_process};

/// Bytes copied at a time.
const CHUNK: usize = 4096;

/// The memory of process `pid`, which the caller may look into.
fn memory_of(cx: &Cx<'_>, pid: Pid) -> Result<Arc<AddressSpace>, Errno> {
    let pid = u32::try_from(pid).map_err(|_| Errno::ESRCH)?;
    memory_of_process(cx, &*find_process(pid).ok_or(Errno::ESRCH)?)
}

fn memory_of_process(cx: &Cx<'_>, process: &Process) -> Result<Arc<AddressSpace>, Errno> {
    let thread = process.find_thread(|thread| Some(thread.clone())).ok_or(Errno::ESRCH)?;
    if !may_access(cx.thread, &thread, Access::Real) {
        return Err(Errno::EPERM);
    }
    Ok(thread.mm().clone())
}

/// Copies while both sides have room; `copy(address, buffer)` moves one chunk between the other
/// process's memory and `buffer`, and says how many bytes it could.
fn transfer(
    remote: &[Iovec],
    mut room: usize,
    mut copy: impl FnMut(usize, &mut [u8]) -> Result<usize, Errno>,
) -> SysResult {
    let mut buffer = Vec::new();
    buffer.try_reserve_exact(CHUNK).map_err(|_| Errno::ENOMEM)?;
    buffer.resize(CHUNK, 0);
    let mut done = 0;
    for iovec in remote {
        let (mut at, mut left) = (iovec.iov_base as usize, iovec.iov_len as usize);
        while left > 0 && room > 0 {
            let len = left.min(room).min(CHUNK - at % CHUNK);
            let moved = match copy(at, buffer.get_mut(..len).unwrap_or_default()) {
                Ok(moved) if moved > 0 => moved,
                _ if done > 0 => return Ok(done),
                _ => return Err(Errno::EFAULT),
            };
            done += moved;
            if moved < len {
                return Ok(done);
            }
            (at, left, room) = (at.wrapping_add(len), left - len, room - len);
        }
    }
    Ok(done)
}

/// `process_vm_readv(2)`.
pub fn process_vm_readv(
    cx: &mut Cx<'_>,
    pid: Pid,
    local: UserAddr,
    local_count: usize,
    remote: UserAddr,
    remote_count: usize,
    flags: usize,
) -> SysResult {
    if flags != 0 {
        return Err(Errno::EINVAL);
    }
    let (local, remote) = (user_iovecs(local, local_count)?, user_iovecs(remote, remote_count)?);
    let mm = memory_of(cx, pid)?;
    let mut to = Dest::iovecs(&local);
    transfer(&remote, to.remaining(), |at, buffer| {
        let read = mm.read(at.min(user::END), buffer);
        to.put(buffer.get(..read).unwrap_or_default())
    })
}

/// `process_vm_writev(2)`.
pub fn process_vm_writev(
    cx: &mut Cx<'_>,
    pid: Pid,
    local: UserAddr,
    local_count: usize,
    remote: UserAddr,
    remote_count: usize,
    flags: usize,
) -> SysResult {
    if flags != 0 {
        return Err(Errno::EINVAL);
    }
    let (local, remote) = (user_iovecs(local, local_count)?, user_iovecs(remote, remote_count)?);
    let mm = memory_of(cx, pid)?;
    let mut from = Source::iovecs(&local);
    transfer(&remote, from.remaining(), |at, buffer| {
        let taken = from.take(buffer)?;
        let bytes = buffer.get(..taken).unwrap_or_default();
        mm.write_as_program(at, bytes).map(|()| taken)
    })
}

/// `process_madvise(2)`: advice that changes nothing but speed.
pub fn process_madvise(
    cx: &mut Cx<'_>,
    pidfd: Fd,
    iovecs: UserAddr,
    count: usize,
    advice: Advice,
    flags: u32,
) -> SysResult {
    if flags != 0 {
        return Err(Errno::EINVAL);
    }
    let ranges = user_iovecs(iovecs, count)?;
    let process = Pidfd::process(&*cx.file(pidfd)?)?;
    if !matches!(advice, Advice::COLD | Advice::PAGEOUT | Advice::WILLNEED) {
        return Err(Errno::EINVAL);
    }
    let mm = memory_of_process(cx, &process)
        .map_err(|errno| if errno == Errno::EPERM { Errno::EACCES } else { errno })?;
    let is_own = Arc::ptr_eq(&mm, cx.thread.mm());
    if !is_own && !cx.thread.cred().has(Capability::SYS_NICE) {
        return Err(Errno::EPERM);
    }
    let mut done = 0usize;
    for range in ranges {
        let (at, len) = (range.iov_base as usize, range.iov_len as usize);
        match mm.advise(at, len, advice) {
            Ok(()) => done = done.saturating_add(len),
            Err(error) if done == 0 => return Err(error),
            Err(_) => break,
        }
    }
    Ok(done)
}

/// `process_mrelease(2)`: a process that was killed gives its memory back by itself, as soon as
/// its threads have heard of it.
pub fn process_mrelease(cx: &mut Cx<'_>, pidfd: Fd, flags: u32) -> SysResult {
    if flags != 0 {
        return Err(Errno::EINVAL);
    }
    let process = Pidfd::process(&*cx.file(pidfd)?)?;
    if process.thread_count() == 0 {
        return Err(Errno::ESRCH);
    }
    if process.is_exiting() { Ok(0) } else { Err(Errno::EINVAL) }
}
