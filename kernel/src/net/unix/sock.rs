//! [`UnixSock`]: an AF_UNIX socket.

use super::inbox::{Credentials, Inbox};
use super::name::{self, UnixName};
use crate::task::{PollEvents, PollTable, WaitQueue};
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, Ordering};
use elfin_platform::sync::SpinLock;
use elfin_syscalls::Errno;

/// Buffer of a socket, unless the program says otherwise (`net.core.wmem_default`).
pub const BUFFER: u32 = 212_992;
/// Longest queue of datagrams at a receiver (`net.unix.max_dgram_qlen`).
pub const DGRAM_BACKLOG: usize = 512;

/// What the data are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A stream of bytes.
    Stream,
    /// Datagrams.
    Dgram,
    /// A connection that keeps packets apart.
    SeqPacket,
}

#[derive(Debug, Default)]
pub(super) enum Role {
    #[default]
    Idle,
    Listener {
        backlog: usize,
        waiting: VecDeque<Arc<UnixSock>>,
    },
    Connected,
    Closed,
}

#[derive(Debug, Default)]
pub(super) struct Inner {
    pub role: Role,
    pub name: Option<Arc<UnixName>>,
    /// The other end; of a datagram socket, where it sends to.
    pub peer: Option<Arc<UnixSock>>,
    /// The other end has closed.
    pub peer_gone: bool,
    pub peer_name: Option<Arc<UnixName>>,
    /// Who the other end was when the connection was made (`SO_PEERCRED`).
    pub peer_credentials: Option<Credentials>,
    /// Who we were when we began to listen.
    pub credentials: Credentials,
    pub inbox: Inbox,
    /// Whoever receives here wants to know who sent (`SO_PASSCRED`).
    pub wants_senders: bool,
    pub read_shut: bool,
    pub write_shut: bool,
    pub error: Option<Errno>,
}

/// An AF_UNIX socket.
pub struct UnixSock {
    /// What the data are.
    pub kind: Kind,
    /// Whoever waits for this socket.
    pub wait: WaitQueue,
    pub(super) inner: SpinLock<Inner>,
    /// `SO_SNDBUF`.
    pub send_buffer: AtomicU32,
}

impl core::fmt::Debug for UnixSock {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("UnixSock").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl UnixSock {
    /// Whether whoever receives here wants to know who sent (`SO_PASSCRED`).
    pub fn set_wants_senders(&self, on: bool) {
        self.inner.lock().wants_senders = on;
    }

    /// An unconnected socket of a process with these credentials.
    #[must_use]
    pub fn new(kind: Kind, credentials: Credentials) -> Arc<Self> {
        Arc::new(Self {
            kind,
            wait: WaitQueue::new(),
            inner: SpinLock::new(Inner { credentials, ..Inner::default() }),
            send_buffer: AtomicU32::new(BUFFER),
        })
    }

    /// Two sockets connected to each other.
    #[must_use]
    pub fn pair(kind: Kind, credentials: Credentials) -> (Arc<Self>, Arc<Self>) {
        let (one, two) = (Self::new(kind, credentials), Self::new(kind, credentials));
        for (from, to) in [(&one, &two), (&two, &one)] {
            let mut inner = from.inner.lock();
            inner.peer = Some(to.clone());
            inner.peer_credentials = Some(credentials);
            inner.role = Role::Connected;
        }
        (one, two)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> Option<Arc<UnixName>> {
        self.inner.lock().name.clone()
    }

    /// The other end's name.
    ///
    /// # Errors
    /// `ENOTCONN` without another end.
    pub fn peer_name(&self) -> Result<Option<Arc<UnixName>>, Errno> {
        let inner = self.inner.lock();
        if inner.peer.is_none() {
            return Err(Errno::ENOTCONN);
        }
        Ok(inner.peer_name.clone())
    }

    /// Who the other end was when the connection was made.
    #[must_use]
    pub fn peer_credentials(&self) -> Option<Credentials> {
        self.inner.lock().peer_credentials
    }

    /// Whether it listens.
    #[must_use]
    pub fn is_listening(&self) -> bool {
        matches!(self.inner.lock().role, Role::Listener { .. })
    }

    /// Takes the pending error.
    pub fn take_error(&self) -> Option<Errno> {
        self.inner.lock().error.take()
    }

    /// Bytes that a read would give (`FIONREAD`).
    ///
    /// # Errors
    /// `EINVAL` for a listener.
    pub fn readable_bytes(&self) -> Result<usize, Errno> {
        let inner = self.inner.lock();
        match (&inner.role, self.kind) {
            (Role::Listener { .. }, _) => Err(Errno::EINVAL),
            (_, Kind::Stream) => Ok(inner.inbox.bytes.len()),
            _ => Ok(inner.inbox.packets.front().map_or(0, |packet| packet.data.len())),
        }
    }

    /// What the socket is ready for (Linux's `unix_poll`).
    pub fn poll(&self, table: Option<&mut PollTable<'_>>) -> PollEvents {
        if let Some(table) = table {
            table.add(&self.wait);
        }
        let mut events = PollEvents::empty();
        let (peer, write_shut) = {
            let inner = self.inner.lock();
            if let Role::Listener { waiting, .. } = &inner.role {
                return if waiting.is_empty() { events } else { PollEvents::READABLE };
            }
            let connected = self.kind == Kind::Dgram || matches!(inner.role, Role::Connected);
            let no_more_in = inner.read_shut || inner.peer_gone;
            if !inner.inbox.is_empty() {
                events |= PollEvents::READABLE;
            }
            if no_more_in && self.kind != Kind::Dgram || inner.read_shut {
                events |= PollEvents::READABLE | PollEvents::RDHUP;
            }
            let both_shut = no_more_in && (inner.write_shut || inner.peer_gone);
            if (both_shut && self.kind != Kind::Dgram) || !connected {
                events |= PollEvents::HUP;
            }
            if inner.error.is_some() {
                events |= PollEvents::ERR;
            }
            (inner.peer.clone(), inner.write_shut || inner.peer_gone)
        };
        if write_shut || peer.is_none_or(|peer| peer.has_room(self.limit())) {
            events |= PollEvents::WRITABLE;
        }
        events
    }

    pub(super) fn limit(&self) -> usize {
        self.send_buffer.load(Ordering::Relaxed) as usize
    }

    /// Whether a sender with a buffer of `limit` bytes may put more here; notes that it waits if
    /// not.
    pub(super) fn has_room(&self, limit: usize) -> bool {
        let mut inner = self.inner.lock();
        let full = if self.kind == Kind::Dgram {
            inner.inbox.packets.len() >= DGRAM_BACKLOG || inner.inbox.used() >= limit
        } else {
            // As Linux: writable while at most a quarter of the buffer waits; `>=` lets a
            // sender that was stopped go on only when that is worth its while.
            inner.inbox.used() * 4 > limit * 3
        };
        inner.inbox.sender_waits |= full;
        !full
    }

    /// Whether a datagram of `sender`'s would not have to wait.
    #[must_use]
    pub fn is_open_for(&self, sender: &Self) -> bool {
        self.has_room(sender.limit()) || matches!(self.inner.lock().role, Role::Closed)
    }

    /// Ends one direction or both.
    ///
    /// # Errors
    /// `ENOTCONN` for a connection's socket without one.
    pub fn shutdown(&self, read: bool, write: bool) -> Result<(), Errno> {
        let peer = {
            let mut inner = self.inner.lock();
            let connected = matches!(inner.role, Role::Connected);
            if !connected
                && self.kind != Kind::Dgram
                && !matches!(inner.role, Role::Listener { .. })
            {
                return Err(Errno::ENOTCONN);
            }
            inner.read_shut |= read;
            inner.write_shut |= write;
            inner.peer.clone()
        };
        if let Some(peer) = peer.filter(|_| self.kind != Kind::Dgram) {
            {
                let mut theirs = peer.inner.lock();
                theirs.read_shut |= write;
                theirs.write_shut |= read;
            }
            peer.wait.wake_all(PollEvents::all());
        }
        self.wait.wake_all(PollEvents::all());
        Ok(())
    }

    /// The last descriptor is closed.
    pub fn close(&self) {
        let inner = core::mem::replace(
            &mut *self.inner.lock(),
            Inner { role: Role::Closed, read_shut: true, write_shut: true, ..Inner::default() },
        );
        if let Some(UnixName::Abstract(name)) = inner.name.as_deref() {
            name::release(name, self);
        }
        if let Some(peer) = &inner.peer {
            peer.peer_closed(self, !inner.inbox.is_empty());
        }
        if let Role::Listener { waiting, .. } = &inner.role {
            for sock in waiting {
                sock.close_unaccepted();
            }
        }
        // Descriptors in flight are closed here, without a lock held.
        drop(inner);
        self.wait.wake_all(PollEvents::all());
    }

    fn close_unaccepted(&self) {
        let peer = self.inner.lock().peer.clone();
        self.close();
        if let Some(peer) = peer {
            peer.inner.lock().error = Some(Errno::ECONNRESET);
        }
    }

    fn peer_closed(&self, closed: &Self, unread: bool) {
        {
            let mut inner = self.inner.lock();
            let ours = inner.peer.as_deref().is_some_and(|peer| core::ptr::eq(peer, closed));
            if !ours {
                // A datagram socket that somebody sent to; it knows nothing of the sender.
                drop(inner);
                self.wait.wake_all(PollEvents::WRITABLE);
                return;
            }
            // A datagram socket finds out when it sends.
            if self.kind != Kind::Dgram {
                inner.peer_gone = true;
                inner.write_shut = true;
                if unread {
                    inner.error = Some(Errno::ECONNRESET);
                }
            }
        }
        self.wait.wake_all(PollEvents::all());
    }
}
