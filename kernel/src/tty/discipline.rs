//! [`Discipline`]: the line discipline: what happens to bytes between the line and the program.
//!
//! State: a queue of what can be read, and in canonical mode the line being edited. What is to
//! be echoed is left in [`Discipline::echo`] for the owner to write out. [`super::input`] is the
//! way in, [`super::output`] the way out; here is the way to the reader.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use elfin_syscalls::abi::{ICANON, Termios, VMIN, VTIME};

/// The most bytes that wait for a reader, and the longest line (`N_TTY_BUF_SIZE`).
pub(super) const QUEUE_MAX: usize = 4096;
/// The most bytes of echo that wait for the line.
const ECHO_MAX: usize = 4096;

/// A byte that can be read, or a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// A byte.
    Byte(u8),
    /// A byte that ends a line.
    LineEnd(u8),
    /// End of file: ends a line without a byte.
    Eof,
}

/// A signal that a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// `VINTR`.
    Interrupt,
    /// `VQUIT`.
    Quit,
    /// `VSUSP`.
    Suspend,
}

/// The line discipline of a terminal.
pub struct Discipline {
    /// The settings.
    pub termios: Termios,
    /// What the owner is to write to the line.
    pub echo: Vec<u8>,
    pub(super) ready: VecDeque<Unit>,
    pub(super) lines: usize,
    pub(super) line: Vec<u8>,
    /// The next byte is taken as it is (`VLNEXT`).
    pub(super) literal: bool,
    /// What is erased is being shown between `\` and `/` (`ECHOPRT`).
    pub(super) erasing: bool,
    /// Output is held, by a key (`VSTOP`).
    pub stopped: bool,
    /// Output is held, by the program (`TCOOFF`): no key lets it go on.
    pub held: bool,
    /// The cursor's column, for tabs and erasing.
    pub(super) column: usize,
    /// The column where the line being edited began.
    pub(super) line_column: usize,
}

/// What to wait for in raw mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawWait {
    /// Bytes that must be there.
    pub min: usize,
    /// Tenths of a second; 0 for none.
    pub time: u8,
}

impl Discipline {
    /// The settings of a new terminal, and nothing typed.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            termios: Termios::STANDARD,
            echo: Vec::new(),
            ready: VecDeque::new(),
            lines: 0,
            line: Vec::new(),
            literal: false,
            erasing: false,
            stopped: false,
            held: false,
            column: 0,
            line_column: 0,
        }
    }

    pub(super) fn local(&self, flag: u32) -> bool {
        self.termios.c_lflag & flag != 0
    }

    pub(super) fn key(&self, index: usize) -> Option<u8> {
        // 0 switches a key off (`_POSIX_VDISABLE`).
        self.termios.c_cc.get(index).copied().filter(|&key| key != 0)
    }

    /// Whether input is edited line by line.
    pub fn canonical(&self) -> bool {
        self.local(ICANON)
    }

    /// What a reader waits for when lines are not edited.
    pub fn raw_wait(&self) -> RawWait {
        let cc = |index: usize| self.termios.c_cc.get(index).copied().unwrap_or(0);
        RawWait { min: usize::from(cc(VMIN)), time: cc(VTIME) }
    }

    /// Whether output waits for `VSTART` or `TCOON`.
    pub fn is_stopped(&self) -> bool {
        self.stopped || self.held
    }

    /// Whether there is room for one more byte from the line. A line that is being edited always
    /// has: what is too long for it is dropped, for only its end makes it readable.
    pub fn has_room(&self) -> bool {
        let waiting = self.ready.len() + self.line.len();
        (self.canonical() && self.lines == 0) || waiting + 1 < QUEUE_MAX
    }

    /// The bytes that can be read now, without marks (`FIONREAD`).
    pub fn available(&self) -> usize {
        if self.canonical() && self.lines == 0 {
            return 0;
        }
        self.ready.iter().filter(|unit| **unit != Unit::Eof).count()
    }

    /// Whether a reader who wants `min` bytes gets any: a line, or so many.
    pub fn has(&self, min: usize) -> bool {
        if self.canonical() { self.lines > 0 } else { self.ready.len() >= min }
    }

    /// Whether `poll` says that there is something to read.
    pub fn readable(&self) -> bool {
        let RawWait { min, time } = self.raw_wait();
        self.has(if time == 0 && min > 0 { min } else { 1 })
    }

    /// Leaves a byte for the line, as it is.
    pub(super) fn push_echo(&mut self, byte: u8) {
        if self.echo.len() < ECHO_MAX && self.echo.try_reserve(1).is_ok() {
            self.echo.push(byte);
        }
    }

    /// Takes bytes out for a reader: of one line in canonical mode. `None`: there is no line.
    pub fn read(&mut self, buf: &mut [u8]) -> Option<usize> {
        let canonical = self.canonical();
        if canonical && self.lines == 0 {
            return None;
        }
        let mut done = 0;
        for slot in buf.iter_mut() {
            let Some(unit) = self.ready.pop_front() else { break };
            let (byte, last) = match unit {
                Unit::Byte(byte) => (Some(byte), false),
                Unit::LineEnd(byte) => (Some(byte), true),
                Unit::Eof => (None, true),
            };
            if last {
                self.lines -= 1;
            }
            if let Some(byte) = byte {
                *slot = byte;
                done += 1;
            }
            if last && canonical {
                return Some(done);
            }
        }
        // A full buffer that ends right before an end of file takes that with it.
        if canonical && self.ready.front() == Some(&Unit::Eof) && done > 0 {
            self.ready.pop_front();
            self.lines -= 1;
        }
        Some(done)
    }

    /// Changes the settings. What was typed of a line becomes readable when lines are no longer
    /// edited.
    pub fn set_termios(&mut self, termios: Termios) {
        let was_canonical = self.canonical();
        self.termios = termios;
        if was_canonical == self.canonical() {
            return;
        }
        self.literal = false;
        self.erasing = false;
        self.lines = 0;
        if was_canonical {
            for unit in &mut self.ready {
                *unit = match *unit {
                    Unit::Byte(byte) | Unit::LineEnd(byte) => Unit::Byte(byte),
                    // As Linux, which keeps the mark as a byte.
                    Unit::Eof => Unit::Byte(0),
                };
            }
            if self.ready.try_reserve(self.line.len()).is_ok() {
                self.ready.extend(self.line.drain(..).map(Unit::Byte));
            }
        } else if let Some(Unit::Byte(byte)) = self.ready.pop_back() {
            // What came raw can be read as one line.
            self.ready.push_back(Unit::LineEnd(byte));
            self.lines = 1;
        }
    }

    /// Forgets what was typed (`TCIFLUSH`).
    pub fn flush(&mut self) {
        self.ready.clear();
        self.line.clear();
        self.lines = 0;
        self.literal = false;
        self.erasing = false;
    }
}

impl Default for Discipline {
    fn default() -> Self {
        Self::new()
    }
}
