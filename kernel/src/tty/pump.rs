//! Moving a terminal's input: from the line into its discipline, the echo back, and what keys ask
//! for to whom it concerns.

use alloc::collections::VecDeque;

use elfin_platform::console;
use elfin_syscalls::abi::{
    NOFLSH, TIOCPKT_DATA, TIOCPKT_FLUSHREAD, TIOCPKT_FLUSHWRITE, TIOCPKT_START, TIOCPKT_STOP,
};

use super::discipline::Key;
use super::escape::Decoded;
use super::terminal::{FLUSH_LEAVES, Line, State, Terminal, WRITTEN_MAX, write_console};
use crate::task::PollEvents;
use crate::task::signal::{SIGINT, SIGQUIT, SIGTSTP, SIGWINCH};

/// The most bytes that echo adds to a pseudoterminal's output beyond what programs may write.
const ECHO_EXTRA: usize = 4096;

/// What [`Terminal::pump`] has to do about what it moved, with nothing locked.
#[derive(Default)]
pub(super) struct Moved {
    key: Option<Key>,
    flushed: bool,
    input: bool,
    pub started: bool,
    pub stopped: bool,
    room: bool,
    resized: bool,
    echo: VecDeque<u8>,
    echoed: bool,
}

impl Terminal {
    /// Takes the bytes that have arrived on the line, as far as there is room, and does what they
    /// ask for. Does not sleep.
    pub fn pump(&self) {
        loop {
            let moved = self.move_input();
            let (key, resized) = (moved.key, moved.resized);
            self.tell(moved);
            if resized {
                self.signal(SIGWINCH);
            }
            match key {
                Some(Key::Interrupt) => self.signal(SIGINT),
                Some(Key::Quit) => self.signal(SIGQUIT),
                Some(Key::Suspend) => self.signal(SIGTSTP),
                None => return,
            }
        }
    }

    fn move_input(&self) -> Moved {
        let mut moved = Moved::default();
        let mut guard = self.state.lock();
        let state = &mut *guard;
        let was_stopped = state.discipline.is_stopped();
        while moved.key.is_none() && state.discipline.has_room() {
            let byte = match self.line {
                Line::Serial => console::read(),
                Line::Pty(_) => state.typed.pop_front(),
            };
            let Some(byte) = byte else { break };
            let byte = match state.escapes.as_mut().map(|escapes| escapes.decode(byte)) {
                None => byte,
                Some(Decoded::Byte(byte)) => byte,
                Some(Decoded::Size(rows, columns)) => {
                    moved.resized |= state.resize(rows, columns);
                    continue;
                }
                // A terminal's input ends with the machine.
                Some(Decoded::End | Decoded::Nothing) => continue,
            };
            moved.key = state.discipline.input(byte);
            moved.input = true;
        }
        moved.room = moved.input;
        let stopped = state.discipline.is_stopped();
        (moved.started, moved.stopped) = (was_stopped && !stopped, !was_stopped && stopped);
        if moved.key.is_some() && !state.discipline.local(NOFLSH) {
            state.written.truncate(FLUSH_LEAVES);
            moved.flushed = true;
        }
        self.move_echo(state, &mut moved);
        drop(guard);
        moved
    }

    /// Sends the echo on its way, unless output is held.
    pub(super) fn move_echo(&self, state: &mut State, moved: &mut Moved) {
        if state.discipline.is_stopped() || state.discipline.echo.is_empty() {
            return;
        }
        match self.line {
            Line::Serial => moved.echo = core::mem::take(&mut state.discipline.echo).into(),
            Line::Pty(_) => {
                let room = (WRITTEN_MAX + ECHO_EXTRA).saturating_sub(state.written.len());
                let n = room.min(state.discipline.echo.len());
                if state.written.try_reserve(n).is_ok() {
                    state.written.extend(state.discipline.echo.drain(..n));
                    moved.echoed = n > 0;
                }
            }
        }
    }

    pub(super) fn tell(&self, mut moved: Moved) {
        write_console(&mut moved.echo);
        if moved.input {
            self.readable.wake_all(PollEvents::READABLE);
        }
        if moved.started {
            self.writable.wake_all(PollEvents::WRITABLE);
        }
        let Some(link) = self.link() else { return };
        if moved.room {
            link.writable.wake_all(PollEvents::WRITABLE);
        }
        if moved.echoed {
            link.readable.wake_all(PollEvents::READABLE);
        }
        let flush = if moved.flushed { TIOCPKT_FLUSHREAD | TIOCPKT_FLUSHWRITE } else { 0 };
        let flow = match (moved.started, moved.stopped) {
            (true, _) => TIOCPKT_START,
            (_, true) => TIOCPKT_STOP,
            _ => TIOCPKT_DATA,
        };
        link.note(flush | flow);
    }
}
