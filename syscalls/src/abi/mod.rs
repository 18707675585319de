//! The binary interface: structures as programs lay them out, and the constants beside them.
//!
//! Every structure is `repr(C)` with C's field names and explicit padding, and implements
//! zerocopy's traits, so that a user copy can read it from and write it to bytes. Make an empty
//! one with [`zeroed`]. Neighbours: [`crate::args`] has the flag types.

mod arch;
mod constants;
mod event;
mod file;
mod macros;
mod process;
mod signal;
mod socket;
mod system;
mod time;

pub use arch::*;
pub use constants::*;
pub use event::*;
pub use file::*;
pub use process::*;
pub use signal::*;
pub use socket::*;
pub use system::*;
pub use time::*;

/// A structure with every byte zero.
#[inline]
#[must_use]
pub fn zeroed<T: zerocopy::FromZeros>() -> T {
    T::new_zeroed()
}
