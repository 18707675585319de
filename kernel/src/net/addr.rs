//! Internet addresses as the protocol code uses them: [`Endpoint`] (address and port),
//! [`FourTuple`] (a connection's name) and [`Cidr`], with the hash that tables are keyed by.
//!
//! Addresses are [`core::net::Ipv4Addr`]. The keyed hash ([`KeyedState`]) folds a 128-bit product;
//! its key is drawn at boot, so that a peer cannot aim at one bucket.

use core::fmt;
use core::hash::{BuildHasher, Hash, Hasher};
use core::net::Ipv4Addr;

/// An IPv4 address and a port.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Endpoint {
    /// The address; `0.0.0.0` where any is meant.
    pub addr: Ipv4Addr,
    /// The port in host order; 0 where none is chosen.
    pub port: u16,
}

impl Endpoint {
    /// Neither address nor port.
    pub const UNSPECIFIED: Self = Self { addr: Ipv4Addr::UNSPECIFIED, port: 0 };

    /// Puts the two together.
    #[must_use]
    pub const fn new(addr: Ipv4Addr, port: u16) -> Self {
        Self { addr, port }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.addr, self.port)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The name of a connection: both its ends, seen from here.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct FourTuple {
    /// Our end.
    pub local: Endpoint,
    /// The peer's end.
    pub remote: Endpoint,
}

impl Hash for FourTuple {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        let addresses = u64::from(self.local.addr.to_bits()) << 32;
        state.write_u64(addresses | u64::from(self.remote.addr.to_bits()));
        state.write_u64(u64::from(self.local.port) << 16 | u64::from(self.remote.port));
    }
}

/// An address with the length of its network's prefix.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cidr {
    /// The host's address.
    pub addr: Ipv4Addr,
    /// How many leading bits name the network, at most 32.
    pub prefix: u8,
}

impl Cidr {
    /// The network mask.
    #[must_use]
    pub fn mask(self) -> Ipv4Addr {
        Ipv4Addr::from_bits(u32::MAX.checked_shl(32 - u32::from(self.prefix.min(32))).unwrap_or(0))
    }

    /// The network's own address.
    #[must_use]
    pub fn network(self) -> Ipv4Addr {
        self.addr & self.mask()
    }

    /// The network's broadcast address; a /31 or /32 has none.
    #[must_use]
    pub fn broadcast(self) -> Option<Ipv4Addr> {
        (self.prefix < 31).then(|| self.addr | !self.mask())
    }

    /// Whether `addr` lies in the network.
    #[must_use]
    pub fn contains(self, addr: Ipv4Addr) -> bool {
        addr & self.mask() == self.network()
    }

    /// The prefix length of a mask, `None` if its ones are not all in front.
    #[must_use]
    pub fn prefix_of_mask(mask: Ipv4Addr) -> Option<u8> {
        let bits = mask.to_bits();
        let ones = bits.leading_ones();
        (bits.count_ones() == ones).then(|| u8::try_from(ones).unwrap_or(32))
    }
}

/// Makes [`KeyedHasher`]s from a secret.
#[derive(Clone, Copy, Debug)]
pub struct KeyedState {
    key: u64,
    multiplier: u64,
}

impl KeyedState {
    /// A state from 16 secret bytes.
    #[must_use]
    pub const fn new(secret: [u64; 2]) -> Self {
        // The multiplier must be odd, else the low bits of the input could cancel out.
        Self { key: secret[0], multiplier: secret[1] | 1 }
    }

    /// The hash of two words.
    #[must_use]
    pub fn mix(&self, a: u64, b: u64) -> u64 {
        let mut hasher = self.build_hasher();
        hasher.write_u64(a);
        hasher.write_u64(b);
        hasher.finish()
    }
}

impl BuildHasher for KeyedState {
    type Hasher = KeyedHasher;
    #[inline]
    fn build_hasher(&self) -> KeyedHasher {
        KeyedHasher { state: self.key, multiplier: self.multiplier }
    }
}

/// Folds words into a state by 128-bit products.
#[derive(Debug)]
pub struct KeyedHasher {
    state: u64,
    multiplier: u64,
}

impl Hasher for KeyedHasher {
    #[inline]
    fn write_u64(&mut self, word: u64) {
        let product = u128::from(self.state ^ word) * u128::from(self.multiplier);
        // Both halves are kept: the high one depends on all bits, the low one spreads them.
        self.state = (product as u64) ^ ((product >> 64) as u64).rotate_left(23);
        self.state = self.state.wrapping_add(self.multiplier.rotate_left(31));
    }

    #[inline]
    fn write_u16(&mut self, word: u16) {
        self.write_u64(u64::from(word));
    }

    #[inline]
    fn write_u32(&mut self, word: u32) {
        self.write_u64(u64::from(word));
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            for (to, from) in word.iter_mut().zip(chunk) {
                *to = *from;
            }
            self.write_u64(u64::from_le_bytes(word));
        }
        self.write_u64(bytes.len() as u64);
    }

    #[inline]
    fn finish(&self) -> u64 {
        let product = u128::from(self.state) * u128::from(self.multiplier);
        (product as u64) ^ ((product >> 64) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks() {
        let net = Cidr { addr: Ipv4Addr::new(10, 0, 2, 15), prefix: 24 };
        assert_eq!(net.mask(), Ipv4Addr::new(255, 255, 255, 0));
        assert_eq!(net.broadcast(), Some(Ipv4Addr::new(10, 0, 2, 255)));
        assert!(net.contains(Ipv4Addr::new(10, 0, 2, 2)));
        assert!(!net.contains(Ipv4Addr::new(10, 0, 3, 2)));
        assert_eq!(Cidr { addr: net.addr, prefix: 0 }.mask(), Ipv4Addr::UNSPECIFIED);
        assert_eq!(Cidr::prefix_of_mask(Ipv4Addr::new(255, 255, 240, 0)), Some(20));
        assert_eq!(Cidr::prefix_of_mask(Ipv4Addr::new(255, 0, 255, 0)), None);
    }

    #[test]
    fn neighbouring_tuples_spread() {
        let state = KeyedState::new([0x1234_5678_9abc_def0, 0x0fed_cba9_8765_4321]);
        let mut seen = std::collections::HashSet::new();
        for port in 0..1000 {
            let local = Endpoint::new(Ipv4Addr::new(10, 0, 0, 1), 80);
            let remote = Endpoint::new(Ipv4Addr::new(10, 0, 0, 2), port);
            seen.insert(state.hash_one(FourTuple { local, remote }) & 0xfff);
        }
        assert!(seen.len() > 800, "{}", seen.len());
    }
}
