//! UDP: which socket a datagram is for.

use super::queue::Datagram;
use super::sock::DgramSock;
use crate::net::addr::{Endpoint, FourTuple};
use crate::net::icmp;
use crate::net::ip::{self, IpIn};
use crate::net::stack::{Arrival, Stack};
use crate::net::tcp::candidates;
use alloc::sync::Arc;
use alloc::vec::Vec;
use elfin_platform::sync::SpinLock;
use elfin_syscalls::Errno;
use hashbrown::HashMap;
use smoltcp::wire::{Ipv4Address, UdpPacket};

/// The port of DHCP clients.
pub const DHCP_CLIENT_PORT: u16 = 68;

type Ports = HashMap<u16, Vec<Arc<DgramSock>>, core::hash::BuildHasherDefault<PortHasher>>;

/// Ports are small and chosen by us or our programs: they are their own hash, spread.
#[derive(Debug, Default)]
pub struct PortHasher(u64);

impl core::hash::Hasher for PortHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0 << 8 | u64::from(*byte);
        }
    }
    fn finish(&self) -> u64 {
        self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

/// UDP's sockets by port.
#[derive(Debug, Default)]
pub struct Table {
    ports: SpinLock<Ports>,
}

impl Table {
    /// Without sockets.
    #[must_use]
    pub fn new() -> Self {
        Self { ports: SpinLock::new(HashMap::default()) }
    }

    /// Gives a socket its endpoint; a port of 0 lets us choose.
    pub(super) fn bind(&self, sock: &Arc<DgramSock>, endpoint: Endpoint) -> Result<(), Errno> {
        let mut ports = self.ports.lock();
        let mut endpoint = endpoint;
        if endpoint.port == 0 {
            let free = |port: &u16| !ports.contains_key(port);
            endpoint.port = candidates(sock.stack).find(free).ok_or(Errno::EADDRINUSE)?;
        } else if let Some(others) = ports.get(&endpoint.port) {
            let mine = sock.settings();
            let conflict = others.iter().any(|other| {
                let addr = other.local().addr;
                let theirs = other.settings();
                let overlap = addr == endpoint.addr
                    || addr.is_unspecified()
                    || endpoint.addr.is_unspecified();
                let shared = (mine.reuse_addr && theirs.reuse_addr)
                    || (mine.reuse_port && theirs.reuse_port);
                overlap && !shared
            });
            if conflict {
                return Err(Errno::EADDRINUSE);
            }
        }
        ports.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        let socks = ports.entry(endpoint.port).or_default();
        socks.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        socks.push(sock.clone());
        let mut inner = sock.inner.lock();
        inner.local = endpoint;
        inner.listed = true;
        Ok(())
    }

    pub(super) fn remove(&self, sock: &DgramSock, port: u16) {
        let removed = {
            let mut ports = self.ports.lock();
            let Some(socks) = ports.get_mut(&port) else { return };
            let at = socks.iter().position(|held| core::ptr::eq(&raw const **held, sock));
            let removed = at.map(|at| socks.swap_remove(at));
            if socks.is_empty() {
                ports.remove(&port);
            }
            removed
        };
        drop(removed);
    }

    /// The sockets for a datagram: all that match if it went to everybody, else the best match.
    fn find(&self, stack: &Stack, tuple: FourTuple, everybody: bool) -> Vec<Arc<DgramSock>> {
        let ports = self.ports.lock();
        let socks = ports.get(&tuple.local.port).map_or(&[][..], Vec::as_slice);
        let score = |sock: &Arc<DgramSock>| {
            let inner = sock.inner.lock();
            let local = inner.local.addr;
            if !local.is_unspecified() && local != tuple.local.addr {
                return None;
            }
            if inner.remote.is_some_and(|remote| remote != tuple.remote) {
                return None;
            }
            Some(u32::from(inner.remote.is_some()) * 2 + u32::from(!local.is_unspecified()))
        };
        if everybody {
            return socks.iter().filter(|sock| score(sock).is_some()).cloned().collect();
        }
        let Some(best) = socks.iter().filter_map(score).max() else { return Vec::new() };
        let best = |sock: &&Arc<DgramSock>| score(sock) == Some(best);
        let count = socks.iter().filter(best).count().max(1);
        // Among equals (SO_REUSEPORT) the name decides.
        let pick = (stack.keyed(tuple) % (count as u64)) as usize;
        let nth = if count == 1 { 0 } else { pick };
        socks.iter().filter(best).nth(nth).cloned().into_iter().collect()
    }

    /// The socket that an ICMP error is about.
    pub(in crate::net) fn find_sender(
        &self,
        stack: &Stack,
        tuple: FourTuple,
    ) -> Option<Arc<DgramSock>> {
        self.find(stack, tuple, false).pop()
    }

    /// All sockets, for /proc/net/udp.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<DgramSock>> {
        self.ports.lock().values().flatten().cloned().collect()
    }
}

/// Handles a received UDP packet.
pub fn input(stack: &'static Stack, packet: &IpIn<'_>, arrival: Arrival<'_>) {
    let Ok(datagram) = UdpPacket::new_checked(packet.payload) else { return };
    let (src, dst): (Ipv4Address, Ipv4Address) = (packet.src, packet.dst);
    if !arrival.trusted && !datagram.verify_checksum(&src.into(), &dst.into()) {
        return;
    }
    let tuple = FourTuple {
        local: Endpoint::new(packet.dst, datagram.dst_port()),
        remote: Endpoint::new(packet.src, datagram.src_port()),
    };
    let everybody = !stack.is_local(packet.dst);
    let socks = stack.udp.find(stack, tuple, everybody);
    if socks.is_empty() {
        if !everybody {
            icmp::send_error(stack, packet, icmp::PORT_UNREACHABLE, arrival.now);
        }
        return;
    }
    let Some(mut received) = Datagram::new(tuple.remote, packet.dst, datagram.payload()) else {
        return;
    };
    received.iface = arrival.iface.index;
    received.ttl = packet.ttl;
    received.tos = packet.tos;
    received.time = arrival.now;
    let received = Arc::new(received);
    for sock in socks {
        sock.deliver(received.clone());
    }
}

/// The UDP header in front of what an ICMP error quotes: our port and the peer's.
pub(in crate::net) fn quoted_ports(quoted: &IpIn<'_>) -> Option<(u16, u16)> {
    let [s0, s1, d0, d1] = *quoted.payload.first_chunk::<4>()?;
    let known = matches!(quoted.protocol, ip::UDP | ip::TCP);
    known.then(|| (u16::from_be_bytes([s0, s1]), u16::from_be_bytes([d0, d1])))
}
