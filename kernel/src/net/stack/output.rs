//! Packets out: TCP segments, and datagrams with fragmentation.

use super::path::{Path, Route};
use super::{SECOND, Stack};
use crate::net::addr::FourTuple;
use crate::net::ip::{self, Fragment};
use crate::net::link::{Full, Iface, IpOut, MacAddr};
use crate::net::tcp::{self, Flags, Header, Options, Segment, Tuning};
use alloc::vec::Vec;
use core::net::Ipv4Addr;
use elfin_syscalls::Errno;

/// How long a connection uses a hardware address without looking it up again.
const MAC_LIFETIME: u64 = 10 * SECOND;
/// IP and TCP header without options.
const TCP_HEADERS: usize = ip::HEADER + 20;
/// Longest payload of an IPv4 packet.
const DATAGRAM_MAX: usize = 65535 - ip::HEADER;

/// A datagram to be sent.
#[derive(Clone, Copy, Debug)]
pub struct DatagramOut<'a> {
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
    /// The protocol's header.
    pub header: &'a [u8],
    /// Where in `header` the checksum goes.
    pub checksum_at: Option<u16>,
    /// The payload.
    pub payload: &'a [u8],
}

impl Stack {
    /// Payload of a full TCP segment on a path.
    #[must_use]
    pub fn path_mss(&self, path: &Path) -> u16 {
        let mtu = self.iface_of(path).map_or(576, Iface::mtu).min(DATAGRAM_MAX + ip::HEADER);
        u16::try_from(mtu.saturating_sub(TCP_HEADERS)).unwrap_or(u16::MAX - TCP_HEADERS as u16)
    }

    /// The MSS option for a path; `limit` is the program's, 0 for none.
    #[must_use]
    pub fn advertised_mss(&self, path: &Path, limit: u16) -> u16 {
        let mss = self.path_mss(path);
        if limit == 0 { mss } else { mss.min(limit) }
    }

    /// Largest payload one call of [`Self::send_tcp`] takes.
    #[inline]
    #[must_use]
    pub fn tcp_burst(&self, path: &Path, mss: usize) -> usize {
        self.iface_of(path).map_or(mss, |iface| iface.tcp_burst(mss))
    }

    /// Sends one TCP segment, or several at once if the device cuts them.
    ///
    /// # Errors
    /// [`Full`] if the device has no room now.
    #[inline]
    #[allow(clippy::too_many_arguments, reason = "called once per segment, from one place")]
    pub fn send_tcp(
        &'static self,
        path: &mut Path,
        tuple: FourTuple,
        tuning: &Tuning,
        header: &Header,
        payload_len: usize,
        mss: usize,
        now: u64,
        payload: impl FnOnce(&mut [u8]),
    ) -> Result<(), Full> {
        let mut room = [0; tcp::HEADER_MAX];
        let length = header.emit(&mut room);
        let packet = IpOut {
            src: tuple.local.addr,
            dst: tuple.remote.addr,
            protocol: ip::TCP,
            tos: tuning.tos,
            ttl: tuning.ttl,
            fragment: Fragment::Dont,
            header: room.get(..length).unwrap_or(&[]),
            checksum_at: Some(tcp::CHECKSUM_AT),
            payload_len,
            segment: if payload_len > mss { u16::try_from(mss).ok() } else { None },
        };
        let Some(iface) = self.iface_of(path) else { return Ok(()) };
        if now >= path.valid_until && !iface.is_loopback() {
            match iface.resolve(path.neighbour, now) {
                Some(mac) => {
                    path.mac = mac;
                    path.valid_until = now + MAC_LIFETIME;
                }
                None => {
                    self.send_later(iface, path.neighbour, &packet, payload);
                    return Ok(());
                }
            }
        }
        iface.send(path.mac, &packet, payload)
    }

    /// Sends a segment without data.
    ///
    /// # Errors
    /// As [`Self::send_tcp`].
    pub fn send_control(
        &'static self,
        path: &mut Path,
        tuple: FourTuple,
        tuning: &Tuning,
        header: &Header,
        now: u64,
    ) -> Result<(), Full> {
        self.send_tcp(path, tuple, tuning, header, 0, usize::MAX, now, |_| {})
    }

    /// Answers a segment that belongs to no connection by a reset (RFC 9293 3.10.7.1).
    pub fn send_reset_for(
        &'static self,
        src: Ipv4Addr,
        dst: Ipv4Addr,
        segment: &Segment<'_>,
        now: u64,
    ) {
        if segment.flags.contains(Flags::RST) {
            return;
        }
        let Ok(route) = self.route(src) else { return };
        let tuple = FourTuple {
            local: crate::net::addr::Endpoint::new(dst, segment.dst_port),
            remote: crate::net::addr::Endpoint::new(src, segment.src_port),
        };
        let has_ack = segment.flags.contains(Flags::ACK);
        let header = Header {
            src_port: segment.dst_port,
            dst_port: segment.src_port,
            seq: if has_ack { segment.ack } else { tcp::Seq(0) },
            ack: if has_ack { tcp::Seq(0) } else { segment.end() },
            flags: if has_ack { Flags::RST } else { Flags::RST | Flags::ACK },
            window: 0,
            options: Options::default(),
        };
        // A reset that finds no room is lost; the peer's next segment brings another.
        let _lost = self.send_control(&mut route.into(), tuple, &Tuning::default(), &header, now);
    }

    /// Keeps a packet until the neighbour's hardware address is known.
    fn send_later(
        &'static self,
        iface: &Iface,
        neighbour: Ipv4Addr,
        packet: &IpOut<'_>,
        payload: impl FnOnce(&mut [u8]),
    ) {
        let length = ip::HEADER + packet.header.len() + packet.payload_len;
        let mut bytes = Vec::new();
        if length > iface.mtu() || bytes.try_reserve_exact(length).is_err() {
            return;
        }
        bytes.resize(length, 0);
        ip::emit_packet(&mut bytes, packet, iface.next_ident(), true, payload);
        let deadline = {
            let mut arp = iface.arp.lock();
            arp.wait(neighbour, bytes);
            arp.next_deadline()
        };
        if let Some(deadline) = deadline {
            self.note_deadline(deadline);
        }
    }

    /// Sends a datagram, in fragments if it is longer than the interface's MTU.
    ///
    /// # Errors
    /// `EMSGSIZE` above 64 KiB, `ENOBUFS` if there is no room or memory for it.
    pub fn send_datagram(
        &'static self,
        route: &Route,
        out: &DatagramOut<'_>,
        now: u64,
    ) -> Result<(), Errno> {
        let length = out.header.len() + out.payload.len();
        if length > DATAGRAM_MAX {
            return Err(Errno::EMSGSIZE);
        }
        let iface = self.ifaces.get(route.iface).ok_or(Errno::ENETUNREACH)?;
        let whole = IpOut {
            src: out.src,
            dst: out.dst,
            protocol: out.protocol,
            tos: out.tos,
            ttl: out.ttl,
            fragment: Fragment::May,
            header: out.header,
            checksum_at: out.checksum_at,
            payload_len: out.payload.len(),
            segment: None,
        };
        if ip::HEADER + length <= iface.mtu() || iface.is_loopback() {
            return self.send_whole(iface, route.neighbour, &whole, out.payload, now);
        }
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(ip::HEADER + length).map_err(|_| Errno::ENOBUFS)?;
        bytes.resize(ip::HEADER + length, 0);
        ip::emit_packet(&mut bytes, &whole, 0, true, |room| room.copy_from_slice(out.payload));
        let body = bytes.get(ip::HEADER..).unwrap_or(&[]);
        let step = (iface.mtu() - ip::HEADER) / 8 * 8;
        let ident = iface.next_ident();
        for (index, piece) in body.chunks(step).enumerate() {
            let offset = index * step;
            let fragment = Fragment::Piece {
                ident,
                offset: u16::try_from(offset / 8).unwrap_or(u16::MAX),
                more: offset + piece.len() < body.len(),
            };
            let part = IpOut {
                fragment,
                header: &[],
                checksum_at: None,
                payload_len: piece.len(),
                ..whole
            };
            self.send_whole(iface, route.neighbour, &part, piece, now)?;
        }
        Ok(())
    }

    fn send_whole(
        &'static self,
        iface: &Iface,
        neighbour: Ipv4Addr,
        packet: &IpOut<'_>,
        payload: &[u8],
        now: u64,
    ) -> Result<(), Errno> {
        let fill = |room: &mut [u8]| {
            if room.len() == payload.len() {
                room.copy_from_slice(payload);
            }
        };
        let mac: Option<MacAddr> = iface.resolve(neighbour, now);
        match mac {
            Some(mac) => iface.send(mac, packet, fill).map_err(|Full| Errno::ENOBUFS),
            None => {
                self.send_later(iface, neighbour, packet, fill);
                Ok(())
            }
        }
    }
}
