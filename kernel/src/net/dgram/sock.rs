//! [`DgramSock`]: a socket for datagrams.

use super::queue::{Datagram, Queue};
use crate::net::addr::Endpoint;
use crate::net::ip;
use crate::net::stack::Stack;
use crate::task::{PollEvents, PollTable, WaitQueue};
use alloc::sync::Arc;
use core::sync::atomic::AtomicU64;
use elfin_platform::sync::SpinLock;
use elfin_syscalls::Errno;

/// Buffers of a socket in bytes, unless the program says otherwise (`net.core.rmem_default`).
const BUFFER: u32 = 212_992;

/// What the datagrams are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// UDP.
    Udp,
    /// ICMP echo requests and their replies; the "port" is the identifier.
    Ping,
    /// All packets of a protocol, with their IP header.
    Raw(u8),
}

/// What the program can set.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// `SO_REUSEADDR`.
    pub reuse_addr: bool,
    /// `SO_REUSEPORT`.
    pub reuse_port: bool,
    /// `SO_BROADCAST`.
    pub broadcast: bool,
    /// `SO_RCVBUF` in bytes.
    pub receive_buffer: u32,
    /// `SO_SNDBUF` in bytes.
    pub send_buffer: u32,
    /// `IP_TTL`.
    pub ttl: u8,
    /// `IP_TOS`.
    pub tos: u8,
    /// `IP_PKTINFO`: reads tell the destination.
    pub packet_info: bool,
    /// `IP_RECVTTL`.
    pub receive_ttl: bool,
    /// `IP_RECVTOS`.
    pub receive_tos: bool,
    /// `SO_TIMESTAMP`.
    pub timestamp: bool,
    /// `IP_RECVERR`: errors of unconnected sockets are reported too.
    pub receive_errors: bool,
    /// `IP_HDRINCL`: the program writes the IP header.
    pub header_included: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            reuse_addr: false,
            reuse_port: false,
            broadcast: false,
            receive_buffer: BUFFER,
            send_buffer: BUFFER,
            ttl: ip::DEFAULT_TTL,
            tos: 0,
            packet_info: false,
            receive_ttl: false,
            receive_tos: false,
            timestamp: false,
            receive_errors: false,
            header_included: false,
        }
    }
}

#[derive(Debug)]
pub(super) struct Inner {
    pub local: Endpoint,
    pub remote: Option<Endpoint>,
    /// In the table of sockets that packets are looked up in.
    pub listed: bool,
    pub queue: Queue,
    pub error: Option<Errno>,
    pub settings: Settings,
    pub read_shut: bool,
    pub write_shut: bool,
}

/// A socket for datagrams.
pub struct DgramSock {
    pub(super) stack: &'static Stack,
    /// What the datagrams are.
    pub kind: Kind,
    /// Whoever waits for this socket.
    pub wait: WaitQueue,
    pub(super) inner: SpinLock<Inner>,
    /// The inode number that programs see.
    pub inode: AtomicU64,
}

impl core::fmt::Debug for DgramSock {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("DgramSock").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl DgramSock {
    /// An unbound socket. Raw ones see packets at once.
    #[must_use]
    pub fn new(stack: &'static Stack, kind: Kind) -> Arc<Self> {
        let inner = Inner {
            local: Endpoint::UNSPECIFIED,
            remote: None,
            listed: false,
            queue: Queue::default(),
            error: None,
            settings: Settings::default(),
            read_shut: false,
            write_shut: false,
        };
        let sock = Arc::new(Self {
            stack,
            kind,
            wait: WaitQueue::new(),
            inner: SpinLock::new(inner),
            inode: AtomicU64::new(0),
        });
        if matches!(kind, Kind::Raw(_)) {
            sock.inner.lock().listed = stack.ping.add(sock.clone()).is_ok();
        }
        sock
    }

    /// Our end.
    #[must_use]
    pub fn local(&self) -> Endpoint {
        self.inner.lock().local
    }

    /// The peer's end.
    ///
    /// # Errors
    /// `ENOTCONN` without one.
    pub fn remote(&self) -> Result<Endpoint, Errno> {
        self.inner.lock().remote.ok_or(Errno::ENOTCONN)
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.inner.lock().settings
    }

    /// Changes the settings.
    pub fn set(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.inner.lock().settings);
    }

    /// Takes the pending error.
    pub fn take_error(&self) -> Option<Errno> {
        self.inner.lock().error.take()
    }

    /// Gives the socket an address and port.
    ///
    /// # Errors
    /// `EINVAL` if it has one, `EADDRNOTAVAIL`, `EADDRINUSE`, `ENOMEM`.
    pub fn bind(self: &Arc<Self>, endpoint: Endpoint) -> Result<(), Errno> {
        let ours = endpoint.addr.is_unspecified()
            || self.stack.is_local(endpoint.addr)
            || self.stack.is_broadcast(endpoint.addr)
            || endpoint.addr.is_multicast();
        if !ours {
            return Err(Errno::EADDRNOTAVAIL);
        }
        if let Kind::Raw(_) = self.kind {
            self.inner.lock().local = Endpoint { port: 0, ..endpoint };
            return Ok(());
        }
        if self.local().port != 0 {
            return Err(Errno::EINVAL);
        }
        self.claim(endpoint)
    }

    fn claim(self: &Arc<Self>, endpoint: Endpoint) -> Result<(), Errno> {
        match self.kind {
            Kind::Udp => self.stack.udp.bind(self, endpoint),
            Kind::Ping => self.stack.ping.bind(self, endpoint),
            Kind::Raw(_) => Ok(()),
        }
    }

    /// Makes sure that the socket has a port.
    pub(super) fn autobind(self: &Arc<Self>) -> Result<(), Errno> {
        let local = self.local();
        if local.port != 0 {
            return Ok(());
        }
        self.claim(local)
    }

    /// Sets (or with `None` removes) the peer.
    ///
    /// # Errors
    /// `ENETUNREACH`, `EACCES` for a broadcast without leave, those of [`Self::bind`].
    pub fn connect(self: &Arc<Self>, remote: Option<Endpoint>) -> Result<(), Errno> {
        let Some(mut remote) = remote else {
            let mut inner = self.inner.lock();
            inner.remote = None;
            return Ok(());
        };
        if remote.addr.is_unspecified() {
            remote.addr = core::net::Ipv4Addr::LOCALHOST;
        }
        let broadcast = self.settings().broadcast;
        if self.stack.is_broadcast(remote.addr) && !broadcast {
            return Err(Errno::EACCES);
        }
        let route = self.stack.route(remote.addr)?;
        self.autobind()?;
        let mut inner = self.inner.lock();
        if inner.local.addr.is_unspecified() {
            inner.local.addr = route.src;
        }
        inner.remote = Some(remote);
        inner.error = None;
        Ok(())
    }

    /// Takes the oldest datagram, or with `peek` looks at it. `None`: nothing is there now.
    ///
    /// # Errors
    /// The pending error.
    pub fn try_recv(&self, peek: bool) -> Result<Option<Arc<Datagram>>, Errno> {
        let mut inner = self.inner.lock();
        if let Some(error) = inner.error.take() {
            return Err(error);
        }
        Ok(if peek { inner.queue.front().cloned() } else { inner.queue.pop() })
    }

    /// Whether reads are over (`shutdown`).
    #[must_use]
    pub fn read_shut(&self) -> bool {
        self.inner.lock().read_shut
    }

    /// Whether [`Self::try_recv`] would not come back empty-handed.
    #[must_use]
    pub fn can_recv(&self) -> bool {
        let inner = self.inner.lock();
        !inner.queue.is_empty() || inner.error.is_some() || inner.read_shut
    }

    /// The length of the oldest datagram (`FIONREAD`).
    #[must_use]
    pub fn readable_bytes(&self) -> usize {
        self.inner.lock().queue.front().map_or(0, |packet| packet.data.len())
    }

    /// Bytes held by the queue.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.inner.lock().queue.used()
    }

    /// Puts a datagram into the queue, and wakes who waits for it.
    pub(super) fn deliver(&self, packet: Arc<Datagram>) {
        let pushed = {
            let mut inner = self.inner.lock();
            // Linux counts in the overhead by doubling what the program asks for.
            let limit = inner.settings.receive_buffer as usize * 2;
            !inner.read_shut && inner.queue.push(packet, limit)
        };
        if pushed {
            self.wait.wake_all(PollEvents::READABLE);
        }
    }

    /// Notes an error that the network reported.
    pub(in crate::net) fn network_error(&self, error: Errno) {
        {
            let mut inner = self.inner.lock();
            if inner.remote.is_none() && !inner.settings.receive_errors {
                return;
            }
            inner.error = Some(error);
        }
        self.wait.wake_all(PollEvents::ERR | PollEvents::READABLE | PollEvents::WRITABLE);
    }

    /// What the socket is ready for.
    pub fn poll(&self, table: Option<&mut PollTable<'_>>) -> PollEvents {
        if let Some(table) = table {
            table.add(&self.wait);
        }
        let inner = self.inner.lock();
        let mut events = PollEvents::WRITABLE;
        if !inner.queue.is_empty() || inner.read_shut {
            events |= PollEvents::READABLE;
        }
        if inner.read_shut {
            events |= PollEvents::RDHUP;
            if inner.write_shut {
                events |= PollEvents::HUP;
            }
        }
        if inner.error.is_some() {
            events |= PollEvents::ERR;
        }
        events
    }

    /// Ends one direction or both.
    ///
    /// # Errors
    /// `ENOTCONN` without a peer (it is done nevertheless, as in Linux).
    pub fn shutdown(&self, read: bool, write: bool) -> Result<(), Errno> {
        let connected = {
            let mut inner = self.inner.lock();
            inner.read_shut |= read;
            inner.write_shut |= write;
            inner.remote.is_some()
        };
        self.wait.wake_all(PollEvents::all());
        if connected { Ok(()) } else { Err(Errno::ENOTCONN) }
    }

    /// The last descriptor is closed.
    pub fn close(&self) {
        let (listed, port) = {
            let mut inner = self.inner.lock();
            inner.read_shut = true;
            (core::mem::take(&mut inner.listed), inner.local.port)
        };
        if listed {
            match self.kind {
                Kind::Udp => self.stack.udp.remove(self, port),
                Kind::Ping | Kind::Raw(_) => self.stack.ping.remove(self),
            }
        }
    }
}
