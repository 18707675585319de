//! Listening and accepting.

use super::sock::TcpSock;
use super::tcb::State;
use crate::net::addr::Endpoint;
use crate::task::PollEvents;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use elfin_syscalls::Errno;

/// Longest queue of connections that nobody has accepted (`net.core.somaxconn`).
pub const SOMAXCONN: usize = 4096;

/// A listener's queue.
#[derive(Debug)]
pub struct Accept {
    open: bool,
    backlog: usize,
    ready: VecDeque<Arc<TcpSock>>,
}

impl Accept {
    /// Of a socket that does not listen.
    pub const fn new() -> Self {
        Self { open: false, backlog: 0, ready: VecDeque::new() }
    }

    /// How many connections wait.
    pub fn len(&self) -> usize {
        self.ready.len()
    }
}

impl TcpSock {
    /// Begins to listen, or changes the backlog of a listener.
    ///
    /// # Errors
    /// `EINVAL` if the socket is connected, `EADDRINUSE`.
    pub fn listen(self: &Arc<Self>, backlog: i32) -> Result<(), Errno> {
        // A negative backlog is a large one, as in Linux.
        let backlog = usize::try_from(backlog).unwrap_or(SOMAXCONN).min(SOMAXCONN);
        match self.state() {
            State::Listen => {
                self.accept.lock().backlog = backlog;
                return Ok(());
            }
            State::Closed => {}
            _ => return Err(Errno::EINVAL),
        }
        if self.local().port == 0 {
            let local = self.local();
            self.bind(Endpoint { port: 0, ..local })?;
        }
        *self.accept.lock() = Accept { open: true, backlog, ready: VecDeque::new() };
        self.tcb.lock().state = State::Listen;
        if let Err(error) = self.stack.tcp.listen(self, self.local()) {
            self.tcb.lock().state = State::Closed;
            self.accept.lock().open = false;
            return Err(error);
        }
        Ok(())
    }

    /// Takes the oldest connection.
    ///
    /// # Errors
    /// `EAGAIN` if there is none, `EINVAL` if the socket does not listen.
    pub fn accept(&self) -> Result<Arc<TcpSock>, Errno> {
        let mut accept = self.accept.lock();
        if !accept.open {
            return Err(Errno::EINVAL);
        }
        accept.ready.pop_front().ok_or(Errno::EAGAIN)
    }

    /// Whether the queue is full: new connections are not taken on (Linux keeps one more than the
    /// backlog says).
    pub(super) fn is_backlogged(&self) -> bool {
        let accept = self.accept.lock();
        accept.ready.len() > accept.backlog
    }

    /// Puts a connection with finished handshake into the queue.
    pub(super) fn push_accepted(&self, sock: Arc<TcpSock>, _now: u64) {
        let refused = {
            let mut accept = self.accept.lock();
            if accept.open && accept.ready.try_reserve(1).is_ok() {
                accept.ready.push_back(sock);
                None
            } else {
                Some(sock)
            }
        };
        match refused {
            None => {
                self.queue.wake_one(PollEvents::READABLE);
            }
            Some(sock) => sock.abort(),
        }
    }

    /// Whether [`Self::accept`] would find a connection, or fail otherwise.
    #[must_use]
    pub fn can_accept(&self) -> bool {
        let accept = self.accept.lock();
        !accept.open || !accept.ready.is_empty()
    }

    /// How many connections wait to be accepted.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.accept.lock().len()
    }

    /// How many may wait.
    #[must_use]
    pub fn backlog(&self) -> usize {
        self.accept.lock().backlog
    }

    pub(super) fn has_ready(&self) -> bool {
        !self.accept.lock().ready.is_empty()
    }

    /// Stops listening: what waits is reset.
    pub(super) fn stop_listening(self: &Arc<Self>) {
        let waiting = {
            let mut accept = self.accept.lock();
            accept.open = false;
            core::mem::take(&mut accept.ready)
        };
        {
            let mut tcb = self.tcb.lock();
            tcb.state = State::Closed;
        }
        self.release_port();
        self.stack.tcp.drop_requests(self);
        for sock in waiting {
            sock.abort();
        }
        self.stack.flush();
        self.queue.wake_all(PollEvents::all());
    }
}
