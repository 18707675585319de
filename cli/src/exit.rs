//! Exit statuses of `elfin`, as shells and timeout(1) use them, and the error that carries one.

use std::fmt;

/// The machine, or Elfin itself, failed.
pub const MACHINE_FAILED: u8 = 125;
/// The program was found but can not be run.
pub const NOT_RUNNABLE: u8 = 126;
/// The program was not found.
pub const NOT_FOUND: u8 = 127;
/// `--timeout` ended the machine.
pub const TIMED_OUT: u8 = 124;
/// Added to the number of a signal.
const SIGNAL_BASE: i32 = 128;

/// The status for an end by `signal`.
pub fn by_signal(signal: i32) -> u8 {
    u8::try_from(SIGNAL_BASE.saturating_add(signal)).unwrap_or(u8::MAX)
}

/// An error that ends `elfin` with a certain status.
#[derive(Debug)]
pub struct Refused {
    /// Exit status.
    pub status: u8,
    /// What is wrong, and the way out.
    pub message: String,
}

impl Refused {
    /// The program can not be run, because of `message`.
    pub fn not_runnable(message: impl Into<String>) -> Self {
        Self { status: NOT_RUNNABLE, message: message.into() }
    }

    /// The program is not there.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self { status: NOT_FOUND, message: message.into() }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refused {}

/// The exit status that `error` asks for.
pub fn status_of(error: &anyhow::Error) -> u8 {
    error.downcast_ref::<Refused>().map_or(MACHINE_FAILED, |refused| refused.status)
}
