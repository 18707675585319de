//! `elfin check`: what a program is, whether Elfin can run it, and which system calls it can make.
//!
//! [`facts`] reads the ELF's own words; [`code`] and [`functions`] find its functions; [`flow`] follows constants through
//! machine code ([`x86`], [`arm64`]); [`scan`] puts that together; [`report`] prints it beside our table's status.

mod arm64;
mod code;
mod command;
mod facts;
mod flow;
mod functions;
mod libc_guess;
mod noreturn;
mod report;
mod scan;
mod x86;

pub use command::check;
