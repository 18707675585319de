//! Binding, connecting, listening, accepting, with waiting.

use super::addr::Address;
use super::send::find;
use super::socket::{Patience, Protocol, Socket, credentials};
use super::unix_path;
use crate::net::addr::Endpoint;
use crate::net::tcp::TcpSock;
use crate::net::unix::{self, UnixName, UnixSock};
use crate::task::{Capability, current};
use alloc::sync::Arc;
use core::sync::atomic::Ordering;
use elfin_syscalls::Errno;

/// The first port that everybody may bind (`ip_unprivileged_port_start`).
const UNPRIVILEGED: u16 = 1024;

impl Socket {
    /// Gives the socket an address (`bind(2)`).
    ///
    /// # Errors
    /// `EINVAL`, `EAFNOSUPPORT`, `EACCES`, `EADDRINUSE`, `EADDRNOTAVAIL`.
    pub fn bind(&self, address: &Address) -> Result<(), Errno> {
        match (&self.protocol, address) {
            (Protocol::Tcp(sock), _) => sock.bind(inet_to_bind(address)?),
            (Protocol::Dgram(sock), _) => sock.bind(inet_to_bind(address)?),
            (Protocol::Unix(sock), Address::Unix(None)) => sock.bind_abstract(None),
            (Protocol::Unix(sock), Address::Unix(Some(UnixName::Abstract(name)))) => {
                sock.bind_abstract(Some(name))
            }
            (Protocol::Unix(sock), Address::Unix(Some(UnixName::Path(path)))) => {
                unix_path::bind(sock, path)
            }
            (Protocol::Netlink(sock), Address::Netlink(pid)) => sock.bind(*pid),
            _ => Err(Errno::EINVAL),
        }
    }

    /// Connects (`connect(2)`).
    ///
    /// # Errors
    /// `EINPROGRESS`, `EALREADY`, `EISCONN`, `ECONNREFUSED`, `ETIMEDOUT`, `EAFNOSUPPORT`, ….
    pub fn connect(&self, address: &Address, nonblocking: bool) -> Result<(), Errno> {
        match &self.protocol {
            Protocol::Tcp(sock) => match address {
                Address::Inet(remote) => self.connect_tcp(sock, *remote, nonblocking),
                Address::Unspecified => {
                    sock.disconnect();
                    self.connecting.store(false, Ordering::Relaxed);
                    Ok(())
                }
                _ => Err(Errno::EAFNOSUPPORT),
            },
            Protocol::Dgram(sock) => match address {
                Address::Inet(remote) => sock.connect(Some(*remote)),
                Address::Unspecified => sock.connect(None),
                _ => Err(Errno::EAFNOSUPPORT),
            },
            Protocol::Unix(sock) => match address {
                Address::Unix(Some(name)) => self.connect_unix(sock, name, nonblocking),
                Address::Unspecified if sock.kind == unix::Kind::Dgram => {
                    sock.disconnect();
                    Ok(())
                }
                _ => Err(Errno::EINVAL),
            },
            Protocol::Netlink(_) => Ok(()),
        }
    }

    fn connect_tcp(
        &self,
        sock: &Arc<TcpSock>,
        remote: Endpoint,
        nonblocking: bool,
    ) -> Result<(), Errno> {
        if self.connecting.load(Ordering::Relaxed) {
            // The outcome of the earlier call comes first.
            if let Some(outcome) = sock.connected() {
                self.connecting.store(false, Ordering::Relaxed);
                return outcome;
            }
            if nonblocking {
                return Err(Errno::EALREADY);
            }
        } else {
            sock.connect(remote)?;
            sock.flush();
            self.connecting.store(true, Ordering::Relaxed);
            if nonblocking {
                return Err(Errno::EINPROGRESS);
            }
        }
        let mut outcome = None;
        let patience = Patience::of(&self.common.send_timeout);
        let waited = patience.wait(&sock.queue, || {
            outcome = sock.connected();
            outcome.is_some()
        });
        match waited {
            Ok(()) => {
                self.connecting.store(false, Ordering::Relaxed);
                outcome.unwrap_or(Ok(()))
            }
            Err(Errno::EAGAIN) => Err(Errno::EINPROGRESS),
            Err(error) => Err(error),
        }
    }

    fn connect_unix(
        &self,
        sock: &Arc<UnixSock>,
        name: &UnixName,
        nonblocking: bool,
    ) -> Result<(), Errno> {
        let patience = Patience::of(&self.common.send_timeout);
        loop {
            let target = find(name)?;
            match sock.try_connect(&target, credentials()) {
                Err(Errno::EAGAIN) if !nonblocking => {
                    patience.wait(&target.wait, || target.has_backlog_room())?;
                }
                outcome => return outcome,
            }
        }
    }

    /// Begins to listen (`listen(2)`).
    ///
    /// # Errors
    /// `EOPNOTSUPP`, `EINVAL`, `EADDRINUSE`.
    pub fn listen(&self, backlog: i32) -> Result<(), Errno> {
        match &self.protocol {
            Protocol::Tcp(sock) => sock.listen(backlog),
            Protocol::Unix(sock) => sock.listen(backlog, credentials()),
            Protocol::Dgram(_) | Protocol::Netlink(_) => Err(Errno::EOPNOTSUPP),
        }
    }

    /// Takes the oldest connection, waiting for one (`accept(2)`).
    ///
    /// # Errors
    /// `EAGAIN`, `EINVAL`, `EOPNOTSUPP`, `ERESTARTSYS`, `EINTR`.
    pub fn accept(&self, nonblocking: bool) -> Result<Self, Errno> {
        let mut patience = None;
        loop {
            let attempt = match &self.protocol {
                Protocol::Tcp(sock) => sock.accept().map(Protocol::Tcp),
                Protocol::Unix(sock) => sock.accept().map(Protocol::Unix),
                Protocol::Dgram(_) | Protocol::Netlink(_) => Err(Errno::EOPNOTSUPP),
            };
            match attempt {
                Ok(protocol) => {
                    let socket = Self::wrap(protocol, self.kind, self.number);
                    socket.common.inherit(&self.common);
                    return Ok(socket);
                }
                Err(Errno::EAGAIN) if !nonblocking => {}
                Err(error) => return Err(error),
            }
            patience
                .get_or_insert_with(|| Patience::of(&self.common.receive_timeout))
                .wait_exclusive(self.queue(), || match &self.protocol {
                    Protocol::Tcp(sock) => sock.can_accept(),
                    Protocol::Unix(sock) => sock.can_accept(),
                    _ => true,
                })?;
        }
    }

    /// Our address (`getsockname(2)`).
    pub fn local(&self) -> Address {
        match &self.protocol {
            Protocol::Tcp(sock) => Address::Inet(sock.local()),
            Protocol::Dgram(sock) => Address::Inet(sock.local()),
            Protocol::Unix(sock) => Address::Unix(sock.name().as_deref().cloned()),
            Protocol::Netlink(sock) => Address::Netlink(sock.pid()),
        }
    }

    /// The other end's address (`getpeername(2)`).
    ///
    /// # Errors
    /// `ENOTCONN`.
    pub fn remote(&self) -> Result<Address, Errno> {
        match &self.protocol {
            Protocol::Tcp(sock) => sock.remote().map(Address::Inet),
            Protocol::Dgram(sock) => sock.remote().map(Address::Inet),
            Protocol::Unix(sock) => Ok(Address::Unix(sock.peer_name()?.as_deref().cloned())),
            Protocol::Netlink(_) => Ok(Address::Netlink(0)),
        }
    }
}

fn inet_to_bind(address: &Address) -> Result<Endpoint, Errno> {
    let endpoint = match address {
        Address::Inet(endpoint) => *endpoint,
        // Linux takes AF_UNSPEC for the address of all interfaces (inet_bind).
        Address::Unspecified => Endpoint::UNSPECIFIED,
        _ => return Err(Errno::EAFNOSUPPORT),
    };
    let reserved = (1..UNPRIVILEGED).contains(&endpoint.port);
    if reserved && !current().cred().has(Capability::NET_BIND_SERVICE) {
        return Err(Errno::EACCES);
    }
    Ok(endpoint)
}
