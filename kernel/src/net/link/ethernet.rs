//! Ethernet framing.

/// A hardware address.
pub type MacAddr = [u8; 6];

/// Bytes in front of the packet: destination, source, type.
pub const ETHERNET_HEADER: usize = 14;

/// The destination of frames for everybody.
pub const BROADCAST: MacAddr = [0xff; 6];

/// The type of IPv4 packets.
pub const TYPE_IPV4: u16 = 0x0800;
/// The type of ARP packets.
pub const TYPE_ARP: u16 = 0x0806;

/// Writes a header at the front of `frame`; returns what is behind it.
pub fn emit(frame: &mut [u8], to: MacAddr, from: MacAddr, kind: u16) -> &mut [u8] {
    let Some((header, rest)) = frame.split_first_chunk_mut::<ETHERNET_HEADER>() else {
        return &mut [];
    };
    let [t0, t1, t2, t3, t4, t5] = to;
    let [f0, f1, f2, f3, f4, f5] = from;
    let [k0, k1] = kind.to_be_bytes();
    *header = [t0, t1, t2, t3, t4, t5, f0, f1, f2, f3, f4, f5, k0, k1];
    rest
}

/// Splits a frame into destination, source, type and packet; `None` if it is too short.
pub fn parse(frame: &[u8]) -> Option<(MacAddr, MacAddr, u16, &[u8])> {
    let (to, rest) = frame.split_first_chunk::<6>()?;
    let (from, rest) = rest.split_first_chunk::<6>()?;
    let (kind, packet) = rest.split_first_chunk::<2>()?;
    Some((*to, *from, u16::from_be_bytes(*kind), packet))
}
