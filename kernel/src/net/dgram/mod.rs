//! Sockets for datagrams of the Internet: UDP (RFC 768), ICMP echo ("ping sockets"), raw packets.
//!
//! [`DgramSock`] is the socket, of whichever [`Kind`]; [`udp`] and [`ping`] find the sockets for a
//! packet.

pub mod ping;
mod queue;
mod send;
mod sock;
pub mod udp;

pub use queue::Datagram;
pub use send::{Overrides, UDP_MAX};
pub use sock::{DgramSock, Kind, Settings};
