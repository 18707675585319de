//! The way in: bytes that arrive from the line, and the keys among them.

use alloc::vec::Vec;

use elfin_syscalls::abi::{
    ECHO, ECHOCTL, ECHOE, ECHOK, ECHOKE, ECHONL, ICRNL, IEXTEN, IGNCR, INLCR, ISIG, ISTRIP, IXANY,
    IXON, NOFLSH, VEOF, VEOL, VEOL2, VERASE, VINTR, VKILL, VLNEXT, VQUIT, VREPRINT, VSTART, VSTOP,
    VSUSP, VWERASE,
};

use super::discipline::{Discipline, Key, QUEUE_MAX, Unit};
use super::output::TAB;

/// The bit that `ISTRIP` takes away.
const EIGHTH_BIT: u8 = 0x80;
const BELL: u8 = 0x07;
const DELETE: u8 = 0x7f;
/// What takes one character off a screen.
const RUB_OUT: &[u8] = b"\x08 \x08";

impl Discipline {
    fn input_flag(&self, flag: u32) -> bool {
        self.termios.c_iflag & flag != 0
    }

    fn is_key(&self, index: usize, byte: u8) -> bool {
        self.key(index) == Some(byte)
    }

    /// Takes one byte from the line. The signal that it asks for, if any.
    pub fn input(&mut self, byte: u8) -> Option<Key> {
        let mut byte = if self.input_flag(ISTRIP) { byte & !EIGHTH_BIT } else { byte };
        if self.literal {
            self.literal = false;
            self.accept(byte);
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
            if self.input_flag(IXANY) {
                self.stopped = false;
            }
        }
        if self.local(ISIG)
            && let Some(key) = self.signal_key(byte)
        {
            self.stopped = false;
            if !self.local(NOFLSH) {
                self.flush();
            }
            self.show(byte);
            return Some(key);
        }
        match byte {
            b'\r' if self.input_flag(IGNCR) => return None,
            b'\r' if self.input_flag(ICRNL) => byte = b'\n',
            b'\n' if self.input_flag(INLCR) => byte = b'\r',
            _ => {}
        }
        if !self.canonical() || !self.edit(byte) {
            self.accept(byte);
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
        } else if extended && self.is_key(VWERASE, byte) {
            self.erase_word();
        } else if self.is_key(VKILL, byte) {
            self.erase_line(byte);
        } else if extended && self.is_key(VLNEXT, byte) {
            self.literal = true;
            if self.local(ECHO) && self.local(ECHOCTL) {
                self.echo.extend_from_slice(b"^\x08");
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
            if self.local(ECHO) {
                self.show(byte);
            }
            self.end_line(Unit::LineEnd(byte));
        } else {
            return false;
        }
        true
    }

    /// Adds a byte to the line being edited, or to what can be read.
    fn accept(&mut self, byte: u8) {
        let waiting = self.ready.len() + self.line.len();
        // One place is kept for the end of the line.
        if waiting + 1 >= QUEUE_MAX {
            self.echo.push(BELL);
            return;
        }
        if self.canonical() {
            if self.line.is_empty() {
                self.line_column = self.column;
            }
            if self.line.try_reserve(1).is_err() {
                return;
            }
            self.line.push(byte);
        } else {
            if self.ready.try_reserve(1).is_err() {
                return;
            }
            self.ready.push_back(Unit::Byte(byte));
        }
        if self.local(ECHO) {
            self.show(byte);
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

    /// Echoes a byte, control characters as `^X`.
    fn show(&mut self, byte: u8) {
        if !self.local(ECHO) {
            return;
        }
        if self.local(ECHOCTL) && is_control(byte) {
            self.put(b'^');
            self.put(byte ^ b'@');
        } else {
            self.put(byte);
        }
    }

    /// Puts a byte of echo through the output's processing.
    fn put(&mut self, byte: u8) {
        let mut echo = core::mem::take(&mut self.echo);
        self.output(&[byte], &mut echo);
        self.echo = echo;
    }

    fn erase_character(&mut self) {
        // One character of several bytes goes as one.
        while let Some(byte) = self.line.pop() {
            let continues = byte & 0xc0 == 0x80;
            if !continues {
                self.rub_out(byte);
                break;
            }
        }
    }

    fn erase_word(&mut self) {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii();
        let mut seen = false;
        while let Some(&byte) = self.line.last() {
            if seen && !is_word(byte) {
                break;
            }
            seen |= is_word(byte);
            self.erase_character();
        }
    }

    fn erase_line(&mut self, key: u8) {
        if self.local(ECHOK) && self.local(ECHOKE) && self.local(ECHOE) {
            while !self.line.is_empty() {
                self.erase_character();
            }
            return;
        }
        self.line.clear();
        self.show(key);
        if self.local(ECHOK) {
            self.put(b'\n');
        }
    }

    /// Takes an erased byte off the screen.
    fn rub_out(&mut self, byte: u8) {
        if !self.local(ECHO) {
            return;
        }
        if !self.local(ECHOE) {
            let key = self.key(VERASE).unwrap_or(DELETE);
            self.show(key);
            return;
        }
        if byte == b'\t' {
            let target = self.column_of_line();
            while self.column > target {
                self.echo.push(0x08);
                self.column -= 1;
            }
            return;
        }
        let width = if !is_control(byte) {
            1
        } else if self.local(ECHOCTL) {
            2
        } else {
            0
        };
        for _ in 0..width {
            self.echo.extend_from_slice(RUB_OUT);
            self.column = self.column.saturating_sub(1);
        }
    }

    /// The column at which what is left of the line ends.
    fn column_of_line(&self) -> usize {
        self.line.iter().fold(self.line_column, |column, &byte| match byte {
            b'\t' => (column / TAB + 1) * TAB,
            byte if is_control(byte) => column + if self.local(ECHOCTL) { 2 } else { 0 },
            byte if byte & 0xc0 == 0x80 => column,
            _ => column + 1,
        })
    }

    fn reprint(&mut self, key: u8) {
        self.show(key);
        self.put(b'\n');
        let line: Vec<u8> = self.line.clone();
        self.line_column = self.column;
        line.into_iter().for_each(|byte| self.show(byte));
    }
}

/// Control characters are shown as `^X`, except for the tab.
fn is_control(byte: u8) -> bool {
    (byte < b' ' && byte != b'\t' && byte != b'\n') || byte == DELETE
}

#[cfg(test)]
mod tests {
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
    fn echo_is_what_a_screen_needs() {
        let tty = typed(b"ab\x7f\x01\r");
        assert_eq!(tty.echo, b"ab\x08 \x08^A\r\n");
        let tty = typed(b"ab\x15c");
        assert_eq!(tty.echo, b"ab\x08 \x08\x08 \x08c");
    }

    #[test]
    fn end_of_file_ends_a_line_without_a_byte() {
        let mut tty = typed(b"abc\x04");
        assert_eq!(read(&mut tty, 99).unwrap(), b"abc");
        tty.input(4);
        assert_eq!(tty.available(), 1);
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
    fn a_full_queue_rings_the_bell() {
        let mut tty = Discipline::new();
        (0..2 * QUEUE_MAX).for_each(|_| assert_eq!(tty.input(b'x'), None));
        tty.input(b'\n');
        assert!(tty.echo.contains(&BELL));
        assert_eq!(read(&mut tty, 99_999).unwrap().len(), QUEUE_MAX);
    }
}
