//! Interfaces: [`Iface`] (name, addresses, counters) over a [`Link`] (a device or the loopback
//! queue), and the Ethernet neighbours behind it ([`arp`]).

pub mod arp;
pub mod ethernet;
mod iface;
mod loopback;

pub use ethernet::{ETHERNET_HEADER, MacAddr};
pub use iface::{Counters, Full, Iface, IpOut, Link};
pub use loopback::{LoopQueue, LoopbackPacket};
