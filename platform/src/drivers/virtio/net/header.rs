//! The header before every frame in a ring's buffers (virtio 1.2, section 5.1.6).

use crate::drivers::net::TxMeta;

/// Its length with version 1 devices: the number of buffers is always there.
pub const LEN: usize = 12;

/// The checksum field holds the pseudo header's sum only.
const FLAG_NEEDS_CSUM: u8 = 1 << 0;
/// The device checked the checksum.
const FLAG_DATA_VALID: u8 = 1 << 1;
const GSO_NONE: u8 = 0;
const GSO_TCPV4: u8 = 1;
/// The packet had congestion marks; beside a type.
const GSO_ECN: u8 = 0x80;

/// What the device says of a received packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RxHeader {
    /// The TCP or UDP checksum is right, or was never computed for a packet that did not leave
    /// the host.
    pub checksum_ok: bool,
    /// Payload of each of the segments that the packet was put together from.
    pub segment: Option<u16>,
    /// Buffers that the packet fills.
    pub buffers: u16,
}

impl RxHeader {
    /// Reads the header at the start of `bytes`; `None` if it is not whole or says what was not
    /// agreed on.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let header: &[u8; LEN] = bytes.first_chunk()?;
        let [flags, gso, _, _, size_low, size_high, _, _, _, _, count_low, count_high] = *header;
        let segment = match gso & !GSO_ECN {
            GSO_NONE => None,
            GSO_TCPV4 => Some(u16::from_le_bytes([size_low, size_high])),
            _ => return None,
        };
        Some(Self {
            checksum_ok: flags & (FLAG_NEEDS_CSUM | FLAG_DATA_VALID) != 0,
            segment,
            buffers: u16::from_le_bytes([count_low, count_high]),
        })
    }
}

/// The header for a frame to send.
pub fn for_sending(meta: &TxMeta) -> [u8; LEN] {
    let mut header = [0; LEN];
    if let Some(checksum) = meta.checksum {
        header[0] = FLAG_NEEDS_CSUM;
        header[6..8].copy_from_slice(&checksum.start.to_le_bytes());
        header[8..10].copy_from_slice(&checksum.offset.to_le_bytes());
    }
    if let Some(gso) = meta.gso {
        header[1] = GSO_TCPV4;
        header[2..4].copy_from_slice(&gso.headers.to_le_bytes());
        header[4..6].copy_from_slice(&gso.segment.to_le_bytes());
    }
    header
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drivers::net::{TxChecksum, TxGso};

    #[test]
    fn sending() {
        assert_eq!(for_sending(&TxMeta::default()), [0; LEN]);
        let meta = TxMeta {
            checksum: Some(TxChecksum { start: 34, offset: 16 }),
            gso: Some(TxGso { segment: 1460, headers: 54 }),
        };
        assert_eq!(for_sending(&meta), [1, 1, 54, 0, 0xb4, 5, 34, 0, 16, 0, 0, 0]);
    }

    #[test]
    fn receiving() {
        let parse = |bytes: &[u8]| RxHeader::parse(bytes);
        let plain = RxHeader { checksum_ok: false, segment: None, buffers: 1 };
        assert_eq!(parse(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 9]), Some(plain));
        let large = RxHeader { checksum_ok: true, segment: Some(1448), buffers: 3 };
        assert_eq!(parse(&[1, 0x81, 66, 0, 0xa8, 5, 34, 0, 16, 0, 3, 0]), Some(large));
        assert!(parse(&[2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]).unwrap().checksum_ok);
        assert_eq!(parse(&[0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]), None, "UDP was not agreed on");
        assert_eq!(parse(&[0; 11]), None);
    }
}
