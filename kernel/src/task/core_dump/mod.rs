//! Core files (`core(5)`): what is left of a process that a signal ends, for a debugger.
//!
//! * [`settings`] is where they go: `core_pattern` and its like.
//! * [`park`] brings the other threads to a halt, with their registers.
//! * [`notes`] tells about process and threads, [`segments`] which memory goes in, [`file`]
//!   lays it all out and writes it.
//! * [`dump`] does all that, on the way of a fatal signal ([`super::signal`]).

mod dump;
mod file;
mod notes;
mod park;
mod segments;
pub mod settings;

pub use dump::dump;
pub use park::{CoreState, park_if_dumping};
pub use segments::DEFAULT_FILTER;
