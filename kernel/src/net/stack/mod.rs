//! [`Stack`]: one Internet host. It owns the interfaces, the tables of sockets and the timers;
//! everything else in this module's neighbours is told which stack it works for, so that tests
//! connect several by wires.
//!
//! ```text
//! poll():  device ──frame──> input ──segment──> tcp::Table ──> Tcb::input ─┐ (socket locked)
//!             ▲                                                            │ wakes sleepers
//!             └──one flush<── output of all touched connections <──────────┘
//! ```
//! Lock order: a connection's block, then the table of connections, then a listener's queue,
//! then neighbours, timers and device rings. No lock is held while sleepers are woken… by the
//! code here; the wait queues' own locks come last.

mod input;
mod output;
mod path;
mod poll;

pub use input::Arrival;
pub use output::DatagramOut;
pub use path::{Path, Route};

use super::addr::KeyedState;
use super::dgram::{ping, udp};
use super::dhcp::Client as DhcpClient;
use super::ip::Reassembly;
use super::link::{Iface, Link, LoopQueue};
use super::tcp;
use alloc::boxed::Box;
use alloc::collections::BinaryHeap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::net::Ipv4Addr;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use elfin_platform::cpu::{self, Work};
use elfin_platform::sync::SpinLock;

use super::addr::{Cidr, FourTuple};

/// Asks for a round of `net::poll` before the next return to a program.
pub fn raise_work() {
    cpu::raise(Work::NET);
}

/// An Internet host.
pub struct Stack {
    /// The interfaces; the first is the loopback.
    pub ifaces: Vec<Iface>,
    /// TCP's sockets and connections.
    pub tcp: tcp::Table,
    /// UDP's sockets.
    pub udp: udp::Table,
    /// Sockets that see ICMP or raw packets.
    pub ping: ping::Table,
    /// The DHCP client, while an interface is configured by it.
    pub(super) dhcp: SpinLock<Option<DhcpClient>>,
    /// Connections to be looked at again at a time.
    timers: SpinLock<BinaryHeap<Reverse<(u64, FourTuple)>>>,
    /// The earliest deadline of all, for a cheap look.
    next: AtomicU64,
    /// Connections with something to send at the end of the round.
    pending: SpinLock<Vec<Arc<tcp::TcpSock>>>,
    /// Connections that wait for room in a device's ring.
    blocked: SpinLock<Vec<Arc<tcp::TcpSock>>>,
    reassembly: SpinLock<Reassembly>,
    /// When ICMP errors may be sent again.
    icmp_credit: SpinLock<Credit>,
    polling: SpinLock<()>,
    /// Another round is wanted.
    again: AtomicBool,
    secret: KeyedState,
    counter: AtomicU64,
    clock: fn() -> u64,
    alarm: Alarm,
}

/// How the stack asks to be polled at a time.
pub type Alarm = fn(&'static Stack, u64);

/// A bucket that fills with time: bounds what strangers can make us send.
#[derive(Debug)]
struct Credit {
    left: u32,
    refilled: u64,
}

/// ICMP errors per second (Linux's `icmp_msgs_per_sec` is 1000).
const ICMP_ERRORS_PER_SECOND: u32 = 1000;
const SECOND: u64 = 1_000_000_000;

impl Stack {
    /// A host with a loopback interface and one for each of `links`, in order: `eth0`, `eth1`, ….
    /// `secret` seeds hashes and sequence numbers. It lives as long as the machine.
    #[must_use]
    pub fn new(
        links: &[Link],
        secret: [u64; 4],
        clock: fn() -> u64,
        alarm: Alarm,
    ) -> &'static Self {
        const NAMES: [&str; 8] = ["eth0", "eth1", "eth2", "eth3", "eth4", "eth5", "eth6", "eth7"];
        let queue: &'static LoopQueue = Box::leak(Box::new(LoopQueue::new()));
        let loopback = Iface::new("lo", 1, Link::Loopback(queue));
        loopback.set_cidr(Some(Cidr { addr: Ipv4Addr::LOCALHOST, prefix: 8 }));
        let ethernet = NAMES.iter().zip(2..).zip(links);
        let ifaces = core::iter::once(loopback)
            .chain(ethernet.map(|((name, index), link)| Iface::new(name, index, *link)))
            .collect();
        let [a, b, c, d] = secret;
        Box::leak(Box::new(Self {
            ifaces,
            tcp: tcp::Table::new(KeyedState::new([a, b])),
            udp: udp::Table::new(),
            ping: ping::Table::new(),
            dhcp: SpinLock::new(None),
            timers: SpinLock::new(BinaryHeap::new()),
            next: AtomicU64::new(u64::MAX),
            pending: SpinLock::new(Vec::new()),
            blocked: SpinLock::new(Vec::new()),
            reassembly: SpinLock::new(Reassembly::new()),
            icmp_credit: SpinLock::new(Credit { left: ICMP_ERRORS_PER_SECOND, refilled: 0 }),
            polling: SpinLock::new(()),
            again: AtomicBool::new(false),
            secret: KeyedState::new([c, d]),
            counter: AtomicU64::new(0),
            clock,
            alarm,
        }))
    }

    /// Nanoseconds of the monotonic clock.
    #[inline]
    #[must_use]
    pub fn now(&self) -> u64 {
        (self.clock)()
    }

    /// A number that outsiders cannot guess.
    #[must_use]
    pub fn random(&self) -> u64 {
        let count = self.counter.fetch_add(1, Ordering::Relaxed);
        self.secret.mix(count, self.now())
    }

    /// The secret function of a connection's name, for initial sequence numbers (RFC 6528).
    #[must_use]
    pub fn keyed(&self, tuple: FourTuple) -> u64 {
        let addresses =
            u64::from(tuple.local.addr.to_bits()) << 32 | u64::from(tuple.remote.addr.to_bits());
        let ports = u64::from(tuple.local.port) << 16 | u64::from(tuple.remote.port);
        self.secret.mix(addresses, ports)
    }

    /// The loopback interface.
    #[must_use]
    pub fn loopback(&self) -> Option<&Iface> {
        self.ifaces.first()
    }

    /// Whether `addr` is one of ours.
    #[must_use]
    pub fn is_local(&self, addr: Ipv4Addr) -> bool {
        addr.is_loopback()
            || (!addr.is_unspecified() && self.ifaces.iter().any(|iface| iface.addr() == addr))
    }

    /// Whether `addr` reaches everybody on one of our networks.
    #[must_use]
    pub fn is_broadcast(&self, addr: Ipv4Addr) -> bool {
        addr == Ipv4Addr::BROADCAST
            || self.ifaces.iter().any(|iface| iface.cidr().and_then(Cidr::broadcast) == Some(addr))
    }

    /// Looks at the connection `tuple` again at `deadline`.
    pub fn schedule(&'static self, deadline: u64, tuple: FourTuple) {
        {
            let mut timers = self.timers.lock();
            if timers.try_reserve(1).is_err() {
                return;
            }
            timers.push(Reverse((deadline, tuple)));
        }
        self.note_deadline(deadline);
    }

    /// Makes sure that [`Self::poll`] is called at `deadline`.
    pub(super) fn note_deadline(&'static self, deadline: u64) {
        if self.next.fetch_min(deadline, Ordering::Relaxed) > deadline {
            (self.alarm)(self, deadline);
        }
    }

    /// When the next round is due at the latest, in nanoseconds of the monotonic clock.
    #[must_use]
    pub fn next_deadline(&self) -> Option<u64> {
        let next = self.next.load(Ordering::Relaxed);
        (next != u64::MAX).then_some(next)
    }

    /// Sends what a connection has to send at the end of this round (or soon, outside of one).
    pub(super) fn defer_output(&self, sock: Arc<tcp::TcpSock>) {
        let mut pending = self.pending.lock();
        if pending.try_reserve(1).is_ok() {
            pending.push(sock);
        }
    }

    /// Tries a connection's output again when a device has room.
    pub(super) fn note_blocked(&self, sock: Arc<tcp::TcpSock>) {
        let mut blocked = self.blocked.lock();
        if blocked.try_reserve(1).is_ok() {
            blocked.push(sock);
        }
    }

    /// Whether one more ICMP error may be sent now.
    pub(super) fn may_send_icmp_error(&self, now: u64) -> bool {
        let mut credit = self.icmp_credit.lock();
        if now.saturating_sub(credit.refilled) >= SECOND {
            *credit = Credit { left: ICMP_ERRORS_PER_SECOND, refilled: now };
        }
        let Some(left) = credit.left.checked_sub(1) else { return false };
        credit.left = left;
        true
    }

    /// Tells all devices what was queued.
    #[inline]
    pub fn flush(&self) {
        for iface in &self.ifaces {
            iface.flush();
        }
    }
}

impl core::fmt::Debug for Stack {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Stack").field("ifaces", &self.ifaces).finish_non_exhaustive()
    }
}
