//! Sending datagrams.

use super::sock::{DgramSock, Kind, Settings};
use crate::net::addr::Endpoint;
use crate::net::ip;
use crate::net::stack::DatagramOut;
use alloc::sync::Arc;
use core::net::Ipv4Addr;
use elfin_syscalls::Errno;

/// Bytes of a UDP header.
const UDP_HEADER: usize = 8;
/// Where the checksum lies in it.
const UDP_CHECKSUM_AT: u16 = 6;
/// Where the checksum lies in an ICMP message.
const ICMP_CHECKSUM_AT: u16 = 2;
/// Most payload of a UDP datagram.
pub const UDP_MAX: usize = 65535 - ip::HEADER - UDP_HEADER;
/// Type of an ICMP echo request.
const ECHO_REQUEST: u8 = 8;

/// Per-message choices (`IP_PKTINFO`, `IP_TTL`, `IP_TOS` control messages).
#[derive(Clone, Copy, Debug, Default)]
pub struct Overrides {
    /// Source address.
    pub src: Option<Ipv4Addr>,
    /// Time to live.
    pub ttl: Option<u8>,
    /// Type of service.
    pub tos: Option<u8>,
}

impl DgramSock {
    /// Sends `payload` to `to`, or to the peer.
    ///
    /// # Errors
    /// The pending error, `EDESTADDRREQ` without a destination, `EMSGSIZE`, `EPIPE` after a
    /// shutdown, `EACCES` for a broadcast without leave, `ENETUNREACH`, `EINVAL` for port 0 or a
    /// malformed message, `ENOBUFS`.
    pub fn send(
        self: &Arc<Self>,
        to: Option<Endpoint>,
        payload: &[u8],
        overrides: Overrides,
    ) -> Result<usize, Errno> {
        let (remote, settings) = {
            let mut inner = self.inner.lock();
            if let Some(error) = inner.error.take() {
                return Err(error);
            }
            if inner.write_shut {
                return Err(Errno::EPIPE);
            }
            (to.or(inner.remote).ok_or(Errno::EDESTADDRREQ)?, inner.settings)
        };
        let mut remote = remote;
        if remote.addr.is_unspecified() {
            remote.addr = Ipv4Addr::LOCALHOST;
        }
        if self.kind == Kind::Udp && remote.port == 0 {
            return Err(Errno::EINVAL);
        }
        if self.stack.is_broadcast(remote.addr) && !settings.broadcast {
            return Err(Errno::EACCES);
        }
        let route = self.stack.route(remote.addr)?;
        self.autobind()?;
        let local = self.local();
        let mut src = if local.addr.is_unspecified() { route.src } else { local.addr };
        if let Some(wanted) = overrides.src.filter(|addr| self.stack.is_local(*addr)) {
            src = wanted;
        }
        let mut head = [0; UDP_HEADER];
        let (header_len, protocol, checksum_at, body) =
            self.make_header(&mut head, local.port, remote.port, payload, &settings)?;
        let mut out = DatagramOut {
            src,
            dst: remote.addr,
            protocol,
            tos: overrides.tos.unwrap_or(settings.tos),
            ttl: overrides.ttl.unwrap_or(settings.ttl),
            header: head.get(..header_len).unwrap_or(&[]),
            checksum_at,
            payload: body,
        };
        if settings.header_included
            && let Some(given) = ip::parse(payload, true)
        {
            out.protocol = given.protocol;
            out.ttl = given.ttl;
            out.tos = given.tos;
            out.payload = given.payload;
        }
        self.stack.send_datagram(&route, &out, self.stack.now())?;
        self.stack.flush();
        Ok(payload.len())
    }

    #[allow(clippy::type_complexity, reason = "one caller, which takes it apart at once")]
    fn make_header<'a>(
        &self,
        head: &mut [u8; UDP_HEADER],
        local_port: u16,
        remote_port: u16,
        payload: &'a [u8],
        settings: &Settings,
    ) -> Result<(usize, u8, Option<u16>, &'a [u8]), Errno> {
        match self.kind {
            Kind::Udp => {
                if payload.len() > UDP_MAX {
                    return Err(Errno::EMSGSIZE);
                }
                let [s0, s1] = local_port.to_be_bytes();
                let [d0, d1] = remote_port.to_be_bytes();
                let length = u16::try_from(UDP_HEADER + payload.len()).unwrap_or(u16::MAX);
                let [l0, l1] = length.to_be_bytes();
                *head = [s0, s1, d0, d1, l0, l1, 0, 0];
                Ok((UDP_HEADER, ip::UDP, Some(UDP_CHECKSUM_AT), payload))
            }
            Kind::Ping => {
                let (front, rest) = payload.split_first_chunk::<8>().ok_or(Errno::EINVAL)?;
                let [kind, code, _, _, _, _, q0, q1] = *front;
                if kind != ECHO_REQUEST || code != 0 {
                    return Err(Errno::EINVAL);
                }
                let [i0, i1] = local_port.to_be_bytes();
                *head = [kind, code, 0, 0, i0, i1, q0, q1];
                Ok((8, ip::ICMP, Some(ICMP_CHECKSUM_AT), rest))
            }
            Kind::Raw(protocol) => {
                if settings.header_included && ip::parse(payload, true).is_none() {
                    return Err(Errno::EINVAL);
                }
                Ok((0, protocol, None, payload))
            }
        }
    }
}
