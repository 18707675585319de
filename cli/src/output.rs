//! Our own words on standard output.

use std::io::{self, Write};

/// Writes `text` to standard output. A reader that has gone away, such as head(1), is no error.
///
/// # Errors
/// Of the device behind standard output.
pub fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}
