//! Handlers of `execve(2)` and `execveat(2)`.

use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::Cell;
use core::sync::atomic::Ordering;

use elfin_syscalls::args::{AtFlags, Fd, Resource, UserAddr, UserStr};
use elfin_syscalls::{Errno, SysResult};

use super::Cx;
use super::paths::walker;
use super::usercopy::{user_cstr, user_read_at};
use crate::exec::{self, Request};
use crate::fs::mount::MountFlags;
use crate::fs::open::{executable, open_executable};
use crate::fs::path::PathBuf;
use crate::fs::walk::WalkFlags;
use crate::fs::{Inode, OpenFile, perm};
use crate::task::cred::{ExecCred, ExecFile, FileCaps};
use crate::task::exec as process;
use crate::task::{Capability, Thread, ThreadRef};

/// Longest argument with its terminating zero (`MAX_ARG_STRLEN`).
const ARGUMENT_MAX: usize = 128 * 1024;
/// The least that arguments and environment may take, however small the stack's limit.
const TOTAL_LEAST: usize = 128 * 1024;
/// The most: three quarters of the default stack limit.
const TOTAL_MOST: usize = 6 << 20;
/// `ADDR_NO_RANDOMIZE` of `personality(2)`.
const ADDR_NO_RANDOMIZE: u32 = 0x0004_0000;

/// `execve(2)`.
///
/// # Errors
/// See [`execveat`].
pub fn execve(cx: &mut Cx<'_>, path: UserStr, argv: UserAddr, envp: UserAddr) -> SysResult {
    execveat(cx, Fd::CWD, path, argv, envp, AtFlags::empty())
}

/// `execveat(2)`.
///
/// # Errors
/// Those of finding and loading the program: `ENOENT`, `EACCES`, `ENOEXEC`, `E2BIG`, `ELOOP`,
/// `ENOMEM`, `EFAULT`, …. The caller goes on as it was.
pub fn execveat(
    cx: &mut Cx<'_>,
    dir: Fd,
    path: UserStr,
    argv: UserAddr,
    envp: UserAddr,
    flags: AtFlags,
) -> SysResult {
    let new = prepare(cx, dir, path, [argv, envp], flags)?;
    process::go(new)
}

/// All that must be dropped before the caller is left.
fn prepare(
    cx: &Cx<'_>,
    dir: Fd,
    path: UserStr,
    [argv, envp]: [UserAddr; 2],
    flags: AtFlags,
) -> Result<ThreadRef, Errno> {
    if !(AtFlags::EMPTY_PATH | AtFlags::SYMLINK_NOFOLLOW).contains(flags) {
        return Err(Errno::EINVAL);
    }
    let mut path_buf = PathBuf::new();
    let path = path_buf.read(path)?;
    let stack_limit = usize::try_from(cx.thread.process.rlimits.soft(Resource::STACK));
    let stack_limit = stack_limit.unwrap_or(usize::MAX);
    let mut room = (stack_limit / 4).clamp(TOTAL_LEAST, TOTAL_MOST);
    let mut args = strings(argv, &mut room)?;
    let env = strings(envp, &mut room)?;
    if args.is_empty() {
        // As Linux since 5.18: programs expect at least a name.
        args.push(Vec::new());
    }
    // An interpreter could not open a script whose descriptor the call closes.
    let is_by_descriptor = dir != Fd::CWD && path.first() != Some(&b'/');
    let vanishes = is_by_descriptor && cx.thread.files().cloexec(dir).unwrap_or(false);
    let is_first = Cell::new(true);
    let open = |named: &[u8]| {
        if is_first.replace(false) {
            open_program(cx, dir, path, flags)
        } else if vanishes {
            Err(Errno::ENOENT)
        } else {
            let mut walker = walker(cx, Fd::CWD, named, WalkFlags::FOLLOW)?;
            open_executable(&mut walker, named)
        }
    };
    let personality = cx.thread.process.personality.load(Ordering::Relaxed);
    let credentials = |file: &OpenFile| credentials(cx.thread, file);
    let image = exec::load(Request {
        path: &shown_path(dir, path),
        args,
        env,
        credentials: &credentials,
        stack_limit,
        random: personality & ADDR_NO_RANDOMIZE == 0,
        open: &open,
    })
    .map_err(|error| error.errno())?;
    let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
    process::replace(cx.thread, image, name)
}

/// What a thread's credentials become by running `file`.
fn credentials(me: &Thread, file: &OpenFile) -> Result<ExecCred, Errno> {
    let mut of = ExecFile::default();
    if let Some(inode) = file.inode() {
        let attr = inode.attr();
        of = ExecFile { uid: attr.uid(), gid: attr.gid(), mode: attr.mode(), ..of };
        let caps = inode.xattrs().and_then(|all| all.get(perm::CAPS_XATTR).ok());
        of.caps = caps.map(|bytes| FileCaps::parse(&bytes)).transpose()?;
    }
    of.nosuid = file.path.as_ref().is_some_and(|at| at.mount.flags.contains(MountFlags::NOSUID));
    let traced = me.trace.tracer().is_some_and(|tracer| {
        !tracer
            .find_thread(|thread| Some(thread.cred()))
            .is_some_and(|cred| cred.has(Capability::SYS_PTRACE))
    });
    let confined = me.fs_is_shared() || traced;
    let cred = me.cred();
    let mut new = cred.for_exec(&of, me.no_new_privs.load(Ordering::Relaxed), confined)?;
    // A program that must not be read is not to be read from memory either.
    let is_readable = |inode: &Arc<dyn Inode>| perm::check(&**inode, perm::MAY_READ, &cred).is_ok();
    new.dumpable &= file.inode().is_none_or(is_readable);
    Ok(new)
}

/// What the program and a script's interpreter are told that the program's path is.
fn shown_path(dir: Fd, path: &[u8]) -> Vec<u8> {
    if dir == Fd::CWD || path.first() == Some(&b'/') {
        return path.to_vec();
    }
    let mut shown = format!("/dev/fd/{}", dir.0).into_bytes();
    if !path.is_empty() {
        shown.push(b'/');
        shown.extend_from_slice(path);
    }
    shown
}

fn open_program(cx: &Cx<'_>, dir: Fd, path: &[u8], flags: AtFlags) -> Result<Arc<OpenFile>, Errno> {
    if path.is_empty() && flags.contains(AtFlags::EMPTY_PATH) && dir != Fd::CWD {
        return executable(&*cx.thread.files().get_any(dir)?, &cx.thread.cred());
    }
    let follow = !flags.contains(AtFlags::SYMLINK_NOFOLLOW);
    let walk = if follow { WalkFlags::FOLLOW } else { WalkFlags::empty() };
    open_executable(&mut walker(cx, dir, path, walk)?, path)
}

/// Reads a list of strings that ends with a null pointer; they may take `room` bytes, pointers
/// and terminating zeroes counted, which is what is left of it afterwards.
///
/// # Errors
/// `E2BIG`, `EFAULT`, `ENOMEM`.
fn strings(list: UserAddr, room: &mut usize) -> Result<Vec<Vec<u8>>, Errno> {
    const POINTER: usize = size_of::<u64>();
    let mut all = Vec::new();
    if list.is_null() {
        return Ok(all);
    }
    loop {
        let pointer: u64 = user_read_at(list.offset(all.len().saturating_mul(POINTER))?)?;
        if pointer == 0 {
            return Ok(all);
        }
        let address = usize::try_from(pointer).map_err(|_| Errno::EFAULT)?;
        let text = user_cstr(UserAddr(address), ARGUMENT_MAX)?.ok_or(Errno::E2BIG)?;
        *room = room.checked_sub(text.len() + 1 + POINTER).ok_or(Errno::E2BIG)?;
        all.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        all.push(text);
    }
}
