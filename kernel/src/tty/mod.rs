//! Terminals: the serial console and pseudoterminals.
//!
//! [`Discipline`] is the line discipline (pure, host-tested), [`Terminal`] the terminal around
//! it, [`TerminalFile`] what a program has open. [`pty`] are terminals whose line ends at another
//! program; [`console`] is the one on the serial line, [`stream`] that line without a terminal,
//! for when the host's side is none either. Who may use a terminal, and whom its keys signal, is
//! [`crate::task::jobs`]' business.

pub mod console;
mod discipline;
mod edit;
mod escape;
mod file;
mod input;
mod ioctl;
mod open;
mod output;
pub mod pty;
mod pump;
mod session;
mod speed;
pub mod stream;
mod terminal;

pub use console::{configure, is_terminal, poll, standard_files};
pub use discipline::Discipline;
pub use file::TerminalFile;
pub use open::{open_console, open_current, open_serial};
pub use terminal::{Job, Terminal};
