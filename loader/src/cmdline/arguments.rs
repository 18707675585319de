//! [`ArgumentFile`]: program, arguments, environment and working directory as a file of the
//! initramfs. A kernel command line has no escape for `"`, no newlines and little room; this
//! keeps every byte.
//!
//! The file is a list of records `key=value`, each ended by a NUL byte (which no argument can
//! hold), in any order but for the first:
//! ```text
//! elfin-args=1        the version
//! program=/bin/redis-server
//! directory=/         the working directory; / if it is missing
//! arg=redis-server    once per argument, from argv[0] on
//! env=HOME=/root      once per variable
//! ```

use alloc::vec::Vec;
use core::fmt;

/// Where the file is in an initramfs.
pub const ARGUMENT_FILE_PATH: &str = "/.elfin/args";

const VERSION: &[u8] = b"elfin-args=1";
const PROGRAM: &[u8] = b"program";
const DIRECTORY: &[u8] = b"directory";
const ARG: &[u8] = b"arg";
const ENV: &[u8] = b"env";
const ROOT: &[u8] = b"/";

/// What the program is and gets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArgumentFile<'a> {
    /// Path of the program, never empty.
    pub program: &'a [u8],
    /// Its working directory.
    pub directory: &'a [u8],
    /// argv.
    pub args: Vec<&'a [u8]>,
    /// envp.
    pub env: Vec<&'a [u8]>,
}

/// What is wrong with an argument file, or with what is to go into one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ArgumentFileError {
    /// It does not begin with the version that is known here.
    Version,
    /// A record is not ended by a NUL.
    CutShort,
    /// A record at this offset has a key that is not known here.
    Key(usize),
    /// There is no program, or more than one.
    Program,
    /// A string holds a NUL byte.
    NulByte,
    /// No memory for it.
    OutOfMemory,
}

impl fmt::Display for ArgumentFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version => {
                write!(f, "argument file: does not begin with \"{}\"", VERSION.escape_ascii())
            }
            Self::CutShort => f.write_str("argument file: the last record has no NUL at its end"),
            Self::Key(offset) => {
                write!(f, "argument file: the record at {offset:#x} has an unknown key")
            }
            Self::Program => f.write_str("argument file: does not name one program"),
            Self::NulByte => f.write_str("argument file: a string can not hold a NUL byte"),
            Self::OutOfMemory => f.write_str("argument file: out of memory"),
        }
    }
}

impl core::error::Error for ArgumentFileError {}

impl<'a> ArgumentFile<'a> {
    /// The file's bytes.
    ///
    /// # Errors
    /// No program; a NUL in a string; no memory.
    pub fn encode(&self) -> Result<Vec<u8>, ArgumentFileError> {
        if self.program.is_empty() {
            return Err(ArgumentFileError::Program);
        }
        let mut out = Vec::new();
        push(&mut out, &[VERSION])?;
        push(&mut out, &[PROGRAM, b"=", self.program])?;
        push(&mut out, &[DIRECTORY, b"=", self.directory])?;
        for (key, values) in [(ARG, &self.args), (ENV, &self.env)] {
            for value in values {
                push(&mut out, &[key, b"=", value])?;
            }
        }
        Ok(out)
    }

    /// Reads the file.
    ///
    /// # Errors
    /// See [`ArgumentFileError`].
    pub fn parse(file: &'a [u8]) -> Result<Self, ArgumentFileError> {
        let records = file.strip_suffix(b"\0").ok_or(ArgumentFileError::CutShort)?;
        let mut records = records.split(|byte| *byte == 0);
        if records.next() != Some(VERSION) {
            return Err(ArgumentFileError::Version);
        }
        let mut parsed = Self { directory: ROOT, ..Self::default() };
        let mut offset = VERSION.len() + 1;
        for record in records {
            let equals = record.iter().position(|byte| *byte == b'=');
            let split = equals.and_then(|at| record.split_at_checked(at));
            let (key, value) = split.ok_or(ArgumentFileError::Key(offset))?;
            let value = value.get(1..).unwrap_or_default();
            match key {
                PROGRAM if parsed.program.is_empty() => parsed.program = value,
                PROGRAM => return Err(ArgumentFileError::Program),
                DIRECTORY if value.is_empty() => {}
                DIRECTORY => parsed.directory = value,
                ARG => remember(&mut parsed.args, value)?,
                ENV => remember(&mut parsed.env, value)?,
                _ => return Err(ArgumentFileError::Key(offset)),
            }
            offset = offset.saturating_add(record.len()).saturating_add(1);
        }
        if parsed.program.is_empty() {
            return Err(ArgumentFileError::Program);
        }
        Ok(parsed)
    }
}

fn remember<'a>(list: &mut Vec<&'a [u8]>, value: &'a [u8]) -> Result<(), ArgumentFileError> {
    list.try_reserve(1).map_err(|_| ArgumentFileError::OutOfMemory)?;
    list.push(value);
    Ok(())
}

/// Appends a record of `parts`.
fn push(out: &mut Vec<u8>, parts: &[&[u8]]) -> Result<(), ArgumentFileError> {
    for part in parts {
        if part.contains(&0) {
            return Err(ArgumentFileError::NulByte);
        }
        let room = part.len().saturating_add(1);
        out.try_reserve(room).map_err(|_| ArgumentFileError::OutOfMemory)?;
        out.extend_from_slice(part);
    }
    out.push(0);
    Ok(())
}
