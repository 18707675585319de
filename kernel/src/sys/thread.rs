//! Handlers about threads: making and ending them, and what is registered for one.

use alloc::vec::Vec;
use core::sync::atomic::Ordering;

use elfin_platform::mm::PAGE_SIZE;
use elfin_platform::user;
use elfin_syscalls::abi::{CloneArgs, RobustListHead};
use elfin_syscalls::args::{CloneFlags, Pid, SigNum, UserAddr, UserIn, UserOut, clone_tail};
use elfin_syscalls::zerocopy::{FromBytes, IntoBytes};
use elfin_syscalls::{Arch, Errno, SysResult};

use super::Cx;
use super::usercopy::{user_read_slice, user_write};
use crate::task::clone::{self, Request};
use crate::task::ptrace::{Access, may_access};
use crate::task::signal::SIGCHLD;
use crate::task::{ThreadRef, exit, find_thread, rseq};

/// The size of `struct clone_args` in Linux 5.3, the least there is.
const CLONE_ARGS_VERSION_0: usize = 64;
/// `rseq`: take the registration back.
const RSEQ_UNREGISTER: i32 = 1;

fn id(number: u32) -> SysResult {
    usize::try_from(number).map_err(|_| Errno::EINVAL)
}

/// The thread that a program names; 0 is the caller itself.
///
/// # Errors
/// `ESRCH` if there is none.
pub(super) fn thread_by_id(cx: &Cx<'_>, tid: Pid) -> Result<ThreadRef, Errno> {
    match u32::try_from(tid) {
        Ok(0) => Ok(cx.thread.clone()),
        Ok(tid) => find_thread(tid).ok_or(Errno::ESRCH),
        Err(_) => Err(Errno::ESRCH),
    }
}

/// `gettid(2)`.
pub fn gettid(cx: &mut Cx<'_>) -> SysResult {
    id(cx.thread.tid)
}

/// `fork(2)`.
pub fn fork(cx: &mut Cx<'_>) -> SysResult {
    new_process(cx, CloneFlags::empty())
}

/// `vfork(2)`.
pub fn vfork(cx: &mut Cx<'_>) -> SysResult {
    new_process(cx, CloneFlags::VFORK | CloneFlags::VM)
}

fn new_process(cx: &mut Cx<'_>, flags: CloneFlags) -> SysResult {
    let request = Request {
        flags,
        exit_signal: SIGCHLD.number(),
        stack: None,
        tls: 0,
        parent_tid: 0,
        child_tid: 0,
        pidfd: 0,
    };
    id(clone::clone(cx.thread, cx.frame, &request)?)
}

/// `clone(2)`.
pub fn clone(
    cx: &mut Cx<'_>,
    flags: CloneFlags,
    stack: UserAddr,
    parent_tid: UserOut<i32>,
    a3: usize,
    a4: usize,
) -> SysResult {
    let (tls, child_tid) = clone_tail(Arch::NATIVE, a3, a4);
    let request = Request {
        flags: flags.without_signal(),
        exit_signal: flags.exit_signal(),
        stack: (!stack.is_null()).then_some(stack.addr()),
        tls,
        parent_tid: parent_tid.addr(),
        child_tid,
        pidfd: parent_tid.addr(),
    };
    let both = CloneFlags::PIDFD | CloneFlags::PARENT_SETTID;
    if request.flags.contains(both)
        || request.flags.contains(CloneFlags::PIDFD | CloneFlags::DETACHED)
    {
        return Err(Errno::EINVAL);
    }
    id(clone::clone(cx.thread, cx.frame, &request)?)
}

/// `clone3(2)`. Ids cannot be chosen (`set_tid`), nor control groups.
pub fn clone3(cx: &mut Cx<'_>, args: UserIn<CloneArgs>, size: usize) -> SysResult {
    let args: CloneArgs = read_sized(args.untyped(), size, CLONE_ARGS_VERSION_0)?;
    let request = clone3_request(&args)?;
    id(clone::clone(cx.thread, cx.frame, &request)?)
}

/// Reads a structure that has grown over time: `size` is what the program knows of it, and what
/// it says beyond what is known here must be zero.
///
/// # Errors
/// `EINVAL` below `least`, `E2BIG`, `EFAULT`.
pub(super) fn read_sized<T: FromBytes + IntoBytes>(
    from: UserAddr,
    size: usize,
    least: usize,
) -> Result<T, Errno> {
    if size < least {
        return Err(Errno::EINVAL);
    }
    if size > PAGE_SIZE {
        return Err(Errno::E2BIG);
    }
    let bytes: Vec<u8> = user_read_slice(from, size)?;
    let mut value = T::new_zeroed();
    let place = value.as_mut_bytes();
    let (known, beyond) = bytes.split_at(size.min(place.len()));
    if beyond.iter().any(|byte| *byte != 0) {
        return Err(Errno::E2BIG);
    }
    place.iter_mut().zip(known).for_each(|(to, from)| *to = *from);
    Ok(value)
}

/// What a `clone_args` asks for.
fn clone3_request(args: &CloneArgs) -> Result<Request, Errno> {
    let flags = CloneFlags::from_bits_retain(args.flags);
    let signals = CloneFlags::SIGNAL_MASK & !CloneFlags::NEWTIME.bits();
    let known = CloneFlags::all().bits() & !CloneFlags::SIGNAL_MASK | CloneFlags::NEWTIME.bits();
    if args.flags & (CloneFlags::DETACHED.bits() | signals | !known) != 0
        || (args.stack == 0) != (args.stack_size == 0)
        || (args.set_tid == 0) != (args.set_tid_size == 0)
        || args.set_tid_size != 0
        || flags.contains(CloneFlags::INTO_CGROUP)
        || flags.contains(CloneFlags::NEWTIME)
    {
        return Err(Errno::EINVAL);
    }
    let exit_signal = u32::try_from(args.exit_signal).map_err(|_| Errno::EINVAL)?;
    if exit_signal > SigNum::MAX
        || (flags.intersects(CloneFlags::THREAD | CloneFlags::PARENT) && exit_signal != 0)
    {
        return Err(Errno::EINVAL);
    }
    let word = |value: u64| usize::try_from(value).map_err(|_| Errno::EINVAL);
    let top = args.stack.checked_add(args.stack_size).ok_or(Errno::EINVAL)?;
    if word(top)? > user::END {
        return Err(Errno::EINVAL);
    }
    Ok(Request {
        flags,
        exit_signal,
        stack: if args.stack == 0 { None } else { Some(word(top)?) },
        tls: word(args.tls)?,
        parent_tid: word(args.parent_tid)?,
        child_tid: word(args.child_tid)?,
        pidfd: word(args.pidfd)?,
    })
}

/// `exit(2)`: ends the calling thread alone.
pub fn exit(_cx: &mut Cx<'_>, status: i32) -> SysResult {
    exit::exit_alone(status)
}

/// `exit_group(2)`: ends the process.
pub fn exit_group(_cx: &mut Cx<'_>, status: i32) -> SysResult {
    exit::exit_group(status)
}

/// `set_tid_address(2)`.
pub fn set_tid_address(cx: &mut Cx<'_>, tidptr: UserAddr) -> SysResult {
    cx.thread.clear_tid.store(tidptr.addr(), Ordering::Relaxed);
    id(cx.thread.tid)
}

/// `set_robust_list(2)`.
pub fn set_robust_list(cx: &mut Cx<'_>, head: UserAddr, len: usize) -> SysResult {
    if len != size_of::<RobustListHead>() {
        return Err(Errno::EINVAL);
    }
    cx.thread.robust_list.store(head.addr(), Ordering::Relaxed);
    Ok(0)
}

/// `get_robust_list(2)`.
pub fn get_robust_list(
    cx: &mut Cx<'_>,
    pid: Pid,
    head: UserOut<u64>,
    len: UserOut<u64>,
) -> SysResult {
    let thread = thread_by_id(cx, pid)?;
    if !may_access(cx.thread, &thread, Access::Real) {
        return Err(Errno::EPERM);
    }
    let address = thread.robust_list.load(Ordering::Relaxed);
    user_write(len, &u64::try_from(size_of::<RobustListHead>()).unwrap_or_default())?;
    user_write(head, &u64::try_from(address).unwrap_or_default())?;
    Ok(0)
}

/// `rseq(2)`.
pub fn rseq(cx: &mut Cx<'_>, area: UserAddr, len: u32, flags: i32, sig: u32) -> SysResult {
    match flags {
        0 => rseq::register(cx.thread, area.addr(), len, sig)?,
        RSEQ_UNREGISTER => rseq::unregister(cx.thread, area.addr(), len, sig)?,
        _ => return Err(Errno::EINVAL),
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use elfin_syscalls::abi::zeroed;

    const THREAD: u64 = 0x3d_0f00;

    #[test]
    fn clone3_takes_the_stacks_end() {
        let args = CloneArgs { flags: THREAD, stack: 0x1000, stack_size: 0x2000, ..zeroed() };
        assert_eq!(clone3_request(&args).map(|request| request.stack), Ok(Some(0x3000)));
    }

    #[test]
    fn clone3_refuses_what_linux_refuses() {
        let refuses = |args: CloneArgs| {
            assert_eq!(clone3_request(&args).map(|_| ()), Err(Errno::EINVAL), "{args:?}");
        };
        refuses(CloneArgs { flags: THREAD, stack: 0x1000, ..zeroed() });
        refuses(CloneArgs { flags: THREAD, stack_size: 0x1000, ..zeroed() });
        refuses(CloneArgs { flags: THREAD | 17, ..zeroed() });
        refuses(CloneArgs { flags: THREAD, exit_signal: 17, ..zeroed() });
        refuses(CloneArgs { exit_signal: 65, ..zeroed() });
        refuses(CloneArgs { flags: 1 << 40, ..zeroed() });
        refuses(CloneArgs { set_tid_size: 1, ..zeroed() });
        refuses(CloneArgs { stack: u64::MAX, stack_size: 2, ..zeroed() });
    }
}
