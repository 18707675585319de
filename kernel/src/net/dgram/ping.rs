//! Sockets that see ICMP echo replies or raw packets.

use super::queue::Datagram;
use super::sock::{DgramSock, Kind};
use crate::net::addr::Endpoint;
use crate::net::ip::IpIn;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicUsize, Ordering};
use elfin_platform::sync::SpinLock;
use elfin_syscalls::Errno;

/// The sockets, usually none.
#[derive(Debug, Default)]
pub struct Table {
    socks: SpinLock<Vec<Arc<DgramSock>>>,
    count: AtomicUsize,
}

impl Table {
    /// Without sockets.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub(super) fn add(&self, sock: Arc<DgramSock>) -> Result<(), Errno> {
        let mut socks = self.socks.lock();
        socks.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        socks.push(sock);
        self.count.store(socks.len(), Ordering::Relaxed);
        Ok(())
    }

    /// Gives a ping socket its identifier.
    pub(super) fn bind(&self, sock: &Arc<DgramSock>, endpoint: Endpoint) -> Result<(), Errno> {
        let mut endpoint = endpoint;
        let taken = |port: u16| {
            let socks = self.socks.lock();
            socks.iter().any(|other| other.kind == Kind::Ping && other.local().port == port)
        };
        if endpoint.port == 0 {
            // Any number but 0 identifies.
            let first = u16::try_from(sock.stack.random() & 0xffff).unwrap_or(1);
            let mut all = (first..=u16::MAX).chain(1..first).filter(|port| *port != 0);
            endpoint.port = all.find(|port| !taken(*port)).ok_or(Errno::EADDRINUSE)?;
        } else if taken(endpoint.port) {
            return Err(Errno::EADDRINUSE);
        }
        self.add(sock.clone())?;
        let mut inner = sock.inner.lock();
        inner.local = endpoint;
        inner.listed = true;
        Ok(())
    }

    pub(super) fn remove(&self, sock: &DgramSock) {
        let removed = {
            let mut socks = self.socks.lock();
            let at = socks.iter().position(|held| core::ptr::eq(&raw const **held, sock));
            let removed = at.map(|at| socks.swap_remove(at));
            self.count.store(socks.len(), Ordering::Relaxed);
            removed
        };
        drop(removed);
    }

    /// Shows a packet to the raw sockets of its protocol.
    #[inline]
    pub(in crate::net) fn input_raw(&self, packet: &IpIn<'_>) {
        if self.count.load(Ordering::Relaxed) != 0 {
            self.show(packet, |sock| sock.kind == Kind::Raw(packet.protocol), packet.whole);
        }
    }

    /// Gives an echo reply with this identifier to the ping socket that waits for it.
    pub(in crate::net) fn input_reply(&self, packet: &IpIn<'_>, ident: u16) {
        let is_it = |sock: &DgramSock| sock.kind == Kind::Ping && sock.local().port == ident;
        self.show(packet, is_it, packet.payload);
    }

    fn show(&self, packet: &IpIn<'_>, wanted: impl Fn(&DgramSock) -> bool, bytes: &[u8]) {
        let socks: Vec<_> = self.socks.lock().iter().filter(|sock| wanted(sock)).cloned().collect();
        for sock in socks {
            let (local, remote) = {
                let inner = sock.inner.lock();
                (inner.local.addr, inner.remote)
            };
            let to_us = local.is_unspecified() || local == packet.dst;
            let from_peer = remote.is_none_or(|remote| remote.addr == packet.src);
            if !to_us || !from_peer {
                continue;
            }
            let from = Endpoint::new(packet.src, 0);
            if let Some(mut received) = Datagram::new(from, packet.dst, bytes) {
                received.ttl = packet.ttl;
                received.tos = packet.tos;
                sock.deliver(Arc::new(received));
            }
        }
    }
}
