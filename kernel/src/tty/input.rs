//! The way in: bytes that arrive from the line, and the keys among them.

use elfin_syscalls::abi::{
    ECHO, ECHOCTL, ECHOE, ECHOK, ECHOKE, ECHONL, ECHOPRT, ICRNL, IEXTEN, IGNCR, INLCR, ISIG,
    ISTRIP, IUCLC, IUTF8, IXANY, IXON, NOFLSH, PARMRK, VEOF, VEOL, VEOL2, VERASE, VINTR, VKILL,
    VLNEXT, VQUIT, VREPRINT, VSTART, VSTOP, VSUSP, VWERASE,
};

use super::discipline::{Discipline, Key, QUEUE_MAX, Unit};
use super::output::TAB;

/// The bit that `ISTRIP` takes away.
const EIGHTH_BIT: u8 = 0x80;
/// What is doubled with `PARMRK`, for it announces a marked error.
const MARK: u8 = 0xff;
const BACKSPACE: u8 = 0x08;
const DELETE: u8 = 0x7f;
/// What takes one character off a screen.
const RUB_OUT: [u8; 3] = *b"\x08 \x08";

/// How a byte is echoed that is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// Control characters as `^X`.
    Visibly,
    /// As it is: a newline that a key's translation made.
    AsItIs,
}

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
        let mut out = [0; TAB];
        let n = self.output_byte(byte, &mut out);
        for &byte in out.get(..n).unwrap_or_default() {
            self.push_echo(byte);
        }
    }

    /// Whether the byte belongs to the character before it.
    pub(super) fn continues(&self, byte: u8) -> bool {
        self.input_flag(IUTF8) && byte & 0xc0 == 0x80
    }

    /// Takes the last character off the line; its first byte.
    fn pop_character(&mut self) -> Option<u8> {
        // One character of several bytes goes as one, and never in part.
        let first = self.line.iter().rposition(|&byte| !self.continues(byte))?;
        let byte = self.line.get(first).copied();
        self.line.truncate(first);
        byte
    }

    fn erase_character(&mut self) {
        if let Some(byte) = self.pop_character() {
            if self.local(ECHOE) || self.local(ECHOPRT) {
                self.rub_out(byte);
            } else if let Some(key) = self.key(VERASE) {
                self.show(key);
            }
        }
    }

    fn erase_word(&mut self) {
        let mut seen = false;
        while let Some(&byte) = self.line.iter().rev().find(|&&byte| !self.continues(byte)) {
            let in_word = byte.is_ascii_alphanumeric() || byte == b'_' || is_latin_letter(byte);
            if seen && !in_word {
                break;
            }
            seen |= in_word;
            if let Some(byte) = self.pop_character() {
                self.rub_out(byte);
            }
        }
    }

    fn erase_line(&mut self, key: u8) {
        if self.line.is_empty() {
            return;
        }
        if !self.local(ECHO) {
            self.line.clear();
        } else if self.local(ECHOK) && self.local(ECHOKE) && self.local(ECHOE) {
            while let Some(byte) = self.pop_character() {
                self.rub_out(byte);
            }
        } else {
            self.line.clear();
            self.finish_erasing();
            self.show(key);
            if self.local(ECHOK) {
                self.put(b'\n');
            }
        }
    }

    /// Takes an erased character off the screen.
    fn rub_out(&mut self, byte: u8) {
        if !self.local(ECHO) {
            return;
        }
        if self.local(ECHOPRT) {
            if !core::mem::replace(&mut self.erasing, true) {
                self.put(b'\\');
            }
            self.show(byte);
        } else if byte == b'\t' {
            let target = self.column_of_line();
            while self.column > target {
                self.push_echo(BACKSPACE);
                self.column -= 1;
            }
        } else {
            let width = match (is_control(byte), self.local(ECHOCTL)) {
                (false, _) => 1,
                (true, true) => 2,
                (true, false) => 0,
            };
            for _ in 0..width {
                RUB_OUT.into_iter().for_each(|byte| self.push_echo(byte));
                self.column = self.column.saturating_sub(1);
            }
        }
    }

    /// Closes what `ECHOPRT` shows of erased characters.
    fn finish_erasing(&mut self) {
        if core::mem::take(&mut self.erasing) {
            self.put(b'/');
        }
    }

    fn end_erasing_at_start(&mut self) {
        if self.line.is_empty() {
            self.finish_erasing();
        }
    }

    /// The column at which what is left of the line ends.
    fn column_of_line(&self) -> usize {
        self.line.iter().fold(self.line_column, |column, &byte| match byte {
            b'\t' => (column / TAB + 1) * TAB,
            byte if is_control(byte) => column + if self.local(ECHOCTL) { 2 } else { 0 },
            byte if self.continues(byte) => column,
            _ => column + 1,
        })
    }

    fn reprint(&mut self, key: u8) {
        self.finish_erasing();
        self.show(key);
        self.put(b'\n');
        self.line_column = self.column;
        for at in 0..self.line.len() {
            if let Some(&byte) = self.line.get(at) {
                self.show(byte);
            }
        }
    }
}

/// Control characters are shown as `^X`, except for the tab.
fn is_control(byte: u8) -> bool {
    (byte < b' ' && byte != b'\t') || byte == DELETE
}

/// A letter of Latin-1 beyond ASCII, which Linux counts as part of a word.
fn is_latin_letter(byte: u8) -> bool {
    byte >= 0xc0 && byte != 0xd7 && byte != 0xf7
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
    fn characters_go_whole_where_the_settings_say_utf8() {
        let mut tty = typed("é\x7f".as_bytes());
        assert_eq!(tty.line, b"\xc3");
        tty.termios.c_iflag |= IUTF8;
        tty.flush();
        "aé\x7f".bytes().for_each(|byte| assert_eq!(tty.input(byte), None));
        assert_eq!(tty.line, b"a");
    }

    #[test]
    fn erasing_on_paper() {
        let mut tty = Discipline::new();
        tty.termios.c_lflag |= ECHOPRT;
        b"abc\x7f\x7fd".iter().for_each(|&byte| assert_eq!(tty.input(byte), None));
        assert_eq!(tty.echo, b"abc\\cb/d");
        let mut tty = Discipline::new();
        tty.termios.c_lflag &= !(ECHOE | ECHOKE);
        b"ab\x7f\x15x".iter().for_each(|&byte| assert_eq!(tty.input(byte), None));
        assert_eq!(tty.echo, b"ab^?^U\r\nx");
    }

    #[test]
    fn tabs_are_erased_to_where_they_began() {
        let tty = typed(b"ab\t\x7fc");
        assert_eq!(tty.echo, b"ab\t\x08\x08\x08\x08\x08\x08c");
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
