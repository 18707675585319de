//! Putting fragments together: [`Reassembly`].
//!
//! At most [`PACKETS`] packets are under way, each for 30 seconds. Overlapping fragments throw
//! the whole packet away: no honest sender makes them.

use super::IpIn;
use alloc::vec::Vec;
use core::net::Ipv4Addr;

/// Packets under way at a time.
const PACKETS: usize = 16;
/// How long the pieces of one may take.
const LIFETIME: u64 = 30_000_000_000;
/// Most pieces of one packet.
const PIECES: usize = 64;
/// Longest payload of an IPv4 packet.
const LONGEST: usize = 65535;

#[derive(Debug)]
struct Piece {
    offset: usize,
    data: Vec<u8>,
}

#[derive(Debug)]
struct Partial {
    key: (Ipv4Addr, Ipv4Addr, u8, u16),
    deadline: u64,
    total: Option<usize>,
    pieces: Vec<Piece>,
}

/// The packets of which some fragments have come.
#[derive(Debug, Default)]
pub struct Reassembly {
    partial: Vec<Partial>,
}

impl Reassembly {
    /// Nothing under way.
    #[must_use]
    pub const fn new() -> Self {
        Self { partial: Vec::new() }
    }

    /// Takes a fragment; returns the payload of the whole packet when it was the last one.
    pub fn input(&mut self, packet: &IpIn<'_>, now: u64) -> Option<Vec<u8>> {
        self.partial.retain(|partial| partial.deadline > now);
        let key = (packet.src, packet.dst, packet.protocol, packet.ident);
        let index = match self.partial.iter().position(|partial| partial.key == key) {
            Some(index) => index,
            None => {
                if self.partial.len() >= PACKETS {
                    self.partial.swap_remove(0);
                }
                self.partial.try_reserve(1).ok()?;
                let deadline = now + LIFETIME;
                self.partial.push(Partial { key, deadline, total: None, pieces: Vec::new() });
                self.partial.len() - 1
            }
        };
        let partial = self.partial.get_mut(index)?;
        if !partial.insert(packet) {
            self.partial.swap_remove(index);
            return None;
        }
        let whole = partial.join()?;
        self.partial.swap_remove(index);
        Some(whole)
    }
}

impl Partial {
    /// Notes a piece; false if it does not fit the others.
    fn insert(&mut self, packet: &IpIn<'_>) -> bool {
        let (offset, end) = (packet.offset, packet.offset + packet.payload.len());
        let uneven = packet.more && !packet.payload.len().is_multiple_of(8);
        if end > LONGEST || uneven || packet.payload.is_empty() || self.pieces.len() >= PIECES {
            return false;
        }
        if !packet.more {
            if self.total.is_some_and(|total| total != end) {
                return false;
            }
            self.total = Some(end);
        }
        if self.total.is_some_and(|total| end > total) {
            return false;
        }
        let at = self.pieces.partition_point(|piece| piece.offset < offset);
        if let Some(next) = self.pieces.get(at) {
            if next.offset == offset && next.data.len() == packet.payload.len() {
                return true;
            }
            if next.offset < end {
                return false;
            }
        }
        let before = at.checked_sub(1).and_then(|at| self.pieces.get(at));
        if before.is_some_and(|piece| piece.offset + piece.data.len() > offset) {
            return false;
        }
        let mut data = Vec::new();
        if data.try_reserve_exact(packet.payload.len()).is_err()
            || self.pieces.try_reserve(1).is_err()
        {
            return false;
        }
        data.extend_from_slice(packet.payload);
        self.pieces.insert(at, Piece { offset, data });
        true
    }

    /// The whole payload, if all of it is there.
    fn join(&self) -> Option<Vec<u8>> {
        let total = self.total?;
        let held: usize = self.pieces.iter().map(|piece| piece.data.len()).sum();
        if held != total {
            return None;
        }
        let mut whole = Vec::new();
        whole.try_reserve_exact(total).ok()?;
        for piece in &self.pieces {
            whole.extend_from_slice(&piece.data);
        }
        Some(whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(offset: usize, data: &[u8], more: bool) -> IpIn<'_> {
        IpIn {
            src: Ipv4Addr::new(1, 2, 3, 4),
            dst: Ipv4Addr::new(5, 6, 7, 8),
            protocol: 17,
            tos: 0,
            ttl: 1,
            ident: 7,
            offset,
            more,
            payload: data,
            whole: data,
        }
    }

    #[test]
    fn joins_in_any_order_and_drops_overlaps() {
        let data: Vec<u8> = (0..40).collect();
        let mut packets = Reassembly::new();
        assert!(packets.input(&piece(32, &data[32..], false), 0).is_none());
        assert!(packets.input(&piece(0, &data[..16], true), 0).is_none());
        assert!(packets.input(&piece(0, &data[..16], true), 0).is_none());
        assert_eq!(packets.input(&piece(16, &data[16..32], true), 0).unwrap(), data);
        assert!(packets.partial.is_empty());

        assert!(packets.input(&piece(0, &data[..16], true), 0).is_none());
        assert!(packets.input(&piece(8, &data[8..], false), 0).is_none());
        assert!(packets.partial.is_empty());
    }

    #[test]
    fn is_bounded() {
        let mut packets = Reassembly::new();
        for ident in 0..1000 {
            let mut one = piece(0, &[0; 8], true);
            one.ident = ident;
            packets.input(&one, 0);
        }
        assert!(packets.partial.len() <= PACKETS);
        packets.input(&piece(0, &[0; 8], true), LIFETIME + 1);
        assert_eq!(packets.partial.len(), 1);
    }
}
