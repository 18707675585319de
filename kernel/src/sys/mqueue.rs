//! POSIX message queues: `mq_open` and its kin.

use elfin_platform::user;
use elfin_syscalls::abi::{
    MqAttr, SIGEV_NONE, SIGEV_SIGNAL, SIGEV_THREAD, Sigevent, Timespec, zeroed,
};
use elfin_syscalls::args::{Fd, Mode, OpenFlags, SigNum, UserAddr, UserIn, UserOut, UserStr};
use elfin_syscalls::{Errno, SysResult};

use super::Cx;
use super::open::descriptor;
use super::usercopy::{efault, user_path, user_read, user_read_at, user_write, user_write_at};
use crate::fs::OpenFile;
use crate::ipc::mqueue::{self, COOKIE_LEN, Letter, Notice, PRIORITIES, of_file};
use crate::ipc::msg;
use crate::net::socket::of_file as socket_of;
use crate::task::signal::Signal;

/// `mq_open(2)`. The C library gives the name without its slash.
///
/// # Errors
/// `ENOENT`, `EEXIST`, `EACCES`, `ENAMETOOLONG`, `EINVAL`, `EMFILE`, `ENOSPC`, `ENOMEM`, `EFAULT`.
pub fn mq_open(
    cx: &mut Cx<'_>,
    name: UserStr,
    flags: OpenFlags,
    mode: Mode,
    attr: UserAddr,
) -> SysResult {
    let size = if attr.is_null() {
        None
    } else {
        let attr: MqAttr = user_read_at(attr)?;
        Some((attr.mq_maxmsg, attr.mq_msgsize))
    };
    let name = user_path(name)?;
    let mode = mode.0 & Mode::PERMISSIONS & !cx.thread.fs().umask();
    let file = mqueue::open(&name, flags, mode, size, &cx.thread.cred())?;
    // Linux closes a queue's descriptor on exec, whatever is asked for.
    descriptor(cx.thread.files().install(file, true)?)
}

/// `mq_unlink(2)`.
///
/// # Errors
/// `ENOENT`, `EACCES`, `EPERM`, `ENAMETOOLONG`, `EFAULT`.
pub fn mq_unlink(cx: &mut Cx<'_>, name: UserStr) -> SysResult {
    mqueue::unlink(&user_path(name)?, &cx.thread.cred())?;
    Ok(0)
}

/// When to give up, by the wall clock.
fn until(timeout: UserIn<Timespec>) -> Result<Option<u64>, Errno> {
    let Some(timeout) = timeout.non_null() else { return Ok(None) };
    let timeout: Timespec = user_read(timeout)?;
    timeout.checked_nanos().map(Some).ok_or(Errno::EINVAL)
}

/// `mq_timedsend(2)`.
///
/// # Errors
/// `EINVAL`, `EBADF`, `EMSGSIZE`, `EFAULT`, `EAGAIN`, `ETIMEDOUT`, `ENOMEM`, `ERESTARTSYS`.
pub fn mq_timedsend(
    cx: &mut Cx<'_>,
    mq: Fd,
    from: UserIn<[u8]>,
    len: usize,
    priority: u32,
    timeout: UserIn<Timespec>,
) -> SysResult {
    let until = until(timeout)?;
    if priority >= PRIORITIES {
        return Err(Errno::EINVAL);
    }
    let file = cx.file(mq)?;
    let queue = of_file(&file)?;
    if !file.writable() {
        return Err(Errno::EBADF);
    }
    if len > queue.attributes.size {
        return Err(Errno::EMSGSIZE);
    }
    let mut text = msg::text(len)?;
    user::copy_in(&mut text, from.addr()).map_err(efault)?;
    queue.send(Letter { priority, text }, file.nonblocking(), until)?;
    Ok(0)
}

/// `mq_timedreceive(2)`: the length of the message.
///
/// # Errors
/// `EINVAL`, `EBADF`, `EMSGSIZE`, `EFAULT`, `EAGAIN`, `ETIMEDOUT`, `ENOMEM`, `ERESTARTSYS`.
pub fn mq_timedreceive(
    cx: &mut Cx<'_>,
    mq: Fd,
    to: UserOut<[u8]>,
    len: usize,
    priority: UserOut<u32>,
    timeout: UserIn<Timespec>,
) -> SysResult {
    let until = until(timeout)?;
    let file = cx.file(mq)?;
    let queue = of_file(&file)?;
    if !file.readable() {
        return Err(Errno::EBADF);
    }
    if len < queue.attributes.size {
        return Err(Errno::EMSGSIZE);
    }
    let letter = queue.receive(file.nonblocking(), until)?;
    if !priority.is_null() {
        user_write(priority, &letter.priority)?;
    }
    user_write_at(UserAddr(to.addr()), letter.text.as_slice())?;
    Ok(letter.text.len())
}

/// `mq_notify(2)`.
///
/// # Errors
/// `EINVAL`, `EBADF`, `EBUSY`, `EFAULT`, `ENOTSOCK`.
pub fn mq_notify(cx: &mut Cx<'_>, mq: Fd, event: UserIn<Sigevent>) -> SysResult {
    let notice = match event.non_null() {
        None => None,
        Some(event) => Some(notice(cx, &user_read(event)?)?),
    };
    let file: alloc::sync::Arc<OpenFile> = cx.file(mq)?;
    let queue = of_file(&file)?;
    match notice {
        Some(notice) => queue.register(notice)?,
        None => queue.unregister(cx.thread.process.pid),
    }
    Ok(0)
}

fn notice(cx: &Cx<'_>, event: &Sigevent) -> Result<Notice, Errno> {
    match event.sigev_notify {
        SIGEV_NONE => Ok(Notice::Nothing),
        SIGEV_SIGNAL => {
            let number = u32::try_from(event.sigev_signo).map_err(|_| Errno::EINVAL)?;
            Ok(Notice::Signal(Signal::optional(SigNum(number))?, event.sigev_value))
        }
        SIGEV_THREAD => {
            let address = usize::try_from(event.sigev_value).map_err(|_| Errno::EFAULT)?;
            let mut cookie = [0; COOKIE_LEN];
            user::copy_in(&mut cookie, address).map_err(efault)?;
            let file = cx.file(Fd(event.sigev_signo))?;
            let socket = socket_of(&file)?.netlink().ok_or(Errno::EINVAL)?;
            Ok(Notice::Socket(socket.clone(), cookie))
        }
        _ => Err(Errno::EINVAL),
    }
}

/// `mq_getsetattr(2)`: tells what a queue is like, and sets `O_NONBLOCK`.
///
/// # Errors
/// `EINVAL` for other flags, `EBADF`, `EFAULT`.
pub fn mq_getsetattr(cx: &mut Cx<'_>, mq: Fd, new: UserAddr, old: UserAddr) -> SysResult {
    let nonblock = i64::from(OpenFlags::NONBLOCK.bits());
    let new: Option<MqAttr> = if new.is_null() { None } else { Some(user_read_at(new)?) };
    if new.is_some_and(|new| new.mq_flags & !nonblock != 0) {
        return Err(Errno::EINVAL);
    }
    let file = cx.file(mq)?;
    let queue = of_file(&file)?;
    let long = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let before = MqAttr {
        mq_flags: if file.nonblocking() { nonblock } else { 0 },
        mq_maxmsg: long(queue.attributes.messages),
        mq_msgsize: long(queue.attributes.size),
        mq_curmsgs: long(queue.count()),
        ..zeroed()
    };
    if let Some(new) = new {
        file.set_flag(OpenFlags::NONBLOCK, new.mq_flags & nonblock != 0);
    }
    if !old.is_null() {
        user_write_at(old, &before)?;
    }
    Ok(0)
}
