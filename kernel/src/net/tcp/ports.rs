//! Local ports: who has bound which, and the choice of one where the program does not care.

use super::sock::TcpSock;
use super::table::Table;
use crate::net::addr::{Endpoint, KeyedState};
use crate::net::stack::Stack;
use alloc::vec::Vec;
use elfin_syscalls::Errno;
use hashbrown::HashMap;

/// First and last port given to those who do not care (`ip_local_port_range`).
pub const EPHEMERAL: core::ops::RangeInclusive<u16> = 32768..=60999;

/// One socket's claim to a port.
#[derive(Clone, Copy, Debug)]
struct Claim {
    endpoint: Endpoint,
    owner: usize,
    reuse: Reuse,
    listening: bool,
}

/// What a socket allows others (`SO_REUSEADDR`, `SO_REUSEPORT`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reuse {
    /// `SO_REUSEADDR`.
    pub addr: bool,
    /// `SO_REUSEPORT`.
    pub port: bool,
}

/// The ports that sockets have bound.
#[derive(Debug)]
pub struct Ports {
    claims: HashMap<u16, Vec<Claim>, KeyedState>,
}

impl Ports {
    /// None.
    pub fn new(hash: KeyedState) -> Self {
        Self { claims: HashMap::with_hasher(hash) }
    }

    fn conflicts(&self, endpoint: Endpoint, owner: usize, reuse: Reuse) -> bool {
        let claims = self.claims.get(&endpoint.port).map_or(&[][..], Vec::as_slice);
        claims.iter().any(|claim| {
            let overlap = claim.endpoint.addr == endpoint.addr
                || claim.endpoint.addr.is_unspecified()
                || endpoint.addr.is_unspecified();
            let shared = (reuse.addr && claim.reuse.addr && !claim.listening)
                || (reuse.port && claim.reuse.port);
            claim.owner != owner && overlap && !shared
        })
    }

    fn is_free(&self, port: u16) -> bool {
        !self.claims.contains_key(&port)
    }

    fn add(&mut self, claim: Claim) -> Result<(), Errno> {
        self.claims.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        let claims = self.claims.entry(claim.endpoint.port).or_default();
        claims.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        claims.push(claim);
        Ok(())
    }

    fn remove(&mut self, port: u16, owner: usize) {
        if let Some(claims) = self.claims.get_mut(&port) {
            claims.retain(|claim| claim.owner != owner);
            if claims.is_empty() {
                self.claims.remove(&port);
            }
        }
    }
}

fn id(sock: &TcpSock) -> usize {
    (&raw const *sock).addr()
}

impl Table {
    /// Claims `endpoint` for a socket; a port of 0 lets us choose. The endpoint claimed.
    ///
    /// # Errors
    /// `EADDRINUSE`, `ENOMEM`.
    pub(super) fn bind(
        &self,
        stack: &Stack,
        sock: &TcpSock,
        endpoint: Endpoint,
        reuse: Reuse,
    ) -> Result<Endpoint, Errno> {
        let mut inner = self.inner.lock();
        let owner = id(sock);
        let endpoint = if endpoint.port == 0 {
            let free = |port: &u16| inner.ports.is_free(*port) && !inner.port_in_use(*port);
            let port = candidates(stack).find(free).ok_or(Errno::EADDRINUSE)?;
            Endpoint { port, ..endpoint }
        } else {
            let resting = !reuse.addr && !reuse.port && inner.port_in_use(endpoint.port);
            if resting || inner.ports.conflicts(endpoint, owner, reuse) {
                return Err(Errno::EADDRINUSE);
            }
            endpoint
        };
        inner.ports.add(Claim { endpoint, owner, reuse, listening: false })?;
        Ok(endpoint)
    }

    /// Makes a bound socket a listener.
    ///
    /// # Errors
    /// `EADDRINUSE` if another listens there, `ENOMEM`.
    pub(super) fn listen(
        &self,
        sock: &alloc::sync::Arc<TcpSock>,
        endpoint: Endpoint,
    ) -> Result<(), Errno> {
        let mut inner = self.inner.lock();
        let owner = id(sock);
        let reuse = sock.reuse();
        if inner.ports.conflicts(endpoint, owner, reuse) {
            return Err(Errno::EADDRINUSE);
        }
        inner.listeners.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        let listeners = inner.listeners.entry(endpoint.port).or_default();
        listeners.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        listeners.push(sock.clone());
        if let Some(claims) = inner.ports.claims.get_mut(&endpoint.port) {
            for claim in claims.iter_mut().filter(|claim| claim.owner == owner) {
                claim.listening = true;
            }
        }
        Ok(())
    }

    /// Gives a socket's port back, and takes it from the listeners.
    pub(super) fn unbind(&self, sock: &TcpSock, port: u16) {
        let removed = {
            let mut inner = self.inner.lock();
            let mut removed = None;
            if let Some(listeners) = inner.listeners.get_mut(&port) {
                let is_it =
                    |held: &alloc::sync::Arc<TcpSock>| core::ptr::eq(&raw const **held, sock);
                removed = listeners.iter().position(is_it).map(|at| listeners.swap_remove(at));
                if listeners.is_empty() {
                    inner.listeners.remove(&port);
                }
            }
            inner.ports.remove(port, id(sock));
            removed
        };
        drop(removed);
    }

    /// Chooses a port for a connection from `local` to `remote`.
    ///
    /// # Errors
    /// `EADDRNOTAVAIL` if all are taken.
    pub(super) fn choose_port(
        &self,
        stack: &Stack,
        local: core::net::Ipv4Addr,
        remote: Endpoint,
    ) -> Result<u16, Errno> {
        let free = |port: &u16| {
            let tuple = crate::net::addr::FourTuple { local: Endpoint::new(local, *port), remote };
            self.inner.lock().ports.is_free(*port) && !self.contains(tuple)
        };
        candidates(stack).find(free).ok_or(Errno::EADDRNOTAVAIL)
    }
}

/// All ephemeral ports, from a random one on.
pub fn candidates(stack: &Stack) -> impl Iterator<Item = u16> {
    let (first, last) = (*EPHEMERAL.start(), *EPHEMERAL.end());
    let count = u64::from(last - first) + 1;
    let offset = u16::try_from(stack.random() % count).unwrap_or(0);
    (first + offset..=last).chain(first..first + offset)
}
