//! Handlers about user and group ids and capabilities. The rules are [`Cred`]'s.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::Ordering;

use elfin_syscalls::abi::{CapData, CapHeader};
use elfin_syscalls::args::{Gid, Uid, UserAddr, UserInOut, UserOut};
use elfin_syscalls::{Errno, SysResult};

use super::Cx;
use super::thread::thread_by_id;
use super::usercopy::{user_read, user_read_slice, user_write, user_write_at};
use crate::task::core_dump::settings;
use crate::task::cred::{CAP_ALL, NGROUPS_MAX};
use crate::task::{Capability, Cred, Thread};

fn id(value: u32) -> SysResult {
    usize::try_from(value).map_err(|_| Errno::EINVAL)
}

/// Changes the caller's credentials by `f`, unless that fails. Who gets other ids in force is not
/// to be looked into, and its parent's death does not concern it any more.
fn change<R>(me: &Thread, f: impl FnOnce(&mut Cred) -> Result<R, Errno>) -> Result<R, Errno> {
    let old = me.cred();
    let mut cred = Cred::clone(&old);
    let result = f(&mut cred)?;
    if cred.is_other_than(&old) {
        me.process.dumpable.store(settings::suid_dumpable(), Ordering::Relaxed);
        me.death_signal.store(0, Ordering::Relaxed);
    }
    me.set_cred(Arc::new(cred));
    Ok(result)
}

/// `getuid(2)`.
pub fn getuid(cx: &mut Cx<'_>) -> SysResult {
    id(cx.thread.cred().uid)
}

/// `geteuid(2)`.
pub fn geteuid(cx: &mut Cx<'_>) -> SysResult {
    id(cx.thread.cred().euid)
}

/// `getgid(2)`.
pub fn getgid(cx: &mut Cx<'_>) -> SysResult {
    id(cx.thread.cred().gid)
}

/// `getegid(2)`.
pub fn getegid(cx: &mut Cx<'_>) -> SysResult {
    id(cx.thread.cred().egid)
}

/// `setuid(2)`.
pub fn setuid(cx: &mut Cx<'_>, uid: Uid) -> SysResult {
    change(cx.thread, |cred| cred.set_uid(uid)).map(|()| 0)
}

/// `setgid(2)`.
pub fn setgid(cx: &mut Cx<'_>, gid: Gid) -> SysResult {
    change(cx.thread, |cred| cred.set_gid(gid)).map(|()| 0)
}

/// `setreuid(2)`.
pub fn setreuid(cx: &mut Cx<'_>, ruid: Uid, euid: Uid) -> SysResult {
    change(cx.thread, |cred| cred.set_reuid(ruid, euid)).map(|()| 0)
}

/// `setregid(2)`.
pub fn setregid(cx: &mut Cx<'_>, rgid: Gid, egid: Gid) -> SysResult {
    change(cx.thread, |cred| cred.set_regid(rgid, egid)).map(|()| 0)
}

/// `setresuid(2)`.
pub fn setresuid(cx: &mut Cx<'_>, ruid: Uid, euid: Uid, suid: Uid) -> SysResult {
    change(cx.thread, |cred| cred.set_resuid([ruid, euid, suid])).map(|()| 0)
}

/// `setresgid(2)`.
pub fn setresgid(cx: &mut Cx<'_>, rgid: Gid, egid: Gid, sgid: Gid) -> SysResult {
    change(cx.thread, |cred| cred.set_resgid([rgid, egid, sgid])).map(|()| 0)
}

/// `getresuid(2)`.
pub fn getresuid(
    cx: &mut Cx<'_>,
    ruid: UserOut<u32>,
    euid: UserOut<u32>,
    suid: UserOut<u32>,
) -> SysResult {
    let cred = cx.thread.cred();
    user_write(ruid, &cred.uid)?;
    user_write(euid, &cred.euid)?;
    user_write(suid, &cred.suid)?;
    Ok(0)
}

/// `getresgid(2)`.
pub fn getresgid(
    cx: &mut Cx<'_>,
    rgid: UserOut<u32>,
    egid: UserOut<u32>,
    sgid: UserOut<u32>,
) -> SysResult {
    let cred = cx.thread.cred();
    user_write(rgid, &cred.gid)?;
    user_write(egid, &cred.egid)?;
    user_write(sgid, &cred.sgid)?;
    Ok(0)
}

/// `setfsuid(2)`.
pub fn setfsuid(cx: &mut Cx<'_>, uid: Uid) -> SysResult {
    id(change(cx.thread, |cred| Ok(cred.set_fsuid(uid)))?)
}

/// `setfsgid(2)`.
pub fn setfsgid(cx: &mut Cx<'_>, gid: Gid) -> SysResult {
    id(change(cx.thread, |cred| Ok(cred.set_fsgid(gid)))?)
}

/// `getgroups(2)`.
pub fn getgroups(cx: &mut Cx<'_>, size: i32, list: UserAddr) -> SysResult {
    let size = usize::try_from(size).map_err(|_| Errno::EINVAL)?;
    let groups = cx.thread.cred().groups.clone();
    if size > 0 {
        if size < groups.len() {
            return Err(Errno::EINVAL);
        }
        user_write_at(list, groups.as_slice())?;
    }
    Ok(groups.len())
}

/// `setgroups(2)`.
pub fn setgroups(cx: &mut Cx<'_>, size: i32, list: UserAddr) -> SysResult {
    if !cx.thread.cred().has(Capability::SETGID) {
        return Err(Errno::EPERM);
    }
    let size = usize::try_from(size).ok().filter(|size| *size <= NGROUPS_MAX);
    let size = size.ok_or(Errno::EINVAL)?;
    let groups: Vec<u32> = user_read_slice(list, size)?;
    change(cx.thread, |cred| cred.set_groups(groups)).map(|()| 0)
}

/// Versions of the capability interface, and how many structures each passes.
const VERSIONS: [(u32, usize); 3] = [(0x1998_0330, 1), (0x2007_1026, 2), (0x2008_0522, 2)];
/// The version that callers are told to use.
const PREFERRED_VERSION: u32 = 0x2008_0522;

/// The number of structures that follow a header; for an unknown version the header gets the one
/// to use.
fn cap_count(header: UserInOut<CapHeader>) -> Result<(CapHeader, Option<usize>), Errno> {
    let mut given: CapHeader = user_read(header)?;
    let known = VERSIONS.iter().find(|(version, _)| *version == given.version);
    if known.is_none() {
        given.version = PREFERRED_VERSION;
        user_write(header, &given)?;
    }
    Ok((given, known.map(|(_, count)| *count)))
}

/// `capget(2)`.
pub fn capget(cx: &mut Cx<'_>, header: UserInOut<CapHeader>, data: UserAddr) -> SysResult {
    let (header, count) = cap_count(header)?;
    let Some(count) = count else {
        // Without a place for data, the caller only asked for the version.
        return if data.is_null() { Ok(0) } else { Err(Errno::EINVAL) };
    };
    if data.is_null() {
        return Ok(0);
    }
    if header.pid < 0 {
        return Err(Errno::EINVAL);
    }
    let cred = thread_by_id(cx, header.pid)?.cred();
    let half = |set: u64, upper: bool| {
        let word = if upper { set >> u32::BITS } else { set & u64::from(u32::MAX) };
        u32::try_from(word).unwrap_or(0)
    };
    let part = |upper| CapData {
        effective: half(cred.effective, upper),
        permitted: half(cred.permitted, upper),
        inheritable: half(cred.inheritable, upper),
    };
    let parts = [part(false), part(true)];
    user_write_at(data, parts.get(..count).ok_or(Errno::EINVAL)?)?;
    Ok(0)
}

/// `capset(2)`.
pub fn capset(cx: &mut Cx<'_>, header: UserInOut<CapHeader>, data: UserAddr) -> SysResult {
    let (header, count) = cap_count(header)?;
    let count = count.ok_or(Errno::EINVAL)?;
    let own = header.pid == 0 || u32::try_from(header.pid) == Ok(cx.thread.tid);
    if !own {
        return Err(Errno::EPERM);
    }
    let parts: Vec<CapData> = user_read_slice(data, count)?;
    let join = |field: fn(&CapData) -> u32| {
        let word = |at: usize| parts.get(at).map_or(0, |part| u64::from(field(part)));
        (word(0) | word(1) << u32::BITS) & CAP_ALL
    };
    let effective = join(|part| part.effective);
    let permitted = join(|part| part.permitted);
    let inheritable = join(|part| part.inheritable);
    change(cx.thread, |cred| cred.set_caps(effective, permitted, inheritable)).map(|()| 0)
}
