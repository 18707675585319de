//! Sockets as files: [`Socket`] is what a descriptor refers to, over whichever protocol.
//!
//! The protocols' attempts never wait; this layer waits for them, counts `SO_RCVTIMEO`, sends
//! `SIGPIPE`. Neighbours: `sys/socket.rs`, `sys/msg.rs` and `sys/sockopt.rs` are the system calls.

mod addr;
mod connect;
mod file;
mod ioctl;
mod options;
mod recv;
mod send;
#[expect(clippy::module_inception, reason = "the type the module is named for")]
mod socket;
mod unix_path;

pub use addr::Address;
pub use ioctl::interface_flags;
pub use options::{Common, Linger};
pub use recv::{Beside, Received};
pub use send::Outgoing;
pub use socket::{Protocol, Socket, credentials, of_file};
