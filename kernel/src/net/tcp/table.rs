//! [`Table`]: every connection, half-open connection and resting name by its four-tuple, and the
//! listeners by port.
//!
//! ```text
//! (nothing) --SYN, listener--> Request --ACK--> Conn --both FINs, ours first--> Rest --60 s--> (nothing)
//!                                 └─ no answer, RST ─> (nothing)   Rest --SYN with a later number--> Request
//! ```

use super::ports::Ports;
use super::request::Request;
use super::segment::{Flags, Header, Options, Segment};
use super::seq::Seq;
use super::sock::TcpSock;
use super::tcb::{PeerSyn, State, Tcb, Tuning};
use crate::net::addr::{Endpoint, FourTuple, KeyedState};
use crate::net::ip::IpIn;
use crate::net::stack::{Arrival, Path, Stack};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicUsize, Ordering};
use elfin_platform::sync::SpinLock;
use hashbrown::HashMap;

const SECOND: u64 = 1_000_000_000;
/// How long a name rests (`TCP_TIMEWAIT_LEN`).
const TIME_WAIT: u64 = 60 * SECOND;
/// Most names that rest; beyond, the oldest is let go.
const TIME_WAIT_MAX: usize = 4096;
/// Most half-open connections of all listeners; beyond, the oldest is let go.
const REQUESTS_MAX: usize = 1024;
/// How far beyond a resting name's last number a new connection of the name begins.
const ISS_GAP: usize = 65537;
/// Most connections, until [`Table::set_limit`] says otherwise.
const CONNECTIONS_MAX: usize = 65536;

/// What remains of a connection in TIME_WAIT.
#[derive(Clone, Copy, Debug)]
struct Rest {
    deadline: u64,
    snd_nxt: Seq,
    rcv_nxt: Seq,
    window: u16,
}

#[derive(Debug)]
enum Entry {
    Conn(Arc<TcpSock>),
    Request(Box<Request>),
    Rest(Rest),
}

/// What is to be done about a segment once the table is unlocked.
enum Action {
    Nothing,
    Deliver(Arc<TcpSock>),
    SynAck(Box<Request>),
    /// A handshake is finished: the new connection, and its listener.
    Promote(Arc<TcpSock>, Arc<TcpSock>),
    Reset,
    Acknowledge {
        seq: Seq,
        ack: Seq,
        window: u16,
    },
}

/// The connections of a stack.
#[derive(Debug)]
pub struct Table {
    pub(super) inner: SpinLock<Inner>,
    limit: AtomicUsize,
    /// Segments that were malformed or had a wrong checksum.
    pub bad_segments: AtomicUsize,
}

#[derive(Debug)]
pub(super) struct Inner {
    entries: HashMap<FourTuple, Entry, KeyedState>,
    pub(super) listeners: HashMap<u16, Vec<Arc<TcpSock>>, KeyedState>,
    pub(super) ports: Ports,
    resting: VecDeque<(u64, FourTuple)>,
    rest_count: usize,
    requests: VecDeque<FourTuple>,
    request_count: usize,
}

/// A line of /proc/net/tcp.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Both ends.
    pub tuple: FourTuple,
    /// The state.
    pub state: State,
    /// Bytes not acknowledged.
    pub tx: usize,
    /// Bytes not read, or connections not accepted.
    pub rx: usize,
    /// The inode number; 0 without one.
    pub inode: u64,
}

/// Handles a received TCP packet.
pub fn input(stack: &'static Stack, packet: &IpIn<'_>, arrival: Arrival<'_>) {
    let parsed = Segment::parse(packet.src, packet.dst, packet.payload, arrival.trusted);
    let Some(segment) = parsed else {
        stack.tcp.bad_segments.fetch_add(1, Ordering::Relaxed);
        return;
    };
    let tuple = FourTuple {
        local: Endpoint::new(packet.dst, segment.dst_port),
        remote: Endpoint::new(packet.src, segment.src_port),
    };
    stack.tcp.input(stack, tuple, &segment, arrival.now);
}

impl Table {
    /// An empty table whose hashes are keyed by `hash`.
    #[must_use]
    pub fn new(hash: KeyedState) -> Self {
        Self {
            inner: SpinLock::new(Inner {
                entries: HashMap::with_hasher(hash),
                listeners: HashMap::with_hasher(hash),
                ports: Ports::new(hash),
                resting: VecDeque::new(),
                rest_count: 0,
                requests: VecDeque::new(),
                request_count: 0,
            }),
            limit: AtomicUsize::new(CONNECTIONS_MAX),
            bad_segments: AtomicUsize::new(0),
        }
    }

    /// Sets how many connections strangers can make us hold.
    pub fn set_limit(&self, connections: usize) {
        self.limit.store(connections, Ordering::Relaxed);
    }

    fn input(&self, stack: &'static Stack, tuple: FourTuple, segment: &Segment<'_>, now: u64) {
        let action = self.inner.lock().classify(stack, tuple, segment, now, self);
        match action {
            Action::Nothing => {}
            Action::Deliver(sock) => sock.input(segment, now),
            Action::SynAck(mut request) => {
                let deadline = request.deadline;
                request.send_syn_ack(stack, tuple, now);
                stack.schedule(deadline, tuple);
            }
            Action::Promote(sock, listener) => {
                sock.input(segment, now);
                listener.push_accepted(sock, now);
            }
            Action::Reset => {
                stack.send_reset_for(tuple.remote.addr, tuple.local.addr, segment, now);
            }
            Action::Acknowledge { seq, ack, window } => {
                send_bare_ack(stack, tuple, seq, ack, window, now);
            }
        }
    }

    /// Puts a connection that we begin into the table; false if the name is taken or there is no
    /// memory.
    pub(super) fn insert(&self, tuple: FourTuple, sock: Arc<TcpSock>) -> bool {
        let mut inner = self.inner.lock();
        if inner.entries.contains_key(&tuple) || inner.entries.try_reserve(1).is_err() {
            return false;
        }
        inner.entries.insert(tuple, Entry::Conn(sock));
        true
    }

    /// Whether a name is taken.
    pub(super) fn contains(&self, tuple: FourTuple) -> bool {
        self.inner.lock().entries.contains_key(&tuple)
    }

    /// Frees the name of a connection that is over.
    pub(super) fn remove(&self, tuple: FourTuple, sock: &TcpSock) {
        let removed = {
            let mut inner = self.inner.lock();
            match inner.entries.get(&tuple) {
                Some(Entry::Conn(held)) if core::ptr::eq(&raw const **held, sock) => {
                    inner.entries.remove(&tuple)
                }
                _ => None,
            }
        };
        // The last reference may go here: outside of the lock.
        drop(removed);
    }

    /// Lets the name of a connection rest.
    pub(super) fn rest(&self, stack: &'static Stack, tcb: &Tcb, now: u64) {
        let window = u16::try_from(tcb.rcv_limit >> tcb.rcv_shift).unwrap_or(u16::MAX);
        let deadline = now + TIME_WAIT;
        let rest = Rest { deadline, snd_nxt: tcb.max, rcv_nxt: tcb.rcv_nxt, window };
        let replaced = {
            let mut inner = self.inner.lock();
            if inner.rest_count >= TIME_WAIT_MAX {
                inner.drop_oldest_rest();
            }
            let replaced = inner.entries.remove(&tcb.tuple);
            let room = inner.entries.try_reserve(1).is_ok() && inner.resting.try_reserve(1).is_ok();
            if room {
                inner.entries.insert(tcb.tuple, Entry::Rest(rest));
                inner.resting.push_back((deadline, tcb.tuple));
                inner.rest_count += 1;
            }
            replaced
        };
        drop(replaced);
        stack.note_deadline(deadline);
    }

    /// When the oldest resting name is free.
    pub(in crate::net) fn next_time_wait(&self) -> Option<u64> {
        self.inner.lock().resting.front().map(|(deadline, _)| *deadline)
    }

    /// Frees the names that have rested long enough.
    pub(in crate::net) fn expire_time_wait(&self, now: u64) {
        let mut inner = self.inner.lock();
        while let Some((deadline, tuple)) = inner.resting.front().copied() {
            if deadline > now {
                break;
            }
            inner.resting.pop_front();
            match inner.entries.get(&tuple) {
                Some(Entry::Rest(rest)) if rest.deadline > now => {
                    let again = (rest.deadline, tuple);
                    inner.resting.push_back(again);
                }
                Some(Entry::Rest(_)) => {
                    inner.entries.remove(&tuple);
                    inner.rest_count -= 1;
                }
                _ => {}
            }
        }
        inner.release_spare();
    }

    /// A timer that was set for `deadline` went off.
    pub(in crate::net) fn on_timer(
        &self,
        stack: &'static Stack,
        tuple: FourTuple,
        deadline: u64,
        now: u64,
    ) {
        let action = self.inner.lock().on_timer(tuple, deadline, now);
        match action {
            Action::Deliver(sock) => sock.on_timer(deadline, now),
            Action::SynAck(mut request) => {
                request.send_syn_ack(stack, tuple, now);
                stack.schedule(request.deadline, tuple);
            }
            _ => {}
        }
    }

    /// The socket of a connection.
    #[must_use]
    pub fn find(&self, tuple: FourTuple) -> Option<Arc<TcpSock>> {
        match self.inner.lock().entries.get(&tuple) {
            Some(Entry::Conn(sock)) => Some(sock.clone()),
            _ => None,
        }
    }

    /// Forgets the half-open connections of a listener.
    pub(super) fn drop_requests(&self, listener: &TcpSock) {
        let mut dropped = Vec::new();
        let mut inner = self.inner.lock();
        let Inner { entries, request_count, .. } = &mut *inner;
        entries.retain(|_, entry| match entry {
            Entry::Request(request) if core::ptr::eq(&raw const *request.listener, listener) => {
                *request_count -= 1;
                if dropped.try_reserve(1).is_ok() {
                    // The listener is held by the caller: nothing is freed under the lock.
                    dropped.push(request.listener.clone());
                }
                false
            }
            _ => true,
        });
        drop(inner);
        drop(dropped);
    }

    /// How many connections there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.inner.lock().entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The lines of /proc/net/tcp.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut socks = Vec::new();
        {
            let inner = self.inner.lock();
            socks.extend(inner.listeners.values().flatten().cloned());
            for (tuple, entry) in &inner.entries {
                let row = |state| Row { tuple: *tuple, state, tx: 0, rx: 0, inode: 0 };
                match entry {
                    Entry::Conn(sock) => socks.push(sock.clone()),
                    Entry::Request(_) => rows.push(row(State::SynReceived)),
                    Entry::Rest(_) => rows.push(row(State::TimeWait)),
                }
            }
        }
        rows.extend(socks.iter().map(|sock| sock.row()));
        rows
    }
}

impl Inner {
    fn classify(
        &mut self,
        stack: &'static Stack,
        tuple: FourTuple,
        segment: &Segment<'_>,
        now: u64,
        table: &Table,
    ) -> Action {
        match self.entries.get_mut(&tuple) {
            Some(Entry::Conn(sock)) => Action::Deliver(sock.clone()),
            Some(Entry::Request(_)) => self.on_request(stack, tuple, segment, now),
            Some(Entry::Rest(rest)) => {
                let rest = *rest;
                self.on_rest(stack, tuple, rest, segment, now, table)
            }
            None => self.on_stranger(stack, tuple, segment, None, now, table),
        }
    }

    /// A segment of no connection.
    fn on_stranger(
        &mut self,
        stack: &'static Stack,
        tuple: FourTuple,
        segment: &Segment<'_>,
        iss: Option<Seq>,
        now: u64,
        table: &Table,
    ) -> Action {
        if segment.flags.contains(Flags::RST) {
            return Action::Nothing;
        }
        let Some(listener) = self.find_listener(stack, tuple) else { return Action::Reset };
        if segment.flags.contains(Flags::ACK) {
            return Action::Reset;
        }
        let is_syn = segment.flags.contains(Flags::SYN) && !segment.flags.contains(Flags::FIN);
        let full = self.entries.len() - self.rest_count >= table.limit.load(Ordering::Relaxed);
        if !is_syn || full || listener.is_backlogged() {
            return Action::Nothing;
        }
        let Ok(route) = stack.route(tuple.remote.addr) else { return Action::Nothing };
        let path = Path::from(route);
        let tuning = listener.tuning();
        let mut mss = stack.path_mss(&path);
        if tuning.max_segment != 0 {
            mss = mss.min(tuning.max_segment);
        }
        let mut request = Request {
            iss: iss.unwrap_or_else(|| initial_seq(stack, tuple, now)),
            peer: PeerSyn::of(segment, mss),
            listener,
            tuning,
            path,
            deadline: 0,
            since: now,
            tries: 0,
        };
        request.deadline = request.next_deadline(now);
        if self.request_count >= REQUESTS_MAX {
            self.drop_oldest_request();
        }
        if self.entries.try_reserve(1).is_err() || self.requests.try_reserve(1).is_err() {
            return Action::Nothing;
        }
        let request = Box::new(request);
        self.entries.insert(tuple, Entry::Request(request.clone()));
        self.requests.push_back(tuple);
        self.request_count += 1;
        self.trim_requests();
        Action::SynAck(request)
    }

    /// The listener for a segment: one bound to the very address before one bound to all; among
    /// several of the same port (`SO_REUSEPORT`) the name decides.
    fn find_listener(&self, stack: &Stack, tuple: FourTuple) -> Option<Arc<TcpSock>> {
        let listeners = self.listeners.get(&tuple.local.port)?;
        let exact = |sock: &&Arc<TcpSock>| sock.local().addr == tuple.local.addr;
        let any = |sock: &&Arc<TcpSock>| sock.local().addr.is_unspecified();
        let pick = |count: usize| {
            // The hash is 64 bits wide, the count a few.
            (stack.keyed(tuple) % (count.max(1) as u64)) as usize
        };
        if let [only] = listeners.as_slice() {
            return (exact(&only) || any(&only)).then(|| only.clone());
        }
        let count = listeners.iter().filter(exact).count();
        if count > 0 {
            return listeners.iter().filter(exact).nth(pick(count)).cloned();
        }
        let count = listeners.iter().filter(any).count();
        listeners.iter().filter(any).nth(pick(count)).cloned()
    }

    /// A segment of a half-open connection.
    fn on_request(
        &mut self,
        stack: &'static Stack,
        tuple: FourTuple,
        segment: &Segment<'_>,
        now: u64,
    ) -> Action {
        let Some(Entry::Request(request)) = self.entries.get_mut(&tuple) else {
            return Action::Nothing;
        };
        let expected = request.peer.irs.plus(1);
        let flags = segment.flags;
        if flags.contains(Flags::RST) {
            if segment.seq == expected {
                self.forget_request(tuple);
            }
            return Action::Nothing;
        }
        if flags.contains(Flags::SYN) {
            if segment.seq == request.peer.irs {
                return Action::SynAck(request.clone());
            }
            let window = u16::MAX;
            return Action::Acknowledge { seq: request.iss.plus(1), ack: expected, window };
        }
        if !flags.contains(Flags::ACK) {
            return Action::Nothing;
        }
        let window = usize::from(u16::MAX);
        if segment.end().before(expected) || segment.seq.after(expected.plus(window)) {
            let window = u16::MAX;
            return Action::Acknowledge { seq: request.iss.plus(1), ack: expected, window };
        }
        if segment.ack != request.iss.plus(1) {
            return Action::Reset;
        }
        let bare = segment.payload.is_empty() && !flags.contains(Flags::FIN);
        if request.listener.is_backlogged() || (bare && request.is_deferred(now)) {
            return Action::Nothing;
        }
        let listener = request.listener.clone();
        let tcb =
            Tcb::accepted(tuple, request.iss, &request.peer, request.tuning, request.path, now);
        let sock = TcpSock::accepted(stack, tcb, &listener);
        self.entries.insert(tuple, Entry::Conn(sock.clone()));
        self.request_count -= 1;
        Action::Promote(sock, listener)
    }

    /// A segment of a resting name.
    fn on_rest(
        &mut self,
        stack: &'static Stack,
        tuple: FourTuple,
        rest: Rest,
        segment: &Segment<'_>,
        now: u64,
        table: &Table,
    ) -> Action {
        let flags = segment.flags;
        if flags.contains(Flags::RST) {
            if segment.seq == rest.rcv_nxt {
                self.entries.remove(&tuple);
                self.rest_count -= 1;
            }
            return Action::Nothing;
        }
        let is_new = flags.contains(Flags::SYN) && !flags.contains(Flags::ACK);
        if is_new && segment.seq.after(rest.rcv_nxt) {
            // A new connection of the same name (RFC 1122 4.2.2.13).
            self.entries.remove(&tuple);
            self.rest_count -= 1;
            let iss = Some(rest.snd_nxt.plus(ISS_GAP));
            return self.on_stranger(stack, tuple, segment, iss, now, table);
        }
        if segment.length() == 0 && segment.seq == rest.rcv_nxt {
            return Action::Nothing;
        }
        if flags.contains(Flags::FIN)
            && let Some(Entry::Rest(rest)) = self.entries.get_mut(&tuple)
        {
            rest.deadline = now + TIME_WAIT;
        }
        Action::Acknowledge { seq: rest.snd_nxt, ack: rest.rcv_nxt, window: rest.window }
    }

    fn on_timer(&mut self, tuple: FourTuple, deadline: u64, now: u64) -> Action {
        match self.entries.get_mut(&tuple) {
            Some(Entry::Conn(sock)) => Action::Deliver(sock.clone()),
            Some(Entry::Request(request)) if request.deadline == deadline => {
                if request.is_hopeless() {
                    self.forget_request(tuple);
                    return Action::Nothing;
                }
                request.tries += 1;
                request.deadline = request.next_deadline(now);
                Action::SynAck(request.clone())
            }
            _ => Action::Nothing,
        }
    }

    fn forget_request(&mut self, tuple: FourTuple) {
        // The listener is in the table of listeners too: nothing is freed under the lock.
        if let Some(Entry::Request(_)) = self.entries.remove(&tuple) {
            self.request_count -= 1;
        }
    }

    fn drop_oldest_request(&mut self) {
        while let Some(tuple) = self.requests.pop_front() {
            if matches!(self.entries.get(&tuple), Some(Entry::Request(_))) {
                self.forget_request(tuple);
                return;
            }
        }
    }

    /// Drops names of requests that are no more from the front of the queue, and from all of it
    /// when it is much longer than there are requests.
    fn trim_requests(&mut self) {
        let Self { entries, requests, .. } = self;
        let is_open = |tuple: &FourTuple| matches!(entries.get(tuple), Some(Entry::Request(_)));
        while requests.front().is_some_and(|tuple| !is_open(tuple)) {
            requests.pop_front();
        }
        if requests.len() > 2 * REQUESTS_MAX {
            requests.retain(is_open);
        }
    }

    fn drop_oldest_rest(&mut self) {
        while let Some((_, tuple)) = self.resting.pop_front() {
            if matches!(self.entries.get(&tuple), Some(Entry::Rest(_))) {
                self.entries.remove(&tuple);
                self.rest_count -= 1;
                return;
            }
        }
    }

    /// Whether a connection or resting name uses a local port.
    pub(super) fn port_in_use(&self, port: u16) -> bool {
        self.entries.keys().any(|tuple| tuple.local.port == port)
    }

    fn release_spare(&mut self) {
        const KEEP: usize = 1024;
        if self.entries.capacity() > KEEP && self.entries.len() < self.entries.capacity() / 8 {
            self.entries.shrink_to(KEEP);
        }
    }
}

/// An initial sequence number (RFC 6528): a secret function of the name, and the clock.
pub(super) fn initial_seq(stack: &Stack, tuple: FourTuple, now: u64) -> Seq {
    // Low bits of the hash; a tick of 64 ns, as in Linux.
    Seq((stack.keyed(tuple) as u32).wrapping_add((now >> 6) as u32))
}

fn send_bare_ack(
    stack: &'static Stack,
    tuple: FourTuple,
    seq: Seq,
    ack: Seq,
    window: u16,
    now: u64,
) {
    let Ok(route) = stack.route(tuple.remote.addr) else { return };
    let header = Header {
        src_port: tuple.local.port,
        dst_port: tuple.remote.port,
        seq,
        ack,
        flags: Flags::ACK,
        window,
        options: Options::default(),
    };
    let _lost = stack.send_control(&mut route.into(), tuple, &Tuning::default(), &header, now);
}
