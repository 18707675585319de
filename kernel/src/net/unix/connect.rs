//! Binding, listening, connecting, accepting.

use super::inbox::Credentials;
use super::name::{self, UnixName};
use super::sock::{Inner, Kind, Role, UnixSock};
use crate::task::PollEvents;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use elfin_syscalls::Errno;

impl UnixSock {
    /// Gives the socket an abstract name; `None` lets us choose one.
    ///
    /// # Errors
    /// `EINVAL` if it has a name (choosing one again is no error), `EADDRINUSE`, `ENOMEM`.
    pub fn bind_abstract(self: &Arc<Self>, name: Option<&[u8]>) -> Result<(), Errno> {
        if self.name().is_some() {
            return if name.is_none() { Ok(()) } else { Err(Errno::EINVAL) };
        }
        let name = match name {
            Some(name) => {
                name::claim(name, self)?;
                UnixName::Abstract(name.to_vec())
            }
            None => name::claim_any(self)?,
        };
        self.inner.lock().name = Some(Arc::new(name));
        Ok(())
    }

    /// Notes the path the socket was bound to; `bind` calls it before the path is made.
    ///
    /// # Errors
    /// `EINVAL` if the socket has a name.
    pub fn set_path(&self, path: &[u8]) -> Result<(), Errno> {
        let mut inner = self.inner.lock();
        if inner.name.is_some() {
            return Err(Errno::EINVAL);
        }
        inner.name = Some(Arc::new(UnixName::Path(path.to_vec())));
        Ok(())
    }

    /// Takes the name back when the path could not be made.
    pub fn clear_path(&self) {
        self.inner.lock().name = None;
    }

    /// Begins to listen, or changes the backlog.
    ///
    /// # Errors
    /// `EOPNOTSUPP` for datagrams, `EINVAL` without a name or with a connection.
    pub fn listen(&self, backlog: i32, credentials: Credentials) -> Result<(), Errno> {
        const MOST: usize = 4096;
        if self.kind == Kind::Dgram {
            return Err(Errno::EOPNOTSUPP);
        }
        let backlog_wanted = usize::try_from(backlog).unwrap_or(MOST).min(MOST);
        let mut inner = self.inner.lock();
        if inner.name.is_none() {
            return Err(Errno::EINVAL);
        }
        match &mut inner.role {
            Role::Listener { backlog, .. } => *backlog = backlog_wanted,
            role @ Role::Idle => {
                *role = Role::Listener { backlog: backlog_wanted, waiting: VecDeque::new() };
            }
            Role::Connected | Role::Closed => return Err(Errno::EINVAL),
        }
        inner.credentials = credentials;
        drop(inner);
        self.wait.wake_all(PollEvents::WRITABLE);
        Ok(())
    }

    /// Connects to a listener, or (datagrams) sets where to send to. `EAGAIN`: the listener's
    /// queue is full; wait on its queue for room.
    ///
    /// # Errors
    /// `ECONNREFUSED`, `EPROTOTYPE`, `EISCONN`, `EINVAL`, `EAGAIN`, `ENOMEM`.
    pub fn try_connect(
        self: &Arc<Self>,
        target: &Arc<Self>,
        credentials: Credentials,
    ) -> Result<(), Errno> {
        if target.kind != self.kind {
            return Err(Errno::EPROTOTYPE);
        }
        if self.kind == Kind::Dgram {
            let peer_name = target.name();
            let mut inner = self.inner.lock();
            let old = inner.peer.replace(target.clone());
            inner.peer_name = peer_name;
            inner.role = Role::Connected;
            drop(inner);
            drop(old);
            return Ok(());
        }
        match self.inner.lock().role {
            Role::Idle => {}
            Role::Connected => return Err(Errno::EISCONN),
            Role::Listener { .. } | Role::Closed => return Err(Errno::EINVAL),
        }
        let served = Self::new(self.kind, credentials);
        let our_name = self.name();
        let (their_name, their_credentials) = {
            let mut theirs = target.inner.lock();
            let (name, credentials_then) = (theirs.name.clone(), theirs.credentials);
            let shut = theirs.read_shut;
            let Role::Listener { backlog, waiting } = &mut theirs.role else {
                return Err(Errno::ECONNREFUSED);
            };
            if shut {
                return Err(Errno::ECONNREFUSED);
            }
            if waiting.len() > *backlog {
                return Err(Errno::EAGAIN);
            }
            waiting.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
            *served.inner.lock() = Inner {
                role: Role::Connected,
                name: name.clone(),
                peer: Some(self.clone()),
                peer_name: our_name,
                peer_credentials: Some(credentials),
                credentials: credentials_then,
                ..Inner::default()
            };
            {
                let mut inner = self.inner.lock();
                inner.peer = Some(served.clone());
                inner.peer_name = name.clone();
                inner.peer_credentials = Some(credentials_then);
                inner.role = Role::Connected;
            }
            waiting.push_back(served);
            (name, credentials_then)
        };
        let _told_to_both = (their_name, their_credentials);
        target.wait.wake_one(PollEvents::READABLE);
        Ok(())
    }

    /// Whether a connection attempt would not find the queue full.
    #[must_use]
    pub fn has_backlog_room(&self) -> bool {
        match &self.inner.lock().role {
            Role::Listener { backlog, waiting } => waiting.len() <= *backlog,
            _ => true,
        }
    }

    /// Takes the oldest connection.
    ///
    /// # Errors
    /// `EAGAIN` if there is none, `EINVAL` if the socket does not listen.
    pub fn accept(&self) -> Result<Arc<Self>, Errno> {
        let accepted = match &mut self.inner.lock().role {
            Role::Listener { waiting, .. } => waiting.pop_front().ok_or(Errno::EAGAIN)?,
            _ if self.kind == Kind::Dgram => return Err(Errno::EOPNOTSUPP),
            _ => return Err(Errno::EINVAL),
        };
        self.wait.wake_all(PollEvents::WRITABLE);
        Ok(accepted)
    }

    /// Whether [`Self::accept`] would find something or fail otherwise.
    #[must_use]
    pub fn can_accept(&self) -> bool {
        match &self.inner.lock().role {
            Role::Listener { waiting, .. } => !waiting.is_empty(),
            _ => true,
        }
    }

    /// Forgets where datagrams go (`connect` to `AF_UNSPEC`).
    pub fn disconnect(&self) {
        let old = {
            let mut inner = self.inner.lock();
            inner.peer_name = None;
            inner.role = Role::Idle;
            inner.peer.take()
        };
        drop(old);
    }
}
