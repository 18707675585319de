//! [`Terminal`]: the console with its line discipline.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::any::Any;
use core::sync::atomic::{AtomicU32, Ordering};

use elfin_platform::sync::{Lazy, SpinLock};
use elfin_platform::{console, time};
use elfin_syscalls::abi::{Winsize, zeroed};
use elfin_syscalls::args::UserAddr;
use elfin_syscalls::{Errno, SysResult};

use super::discipline::{Discipline, Key, RawWait};
use crate::fs::transfer::partial;
use crate::fs::{Dest, File, OpenFile, Source};
use crate::sys::Cx;
use crate::task::signal::{Info, SIGINT, SIGQUIT, SIGTSTP, Signal, send_to_group};
use crate::task::{INIT, PollEvents, PollTable, WaitQueue, Wake};

/// Bytes copied at once.
const CHUNK: usize = 512;
/// Nanoseconds in `VTIME`'s unit.
const TENTH: u64 = 100_000_000;

/// A terminal on the console's line.
pub struct Terminal {
    pub(super) discipline: SpinLock<Discipline>,
    pub(super) size: SpinLock<Winsize>,
    pub(super) arrived: WaitQueue,
    /// Woken when output may go on.
    pub(super) started: WaitQueue,
    /// The process group that keys send signals to.
    pub(super) foreground: AtomicU32,
    /// The session that it is the controlling terminal of; 0 for none.
    pub(super) session: AtomicU32,
}

static CONSOLE: Lazy<Arc<Terminal>> = Lazy::new(|| {
    Arc::new(Terminal {
        discipline: SpinLock::new(Discipline::new()),
        size: SpinLock::new(zeroed()),
        arrived: WaitQueue::new(),
        started: WaitQueue::new(),
        // The first program has the terminal, as a login shell would.
        foreground: AtomicU32::new(INIT),
        session: AtomicU32::new(INIT),
    })
});

/// The console's terminal.
pub fn console() -> &'static Arc<Terminal> {
    &CONSOLE
}

/// The console's file.
pub fn file() -> Arc<dyn File> {
    CONSOLE.clone()
}

impl Terminal {
    /// Sets the size, in rows and columns.
    pub fn set_size(&self, rows: u16, columns: u16) {
        let mut size = self.size.lock();
        (size.ws_row, size.ws_col) = (rows, columns);
    }

    /// Sends a signal to the process group in the foreground.
    pub(super) fn signal(&self, signal: Signal) {
        // Nobody may be there to hear it.
        let _sent = send_to_group(self.foreground.load(Ordering::Relaxed), Info::kernel(signal));
    }

    /// Takes the bytes that have arrived. Does not sleep.
    pub fn take_input(&self) {
        let mut any = false;
        while let Some(byte) = console::read() {
            let mut discipline = self.discipline.lock();
            let key = discipline.input(byte);
            let echo = core::mem::take(&mut discipline.echo);
            let stopped = discipline.stopped;
            drop(discipline);
            if !echo.is_empty() {
                console::write(&echo);
            }
            if !stopped {
                self.started.wake_all(PollEvents::WRITABLE);
            }
            match key {
                Some(Key::Interrupt) => self.signal(SIGINT),
                Some(Key::Quit) => self.signal(SIGQUIT),
                Some(Key::Suspend) => self.signal(SIGTSTP),
                None => {}
            }
            any = true;
        }
        if any {
            self.arrived.wake_all(PollEvents::READABLE);
        }
    }

    /// Takes bytes for a reader, as soon as there are as many as the settings ask for.
    fn take(&self, buf: &mut [u8], min: usize) -> Option<usize> {
        let mut discipline = self.discipline.lock();
        if !discipline.canonical() && discipline.available() < min {
            return None;
        }
        discipline.read(buf)
    }

    /// Reads with lines not edited: `VMIN` and `VTIME`.
    fn read_raw(&self, wait: RawWait, buf: &mut [u8], nonblocking: bool) -> SysResult {
        let min = wait.min.min(buf.len());
        if nonblocking {
            return self.take(buf, 1).ok_or(Errno::EAGAIN);
        }
        let span = u64::from(wait.time) * TENTH;
        let soon = |ns: u64| Some(time::now().saturating_add(ns));
        if min == 0 {
            let deadline = if span == 0 { Some(0) } else { soon(span) };
            return match self.arrived.wait_until(deadline, || self.take(buf, 1)) {
                Ok(n) => Ok(n),
                Err(Wake::TimedOut) => Ok(0),
                Err(Wake::Interrupted) => Err(Errno::ERESTARTSYS),
            };
        }
        if span == 0 {
            return Ok(self.arrived.wait_until(None, || self.take(buf, min))?);
        }
        // The clock starts with the first byte, and anew with each.
        let available = || self.discipline.lock().available();
        self.arrived.wait_until(None, || (available() > 0).then_some(()))?;
        loop {
            let before = available();
            let more = || (available() > before || available() >= min).then_some(());
            let result = self.arrived.wait_until(soon(span), more);
            if available() >= min || result == Err(Wake::TimedOut) {
                return Ok(self.take(buf, 0).unwrap_or(0));
            }
            result?;
        }
    }
}

impl File for Terminal {
    fn read(&self, of: &OpenFile, dst: &mut Dest<'_>) -> SysResult {
        let mut chunk = [0; CHUNK];
        let want = dst.remaining().min(CHUNK);
        if want == 0 {
            return Ok(0);
        }
        self.take_input();
        let buf = chunk.get_mut(..want).unwrap_or_default();
        let (canonical, wait) = {
            let discipline = self.discipline.lock();
            (discipline.canonical(), discipline.raw_wait())
        };
        let n = if !canonical {
            self.read_raw(wait, buf, of.nonblocking())?
        } else {
            match self.take(buf, 0) {
                Some(n) => n,
                None if of.nonblocking() => return Err(Errno::EAGAIN),
                None => self.arrived.wait_until(None, || self.take(buf, 0))?,
            }
        };
        dst.put(buf.get(..n).unwrap_or_default())
    }

    fn write(&self, of: &OpenFile, src: &mut Source<'_>) -> SysResult {
        let mut chunk = [0; CHUNK];
        let mut out = Vec::new();
        // Every byte may become two, or a tab eight.
        out.try_reserve(2 * CHUNK).map_err(|_| Errno::ENOMEM)?;
        let mut done = 0;
        while src.remaining() > 0 {
            if self.discipline.lock().stopped {
                if of.nonblocking() {
                    return partial(done, Errno::EAGAIN);
                }
                let going = || (!self.discipline.lock().stopped).then_some(());
                if let Err(wake) = self.started.wait_until(None, going) {
                    return partial(done, wake.into());
                }
            }
            let n = match src.take(&mut chunk) {
                Ok(n) => n,
                Err(errno) => return partial(done, errno),
            };
            out.clear();
            self.discipline.lock().output(chunk.get(..n).unwrap_or_default(), &mut out);
            console::write(&out);
            done += n;
        }
        Ok(done)
    }

    fn poll(&self, _of: &OpenFile, table: Option<&mut PollTable<'_>>) -> PollEvents {
        if let Some(table) = table {
            table.add(&self.arrived);
            table.add(&self.started);
        }
        self.take_input();
        let discipline = self.discipline.lock();
        let mut events = PollEvents::empty();
        events.set(PollEvents::WRITABLE, !discipline.stopped);
        events.set(PollEvents::READABLE, discipline.readable());
        events
    }

    fn ioctl(&self, _of: &OpenFile, cx: &mut Cx<'_>, cmd: u32, arg: UserAddr) -> SysResult {
        self.control(cx, cmd, arg)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
