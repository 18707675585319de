//! Telling a process that a message has come to an empty queue (`mq_notify(3)`).

use alloc::sync::{Arc, Weak};

use crate::net::netlink::NetlinkSock;
use crate::task::signal::{self, Info, Signal};
use crate::task::{Process, current};

/// The length of what is sent to a socket (`NOTIFY_COOKIE_LEN`).
pub const COOKIE_LEN: usize = 32;
/// The cookie's last byte: a message has come.
const WOKEN_UP: u8 = 1;
/// The cookie's last byte: nobody will be told any more.
const REMOVED: u8 = 2;

/// How to tell.
pub enum Notice {
    /// Not at all; the place is taken (`SIGEV_NONE`).
    Nothing,
    /// By a signal, with a value; number 0 is none.
    Signal(Option<Signal>, u64),
    /// By sending a cookie to a socket, from which a C library's thread reads it
    /// (`SIGEV_THREAD`).
    Socket(Arc<NetlinkSock>, [u8; COOKIE_LEN]),
}

/// Who wants to be told.
pub(super) struct Registration {
    pub(super) process: Weak<Process>,
    pub(super) pid: u32,
    pub(super) notice: Notice,
}

impl Registration {
    /// For the running process.
    pub(super) fn new(notice: Notice) -> Self {
        let me = current();
        Self { process: Arc::downgrade(&me.process), pid: me.process.pid, notice }
    }

    /// A message has come.
    pub(super) fn fire(self) {
        match self.notice {
            Notice::Nothing | Notice::Signal(None, _) => {}
            Notice::Signal(Some(signal), value) => {
                let Some(process) = self.process.upgrade() else { return };
                let me = current();
                let info = Info::message_queue(signal, me.process.pid, me.cred().uid, value);
                // Without room for what comes along the signal itself comes all the same.
                let _lost = signal::send_to_process(&process, info);
            }
            Notice::Socket(socket, cookie) => deliver(&socket, cookie, WOKEN_UP),
        }
    }

    /// It is taken back.
    pub(super) fn cancel(self) {
        if let Notice::Socket(socket, cookie) = self.notice {
            deliver(&socket, cookie, REMOVED);
        }
    }
}

fn deliver(socket: &NetlinkSock, mut cookie: [u8; COOKIE_LEN], why: u8) {
    if let Some(last) = cookie.last_mut() {
        *last = why;
    }
    // A socket that takes no more, or is closed, misses it, as in Linux.
    let _missed = socket.deliver(&cookie);
}
