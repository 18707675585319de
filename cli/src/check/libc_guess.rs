//! Guesses the C library or run time that a program was linked with, from its interpreter, notes and texts.

use goblin::elf::Elf;

/// A text that only one C library has, and what it is.
const TEXTS: [(&[u8], &str); 4] = [
    (b"GNU C Library", "glibc"),
    (b"glibc.malloc", "glibc"),
    // The text of strerror(0), which musl's printf brings along.
    (b"No error information", "musl"),
    (b"uClibc", "uClibc"),
];
/// Functions that only one C library has.
const SYMBOLS: [(&str, &str); 4] = [
    ("__init_libc", "musl"),
    ("__libc_start_main_stage2", "musl"),
    ("libc_start_main_stage2", "musl"),
    ("__libc_start_call_main", "glibc"),
];
/// Every Rust program has paths of its standard library.
const RUST_TEXT: &[u8] = b"/rustc/";

/// A name, or `unknown`.
pub fn guess_libc(elf: &Elf<'_>, file: &[u8]) -> &'static str {
    if has_go_note(elf, file) {
        return "Go run time";
    }
    if let Some(interpreter) = elf.interpreter {
        return match interpreter {
            path if path.contains("ld-musl") => "musl",
            path if path.contains("ld-linux") => "glibc",
            path if path.contains("/linker") => "bionic",
            path if path.contains("uClibc") => "uClibc",
            _ => "unknown",
        };
    }
    let names = elf.syms.iter().filter_map(|symbol| elf.strtab.get_at(symbol.st_name));
    let by_symbol = names
        .filter_map(|name| SYMBOLS.iter().find(|(symbol, _)| *symbol == name))
        .map(|(_, libc)| *libc)
        .next();
    let by_text = || TEXTS.iter().find(|(text, _)| contains(file, text)).map(|(_, libc)| *libc);
    let rust = contains(file, RUST_TEXT);
    match (by_symbol.or_else(by_text), rust) {
        (Some("musl"), true) => "musl, with Rust",
        (Some("glibc"), true) => "glibc, with Rust",
        (Some(libc), _) => libc,
        (None, true) => "unknown, with Rust",
        (None, false) => "unknown",
    }
}

fn has_go_note(elf: &Elf<'_>, file: &[u8]) -> bool {
    let notes = elf.iter_note_headers(file).into_iter().flatten();
    let sections = elf.iter_note_sections(file, None).into_iter().flatten();
    notes.chain(sections).flatten().any(|note| note.name.trim_end_matches('\0') == "Go")
}

/// Whether `needle` is in `hay`.
fn contains(hay: &[u8], needle: &[u8]) -> bool {
    let Some(first) = needle.first() else { return true };
    let mut rest = hay;
    while let Some(at) = rest.iter().position(|byte| byte == first) {
        rest = rest.get(at..).unwrap_or_default();
        if rest.starts_with(needle) {
            return true;
        }
        rest = rest.get(1..).unwrap_or_default();
    }
    false
}
