//! [`Iface`]: one network interface, and how an IP packet leaves through it.

use super::arp::{ArpCache, Resolution};
use super::ethernet::{self, ETHERNET_HEADER, MacAddr};
use super::loopback::LoopQueue;
use crate::net::addr::Cidr;
use crate::net::ip;
use core::net::Ipv4Addr;
use core::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering};
use elfin_platform::drivers::net::{NetDevice, NetFeatures, TxChecksum, TxGso, TxMeta};
use elfin_platform::sync::SpinLock;

/// MTU of the loopback interface, as Linux has it.
const LOOPBACK_MTU: usize = 65536;
/// Longest packet that IPv4 can name.
const IPV4_MAX: usize = 65535;

/// What an interface stands on.
#[derive(Clone, Copy)]
pub enum Link {
    /// Packets come back to ourselves.
    Loopback(&'static LoopQueue),
    /// An Ethernet device of the machine.
    Device(&'static NetDevice),
    /// A wire of the test bench.
    #[cfg(test)]
    Wire(&'static crate::net::tests::wire::WireEnd),
}

/// The device's ring has no room now; try again when it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// Packet and byte counters of one direction, for /proc/net/dev.
#[derive(Debug, Default)]
pub struct Counters {
    /// Packets.
    pub packets: AtomicU64,
    /// Bytes.
    pub bytes: AtomicU64,
    /// Packets thrown away.
    pub dropped: AtomicU64,
}

impl Counters {
    /// Counts a packet.
    pub fn count(&self, bytes: usize) {
        self.packets.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// A network interface.
pub struct Iface {
    /// The name: `lo`, `eth0`.
    pub name: &'static str,
    /// The index, from 1.
    pub index: u32,
    /// Received.
    pub rx: Counters,
    /// Sent.
    pub tx: Counters,
    pub(in crate::net) link: Link,
    pub(in crate::net) arp: SpinLock<ArpCache>,
    mac: MacAddr,
    mtu: usize,
    features: NetFeatures,
    addr: AtomicU32,
    prefix: AtomicU8,
    gateway: AtomicU32,
    ident: AtomicU16,
}

/// An IP packet to be sent: everything but its payload.
#[derive(Clone, Copy, Debug)]
pub struct IpOut<'a> {
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
    /// Whether routers may cut it.
    pub fragment: ip::Fragment,
    /// The protocol's header, checksum field zero.
    pub header: &'a [u8],
    /// Where in `header` the checksum is; `None` if it is there already.
    pub checksum_at: Option<u16>,
    /// Bytes of payload.
    pub payload_len: usize,
    /// Payload per segment, if the device is to cut the packet.
    pub segment: Option<u16>,
}

impl Iface {
    /// Makes the interface of a link; it has no address yet.
    #[must_use]
    pub fn new(name: &'static str, index: u32, link: Link) -> Self {
        let (mac, mtu, features) = match link {
            Link::Loopback(_) => ([0; 6], LOOPBACK_MTU, NetFeatures::default()),
            Link::Device(device) => (device.mac(), device.mtu(), device.features()),
            #[cfg(test)]
            Link::Wire(end) => (end.mac, end.mtu, NetFeatures::default()),
        };
        Self {
            name,
            index,
            link,
            mac,
            mtu,
            features,
            arp: SpinLock::new(ArpCache::new()),
            rx: Counters::default(),
            tx: Counters::default(),
            addr: AtomicU32::new(0),
            prefix: AtomicU8::new(0),
            gateway: AtomicU32::new(0),
            ident: AtomicU16::new(1),
        }
    }

    /// The hardware address; zeroes for the loopback.
    #[must_use]
    pub fn mac(&self) -> MacAddr {
        self.mac
    }

    /// Largest IP packet in bytes.
    #[must_use]
    pub fn mtu(&self) -> usize {
        self.mtu
    }

    /// Whether this is the loopback interface.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        matches!(self.link, Link::Loopback(_))
    }

    /// Whether the link carries packets.
    #[must_use]
    pub fn is_running(&self) -> bool {
        match self.link {
            Link::Device(device) => device.link_up(),
            _ => true,
        }
    }

    /// The address and network, if it has one.
    #[must_use]
    pub fn cidr(&self) -> Option<Cidr> {
        let addr = self.addr.load(Ordering::Relaxed);
        let prefix = self.prefix.load(Ordering::Relaxed);
        (addr != 0).then(|| Cidr { addr: Ipv4Addr::from_bits(addr), prefix })
    }

    /// The address, `0.0.0.0` if it has none.
    #[must_use]
    pub fn addr(&self) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.addr.load(Ordering::Relaxed))
    }

    /// Sets or removes the address.
    pub fn set_cidr(&self, cidr: Option<Cidr>) {
        let (addr, prefix) = cidr.map_or((0, 0), |c| (c.addr.to_bits(), c.prefix));
        self.prefix.store(prefix, Ordering::Relaxed);
        self.addr.store(addr, Ordering::Relaxed);
    }

    /// The router to everywhere else, if known.
    #[must_use]
    pub fn gateway(&self) -> Option<Ipv4Addr> {
        let bits = self.gateway.load(Ordering::Relaxed);
        (bits != 0).then(|| Ipv4Addr::from_bits(bits))
    }

    /// Sets or removes the router.
    pub fn set_gateway(&self, gateway: Option<Ipv4Addr>) {
        self.gateway.store(gateway.map_or(0, Ipv4Addr::to_bits), Ordering::Relaxed);
    }

    /// Largest TCP payload that one call of [`Self::send`] takes for segments of `mss` bytes.
    #[must_use]
    pub fn tcp_burst(&self, mss: usize) -> usize {
        /// Room for the IP and TCP headers with all options.
        const HEADERS: usize = 120;
        match self.link {
            Link::Device(device) if self.features.tx_tso4 && self.features.tx_checksum => {
                let most = device.max_frame().min(IPV4_MAX).saturating_sub(HEADERS);
                (most / mss.max(1) * mss).max(mss)
            }
            _ => mss,
        }
    }

    /// The next identification for an IP header.
    pub fn next_ident(&self) -> u16 {
        self.ident.fetch_add(1, Ordering::Relaxed)
    }

    /// Sends an IP packet to the neighbour `to` (ignored on the loopback); `payload` writes the
    /// payload into the room it is given.
    ///
    /// # Errors
    /// [`Full`] if the ring has no room. The packet is not queued then.
    pub fn send(
        &self,
        to: MacAddr,
        packet: &IpOut<'_>,
        payload: impl FnOnce(&mut [u8]),
    ) -> Result<(), Full> {
        let length = ip::HEADER + packet.header.len() + packet.payload_len;
        let ident = self.next_ident();
        let sent = match self.link {
            Link::Loopback(queue) => {
                if length > IPV4_MAX {
                    return Ok(());
                }
                // Nothing can corrupt the packet on its way: the checksum is left out.
                if !queue.push(length, |room| ip::emit_packet(room, packet, ident, false, payload))
                {
                    self.tx.dropped.fetch_add(1, Ordering::Relaxed);
                }
                Ok(())
            }
            Link::Device(device) => {
                let offload = self.features.tx_checksum;
                let checksum = packet.checksum_at.filter(|_| offload).map(|offset| TxChecksum {
                    start: (ETHERNET_HEADER + ip::HEADER) as u16,
                    offset,
                });
                let headers = ETHERNET_HEADER + ip::HEADER + packet.header.len();
                let gso = packet
                    .segment
                    .map(|segment| TxGso { segment, headers: u16::try_from(headers).unwrap_or(0) });
                let meta = TxMeta { checksum, gso };
                device
                    .transmit(ETHERNET_HEADER + length, meta, |frame| {
                        let room = ethernet::emit(frame, to, self.mac, ethernet::TYPE_IPV4);
                        ip::emit_packet(room, packet, ident, !offload, payload);
                        if let Some(at) = packet.checksum_at.filter(|_| offload) {
                            ip::store_partial_checksum(room, packet, at);
                        }
                    })
                    .map_err(|_full| Full)
            }
            #[cfg(test)]
            Link::Wire(end) => end.send(ETHERNET_HEADER + length, |frame| {
                let room = ethernet::emit(frame, to, self.mac, ethernet::TYPE_IPV4);
                ip::emit_packet(room, packet, ident, true, payload);
            }),
        };
        if sent.is_ok() {
            self.tx.count(length);
        }
        sent
    }

    /// Sends a ready frame that begins with room for the Ethernet header.
    pub(in crate::net) fn send_frame(&self, to: MacAddr, kind: u16, packet: &[u8]) {
        let length = ETHERNET_HEADER + packet.len();
        let fill = |frame: &mut [u8]| {
            let room = ethernet::emit(frame, to, self.mac, kind);
            if let Some(room) = room.get_mut(..packet.len()) {
                room.copy_from_slice(packet);
            }
        };
        let sent = match self.link {
            Link::Loopback(_) => return,
            Link::Device(device) => {
                device.transmit(length, TxMeta::default(), fill).map_err(|_full| Full)
            }
            #[cfg(test)]
            Link::Wire(end) => end.send(length, fill),
        };
        match sent {
            Ok(()) => self.tx.count(length),
            Err(Full) => {
                self.tx.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Tells the device about everything queued.
    pub fn flush(&self) {
        if let Link::Device(device) = self.link {
            device.flush();
        }
    }

    /// Finds the hardware address of a neighbour, or asks for it.
    pub(in crate::net) fn resolve(&self, neighbour: Ipv4Addr, now: u64) -> Option<MacAddr> {
        if self.is_loopback() {
            return Some([0; 6]);
        }
        if neighbour == Ipv4Addr::BROADCAST
            || self.cidr().is_some_and(|cidr| cidr.broadcast() == Some(neighbour))
        {
            return Some(ethernet::BROADCAST);
        }
        if neighbour.is_multicast() {
            let [_, b, c, d] = neighbour.octets();
            return Some([0x01, 0x00, 0x5e, b & 0x7f, c, d]);
        }
        let resolution = self.arp.lock().lookup(neighbour, now);
        match resolution {
            Resolution::Known(mac) => Some(mac),
            Resolution::Refresh(mac) => {
                self.send_arp_request(mac, neighbour);
                Some(mac)
            }
            Resolution::Ask => {
                self.send_arp_request(ethernet::BROADCAST, neighbour);
                None
            }
            Resolution::Asked => None,
        }
    }
}

impl core::fmt::Debug for Iface {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Iface").field("name", &self.name).field("addr", &self.cidr()).finish()
    }
}
