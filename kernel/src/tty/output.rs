//! The way out: what the program writes, as the line gets it.

use alloc::vec::Vec;

use elfin_syscalls::abi::{OCRNL, OLCUC, ONLCR, ONLRET, ONOCR, OPOST, TABDLY, XTABS};

use super::discipline::Discipline;

/// The distance of tab stops.
pub(super) const TAB: usize = 8;
const BACKSPACE: u8 = 0x08;

impl Discipline {
    fn output_flag(&self, flag: u32) -> bool {
        self.termios.c_oflag & flag != 0
    }

    /// Processes `bytes` as the settings say and appends them to `out`.
    pub fn output(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        if !self.output_flag(OPOST) {
            out.extend_from_slice(bytes);
            return;
        }
        for &byte in bytes {
            self.output_byte(byte, out);
        }
    }

    fn output_byte(&mut self, byte: u8, out: &mut Vec<u8>) {
        match byte {
            b'\n' => {
                if self.output_flag(ONLCR) {
                    out.push(b'\r');
                }
                if self.output_flag(ONLCR | ONLRET) {
                    self.column = 0;
                }
                out.push(b'\n');
            }
            b'\r' if self.output_flag(ONOCR) && self.column == 0 => {}
            b'\r' if self.output_flag(OCRNL) => {
                if self.output_flag(ONLRET) {
                    self.column = 0;
                }
                out.push(b'\n');
            }
            b'\r' => {
                self.column = 0;
                out.push(b'\r');
            }
            b'\t' => {
                let width = TAB - self.column % TAB;
                self.column += width;
                if self.termios.c_oflag & TABDLY == XTABS {
                    out.extend(core::iter::repeat_n(b' ', width));
                } else {
                    out.push(b'\t');
                }
            }
            BACKSPACE => {
                self.column = self.column.saturating_sub(1);
                out.push(BACKSPACE);
            }
            _ => {
                let continues = byte & 0xc0 == 0x80;
                if byte >= b' ' && !continues {
                    self.column += 1;
                }
                out.push(if self.output_flag(OLCUC) { byte.to_ascii_uppercase() } else { byte });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newlines_return_the_carriage() {
        let mut tty = Discipline::new();
        let mut out = Vec::new();
        tty.output(b"a\tb\n", &mut out);
        assert_eq!(out, b"a\tb\r\n");
        tty.termios.c_oflag |= XTABS;
        out.clear();
        tty.output(b"abc\td", &mut out);
        assert_eq!(out, b"abc     d");
        tty.termios.c_oflag = 0;
        out.clear();
        tty.output(b"\n\t", &mut out);
        assert_eq!(out, b"\n\t");
    }
}
