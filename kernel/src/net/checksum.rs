//! The Internet checksum (RFC 1071) over data in pieces: [`Sum`].

use core::net::Ipv4Addr;

/// A running one's complement sum. Pieces may have odd lengths.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sum {
    total: u64,
    odd: bool,
}

impl Sum {
    /// The sum of TCP's and UDP's pseudo header for a packet of `len` bytes.
    #[must_use]
    pub fn pseudo_header(src: Ipv4Addr, dst: Ipv4Addr, protocol: u8, len: usize) -> Self {
        let addresses = u64::from(src.to_bits()) + u64::from(dst.to_bits());
        Self { total: addresses + u64::from(protocol) + len as u64, odd: false }
    }

    /// Adds the next piece.
    #[must_use]
    pub fn and(mut self, bytes: &[u8]) -> Self {
        let mut bytes = bytes;
        if self.odd {
            let Some((first, rest)) = bytes.split_first() else { return self };
            self.total += u64::from(*first);
            self.odd = false;
            bytes = rest;
        }
        let (words, rest) = bytes.as_chunks::<8>();
        let mut total = u128::from(self.total);
        for word in words {
            total += u128::from(u64::from_be_bytes(*word));
        }
        let (pairs, rest) = rest.as_chunks::<2>();
        for pair in pairs {
            total += u128::from(u16::from_be_bytes(*pair));
        }
        if let Some(last) = rest.first() {
            total += u128::from(*last) << 8;
            self.odd = true;
        }
        // 2^64 is 1 modulo 2^16 - 1, so the halves may be added.
        let folded = (total >> 64) + (total & u128::from(u64::MAX));
        self.total = fold32((folded >> 64) as u64) + fold32(folded as u64);
        self
    }

    /// The sum as 16 bits, not inverted: what goes into the field of a packet whose checksum a
    /// device completes.
    #[must_use]
    pub fn partial(self) -> u16 {
        let mut sum = fold32(self.total);
        while sum >> 16 != 0 {
            sum = (sum >> 16) + (sum & 0xffff);
        }
        sum as u16
    }

    /// The checksum: the inverted sum. 0 for data that includes a right checksum.
    #[must_use]
    pub fn finish(self) -> u16 {
        !self.partial()
    }
}

fn fold32(sum: u64) -> u64 {
    (sum >> 32) + (sum & 0xffff_ffff)
}

/// The checksum of one piece.
#[must_use]
pub fn checksum(bytes: &[u8]) -> u16 {
    Sum::default().and(bytes).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn simple(bytes: &[u8]) -> u16 {
        let mut sum = 0u32;
        for pair in bytes.chunks(2) {
            sum += u32::from(pair[0]) << 8 | u32::from(pair.get(1).copied().unwrap_or(0));
        }
        while sum > 0xffff {
            sum = (sum >> 16) + (sum & 0xffff);
        }
        !(sum as u16)
    }

    #[test]
    fn pieces_add_up() {
        let data: Vec<u8> = (0..1501u32).map(|i| (i * 7 + 255) as u8).collect();
        for cut in [0, 1, 2, 3, 7, 8, 9, 700, 1501] {
            let (a, b) = data.split_at(cut);
            assert_eq!(Sum::default().and(a).and(b).finish(), simple(&data), "{cut}");
        }
        assert_eq!(checksum(&[0xff; 64]), simple(&[0xff; 64]));
    }
}
