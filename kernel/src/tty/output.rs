//! The way out: what the program writes, as the line gets it.

use alloc::collections::VecDeque;

use elfin_syscalls::abi::{OCRNL, OLCUC, ONLCR, ONLRET, ONOCR, OPOST, TABDLY, XTABS};

use super::discipline::Discipline;

/// The distance of tab stops.
pub(super) const TAB: usize = 8;
const BACKSPACE: u8 = 0x08;
const DELETE: u8 = 0x7f;

impl Discipline {
    fn output_flag(&self, flag: u32) -> bool {
        self.termios.c_oflag & flag != 0
    }

    /// Processes `bytes` as the settings say and appends them to `out`, as many as surely fit in
    /// `room` bytes, and as there is memory for; how many of `bytes` that was.
    pub fn output(&mut self, bytes: &[u8], room: usize, out: &mut VecDeque<u8>) -> usize {
        if !self.output_flag(OPOST) {
            let n = bytes.len().min(room);
            if out.try_reserve(n).is_err() {
                return 0;
            }
            out.extend(bytes.iter().take(n));
            return n;
        }
        let mut used = 0;
        for (done, &byte) in bytes.iter().enumerate() {
            if used + self.width(byte) > room || out.try_reserve(TAB).is_err() {
                return done;
            }
            let mut processed = [0; TAB];
            let n = self.output_byte(byte, &mut processed);
            out.extend(processed.iter().take(n));
            used += n;
        }
        bytes.len()
    }

    /// The most bytes that a byte becomes.
    fn width(&self, byte: u8) -> usize {
        match byte {
            b'\n' => 2,
            b'\t' if self.termios.c_oflag & TABDLY == XTABS => TAB,
            _ => 1,
        }
    }

    /// Processes one byte into `out`; the bytes that it became.
    pub(super) fn output_byte(&mut self, byte: u8, out: &mut [u8; TAB]) -> usize {
        let [first, second, ..] = out;
        *first = byte;
        if !self.output_flag(OPOST) {
            return 1;
        }
        match byte {
            b'\n' => {
                if self.output_flag(ONLCR | ONLRET) {
                    self.column = 0;
                }
                if self.output_flag(ONLCR) {
                    (*first, *second) = (b'\r', b'\n');
                    return 2;
                }
            }
            b'\r' if self.output_flag(ONOCR) && self.column == 0 => return 0,
            b'\r' if self.output_flag(OCRNL) => {
                if self.output_flag(ONLRET) {
                    self.column = 0;
                }
                *first = b'\n';
            }
            b'\r' => self.column = 0,
            b'\t' => {
                let width = TAB - self.column % TAB;
                self.column += width;
                if self.termios.c_oflag & TABDLY == XTABS {
                    out.fill(b' ');
                    return width;
                }
            }
            BACKSPACE => self.column = self.column.saturating_sub(1),
            _ => {
                let visible = byte >= b' ' && byte != DELETE;
                if visible && !self.continues(byte) {
                    self.column += 1;
                }
                if visible && self.output_flag(OLCUC) {
                    *first = byte.to_ascii_uppercase();
                }
            }
        }
        1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(tty: &mut Discipline, text: &[u8]) -> alloc::vec::Vec<u8> {
        let mut out = VecDeque::new();
        assert_eq!(tty.output(text, usize::MAX, &mut out), text.len());
        out.into()
    }

    #[test]
    fn newlines_return_the_carriage() {
        let mut tty = Discipline::new();
        assert_eq!(written(&mut tty, b"a\tb\n"), b"a\tb\r\n");
        tty.termios.c_oflag |= XTABS;
        assert_eq!(written(&mut tty, b"abc\td"), b"abc     d");
        tty.termios.c_oflag = 0;
        assert_eq!(written(&mut tty, b"\n\t"), b"\n\t");
    }

    #[test]
    fn nothing_is_cut_in_half() {
        let mut tty = Discipline::new();
        let mut out = VecDeque::new();
        assert_eq!(tty.output(b"ab\nc", 3, &mut out), 2);
        assert_eq!(tty.output(b"\nc", 2, &mut out), 1);
        assert_eq!(out, b"ab\r\n");
    }

    #[test]
    fn carriages_return_as_asked() {
        let mut tty = Discipline::new();
        tty.termios.c_oflag = OPOST | OCRNL;
        assert_eq!(written(&mut tty, b"a\r"), b"a\n");
        tty = Discipline::new();
        tty.termios.c_oflag = OPOST | ONOCR;
        assert_eq!(written(&mut tty, b"\rab\r\r"), b"ab\r");
    }
}
