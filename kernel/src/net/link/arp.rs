//! ARP (RFC 826): [`ArpCache`], who is behind which address on an Ethernet.
//!
//! ```text
//! entry:  Asking ──reply──> Known ──60 s without use──> (gone)
//!           │ 3 requests         └─ in use: refreshed by a unicast request after 30 s
//!           └──> failed: the packets that waited come back as "host unreachable"
//! ```
//! Only replies that were asked for and requests for our own address change the cache.

use super::ethernet::{self, MacAddr};
use super::iface::Iface;
use alloc::vec::Vec;
use core::net::Ipv4Addr;
use hashbrown::HashMap;
use smoltcp::wire::{ArpOperation, ArpPacket, ArpRepr, EthernetAddress};

const SECOND: u64 = 1_000_000_000;
/// How long an answer is believed.
const LIFETIME: u64 = 60 * SECOND;
/// After this long an entry in use is asked for again.
const REFRESH: u64 = 30 * SECOND;
/// Time between two requests.
const RETRY: u64 = SECOND;
/// Requests before the neighbour counts as unreachable.
const TRIES: u8 = 3;
/// Most neighbours remembered.
const ENTRIES: usize = 256;
/// Most packets that wait for one neighbour.
const WAITING: usize = 16;

type Hash = core::hash::BuildHasherDefault<crate::net::link::arp::AddrHasher>;

/// A plain multiplicative hash; the table is small and bounded.
#[derive(Default, Debug)]
pub struct AddrHasher(u64);

impl core::hash::Hasher for AddrHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 =
                (self.0 ^ u64::from(*byte)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
        }
    }
    fn finish(&self) -> u64 {
        self.0
    }
}

/// What [`ArpCache::lookup`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// The address.
    Known(MacAddr),
    /// The address, to be confirmed by a request.
    Refresh(MacAddr),
    /// Unknown: send a request.
    Ask,
    /// Unknown, a request is under way.
    Asked,
}

#[derive(Debug)]
enum Entry {
    Known { mac: MacAddr, since: u64, asked: u64 },
    Asking { tries: u8, next: u64, waiting: Vec<Vec<u8>> },
}

/// The neighbours of an interface.
#[derive(Debug, Default)]
pub struct ArpCache {
    entries: HashMap<Ipv4Addr, Entry, Hash>,
}

impl ArpCache {
    /// An empty cache.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Looks a neighbour up; makes an entry for one that has to be asked for.
    pub fn lookup(&mut self, addr: Ipv4Addr, now: u64) -> Resolution {
        match self.entries.get_mut(&addr) {
            Some(Entry::Known { mac, since, asked }) if now < *since + LIFETIME => {
                if now > *since + REFRESH && now > *asked + RETRY {
                    *asked = now;
                    return Resolution::Refresh(*mac);
                }
                return Resolution::Known(*mac);
            }
            Some(Entry::Asking { .. }) => return Resolution::Asked,
            _ => {}
        }
        if self.entries.len() >= ENTRIES {
            self.evict();
        }
        if self.entries.try_reserve(1).is_ok() {
            let asking = Entry::Asking { tries: 1, next: now + RETRY, waiting: Vec::new() };
            self.entries.insert(addr, asking);
        }
        Resolution::Ask
    }

    /// Keeps an IP packet until the neighbour has answered.
    pub fn wait(&mut self, addr: Ipv4Addr, packet: Vec<u8>) {
        if let Some(Entry::Asking { waiting, .. }) = self.entries.get_mut(&addr)
            && waiting.len() < WAITING
            && waiting.try_reserve(1).is_ok()
        {
            waiting.push(packet);
        }
    }

    /// Notes where a neighbour is; returns the packets that waited for it. A neighbour nobody
    /// asked for is noted only if `create`.
    pub fn learn(&mut self, addr: Ipv4Addr, mac: MacAddr, create: bool, now: u64) -> Vec<Vec<u8>> {
        let known = Entry::Known { mac, since: now, asked: now };
        if let Some(entry) = self.entries.get_mut(&addr) {
            return match core::mem::replace(entry, known) {
                Entry::Asking { waiting, .. } => waiting,
                Entry::Known { .. } => Vec::new(),
            };
        }
        if create {
            if self.entries.len() >= ENTRIES {
                self.evict();
            }
            if self.entries.try_reserve(1).is_ok() {
                self.entries.insert(addr, known);
            }
        }
        Vec::new()
    }

    /// When the next request is due.
    #[must_use]
    pub fn next_deadline(&self) -> Option<u64> {
        self.entries
            .values()
            .filter_map(|entry| match entry {
                Entry::Asking { next, .. } => Some(*next),
                Entry::Known { .. } => None,
            })
            .min()
    }

    /// Lists the neighbours to ask again, and takes out the packets of those that never answered.
    fn expire(&mut self, now: u64, ask: &mut Vec<Ipv4Addr>, failed: &mut Vec<Vec<u8>>) {
        self.entries.retain(|addr, entry| match entry {
            Entry::Asking { tries, next, waiting } if *next <= now => {
                if *tries >= TRIES {
                    failed.append(waiting);
                    return false;
                }
                *tries += 1;
                *next = now + RETRY;
                ask.push(*addr);
                true
            }
            Entry::Known { since, .. } => now < *since + LIFETIME,
            Entry::Asking { .. } => true,
        });
    }

    /// The neighbours that are known, for /proc/net/arp.
    pub fn known(&self) -> impl Iterator<Item = (Ipv4Addr, MacAddr)> {
        self.entries.iter().filter_map(|(addr, entry)| match entry {
            Entry::Known { mac, .. } => Some((*addr, *mac)),
            Entry::Asking { .. } => None,
        })
    }

    fn evict(&mut self) {
        let oldest = self.entries.iter().min_by_key(|(_, entry)| match entry {
            Entry::Known { since, .. } => *since,
            Entry::Asking { next, .. } => *next,
        });
        if let Some(addr) = oldest.map(|(addr, _)| *addr) {
            self.entries.remove(&addr);
        }
    }
}

impl Iface {
    /// Asks who has `target`.
    pub(in crate::net) fn send_arp_request(&self, to: MacAddr, target: Ipv4Addr) {
        self.send_arp(ArpOperation::Request, to, [0; 6], target);
    }

    /// Handles a received ARP packet.
    pub(in crate::net) fn arp_input(&self, packet: &[u8], now: u64) {
        let Ok(packet) = ArpPacket::new_checked(packet) else { return };
        let Ok(ArpRepr::EthernetIpv4 {
            operation,
            source_hardware_addr,
            source_protocol_addr,
            target_protocol_addr,
            ..
        }) = ArpRepr::parse(&packet)
        else {
            return;
        };
        let ours = self.addr();
        let sender = source_protocol_addr;
        let usable = source_hardware_addr.is_unicast()
            && !sender.is_unspecified()
            && !sender.is_broadcast()
            && !sender.is_multicast()
            && !sender.is_loopback()
            && sender != ours;
        let for_us = target_protocol_addr == ours && !ours.is_unspecified();
        if usable {
            let create = for_us && operation == ArpOperation::Request;
            let mac = source_hardware_addr.0;
            let waiting = self.arp.lock().learn(sender, mac, create, now);
            for packet in waiting {
                self.send_frame(mac, ethernet::TYPE_IPV4, &packet);
            }
        }
        if for_us && operation == ArpOperation::Request && source_hardware_addr.is_unicast() {
            let mac = source_hardware_addr.0;
            self.send_arp(ArpOperation::Reply, mac, mac, sender);
        }
    }

    fn send_arp(&self, operation: ArpOperation, to: MacAddr, target: MacAddr, addr: Ipv4Addr) {
        let repr = ArpRepr::EthernetIpv4 {
            operation,
            source_hardware_addr: EthernetAddress(self.mac()),
            source_protocol_addr: self.addr(),
            target_hardware_addr: EthernetAddress(target),
            target_protocol_addr: addr,
        };
        /// Length of an ARP packet for IPv4 over Ethernet.
        const LENGTH: usize = 28;
        let mut packet = [0; LENGTH];
        if repr.buffer_len() <= LENGTH {
            repr.emit(&mut ArpPacket::new_unchecked(&mut packet[..]));
            self.send_frame(to, ethernet::TYPE_ARP, &packet);
        }
    }

    /// Repeats requests that are due; returns the packets that waited for nobody.
    pub(in crate::net) fn arp_timer(&self, now: u64) -> Vec<Vec<u8>> {
        let (mut ask, mut failed) = (Vec::new(), Vec::new());
        self.arp.lock().expire(now, &mut ask, &mut failed);
        for addr in ask {
            self.send_arp_request(ethernet::BROADCAST, addr);
        }
        failed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 9);

    #[test]
    fn life_of_an_entry() {
        let mut cache = ArpCache::new();
        assert_eq!(cache.lookup(A, 0), Resolution::Ask);
        assert_eq!(cache.lookup(A, 1), Resolution::Asked);
        cache.wait(A, vec![1]);
        assert_eq!(cache.next_deadline(), Some(RETRY));
        assert_eq!(cache.learn(A, [1; 6], false, 5), vec![vec![1]]);
        assert_eq!(cache.lookup(A, 6), Resolution::Known([1; 6]));
        assert_eq!(cache.lookup(A, 6 + REFRESH), Resolution::Refresh([1; 6]));
        assert_eq!(cache.lookup(A, 7 + REFRESH), Resolution::Known([1; 6]));
        assert_eq!(cache.lookup(A, 6 + LIFETIME), Resolution::Ask);
        let (mut ask, mut failed) = (Vec::new(), Vec::new());
        cache.wait(A, vec![2]);
        for round in 1..=3 {
            cache.expire(6 + LIFETIME + round * RETRY, &mut ask, &mut failed);
        }
        assert_eq!((ask.len(), failed), (2, vec![vec![2]]));
    }

    #[test]
    fn strangers_are_not_remembered_without_cause_and_bounded_with() {
        let mut cache = ArpCache::new();
        cache.learn(A, [1; 6], false, 0);
        assert_eq!(cache.known().count(), 0);
        for i in 0..1000u32 {
            cache.learn(Ipv4Addr::from_bits(i), [1; 6], true, u64::from(i));
        }
        assert_eq!(cache.known().count(), ENTRIES);
    }
}
