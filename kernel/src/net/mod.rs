//! The network: interfaces, IPv4 with TCP, UDP and ICMP, AF_UNIX, and the sockets over them.
//!
//! ```text
//! sys/socket.rs ─> socket (files, options, waiting) ─> tcp, dgram, unix, netlink
//!                                                         │
//! task/work.rs ─> poll() ─> stack ─> link (lo, eth0), ip, icmp, dhcp
//! ```
//! [`Stack`] is the Internet host; [`init`] makes the machine's one, [`poll`] lets it work.
//! Wire formats are `smoltcp::wire`'s; the state machines are our own (docs: the network).

pub mod addr;
pub mod bytes;
pub mod checksum;
pub mod dgram;
pub mod dhcp;
pub mod icmp;
pub mod ip;
pub mod link;
mod machine;
mod names;
pub mod netlink;
pub mod procfs;
pub mod socket;
pub mod stack;
pub mod tcp;
#[cfg(test)]
mod tests;
pub mod unix;

pub use machine::{Config, drain, init, machine, next_deadline, poll};
pub use stack::Stack;
