//! Comparison with the C headers of both architectures: sizes, offsets and constants become
//! `_Static_assert`s that the C compilers check. A compiler that is not there is skipped aloud.

use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::string::String;
use std::{format, println};

mod constants;
mod layout;
mod numbers;
mod rows;

use crate::Arch;

/// The kernel's own headers.
const KERNEL_HEADERS: &str = include_str!("kernel.h");
/// The C library's, for what the kernel's headers leave out.
const LIBRARY_HEADERS: &str = include_str!("library.h");

/// The compiler of an architecture, and what its Debian package is called.
fn compiler(arch: Arch) -> &'static str {
    match arch {
        Arch::X86_64 if cfg!(target_arch = "x86_64") => "cc",
        Arch::X86_64 => "x86_64-linux-gnu-gcc",
        Arch::Aarch64 if cfg!(target_arch = "aarch64") => "cc",
        Arch::Aarch64 => "aarch64-linux-gnu-gcc",
    }
}

/// Compiles a text for `arch` without linking; fails the test with the compiler's complaints.
fn compile(arch: Arch, what: &str, headers: &str, body: &str) {
    let compiler = compiler(arch);
    let mut text = String::from(headers);
    let _ = writeln!(text, "\n{body}");
    let child = Command::new(compiler)
        .args(["-x", "c", "-std=gnu11", "-fsyntax-only", "-w", "-"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => {
            println!("skipped {what} of {}: {compiler}: {error}", arch.name());
            return;
        }
    };
    std::io::Write::write_all(child.stdin.as_mut().unwrap(), text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    let summary: String = errors
        .lines()
        .filter(|line| line.contains("error"))
        .take(40)
        .fold(String::new(), |all, line| all + line + "\n");
    assert!(output.status.success(), "{what} of {}:\n{summary}", arch.name());
}

/// An assertion, with its own text as the message.
fn assertion(condition: &str) -> String {
    format!("_Static_assert({condition}, \"{condition}\");\n")
}
