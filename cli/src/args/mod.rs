//! What the user may type: the option structures of each subcommand ([`RunArgs`], [`CheckArgs`]) and
//! the value types with their parsers.

mod check;
mod run;
mod values;

pub use check::CheckArgs;
pub use run::{AccelChoice, CtrlC, FirmwareChoice, MachineChoice, RunArgs};
pub use values::{Cidr, EnvSetting, MacAddress, MemorySize, NetChoice, PortForward, Protocol};

use clap::{Parser, Subcommand};

/// The whole command line of `elfin`.
#[derive(Debug, Parser)]
#[command(
    name = "elfin",
    version,
    about = "Run an unmodified Linux program as a virtual machine",
    long_about = "Elfin makes one unmodified Linux program a virtual machine: it boots in milliseconds, \
                  serves the program's system calls itself and ends with the program's exit status. \
                  There is no Linux inside.",
    after_help = "Examples:\n  elfin run ./hello\n  elfin run -p 6379:6379 ./redis-server --save ''\n  \
                  elfin check ./redis-server\n\n'elfin help COMMAND' says more about each command."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a program as a virtual machine
    Run(Box<RunArgs>),
    /// Say what a program is, whether Elfin can run it, and which system calls it can make
    Check(CheckArgs),
    /// Become COMMAND, which the kernel kills when PARENT ends (internal)
    #[command(name = crate::host::LEASH_COMMAND, hide = true)]
    Leash {
        /// The process that must be our parent.
        parent: u32,
        /// What to become.
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<std::ffi::OsString>,
    },
}
