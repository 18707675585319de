//! The kernel's log: lines on the console, for levels that the command line asks for.
//!
//! Linux's parameters: `quiet` and nothing show errors alone, `loglevel=N` shows levels below N
//! (4 errors, 5 warnings, 7 information, 8 debugging), `debug` all.

use core::fmt::Write;

use elfin_platform::{console, time};
use log::{Level, LevelFilter, Log, Metadata, Record};

/// Longest line; the rest is cut off.
const LINE: usize = 240;

struct ConsoleLog;

static LOG: ConsoleLog = ConsoleLog;

/// A line being put together, so that it reaches the console whole.
struct Line {
    bytes: arrayvec::ArrayVec<u8, LINE>,
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        for &byte in text.as_bytes() {
            if self.bytes.remaining_capacity() <= 1 {
                break;
            }
            self.bytes.push(byte);
        }
        Ok(())
    }
}

impl Log for ConsoleLog {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let mut line = Line { bytes: arrayvec::ArrayVec::new() };
        // A line cut off is still a line.
        let _ = match record.level() {
            Level::Error => write!(line, "elfin: {}", record.args()),
            _ => {
                let now = time::now() / 1_000;
                let (seconds, micros) = (now / 1_000_000, now % 1_000_000);
                write!(line, "[{seconds:5}.{micros:06}] {}", record.args())
            }
        };
        line.bytes.push(b'\n');
        console::write(&line.bytes);
    }

    fn flush(&self) {}
}

/// The level that Linux's `loglevel=` number shows.
fn level(number: u64) -> LevelFilter {
    match number {
        0..4 => LevelFilter::Off,
        4 => LevelFilter::Error,
        5 | 6 => LevelFilter::Warn,
        7 => LevelFilter::Info,
        8 => LevelFilter::Debug,
        _ => LevelFilter::Trace,
    }
}

/// Starts logging. `loglevel` is the command line's number, `debug` its flag.
pub fn init(loglevel: Option<u64>, debug: bool) {
    // Fails only if a logger is there already.
    let _ = log::set_logger(&LOG);
    let filter = match loglevel {
        _ if debug => LevelFilter::Debug,
        Some(number) => level(number),
        None => LevelFilter::Error,
    };
    log::set_max_level(filter);
}
