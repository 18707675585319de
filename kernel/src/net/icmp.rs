//! ICMP (RFC 792): echo replies, and errors sent and received.

use super::addr::{Endpoint, FourTuple};
use super::dgram::udp;
use super::ip::{self, IpIn};
use super::stack::{Arrival, DatagramOut, Stack};
use super::tcp;
use crate::net::checksum::checksum;
use elfin_syscalls::Errno;

const ECHO_REPLY: u8 = 0;
const UNREACHABLE: u8 = 3;
const ECHO_REQUEST: u8 = 8;
const TIME_EXCEEDED: u8 = 11;
const PARAMETER_PROBLEM: u8 = 12;
/// Code of "too large, and not to be cut".
const TOO_BIG: u8 = 4;
/// Bytes of every ICMP message before its data.
const HEADER: usize = 8;
/// Bytes of the offending packet that an error quotes (RFC 1812 4.3.2.3: up to 576 in all).
const QUOTE: usize = 548;
/// Where the checksum lies.
const CHECKSUM_AT: u16 = 2;

/// Code of "no such port".
pub const PORT_UNREACHABLE: u8 = 3;
/// Code of "no such protocol".
pub const PROTOCOL_UNREACHABLE: u8 = 2;

/// Handles a received ICMP message.
pub fn input(stack: &'static Stack, packet: &IpIn<'_>, arrival: Arrival<'_>) {
    // Devices do not vouch for ICMP; on the loopback nothing can go wrong.
    if !arrival.iface.is_loopback() && checksum(packet.payload) != 0 {
        return;
    }
    let Some((header, data)) = packet.payload.split_first_chunk::<HEADER>() else { return };
    let [kind, code, _, _, i0, i1, m0, m1] = *header;
    match kind {
        ECHO_REQUEST if stack.is_local(packet.dst) => {
            reply(stack, packet, header, data, arrival.now)
        }
        ECHO_REPLY => stack.ping.input_reply(packet, u16::from_be_bytes([i0, i1])),
        UNREACHABLE | TIME_EXCEEDED | PARAMETER_PROBLEM => {
            let mtu = u16::from_be_bytes([m0, m1]);
            input_error(stack, kind, code, mtu, data, arrival.now);
        }
        _ => {}
    }
}

fn reply(stack: &'static Stack, packet: &IpIn<'_>, request: &[u8; HEADER], data: &[u8], now: u64) {
    let Ok(route) = stack.route(packet.src) else { return };
    let [_, code, _, _, i0, i1, q0, q1] = *request;
    let out = DatagramOut {
        src: packet.dst,
        dst: packet.src,
        protocol: ip::ICMP,
        tos: packet.tos,
        ttl: ip::DEFAULT_TTL,
        header: &[ECHO_REPLY, code, 0, 0, i0, i1, q0, q1],
        checksum_at: Some(CHECKSUM_AT),
        payload: data,
    };
    // A reply that finds no room is lost like any packet.
    let _lost = stack.send_datagram(&route, &out, now);
}

/// Tells the sender of `packet` that it could not be delivered.
pub fn send_error(stack: &'static Stack, packet: &IpIn<'_>, code: u8, now: u64) {
    let answerable = stack.is_local(packet.dst)
        && !packet.src.is_unspecified()
        && !packet.src.is_multicast()
        && !stack.is_broadcast(packet.src)
        && !packet.is_fragment();
    if !answerable || !stack.may_send_icmp_error(now) {
        return;
    }
    let Ok(route) = stack.route(packet.src) else { return };
    let quote = packet.whole.get(..packet.whole.len().min(QUOTE)).unwrap_or(&[]);
    let out = DatagramOut {
        src: packet.dst,
        dst: packet.src,
        protocol: ip::ICMP,
        tos: 0,
        ttl: ip::DEFAULT_TTL,
        header: &[UNREACHABLE, code, 0, 0, 0, 0, 0, 0],
        checksum_at: Some(CHECKSUM_AT),
        payload: quote,
    };
    let _lost = stack.send_datagram(&route, &out, now);
}

/// An error about a packet that we are said to have sent.
fn input_error(stack: &'static Stack, kind: u8, code: u8, mtu: u16, data: &[u8], now: u64) {
    let Some(quoted) = parse_quote(data) else { return };
    let error = match (kind, code) {
        (UNREACHABLE, 0 | 6 | 9 | 11) => Errno::ENETUNREACH,
        (UNREACHABLE, PROTOCOL_UNREACHABLE) => Errno::ENOPROTOOPT,
        (UNREACHABLE, PORT_UNREACHABLE) => Errno::ECONNREFUSED,
        (UNREACHABLE, TOO_BIG) => Errno::EMSGSIZE,
        (PARAMETER_PROBLEM, _) => Errno::EPROTO,
        _ => Errno::EHOSTUNREACH,
    };
    // What says no more than "not now" does not end what is begun.
    let hard = kind == UNREACHABLE && matches!(code, PROTOCOL_UNREACHABLE | PORT_UNREACHABLE);
    report(stack, &quoted, error, hard, Some(mtu).filter(|_| error == Errno::EMSGSIZE), now);
}

/// A packet of ours (its IP header and what follows) could not be delivered on the link.
pub fn unreachable_locally(stack: &'static Stack, packet: &[u8], error: Errno, now: u64) {
    if let Some(quoted) = parse_quote(packet) {
        report(stack, &quoted, error, true, None, now);
    }
}

/// Reads a packet that may be cut off.
fn parse_quote(data: &[u8]) -> Option<IpIn<'_>> {
    let header = data.first_chunk::<{ ip::HEADER }>()?;
    let header_len = usize::from(header[0] & 0xf) * 4;
    let payload = data.get(header_len..)?;
    if header[0] >> 4 != 4 || header_len < ip::HEADER {
        return None;
    }
    let [.., s0, s1, s2, s3, d0, d1, d2, d3] = *header;
    Some(IpIn {
        src: [s0, s1, s2, s3].into(),
        dst: [d0, d1, d2, d3].into(),
        protocol: header[9],
        tos: header[1],
        ttl: header[8],
        ident: 0,
        offset: 0,
        more: false,
        payload,
        whole: data,
    })
}

fn report(
    stack: &'static Stack,
    quoted: &IpIn<'_>,
    error: Errno,
    hard: bool,
    mtu: Option<u16>,
    now: u64,
) {
    if !stack.is_local(quoted.src) {
        return;
    }
    let Some((local, remote)) = udp::quoted_ports(quoted) else { return };
    let tuple = FourTuple {
        local: Endpoint::new(quoted.src, local),
        remote: Endpoint::new(quoted.dst, remote),
    };
    match quoted.protocol {
        ip::UDP => {
            if let Some(sock) = stack.udp.find_sender(stack, tuple) {
                sock.network_error(error);
            }
        }
        ip::TCP => {
            let Some(sock) = stack.tcp.find(tuple) else { return };
            let seq = quoted.payload.get(4..8).and_then(|b| b.first_chunk::<4>().copied());
            if !seq.is_some_and(|seq| sock.is_under_way(tcp::Seq(u32::from_be_bytes(seq)))) {
                return;
            }
            match mtu {
                Some(mtu) => sock.shrink_mss(mtu, now),
                None => sock.unreachable(error, hard, now),
            }
        }
        _ => {}
    }
}
