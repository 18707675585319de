//! [`ExecError`]: why a program cannot be started.

use alloc::string::String;
use core::fmt;

use elfin_loader::elf::ElfError;
use elfin_loader::stack::StackError;
use elfin_syscalls::Errno;

/// Exit status of a shell for a program that it found but could not run.
pub const NOT_RUNNABLE: u8 = 126;
/// Exit status of a shell for a program that it did not find.
pub const NOT_FOUND: u8 = 127;

/// Why a program cannot be started.
#[derive(Debug)]
pub enum ExecError {
    /// Opening or reading the named file failed.
    File(String, Errno),
    /// The named file is not a program that this machine runs.
    Elf(String, ElfError),
    /// The interpreter (second) that the first file asks for is missing or unusable.
    Interpreter(String, String, Errno),
    /// A chain of `#!` lines that is too long.
    TooManyScripts(String),
    /// Arguments and environment do not fit on the stack.
    Arguments(StackError),
    /// Memory is out.
    OutOfMemory,
}

impl ExecError {
    /// What `execve` answers.
    pub fn errno(&self) -> Errno {
        match self {
            Self::File(_, errno) | Self::Interpreter(_, _, errno) => *errno,
            Self::Elf(_, error) => Errno::from_number(error.errno()).unwrap_or(Errno::ENOEXEC),
            Self::TooManyScripts(_) => Errno::ELOOP,
            Self::Arguments(_) => Errno::E2BIG,
            Self::OutOfMemory => Errno::ENOMEM,
        }
    }

    /// What a shell's exit status would be.
    pub fn exit_status(&self) -> u8 {
        match self {
            Self::File(_, Errno::ENOENT | Errno::ENOTDIR) => NOT_FOUND,
            Self::Interpreter(_, _, Errno::ENOENT) => NOT_FOUND,
            Self::Elf(_, error) => u8::try_from(error.exit_status()).unwrap_or(NOT_RUNNABLE),
            _ => NOT_RUNNABLE,
        }
    }
}

impl fmt::Display for ExecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, errno) => write!(f, "{path}: {errno}"),
            Self::Elf(path, error) => write!(f, "{path}: {error}"),
            Self::Interpreter(path, interpreter, errno) => write!(
                f,
                "{path}: its interpreter {interpreter}: {errno}; put it into the machine's files \
                 (elfin run --root DIR or --file HOST:GUEST), or link the program statically"
            ),
            Self::TooManyScripts(path) => write!(f, "{path}: more than 5 #! lines lead on"),
            Self::Arguments(error) => write!(f, "arguments and environment: {error}"),
            Self::OutOfMemory => f.write_str("not enough memory to load the program"),
        }
    }
}
