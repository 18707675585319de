//! [`Socket`]: a protocol's socket with the settings that all have, and how its operations wait.

use super::options::Common;
use crate::fs::OpenFile;
use crate::fs::attr::next_anonymous_ino;
use crate::net::dgram::{self, DgramSock};
use crate::net::machine;
use crate::net::netlink::NetlinkSock;
use crate::net::tcp::TcpSock;
use crate::net::unix::{self, Credentials, UnixSock};
use crate::task::Capability;
use crate::task::{WaitQueue, Wake, current};
use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use elfin_platform::time;
use elfin_syscalls::Errno;
use elfin_syscalls::abi::{
    AF_INET, AF_NETLINK, AF_UNIX, IPPROTO_ICMP, IPPROTO_IP, IPPROTO_TCP, IPPROTO_UDP,
};
use elfin_syscalls::args::SockType;

/// The protocol's part of a socket.
#[derive(Clone, Debug)]
pub enum Protocol {
    /// TCP.
    Tcp(Arc<TcpSock>),
    /// UDP, ICMP echo, raw IP.
    Dgram(Arc<DgramSock>),
    /// AF_UNIX.
    Unix(Arc<UnixSock>),
    /// AF_NETLINK.
    Netlink(Arc<NetlinkSock>),
}

/// A socket.
#[derive(Debug)]
pub struct Socket {
    /// The protocol's part.
    pub protocol: Protocol,
    /// `SOCK_STREAM`, ….
    pub kind: u32,
    /// The protocol's number, as `SO_PROTOCOL` tells it.
    pub number: i32,
    /// Settings.
    pub common: Common,
    /// The inode number.
    pub ino: u64,
    /// A connection was begun and the program does not know its outcome yet.
    pub(super) connecting: AtomicBool,
}

/// The socket that an open file is.
///
/// # Errors
/// `ENOTSOCK`.
#[inline]
pub fn of_file(file: &OpenFile) -> Result<&Socket, Errno> {
    file.file.as_any().downcast_ref().ok_or(Errno::ENOTSOCK)
}

/// The credentials of the running thread.
pub fn credentials() -> Credentials {
    let me = current();
    let cred = me.cred();
    Credentials { pid: me.process.pid, uid: cred.euid, gid: cred.egid }
}

impl Socket {
    /// Makes a socket (`socket(2)`).
    ///
    /// # Errors
    /// `EAFNOSUPPORT` (IPv6 among them: there is none), `ESOCKTNOSUPPORT`, `EPROTONOSUPPORT`,
    /// `EPERM` for raw sockets without the right to them.
    pub fn new(family: i32, kind: u32, number: i32) -> Result<Self, Errno> {
        let family = u16::try_from(family).map_err(|_| Errno::EAFNOSUPPORT)?;
        let protocol = match family {
            AF_INET => Self::inet(kind, number)?,
            AF_UNIX => {
                if number != 0 && number != i32::from(AF_UNIX) {
                    return Err(Errno::EPROTONOSUPPORT);
                }
                Protocol::Unix(UnixSock::new(unix_kind(kind)?, credentials()))
            }
            AF_NETLINK => Protocol::Netlink(NetlinkSock::new(kind, number)?),
            _ => return Err(Errno::EAFNOSUPPORT),
        };
        Ok(Self::wrap(protocol, kind, number))
    }

    /// The netlink socket that it is, if it is one.
    pub fn netlink(&self) -> Option<&Arc<NetlinkSock>> {
        match &self.protocol {
            Protocol::Netlink(sock) => Some(sock),
            _ => None,
        }
    }

    fn inet(kind: u32, number: i32) -> Result<Protocol, Errno> {
        let stack = machine();
        match (kind, number) {
            (SockType::STREAM, IPPROTO_IP | IPPROTO_TCP) => Ok(Protocol::Tcp(TcpSock::new(stack))),
            (SockType::DGRAM, IPPROTO_IP | IPPROTO_UDP) => {
                Ok(Protocol::Dgram(DgramSock::new(stack, dgram::Kind::Udp)))
            }
            (SockType::DGRAM, IPPROTO_ICMP) => {
                Ok(Protocol::Dgram(DgramSock::new(stack, dgram::Kind::Ping)))
            }
            (SockType::RAW, IPPROTO_IP) => Err(Errno::EPROTONOSUPPORT),
            (SockType::RAW, number) => {
                if !current().cred().has(Capability::NET_RAW) {
                    return Err(Errno::EPERM);
                }
                let number = u8::try_from(number).map_err(|_| Errno::EINVAL)?;
                let sock = DgramSock::new(stack, dgram::Kind::Raw(number));
                sock.set(|settings| settings.header_included = number == u8::MAX);
                Ok(Protocol::Dgram(sock))
            }
            (SockType::STREAM | SockType::DGRAM, _) => Err(Errno::EPROTONOSUPPORT),
            _ => Err(Errno::ESOCKTNOSUPPORT),
        }
    }

    /// Two AF_UNIX sockets connected to each other (`socketpair(2)`).
    ///
    /// # Errors
    /// `EOPNOTSUPP` for the Internet, and those of [`Self::new`].
    pub fn pair(family: i32, kind: u32, number: i32) -> Result<(Self, Self), Errno> {
        match u16::try_from(family) {
            Ok(AF_UNIX) => {}
            Ok(AF_INET) => return Err(Errno::EOPNOTSUPP),
            _ => return Err(Errno::EAFNOSUPPORT),
        }
        if number != 0 && number != i32::from(AF_UNIX) {
            return Err(Errno::EPROTONOSUPPORT);
        }
        let (one, two) = UnixSock::pair(unix_kind(kind)?, credentials());
        let wrap = |sock| Self::wrap(Protocol::Unix(sock), kind, number);
        Ok((wrap(one), wrap(two)))
    }

    pub(super) fn wrap(protocol: Protocol, kind: u32, number: i32) -> Self {
        let ino = next_anonymous_ino();
        let number = match &protocol {
            Protocol::Tcp(sock) => {
                sock.inode.store(ino, Ordering::Relaxed);
                IPPROTO_TCP
            }
            Protocol::Dgram(sock) => {
                sock.inode.store(ino, Ordering::Relaxed);
                match sock.kind {
                    dgram::Kind::Udp => IPPROTO_UDP,
                    dgram::Kind::Ping => IPPROTO_ICMP,
                    dgram::Kind::Raw(number) => i32::from(number),
                }
            }
            Protocol::Unix(_) => 0,
            Protocol::Netlink(_) => number,
        };
        let common = Common::default();
        common.mtu_discover.store(1, Ordering::Relaxed);
        Self { protocol, kind, number, common, ino, connecting: AtomicBool::new(false) }
    }

    /// The address family.
    pub fn family(&self) -> u16 {
        match self.protocol {
            Protocol::Tcp(_) | Protocol::Dgram(_) => AF_INET,
            Protocol::Unix(_) => AF_UNIX,
            Protocol::Netlink(_) => AF_NETLINK,
        }
    }

    /// The queue on which the socket's users wait.
    pub(super) fn queue(&self) -> &WaitQueue {
        match &self.protocol {
            Protocol::Tcp(sock) => &sock.queue,
            Protocol::Dgram(sock) => &sock.wait,
            Protocol::Unix(sock) => &sock.wait,
            Protocol::Netlink(sock) => &sock.wait,
        }
    }

    /// Ends one direction or both.
    ///
    /// # Errors
    /// `ENOTCONN`, `EOPNOTSUPP`.
    pub fn shutdown(&self, read: bool, write: bool) -> Result<(), Errno> {
        match &self.protocol {
            Protocol::Tcp(sock) => sock.shutdown(read, write),
            Protocol::Dgram(sock) => sock.shutdown(read, write),
            Protocol::Unix(sock) => sock.shutdown(read, write),
            Protocol::Netlink(_) => Err(Errno::EOPNOTSUPP),
        }
    }

    /// Takes the pending error (`SO_ERROR`).
    pub fn take_error(&self) -> Option<Errno> {
        match &self.protocol {
            Protocol::Tcp(sock) => {
                let error = sock.take_error();
                if error.is_some() {
                    self.connecting.store(false, Ordering::Relaxed);
                }
                error
            }
            Protocol::Dgram(sock) => sock.take_error(),
            Protocol::Unix(sock) => sock.take_error(),
            Protocol::Netlink(_) => None,
        }
    }
}

fn unix_kind(kind: u32) -> Result<unix::Kind, Errno> {
    match kind {
        SockType::STREAM => Ok(unix::Kind::Stream),
        // Linux makes a datagram socket of it.
        SockType::DGRAM | SockType::RAW => Ok(unix::Kind::Dgram),
        SockType::SEQPACKET => Ok(unix::Kind::SeqPacket),
        _ => Err(Errno::ESOCKTNOSUPPORT),
    }
}

/// How long an operation may wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    deadline: Option<u64>,
}

impl Patience {
    /// For the time that `timeout` (nanoseconds, 0 for ever) says.
    pub fn of(timeout: &AtomicU64) -> Self {
        let timeout = timeout.load(Ordering::Relaxed);
        Self { deadline: (timeout != 0).then(|| time::now().saturating_add(timeout)) }
    }

    /// Sleeps until `ready`.
    ///
    /// # Errors
    /// `EAGAIN` when the time is up; `ERESTARTSYS` for a signal, `EINTR` if the time is limited.
    pub fn wait(self, queue: &WaitQueue, mut ready: impl FnMut() -> bool) -> Result<(), Errno> {
        let outcome = queue.wait_until(self.deadline, || ready().then_some(()));
        outcome.map_err(|wake| self.error(wake))
    }

    /// The same, for sleepers of whom one is woken at a time.
    pub fn wait_exclusive(
        self,
        queue: &WaitQueue,
        mut ready: impl FnMut() -> bool,
    ) -> Result<(), Errno> {
        let outcome = queue.wait_exclusive_until(self.deadline, || ready().then_some(()));
        outcome.map_err(|wake| self.error(wake))
    }

    fn error(self, wake: Wake) -> Errno {
        match wake {
            Wake::TimedOut => Errno::EAGAIN,
            Wake::Interrupted if self.deadline.is_some() => Errno::EINTR,
            Wake::Interrupted => Errno::ERESTARTSYS,
        }
    }
}
