//! Event lines for the host command (docs: the host protocol).
//!
//! Off until [`enable`]: a machine that was not started by the host command has nobody who reads
//! them, and maybe another device at that port.

use crate::arch::debugcon;
use crate::sync::SpinLock;
use core::fmt::{self, Write};
use core::sync::atomic::{AtomicBool, Ordering};

/// Longest event line, with its end of line.
const MAX_LINE: usize = 4096;
/// Bytes gathered before they are written out.
const CHUNK: usize = 128;

static ENABLED: AtomicBool = AtomicBool::new(false);
static LINE: SpinLock<()> = SpinLock::new(());

/// The command line says that the host listens (`elfin.debugcon=1`).
///
/// Also sets the console up: the host holds its input back until the first event.
pub fn enable() {
    crate::arch::serial::present();
    ENABLED.store(true, Ordering::Relaxed);
}

/// Does the host listen?
pub fn enabled() -> bool {
    ENABLED.load(Ordering::Relaxed)
}

/// Writes the event line `line`; an end of line inside it becomes a space, and what goes beyond
/// 4096 bytes is cut off.
///
/// `host::event(format_args!("elfin-event: net {address}"))`
pub fn event(line: fmt::Arguments<'_>) {
    if !enabled() {
        return;
    }
    let _guard = LINE.lock();
    write_line(line);
}

/// [`event`] from a CPU that is about to stop: waits for nobody.
pub fn event_emergency(line: fmt::Arguments<'_>) {
    if !enabled() {
        return;
    }
    let _guard = LINE.try_lock();
    write_line(line);
}

fn write_line(line: fmt::Arguments<'_>) {
    let mut writer =
        Line { chunk: [0; CHUNK], filled: 0, room: MAX_LINE - 1, sink: debugcon::write };
    // `Line` never fails; a failing `Display` of the caller's ends its line early.
    let _ = writer.write_fmt(line);
    writer.end();
}

/// Gathers a line into chunks, so that the device is written to in strings.
struct Line {
    chunk: [u8; CHUNK],
    filled: usize,
    room: usize,
    sink: fn(&[u8]),
}

impl Line {
    fn push(&mut self, byte: u8) {
        if let Some(slot) = self.chunk.get_mut(self.filled) {
            *slot = byte;
            self.filled += 1;
        }
        if self.filled == CHUNK {
            self.flush();
        }
    }

    fn flush(&mut self) {
        (self.sink)(&self.chunk[..self.filled]);
        self.filled = 0;
    }

    fn end(&mut self) {
        self.push(b'\n');
        self.flush();
    }
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for &byte in text.as_bytes() {
            if self.room == 0 {
                break;
            }
            self.room -= 1;
            self.push(if byte == b'\n' { b' ' } else { byte });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    static SEEN: Mutex<Vec<u8>> = Mutex::new(Vec::new());

    fn sink(bytes: &[u8]) {
        SEEN.lock().unwrap().extend_from_slice(bytes);
    }

    #[test]
    fn lines_are_whole_and_bounded() {
        let mut line = Line { chunk: [0; CHUNK], filled: 0, room: MAX_LINE - 1, sink };
        write!(line, "a\nb{}", "x".repeat(5000)).unwrap();
        line.end();
        let seen = SEEN.lock().unwrap();
        assert_eq!(seen.len(), MAX_LINE);
        assert!(seen.starts_with(b"a bxx"));
        assert_eq!(seen.iter().filter(|&&b| b == b'\n').count(), 1);
        assert_eq!(seen.last(), Some(&b'\n'));
    }
}
