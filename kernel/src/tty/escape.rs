//! [`Decoder`]: what the host puts between the bytes of the console's input (docs: the host
//! protocol): a serial line has neither an end nor a size.

/// Announces that the next byte is no input; doubled, it stands for itself (DLE).
const ESCAPE: u8 = 0x10;
/// After [`ESCAPE`]: the end of the input (EOT).
const END: u8 = 0x04;
/// After [`ESCAPE`]: the terminal's size follows, rows and columns, two bytes each, the high one
/// first.
const SIZE: u8 = b'W';

/// What a byte of the line has brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decoded {
    /// A byte of input.
    Byte(u8),
    /// Input has ended.
    End,
    /// The terminal has so many rows and columns.
    Size(u16, u16),
    /// Nothing yet.
    Nothing,
}

/// Takes the escapes out of the input.
#[derive(Clone, Copy, Default)]
pub struct Decoder {
    state: State,
}

#[derive(Clone, Copy, Default)]
enum State {
    #[default]
    Plain,
    Escaped,
    /// So many bytes of a size have come.
    Size(usize, [u8; 4]),
}

impl Decoder {
    /// Takes one byte from the line.
    pub fn decode(&mut self, byte: u8) -> Decoded {
        let (next, decoded) = match (self.state, byte) {
            (State::Plain, ESCAPE) => (State::Escaped, Decoded::Nothing),
            (State::Escaped, END) => (State::Plain, Decoded::End),
            (State::Escaped, SIZE) => (State::Size(0, [0; 4]), Decoded::Nothing),
            (State::Plain | State::Escaped, byte) => (State::Plain, Decoded::Byte(byte)),
            (State::Size(count, mut bytes), byte) => {
                if let Some(slot) = bytes.get_mut(count) {
                    *slot = byte;
                }
                let [r0, r1, c0, c1] = bytes;
                let size = [[r0, r1], [c0, c1]].map(u16::from_be_bytes);
                if count + 1 < bytes.len() {
                    (State::Size(count + 1, bytes), Decoded::Nothing)
                } else {
                    (State::Plain, Decoded::Size(size[0], size[1]))
                }
            }
        };
        self.state = next;
        decoded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_taken_out() {
        let mut decoder = Decoder::default();
        let text = b"a\x10\x10b\x04\x10W\x00\x10\x01\x04c\x10\x04";
        let mut seen = std::vec::Vec::new();
        for &byte in text {
            match decoder.decode(byte) {
                Decoded::Nothing => {}
                other => seen.push(other),
            }
        }
        let byte = Decoded::Byte;
        let size = Decoded::Size(0x10, 0x104);
        assert_eq!(
            seen,
            [byte(b'a'), byte(0x10), byte(b'b'), byte(4), size, byte(b'c'), Decoded::End]
        );
    }
}
