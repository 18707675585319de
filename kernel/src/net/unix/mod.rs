//! Sockets within the machine (unix(7)): [`UnixSock`], streams, datagrams and sequenced packets
//! with descriptors and credentials beside the data, found by path, abstract name, or born in
//! pairs.
//!
//! Each socket owns what was sent to it; the sender puts data there. No two sockets are locked at
//! a time.

mod connect;
mod inbox;
mod io;
mod name;
mod sock;

pub use inbox::{Ancillary, Credentials};
pub use io::Message;
pub use name::{UnixName, find};
pub use sock::{Kind, UnixSock};
