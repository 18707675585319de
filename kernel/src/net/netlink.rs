//! AF_NETLINK with `NETLINK_ROUTE` (rtnetlink(7)): what interfaces, addresses and routes there
//! are, for `getifaddrs` and its like. Changes are refused: the command line sets up the network.

use super::link::Iface;
use super::machine;
use super::socket::interface_flags;
use crate::fs::Dest;
use crate::task::{PollEvents, PollTable, WaitQueue};
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::Ipv4Addr;
use core::sync::atomic::{AtomicU32, Ordering};
use elfin_platform::sync::SpinLock;
use elfin_syscalls::abi::{
    AF_INET, AF_UNSPEC, ARPHRD_ETHER, ARPHRD_LOOPBACK, IF_OPER_DOWN, IF_OPER_UNKNOWN, IF_OPER_UP,
    IFA_ADDRESS, IFA_BROADCAST, IFA_F_PERMANENT, IFA_LABEL, IFA_LOCAL, IFF_LOWER_UP, IFLA_ADDRESS,
    IFLA_BROADCAST, IFLA_IFNAME, IFLA_MTU, IFLA_OPERSTATE, IFLA_QDISC, IFLA_TXQLEN, NETLINK_ROUTE,
    NLM_F_ACK, NLM_F_DUMP, NLM_F_MULTI, NLM_F_REQUEST, NLMSG_DONE, NLMSG_ERROR, NLMSG_NOOP,
    RT_SCOPE_HOST, RT_SCOPE_LINK, RT_SCOPE_UNIVERSE, RT_TABLE_MAIN, RTA_DST, RTA_GATEWAY, RTA_OIF,
    RTA_PREFSRC, RTA_TABLE, RTM_GETADDR, RTM_GETLINK, RTM_GETROUTE, RTM_NEWADDR, RTM_NEWLINK,
    RTM_NEWROUTE, RTN_UNICAST, RTPROT_BOOT, RTPROT_KERNEL,
};
use elfin_syscalls::abi::{Ifaddrmsg, Ifinfomsg, NLMSG_ALIGNTO, Nlmsgerr, Nlmsghdr, Rtattr, Rtmsg};
use elfin_syscalls::args::SockType;
use elfin_syscalls::{Errno, SysResult};
use zerocopy::{FromBytes, IntoBytes};

/// The first type that is not netlink's own.
const NLMSG_MIN_TYPE: u16 = 0x10;
/// Replies that wait to be read.
const QUEUE: usize = 64;

/// A netlink socket.
pub struct NetlinkSock {
    /// Whoever waits for this socket.
    pub wait: WaitQueue,
    pid: AtomicU32,
    replies: SpinLock<VecDeque<Vec<u8>>>,
}

impl core::fmt::Debug for NetlinkSock {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("NetlinkSock").field("pid", &self.pid).finish_non_exhaustive()
    }
}

static NEXT_PID: AtomicU32 = AtomicU32::new(1);

impl NetlinkSock {
    /// A socket of type `kind` for the family `number`.
    ///
    /// # Errors
    /// `ESOCKTNOSUPPORT`, `EPROTONOSUPPORT` for families other than `NETLINK_ROUTE`.
    pub fn new(kind: u32, number: i32) -> Result<Arc<Self>, Errno> {
        if !matches!(kind, SockType::RAW | SockType::DGRAM) {
            return Err(Errno::ESOCKTNOSUPPORT);
        }
        if number != NETLINK_ROUTE {
            return Err(Errno::EPROTONOSUPPORT);
        }
        Ok(Arc::new(Self {
            wait: WaitQueue::new(),
            pid: AtomicU32::new(0),
            replies: SpinLock::new(VecDeque::new()),
        }))
    }

    /// Gives the socket a port id; 0 lets us choose.
    ///
    /// # Errors
    /// None so far: ids are not checked against each other.
    pub fn bind(&self, pid: u32) -> Result<(), Errno> {
        let pid = if pid == 0 { NEXT_PID.fetch_add(1, Ordering::Relaxed) } else { pid };
        self.pid.store(pid, Ordering::Relaxed);
        Ok(())
    }

    /// The port id.
    pub fn pid(&self) -> u32 {
        self.pid.load(Ordering::Relaxed)
    }

    /// The length of the next reply.
    pub fn readable_bytes(&self) -> usize {
        self.replies.lock().front().map_or(0, Vec::len)
    }

    /// What the socket is ready for.
    pub fn poll(&self, table: Option<&mut PollTable<'_>>) -> PollEvents {
        if let Some(table) = table {
            table.add(&self.wait);
        }
        let ready = PollEvents::WRITABLE;
        if self.replies.lock().is_empty() { ready } else { ready | PollEvents::READABLE }
    }

    /// Takes requests; the replies can be read at once.
    ///
    /// # Errors
    /// `ENOBUFS` if too many replies wait.
    pub fn send(&self, requests: &[u8]) -> SysResult {
        let total = requests.len();
        let mut rest = requests;
        if self.pid() == 0 {
            self.bind(0)?;
        }
        while let Ok((header, body)) = Nlmsghdr::read_from_prefix(rest) {
            let length = header.nlmsg_len as usize;
            if length < size_of::<Nlmsghdr>() || length > rest.len() {
                break;
            }
            let body = body.get(..length - size_of::<Nlmsghdr>()).unwrap_or(&[]);
            self.answer(&header, body)?;
            let next = length.next_multiple_of(NLMSG_ALIGNTO);
            rest = rest.get(next..).unwrap_or(&[]);
        }
        Ok(total)
    }

    fn answer(&self, header: &Nlmsghdr, body: &[u8]) -> Result<(), Errno> {
        let is_request = header.nlmsg_flags & NLM_F_REQUEST != 0;
        if !is_request || header.nlmsg_type < NLMSG_MIN_TYPE || header.nlmsg_type == NLMSG_NOOP {
            return Ok(());
        }
        let mut reply = Reply { bytes: Vec::new(), seq: header.nlmsg_seq, pid: self.pid() };
        let dump = header.nlmsg_flags & NLM_F_DUMP != 0;
        let family = body.first().map_or(AF_UNSPEC, |family| u16::from(*family));
        let ours = matches!(family, AF_UNSPEC | AF_INET);
        let outcome = match header.nlmsg_type {
            RTM_GETLINK => self.links(&mut reply, body, dump),
            RTM_GETADDR if dump => {
                addresses(&mut reply, ours);
                Ok(())
            }
            RTM_GETROUTE if dump => {
                routes(&mut reply, ours);
                Ok(())
            }
            _ => Err(if dump { Errno::EOPNOTSUPP } else { Errno::EPERM }),
        };
        match outcome {
            Ok(()) if dump => reply.put(NLMSG_DONE, NLM_F_MULTI, &0i32, |_| {}),
            Ok(()) if header.nlmsg_flags & NLM_F_ACK == 0 => {}
            outcome => {
                let error = outcome.map_or_else(|error| -error.number(), |()| 0);
                reply.put(NLMSG_ERROR, 0, &Nlmsgerr { error, msg: *header }, |_| {});
            }
        }
        self.queue(reply.bytes)
    }

    #[allow(clippy::unused_self, reason = "beside the other answers")]
    fn links(&self, reply: &mut Reply, body: &[u8], dump: bool) -> Result<(), Errno> {
        let ifaces = &machine().ifaces;
        if dump {
            ifaces.iter().for_each(|iface| link(reply, iface, NLM_F_MULTI));
            return Ok(());
        }
        let (wanted, _) = Ifinfomsg::read_from_prefix(body).map_err(|_| Errno::EINVAL)?;
        let index = u32::try_from(wanted.ifi_index).map_err(|_| Errno::EINVAL)?;
        let iface = ifaces.iter().find(|iface| iface.index == index).ok_or(Errno::ENODEV)?;
        link(reply, iface, 0);
        Ok(())
    }

    /// Puts something of the kernel's own in front of the reader (`mq_notify(2)`).
    ///
    /// # Errors
    /// `ENOBUFS` if too much waits.
    pub fn deliver(&self, bytes: &[u8]) -> Result<(), Errno> {
        let mut reply = Vec::new();
        reply.try_reserve_exact(bytes.len()).map_err(|_| Errno::ENOBUFS)?;
        reply.extend_from_slice(bytes);
        self.queue(reply)
    }

    fn queue(&self, reply: Vec<u8>) -> Result<(), Errno> {
        let mut replies = self.replies.lock();
        if replies.len() >= QUEUE || replies.try_reserve(1).is_err() {
            return Err(Errno::ENOBUFS);
        }
        replies.push_back(reply);
        drop(replies);
        self.wait.wake_all(PollEvents::READABLE);
        Ok(())
    }

    /// Whether there is something to read.
    pub fn can_recv(&self) -> bool {
        !self.replies.lock().is_empty()
    }

    /// Takes the next reply: bytes copied, and its full length.
    ///
    /// # Errors
    /// `EAGAIN` if there is none, `EFAULT`.
    pub fn recv(&self, dst: &mut Dest<'_>, peek: bool) -> Result<(usize, usize), Errno> {
        let reply = {
            let mut replies = self.replies.lock();
            if peek { replies.front().cloned() } else { replies.pop_front() }
        };
        let reply = reply.ok_or(Errno::EAGAIN)?;
        let fits = reply.len().min(dst.remaining());
        let copied = dst.put(reply.get(..fits).unwrap_or(&[]))?;
        Ok((copied, reply.len()))
    }
}

/// Messages being written.
struct Reply {
    bytes: Vec<u8>,
    seq: u32,
    pid: u32,
}

impl Reply {
    fn put<T: IntoBytes + zerocopy::Immutable>(
        &mut self,
        kind: u16,
        flags: u16,
        body: &T,
        attributes: impl FnOnce(&mut Self),
    ) {
        let start = self.bytes.len();
        let header = Nlmsghdr {
            nlmsg_len: 0,
            nlmsg_type: kind,
            nlmsg_flags: flags,
            nlmsg_seq: self.seq,
            nlmsg_pid: self.pid,
        };
        self.bytes.extend_from_slice(header.as_bytes());
        self.bytes.extend_from_slice(body.as_bytes());
        self.pad();
        attributes(self);
        let length = u32::try_from(self.bytes.len() - start).unwrap_or(0);
        if let Some(field) = self.bytes.get_mut(start..).and_then(|b| b.first_chunk_mut::<4>()) {
            *field = length.to_ne_bytes();
        }
    }

    fn attribute(&mut self, kind: u16, value: &[u8]) {
        let length = u16::try_from(size_of::<Rtattr>() + value.len()).unwrap_or(0);
        self.bytes.extend_from_slice(Rtattr { rta_len: length, rta_type: kind }.as_bytes());
        self.bytes.extend_from_slice(value);
        self.pad();
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(NLMSG_ALIGNTO), 0);
    }
}

fn zero_ended(name: &str) -> Vec<u8> {
    name.bytes().chain([0]).collect()
}

fn index_of(iface: &Iface) -> i32 {
    i32::try_from(iface.index).unwrap_or(0)
}

fn link(reply: &mut Reply, iface: &Iface, flags: u16) {
    let loopback = iface.is_loopback();
    let carrier = if iface.is_running() { IFF_LOWER_UP } else { 0 };
    let body = Ifinfomsg {
        ifi_family: 0,
        pad: 0,
        ifi_type: if loopback { ARPHRD_LOOPBACK } else { ARPHRD_ETHER },
        ifi_index: index_of(iface),
        ifi_flags: interface_flags(iface) | carrier,
        ifi_change: 0,
    };
    reply.put(RTM_NEWLINK, flags, &body, |reply| {
        let state = match (loopback, iface.is_running()) {
            (true, _) => IF_OPER_UNKNOWN,
            (false, true) => IF_OPER_UP,
            (false, false) => IF_OPER_DOWN,
        };
        let broadcast = if loopback { [0; 6] } else { [0xff; 6] };
        let mtu = u32::try_from(iface.mtu()).unwrap_or(u32::MAX);
        reply.attribute(IFLA_IFNAME, &zero_ended(iface.name));
        reply.attribute(IFLA_TXQLEN, &1000u32.to_ne_bytes());
        reply.attribute(IFLA_OPERSTATE, &[state]);
        reply.attribute(IFLA_MTU, &mtu.to_ne_bytes());
        reply.attribute(IFLA_QDISC, b"noqueue\0");
        reply.attribute(IFLA_ADDRESS, &iface.mac());
        reply.attribute(IFLA_BROADCAST, &broadcast);
    });
}

fn addresses(reply: &mut Reply, ours: bool) {
    for iface in machine().ifaces.iter().filter(|_| ours) {
        let Some(cidr) = iface.cidr() else { continue };
        let body = Ifaddrmsg {
            ifa_family: family_byte(),
            ifa_prefixlen: cidr.prefix,
            ifa_flags: IFA_F_PERMANENT,
            ifa_scope: if iface.is_loopback() { RT_SCOPE_HOST } else { RT_SCOPE_UNIVERSE },
            ifa_index: iface.index,
        };
        reply.put(RTM_NEWADDR, NLM_F_MULTI, &body, |reply| {
            reply.attribute(IFA_ADDRESS, &cidr.addr.octets());
            reply.attribute(IFA_LOCAL, &cidr.addr.octets());
            if let Some(broadcast) = cidr.broadcast().filter(|_| !iface.is_loopback()) {
                reply.attribute(IFA_BROADCAST, &broadcast.octets());
            }
            reply.attribute(IFA_LABEL, &zero_ended(iface.name));
        });
    }
}

fn family_byte() -> u8 {
    u8::try_from(AF_INET).unwrap_or(0)
}

fn routes(reply: &mut Reply, ours: bool) {
    for iface in machine().ifaces.iter().skip(1).filter(|_| ours) {
        let Some(cidr) = iface.cidr() else { continue };
        if let Some(gateway) = iface.gateway() {
            route(reply, iface, Ipv4Addr::UNSPECIFIED, 0, Some(gateway));
        }
        route(reply, iface, cidr.network(), cidr.prefix, None);
    }
}

fn route(reply: &mut Reply, iface: &Iface, to: Ipv4Addr, length: u8, gateway: Option<Ipv4Addr>) {
    let body = Rtmsg {
        rtm_family: family_byte(),
        rtm_dst_len: length,
        rtm_src_len: 0,
        rtm_tos: 0,
        rtm_table: RT_TABLE_MAIN,
        rtm_protocol: if gateway.is_some() { RTPROT_BOOT } else { RTPROT_KERNEL },
        rtm_scope: if gateway.is_some() { RT_SCOPE_UNIVERSE } else { RT_SCOPE_LINK },
        rtm_type: RTN_UNICAST,
        rtm_flags: 0,
    };
    reply.put(RTM_NEWROUTE, NLM_F_MULTI, &body, |reply| {
        reply.attribute(RTA_TABLE, &u32::from(RT_TABLE_MAIN).to_ne_bytes());
        if length > 0 {
            reply.attribute(RTA_DST, &to.octets());
            reply.attribute(RTA_PREFSRC, &iface.addr().octets());
        }
        if let Some(gateway) = gateway {
            reply.attribute(RTA_GATEWAY, &gateway.octets());
        }
        reply.attribute(RTA_OIF, &index_of(iface).to_ne_bytes());
    });
}
