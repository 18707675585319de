//! Typed arguments: how the words in the registers become what a handler takes.
//!
//! [`FromArg`] is the one trait; every type named in the table implements it. Its
//! [`KIND`](FromArg::KIND) tells the trace how to print the word. Neighbours: [`crate::table`]
//! names these types, [`crate::abi`] has the structures they point to.

mod commands;
mod events;
mod files;
mod futex;
mod kind;
mod macros;
mod memory;
mod open;
mod process;
mod scalar;
mod signals;
mod sockets;
mod system;
mod time;
mod user;

pub use commands::*;
pub use events::*;
pub use files::*;
pub use futex::*;
pub(crate) use kind::names;
pub use kind::{Count, Item, Kind, Names, Set, Shape, Special};
pub use macros::Strict;
pub use memory::*;
pub use open::*;
pub use process::*;
pub use scalar::*;
pub use signals::*;
pub use sockets::*;
pub use system::*;
pub use time::*;
pub use user::*;

use crate::errno::Errno;

/// A type that can be made from the word in an argument register.
pub trait FromArg: Sized {
    /// How a trace prints the word.
    const KIND: Kind;

    /// Makes the value from the register's word; narrow types take the low bits as Linux does.
    ///
    /// # Errors
    /// The errno that Linux returns for a value that it refuses at once.
    fn from_arg(raw: usize) -> Result<Self, Errno>;
}
