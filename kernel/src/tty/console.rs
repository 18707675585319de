//! The console: the terminal on the serial line, or that line as a plain stream of bytes.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering};

use elfin_platform::sync::Lazy;

use super::file::TerminalFile;
use super::stream;
use super::terminal::Terminal;
use crate::fs::File;

/// Input goes through the line discipline.
static INPUT_IS_TERMINAL: AtomicBool = AtomicBool::new(true);
/// Output goes through the line discipline.
static OUTPUT_IS_TERMINAL: AtomicBool = AtomicBool::new(true);

static SERIAL: Lazy<Arc<Terminal>> = Lazy::new(|| Arc::new(Terminal::serial()));

/// The terminal on the serial line.
pub fn serial() -> &'static Arc<Terminal> {
    &SERIAL
}

/// Says what the console is, for input and for output; before the first program. `size` is the
/// terminal's, in rows and columns; `escaped` says that the host puts escapes into the input.
pub fn configure(input: bool, output: bool, size: Option<(u16, u16)>, escaped: bool) {
    INPUT_IS_TERMINAL.store(input, Ordering::Relaxed);
    OUTPUT_IS_TERMINAL.store(output, Ordering::Relaxed);
    if let Some((rows, columns)) = size {
        SERIAL.set_size(rows, columns);
    }
    if escaped {
        SERIAL.expect_escapes();
    }
}

/// Whether the console is a terminal, for input or for output.
pub fn is_terminal() -> bool {
    INPUT_IS_TERMINAL.load(Ordering::Relaxed) || OUTPUT_IS_TERMINAL.load(Ordering::Relaxed)
}

fn terminal_file() -> Arc<dyn File> {
    TerminalFile::new(SERIAL.clone(), true)
}

/// Opens `/dev/console`.
pub fn console() -> Arc<dyn File> {
    if is_terminal() { terminal_file() } else { stream::file() }
}

/// What descriptors 0 and 1 are, if both are the console.
pub fn standard_files() -> [Arc<dyn File>; 2] {
    let input = INPUT_IS_TERMINAL.load(Ordering::Relaxed);
    let output = OUTPUT_IS_TERMINAL.load(Ordering::Relaxed);
    let terminal = terminal_file();
    let file = |is_terminal: bool| if is_terminal { terminal.clone() } else { stream::file() };
    [file(input), file(output)]
}

/// Takes the bytes that have arrived at the console. Does not sleep.
pub fn poll() {
    if INPUT_IS_TERMINAL.load(Ordering::Relaxed) {
        SERIAL.pump();
    } else {
        stream::take_input();
    }
}
