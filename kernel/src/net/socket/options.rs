//! Settings that all sockets have: [`Common`].

use core::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, AtomicU64, Ordering};

/// `SO_LINGER`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Linger {
    /// Whether closing waits for the data to be sent.
    pub on: bool,
    /// For how many seconds; 0 resets the connection at once.
    pub seconds: u32,
}

/// Settings of any socket.
#[derive(Debug, Default)]
pub struct Common {
    /// `SO_RCVTIMEO` in nanoseconds; 0 for no limit.
    pub receive_timeout: AtomicU64,
    /// `SO_SNDTIMEO` in nanoseconds; 0 for no limit.
    pub send_timeout: AtomicU64,
    /// `SO_PASSCRED`.
    pub pass_credentials: AtomicBool,
    /// `SO_TIMESTAMP`.
    pub timestamp: AtomicBool,
    /// `SO_OOBINLINE`: noted; urgent data always stays in the stream.
    pub oob_inline: AtomicBool,
    /// `SO_DONTROUTE`, `SO_DEBUG` and other switches that change nothing here, by option number.
    pub inert: AtomicU64,
    /// `SO_PRIORITY`.
    pub priority: AtomicI32,
    /// `SO_MARK`.
    pub mark: AtomicU32,
    /// `IP_MTU_DISCOVER`.
    pub mtu_discover: AtomicI32,
    linger: AtomicU64,
}

const LINGER_ON: u64 = 1 << 32;

impl Common {
    /// `SO_LINGER`.
    pub fn linger(&self) -> Linger {
        let word = self.linger.load(Ordering::Relaxed);
        Linger {
            on: word & LINGER_ON != 0,
            seconds: u32::try_from(word & u64::from(u32::MAX)).unwrap_or(0),
        }
    }

    /// Sets `SO_LINGER`.
    pub fn set_linger(&self, linger: Linger) {
        let on = if linger.on { LINGER_ON } else { 0 };
        self.linger.store(on | u64::from(linger.seconds), Ordering::Relaxed);
    }

    /// What a connection takes over from its listener.
    pub fn inherit(&self, listener: &Self) {
        for (mine, theirs) in [
            (&self.receive_timeout, &listener.receive_timeout),
            (&self.send_timeout, &listener.send_timeout),
            (&self.linger, &listener.linger),
            (&self.inert, &listener.inert),
        ] {
            mine.store(theirs.load(Ordering::Relaxed), Ordering::Relaxed);
        }
    }
}
