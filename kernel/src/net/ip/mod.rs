//! IPv4 (RFC 791): writing and checking headers, and putting fragments together.

mod emit;
mod parse;
mod reassembly;

pub use emit::{Fragment, emit_packet, store_partial_checksum};
pub use parse::{IpIn, parse};
pub use reassembly::Reassembly;

/// Bytes of a header without options; we send no others.
pub const HEADER: usize = 20;

/// Time to live of our packets.
pub const DEFAULT_TTL: u8 = 64;

/// The number of ICMP.
pub const ICMP: u8 = 1;
/// The number of TCP.
pub const TCP: u8 = 6;
/// The number of UDP.
pub const UDP: u8 = 17;
