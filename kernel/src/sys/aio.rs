//! Asynchronous input and output: `io_setup`, `io_submit`, `io_getevents` and their kin.

use alloc::sync::Arc;

use elfin_platform::time;
use elfin_syscalls::abi::{
    IOCB_FLAG_RESFD, IoEvent, Iocb, Iovec, SigsetArg, Timespec, aio_command,
};
use elfin_syscalls::args::{Fd, OpenFlags, ProtFlags, RwFlags, UserAddr, UserIn, UserInOut};
use elfin_syscalls::{Errno, SysResult};

use super::Cx;
use super::event::read_sigset;
use super::usercopy::{user_iovecs, user_read, user_read_at, user_write, user_write_at};
use crate::event::aio::{Context, Receipt};
use crate::event::eventfd::EventFd;
use crate::fs::file::APPEND;
use crate::fs::{Dest, OpenFile, Source};
use crate::mm::{MapRequest, PAGE_SIZE};
use crate::task::PollEvents;
use crate::task::signal::with_mask;

/// Results that a context may be made for.
const MOST: u32 = 0x1000_0000 / size_of::<IoEvent>() as u32;
/// Where a control block has its key.
const KEY_OFFSET: usize = size_of::<u64>();
/// The flags of reads and writes that change nothing here.
const HARMLESS: RwFlags =
    RwFlags::HIPRI.union(RwFlags::DSYNC).union(RwFlags::SYNC).union(RwFlags::NOWAIT);

/// `io_setup(2)`.
///
/// # Errors
/// `EFAULT`, `EINVAL`, `EAGAIN`, `ENOMEM`.
pub fn io_setup(cx: &mut Cx<'_>, count: u32, ctx: UserInOut<u64>) -> SysResult {
    let before: u64 = user_read(ctx)?;
    if before != 0 || count == 0 || count > MOST {
        return Err(Errno::EINVAL);
    }
    let capacity = usize::try_from(count).map_err(|_| Errno::EINVAL)?;
    let mm = cx.thread.mm();
    let rights = ProtFlags::READ | ProtFlags::WRITE;
    let address = mm.map_request(MapRequest::anonymous(PAGE_SIZE, rights))?;
    let made = Context::new(address, capacity).and_then(|context| mm.aio.add(context));
    let made = made.and_then(|()| user_write(ctx, &u64::try_from(address).unwrap_or(0)));
    if let Err(errno) = made {
        // It may not have come as far as to be added.
        let _added = mm.aio.remove(address);
        mm.unmap(address, PAGE_SIZE)?;
        return Err(errno);
    }
    Ok(0)
}

/// `io_destroy(2)`.
///
/// # Errors
/// `EINVAL`.
pub fn io_destroy(cx: &mut Cx<'_>, ctx: usize) -> SysResult {
    let mm = cx.thread.mm();
    mm.aio.remove(ctx)?.end();
    mm.unmap(ctx, PAGE_SIZE)?;
    Ok(0)
}

/// `io_submit(2)`: the number of operations that began.
///
/// # Errors
/// For the first operation: `EFAULT`, `EINVAL`, `EBADF`, `EAGAIN`, `EOPNOTSUPP`, `ENOMEM`.
pub fn io_submit(cx: &mut Cx<'_>, ctx: usize, count: isize, iocbs: UserAddr) -> SysResult {
    let count = usize::try_from(count).map_err(|_| Errno::EINVAL)?;
    let context = cx.thread.mm().aio.get(ctx)?;
    for done in 0..count {
        let result = iocbs
            .offset(done.saturating_mul(size_of::<u64>()))
            .and_then(user_read_at::<u64>)
            .and_then(|block| submit(cx, &context, block));
        if let Err(errno) = result {
            return if done > 0 { Ok(done) } else { Err(errno) };
        }
    }
    Ok(count)
}

fn submit(cx: &Cx<'_>, context: &Arc<Context>, block: u64) -> Result<(), Errno> {
    let at = UserAddr(usize::try_from(block).map_err(|_| Errno::EFAULT)?);
    let iocb: Iocb = user_read_at(at)?;
    if iocb.aio_reserved2 != 0 || i64::try_from(iocb.aio_nbytes).is_err() {
        return Err(Errno::EINVAL);
    }
    context.check_room()?;
    let file = cx.file(Fd(iocb.aio_fildes.cast_signed()))?;
    let eventfd = if iocb.aio_flags & IOCB_FLAG_RESFD == 0 {
        None
    } else {
        let counter = cx.file(Fd(iocb.aio_resfd.cast_signed()))?;
        if counter.file.as_any().downcast_ref::<EventFd>().is_none() {
            return Err(Errno::EINVAL);
        }
        Some(counter)
    };
    let receipt = Receipt { data: iocb.aio_data, block, eventfd };
    user_write_at(at.offset(KEY_OFFSET)?, &0u32)?;
    let result = match iocb.aio_lio_opcode {
        aio_command::PREAD | aio_command::PREADV => read(&file, &iocb)?,
        aio_command::PWRITE | aio_command::PWRITEV => write(&file, &iocb)?,
        aio_command::FSYNC | aio_command::FDSYNC => sync(&file, &iocb)?,
        aio_command::POLL => return poll(context, &file, &iocb, receipt),
        _ => return Err(Errno::EINVAL),
    };
    context.complete(
        &receipt,
        match result {
            Ok(n) => i64::try_from(n).unwrap_or(i64::MAX),
            Err(Errno::ERESTARTSYS | Errno::ERESTARTNOINTR | Errno::ERESTARTNOHAND) => {
                -i64::from(Errno::EINTR.number())
            }
            Err(errno) => -i64::from(errno.number()),
        },
    );
    Ok(())
}

/// The position and the flags of a read or write, if they make sense.
fn checked(iocb: &Iocb) -> Result<(u64, RwFlags), Errno> {
    let flags = RwFlags::from_bits_retain(iocb.aio_rw_flags.cast_unsigned());
    if !(flags - HARMLESS - RwFlags::APPEND).is_empty() {
        return Err(Errno::EOPNOTSUPP);
    }
    Ok((u64::try_from(iocb.aio_offset).map_err(|_| Errno::EINVAL)?, flags))
}

/// The program's side of a transfer.
fn ranges(iocb: &Iocb) -> Result<alloc::vec::Vec<Iovec>, Errno> {
    let vector = [aio_command::PREADV, aio_command::PWRITEV].contains(&iocb.aio_lio_opcode);
    if vector {
        let count = usize::try_from(iocb.aio_nbytes).map_err(|_| Errno::EINVAL)?;
        let at = usize::try_from(iocb.aio_buf).map_err(|_| Errno::EFAULT)?;
        return user_iovecs(UserAddr(at), count);
    }
    let end = iocb.aio_buf.checked_add(iocb.aio_nbytes);
    if end.is_none_or(|end| end > elfin_platform::user::END as u64) {
        return Err(Errno::EFAULT);
    }
    let mut one = alloc::vec::Vec::new();
    one.try_reserve_exact(1).map_err(|_| Errno::ENOMEM)?;
    one.push(Iovec { iov_base: iocb.aio_buf, iov_len: iocb.aio_nbytes });
    Ok(one)
}

fn read(file: &OpenFile, iocb: &Iocb) -> Result<SysResult, Errno> {
    let (offset, _) = checked(iocb)?;
    if !file.readable() {
        return Err(Errno::EBADF);
    }
    let ranges = ranges(iocb)?;
    Ok(match file.read_at(offset, &mut Dest::iovecs(&ranges)) {
        // Files without positions are read as they come.
        Err(Errno::ESPIPE) => file.read(&mut Dest::iovecs(&ranges)),
        result => result,
    })
}

fn write(file: &OpenFile, iocb: &Iocb) -> Result<SysResult, Errno> {
    let (offset, flags) = checked(iocb)?;
    if !file.writable() {
        return Err(Errno::EBADF);
    }
    let ranges = ranges(iocb)?;
    let append = flags.contains(RwFlags::APPEND) || file.flags().contains(OpenFlags::APPEND);
    let offset = if append { APPEND } else { offset };
    Ok(match file.write_at(offset, &mut Source::iovecs(&ranges)) {
        Err(Errno::ESPIPE) => file.write(&mut Source::iovecs(&ranges)),
        result => result,
    })
}

fn sync(file: &OpenFile, iocb: &Iocb) -> Result<SysResult, Errno> {
    let unused = [iocb.aio_buf, iocb.aio_nbytes, iocb.aio_offset.cast_unsigned()];
    if unused != [0; 3] || iocb.aio_rw_flags != 0 {
        return Err(Errno::EINVAL);
    }
    let place = file.path.as_ref().ok_or(Errno::EINVAL)?;
    if !file.writable() {
        return Err(Errno::EBADF);
    }
    Ok(place.mount.fs.sync().map(|()| 0))
}

fn poll(
    context: &Arc<Context>,
    file: &Arc<OpenFile>,
    iocb: &Iocb,
    receipt: Receipt,
) -> Result<(), Errno> {
    let interest = u16::try_from(iocb.aio_buf).map_err(|_| Errno::EINVAL)?;
    if iocb.aio_offset != 0 || iocb.aio_nbytes != 0 || iocb.aio_rw_flags != 0 {
        return Err(Errno::EINVAL);
    }
    context.poll(file, PollEvents::from_bits_truncate(u32::from(interest)), receipt)
}

/// `io_cancel(2)`: what can be cancelled says so by its result, so that this always fails.
///
/// # Errors
/// `EINVAL`, `EFAULT`, `EINPROGRESS` where it is done.
pub fn io_cancel(cx: &mut Cx<'_>, ctx: usize, iocb: UserAddr, _result: UserAddr) -> SysResult {
    let key: u32 = user_read_at(iocb.offset(KEY_OFFSET)?)?;
    if key != 0 {
        return Err(Errno::EINVAL);
    }
    let context = cx.thread.mm().aio.get(ctx)?;
    context.cancel(u64::try_from(iocb.addr()).unwrap_or(0))?;
    Ok(0)
}

/// `io_getevents(2)`.
///
/// # Errors
/// `EFAULT`, `EINVAL`, `EINTR`.
pub fn io_getevents(
    cx: &mut Cx<'_>,
    ctx: usize,
    min: isize,
    max: isize,
    events: UserAddr,
    timeout: UserIn<Timespec>,
) -> SysResult {
    let deadline = deadline(timeout)?;
    fetch(cx, ctx, (min, max), events, deadline)
}

/// `io_pgetevents(2)`: with another signal mask meanwhile.
///
/// # Errors
/// As [`io_getevents`].
pub fn io_pgetevents(
    cx: &mut Cx<'_>,
    ctx: usize,
    min: isize,
    max: isize,
    events: UserAddr,
    timeout: UserIn<Timespec>,
    mask: UserAddr,
) -> SysResult {
    let deadline = deadline(timeout)?;
    let mut set = None;
    if !mask.is_null() {
        let arg: SigsetArg = user_read_at(mask)?;
        if let (Ok(addr), Ok(len)) = (usize::try_from(arg.ss), usize::try_from(arg.ss_len))
            && addr != 0
        {
            set = Some(read_sigset(UserIn::new(addr), len)?);
        }
    }
    with_mask(set, || fetch(cx, ctx, (min, max), events, deadline))
}

fn deadline(timeout: UserIn<Timespec>) -> Result<Option<u64>, Errno> {
    let Some(timeout) = timeout.non_null() else { return Ok(None) };
    let timeout: Timespec = user_read(timeout)?;
    // A time that is none is over.
    Ok(Some(time::now().saturating_add(timeout.checked_nanos().unwrap_or(0))))
}

fn fetch(
    cx: &Cx<'_>,
    ctx: usize,
    (min, max): (isize, isize),
    events: UserAddr,
    deadline: Option<u64>,
) -> SysResult {
    let context = cx.thread.mm().aio.get(ctx)?;
    let (Ok(least), Ok(most)) = (usize::try_from(min), usize::try_from(max)) else {
        return Err(Errno::EINVAL);
    };
    if least > most {
        return Err(Errno::EINVAL);
    }
    context.fetch(least, most, deadline, |at, event| {
        user_write_at(events.offset(at.saturating_mul(size_of::<IoEvent>()))?, event)
    })
}
