//! The way in: bytes that arrive from the line, and the keys among them. What editing keys do is
//! in [`super::edit`].

use elfin_syscalls::abi::{
    ECHO, ECHOCTL, ECHONL, ICRNL, IEXTEN, IGNCR, INLCR, ISIG, ISTRIP, IUCLC, IXANY, IXON, NOFLSH,
    PARMRK, VEOF, VEOL, VEOL2, VERASE, VINTR, VKILL, VLNEXT, VQUIT, VREPRINT, VSTART, VSTOP, VSUSP,
    VWERASE,
};

use super::discipline::{Discipline, Key, QUEUE_MAX, Unit};

/// The bit that `ISTRIP` takes away.
const EIGHTH_BIT: u8 = 0x80;
/// What is doubled with `PARMRK`, for it announces a marked error.
const MARK: u8 = 0xff;
const BACKSPACE: u8 = 0x08;

/// How a byte is echoed that is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// Control characters as `^X`.
    Visibly,
    /// As it is: a newline that a key's translation made.
    AsItIs,
}

impl Discipline {
    pub(super) fn input_flag(&self, flag: u32) -> bool {
        self.termios.c_iflag & flag != 0
    }

    fn is_key(&self, index: usize, byte: u8) -> bool {
        self.key(index) == Some(byte)
    }

    /// Takes one byte from the line. The signal that it asks for, if any.
    pub fn input(&mut self, byte: u8) -> Option<Key> {
        let mut byte = if self.input_flag(ISTRIP) { byte & !EIGHTH_BIT } else { byte };
        if self.input_flag(IUCLC) && self.local(IEXTEN) {
            byte = byte.to_ascii_lowercase();
        }
        if self.literal {
            self.literal = false;
            self.accept(byte, Shown::Visibly);
            return None;
        }
        if self.input_flag(IXON) {
            if self.is_key(VSTART, byte) {
                self.stopped = false;
                return None;
            }
            if self.is_key(VSTOP, byte) {
                self.stopped = true;
                return None;
            }
        }
        if self.local(ISIG)
            && let Some(key) = self.signal_key(byte)
        {
            if !self.local(NOFLSH) {
                self.echo.clear();
                self.flush();
            }
            if self.input_flag(IXON) {
                self.stopped = false;
            }
            self.show(byte);
            return Some(key);
        }
        if self.input_flag(IXON) && self.input_flag(IXANY) {
            self.stopped = false;
        }
        let mut shown = Shown::Visibly;
        match byte {
            b'\r' if self.input_flag(IGNCR) => return None,
            b'\r' if self.input_flag(ICRNL) => (byte, shown) = (b'\n', Shown::AsItIs),
            b'\n' if self.input_flag(INLCR) => byte = b'\r',
            _ => {}
        }
        if !self.canonical() || !self.edit(byte) {
            self.accept(byte, shown);
        }
        None
    }

    fn signal_key(&self, byte: u8) -> Option<Key> {
        [(VINTR, Key::Interrupt), (VQUIT, Key::Quit), (VSUSP, Key::Suspend)]
            .into_iter()
            .find_map(|(index, key)| self.is_key(index, byte).then_some(key))
    }

    /// Serves the editing keys; whether it was one.
    fn edit(&mut self, byte: u8) -> bool {
        let extended = self.local(IEXTEN);
        if self.is_key(VERASE, byte) {
            self.erase_character();
            self.end_erasing_at_start();
        } else if self.is_key(VKILL, byte) {
            self.erase_line(byte);
            self.end_erasing_at_start();
        } else if extended && self.is_key(VWERASE, byte) {
            self.erase_word();
            self.end_erasing_at_start();
        } else if extended && self.is_key(VLNEXT, byte) {
            self.literal = true;
            if self.local(ECHO) {
                self.finish_erasing();
                if self.local(ECHOCTL) {
                    self.push_echo(b'^');
                    self.push_echo(BACKSPACE);
                }
            }
        } else if extended && self.local(ECHO) && self.is_key(VREPRINT, byte) {
            self.reprint(byte);
        } else if byte == b'\n' {
            if self.local(ECHO) || self.local(ECHONL) {
                self.put(b'\n');
            }
            self.end_line(Unit::LineEnd(byte));
        } else if self.is_key(VEOF, byte) {
            self.end_line(Unit::Eof);
        } else if self.is_key(VEOL, byte) || (extended && self.is_key(VEOL2, byte)) {
            self.show(byte);
            self.end_line(Unit::LineEnd(byte));
        } else {
            return false;
        }
        true
    }

    /// Adds a byte to the line being edited, or to what can be read.
    fn accept(&mut self, byte: u8, shown: Shown) {
        let canonical = self.canonical();
        if self.local(ECHO) {
            self.finish_erasing();
            if canonical && self.line.is_empty() {
                self.line_column = self.column;
            }
            match shown {
                Shown::Visibly => self.show(byte),
                Shown::AsItIs => self.put(byte),
            }
        }
        let copies = if byte == MARK && self.input_flag(PARMRK) { 2 } else { 1 };
        for _ in 0..copies {
            // One place is kept for the end of the line.
            if self.ready.len() + self.line.len() + 1 >= QUEUE_MAX {
                return;
            }
            if canonical && self.line.try_reserve(1).is_ok() {
                self.line.push(byte);
            } else if !canonical && self.ready.try_reserve(1).is_ok() {
                self.ready.push_back(Unit::Byte(byte));
            }
        }
    }

    fn end_line(&mut self, end: Unit) {
        if self.ready.try_reserve(self.line.len() + 1).is_err() {
            return;
        }
        self.ready.extend(self.line.drain(..).map(Unit::Byte));
        self.ready.push_back(end);
        self.lines += 1;
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use elfin_syscalls::abi::{ICANON, Termios};

    use super::*;

    fn typed(text: &[u8]) -> Discipline {
        let mut tty = Discipline::new();
        text.iter().for_each(|&byte| assert_eq!(tty.input(byte), None));
        tty
    }

    fn read(tty: &mut Discipline, n: usize) -> Option<Vec<u8>> {
        let mut buf = std::vec![0; n];
        let n = tty.read(&mut buf)?;
        buf.truncate(n);
        Some(buf)
    }

    #[test]
    fn lines_are_edited_before_they_are_read() {
        let mut tty = typed(b"helo\x7flo you\x17wor\x7f");
        assert_eq!(read(&mut tty, 99), None);
        tty.input(b'\r');
        assert_eq!(read(&mut tty, 99).unwrap(), b"hello wo\n");
        assert_eq!(read(&mut tty, 99), None);
    }

    #[test]
    fn end_of_file_ends_a_line_without_a_byte() {
        let mut tty = typed(b"abc\x04");
        assert_eq!(read(&mut tty, 99).unwrap(), b"abc");
        tty.input(4);
        assert!(tty.readable());
        assert_eq!(tty.available(), 0);
        assert_eq!(read(&mut tty, 99).unwrap(), b"");
        assert_eq!(read(&mut tty, 99), None);
        let mut tty = typed(b"abc\x04");
        assert_eq!(read(&mut tty, 3).unwrap(), b"abc");
        assert_eq!(read(&mut tty, 3), None);
    }

    #[test]
    fn long_lines_are_read_in_pieces() {
        let mut tty = typed(b"one two\nx\n");
        assert_eq!(read(&mut tty, 3).unwrap(), b"one");
        assert_eq!(read(&mut tty, 99).unwrap(), b" two\n");
        assert_eq!(read(&mut tty, 99).unwrap(), b"x\n");
    }

    #[test]
    fn keys_become_signals_and_flush() {
        let mut tty = typed(b"abc\nrest");
        assert_eq!(tty.input(3), Some(Key::Interrupt));
        assert_eq!(read(&mut tty, 99), None);
        assert!(tty.echo.ends_with(b"^C"));
        assert_eq!(tty.input(0x16), None);
        assert_eq!(tty.input(3), None, "taken literally");
        tty.input(b'\n');
        assert_eq!(read(&mut tty, 99).unwrap(), b"\x03\n");
        assert_eq!(tty.input(0x1c), Some(Key::Quit));
    }

    #[test]
    fn raw_mode_gives_every_byte() {
        let mut tty = typed(b"par");
        let mut termios = tty.termios;
        termios.c_lflag = 0;
        termios.c_iflag = 0;
        tty.set_termios(termios);
        [b't', 3, 4, b'\r'].into_iter().for_each(|byte| assert_eq!(tty.input(byte), None));
        assert_eq!(tty.available(), 7);
        assert_eq!(read(&mut tty, 99).unwrap(), b"part\x03\x04\r");
        assert!(!tty.readable());
    }

    #[test]
    fn a_line_too_long_keeps_its_start_and_end() {
        let mut tty = Discipline::new();
        (0..2 * QUEUE_MAX).for_each(|_| {
            assert!(tty.has_room());
            assert_eq!(tty.input(b'x'), None);
        });
        tty.input(b'\n');
        assert!(!tty.has_room());
        assert_eq!(read(&mut tty, 99_999).unwrap().len(), QUEUE_MAX);
    }

    #[test]
    fn all_lines_count_as_available() {
        let mut tty = typed(b"one\ntwo\n\x04rest");
        assert_eq!(tty.available(), 8);
        let mut termios = tty.termios;
        termios.c_lflag &= !ICANON;
        tty.set_termios(termios);
        assert_eq!(read(&mut tty, 99).unwrap(), b"one\ntwo\n\0rest");
        tty.input(b'p');
        tty.set_termios(Termios::STANDARD);
        assert_eq!(read(&mut tty, 99).unwrap(), b"p", "what came raw is a line");
    }

    #[test]
    fn output_is_held_by_keys() {
        let mut tty = typed(b"\x13");
        assert!(tty.is_stopped());
        tty.input(b'a');
        assert!(tty.is_stopped());
        tty.input(0x11);
        assert!(!tty.is_stopped());
        tty.termios.c_iflag |= IXANY;
        tty.input(0x13);
        tty.input(b'a');
        assert!(!tty.is_stopped());
    }
}
