//! Writes docs/src/syscalls.md from the table; with `--check`, only says whether it is up to date.

use std::path::Path;
use std::process::ExitCode;

/// The page, from this crate's folder.
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/src/syscalls.md");
/// How to renew it.
const COMMAND: &str = "cargo run -p elfin-syscalls --features docs --bin syscalls-doc";

fn main() -> ExitCode {
    let mut page = String::new();
    if elfin_syscalls::docs::write_page(&mut page).is_err() {
        eprintln!("syscalls-doc: the page cannot be formatted");
        return ExitCode::FAILURE;
    }
    let path = Path::new(PAGE);
    let result = match std::env::args().nth(1).as_deref() {
        None => write(path, &page),
        Some("--check") => check(path, &page),
        Some(other) => Err(format!("unknown argument {other}; there is only --check")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("syscalls-doc: {message}");
            ExitCode::FAILURE
        }
    }
}

fn write(path: &Path, page: &str) -> Result<(), String> {
    std::fs::write(path, page).map_err(|error| format!("{}: {error}", path.display()))
}

fn check(path: &Path, page: &str) -> Result<(), String> {
    let old = std::fs::read_to_string(path)
        .map_err(|error| format!("{}: {error}; run `{COMMAND}`", path.display()))?;
    if old == page {
        return Ok(());
    }
    let line = old.lines().zip(page.lines()).position(|(old, new)| old != new);
    let place = line.map_or(0, |line| line.saturating_add(1));
    Err(format!("{}:{place}: does not say what the table says; run `{COMMAND}`", path.display()))
}
