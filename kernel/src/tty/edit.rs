//! Editing a line: erasing, and what the screen is to show of it.

use elfin_syscalls::abi::{ECHO, ECHOCTL, ECHOE, ECHOK, ECHOKE, ECHOPRT, IUTF8, VERASE};

use super::discipline::Discipline;
use super::output::TAB;

const BACKSPACE: u8 = 0x08;
const DELETE: u8 = 0x7f;
/// What takes one character off a screen.
const RUB_OUT: [u8; 3] = *b"\x08 \x08";

impl Discipline {
    /// Echoes a byte, control characters as `^X`.
    pub(super) fn show(&mut self, byte: u8) {
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
    pub(super) fn put(&mut self, byte: u8) {
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

    pub(super) fn erase_character(&mut self) {
        if let Some(byte) = self.pop_character() {
            if self.local(ECHOE) || self.local(ECHOPRT) {
                self.rub_out(byte);
            } else if let Some(key) = self.key(VERASE) {
                self.show(key);
            }
        }
    }

    pub(super) fn erase_word(&mut self) {
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

    pub(super) fn erase_line(&mut self, key: u8) {
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
    pub(super) fn finish_erasing(&mut self) {
        if core::mem::take(&mut self.erasing) {
            self.put(b'/');
        }
    }

    pub(super) fn end_erasing_at_start(&mut self) {
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

    pub(super) fn reprint(&mut self, key: u8) {
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
    use super::*;

    fn typed(text: &[u8]) -> Discipline {
        let mut tty = Discipline::new();
        text.iter().for_each(|&byte| assert_eq!(tty.input(byte), None));
        tty
    }

    #[test]
    fn echo_is_what_a_screen_needs() {
        let tty = typed(b"ab\x7f\x01\r");
        assert_eq!(tty.echo, b"ab\x08 \x08^A\r\n");
        let tty = typed(b"ab\x15c");
        assert_eq!(tty.echo, b"ab\x08 \x08\x08 \x08c");
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
}
