//! The binary interface: structures as programs lay them out, and the constants beside them.
//!
//! Every structure is `repr(C)` with C's field names and explicit padding, and implements
//! zerocopy's traits, so that a user copy can read it from and write it to bytes. Make an empty
//! one with [`zeroed`]. Neighbours: [`crate::args`] has the flag types.

mod arch;
mod constants;
mod event;
mod file;
mod frame_aarch64;
mod frame_x86_64;
mod ipc;
mod macros;
mod netlink;
mod process;
mod signal;
mod socket;
mod system;
mod time;
mod tty;

#[cfg(test)]
pub(crate) use constants::ALL as ALL_CONSTANTS;

pub use arch::*;
pub use constants::*;
pub use event::*;
pub use file::*;
pub use frame_aarch64::*;
pub use frame_x86_64::*;
pub use ipc::*;
pub use netlink::*;
pub use process::*;
pub use signal::*;
pub use socket::*;
pub use system::*;
pub use time::*;
pub use tty::*;

/// The signal frame of the architecture compiled for.
#[cfg(not(target_arch = "aarch64"))]
pub type RtSigframe = RtSigframeX86_64;
/// The signal frame of the architecture compiled for.
#[cfg(target_arch = "aarch64")]
pub type RtSigframe = RtSigframeAarch64;

/// A structure with every byte zero.
#[inline]
#[must_use]
pub fn zeroed<T: zerocopy::FromZeros>() -> T {
    T::new_zeroed()
}
