//! `/dev/random` and `/dev/urandom`: the same generator, which is never short of bytes.

use core::any::Any;

use elfin_platform::mm::PAGE_SIZE;
use elfin_syscalls::args::{IoctlCmd, UserAddr, UserOut, Whence};
use elfin_syscalls::{Errno, SysResult};

use super::super::file::{File, OpenFile};
use super::super::transfer::{Dest, Source, partial};
use crate::rand;
use crate::sys::Cx;
use crate::sys::usercopy::user_write;

/// Bytes made at once.
const CHUNK: usize = 256;
/// Bits of entropy that the generator counts as having.
const ENTROPY_BITS: i32 = 256;

/// Random bytes.
pub struct Random;

/// Fills `dst` with random bytes (`getrandom` too). The count.
///
/// # Errors
/// `EFAULT` if not one byte could be put.
pub fn fill(dst: &mut Dest<'_>) -> SysResult {
    let mut chunk = [0; CHUNK];
    let mut done = 0;
    while dst.remaining() > 0 {
        let want = dst.remaining().min(CHUNK);
        let bytes = chunk.get_mut(..want).unwrap_or_default();
        rand::fill(bytes);
        let put = match dst.put(bytes) {
            Ok(put) => put,
            Err(errno) => return partial(done, errno),
        };
        done += put;
        let page_done = done % PAGE_SIZE == 0;
        if put < want || (page_done && crate::task::current().interrupted()) {
            break;
        }
    }
    Ok(done)
}

impl File for Random {
    fn read(&self, _of: &OpenFile, dst: &mut Dest<'_>) -> SysResult {
        fill(dst)
    }

    /// What programs write is taken and not needed: the generator is seeded by the hardware.
    fn write(&self, _of: &OpenFile, src: &mut Source<'_>) -> SysResult {
        Ok(src.skip(src.remaining()))
    }

    fn read_at(&self, _offset: u64, dst: &mut Dest<'_>) -> SysResult {
        fill(dst)
    }

    fn write_at(&self, _offset: u64, src: &mut Source<'_>) -> SysResult {
        Ok(src.skip(src.remaining()))
    }

    fn seek(&self, of: &OpenFile, _offset: i64, _whence: Whence) -> SysResult {
        Ok(usize::try_from(*of.position().lock()).unwrap_or(0))
    }

    fn ioctl(&self, _of: &OpenFile, _cx: &mut Cx<'_>, cmd: u32, arg: UserAddr) -> SysResult {
        match IoctlCmd(cmd) {
            IoctlCmd::RNDGETENTCNT => user_write(UserOut::new(arg.addr()), &ENTROPY_BITS)?,
            IoctlCmd::RNDADDTOENTCNT | IoctlCmd::RNDADDENTROPY | IoctlCmd::RNDRESEEDCRNG => {}
            _ => return Err(Errno::EINVAL),
        }
        Ok(0)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
