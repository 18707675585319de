//! [`TerminalFile`]: a terminal as a program has it open.
//!
//! Each opening has its own, which a hangup makes dead: what reads from it finds the end, all
//! else fails. Who reads from the background is stopped before ([`jobs::check_background`]).

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::any::Any;
use core::sync::atomic::Ordering;

use elfin_platform::time;
use elfin_syscalls::abi::TOSTOP;
use elfin_syscalls::args::{IoctlCmd, UserAddr};
use elfin_syscalls::{Errno, SysResult};

use super::discipline::{QUEUE_MAX, RawWait};
use super::terminal::Terminal;
use crate::fs::transfer::partial;
use crate::fs::{Dest, File, FileKind, FileStat, OpenFile, Source};
use crate::sys::Cx;
use crate::task::signal::{SIGTTIN, SIGTTOU};
use crate::task::{PollEvents, PollTable, Wake, jobs};

/// Bytes copied at once.
const CHUNK: usize = 512;
/// Nanoseconds in `VTIME`'s unit.
const TENTH: u64 = 100_000_000;
/// Permissions of a terminal without a place in the tree.
const MODE: u32 = 0o620;

/// An open terminal.
pub struct TerminalFile {
    pub(super) terminal: Arc<Terminal>,
    /// Opened as `/dev/console`: never hung up, and open to the background.
    is_console: bool,
    /// How often the terminal had been hung up when it was opened.
    hangups: u32,
}

/// What a reader got.
enum Taken {
    /// All that it waits for.
    Enough(usize),
    /// These bytes, and it may wait for more; none if there are none.
    Some(usize),
}

impl TerminalFile {
    /// Opens `terminal`.
    pub(super) fn new(terminal: Arc<Terminal>, is_console: bool) -> Arc<Self> {
        terminal.opens.fetch_add(1, Ordering::AcqRel);
        let hangups = terminal.hangups();
        Arc::new(Self { terminal, is_console, hangups })
    }

    /// The terminal.
    pub fn terminal(&self) -> &Arc<Terminal> {
        &self.terminal
    }

    pub(super) fn is_hung_up(&self) -> bool {
        !self.is_console && self.hangups != self.terminal.hangups()
    }

    /// Whether nothing more will come: a hangup, or the master went.
    fn is_over(&self) -> bool {
        self.is_hung_up() || self.terminal.has_lost_master()
    }

    fn take(&self, buf: &mut [u8], minimum: usize) -> Taken {
        let mut state = self.terminal.state.lock();
        let canonical = state.discipline.canonical();
        let n = state.discipline.read(buf);
        drop(state);
        match n {
            None => Taken::Some(0),
            Some(n) if canonical || n >= minimum => Taken::Enough(n),
            Some(n) => Taken::Some(n),
        }
    }

    /// Reads into `buf`, waiting as the settings say.
    fn read_line(&self, of: &OpenFile, buf: &mut [u8]) -> SysResult {
        let terminal = &self.terminal;
        let (canonical, RawWait { min, time }) = {
            let state = terminal.state.lock();
            (state.discipline.canonical(), state.discipline.raw_wait())
        };
        let span = u64::from(time) * TENTH;
        let soon = || if span == 0 { Some(0) } else { Some(time::now().saturating_add(span)) };
        let timed = !canonical && min == 0;
        let minimum = if canonical || min == 0 { 1 } else { min };
        let mut deadline = if timed { soon() } else { None };
        let mut done = 0;
        loop {
            let rest = buf.get_mut(done..).unwrap_or_default();
            match self.take(rest, minimum.saturating_sub(done).min(rest.len())) {
                Taken::Enough(n) => return Ok(done + n),
                Taken::Some(0) => {}
                Taken::Some(n) => {
                    done += n;
                    // The clock starts with the first byte, and anew with each.
                    deadline = if span > 0 { soon() } else { deadline };
                    terminal.pump();
                    continue;
                }
            }
            if self.is_hung_up() {
                return Ok(done);
            } else if terminal.has_lost_master() {
                return partial(done, Errno::EIO);
            } else if deadline == Some(0) {
                return Ok(done);
            } else if of.nonblocking() {
                return partial(done, Errno::EAGAIN);
            }
            let more = || {
                let some = terminal.state.lock().discipline.has(1);
                (some || self.is_over()).then_some(())
            };
            match terminal.readable.wait_until(deadline, more) {
                Ok(()) => {}
                Err(Wake::TimedOut) => return Ok(done),
                Err(wake @ Wake::Interrupted) => return partial(done, wake.into()),
            }
        }
    }
}

impl Drop for TerminalFile {
    fn drop(&mut self) {
        if self.terminal.opens.fetch_sub(1, Ordering::AcqRel) != 1 {
            return;
        }
        self.terminal.exclusive.store(false, Ordering::Relaxed);
        if let Some(link) = self.terminal.link() {
            link.slave_closed();
        }
    }
}

impl File for TerminalFile {
    fn sends_signals(&self) -> bool {
        true
    }

    fn read(&self, of: &OpenFile, dst: &mut Dest<'_>) -> SysResult {
        let want = dst.remaining().min(QUEUE_MAX);
        if want == 0 || self.is_hung_up() {
            return Ok(0);
        }
        if !self.is_console {
            jobs::check_background(&self.terminal, SIGTTIN)?;
        }
        self.terminal.pump();
        let mut small = [0; CHUNK];
        let mut large = Vec::new();
        let buf = match small.get_mut(..want) {
            Some(buf) => buf,
            None => {
                large.try_reserve_exact(want).map_err(|_| Errno::ENOMEM)?;
                large.resize(want, 0);
                &mut large
            }
        };
        let n = self.read_line(of, buf)?;
        // There may be room again for what waits on the line.
        self.terminal.pump();
        dst.put(buf.get(..n).unwrap_or_default())
    }

    fn write(&self, of: &OpenFile, src: &mut Source<'_>) -> SysResult {
        let terminal = &self.terminal;
        if !self.is_console && terminal.state.lock().discipline.local(TOSTOP) {
            jobs::check_background(terminal, SIGTTOU)?;
        }
        let mut chunk = [0; CHUNK];
        let mut done = 0;
        while src.remaining() > 0 {
            if self.is_over() {
                return partial(done, Errno::EIO);
            }
            let n = match src.peek(&mut chunk) {
                Ok(n) => n,
                Err(errno) => return partial(done, errno),
            };
            let taken = terminal.write_line(chunk.get(..n).unwrap_or_default());
            src.skip(taken);
            done += taken;
            if taken == n {
                continue;
            }
            if of.nonblocking() {
                return partial(done, Errno::EAGAIN);
            }
            let going = || (terminal.has_output_room() || self.is_over()).then_some(());
            if let Err(wake) = terminal.writable.wait_until(None, going) {
                return partial(done, wake.into());
            }
        }
        Ok(done)
    }

    fn poll(&self, _of: &OpenFile, table: Option<&mut PollTable<'_>>) -> PollEvents {
        let terminal = &self.terminal;
        if let Some(table) = table {
            table.add(&terminal.readable);
            table.add(&terminal.writable);
        }
        if self.is_hung_up() {
            return PollEvents::READABLE | PollEvents::WRITABLE | PollEvents::ALWAYS;
        }
        terminal.pump();
        let mut events = PollEvents::empty();
        events.set(PollEvents::WRITABLE, terminal.has_output_room());
        events.set(PollEvents::READABLE, terminal.state.lock().discipline.readable());
        events.set(PollEvents::HUP, terminal.has_lost_master());
        events
    }

    fn ioctl(&self, of: &OpenFile, cx: &mut Cx<'_>, cmd: u32, arg: UserAddr) -> SysResult {
        if self.is_hung_up() {
            let gone = IoctlCmd(cmd) == IoctlCmd::TIOCSPGRP;
            return Err(if gone { Errno::ENOTTY } else { Errno::EIO });
        }
        self.terminal.control(of, cx, IoctlCmd(cmd), arg.addr())
    }

    fn stat(&self) -> Result<FileStat, Errno> {
        Ok(FileStat {
            mode: FileKind::Char.mode_bits() | MODE,
            rdev: self.terminal.number,
            nlink: 1,
            block_size: FileStat::BLOCK_SIZE,
            ..FileStat::default()
        })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
