//! Checking a received IPv4 packet.

use super::HEADER;
use crate::net::checksum::checksum;
use core::net::Ipv4Addr;

/// A received packet whose header is right.
#[derive(Clone, Copy, Debug)]
pub struct IpIn<'a> {
    /// Source address.
    pub src: Ipv4Addr,
    /// Destination address.
    pub dst: Ipv4Addr,
    /// The protocol's number.
    pub protocol: u8,
    /// Type of service.
    pub tos: u8,
    /// Time to live.
    pub ttl: u8,
    /// Identification, for fragments.
    pub ident: u16,
    /// Position in the whole packet, in bytes.
    pub offset: usize,
    /// Whether more fragments follow.
    pub more: bool,
    /// What the packet carries.
    pub payload: &'a [u8],
    /// The whole packet with its header, without padding.
    pub whole: &'a [u8],
}

impl IpIn<'_> {
    /// Whether this is only a part of a packet.
    #[must_use]
    pub fn is_fragment(&self) -> bool {
        self.more || self.offset != 0
    }
}

/// Checks version, lengths and (unless `trusted`) the header's checksum; `None` if wrong.
#[inline]
#[must_use]
pub fn parse(packet: &[u8], trusted: bool) -> Option<IpIn<'_>> {
    let header = packet.first_chunk::<HEADER>()?;
    let [version_length, tos, l0, l1, i0, i1, f0, f1, ttl, protocol, _, _, addresses @ ..] =
        *header;
    let header_len = usize::from(version_length & 0xf) * 4;
    let total = usize::from(u16::from_be_bytes([l0, l1]));
    if version_length >> 4 != 4 || header_len < HEADER || total < header_len {
        return None;
    }
    let whole = packet.get(..total)?;
    let (front, payload) = whole.split_at_checked(header_len)?;
    if !trusted && checksum(front) != 0 {
        return None;
    }
    let [s0, s1, s2, s3, d0, d1, d2, d3] = addresses;
    let flags = u16::from_be_bytes([f0, f1]);
    Some(IpIn {
        src: Ipv4Addr::new(s0, s1, s2, s3),
        dst: Ipv4Addr::new(d0, d1, d2, d3),
        protocol,
        tos,
        ttl,
        ident: u16::from_be_bytes([i0, i1]),
        offset: usize::from(flags & 0x1fff) * 8,
        more: flags & 0x2000 != 0,
        payload,
        whole,
    })
}
