//! `#!` scripts, as Linux's binfmt_script reads their first line (see execve(2)).

/// Bytes of a file that Linux looks at: a line that is longer is cut there.
pub const FIRST_BYTES: usize = 256;

const MAGIC: &[u8] = b"#!";

/// The first line of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Script<'a> {
    /// Path of what runs it, never empty.
    pub interpreter: &'a [u8],
    /// All the rest of the line as one argument, spaces inside included.
    pub argument: Option<&'a [u8]>,
}

/// Takes the first [`FIRST_BYTES`] bytes of a file (or all of a shorter one). `None`: it is not a
/// script, or names no interpreter, or a name so long that it may have been cut (ENOEXEC).
pub fn parse(first_bytes: &[u8]) -> Option<Script<'_>> {
    let buffer = first_bytes.get(..FIRST_BYTES).unwrap_or(first_bytes);
    let after = buffer.strip_prefix(MAGIC)?;
    let is_full = buffer.len() == FIRST_BYTES;
    let (line, is_cut) = match after.iter().position(|byte| *byte == b'\n') {
        Some(end) => (after.get(..end)?, false),
        // A shorter file is followed by NULs in Linux's buffer.
        None => (after, is_full && !after.contains(&0)),
    };
    let line = trim_start(line);
    let name_end = line.iter().position(|byte| is_space(*byte) || *byte == 0);
    if name_end.is_none() && is_cut {
        return None;
    }
    let (interpreter, rest) = line.split_at_checked(name_end.unwrap_or(line.len()))?;
    if interpreter.is_empty() {
        return None;
    }
    let rest = trim_start(rest);
    let rest = rest.split(|byte| *byte == 0).next().unwrap_or_default();
    let argument = trim_end(rest);
    Some(Script { interpreter, argument: (!argument.is_empty()).then_some(argument) })
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn trim_start(bytes: &[u8]) -> &[u8] {
    let begin = bytes.iter().position(|byte| !is_space(*byte)).unwrap_or(bytes.len());
    bytes.get(begin..).unwrap_or_default()
}

fn trim_end(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|byte| !is_space(*byte)).map_or(0, |last| last + 1);
    bytes.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    type Parsed<'a> = Option<(&'a [u8], Option<&'a [u8]>)>;

    fn parsed(bytes: &[u8]) -> Parsed<'_> {
        parse(bytes).map(|script| (script.interpreter, script.argument))
    }

    #[test]
    fn first_lines() {
        let cases: [(&[u8], Parsed<'_>); 12] = [
            (b"#!/bin/sh\necho", Some((b"/bin/sh", None))),
            (b"#! /bin/sh -e \t\necho", Some((b"/bin/sh", Some(b"-e")))),
            (b"#!/usr/bin/env  python3 -u  x\n", Some((b"/usr/bin/env", Some(b"python3 -u  x")))),
            (b"#!\t/bin/sh", Some((b"/bin/sh", None))),
            (b"#!/bin/sh\0-x\n", Some((b"/bin/sh", None))),
            (b"#!/bin/sh -a\0b\n", Some((b"/bin/sh", Some(b"-a")))),
            (b"#!/bin/sh\r\n", Some((b"/bin/sh\r", None))),
            (b"#!\n/bin/sh", None),
            (b"#!  \t", None),
            (b"#!", None),
            (b"#", None),
            (b"\x7fELF", None),
        ];
        for (bytes, expected) in cases {
            assert_eq!(parsed(bytes), expected, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn long_lines_are_cut_but_long_names_refused() {
        let mut line = b"#!/bin/sh ".to_vec();
        line.resize(400, b'x');
        let script = parse(&line).unwrap();
        assert_eq!(script.argument.unwrap().len(), FIRST_BYTES - b"#!/bin/sh ".len());

        let mut name = vec![b'#', b'!'];
        name.resize(400, b'x');
        assert_eq!(parse(&name), None);
    }
}
