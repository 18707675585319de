//! `/dev/null`, `/dev/zero` and `/dev/full`.

use alloc::sync::Arc;
use core::any::Any;

use elfin_platform::mm::PAGE_SIZE;
use elfin_syscalls::args::Whence;
use elfin_syscalls::{Errno, SysResult};

use super::super::file::{File, OpenFile};
use super::super::inode::Mappable;
use super::super::tmpfs::{MAX_SIZE, Pages};
use super::super::transfer::{Dest, Source, partial};

/// Takes everything, gives nothing.
pub struct Null;

impl File for Null {
    fn read(&self, _of: &OpenFile, _dst: &mut Dest<'_>) -> SysResult {
        Ok(0)
    }

    fn write(&self, _of: &OpenFile, src: &mut Source<'_>) -> SysResult {
        Ok(src.remaining())
    }

    fn read_at(&self, _offset: u64, _dst: &mut Dest<'_>) -> SysResult {
        Ok(0)
    }

    fn write_at(&self, _offset: u64, src: &mut Source<'_>) -> SysResult {
        Ok(src.remaining())
    }

    fn seek(&self, of: &OpenFile, _offset: i64, _whence: Whence) -> SysResult {
        rewind(of)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Gives zeros, takes everything; mapped, it is memory of its own.
pub struct Zero;

impl File for Zero {
    fn read(&self, _of: &OpenFile, dst: &mut Dest<'_>) -> SysResult {
        zeros(dst)
    }

    fn write(&self, _of: &OpenFile, src: &mut Source<'_>) -> SysResult {
        Ok(src.remaining())
    }

    fn read_at(&self, _offset: u64, dst: &mut Dest<'_>) -> SysResult {
        zeros(dst)
    }

    fn write_at(&self, _offset: u64, src: &mut Source<'_>) -> SysResult {
        Ok(src.remaining())
    }

    fn seek(&self, of: &OpenFile, _offset: i64, _whence: Whence) -> SysResult {
        rewind(of)
    }

    fn mapping(&self) -> Option<Arc<dyn Mappable>> {
        let pages = Pages::new();
        pages.set_size(MAX_SIZE);
        Some(Arc::new(pages))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Gives zeros, takes nothing.
pub struct Full;

impl File for Full {
    fn read(&self, _of: &OpenFile, dst: &mut Dest<'_>) -> SysResult {
        zeros(dst)
    }

    fn write(&self, _of: &OpenFile, _src: &mut Source<'_>) -> SysResult {
        Err(Errno::ENOSPC)
    }

    fn read_at(&self, _offset: u64, dst: &mut Dest<'_>) -> SysResult {
        zeros(dst)
    }

    fn write_at(&self, _offset: u64, _src: &mut Source<'_>) -> SysResult {
        Err(Errno::ENOSPC)
    }

    fn seek(&self, of: &OpenFile, _offset: i64, _whence: Whence) -> SysResult {
        rewind(of)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Zeros put at once, so that a signal need not wait for a gigabyte.
const PIECE: usize = 64 * PAGE_SIZE;

#[inline]
fn zeros(dst: &mut Dest<'_>) -> SysResult {
    if dst.remaining() <= PIECE { dst.fill_zero(dst.remaining()) } else { many_zeros(dst) }
}

#[inline(never)]
fn many_zeros(dst: &mut Dest<'_>) -> SysResult {
    let mut done = 0;
    loop {
        let want = dst.remaining().min(PIECE);
        if want == 0 {
            return Ok(done);
        }
        match dst.fill_zero(want) {
            Ok(n) => done += n,
            Err(errno) => return partial(done, errno),
        }
        if dst.remaining() > 0 && crate::task::current().interrupted() {
            return Ok(done);
        }
    }
}

/// These devices have no positions: every seek leads to the start.
fn rewind(of: &OpenFile) -> SysResult {
    *of.position().lock() = 0;
    Ok(0)
}
