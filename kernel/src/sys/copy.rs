//! Copies between files without the program: `sendfile`, `copy_file_range`, `splice`, `tee`.

use alloc::sync::Arc;
use alloc::vec::Vec;

use elfin_platform::mm::PAGE_SIZE;
use elfin_syscalls::args::{Fd, OpenFlags, SpliceFlags, UserInOut};
use elfin_syscalls::{Errno, SysResult};

use super::Cx;
use super::usercopy::{user_read, user_write};
use crate::event::{Pipe, PipeEnd};
use crate::fs::transfer::{MAX_RW_COUNT, partial};
use crate::fs::{Dest, FileKind, OpenFile, Source};

/// Bytes moved at once.
const CHUNK: usize = 16 * PAGE_SIZE;

fn buffer(count: usize) -> Result<Vec<u8>, Errno> {
    let len = count.min(CHUNK);
    let mut buf = Vec::new();
    buf.try_reserve_exact(len).map_err(|_| Errno::ENOMEM)?;
    buf.resize(len, 0);
    Ok(buf)
}

fn ends(cx: &Cx<'_>, from: Fd, to: Fd) -> Result<(Arc<OpenFile>, Arc<OpenFile>), Errno> {
    let (from, to) = (cx.file(from)?, cx.file(to)?);
    if from.readable() && to.writable() { Ok((from, to)) } else { Err(Errno::EBADF) }
}

fn offset_of(offset: i64) -> Result<u64, Errno> {
    u64::try_from(offset).map_err(|_| Errno::EINVAL)
}

/// Moves up to `count` bytes of `from`, from `at` on, which moves along, to `put`.
fn pump(
    from: &OpenFile,
    at: &mut u64,
    count: usize,
    put: &mut dyn FnMut(&mut Source<'_>) -> SysResult,
) -> SysResult {
    let mut buf = buffer(count)?;
    let mut done = 0;
    while done < count {
        let want = (count - done).min(buf.len());
        let chunk = buf.get_mut(..want).unwrap_or_default();
        let n = match from.read_at(*at, &mut Dest::kernel(chunk)) {
            Ok(0) => break,
            Ok(n) => n,
            Err(errno) => return partial(done, errno),
        };
        let mut source = Source::kernel(chunk.get(..n).unwrap_or_default());
        while source.remaining() > 0 {
            match put(&mut source) {
                Ok(0) => return Ok(done),
                Ok(written) => {
                    done += written;
                    *at += written as u64;
                }
                Err(errno) => return partial(done, errno),
            }
        }
    }
    Ok(done)
}

/// `sendfile(2)`.
///
/// # Errors
/// `EBADF`, `EINVAL`, `EFAULT`, and the files'.
pub fn sendfile(
    cx: &mut Cx<'_>,
    out: Fd,
    from: Fd,
    offset: UserInOut<i64>,
    count: usize,
) -> SysResult {
    let (from, out) = ends(cx, from, out)?;
    if out.flags().contains(OpenFlags::APPEND) {
        return Err(Errno::EINVAL);
    }
    let count = count.min(MAX_RW_COUNT);
    let mut put = |source: &mut Source<'_>| out.write(source);
    if offset.is_null() {
        let mut position = from.position().lock();
        let result = pump(&from, &mut position, count, &mut put);
        return result.map_err(no_positions);
    }
    let mut at = offset_of(user_read(offset)?)?;
    let result = pump(&from, &mut at, count, &mut put).map_err(no_positions);
    user_write(offset, &at.cast_signed())?;
    result
}

/// A source without positions cannot be sent.
fn no_positions(errno: Errno) -> Errno {
    if errno == Errno::ESPIPE { Errno::EINVAL } else { errno }
}

fn kind(file: &OpenFile) -> Option<FileKind> {
    file.stat().ok().and_then(|stat| FileKind::from_mode(stat.mode))
}

/// `copy_file_range(2)`.
///
/// # Errors
/// `EBADF`, `EINVAL`, `EISDIR`, `EFBIG`, `ENOSPC`, `EFAULT`.
pub fn copy_file_range(
    cx: &mut Cx<'_>,
    from: Fd,
    off_in: UserInOut<i64>,
    to: Fd,
    off_out: UserInOut<i64>,
    len: usize,
    flags: u32,
) -> SysResult {
    let (from, to) = (cx.file(from)?, cx.file(to)?);
    if flags != 0 {
        return Err(Errno::EINVAL);
    }
    let kinds = [kind(&from), kind(&to)];
    if kinds.contains(&Some(FileKind::Directory)) {
        return Err(Errno::EISDIR);
    }
    if kinds != [Some(FileKind::Regular); 2] {
        return Err(Errno::EINVAL);
    }
    if !from.readable() || !to.writable() || to.flags().contains(OpenFlags::APPEND) {
        return Err(Errno::EBADF);
    }
    let mut at_in = start(&from, off_in)?;
    let mut at_out = start(&to, off_out)?;
    let len = len.min(MAX_RW_COUNT);
    let (a, b) = (from.stat()?, to.stat()?);
    if (a.dev, a.ino) == (b.dev, b.ino) && at_in.abs_diff(at_out) < len as u64 {
        return Err(Errno::EINVAL);
    }
    let mut put = |source: &mut Source<'_>| {
        let n = to.write_at(at_out, source)?;
        at_out += n as u64;
        Ok(n)
    };
    let result = pump(&from, &mut at_in, len, &mut put);
    finish(&from, off_in, at_in)?;
    finish(&to, off_out, at_out)?;
    result
}

fn start(file: &OpenFile, offset: UserInOut<i64>) -> Result<u64, Errno> {
    if offset.is_null() { Ok(*file.position().lock()) } else { offset_of(user_read(offset)?) }
}

fn finish(file: &OpenFile, offset: UserInOut<i64>, at: u64) -> Result<(), Errno> {
    if offset.is_null() {
        *file.position().lock() = at;
        return Ok(());
    }
    user_write(offset, &at.cast_signed())
}

fn pipe_of(file: &OpenFile) -> Option<Arc<Pipe>> {
    PipeEnd::of(file).map(|end| end.pipe().clone())
}

/// `splice(2)`.
///
/// # Errors
/// `EBADF`, `EINVAL` if neither is a pipe or both are the same, `ESPIPE`, `EAGAIN`, `EPIPE`.
pub fn splice(
    cx: &mut Cx<'_>,
    from: Fd,
    off_in: UserInOut<i64>,
    to: Fd,
    off_out: UserInOut<i64>,
    len: usize,
    flags: SpliceFlags,
) -> SysResult {
    if len == 0 {
        return Ok(0);
    }
    let (from, to) = ends(cx, from, to)?;
    let nonblocking = flags.contains(SpliceFlags::NONBLOCK);
    let len = len.min(MAX_RW_COUNT);
    match (pipe_of(&from), pipe_of(&to)) {
        (Some(source), target) => {
            if !off_in.is_null() || (target.is_some() && !off_out.is_null()) {
                return Err(Errno::ESPIPE);
            }
            if target.is_some_and(|target| Arc::ptr_eq(&source, &target)) {
                return Err(Errno::EINVAL);
            }
            let mut at = if off_out.is_null() { None } else { Some(start(&to, off_out)?) };
            let mut put = |chunk: &mut Source<'_>| match &mut at {
                None => to.write(chunk),
                Some(at) => {
                    let n = to.write_at(*at, chunk)?;
                    *at += n as u64;
                    Ok(n)
                }
            };
            let mut buf = buffer(len)?;
            let n = source.drain(&mut buf, nonblocking || from.nonblocking(), &mut put)?;
            if let Some(at) = at {
                finish(&to, off_out, at)?;
            }
            Ok(n)
        }
        (None, Some(pipe)) => {
            if !off_out.is_null() {
                return Err(Errno::ESPIPE);
            }
            let nonblocking = nonblocking || to.nonblocking();
            let mut buf = buffer(len)?;
            let room = pipe.wait_room(nonblocking)?;
            let want = buf.len().min(room);
            let chunk = buf.get_mut(..want).unwrap_or_default();
            let n = if off_in.is_null() {
                from.read(&mut Dest::kernel(chunk))?
            } else {
                let at = start(&from, off_in)?;
                let n = from.read_at(at, &mut Dest::kernel(chunk))?;
                finish(&from, off_in, at + n as u64)?;
                n
            };
            pipe.write(&mut Source::kernel(chunk.get(..n).unwrap_or_default()), false)
        }
        (None, None) => Err(Errno::EINVAL),
    }
}

/// `tee(2)`.
///
/// # Errors
/// `EBADF`, `EINVAL` unless both are pipes and differ, `EAGAIN`, `EPIPE`.
pub fn tee(cx: &mut Cx<'_>, from: Fd, to: Fd, len: usize, flags: SpliceFlags) -> SysResult {
    let (from, to) = ends(cx, from, to)?;
    let (Some(source), Some(target)) = (pipe_of(&from), pipe_of(&to)) else {
        return Err(Errno::EINVAL);
    };
    if Arc::ptr_eq(&source, &target) {
        return Err(Errno::EINVAL);
    }
    let nonblocking = flags.contains(SpliceFlags::NONBLOCK);
    if len == 0 {
        return Ok(0);
    }
    if !source.wait_data(nonblocking)? {
        return Ok(0);
    }
    let room = target.wait_room(nonblocking)?;
    let mut buf = buffer(len.min(room))?;
    let n = source.peek(&mut Dest::kernel(&mut buf))?;
    target.write(&mut Source::kernel(buf.get(..n).unwrap_or_default()), true)
}
