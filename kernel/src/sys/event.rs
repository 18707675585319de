//! Files made of events: `pipe`, `eventfd`, `timerfd`, `signalfd`.

use alloc::sync::Arc;

use elfin_platform::user;
use elfin_syscalls::abi::{Itimerspec, Sigset};
use elfin_syscalls::args::{
    ClockId, EventFdFlags, Fd, OpenFlags, PipeFlags, SignalFdFlags, TimerFdFlags, TimerFdSetFlags,
    UserIn, UserOut,
};
use elfin_syscalls::zerocopy::IntoBytes;
use elfin_syscalls::{Errno, SysResult};

use super::Cx;
use super::open::descriptor;
use super::usercopy::{efault, user_read, user_write};
use crate::event::eventfd::EventFd;
use crate::event::signalfd::SignalFd;
use crate::event::timerfd::TimerFd;
use crate::event::{Pipe, PipeEnd};
use crate::fs::{File, OpenFile};
use crate::task::signal::SigSet;

/// Size of the kernel's signal set.
pub(super) const SIGSET_SIZE: usize = size_of::<u64>();

/// Reads a signal set that the caller says has `size` bytes.
///
/// # Errors
/// `EINVAL` for another size, `EFAULT`.
pub(super) fn read_sigset(set: UserIn<Sigset>, size: usize) -> Result<SigSet, Errno> {
    if size != SIGSET_SIZE {
        return Err(Errno::EINVAL);
    }
    let mut bytes = [0; SIGSET_SIZE];
    user::copy_in(&mut bytes, set.addr()).map_err(efault)?;
    Ok(SigSet(u64::from_ne_bytes(bytes)))
}

/// Gives a new file a descriptor.
///
/// # Errors
/// `EMFILE`, `ENOMEM`.
pub(super) fn install(
    cx: &Cx<'_>,
    file: Arc<dyn File>,
    nonblocking: bool,
    cloexec: bool,
) -> SysResult {
    let mut flags = OpenFlags::RDWR;
    flags.set(OpenFlags::NONBLOCK, nonblocking);
    let file = OpenFile::new(file, flags, None);
    descriptor(cx.thread.files().install(file, cloexec)?)
}

/// `pipe(2)`.
///
/// # Errors
/// See [`pipe2`].
pub fn pipe(cx: &mut Cx<'_>, fds: UserOut<[i32; 2]>) -> SysResult {
    pipe2(cx, fds, PipeFlags::empty())
}

/// `pipe2(2)`.
///
/// # Errors
/// `EFAULT`, `EMFILE`, `ENOMEM`, `EINVAL` for packet mode, `ENOPKG` for notifications.
pub fn pipe2(cx: &mut Cx<'_>, fds: UserOut<[i32; 2]>, flags: PipeFlags) -> SysResult {
    if flags.contains(PipeFlags::EXCL) {
        return Err(Errno::ENOPKG);
    }
    if flags.contains(PipeFlags::DIRECT) {
        return Err(Errno::EINVAL);
    }
    let pipe = Pipe::new()?;
    let status =
        if flags.contains(PipeFlags::NONBLOCK) { OpenFlags::NONBLOCK } else { OpenFlags::empty() };
    let cloexec = flags.contains(PipeFlags::CLOEXEC);
    let reader = PipeEnd::new(pipe.clone(), true, false);
    let writer = PipeEnd::new(pipe, false, true);
    let files = cx.thread.files();
    let reader = files.install(OpenFile::new(reader, OpenFlags::RDONLY | status, None), cloexec)?;
    let writer = files.install(OpenFile::new(writer, OpenFlags::WRONLY | status, None), cloexec);
    let written = writer.and_then(|writer| {
        let told = user::copy_out(fds.addr(), [reader.0, writer.0].as_bytes()).map_err(efault);
        if told.is_err() {
            let _closed = files.close(writer);
        }
        told
    });
    if written.is_err() {
        let _closed = files.close(reader);
    }
    written.map(|()| 0)
}

/// `eventfd(2)` without flags.
///
/// # Errors
/// `EMFILE`, `ENOMEM`.
pub fn eventfd(cx: &mut Cx<'_>, initial: u32) -> SysResult {
    eventfd2(cx, initial, EventFdFlags::empty())
}

/// `eventfd(2)`.
///
/// # Errors
/// `EMFILE`, `ENOMEM`.
pub fn eventfd2(cx: &mut Cx<'_>, initial: u32, flags: EventFdFlags) -> SysResult {
    let file = EventFd::new(initial, flags.contains(EventFdFlags::SEMAPHORE));
    let nonblocking = flags.contains(EventFdFlags::NONBLOCK);
    install(cx, file, nonblocking, flags.contains(EventFdFlags::CLOEXEC))
}

/// `timerfd_create(2)`.
///
/// # Errors
/// `EINVAL`, `EMFILE`, `ENOMEM`.
pub fn timerfd_create(cx: &mut Cx<'_>, clock: ClockId, flags: TimerFdFlags) -> SysResult {
    let file = TimerFd::new(clock)?;
    let nonblocking = flags.contains(TimerFdFlags::NONBLOCK);
    install(cx, file, nonblocking, flags.contains(TimerFdFlags::CLOEXEC))
}

/// `timerfd_settime(2)`.
///
/// # Errors
/// `EBADF`, `EINVAL` for another kind of file or times out of range, `EFAULT`.
pub fn timerfd_settime(
    cx: &mut Cx<'_>,
    fd: Fd,
    flags: TimerFdSetFlags,
    new: UserIn<Itimerspec>,
    old: UserOut<Itimerspec>,
) -> SysResult {
    let new: Itimerspec = user_read(new)?;
    let file = cx.file(fd)?;
    let timer: &TimerFd = file.file.as_any().downcast_ref().ok_or(Errno::EINVAL)?;
    let absolute = flags.contains(TimerFdSetFlags::ABSTIME);
    let before = timer.set(&new, absolute, flags.contains(TimerFdSetFlags::CANCEL_ON_SET))?;
    if !old.is_null() {
        user_write(old, &before)?;
    }
    Ok(0)
}

/// `timerfd_gettime(2)`.
///
/// # Errors
/// `EBADF`, `EINVAL`, `EFAULT`.
pub fn timerfd_gettime(cx: &mut Cx<'_>, fd: Fd, out: UserOut<Itimerspec>) -> SysResult {
    let file = cx.file(fd)?;
    let timer: &TimerFd = file.file.as_any().downcast_ref().ok_or(Errno::EINVAL)?;
    user_write(out, &timer.get())?;
    Ok(0)
}

/// `signalfd(2)` without flags.
///
/// # Errors
/// See [`signalfd4`].
pub fn signalfd(cx: &mut Cx<'_>, fd: Fd, mask: UserIn<Sigset>, size: usize) -> SysResult {
    signalfd4(cx, fd, mask, size, SignalFdFlags::empty())
}

/// `signalfd(2)`.
///
/// # Errors
/// `EBADF`, `EINVAL`, `EFAULT`, `EMFILE`.
pub fn signalfd4(
    cx: &mut Cx<'_>,
    fd: Fd,
    mask: UserIn<Sigset>,
    size: usize,
    flags: SignalFdFlags,
) -> SysResult {
    /// In place of a descriptor: make a new one.
    const NEW: Fd = Fd(-1);
    let set = read_sigset(mask, size)?;
    if fd == NEW {
        let nonblocking = flags.contains(SignalFdFlags::NONBLOCK);
        let cloexec = flags.contains(SignalFdFlags::CLOEXEC);
        return install(cx, SignalFd::new(set), nonblocking, cloexec);
    }
    let file = cx.file(fd)?;
    let signals: &SignalFd = file.file.as_any().downcast_ref().ok_or(Errno::EINVAL)?;
    signals.set(set);
    descriptor(fd)
}
