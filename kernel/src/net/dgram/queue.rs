//! Datagrams that wait to be read.

use crate::net::addr::Endpoint;
use crate::net::bytes::Charge;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::Ipv4Addr;

/// What a datagram costs beside its bytes, as far as limits are concerned.
const OVERHEAD: usize = 256;

/// A received datagram.
#[derive(Debug)]
pub struct Datagram {
    /// The sender.
    pub from: Endpoint,
    /// The address it was sent to.
    pub to: Ipv4Addr,
    /// Index of the interface it came in by.
    pub iface: u32,
    /// Time to live when it came.
    pub ttl: u8,
    /// Type of service.
    pub tos: u8,
    /// When it came, on the monotonic clock.
    pub time: u64,
    /// The payload (of a raw socket: with the IP header).
    pub data: Vec<u8>,
    _charge: Charge,
}

impl Datagram {
    /// Copies a payload; `None` without memory.
    #[must_use]
    pub fn new(from: Endpoint, to: Ipv4Addr, payload: &[u8]) -> Option<Self> {
        let charge = Charge::take(payload.len() + OVERHEAD)?;
        let mut data = Vec::new();
        data.try_reserve_exact(payload.len()).ok()?;
        data.extend_from_slice(payload);
        Some(Self { from, to, iface: 0, ttl: 0, tos: 0, time: 0, data, _charge: charge })
    }
}

/// A bounded queue of datagrams.
#[derive(Debug, Default)]
pub struct Queue {
    packets: VecDeque<Arc<Datagram>>,
    used: usize,
    /// Datagrams thrown away for want of room.
    pub dropped: u64,
}

impl Queue {
    /// Adds a datagram unless that would go beyond `limit` bytes; whether it was added.
    pub fn push(&mut self, packet: Arc<Datagram>, limit: usize) -> bool {
        let cost = packet.data.len() + OVERHEAD;
        if self.used + cost > limit || self.packets.try_reserve(1).is_err() {
            self.dropped += 1;
            return false;
        }
        self.used += cost;
        self.packets.push_back(packet);
        true
    }

    /// Takes the oldest.
    pub fn pop(&mut self) -> Option<Arc<Datagram>> {
        let packet = self.packets.pop_front()?;
        self.used -= packet.data.len() + OVERHEAD;
        if self.packets.is_empty() && self.packets.capacity() > 32 {
            self.packets = VecDeque::new();
        }
        Some(packet)
    }

    /// The oldest.
    pub fn front(&self) -> Option<&Arc<Datagram>> {
        self.packets.front()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    /// Bytes in use, for /proc/net/udp.
    pub fn used(&self) -> usize {
        self.used
    }
}
