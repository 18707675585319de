//! A DHCP client (RFC 2131): [`Client`] configures one interface and keeps its lease.
//!
//! ```text
//! Selecting ──OFFER──> Requesting ──ACK──> Bound ──T1──> Renewing ──T2──> Rebinding ──end──> Selecting
//!     ▲ DISCOVER again      │ NAK, silence    ▲              │ ACK             │ ACK, NAK
//!     └─────────────────────┘                 └──────────────┴─────────────────┘
//! ```

use super::addr::Cidr;
use super::ip::{self, IpIn};
use super::link::Iface;
use super::stack::{Arrival, DatagramOut, Route, Stack};
use alloc::vec::Vec;
use arrayvec::ArrayVec;
use core::net::Ipv4Addr;
use smoltcp::wire::{DhcpMessageType, DhcpPacket, DhcpRepr, EthernetAddress, UdpPacket};

const SECOND: u64 = 1_000_000_000;
const CLIENT_PORT: u16 = 68;
const SERVER_PORT: u16 = 67;
/// Longest wait between two DISCOVERs.
const RETRY_MAX: u64 = 32 * SECOND;
/// REQUESTs without an answer before we start over.
const REQUESTS: u32 = 4;
/// The options we ask for: mask, router, name servers, lease, T1, T2.
const PARAMETERS: &[u8] = &[1, 3, 6, 51, 58, 59];
/// The lease if the server does not say.
const DEFAULT_LEASE: u64 = 3600;
/// Shortest time after which a lease is renewed, whatever the server says.
const SHORTEST_RENEW: u64 = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Selecting,
    Requesting { offered: Ipv4Addr, server: Ipv4Addr },
    Bound,
    Renewing,
    Rebinding,
}

/// What a server gave us.
#[derive(Clone, Debug)]
pub struct Lease {
    /// Address and network.
    pub cidr: Cidr,
    /// The router, if there is one.
    pub router: Option<Ipv4Addr>,
    /// Name servers.
    pub dns: ArrayVec<Ipv4Addr, 3>,
    server: Ipv4Addr,
    rebind_at: u64,
    ends_at: u64,
}

/// The client of one interface.
#[derive(Debug)]
pub struct Client {
    iface: usize,
    state: State,
    transaction: u32,
    tries: u32,
    next: u64,
    started: u64,
    lease: Option<Lease>,
}

/// What is to be sent after a change.
enum Message {
    None,
    Discover,
    Request,
}

impl Client {
    /// A client for the interface with this index; its first message is due at once.
    #[must_use]
    pub fn new(iface: usize, transaction: u32, now: u64) -> Self {
        Self {
            iface,
            state: State::Selecting,
            transaction,
            tries: 0,
            next: now,
            started: now,
            lease: None,
        }
    }

    /// The lease, while there is one.
    #[must_use]
    pub fn lease(&self) -> Option<&Lease> {
        self.lease.as_ref()
    }

    /// How many messages were sent without success.
    #[must_use]
    pub fn tries(&self) -> u32 {
        self.tries
    }

    fn restart(&mut self, now: u64) {
        self.state = State::Selecting;
        self.transaction = self.transaction.wrapping_mul(0x9e37_79b1).wrapping_add(1);
        self.tries = 0;
        self.next = now;
    }

    /// The time has come: what to send, and when to look again.
    fn on_timer(&mut self, now: u64) -> Message {
        if now < self.next {
            return Message::None;
        }
        let backoff = (SECOND << self.tries.min(5)).min(RETRY_MAX);
        match self.state {
            State::Selecting => {
                self.tries += 1;
                self.next = now + backoff;
                Message::Discover
            }
            State::Requesting { .. } => {
                if self.tries >= REQUESTS {
                    self.restart(now);
                    return self.on_timer(now);
                }
                self.tries += 1;
                self.next = now + backoff;
                Message::Request
            }
            State::Bound | State::Renewing | State::Rebinding => self.on_lease_timer(now),
        }
    }

    fn on_lease_timer(&mut self, now: u64) -> Message {
        let Some(lease) = &self.lease else {
            self.restart(now);
            return Message::None;
        };
        let until = if now >= lease.ends_at {
            self.lease = None;
            self.restart(now);
            return Message::None;
        } else if now >= lease.rebind_at {
            self.state = State::Rebinding;
            lease.ends_at
        } else {
            self.state = State::Renewing;
            lease.rebind_at
        };
        // Half of what is left, but not below a minute (RFC 2131 4.4.5).
        self.next = (now + ((until - now) / 2).max(60 * SECOND)).min(until);
        Message::Request
    }

    /// Takes in a server's message; whether it changed the lease, and what to send.
    fn input(&mut self, reply: &DhcpRepr<'_>, from: Ipv4Addr, now: u64) -> (bool, Message) {
        let server = reply.server_identifier.unwrap_or(from);
        match (self.state, reply.message_type) {
            (State::Selecting, DhcpMessageType::Offer) if is_usable(reply.your_ip) => {
                self.state = State::Requesting { offered: reply.your_ip, server };
                self.tries = 1;
                self.next = now + SECOND;
                (false, Message::Request)
            }
            (
                State::Requesting { .. } | State::Renewing | State::Rebinding,
                DhcpMessageType::Ack,
            ) if is_usable(reply.your_ip) => {
                self.bind(reply, server, now);
                (true, Message::None)
            }
            (
                State::Requesting { .. } | State::Renewing | State::Rebinding,
                DhcpMessageType::Nak,
            ) => {
                let had = self.lease.take().is_some();
                self.restart(now);
                self.next = now + SECOND;
                (had, Message::None)
            }
            _ => (false, Message::None),
        }
    }

    fn bind(&mut self, reply: &DhcpRepr<'_>, server: Ipv4Addr, now: u64) {
        let mask = reply.subnet_mask.and_then(Cidr::prefix_of_mask);
        let seconds = reply.lease_duration.map_or(DEFAULT_LEASE, u64::from).max(2 * SHORTEST_RENEW);
        let renew = reply.renew_duration.map_or(seconds / 2, u64::from);
        let renew = renew.clamp(SHORTEST_RENEW, seconds);
        let rebind = reply.rebind_duration.map_or(seconds / 8 * 7, u64::from).clamp(renew, seconds);
        let dns = reply.dns_servers.iter().flatten().copied().take(3).collect();
        self.lease = Some(Lease {
            cidr: Cidr { addr: reply.your_ip, prefix: mask.unwrap_or(24) },
            router: reply.router,
            dns,
            server,
            rebind_at: now + rebind * SECOND,
            ends_at: now + seconds * SECOND,
        });
        self.state = State::Bound;
        self.tries = 0;
        self.next = now + renew * SECOND;
    }

    fn message(
        &self,
        iface: &Iface,
        kind: DhcpMessageType,
        now: u64,
    ) -> (DhcpRepr<'static>, Ipv4Addr) {
        let held = self.lease.as_ref();
        let renewing = matches!(self.state, State::Renewing | State::Rebinding);
        let (requested, identifier) = match self.state {
            State::Requesting { offered, server } => (Some(offered), Some(server)),
            _ => (None, None),
        };
        let to = match (self.state, held) {
            (State::Renewing, Some(lease)) => lease.server,
            _ => Ipv4Addr::BROADCAST,
        };
        let waited = now.saturating_sub(self.started) / SECOND;
        let repr = DhcpRepr {
            message_type: kind,
            transaction_id: self.transaction,
            secs: u16::try_from(waited).unwrap_or(u16::MAX),
            client_hardware_address: EthernetAddress(iface.mac()),
            client_ip: if renewing { iface.addr() } else { Ipv4Addr::UNSPECIFIED },
            your_ip: Ipv4Addr::UNSPECIFIED,
            server_ip: Ipv4Addr::UNSPECIFIED,
            router: None,
            subnet_mask: None,
            relay_agent_ip: Ipv4Addr::UNSPECIFIED,
            broadcast: false,
            requested_ip: requested,
            client_identifier: Some(EthernetAddress(iface.mac())),
            server_identifier: identifier,
            parameter_request_list: Some(PARAMETERS),
            dns_servers: None,
            max_size: u16::try_from(iface.mtu()).ok(),
            lease_duration: None,
            renew_duration: None,
            rebind_duration: None,
            additional_options: &[],
        };
        (repr, to)
    }
}

fn is_usable(addr: Ipv4Addr) -> bool {
    !addr.is_unspecified() && !addr.is_broadcast() && !addr.is_multicast() && !addr.is_loopback()
}

/// When the client has something to do.
#[must_use]
pub fn next_deadline(stack: &Stack) -> Option<u64> {
    stack.dhcp.lock().as_ref().map(|client| client.next)
}

/// Lets the client do what is due.
pub fn on_timer(stack: &'static Stack, now: u64) {
    let mut lost = None;
    let ready = {
        let mut dhcp = stack.dhcp.lock();
        let Some(client) = dhcp.as_mut() else { return };
        let had = client.lease.is_some();
        let message = client.on_timer(now);
        if had && client.lease.is_none() {
            lost = Some(client.iface);
        }
        prepare(stack, client, &message, now)
    };
    if let Some(iface) = lost.and_then(|index| stack.ifaces.get(index)) {
        iface.set_cidr(None);
        iface.set_gateway(None);
        log::error!("{}: the DHCP lease ended and was not renewed", iface.name);
    }
    send(stack, ready, now);
}

/// A message ready to be sent, with its interface and destination.
type Ready = Option<(usize, Ipv4Addr, Vec<u8>)>;

fn prepare(stack: &Stack, client: &Client, message: &Message, now: u64) -> Ready {
    let kind = match message {
        Message::None => return None,
        Message::Discover => DhcpMessageType::Discover,
        Message::Request => DhcpMessageType::Request,
    };
    let iface = stack.ifaces.get(client.iface)?;
    let (repr, to) = client.message(iface, kind, now);
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(repr.buffer_len()).ok()?;
    bytes.resize(repr.buffer_len(), 0);
    repr.emit(&mut DhcpPacket::new_unchecked(bytes.as_mut_slice())).ok()?;
    Some((client.iface, to, bytes))
}

fn send(stack: &'static Stack, ready: Ready, now: u64) {
    let Some((index, to, bytes)) = ready else { return };
    let Some(iface) = stack.ifaces.get(index) else { return };
    let [s0, s1] = CLIENT_PORT.to_be_bytes();
    let [d0, d1] = SERVER_PORT.to_be_bytes();
    let [l0, l1] = u16::try_from(8 + bytes.len()).unwrap_or(u16::MAX).to_be_bytes();
    let out = DatagramOut {
        src: if to.is_broadcast() { Ipv4Addr::UNSPECIFIED } else { iface.addr() },
        dst: to,
        protocol: ip::UDP,
        tos: 0,
        ttl: ip::DEFAULT_TTL,
        header: &[s0, s1, d0, d1, l0, l1, 0, 0],
        checksum_at: Some(6),
        payload: &bytes,
    };
    let neighbour = match iface.gateway() {
        Some(gateway) if !iface.cidr().is_some_and(|net| net.contains(to)) => gateway,
        _ => to,
    };
    let neighbour = if to.is_broadcast() { to } else { neighbour };
    let route = Route { iface: index, neighbour, src: out.src };
    // A message that finds no room is sent again by the timer.
    let _lost = stack.send_datagram(&route, &out, now);
}

impl Stack {
    /// Begins to configure an interface by DHCP.
    pub fn start_dhcp(&'static self, iface: usize) {
        let now = self.now();
        // The low half of a random number identifies the exchange.
        let client = Client::new(iface, self.random() as u32, now);
        *self.dhcp.lock() = Some(client);
        on_timer(self, now);
        if let Some(deadline) = next_deadline(self) {
            self.note_deadline(deadline);
        }
        self.flush();
    }

    /// The lease that the DHCP client holds.
    #[must_use]
    pub fn lease(&self) -> Option<Lease> {
        self.dhcp.lock().as_ref().and_then(|client| client.lease().cloned())
    }

    /// A packet to the port of DHCP clients; whether our client took it.
    pub(super) fn input_dhcp(&'static self, packet: &IpIn<'_>, arrival: Arrival<'_>) -> bool {
        let Ok(datagram) = UdpPacket::new_checked(packet.payload) else { return false };
        if !arrival.trusted && !datagram.verify_checksum(&packet.src.into(), &packet.dst.into()) {
            return false;
        }
        let Ok(message) = DhcpPacket::new_checked(datagram.payload()) else { return false };
        let Ok(repr) = DhcpRepr::parse(&message) else { return false };
        let now = arrival.now;
        let mut configured = None;
        let ready = {
            let mut dhcp = self.dhcp.lock();
            let Some(client) = dhcp.as_mut() else { return false };
            let ours = repr.transaction_id == client.transaction
                && repr.client_hardware_address.0 == arrival.iface.mac()
                && self.ifaces.get(client.iface).is_some_and(|i| i.index == arrival.iface.index);
            if !ours {
                return true;
            }
            let (changed, message) = client.input(&repr, packet.src, now);
            if changed {
                configured = Some(client.lease.clone());
            }
            prepare(self, client, &message, now)
        };
        if let Some(lease) = configured {
            arrival.iface.set_cidr(lease.as_ref().map(|lease| lease.cidr));
            arrival.iface.set_gateway(lease.as_ref().and_then(|lease| lease.router));
        }
        send(self, ready, now);
        if let Some(deadline) = next_deadline(self) {
            self.note_deadline(deadline);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::tests::wire;

    fn reply(kind: DhcpMessageType, client: &Client) -> DhcpRepr<'static> {
        let iface = wire::lone_iface();
        let (mut repr, _) = client.message(&iface, kind, 0);
        repr.your_ip = Ipv4Addr::new(10, 0, 2, 15);
        repr.server_identifier = Some(Ipv4Addr::new(10, 0, 2, 2));
        repr.subnet_mask = Some(Ipv4Addr::new(255, 255, 255, 0));
        repr.lease_duration = Some(100);
        repr
    }

    #[test]
    fn obtains_renews_and_loses() {
        let mut client = Client::new(1, 7, 0);
        assert!(matches!(client.on_timer(0), Message::Discover));
        assert!(matches!(client.on_timer(SECOND - 1), Message::None));
        assert!(matches!(client.on_timer(SECOND), Message::Discover));
        let offer = reply(DhcpMessageType::Offer, &client);
        assert!(matches!(client.input(&offer, offer.your_ip, SECOND), (false, Message::Request)));
        let ack = reply(DhcpMessageType::Ack, &client);
        assert!(matches!(client.input(&ack, ack.your_ip, SECOND), (true, Message::None)));
        assert_eq!(client.lease().unwrap().cidr.prefix, 24);
        assert_eq!(client.next, 51 * SECOND);
        assert!(matches!(client.on_timer(51 * SECOND), Message::Request));
        assert_eq!(client.state, State::Renewing);
        assert!(matches!(client.on_timer(90 * SECOND), Message::Request));
        assert_eq!(client.state, State::Rebinding);
        client.on_timer(101 * SECOND);
        assert!(client.lease().is_none() && client.state == State::Selecting);
    }
}
