//! The handler of `unshare(2)`.

use alloc::sync::Arc;

use elfin_syscalls::args::CloneFlags;
use elfin_syscalls::{Errno, SysResult};

use super::Cx;
use crate::fs::FsContext;
use crate::task::{ThreadRef, exec, unshare as task_unshare};

/// What a single thread of its own memory shares with nobody anyway.
const ALONE: CloneFlags =
    CloneFlags::THREAD.union(CloneFlags::SIGHAND).union(CloneFlags::VM).union(CloneFlags::SYSVSEM);

/// `unshare(2)`: descriptors, and root, current directory and umask. There are no namespaces.
///
/// # Errors
/// `EINVAL` for what cannot be unshared, `ENOMEM`.
pub fn unshare(cx: &mut Cx<'_>, flags: CloneFlags) -> SysResult {
    match prepare(cx, flags)? {
        Some(new) => exec::go(new),
        None => Ok(0),
    }
}

fn prepare(cx: &Cx<'_>, flags: CloneFlags) -> Result<Option<ThreadRef>, Errno> {
    let own = CloneFlags::FILES | CloneFlags::FS;
    if !(own | ALONE).contains(flags) {
        return Err(Errno::EINVAL);
    }
    let me = cx.thread;
    let is_alone = me.process.thread_count() == 1 && me.mm().users() == 1;
    if flags.intersects(ALONE - CloneFlags::SYSVSEM) && !is_alone {
        return Err(Errno::EINVAL);
    }
    if flags.contains(CloneFlags::SYSVSEM) && me.process.thread_count() == 1 {
        crate::ipc::unshare(&me.process);
    }
    let takes_files = flags.contains(CloneFlags::FILES) && me.files().users() > 1;
    let takes_fs = flags.contains(CloneFlags::FS) && Arc::strong_count(me.fs()) > 1;
    if !takes_files && !takes_fs {
        return Ok(None);
    }
    let files = if takes_files { Arc::new(me.files().duplicate()?) } else { me.files().clone() };
    let fs = if takes_fs { Arc::new(FsContext::clone(me.fs())) } else { me.fs().clone() };
    task_unshare::replace(me, cx.frame, files, fs).map(Some)
}
