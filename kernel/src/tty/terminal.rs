//! [`Terminal`]: a terminal: its line discipline, its settings and whom it controls.
//!
//! The same for the serial console and for a pseudoterminal's slave; what is at the other end of
//! the line is a [`Line`]. Programs have it open as a [`super::TerminalFile`], those at a
//! pseudoterminal's other end as a [`super::pty::MasterFile`].

use alloc::collections::VecDeque;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use elfin_platform::console;
use elfin_platform::sync::SpinLock;
use elfin_syscalls::abi::{HUPCL, TIOCPKT_FLUSHREAD, TIOCPKT_FLUSHWRITE, Winsize, zeroed};

use super::discipline::Discipline;
use super::escape::Decoder;
use super::pty::{self, Link};
use super::pump::Moved;
use super::speed::Speeds;
use crate::fs::dev::{SERIAL_MINOR, TTY_MAJOR};
use crate::fs::makedev;
use crate::task::signal::{Info, Signal, send_to_group};
use crate::task::{PollEvents, WaitQueue};

/// The most bytes that a pseudoterminal's slave has written and nobody has read.
pub(super) const WRITTEN_MAX: usize = 16 * 1024;
/// The most bytes that wait at a pseudoterminal for room in its line discipline.
pub(super) const TYPED_MAX: usize = 8 * 1024;
/// How much of what was written a flush leaves: Linux has handed it to the reader's side by then.
pub(super) const FLUSH_LEAVES: usize = 4095;

/// What is at the other end of a terminal's line.
pub enum Line {
    /// The machine's first serial port.
    Serial,
    /// The master of a pseudoterminal.
    Pty(Link),
}

/// What changes with every byte.
pub(super) struct State {
    pub discipline: Discipline,
    pub speeds: Speeds,
    pub size: Winsize,
    /// The serial line's: takes the host's escapes out of the input, where it puts them in.
    pub escapes: Option<Decoder>,
    /// A pseudoterminal's: came from the master, and the discipline had no room yet.
    pub typed: VecDeque<u8>,
    /// A pseudoterminal's: processed output that the master has not read.
    pub written: VecDeque<u8>,
}

/// Whom a terminal controls.
#[derive(Clone, Copy, Default)]
pub struct Job {
    /// The session; 0 for none.
    pub session: u32,
    /// The process group in the foreground; 0 for none.
    pub foreground: u32,
    /// The session has not asked for the terminal: another may have it.
    pub provisional: bool,
}

impl State {
    /// Sets the size; whether it was another.
    pub fn resize(&mut self, rows: u16, columns: u16) -> bool {
        let old = (self.size.ws_row, self.size.ws_col);
        (self.size.ws_row, self.size.ws_col) = (rows, columns);
        old != (rows, columns)
    }
}

/// A terminal.
pub struct Terminal {
    /// Its device number.
    pub number: u64,
    pub(super) line: Line,
    pub(super) state: SpinLock<State>,
    /// Whom it controls; changed by [`crate::task::jobs`] alone.
    pub job: SpinLock<Job>,
    /// Woken when there is something to read, or nothing more will come.
    pub(super) readable: WaitQueue,
    /// Woken when output may go on.
    pub(super) writable: WaitQueue,
    /// How often it was hung up: a file that was opened before is dead.
    hangups: AtomicU32,
    /// The number of open files.
    pub(super) opens: AtomicU32,
    /// Nobody else may open it (`TIOCEXCL`).
    pub(super) exclusive: AtomicBool,
}

impl Terminal {
    fn new(number: u64, line: Line) -> Self {
        Self {
            number,
            line,
            state: SpinLock::new(State {
                discipline: Discipline::new(),
                speeds: Speeds::STANDARD,
                size: zeroed(),
                escapes: None,
                typed: VecDeque::new(),
                written: VecDeque::new(),
            }),
            job: SpinLock::new(Job::default()),
            readable: WaitQueue::new(),
            writable: WaitQueue::new(),
            hangups: AtomicU32::new(0),
            opens: AtomicU32::new(0),
            exclusive: AtomicBool::new(false),
        }
    }

    /// The terminal on the serial line.
    pub(super) fn serial() -> Self {
        Self::new(makedev(TTY_MAJOR, SERIAL_MINOR), Line::Serial)
    }

    /// The slave of a new pseudoterminal.
    pub(super) fn pty(link: Link) -> Self {
        let terminal = Self::new(link.number(), Line::Pty(link));
        terminal.state.lock().discipline.termios.c_cflag &= !HUPCL;
        terminal
    }

    /// A pseudoterminal's link to its master.
    pub(super) fn link(&self) -> Option<&Link> {
        match &self.line {
            Line::Serial => None,
            Line::Pty(link) => Some(link),
        }
    }

    /// Whether it is a pseudoterminal.
    pub fn is_pty(&self) -> bool {
        self.link().is_some()
    }

    /// Sets the size, in rows and columns.
    pub fn set_size(&self, rows: u16, columns: u16) {
        self.state.lock().resize(rows, columns);
    }

    /// The host puts escapes into the input.
    pub(super) fn expect_escapes(&self) {
        self.state.lock().escapes = Some(Decoder::default());
    }

    /// Sends a signal to the process group in the foreground.
    pub(super) fn signal(&self, signal: Signal) {
        let foreground = self.job.lock().foreground;
        if foreground != 0 {
            // Nobody may be there to hear it.
            let _sent = send_to_group(foreground, Info::kernel(signal));
        }
    }

    /// How often it was hung up until now.
    pub(super) fn hangups(&self) -> u32 {
        self.hangups.load(Ordering::Acquire)
    }

    /// Makes all files that have it open dead, and wakes who waits in them.
    pub fn hang_up_files(&self) {
        self.hangups.fetch_add(1, Ordering::AcqRel);
        self.readable.wake_all(PollEvents::READABLE | PollEvents::ALWAYS);
        self.writable.wake_all(PollEvents::WRITABLE | PollEvents::ALWAYS);
    }

    /// Whether the master of it is gone.
    pub(super) fn has_lost_master(&self) -> bool {
        self.link().is_some_and(|link| !link.master_open())
    }

    /// Puts what a program writes on the line, as much as there is room for; how much that was.
    pub(super) fn write_line(&self, bytes: &[u8]) -> usize {
        let mut guard = self.state.lock();
        let state = &mut *guard;
        if state.discipline.is_stopped() {
            return 0;
        }
        match &self.line {
            Line::Serial => {
                let mut out = VecDeque::new();
                let n = state.discipline.output(bytes, usize::MAX, &mut out);
                drop(guard);
                write_console(&mut out);
                n
            }
            Line::Pty(link) => {
                let room = WRITTEN_MAX.saturating_sub(state.written.len());
                let n = state.discipline.output(bytes, room, &mut state.written);
                drop(guard);
                link.readable.wake_all(PollEvents::READABLE);
                n
            }
        }
    }

    /// Whether a program's output has room.
    pub(super) fn has_output_room(&self) -> bool {
        let state = self.state.lock();
        let full = self.is_pty() && state.written.len() + super::output::TAB > WRITTEN_MAX;
        !full && !state.discipline.is_stopped()
    }

    /// Takes what comes from a pseudoterminal's master, as much as there is room for; how much
    /// that was.
    pub(super) fn type_in(&self, bytes: &[u8]) -> usize {
        let mut state = self.state.lock();
        let n = bytes.len().min(TYPED_MAX.saturating_sub(state.typed.len()));
        if state.typed.try_reserve(n).is_err() {
            return 0;
        }
        state.typed.extend(bytes.iter().take(n));
        drop(state);
        self.pump();
        n
    }

    /// Changes whether output is held, as the program asks.
    pub(super) fn hold(&self, held: bool) {
        let mut moved = Moved::default();
        let mut state = self.state.lock();
        let before = state.discipline.held;
        state.discipline.held = held;
        if !held {
            // A program's word counts for the key as well.
            state.discipline.stopped = false;
        }
        (moved.started, moved.stopped) = (!held, held && !before);
        self.move_echo(&mut state, &mut moved);
        drop(state);
        self.tell(moved);
    }

    /// Forgets what was typed and not read.
    pub(super) fn flush_input(&self) {
        self.state.lock().discipline.flush();
        self.pump();
        if let Some(link) = self.link() {
            link.note(TIOCPKT_FLUSHREAD);
        }
    }

    /// Forgets what was written and is not on the line.
    pub(super) fn flush_output(&self) {
        let mut state = self.state.lock();
        state.discipline.echo.clear();
        state.written.truncate(FLUSH_LEAVES);
        drop(state);
        self.writable.wake_all(PollEvents::WRITABLE);
        if let Some(link) = self.link() {
            link.note(TIOCPKT_FLUSHWRITE);
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if let Line::Pty(link) = &self.line {
            pty::forget(link);
        }
    }
}

/// Writes all of `bytes` to the serial console.
pub(super) fn write_console(bytes: &mut VecDeque<u8>) {
    if !bytes.is_empty() {
        console::write(bytes.make_contiguous());
    }
}
