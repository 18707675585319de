//! What the machine was told at boot, and the start of its first program.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use elfin_loader::cmdline::{ArgumentFile, CommandLine};
use elfin_platform::hooks::Hooks;
use elfin_platform::{boot, console, host, mm};
use elfin_syscalls::Errno;
use elfin_syscalls::args::Resource;

use crate::exec::{self, ExecError};
use crate::fs::{self, FdTable, FsContext};
use crate::sys;
use crate::task::{self, First, Rlimits, ThreadRef};

/// The program that an image without further words starts, as Linux does.
const DEFAULT_INIT: &[u8] = b"/init";
/// Where the first program's environment is set when the command line says nothing of it.
const DEFAULT_ENV: [&[u8]; 2] = [b"HOME=/", b"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"];
/// Longest argument file.
const MAX_ARGUMENT_FILE: usize = 1 << 20;

/// The command line, read.
pub struct Options {
    line: CommandLine<'static>,
    /// `loglevel=`.
    pub loglevel: Option<u64>,
    /// `debug`.
    pub debug: bool,
    statistics: bool,
}
