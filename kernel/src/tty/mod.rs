//! The console as the program sees it: a terminal, or a plain stream of bytes.
//!
//! [`Discipline`] is the line discipline (pure, host-tested), [`Terminal`] the terminal around
//! it, [`stream`] the console without one, for when the host's side is no terminal either.
//! [`poll`] takes what has arrived; [`configure`] says which of the two the console is.

mod discipline;
mod input;
mod ioctl;
mod output;
pub mod stream;
mod terminal;

pub use discipline::Discipline;
pub use terminal::Terminal;

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering};

use crate::fs::File;

/// Input goes through the line discipline.
static INPUT_IS_TERMINAL: AtomicBool = AtomicBool::new(true);
/// Output goes through the line discipline.
static OUTPUT_IS_TERMINAL: AtomicBool = AtomicBool::new(true);

/// Says what the console is, for input and for output; before the first program. `size` is the
/// terminal's, in rows and columns.
pub fn configure(input: bool, output: bool, size: Option<(u16, u16)>) {
    INPUT_IS_TERMINAL.store(input, Ordering::Relaxed);
    OUTPUT_IS_TERMINAL.store(output, Ordering::Relaxed);
    if let Some((rows, columns)) = size {
        terminal::console().set_size(rows, columns);
    }
}

/// Whether the program has a terminal.
pub fn is_terminal() -> bool {
    INPUT_IS_TERMINAL.load(Ordering::Relaxed) || OUTPUT_IS_TERMINAL.load(Ordering::Relaxed)
}

/// What `/dev/console` is.
pub fn console() -> Arc<dyn File> {
    if is_terminal() { terminal::file() } else { stream::file() }
}

/// What descriptor 0 is, if it is the console.
pub fn standard_input() -> Arc<dyn File> {
    if INPUT_IS_TERMINAL.load(Ordering::Relaxed) { terminal::file() } else { stream::file() }
}

/// What descriptors 1 and 2 are.
pub fn standard_output() -> Arc<dyn File> {
    if OUTPUT_IS_TERMINAL.load(Ordering::Relaxed) { terminal::file() } else { stream::file() }
}

/// Takes the bytes that have arrived at the console. Does not sleep.
pub fn poll() {
    if INPUT_IS_TERMINAL.load(Ordering::Relaxed) {
        terminal::console().take_input();
    } else {
        stream::take_input();
    }
}
