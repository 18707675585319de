//! Handlers about scheduling: affinity, policies, priorities, yielding.

use elfin_platform::cpu;
use elfin_syscalls::abi::{SchedAttr, SchedParam, Timespec, zeroed};
use elfin_syscalls::args::{Pid, Resource, UserAddr, UserIn, UserOut};
use elfin_syscalls::zerocopy::IntoBytes;
use elfin_syscalls::{Errno, SysResult};

use super::Cx;
use super::thread::{read_sized, thread_by_id};
use super::usercopy::{user_read, user_read_at, user_read_slice, user_write, user_write_at};
use crate::task::ids::processes;
use crate::task::priority::{self, MAX_NICE, MIN_NICE, Policy};
use crate::task::{Capability, Thread, ThreadRef, sched};

/// Bytes in a word of a CPU mask.
const MASK_WORD: u32 = 8;
/// The size of `struct sched_attr` as first laid down.
const SCHED_ATTR_VERSION_0: usize = 48;
/// `sched_setattr`: children start with the default.
const FLAG_RESET_ON_FORK: u64 = 1;

/// `sched_yield(2)`.
pub fn sched_yield(_cx: &mut Cx<'_>) -> SysResult {
    sched::yield_now();
    Ok(0)
}

/// `getcpu(2)`.
pub fn getcpu(
    _cx: &mut Cx<'_>,
    cpu: UserOut<u32>,
    node: UserOut<u32>,
    _cache: UserAddr,
) -> SysResult {
    if !cpu.is_null() {
        user_write(cpu, &u32::try_from(cpu::id()).unwrap_or(0))?;
    }
    if !node.is_null() {
        user_write(node, &0)?;
    }
    Ok(0)
}

/// `sched_getaffinity(2)`.
pub fn sched_getaffinity(cx: &mut Cx<'_>, pid: Pid, len: u32, mask: UserAddr) -> SysResult {
    // The mask is one word: it has room for every CPU that can be.
    if len < MASK_WORD || !len.is_multiple_of(MASK_WORD) {
        return Err(Errno::EINVAL);
    }
    let thread = thread_by_id(cx, pid)?;
    let allowed = thread.sched.affinity() & sched::online_mask();
    user_write_at(mask, &allowed)?;
    Ok(size_of_val(&allowed))
}

/// `sched_setaffinity(2)`.
pub fn sched_setaffinity(cx: &mut Cx<'_>, pid: Pid, len: u32, mask: UserAddr) -> SysResult {
    let len = usize::try_from(len.min(MASK_WORD)).map_err(|_| Errno::EINVAL)?;
    let bytes = user_read_slice::<u8>(mask, len)?;
    let thread = thread_by_id(cx, pid)?;
    check_rights(cx.thread, &thread)?;
    let allowed = parse_mask(&bytes) & sched::online_mask();
    if allowed == 0 {
        return Err(Errno::EINVAL);
    }
    sched::set_affinity(&thread, allowed);
    Ok(0)
}

/// A CPU mask as programs give it: words of the machine's byte order, short ones filled with
/// zeros.
fn parse_mask(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    word.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    u64::from_ne_bytes(word)
}

/// Whether a thread may change how another is scheduled: the same user's, or with the right to.
fn check_rights(me: &Thread, target: &Thread) -> Result<(), Errno> {
    let (from, to) = (me.cred(), target.cred());
    let same_user = from.euid == to.uid || from.euid == to.euid;
    if same_user || from.has(Capability::SYS_NICE) { Ok(()) } else { Err(Errno::EPERM) }
}

/// The thread whose scheduling a call is about.
fn scheduled(cx: &Cx<'_>, pid: Pid) -> Result<ThreadRef, Errno> {
    if pid < 0 { Err(Errno::EINVAL) } else { thread_by_id(cx, pid) }
}

/// Gives a thread another policy, if the caller may.
fn set_policy(me: &Thread, target: &ThreadRef, new: Policy) -> Result<(), Errno> {
    check_rights(me, target)?;
    let old = *target.policy.lock();
    if !me.cred().has(Capability::SYS_NICE) {
        let limits = &target.process.rlimits;
        let highest = limits.soft(Resource::RTPRIO);
        let nicest = i64::from(MAX_NICE) + 1
            - i64::try_from(limits.soft(Resource::NICE)).unwrap_or(i64::MAX);
        let raises_priority = new.priority > old.priority && u64::from(new.priority) > highest;
        if raises_priority || (new.nice < old.nice && i64::from(new.nice) < nicest) {
            return Err(Errno::EPERM);
        }
    }
    *target.policy.lock() = new;
    new.apply(&target.sched);
    sched::settle(target);
    Ok(())
}

/// `sched_getscheduler(2)`.
pub fn sched_getscheduler(cx: &mut Cx<'_>, pid: Pid) -> SysResult {
    let policy = *scheduled(cx, pid)?.policy.lock();
    let reset = if policy.reset_on_fork { priority::RESET_ON_FORK } else { 0 };
    usize::try_from(policy.policy | reset).map_err(|_| Errno::EINVAL)
}

/// `sched_setscheduler(2)`.
pub fn sched_setscheduler(
    cx: &mut Cx<'_>,
    pid: Pid,
    policy: i32,
    param: UserIn<SchedParam>,
) -> SysResult {
    let kind = u32::try_from(policy).map_err(|_| Errno::EINVAL)?;
    change_param(cx, pid, Some(kind), param)
}

/// `sched_setparam(2)`.
pub fn sched_setparam(cx: &mut Cx<'_>, pid: Pid, param: UserIn<SchedParam>) -> SysResult {
    change_param(cx, pid, None, param)
}

fn change_param(
    cx: &mut Cx<'_>,
    pid: Pid,
    kind: Option<u32>,
    param: UserIn<SchedParam>,
) -> SysResult {
    if param.is_null() || pid < 0 {
        return Err(Errno::EINVAL);
    }
    let param: SchedParam = user_read(param)?;
    let target = scheduled(cx, pid)?;
    let old = *target.policy.lock();
    let priority = u32::try_from(param.sched_priority).map_err(|_| Errno::EINVAL)?;
    let reset = if old.reset_on_fork { priority::RESET_ON_FORK } else { 0 };
    let new = old.with(kind.unwrap_or(old.policy | reset), priority)?;
    set_policy(cx.thread, &target, new)?;
    Ok(0)
}

/// `sched_getparam(2)`.
pub fn sched_getparam(cx: &mut Cx<'_>, pid: Pid, param: UserOut<SchedParam>) -> SysResult {
    if param.is_null() {
        return Err(Errno::EINVAL);
    }
    let priority = scheduled(cx, pid)?.policy.lock().priority;
    user_write(param, &SchedParam { sched_priority: priority.cast_signed() })?;
    Ok(0)
}

/// `sched_getattr(2)`.
pub fn sched_getattr(
    cx: &mut Cx<'_>,
    pid: Pid,
    attr: UserAddr,
    size: u32,
    flags: u32,
) -> SysResult {
    let size = usize::try_from(size).map_err(|_| Errno::EINVAL)?;
    if attr.is_null() || flags != 0 || !(SCHED_ATTR_VERSION_0..=4096).contains(&size) {
        return Err(Errno::EINVAL);
    }
    let policy = *scheduled(cx, pid)?.policy.lock();
    let size = size.min(size_of::<SchedAttr>());
    let out = SchedAttr {
        size: u32::try_from(size).map_err(|_| Errno::EINVAL)?,
        sched_policy: policy.policy,
        sched_flags: if policy.reset_on_fork { FLAG_RESET_ON_FORK } else { 0 },
        sched_nice: policy.nice,
        sched_priority: policy.priority,
        ..zeroed()
    };
    user_write_at(attr, out.as_bytes().get(..size).ok_or(Errno::EINVAL)?)?;
    Ok(0)
}

/// `sched_setattr(2)`.
pub fn sched_setattr(cx: &mut Cx<'_>, pid: Pid, attr: UserAddr, flags: u32) -> SysResult {
    if attr.is_null() || pid < 0 || flags != 0 {
        return Err(Errno::EINVAL);
    }
    let size: u32 = user_read_at(attr)?;
    let size = match usize::try_from(size).map_err(|_| Errno::EINVAL)? {
        0 => SCHED_ATTR_VERSION_0,
        size if size < SCHED_ATTR_VERSION_0 => return Err(Errno::E2BIG),
        size => size,
    };
    let new: SchedAttr = read_sized(attr, size, SCHED_ATTR_VERSION_0)?;
    if new.sched_flags & !FLAG_RESET_ON_FORK != 0 {
        return Err(Errno::EINVAL);
    }
    let target = scheduled(cx, pid)?;
    let old = *target.policy.lock();
    let reset = if new.sched_flags != 0 { priority::RESET_ON_FORK } else { 0 };
    let nice = new.sched_nice.clamp(MIN_NICE, MAX_NICE);
    let policy = Policy { nice, ..old.with(new.sched_policy | reset, new.sched_priority)? };
    set_policy(cx.thread, &target, policy)?;
    Ok(0)
}

fn priorities(policy: i32) -> Result<(u32, u32), Errno> {
    Policy::priorities(u32::try_from(policy).map_err(|_| Errno::EINVAL)?)
}

/// `sched_get_priority_max(2)`.
pub fn sched_get_priority_max(_cx: &mut Cx<'_>, policy: i32) -> SysResult {
    usize::try_from(priorities(policy)?.1).map_err(|_| Errno::EINVAL)
}

/// `sched_get_priority_min(2)`.
pub fn sched_get_priority_min(_cx: &mut Cx<'_>, policy: i32) -> SysResult {
    usize::try_from(priorities(policy)?.0).map_err(|_| Errno::EINVAL)
}

/// `sched_rr_get_interval(2)`.
pub fn sched_rr_get_interval(cx: &mut Cx<'_>, pid: Pid, out: UserOut<Timespec>) -> SysResult {
    let slice = scheduled(cx, pid)?.policy.lock().slice();
    user_write(out, &Timespec::from_nanos(slice))?;
    Ok(0)
}

/// `PRIO_PROCESS`.
const PRIO_PROCESS: i32 = 0;
/// `PRIO_PGRP`.
const PRIO_PGRP: i32 = 1;
/// `PRIO_USER`.
const PRIO_USER: i32 = 2;

/// Calls `f` with each thread that `which` and `who` name.
fn for_each(cx: &Cx<'_>, which: i32, who: i32, mut f: impl FnMut(&ThreadRef)) -> Result<(), Errno> {
    let me = cx.thread;
    match which {
        PRIO_PROCESS => f(&thread_by_id(cx, who)?),
        PRIO_PGRP | PRIO_USER => {
            let who = u32::try_from(who).map_err(|_| Errno::ESRCH)?;
            let group = if who == 0 { me.process.pgid() } else { who };
            let user = if who == 0 { me.cred().uid } else { who };
            for process in processes() {
                if which == PRIO_PGRP && process.pgid() != group {
                    continue;
                }
                process.for_each_thread(|thread| {
                    if which == PRIO_PGRP || thread.cred().uid == user {
                        f(thread);
                    }
                });
            }
        }
        _ => return Err(Errno::EINVAL),
    }
    Ok(())
}

/// `getpriority(2)`: from 1 (the nicest) to 40.
pub fn getpriority(cx: &mut Cx<'_>, which: i32, who: i32) -> SysResult {
    let mut best = None;
    for_each(cx, which, who, |thread| {
        let value = MAX_NICE + 1 - thread.policy.lock().nice;
        best = best.max(Some(value));
    })?;
    best.and_then(|value| usize::try_from(value).ok()).ok_or(Errno::ESRCH)
}

/// `setpriority(2)`.
pub fn setpriority(cx: &mut Cx<'_>, which: i32, who: i32, prio: i32) -> SysResult {
    let nice = prio.clamp(MIN_NICE, MAX_NICE);
    let mut result = Err(Errno::ESRCH);
    for_each(cx, which, who, |thread| {
        let new = Policy { nice, ..*thread.policy.lock() };
        let set = set_policy(cx.thread, thread, new);
        // Linux says EACCES here where the other calls say EPERM.
        let set = set.map_err(|errno| if prio < 0 { Errno::EACCES } else { errno });
        if result != Ok(0) || set.is_err() {
            result = set.map(|()| 0);
        }
    })?;
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_masks_of_any_length() {
        assert_eq!(parse_mask(&[]), 0);
        assert_eq!(parse_mask(&[0b101]), 5);
        assert_eq!(parse_mask(&[1, 2, 0, 0, 0, 0, 0, 0x80]), 1 | 1 << 9 | 1 << 63);
    }
}
