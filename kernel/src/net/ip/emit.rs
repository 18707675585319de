//! Writing an IPv4 packet.

use super::{HEADER, ICMP};
use crate::net::checksum::{Sum, checksum};
use crate::net::link::IpOut;

/// Whether and how a packet is part of a larger one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fragment {
    /// Whole, and not to be cut.
    Dont,
    /// Whole; routers may cut it.
    May,
    /// A piece.
    Piece {
        /// The identification all pieces share.
        ident: u16,
        /// Where in the whole it lies, in units of 8 bytes.
        offset: u16,
        /// Whether more follow.
        more: bool,
    },
}

const DONT_FRAGMENT: u16 = 0x4000;
const MORE_FRAGMENTS: u16 = 0x2000;
/// Version 4, five words of header.
const VERSION_LENGTH: u8 = 0x45;

/// Writes the whole packet to `room`, which has just the size for it.
///
/// With `complete`, the protocol's checksum is computed; else its field stays as it is.
#[inline]
pub fn emit_packet(
    room: &mut [u8],
    packet: &IpOut<'_>,
    ident: u16,
    complete: bool,
    payload: impl FnOnce(&mut [u8]),
) {
    let length = room.len();
    let Some((header, body)) = room.split_first_chunk_mut::<HEADER>() else { return };
    let (ident, flags) = match packet.fragment {
        Fragment::Dont => (ident, DONT_FRAGMENT),
        Fragment::May => (ident, 0),
        Fragment::Piece { ident, offset, more } => {
            (ident, offset | if more { MORE_FRAGMENTS } else { 0 })
        }
    };
    let [l0, l1] = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
    let [i0, i1] = ident.to_be_bytes();
    let [f0, f1] = flags.to_be_bytes();
    let [s0, s1, s2, s3] = packet.src.octets();
    let [d0, d1, d2, d3] = packet.dst.octets();
    *header = [
        VERSION_LENGTH,
        packet.tos,
        l0,
        l1,
        i0,
        i1,
        f0,
        f1,
        packet.ttl,
        packet.protocol,
        0,
        0,
        s0,
        s1,
        s2,
        s3,
        d0,
        d1,
        d2,
        d3,
    ];
    let [c0, c1] = checksum(header).to_be_bytes();
    header[10] = c0;
    header[11] = c1;
    let Some((front, rest)) = body.split_at_mut_checked(packet.header.len()) else { return };
    front.copy_from_slice(packet.header);
    payload(rest);
    if complete && let Some(at) = packet.checksum_at {
        let sum = pseudo_header(packet, body.len()).and(body).finish();
        // UDP says "no checksum" by 0 (RFC 768); all ones mean the same sum.
        store(body, at, if sum == 0 { 0xffff } else { sum });
    }
}

/// Stores the sum of the pseudo header, for a device that completes the checksum.
pub fn store_partial_checksum(room: &mut [u8], packet: &IpOut<'_>, at: u16) {
    let Some((_, body)) = room.split_at_mut_checked(HEADER) else { return };
    let sum = pseudo_header(packet, body.len()).partial();
    store(body, at, sum);
}

fn pseudo_header(packet: &IpOut<'_>, length: usize) -> Sum {
    if packet.protocol == ICMP {
        return Sum::default();
    }
    Sum::pseudo_header(packet.src, packet.dst, packet.protocol, length)
}

fn store(body: &mut [u8], at: u16, sum: u16) {
    if let Some(field) = body.get_mut(usize::from(at)..).and_then(|b| b.first_chunk_mut::<2>()) {
        *field = sum.to_be_bytes();
    }
}
