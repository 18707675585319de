//! The guest's console on our standard input and output: what they are ([`classify_input`],
//! [`classify_output`]), and the threads that carry the bytes.

use std::convert::Infallible;
use std::io::{self, IsTerminal, Read, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::process::{ChildStdin, ChildStdout, Stdio};
use std::sync::mpsc::{Receiver, SyncSender};
use std::sync::{Arc, Mutex};
use std::thread;

use rustix::fs::FileType;
use rustix::termios::tcgetwinsize;
use signal_hook::consts::SIGWINCH;
use signal_hook::iterator::Signals;

use super::machine::Message;

/// Escape byte of the console's input (DLE); doubled, it stands for itself.
const ESCAPE: u8 = 0x10;
/// After [`ESCAPE`]: the terminal's rows and columns follow, 16 bits each, the high byte first.
const SIZE: u8 = b'W';
/// After [`ESCAPE`]: the end of the input (EOT).
const END_OF_INPUT: u8 = 0x04;
/// How much is carried at once.
const CHUNK: usize = 16 << 10;
/// A redirected file up to this size travels in the initramfs, a longer one through the console.
const FILE_INPUT_MAX: u64 = 64 << 20;

/// What the guest's standard input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostInput {
    /// A terminal, in raw mode.
    Tty,
    /// Bytes of a pipe or the like, escaped.
    Stream,
    /// A file, whole, in the initramfs.
    File,
    /// Nothing.
    Null,
}

impl HostInput {
    /// The value of `elfin.stdin=`.
    pub fn parameter(self) -> &'static str {
        match self {
            Self::Tty => "tty",
            Self::Stream => "stream",
            Self::File => "file",
            Self::Null => "null",
        }
    }
}

/// What the guest's standard output is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostOutput {
    /// A terminal.
    Tty,
    /// Bytes.
    Stream,
}

impl HostOutput {
    /// The value of `elfin.stdout=`.
    pub fn parameter(self) -> &'static str {
        match self {
            Self::Tty => "tty",
            Self::Stream => "stream",
        }
    }
}

/// What our standard output is for the guest.
pub fn classify_output(input: HostInput) -> HostOutput {
    if input == HostInput::Tty { HostOutput::Tty } else { HostOutput::Stream }
}

/// What our standard input is for the guest. `empty` is the user's wish for none. A terminal is one for
/// the guest only when the output is one too: else it stays with its own line editing, and lines are
/// streamed.
pub fn classify_input(empty: bool) -> HostInput {
    if empty {
        return HostInput::Null;
    }
    let stdin = io::stdin();
    if stdin.is_terminal() {
        return if io::stdout().is_terminal() { HostInput::Tty } else { HostInput::Stream };
    }
    let Ok(stat) = rustix::fs::fstat(&stdin) else { return HostInput::Null };
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile if u64::try_from(stat.st_size).unwrap_or(0) <= FILE_INPUT_MAX => {
            HostInput::File
        }
        FileType::CharacterDevice if is_dev_null(stat.st_rdev) => HostInput::Null,
        _ => HostInput::Stream,
    }
}

fn is_dev_null(device: u64) -> bool {
    std::fs::metadata("/dev/null")
        .is_ok_and(|null| null.file_type().is_char_device() && null.rdev() == device)
}

/// Copies the machine's output to ours until it ends. Says how it ended.
pub fn carry_output(mut from: ChildStdout, messages: SyncSender<Message>) -> io::Result<()> {
    thread::Builder::new().name("output".into()).spawn(move || {
        let mut chunk = vec![0; CHUNK];
        let mut stdout = io::stdout().lock();
        let end = loop {
            match from.read(&mut chunk) {
                Ok(0) => break Message::OutputEnd,
                Ok(count) => {
                    let bytes = chunk.get(..count).unwrap_or_default();
                    if stdout.write_all(bytes).and_then(|()| stdout.flush()).is_err() {
                        break Message::OutputRefused;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break Message::OutputEnd,
            }
        };
        // The receiver is gone only when nobody cares any more.
        let _ = messages.send(end);
        // Keep reading, or the machine would stop at a full pipe before it is told to end.
        while from.read(&mut chunk).is_ok_and(|count| count > 0) {}
    })?;
    Ok(())
}

/// What QEMU's standard input is: a pipe if there is input to carry. The pipe stays open to the
/// machine's end, and there is none without input: once the other end is closed, QEMU's main loop
/// is told so again and again, gives up on bytes that our end of the output has no room for yet,
/// and they are lost.
pub fn carried_input(input: HostInput) -> Stdio {
    match input {
        HostInput::Tty | HostInput::Stream => Stdio::piped(),
        HostInput::File | HostInput::Null => Stdio::null(),
    }
}

/// Copies our input to the machine until either ends, from when the other end of `may_begin` is
/// dropped. The thread may stay blocked in a read until the process ends.
pub fn carry_input(
    input: HostInput,
    to: ChildStdin,
    may_begin: Receiver<Infallible>,
) -> io::Result<()> {
    thread::Builder::new().name("input".into()).spawn(move || {
        // Nothing is ever sent: this ends when the sender goes.
        let _ = may_begin.recv();
        let to = Arc::new(Mutex::new(to));
        if input == HostInput::Tty {
            // Without the thread the size stays what it was at the start.
            let _ = carry_sizes(to.clone());
        }
        let mut chunk = vec![0; CHUNK];
        let mut stdin = io::stdin().lock();
        loop {
            let bytes = match stdin.read(&mut chunk) {
                Ok(0) => break,
                Ok(count) => chunk.get(..count).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => break,
            };
            if send(&to, &escape(bytes)).is_err() {
                return;
            }
        }
        if input == HostInput::Stream {
            // A machine that has ended wants no end of input.
            let _ = send(&to, &[ESCAPE, END_OF_INPUT]);
        }
        // Not closed while the machine runs: see `carried_input`.
        loop {
            thread::park();
        }
    })?;
    Ok(())
}

/// Writes to the machine's input, all at once.
fn send(to: &Mutex<ChildStdin>, bytes: &[u8]) -> io::Result<()> {
    to.lock().map_err(|_| io::ErrorKind::BrokenPipe)?.write_all(bytes)
}

/// Tells the machine of each change of the terminal's size, and of what it is now.
fn carry_sizes(to: Arc<Mutex<ChildStdin>>) -> io::Result<()> {
    let mut signals = Signals::new([SIGWINCH])?;
    let tell = move || match tcgetwinsize(io::stdout()) {
        Ok(size) if size.ws_row > 0 => send(&to, &announce(size.ws_row, size.ws_col)),
        _ => Ok(()),
    };
    // Before any key.
    tell()?;
    thread::Builder::new().name("size".into()).spawn(move || {
        for _ in signals.forever() {
            if tell().is_err() {
                return;
            }
        }
    })?;
    Ok(())
}

/// The bytes that tell of a terminal's size.
fn announce(rows: u16, columns: u16) -> [u8; 6] {
    let ([r0, r1], [c0, c1]) = (rows.to_be_bytes(), columns.to_be_bytes());
    [ESCAPE, SIZE, r0, r1, c0, c1]
}

/// Doubles each escape byte.
fn escape(bytes: &[u8]) -> Vec<u8> {
    let mut escaped = Vec::with_capacity(bytes.len());
    for byte in bytes {
        if *byte == ESCAPE {
            escaped.push(ESCAPE);
        }
        escaped.push(*byte);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_announced_high_bytes_first() {
        assert_eq!(announce(24, 300), *b"\x10W\x00\x18\x01\x2c");
    }

    #[test]
    fn escape_doubles_only_the_escape_byte() {
        assert_eq!(escape(b"a\x10b\x04"), b"a\x10\x10b\x04");
        assert_eq!(escape(b""), b"");
    }
}
