//! `elfin`, the host command: runs a Linux program as a virtual machine, or says what it needs.
//!
//! [`args`] is what the user types; [`run`] and [`check`] are the subcommands; [`image`] makes the guest's
//! files, [`judge`] says whether a program can be run, [`qemu`] makes the machine's command line, and [`host`] runs it. [`exit`] has the exit statuses.
//!
//! Principles: what can fail without a machine fails before one is started; nothing is left behind, whichever
//! way it ends (scratch files have no names, QEMU is on a leash, the terminal is restored).

#![forbid(unsafe_code)]

mod args;
mod check;
mod exit;
mod host;
mod image;
mod judge;
mod output;
mod qemu;
mod run;

use clap::Parser;

use args::{Cli, Command};

fn main() -> ! {
    let command = Cli::parse().command;
    let result = match &command {
        Command::Run(args) => run::run(args),
        Command::Check(args) => check::check(args),
        Command::Leash { parent, command } => {
            host::become_leashed(*parent, command).map(|never| match never {})
        }
    };
    let status = result.unwrap_or_else(|error| {
        eprintln!("elfin: {error:#}");
        exit::status_of(&error)
    });
    // Threads may still wait for input: they end with the process.
    std::process::exit(i32::from(status))
}
