//! The options of `elfin check`.

use std::path::PathBuf;

use clap::Args;

/// Options of `elfin check`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  elfin check ./redis-server
  elfin check --json ./nginx | jq '.syscalls[] | select(.status != \"full\") | .name'

The system calls are read from the program's code: each 'syscall' (arm64: 'svc #0') instruction, and
the numbers that can reach it. Sites whose number is only known at run time are counted and said.

Exit status: 0 when Elfin can run the program, 1 when it can not, 127 when there is no such file.")]
pub struct CheckArgs {
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,

    /// Show the address of every system call site
    #[arg(long)]
    pub sites: bool,

    /// A tree that holds the interpreter of a dynamic program
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,

    /// The program
    #[arg(value_name = "PROGRAM")]
    pub program: PathBuf,
}
