//! Mounting: file systems in memory and those that the kernel makes up.

use alloc::string::String;
use alloc::sync::Arc;

use elfin_syscalls::args::{Fd, MountFlags as Asked, UmountFlags, UserAddr, UserStr};
use elfin_syscalls::{Errno, SysResult};

use super::Cx;
use super::paths::resolve;
use super::usercopy::user_cstr;
use crate::fs::devpts;
use crate::fs::mount::{FileSystem, Mount, MountFlags};
use crate::fs::procfs::ProcFs;
use crate::fs::sysfs::SysFs;
use crate::fs::tmpfs::TmpFs;
use crate::fs::walk::WalkFlags;
use crate::ipc::mqueue::MqueueFs;
use crate::task::Capability;

/// The longest type or source.
const TEXT_MAX: usize = 4096;
/// Permissions of a new tmpfs.
const TMPFS_MODE: u32 = 0o1777;

/// The changes to mounts that are not made here.
const UNSUPPORTED: Asked =
    Asked::REMOUNT.union(Asked::MOVE).union(Asked::SHARED).union(Asked::SLAVE);

fn text(from: UserStr) -> Result<String, Errno> {
    if from.is_null() {
        return Ok(String::new());
    }
    let bytes = user_cstr(from.0, TEXT_MAX)?.ok_or(Errno::EINVAL)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn flags_of(asked: Asked) -> MountFlags {
    [
        (Asked::RDONLY, MountFlags::RDONLY),
        (Asked::NOSUID, MountFlags::NOSUID),
        (Asked::NODEV, MountFlags::NODEV),
        (Asked::NOEXEC, MountFlags::NOEXEC),
    ]
    .into_iter()
    .filter(|(bit, _)| asked.contains(*bit))
    .fold(MountFlags::empty(), |flags, (_, flag)| flags | flag)
}

/// `mount(2)`: `tmpfs`, `proc`, `sysfs`, `devpts`, `mqueue`, and `MS_BIND`.
///
/// # Errors
/// `EPERM`, `ENODEV` for other types, `EINVAL` for other changes, `EFAULT`, and those of the
/// walk.
pub fn mount(
    cx: &mut Cx<'_>,
    source: UserStr,
    target: UserStr,
    fstype: UserStr,
    flags: Asked,
    _data: UserAddr,
) -> SysResult {
    if !cx.thread.cred().has(Capability::SYS_ADMIN) {
        return Err(Errno::EPERM);
    }
    let place = resolve(cx, Fd::CWD, target, WalkFlags::FOLLOW)?;
    if flags.contains(Asked::PRIVATE) {
        // All mounts are private to begin with.
        return Ok(0);
    }
    if flags.intersects(UNSUPPORTED) {
        return Err(Errno::EINVAL);
    }
    if flags.contains(Asked::BIND) {
        let from = resolve(cx, Fd::CWD, source, WalkFlags::FOLLOW)?;
        Mount::bind(&from, place)?;
        return Ok(0);
    }
    let (source, kind) = (text(source)?, text(fstype)?);
    let fs: Arc<dyn FileSystem> = match kind.as_str() {
        "tmpfs" | "ramfs" => TmpFs::new("tmpfs", TMPFS_MODE),
        "proc" => ProcFs::new(),
        "sysfs" => SysFs::new(),
        "devpts" => devpts::shared(),
        "mqueue" => MqueueFs::shared(),
        _ => return Err(Errno::ENODEV),
    };
    Mount::new(fs, &source, flags_of(flags), Some(place))?;
    Ok(0)
}

/// `umount2(2)`.
///
/// # Errors
/// `EPERM`, `EINVAL` for what is no mount, `EBUSY` while something is mounted in it, and those
/// of the walk.
pub fn umount2(cx: &mut Cx<'_>, target: UserStr, flags: UmountFlags) -> SysResult {
    if !cx.thread.cred().has(Capability::SYS_ADMIN) {
        return Err(Errno::EPERM);
    }
    let follow = !flags.contains(UmountFlags::UMOUNT_NOFOLLOW);
    let walk = if follow { WalkFlags::FOLLOW } else { WalkFlags::empty() };
    let place = resolve(cx, Fd::CWD, target, walk)?;
    Mount::unmount(&place)?;
    Ok(0)
}
