//! The console as a stream of bytes: nothing is echoed, edited or translated.
//!
//! Input is escaped by the host, for a serial line has no end ([`super::escape`]).

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::any::Any;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use elfin_platform::console;
use elfin_platform::sync::{Lazy, SpinLock};
use elfin_syscalls::args::{IoctlCmd, UserAddr, UserOut};
use elfin_syscalls::{Errno, SysResult};

use super::escape::{Decoded, Decoder};
use crate::fs::transfer::partial;
use crate::fs::{Dest, File, OpenFile, Source};
use crate::sys::Cx;
use crate::sys::usercopy::user_write;
use crate::task::{PollEvents, PollTable, WaitQueue};

/// Bytes that wait for a reader before no more are taken from the line.
const QUEUE_MAX: usize = 16 * 1024;
/// Bytes copied at once.
const CHUNK: usize = 512;

struct Input {
    decoder: Decoder,
    ended: bool,
    queue: VecDeque<u8>,
}

/// The console without a line discipline.
pub struct Stream {
    input: SpinLock<Input>,
    waiting: AtomicUsize,
    ended: AtomicBool,
    arrived: WaitQueue,
}

static CONSOLE: Lazy<Arc<Stream>> = Lazy::new(|| {
    Arc::new(Stream {
        input: SpinLock::new(Input {
            decoder: Decoder::default(),
            ended: false,
            queue: VecDeque::new(),
        }),
        waiting: AtomicUsize::new(0),
        ended: AtomicBool::new(false),
        arrived: WaitQueue::new(),
    })
});

/// The console's file.
pub fn file() -> Arc<dyn File> {
    CONSOLE.clone()
}

/// Takes the bytes that have arrived. Does not sleep.
pub fn take_input() {
    CONSOLE.fill();
}

impl Stream {
    fn fill(&self) {
        let mut input = self.input.lock();
        let mut any = false;
        // What does not fit stays in the machine's queue until somebody has read.
        while input.queue.len() < QUEUE_MAX && input.queue.try_reserve(1).is_ok() {
            let Some(byte) = console::read() else { break };
            match input.decoder.decode(byte) {
                Decoded::Byte(byte) if !input.ended => input.queue.push_back(byte),
                Decoded::End => input.ended = true,
                // A stream has no size.
                Decoded::Byte(_) | Decoded::Size(..) | Decoded::Nothing => {}
            }
            any = true;
        }
        self.waiting.store(input.queue.len(), Ordering::Release);
        self.ended.store(input.ended, Ordering::Release);
        drop(input);
        if any {
            self.arrived.wake_all(PollEvents::READABLE | PollEvents::HUP);
        }
    }

    fn take(&self, buf: &mut [u8]) -> Option<usize> {
        let mut input = self.input.lock();
        let n = buf.len().min(input.queue.len());
        for (slot, byte) in buf.iter_mut().zip(input.queue.drain(..n)) {
            *slot = byte;
        }
        self.waiting.store(input.queue.len(), Ordering::Release);
        (n > 0 || input.ended).then_some(n)
    }
}

impl File for Stream {
    fn sends_signals(&self) -> bool {
        true
    }

    fn read(&self, of: &OpenFile, dst: &mut Dest<'_>) -> SysResult {
        let mut chunk = [0; CHUNK];
        if dst.remaining() == 0 {
            return Ok(0);
        }
        self.fill();
        let mut done = 0;
        loop {
            let want = dst.remaining().min(CHUNK);
            let buf = chunk.get_mut(..want).unwrap_or_default();
            let n = match self.take(buf) {
                Some(n) => n,
                None if done > 0 => return Ok(done),
                None if of.nonblocking() => return Err(Errno::EAGAIN),
                None => self.arrived.wait_until(None, || self.take(buf))?,
            };
            if n == 0 {
                return Ok(done);
            }
            match dst.put(buf.get(..n).unwrap_or_default()) {
                Ok(put) => done += put,
                Err(errno) => return partial(done, errno),
            }
            self.fill();
            if dst.remaining() == 0 || self.waiting.load(Ordering::Acquire) == 0 {
                return Ok(done);
            }
        }
    }

    fn write(&self, _of: &OpenFile, src: &mut Source<'_>) -> SysResult {
        let mut chunk = [0; CHUNK];
        let mut done = 0;
        while src.remaining() > 0 {
            let n = match src.take(&mut chunk) {
                Ok(n) => n,
                Err(errno) => return partial(done, errno),
            };
            console::write(chunk.get(..n).unwrap_or_default());
            done += n;
        }
        Ok(done)
    }

    fn poll(&self, _of: &OpenFile, table: Option<&mut PollTable<'_>>) -> PollEvents {
        if let Some(table) = table {
            table.add(&self.arrived);
        }
        self.fill();
        let mut events = PollEvents::WRITABLE;
        if self.waiting.load(Ordering::Acquire) > 0 || self.ended.load(Ordering::Acquire) {
            events |= PollEvents::READABLE;
        }
        events
    }

    fn ioctl(&self, _of: &OpenFile, _cx: &mut Cx<'_>, cmd: u32, arg: UserAddr) -> SysResult {
        if IoctlCmd(cmd) != IoctlCmd::FIONREAD {
            return Err(Errno::ENOTTY);
        }
        self.fill();
        let waiting = i32::try_from(self.waiting.load(Ordering::Acquire)).unwrap_or(i32::MAX);
        user_write(UserOut::new(arg.addr()), &waiting)?;
        Ok(0)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
