//! The program's side of a transfer: [`Dest`], where a read puts bytes, and [`Source`], where a
//! write takes them from.
//!
//! Both are a cursor over one user range, over several (`readv`), or over a kernel slice, so
//! that a [`File`](super::File) has one `read` and one `write`. A fault after some bytes were
//! moved ends the transfer early; a fault before the first byte is `EFAULT`.

use elfin_platform::mm::Frame;
use elfin_platform::user;
use elfin_syscalls::Errno;
use elfin_syscalls::abi::Iovec;

/// The most that one call moves (`MAX_RW_COUNT`): the largest page multiple in an `int`.
pub const MAX_RW_COUNT: usize = 0x7fff_f000;

/// One range of user memory and those after it.
#[derive(Clone, Copy)]
struct UserRange<'a> {
    addr: usize,
    len: usize,
    rest: &'a [Iovec],
}

impl<'a> UserRange<'a> {
    fn new(iovecs: &'a [Iovec]) -> Self {
        Self { addr: 0, len: 0, rest: iovecs }
    }

    /// Moves to the next range that has bytes; whether there is one.
    #[inline]
    fn settle(&mut self) -> bool {
        while self.len == 0 {
            let Some((first, rest)) = self.rest.split_first() else { return false };
            // A machine of 64 bits: the words fit.
            (self.addr, self.len) = (first.iov_base as usize, first.iov_len as usize);
            self.rest = rest;
        }
        true
    }

    #[inline]
    fn advance(&mut self, n: usize) {
        self.addr = self.addr.wrapping_add(n);
        self.len -= n;
    }

    /// Runs `copy(address, offset, len)` over the next `want` bytes. The count that was moved.
    #[inline]
    fn run(
        &mut self,
        want: usize,
        mut copy: impl FnMut(usize, usize, usize) -> Result<(), user::Fault>,
    ) -> Result<usize, Errno> {
        if want > self.len {
            return self.run_across(want, copy);
        }
        if want == 0 {
            return Ok(0);
        }
        match copy(self.addr, 0, want) {
            Ok(()) => {
                self.advance(want);
                Ok(want)
            }
            Err(fault) => {
                let moved = fault.done.min(want);
                self.advance(moved);
                partial(moved, Errno::EFAULT)
            }
        }
    }

    /// The same over several ranges.
    #[inline(never)]
    fn run_across(
        &mut self,
        want: usize,
        mut copy: impl FnMut(usize, usize, usize) -> Result<(), user::Fault>,
    ) -> Result<usize, Errno> {
        let mut done = 0;
        while done < want && self.settle() {
            let n = self.len.min(want - done);
            match copy(self.addr, done, n) {
                Ok(()) => {
                    self.advance(n);
                    done += n;
                }
                Err(fault) => {
                    let moved = fault.done.min(n);
                    self.advance(moved);
                    done += moved;
                    return partial(done, Errno::EFAULT);
                }
            }
        }
        Ok(done)
    }
}

/// Where a read puts its bytes.
pub struct Dest<'a> {
    target: Target<'a>,
    remaining: usize,
    done: usize,
}

enum Target<'a> {
    User(UserRange<'a>),
    Kernel(&'a mut [u8]),
}

impl<'a> Dest<'a> {
    /// The user range of `len` bytes at `addr`; clipped to [`MAX_RW_COUNT`].
    #[inline]
    #[must_use]
    pub fn user(addr: usize, len: usize) -> Self {
        let len = len.min(MAX_RW_COUNT);
        Self { target: Target::User(UserRange { addr, len, rest: &[] }), remaining: len, done: 0 }
    }

    /// Several user ranges, one after the other.
    #[must_use]
    pub fn iovecs(iovecs: &'a [Iovec]) -> Self {
        let remaining = total(iovecs);
        Self { target: Target::User(UserRange::new(iovecs)), remaining, done: 0 }
    }

    /// A slice of the kernel's.
    #[must_use]
    pub fn kernel(buf: &'a mut [u8]) -> Self {
        let remaining = buf.len();
        Self { target: Target::Kernel(buf), remaining, done: 0 }
    }

    /// The bytes that still fit.
    #[inline]
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.remaining
    }

    /// The bytes put so far.
    #[inline]
    #[must_use]
    pub fn done(&self) -> usize {
        self.done
    }

    /// Lets at most `n` more bytes fit.
    pub fn limit(&mut self, n: usize) {
        self.remaining = self.remaining.min(n);
    }

    #[inline(always)]
    fn step(
        &mut self,
        want: usize,
        user: impl FnMut(usize, usize, usize) -> Result<(), user::Fault>,
        kernel: impl FnOnce(&mut [u8]),
    ) -> Result<usize, Errno> {
        let want = want.min(self.remaining);
        let n = match &mut self.target {
            Target::User(range) => range.run(want, user)?,
            Target::Kernel(buf) => {
                let end = self.done.saturating_add(want);
                kernel(buf.get_mut(self.done..end).ok_or(Errno::EFAULT)?);
                want
            }
        };
        self.remaining -= n;
        self.done += n;
        Ok(n)
    }

    /// Copies from `src` as much as fits. The count; less than fits only after a fault.
    ///
    /// # Errors
    /// `EFAULT` if not one byte could be written.
    #[inline]
    pub fn put(&mut self, src: &[u8]) -> Result<usize, Errno> {
        self.step(
            src.len(),
            |addr, at, n| user::copy_out(addr, src.get(at..at + n).unwrap_or_default()),
            |buf| buf.copy_from_slice(src.get(..buf.len()).unwrap_or_default()),
        )
    }

    /// Puts `n` zero bytes, or as many as fit.
    ///
    /// # Errors
    /// `EFAULT` if not one byte could be written.
    #[inline]
    pub fn fill_zero(&mut self, n: usize) -> Result<usize, Errno> {
        self.step(n, |addr, _, n| user::zero_out(addr, n), |buf| buf.fill(0))
    }

    /// Copies `len` bytes at `offset` of `frame`, or as many as fit. They lie within the frame.
    ///
    /// # Errors
    /// `EFAULT` if not one byte could be written.
    #[inline]
    pub fn put_frame(&mut self, frame: &Frame, offset: usize, len: usize) -> Result<usize, Errno> {
        self.step(
            len,
            |addr, at, n| frame.copy_to_user(offset + at, addr, n),
            |buf| frame.read(offset, buf),
        )
    }
}

/// Where a write takes its bytes from.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    origin: Origin<'a>,
    remaining: usize,
    done: usize,
}

#[derive(Clone, Copy)]
enum Origin<'a> {
    User(UserRange<'a>),
    Kernel(&'a [u8]),
}

impl<'a> Source<'a> {
    /// The user range of `len` bytes at `addr`; clipped to [`MAX_RW_COUNT`].
    #[inline]
    #[must_use]
    pub fn user(addr: usize, len: usize) -> Self {
        let len = len.min(MAX_RW_COUNT);
        Self { origin: Origin::User(UserRange { addr, len, rest: &[] }), remaining: len, done: 0 }
    }

    /// Several user ranges, one after the other.
    #[must_use]
    pub fn iovecs(iovecs: &'a [Iovec]) -> Self {
        let remaining = total(iovecs);
        Self { origin: Origin::User(UserRange::new(iovecs)), remaining, done: 0 }
    }

    /// A slice of the kernel's.
    #[must_use]
    pub fn kernel(buf: &'a [u8]) -> Self {
        Self { origin: Origin::Kernel(buf), remaining: buf.len(), done: 0 }
    }

    /// The bytes still to come.
    #[inline]
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.remaining
    }

    /// The bytes taken so far.
    #[inline]
    #[must_use]
    pub fn done(&self) -> usize {
        self.done
    }

    /// Lets at most `n` more bytes be taken.
    pub fn limit(&mut self, n: usize) {
        self.remaining = self.remaining.min(n);
    }

    #[inline(always)]
    fn step(
        &mut self,
        want: usize,
        user: impl FnMut(usize, usize, usize) -> Result<(), user::Fault>,
        kernel: impl FnOnce(&[u8]),
    ) -> Result<usize, Errno> {
        let want = want.min(self.remaining);
        let n = match &mut self.origin {
            Origin::User(range) => range.run(want, user)?,
            Origin::Kernel(buf) => {
                let end = self.done.saturating_add(want);
                kernel(buf.get(self.done..end).ok_or(Errno::EFAULT)?);
                want
            }
        };
        self.remaining -= n;
        self.done += n;
        Ok(n)
    }

    /// Copies into `dst` as much as there is. The count; less than there is only after a fault.
    ///
    /// # Errors
    /// `EFAULT` if not one byte could be read.
    #[inline]
    pub fn take(&mut self, dst: &mut [u8]) -> Result<usize, Errno> {
        let want = dst.len();
        if let Origin::Kernel(buf) = self.origin {
            let n = want.min(self.remaining);
            let from = buf.get(self.done..self.done + n).ok_or(Errno::EFAULT)?;
            dst.get_mut(..n).ok_or(Errno::EFAULT)?.copy_from_slice(from);
            self.remaining -= n;
            self.done += n;
            return Ok(n);
        }
        self.step(
            want,
            |addr, at, n| user::copy_in(dst.get_mut(at..at + n).unwrap_or_default(), addr),
            |_| (),
        )
    }

    /// Copies up to `len` bytes to `offset` of `frame`. They lie within the frame.
    ///
    /// # Errors
    /// `EFAULT` if not one byte could be read.
    #[inline]
    pub fn take_into_frame(
        &mut self,
        frame: &Frame,
        offset: usize,
        len: usize,
    ) -> Result<usize, Errno> {
        self.step(
            len,
            |addr, at, n| frame.copy_from_user(offset + at, addr, n),
            |buf| frame.write(offset, buf),
        )
    }

    /// Copies into `dst` without moving on.
    ///
    /// # Errors
    /// `EFAULT` if not one byte could be read.
    pub fn peek(&self, dst: &mut [u8]) -> Result<usize, Errno> {
        let mut copy = *self;
        copy.take(dst)
    }

    /// Moves on by `n` bytes without looking at them, or by as many as there are.
    #[inline]
    pub fn skip(&mut self, n: usize) -> usize {
        // Nothing is copied, so nothing can fault.
        self.step(n, |_, _, _| Ok(()), |_| ()).unwrap_or(0)
    }
}

/// What a transfer that moved `done` bytes and then failed returns.
///
/// # Errors
/// `errno` if nothing was moved.
#[inline]
pub fn partial(done: usize, errno: Errno) -> Result<usize, Errno> {
    if done > 0 { Ok(done) } else { Err(errno) }
}

fn total(iovecs: &[Iovec]) -> usize {
    iovecs
        .iter()
        .fold(0, |sum: usize, iov| sum.saturating_add(iov.iov_len as usize))
        .min(MAX_RW_COUNT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn puts_what_fits() {
        let mut buf = [1; 8];
        let mut dst = Dest::kernel(&mut buf);
        assert_eq!(dst.put(b"abc"), Ok(3));
        assert_eq!(dst.fill_zero(2), Ok(2));
        assert_eq!(dst.put(b"defgh"), Ok(3));
        assert_eq!(dst.put(b"x"), Ok(0));
        assert_eq!((dst.remaining(), dst.done()), (0, 8));
        assert_eq!(&buf, b"abc\0\0def");
    }

    #[test]
    fn takes_peeks_and_skips() {
        let mut src = Source::kernel(b"hello world");
        let mut buf = [0; 5];
        assert_eq!(src.peek(&mut buf), Ok(5));
        assert_eq!(src.skip(6), 6);
        src.limit(4);
        assert_eq!(src.take(&mut buf), Ok(4));
        assert_eq!(&buf, b"worlo");
        assert_eq!(src.take(&mut buf), Ok(0));
    }
}
