//! Handlers of socket options (socket(7), ip(7), tcp(7), udp(7)).

use core::sync::atomic::{AtomicU64, Ordering};

use arrayvec::ArrayVec;
use elfin_platform::user;
use elfin_syscalls::abi::*;
use elfin_syscalls::abi::{Linger as LingerAbi, TcpInfo, Timeval, Ucred};
use elfin_syscalls::args::{Fd, UserAddr, UserInOut};
use elfin_syscalls::{Errno, SysResult};
use zerocopy::{FromZeros, IntoBytes};

use super::Cx;
use super::usercopy::{efault, user_read, user_read_at, user_write};
use crate::net::dgram::{DgramSock, Settings};
use crate::net::machine;
use crate::net::socket::{Address, Linger, Protocol, Socket, of_file};
use crate::net::tcp::{Keepalive, SOMAXCONN, State, TcpSock, Tuning};
use crate::task::Capability;

const MICRO: u64 = 1000;
const SECOND: u64 = 1_000_000_000;
/// Smallest and largest buffers that programs can ask for, doubled as Linux doubles them
/// (`net.core.rmem_max`).
const BUFFER_MIN: u32 = 2304;
const BUFFER_MAX: u32 = 2 * 4_194_304;
/// The name of the congestion control that is built in.
const CONGESTION: &[u8] = b"reno";

/// The value of an option, to be returned.
type Value = ArrayVec<u8, 256>;

/// `setsockopt(2)`.
pub fn setsockopt(
    cx: &mut Cx<'_>,
    fd: Fd,
    level: i32,
    name: i32,
    value: UserAddr,
    len: i32,
) -> SysResult {
    let file = cx.file(fd)?;
    let socket = of_file(&file)?;
    let given = Given { at: value, len: usize::try_from(len).map_err(|_| Errno::EINVAL)? };
    match level {
        SOL_SOCKET => set_socket(cx, socket, name, given)?,
        SOL_IP => set_ip(socket, name, given)?,
        SOL_TCP => match &socket.protocol {
            Protocol::Tcp(sock) => set_tcp(sock, name, given)?,
            _ => return Err(Errno::EOPNOTSUPP),
        },
        SOL_UDP if matches!(socket.protocol, Protocol::Dgram(_)) => set_udp(name, given)?,
        SOL_NETLINK if matches!(socket.protocol, Protocol::Netlink(_)) => {}
        _ => {
            return Err(match socket.protocol {
                Protocol::Unix(_) => Errno::EOPNOTSUPP,
                _ => Errno::ENOPROTOOPT,
            });
        }
    }
    Ok(0)
}

/// `getsockopt(2)`.
pub fn getsockopt(
    cx: &mut Cx<'_>,
    fd: Fd,
    level: i32,
    name: i32,
    value: UserAddr,
    len: UserInOut<i32>,
) -> SysResult {
    let file = cx.file(fd)?;
    let socket = of_file(&file)?;
    let room = usize::try_from(user_read(len)?).map_err(|_| Errno::EINVAL)?;
    let answer = match (level, &socket.protocol) {
        (SOL_SOCKET, _) => get_socket(socket, name)?,
        (SOL_IP, Protocol::Tcp(_) | Protocol::Dgram(_)) => get_ip(socket, name)?,
        (SOL_TCP, Protocol::Tcp(sock)) => get_tcp(sock, name)?,
        (SOL_UDP, Protocol::Dgram(_)) if name == UDP_CORK => number(0),
        (_, Protocol::Unix(_)) => return Err(Errno::EOPNOTSUPP),
        (SOL_TCP, _) => return Err(Errno::EOPNOTSUPP),
        _ => return Err(Errno::ENOPROTOOPT),
    };
    let fits = answer.get(..room.min(answer.len())).unwrap_or(&[]);
    user::copy_out(value.addr(), fits).map_err(efault)?;
    user_write(len, &i32::try_from(fits.len()).unwrap_or(0))?;
    Ok(0)
}

/// The value that a program gives.
#[derive(Clone, Copy)]
struct Given {
    at: UserAddr,
    len: usize,
}

impl Given {
    /// As a number.
    fn number(self) -> Result<i32, Errno> {
        if self.len < size_of::<i32>() {
            return Err(Errno::EINVAL);
        }
        user_read_at(self.at)
    }

    /// As a number, or a single byte (which options of `SOL_IP` may be).
    fn small_number(self) -> Result<i32, Errno> {
        if self.len >= size_of::<i32>() {
            return self.number();
        }
        if self.len == 0 {
            return Err(Errno::EINVAL);
        }
        user_read_at::<u8>(self.at).map(i32::from)
    }

    fn switch(self) -> Result<bool, Errno> {
        Ok(self.number()? != 0)
    }

    /// As a time in nanoseconds; 0 for none.
    fn time(self) -> Result<u64, Errno> {
        if self.len < size_of::<Timeval>() {
            return Err(Errno::EINVAL);
        }
        let time: Timeval = user_read_at(self.at)?;
        let micros = u64::try_from(time.tv_usec).ok().filter(|micros| *micros < 1_000_000);
        let micros = micros.ok_or(Errno::EDOM)?;
        // A negative time is none at all: Linux waits not even once, which we do for the
        // shortest time there is.
        let Ok(seconds) = u64::try_from(time.tv_sec) else { return Ok(1) };
        Ok(seconds.saturating_mul(SECOND).saturating_add(micros * MICRO))
    }
}

fn number(value: i32) -> Value {
    bytes(&value.to_ne_bytes())
}

fn switch(on: bool) -> Value {
    number(i32::from(on))
}

fn unsigned(value: u32) -> Value {
    bytes(&value.to_ne_bytes())
}

fn bytes(value: &[u8]) -> Value {
    let mut answer = Value::new();
    // No option's value is longer than 256 bytes.
    let _fits = answer.try_extend_from_slice(value);
    answer
}

fn time(nanoseconds: &AtomicU64) -> Value {
    let nanoseconds = nanoseconds.load(Ordering::Relaxed);
    let value = Timeval {
        tv_sec: i64::try_from(nanoseconds / SECOND).unwrap_or(i64::MAX),
        tv_usec: i64::try_from(nanoseconds % SECOND / MICRO).unwrap_or(0),
    };
    bytes(value.as_bytes())
}

/// The switches without effect here, and where they are remembered.
fn inert(name: i32) -> Option<u64> {
    let known = [
        SO_DEBUG,
        SO_DONTROUTE,
        SO_NO_CHECK,
        SO_BSDCOMPAT,
        SO_TIMESTAMPNS,
        SO_RXQ_OVFL,
        SO_SELECT_ERR_QUEUE,
        SO_BUSY_POLL,
        SO_ZEROCOPY,
        SO_PASSSEC,
        SO_INCOMING_CPU,
    ];
    (known.contains(&name) && (0..64).contains(&name)).then(|| 1 << name)
}

fn set_socket(cx: &Cx<'_>, socket: &Socket, name: i32, given: Given) -> Result<(), Errno> {
    let common = &socket.common;
    match name {
        SO_REUSEADDR | SO_REUSEPORT | SO_KEEPALIVE | SO_BROADCAST => {
            set_switch(socket, name, given.switch()?);
        }
        SO_SNDBUF | SO_RCVBUF => set_buffer(socket, name, given.number()?),
        SO_SNDBUFFORCE | SO_RCVBUFFORCE => {
            if !cx.thread.cred().has(Capability::NET_ADMIN) {
                return Err(Errno::EPERM);
            }
            let plain = if name == SO_SNDBUFFORCE { SO_SNDBUF } else { SO_RCVBUF };
            set_buffer(socket, plain, given.number()?);
        }
        SO_RCVTIMEO => common.receive_timeout.store(given.time()?, Ordering::Relaxed),
        SO_SNDTIMEO => common.send_timeout.store(given.time()?, Ordering::Relaxed),
        SO_LINGER => {
            if given.len < size_of::<LingerAbi>() {
                return Err(Errno::EINVAL);
            }
            let linger: LingerAbi = user_read_at(given.at)?;
            let seconds = u32::try_from(linger.l_linger).unwrap_or(u32::MAX);
            common.set_linger(Linger { on: linger.l_onoff != 0, seconds });
        }
        SO_RCVLOWAT => {
            let low = match given.number()? {
                0 => 1,
                low => u32::try_from(low).unwrap_or(i32::MAX.unsigned_abs()),
            };
            if let Protocol::Tcp(sock) = &socket.protocol {
                sock.tune(|tuning| tuning.receive_low = low);
            }
        }
        SO_PASSCRED => {
            let on = given.switch()?;
            common.pass_credentials.store(on, Ordering::Relaxed);
            if let Protocol::Unix(sock) = &socket.protocol {
                sock.set_wants_senders(on);
            }
        }
        SO_TIMESTAMP => common.timestamp.store(given.switch()?, Ordering::Relaxed),
        SO_OOBINLINE => common.oob_inline.store(given.switch()?, Ordering::Relaxed),
        SO_PRIORITY => common.priority.store(given.number()?, Ordering::Relaxed),
        SO_MARK => {
            if !cx.thread.cred().has(Capability::NET_ADMIN) {
                return Err(Errno::EPERM);
            }
            common.mark.store(given.number()?.cast_unsigned(), Ordering::Relaxed);
        }
        SO_BINDTODEVICE => return set_device(given),
        _ => {
            let bit = inert(name).ok_or(Errno::ENOPROTOOPT)?;
            if given.switch()? {
                common.inert.fetch_or(bit, Ordering::Relaxed);
            } else {
                common.inert.fetch_and(!bit, Ordering::Relaxed);
            }
        }
    }
    Ok(())
}

/// `SO_BINDTODEVICE`: the name is checked; routes already lead by the only device there is.
fn set_device(given: Given) -> Result<(), Errno> {
    let mut name = [0; IFNAMSIZ];
    let length = given.len.min(IFNAMSIZ);
    let name = name.get_mut(..length).unwrap_or(&mut []);
    user::copy_in(name, given.at.addr()).map_err(efault)?;
    let name = name.split(|byte| *byte == 0).next().unwrap_or(&[]);
    let known = machine().ifaces.iter().any(|iface| iface.name.as_bytes() == name);
    if name.is_empty() || known { Ok(()) } else { Err(Errno::ENODEV) }
}

fn set_switch(socket: &Socket, name: i32, on: bool) {
    match &socket.protocol {
        Protocol::Tcp(sock) => match name {
            SO_REUSEADDR => sock.set_reuse(|reuse| reuse.addr = on),
            SO_REUSEPORT => sock.set_reuse(|reuse| reuse.port = on),
            SO_KEEPALIVE => sock.tune(|tuning| tuning.keepalive.on = on),
            _ => remember(socket, name, on),
        },
        Protocol::Dgram(sock) => match name {
            SO_REUSEADDR => sock.set(|settings| settings.reuse_addr = on),
            SO_REUSEPORT => sock.set(|settings| settings.reuse_port = on),
            SO_BROADCAST => sock.set(|settings| settings.broadcast = on),
            _ => remember(socket, name, on),
        },
        _ => remember(socket, name, on),
    }
}

/// Notes a switch that has no effect on this protocol, for `getsockopt`.
fn remember(socket: &Socket, name: i32, on: bool) {
    let bit = 1u64.checked_shl(name.unsigned_abs()).unwrap_or(0);
    if on {
        socket.common.inert.fetch_or(bit, Ordering::Relaxed);
    } else {
        socket.common.inert.fetch_and(!bit, Ordering::Relaxed);
    }
}

fn remembered(socket: &Socket, name: i32) -> bool {
    let bit = 1u64.checked_shl(name.unsigned_abs()).unwrap_or(0);
    socket.common.inert.load(Ordering::Relaxed) & bit != 0
}

fn set_buffer(socket: &Socket, name: i32, wanted: i32) {
    let bytes = u32::try_from(wanted).unwrap_or(0).saturating_mul(2).clamp(BUFFER_MIN, BUFFER_MAX);
    match (&socket.protocol, name == SO_SNDBUF) {
        (Protocol::Tcp(sock), true) => sock.tune(|tuning| tuning.send_buffer = Some(bytes)),
        (Protocol::Tcp(sock), false) => sock.tune(|tuning| tuning.receive_buffer = Some(bytes)),
        (Protocol::Dgram(sock), true) => sock.set(|settings| settings.send_buffer = bytes),
        (Protocol::Dgram(sock), false) => sock.set(|settings| settings.receive_buffer = bytes),
        (Protocol::Unix(sock), true) => sock.send_buffer.store(bytes, Ordering::Relaxed),
        _ => {}
    }
}

fn get_socket(socket: &Socket, name: i32) -> Result<Value, Errno> {
    let common = &socket.common;
    Ok(match name {
        SO_TYPE => unsigned(socket.kind),
        SO_DOMAIN => number(i32::from(socket.family())),
        SO_PROTOCOL => number(socket.number),
        SO_ERROR => number(socket.take_error().map_or(0, Errno::number)),
        SO_ACCEPTCONN => switch(match &socket.protocol {
            Protocol::Tcp(sock) => sock.state() == State::Listen,
            Protocol::Unix(sock) => sock.is_listening(),
            _ => false,
        }),
        SO_REUSEADDR | SO_REUSEPORT | SO_KEEPALIVE | SO_BROADCAST => {
            switch(get_switch(socket, name))
        }
        SO_SNDBUF => unsigned(match &socket.protocol {
            Protocol::Tcp(sock) => sock.send_limit(),
            Protocol::Dgram(sock) => sock.settings().send_buffer,
            Protocol::Unix(sock) => sock.send_buffer.load(Ordering::Relaxed),
            Protocol::Netlink(_) => Settings::default().send_buffer,
        }),
        SO_RCVBUF => unsigned(match &socket.protocol {
            Protocol::Tcp(sock) => sock.receive_limit(),
            Protocol::Dgram(sock) => sock.settings().receive_buffer,
            _ => Settings::default().receive_buffer,
        }),
        SO_RCVLOWAT => unsigned(match &socket.protocol {
            Protocol::Tcp(sock) => sock.tuning().receive_low,
            _ => 1,
        }),
        SO_SNDLOWAT => number(1),
        SO_RCVTIMEO => time(&common.receive_timeout),
        SO_SNDTIMEO => time(&common.send_timeout),
        SO_LINGER => {
            let Linger { on, seconds } = common.linger();
            let l_linger = i32::try_from(seconds).unwrap_or(i32::MAX);
            bytes(LingerAbi { l_onoff: i32::from(on), l_linger }.as_bytes())
        }
        SO_PASSCRED => switch(common.pass_credentials.load(Ordering::Relaxed)),
        SO_TIMESTAMP => switch(common.timestamp.load(Ordering::Relaxed)),
        SO_OOBINLINE => switch(common.oob_inline.load(Ordering::Relaxed)),
        SO_PRIORITY => number(common.priority.load(Ordering::Relaxed)),
        SO_MARK => unsigned(common.mark.load(Ordering::Relaxed)),
        SO_COOKIE => bytes(&socket.ino.to_ne_bytes()),
        SO_PEERCRED => peer_credentials(socket),
        SO_PEERNAME => match socket.remote()? {
            Address::Unspecified => return Err(Errno::ENOTCONN),
            address => bytes(&address.bytes()),
        },
        SO_BINDTODEVICE => Value::new(),
        _ if inert(name).is_some() => switch(remembered(socket, name)),
        _ => return Err(Errno::ENOPROTOOPT),
    })
}

fn get_switch(socket: &Socket, name: i32) -> bool {
    match (&socket.protocol, name) {
        (Protocol::Tcp(sock), SO_REUSEADDR) => sock.reuse().addr,
        (Protocol::Tcp(sock), SO_REUSEPORT) => sock.reuse().port,
        (Protocol::Tcp(sock), SO_KEEPALIVE) => sock.tuning().keepalive.on,
        (Protocol::Dgram(sock), SO_REUSEADDR) => sock.settings().reuse_addr,
        (Protocol::Dgram(sock), SO_REUSEPORT) => sock.settings().reuse_port,
        (Protocol::Dgram(sock), SO_BROADCAST) => sock.settings().broadcast,
        _ => remembered(socket, name),
    }
}

fn peer_credentials(socket: &Socket) -> Value {
    /// What Linux says where there is no peer.
    const NOBODY: Ucred = Ucred { pid: 0, uid: u32::MAX, gid: u32::MAX };
    let peer = match &socket.protocol {
        Protocol::Unix(sock) => sock.peer_credentials(),
        _ => None,
    };
    let answer = peer.map_or(NOBODY, |peer| Ucred {
        pid: i32::try_from(peer.pid).unwrap_or(0),
        uid: peer.uid,
        gid: peer.gid,
    });
    bytes(answer.as_bytes())
}

fn set_ip(socket: &Socket, name: i32, given: Given) -> Result<(), Errno> {
    let byte = |value: i32| u8::try_from(value).map_err(|_| Errno::EINVAL);
    match (&socket.protocol, name) {
        (Protocol::Unix(_), _) => return Err(Errno::EOPNOTSUPP),
        (Protocol::Netlink(_), _) => return Err(Errno::ENOPROTOOPT),
        (protocol, IP_TTL) => {
            let ttl = match given.small_number()? {
                -1 => crate::net::ip::DEFAULT_TTL,
                0 => return Err(Errno::EINVAL),
                ttl => byte(ttl)?,
            };
            match protocol {
                Protocol::Tcp(sock) => sock.tune(|tuning| tuning.ttl = ttl),
                Protocol::Dgram(sock) => sock.set(|settings| settings.ttl = ttl),
                _ => {}
            }
        }
        (protocol, IP_TOS) => {
            let tos = byte(given.small_number()?)?;
            match protocol {
                Protocol::Tcp(sock) => sock.tune(|tuning| tuning.tos = tos),
                Protocol::Dgram(sock) => sock.set(|settings| settings.tos = tos),
                _ => {}
            }
        }
        (_, IP_MTU_DISCOVER) => {
            let mode = given.small_number()?;
            if !(0..=5).contains(&mode) {
                return Err(Errno::EINVAL);
            }
            socket.common.mtu_discover.store(mode, Ordering::Relaxed);
        }
        (Protocol::Dgram(sock), _) => return set_ip_datagram(sock, name, given),
        (Protocol::Tcp(_), IP_RECVERR | IP_PKTINFO | IP_RECVTTL | IP_RECVTOS) => {}
        (Protocol::Tcp(_), IP_FREEBIND | IP_BIND_ADDRESS_NO_PORT | IP_MINTTL) => {}
        _ => return Err(Errno::ENOPROTOOPT),
    }
    Ok(())
}

fn set_ip_datagram(sock: &DgramSock, name: i32, given: Given) -> Result<(), Errno> {
    match name {
        IP_PKTINFO | IP_RECVTTL | IP_RECVTOS | IP_RECVERR | IP_HDRINCL => {
            let on = given.small_number()? != 0;
            sock.set(|settings| match name {
                IP_PKTINFO => settings.packet_info = on,
                IP_RECVTTL => settings.receive_ttl = on,
                IP_RECVTOS => settings.receive_tos = on,
                IP_RECVERR => settings.receive_errors = on,
                _ => settings.header_included = on,
            });
        }
        IP_FREEBIND
        | IP_BIND_ADDRESS_NO_PORT
        | IP_MINTTL
        | IP_MULTICAST_TTL
        | IP_MULTICAST_LOOP
        | IP_MULTICAST_IF
        | IP_MULTICAST_ALL => {}
        // There are no multicast routes: whoever joins a group should know.
        IP_ADD_MEMBERSHIP => return Err(Errno::ENODEV),
        IP_DROP_MEMBERSHIP => return Err(Errno::EADDRNOTAVAIL),
        _ => return Err(Errno::ENOPROTOOPT),
    }
    Ok(())
}

fn get_ip(socket: &Socket, name: i32) -> Result<Value, Errno> {
    let (ttl, tos, settings) = match &socket.protocol {
        Protocol::Tcp(sock) => {
            let tuning = sock.tuning();
            (tuning.ttl, tuning.tos, Settings::default())
        }
        Protocol::Dgram(sock) => {
            let settings = sock.settings();
            (settings.ttl, settings.tos, settings)
        }
        _ => return Err(Errno::EOPNOTSUPP),
    };
    Ok(match name {
        IP_TTL => number(i32::from(ttl)),
        IP_TOS => number(i32::from(tos)),
        IP_MTU_DISCOVER => number(socket.common.mtu_discover.load(Ordering::Relaxed)),
        IP_MTU => match socket.remote()? {
            Address::Inet(remote) => {
                let route = machine().route(remote.addr)?;
                let iface = machine().ifaces.get(route.iface).ok_or(Errno::ENOTCONN)?;
                number(i32::try_from(iface.mtu()).unwrap_or(i32::MAX))
            }
            _ => return Err(Errno::ENOTCONN),
        },
        IP_PKTINFO => switch(settings.packet_info),
        IP_RECVTTL => switch(settings.receive_ttl),
        IP_RECVTOS => switch(settings.receive_tos),
        IP_RECVERR => switch(settings.receive_errors),
        IP_HDRINCL => switch(settings.header_included),
        IP_MULTICAST_TTL | IP_MULTICAST_LOOP => number(1),
        IP_FREEBIND | IP_BIND_ADDRESS_NO_PORT | IP_MINTTL => number(0),
        IP_OPTIONS => Value::new(),
        _ => return Err(Errno::ENOPROTOOPT),
    })
}

fn set_udp(name: i32, given: Given) -> Result<(), Errno> {
    match name {
        UDP_CORK | UDP_NO_CHECK6_TX | UDP_NO_CHECK6_RX if given.number()? == 0 => Ok(()),
        _ => Err(Errno::ENOPROTOOPT),
    }
}

fn set_tcp(sock: &alloc::sync::Arc<TcpSock>, name: i32, given: Given) -> Result<(), Errno> {
    if name == TCP_CONGESTION {
        return set_congestion(given);
    }
    let value = given.number()?;
    let on = value != 0;
    let within = |low: i32, high: i32| {
        if (low..=high).contains(&value) { Ok(value.unsigned_abs()) } else { Err(Errno::EINVAL) }
    };
    match name {
        TCP_NODELAY => sock.tune(|tuning| tuning.no_delay = on),
        TCP_CORK => sock.tune(|tuning| tuning.cork = on),
        TCP_QUICKACK => sock.tune(|tuning| tuning.quick_ack = on),
        TCP_MAXSEG => {
            let limit = if value == 0 { 0 } else { within(88, 32767)? };
            sock.tune(|tuning| tuning.max_segment = u16::try_from(limit).unwrap_or(0));
        }
        TCP_KEEPIDLE => {
            let idle = within(1, 32767)?;
            sock.tune(|tuning| tuning.keepalive.idle = idle);
        }
        TCP_KEEPINTVL => {
            let interval = within(1, 32767)?;
            sock.tune(|tuning| tuning.keepalive.interval = interval);
        }
        TCP_KEEPCNT => {
            let count = within(1, 127)?;
            sock.tune(|tuning| tuning.keepalive.count = count);
        }
        TCP_SYNCNT => {
            let retries = u8::try_from(within(1, 127)?).unwrap_or(u8::MAX);
            sock.tune(|tuning| tuning.syn_retries = retries);
        }
        TCP_LINGER2 => sock.tune(|tuning| tuning.linger2 = value.min(120)),
        TCP_DEFER_ACCEPT => {
            let seconds = u32::try_from(value).unwrap_or(0);
            sock.tune(|tuning| tuning.defer_accept = seconds);
        }
        TCP_USER_TIMEOUT => {
            let milliseconds = u32::try_from(value).map_err(|_| Errno::EINVAL)?;
            sock.tune(|tuning| tuning.user_timeout = milliseconds);
        }
        // Taken note of by nobody: the handshake carries no data, windows follow the buffers.
        TCP_FASTOPEN
        | TCP_FASTOPEN_NO_COOKIE
        | TCP_WINDOW_CLAMP
        | TCP_NOTSENT_LOWAT
        | TCP_THIN_LINEAR_TIMEOUTS
        | TCP_THIN_DUPACK => {}
        TCP_FASTOPEN_CONNECT => return Err(Errno::EOPNOTSUPP),
        _ => return Err(Errno::ENOPROTOOPT),
    }
    Ok(())
}

fn set_congestion(given: Given) -> Result<(), Errno> {
    let mut name = [0; 16];
    let name = name.get_mut(..given.len.min(15)).unwrap_or(&mut []);
    user::copy_in(name, given.at.addr()).map_err(efault)?;
    let name = name.split(|byte| *byte == 0).next().unwrap_or(&[]);
    if name == CONGESTION { Ok(()) } else { Err(Errno::ENOENT) }
}

fn get_tcp(sock: &TcpSock, name: i32) -> Result<Value, Errno> {
    let tuning = sock.tuning();
    Ok(match name {
        TCP_NODELAY => switch(tuning.no_delay),
        TCP_CORK => switch(tuning.cork),
        TCP_QUICKACK => switch(tuning.quick_ack),
        TCP_MAXSEG => unsigned(max_segment(sock, &tuning)),
        TCP_KEEPIDLE | TCP_KEEPINTVL | TCP_KEEPCNT => unsigned(keepalive(&tuning.keepalive, name)),
        TCP_SYNCNT => number(i32::from(tuning.syn_retries)),
        TCP_LINGER2 => number(tuning.linger2),
        TCP_DEFER_ACCEPT => unsigned(tuning.defer_accept),
        TCP_USER_TIMEOUT => unsigned(tuning.user_timeout),
        TCP_WINDOW_CLAMP | TCP_FASTOPEN | TCP_FASTOPEN_CONNECT | TCP_NOTSENT_LOWAT => number(0),
        TCP_CONGESTION => {
            let mut name = bytes(CONGESTION);
            // Linux's buffer for the name has sixteen bytes.
            let _fits = name.try_extend_from_slice(&[0; 12]);
            name
        }
        TCP_INFO => bytes(info(sock).as_bytes()),
        _ => return Err(Errno::ENOPROTOOPT),
    })
}

fn max_segment(sock: &TcpSock, tuning: &Tuning) -> u32 {
    if sock.state() == State::Closed && tuning.max_segment != 0 {
        return u32::from(tuning.max_segment);
    }
    sock.info().mss
}

fn keepalive(keepalive: &Keepalive, name: i32) -> u32 {
    match name {
        TCP_KEEPIDLE => keepalive.idle,
        TCP_KEEPINTVL => keepalive.interval,
        _ => keepalive.count,
    }
}

fn info(sock: &TcpSock) -> TcpInfo {
    /// `TCPI_OPT_SACK` and `TCPI_OPT_WSCALE`.
    const SACK: u8 = 2;
    const SCALE: u8 = 4;
    let state = sock.info();
    let small = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    let byte = |n: u32| u8::try_from(n).unwrap_or(u8::MAX);
    let (theirs, ours) = state.shifts;
    let mut info = TcpInfo::new_zeroed();
    info.tcpi_state = state.state as u8;
    info.tcpi_retransmits = byte(state.backoff);
    info.tcpi_probes = byte(state.probes);
    info.tcpi_backoff = byte(state.backoff);
    info.tcpi_options = u8::from(state.sack) * SACK + u8::from(ours != 0) * SCALE;
    info.tcpi_wscale = theirs & 0xf | ours << 4;
    info.tcpi_rto = small(state.timeout);
    info.tcpi_ato = 40_000;
    info.tcpi_snd_mss = state.mss;
    info.tcpi_rcv_mss = state.mss;
    if state.state == State::Listen {
        info.tcpi_unacked = small(sock.waiting() as u64);
        info.tcpi_sacked = small(sock.backlog() as u64).min(small(SOMAXCONN as u64));
    } else {
        info.tcpi_unacked = state.flight;
    }
    info.tcpi_last_data_sent = small(state.since_sent);
    info.tcpi_last_data_recv = small(state.since_heard);
    info.tcpi_last_ack_recv = small(state.since_heard);
    info.tcpi_pmtu = state.mss + 40;
    info.tcpi_rtt = small(state.rtt);
    info.tcpi_rttvar = small(state.variation);
    info.tcpi_snd_ssthresh = state.threshold;
    info.tcpi_snd_cwnd = state.window;
    info.tcpi_advmss = state.mss;
    info.tcpi_reordering = 3;
    info.tcpi_rcv_space = state.receive_space;
    info.tcpi_total_retrans = state.retransmits;
    info
}
