//! `elfin run`: from the options to a machine's exit status.
//!
//! The order: find the program and judge it, collect the guest's files, decide the machine, write the
//! initramfs, run, report. What can fail without a machine fails before one is started.

mod command;
mod environment;
mod parameters;
mod program;
mod report;

pub use command::run;
