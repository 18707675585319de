//! The page about all system calls, docs/src/syscalls.md, made from the table.
//!
//! [`write_page`] is called by the program `syscalls-doc`, which writes the page or, with
//! `--check`, compares it with the one that is there.

use core::fmt::{self, Write};

use crate::{Arch, Entry, Status};

/// What stands above the tables.
const INTRODUCTION: &str = "\
# System calls

<!-- Made from syscalls/src/table by `cargo run -p elfin-syscalls --features docs --bin syscalls-doc`. -->

Every system call that Linux has on x86_64 and arm64, up to Linux 7.0, and what Elfin does with it.
`elfin check PROGRAM` prints the same for the calls that one program can make.

| status | meaning | calls |
|---|---|--:|
";

/// What stands between them.
const COLUMNS: &str = "
A proof names the test that shows it: `own:NAME` is a program of ours in test-binaries/conformance,
which runs on Linux and on Elfin with the same result.

| x86_64 | arm64 | call | status | note | proof |
|--:|--:|---|---|---|---|
";

/// What a status promises.
const fn meaning(status: Status) -> &'static str {
    match status {
        Status::Full => "as Linux does it, and a test proves it",
        Status::Partial => "works, with the part missing that the note names",
        Status::Fake => "succeeds without effect, which the note says is harmless",
        Status::Stub => "fails with ENOSYS; the note says why callers cope",
    }
}

/// Writes the whole page.
///
/// # Errors
/// Those of `out`.
pub fn write_page(out: &mut dyn Write) -> fmt::Result {
    out.write_str(INTRODUCTION)?;
    for status in [Status::Full, Status::Partial, Status::Fake, Status::Stub] {
        let count = Entry::all().filter(|entry| entry.call().status == status).count();
        writeln!(out, "| {} | {} | {count} |", status.name(), meaning(status))?;
    }
    writeln!(out, "| all | | {} |", Entry::all().count())?;
    out.write_str(COLUMNS)?;
    // By number, as the kernel's own table; every call has one on x86_64.
    for number in 0..usize::from(u16::MAX) {
        if let Some(entry) = Entry::by_number(Arch::X86_64, number) {
            write_row(out, entry)?;
        }
    }
    Ok(())
}

/// Writes a type as Rust is written: without the spaces that `stringify!` puts around brackets.
fn write_type(out: &mut dyn Write, ty: &str) -> fmt::Result {
    let mut last = ' ';
    for character in ty.chars() {
        if character != ' ' || matches!(last, ',' | ';') {
            out.write_char(character)?;
        }
        last = character;
    }
    Ok(())
}

fn write_row(out: &mut dyn Write, entry: Entry) -> fmt::Result {
    let (call, note) = (entry.call(), entry.note());
    for arch in Arch::ALL {
        match call.number(arch) {
            Some(number) => write!(out, "| {number} ")?,
            None => out.write_str("| – ")?,
        }
    }
    write!(out, "| `{}(", call.name)?;
    for (index, (name, ty)) in note.args.iter().enumerate() {
        write!(out, "{}{name}: ", if index > 0 { ", " } else { "" })?;
        write_type(out, ty)?;
    }
    write!(out, ")` | {} | ", call.status.name())?;
    // A bar would end the cell.
    for part in note.note.split_inclusive('|') {
        match part.strip_suffix('|') {
            Some(text) => write!(out, "{text}\\|")?,
            None => out.write_str(part)?,
        }
    }
    out.write_str(" | ")?;
    for (index, proof) in note.proofs.iter().enumerate() {
        write!(out, "{}{proof}", if index > 0 { ", " } else { "" })?;
    }
    out.write_str(" |\n")
}
