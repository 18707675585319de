//! Packets in: from frame to protocol.

use super::Stack;
use crate::net::dgram::udp;
use crate::net::link::Iface;
use crate::net::{icmp, ip, tcp};
use core::net::Ipv4Addr;

/// Where a packet came in, and what is known about it.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    /// The interface.
    pub iface: &'a Iface,
    /// Whether the checksums are known to be right.
    pub trusted: bool,
    /// When.
    pub now: u64,
}

impl Stack {
    /// Handles an Ethernet frame.
    pub(super) fn input_frame(&'static self, frame: &[u8], arrival: Arrival<'_>) {
        use crate::net::link::ethernet::{self, TYPE_ARP, TYPE_IPV4};
        let Some((to, from, kind, packet)) = ethernet::parse(frame) else { return };
        let group = to[0] & 1 != 0;
        let from_group = from[0] & 1 != 0;
        if from_group || (!group && to != arrival.iface.mac()) {
            return;
        }
        match kind {
            TYPE_IPV4 => self.input_packet(packet, group, arrival),
            TYPE_ARP => arrival.iface.arp_input(packet, arrival.now),
            _ => {}
        }
    }

    /// Handles an IP packet. `group`: it was sent to more than us on the link.
    pub(super) fn input_packet(&'static self, packet: &[u8], group: bool, arrival: Arrival<'_>) {
        let loopback = arrival.iface.is_loopback();
        let Some(packet) = ip::parse(packet, loopback) else { return };
        // A device vouches for the checksums of TCP and UDP alone.
        let trusted = arrival.trusted && !packet.is_fragment();
        if packet.protocol == ip::UDP
            && packet.payload.get(2..4) == Some(&udp::DHCP_CLIENT_PORT.to_be_bytes())
            && self.input_dhcp(&packet, arrival)
        {
            return;
        }
        if !self.is_plausible(&packet, group, loopback) {
            return;
        }
        if packet.is_fragment() {
            let whole = self.reassembly.lock().input(&packet, arrival.now);
            if let Some(whole) = whole {
                let packet = ip::IpIn { payload: &whole, offset: 0, more: false, ..packet };
                self.deliver(&packet, Arrival { trusted: false, ..arrival });
            }
            return;
        }
        self.deliver(&packet, Arrival { trusted, ..arrival });
    }

    /// Whether source and destination can be true, and the packet is for us.
    fn is_plausible(&self, packet: &ip::IpIn<'_>, group: bool, loopback: bool) -> bool {
        let ip::IpIn { src, dst, .. } = *packet;
        let bad_source = src.is_multicast() || self.is_broadcast(src) || src.is_unspecified();
        if bad_source || (!loopback && (src.is_loopback() || dst.is_loopback())) {
            return false;
        }
        if !loopback && self.is_local(src) {
            return false;
        }
        if self.is_local(dst) {
            return !group || loopback;
        }
        self.is_broadcast(dst) || dst == Ipv4Addr::new(224, 0, 0, 1)
    }

    fn deliver(&'static self, packet: &ip::IpIn<'_>, arrival: Arrival<'_>) {
        self.ping.input_raw(packet);
        match packet.protocol {
            ip::TCP if self.is_local(packet.dst) => tcp::input(self, packet, arrival),
            ip::TCP => {}
            ip::UDP => udp::input(self, packet, arrival),
            ip::ICMP => icmp::input(self, packet, arrival),
            _ => icmp::send_error(self, packet, icmp::PROTOCOL_UNREACHABLE, arrival.now),
        }
    }
}
