//! [`TcpSock`]: a TCP socket. It lives while a descriptor or the table of connections refers to
//! it; a socket that nobody has open any more ends its connection by itself.

use super::accept::Accept;
use super::ports::Reuse;
use super::segment::Segment;
use super::table::{Row, initial_seq};
use super::tcb::{Effects, Fate, NEVER, State, Tcb, Tuning};
use crate::net::addr::{Endpoint, FourTuple};
use crate::net::stack::{Path, Stack};
use crate::task::{PollEvents, WaitQueue};
use alloc::sync::Arc;
use core::net::Ipv4Addr;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use elfin_platform::sync::{SpinGuard, SpinLock};
use elfin_syscalls::Errno;

/// Connections without an owner; beyond, a closed one is reset (`tcp_max_orphans`).
const ORPHANS_MAX: usize = 8192;
static ORPHANS: core::sync::atomic::AtomicUsize = core::sync::atomic::AtomicUsize::new(0);

/// A TCP socket.
pub struct TcpSock {
    pub(super) stack: &'static Stack,
    /// Whoever waits for this socket.
    pub queue: WaitQueue,
    pub(super) tcb: SpinLock<Tcb>,
    pub(super) accept: SpinLock<Accept>,
    binding: SpinLock<Binding>,
    /// It waits for its turn to send at the end of the round.
    deferred: AtomicBool,
    /// The inode number that programs see; 0 before one sees it.
    pub inode: AtomicU64,
}

/// What a socket is bound to.
#[derive(Clone, Copy, Debug)]
struct Binding {
    local: Endpoint,
    reuse: Reuse,
    /// A claim to the port is in the table.
    claimed: bool,
}

impl core::fmt::Debug for TcpSock {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("TcpSock").field("local", &self.local()).finish_non_exhaustive()
    }
}

/// How many connections have no descriptor any more and are not done with their other end.
#[must_use]
pub fn orphans() -> usize {
    ORPHANS.load(Ordering::Relaxed)
}

impl TcpSock {
    /// An unconnected socket.
    #[must_use]
    pub fn new(stack: &'static Stack) -> Arc<Self> {
        Self::make(stack, Tcb::closed(Tuning::default()), Endpoint::UNSPECIFIED, Reuse::default())
    }

    /// The socket of a connection that `listener` was asked for.
    pub(super) fn accepted(stack: &'static Stack, tcb: Tcb, listener: &Self) -> Arc<Self> {
        let local = tcb.tuple.local;
        Self::make(stack, tcb, local, listener.reuse())
    }

    /// How many chunks the buffers hold.
    #[cfg(test)]
    pub(in crate::net) fn chunks(&self) -> usize {
        let tcb = self.tcb.lock();
        tcb.rx.chunks() + tcb.tx.chunks()
    }

    fn make(stack: &'static Stack, tcb: Tcb, local: Endpoint, reuse: Reuse) -> Arc<Self> {
        Arc::new(Self {
            stack,
            queue: WaitQueue::new(),
            tcb: SpinLock::new(tcb),
            accept: SpinLock::new(Accept::new()),
            binding: SpinLock::new(Binding { local, reuse, claimed: false }),
            deferred: AtomicBool::new(false),
            inode: AtomicU64::new(0),
        })
    }

    /// Our end; unspecified if not bound.
    #[must_use]
    pub fn local(&self) -> Endpoint {
        self.binding.lock().local
    }

    /// The peer's end.
    ///
    /// # Errors
    /// `ENOTCONN` without a connection.
    pub fn remote(&self) -> Result<Endpoint, Errno> {
        let tcb = self.tcb.lock();
        match tcb.state {
            State::Listen | State::SynSent => Err(Errno::ENOTCONN),
            State::Closed if !tcb.fin_received => Err(Errno::ENOTCONN),
            _ => Ok(tcb.tuple.remote),
        }
    }

    /// The settings.
    #[must_use]
    pub fn tuning(&self) -> Tuning {
        self.tcb.lock().tuning
    }

    /// Changes the settings, and lets the connection act on them.
    pub fn tune(self: &Arc<Self>, change: impl FnOnce(&mut Tuning)) {
        let now = self.stack.now();
        let mut tcb = self.tcb.lock();
        change(&mut tcb.tuning);
        if let Some(bytes) = tcb.tuning.receive_buffer {
            tcb.rcv_limit = bytes as usize;
        }
        tcb.arm_keepalive(now);
        let effects = Effects { output: tcb.state.is_synchronized(), ..Effects::NONE };
        self.settle_now(tcb, effects, now);
    }

    /// What the socket allows others.
    #[must_use]
    pub fn reuse(&self) -> Reuse {
        self.binding.lock().reuse
    }

    /// Sets what the socket allows others.
    pub fn set_reuse(&self, change: impl FnOnce(&mut Reuse)) {
        change(&mut self.binding.lock().reuse);
    }

    /// The state.
    #[must_use]
    pub fn state(&self) -> State {
        self.tcb.lock().state
    }

    /// Takes the pending error (`SO_ERROR`).
    pub fn take_error(&self) -> Option<Errno> {
        self.tcb.lock().error.take()
    }

    /// Puts an error back that could not be told yet.
    pub fn set_error(&self, error: Errno) {
        self.tcb.lock().error.get_or_insert(error);
    }

    /// Tells the devices about what was queued.
    pub fn flush(&self) {
        self.stack.flush();
    }

    /// How many bytes may wait to be sent (`SO_SNDBUF`).
    #[must_use]
    pub fn send_limit(&self) -> u32 {
        u32::try_from(self.tcb.lock().send_limit()).unwrap_or(u32::MAX)
    }

    /// How many bytes may wait to be read (`SO_RCVBUF`).
    #[must_use]
    pub fn receive_limit(&self) -> u32 {
        u32::try_from(self.tcb.lock().rcv_limit).unwrap_or(u32::MAX)
    }

    /// Bytes that can be read now (`FIONREAD`).
    ///
    /// # Errors
    /// `EINVAL` for a listener.
    pub fn readable_bytes(&self) -> Result<usize, Errno> {
        let tcb = self.tcb.lock();
        if tcb.state == State::Listen { Err(Errno::EINVAL) } else { Ok(tcb.rx.len()) }
    }

    /// Bytes not acknowledged by the peer (`TIOCOUTQ`), and those of them not yet sent.
    #[must_use]
    pub fn unsent_bytes(&self) -> (usize, usize) {
        let tcb = self.tcb.lock();
        (tcb.tx.len(), tcb.tx.len().saturating_sub(tcb.flight()))
    }

    pub(super) fn row(&self) -> Row {
        let local = self.local();
        let inode = self.inode.load(Ordering::Relaxed);
        let waiting = self.accept.lock().len();
        let tcb = self.tcb.lock();
        let listens = tcb.state == State::Listen;
        let remote = if listens { Endpoint::UNSPECIFIED } else { tcb.tuple.remote };
        let rx = if listens { waiting } else { tcb.rx.len() };
        Row { tuple: FourTuple { local, remote }, state: tcb.state, tx: tcb.tx.len(), rx, inode }
    }

    /// Gives the socket an address and port.
    ///
    /// # Errors
    /// `EINVAL` if it has one, `EADDRNOTAVAIL` if the address is not ours, `EADDRINUSE`.
    pub fn bind(&self, endpoint: Endpoint) -> Result<(), Errno> {
        let unbound = self.tcb.lock().state == State::Closed && self.local().port == 0;
        if !unbound {
            return Err(Errno::EINVAL);
        }
        let ours = endpoint.addr.is_unspecified() || self.stack.is_local(endpoint.addr);
        if !ours {
            return Err(Errno::EADDRNOTAVAIL);
        }
        let reuse = self.reuse();
        let local = self.stack.tcp.bind(self.stack, self, endpoint, reuse)?;
        let mut binding = self.binding.lock();
        binding.local = local;
        binding.claimed = true;
        Ok(())
    }

    /// Begins a connection to `remote`.
    ///
    /// # Errors
    /// `EISCONN`, `EALREADY` while one is being made, `EADDRNOTAVAIL` without a free port,
    /// `EADDRINUSE` if the name is taken, `ENETUNREACH`.
    pub fn connect(self: &Arc<Self>, remote: Endpoint) -> Result<(), Errno> {
        match self.state() {
            State::Closed => {}
            State::SynSent | State::SynReceived => return Err(Errno::EALREADY),
            _ => return Err(Errno::EISCONN),
        }
        let mut remote = remote;
        if remote.addr.is_unspecified() {
            remote.addr = Ipv4Addr::LOCALHOST;
        }
        if remote.addr.is_multicast() || self.stack.is_broadcast(remote.addr) {
            return Err(Errno::ENETUNREACH);
        }
        let route = self.stack.route(remote.addr)?;
        let mut local = self.local();
        if local.addr.is_unspecified() {
            local.addr = route.src;
        }
        if local.port == 0 {
            local.port = self.stack.tcp.choose_port(self.stack, local.addr, remote)?;
        }
        let tuple = FourTuple { local, remote };
        let now = self.stack.now();
        let path = Path::from(route);
        let mss = self.stack.path_mss(&path);
        let iss = initial_seq(self.stack, tuple, now);
        if !self.stack.tcp.insert(tuple, self.clone()) {
            return Err(Errno::EADDRNOTAVAIL);
        }
        self.binding.lock().local = local;
        let mut tcb = self.tcb.lock();
        let tuning = tcb.tuning;
        let queued = tcb.deadlines.queued;
        *tcb = Tcb::closed(tuning);
        tcb.connect(tuple, iss, path, mss, now);
        if queued != NEVER {
            // Timers of an earlier connection look for its name and find nothing.
            tcb.deadlines.queued = NEVER;
        }
        self.settle_now(tcb, Effects { output: true, ..Effects::NONE }, now);
        Ok(())
    }

    /// How a connection that was begun stands: `None` while it is being made.
    #[must_use]
    pub fn connected(&self) -> Option<Result<(), Errno>> {
        let mut tcb = self.tcb.lock();
        match tcb.state {
            State::SynSent | State::SynReceived => None,
            State::Closed => Some(Err(tcb.error.take().unwrap_or(Errno::ECONNABORTED))),
            _ => Some(Ok(())),
        }
    }

    /// A segment of this connection.
    pub(super) fn input(self: &Arc<Self>, segment: &Segment<'_>, now: u64) {
        let mut tcb = self.tcb.lock();
        let tuple = tcb.tuple;
        let effects = tcb.input(segment, now);
        if effects.output && effects.fate == Fate::Alive {
            // Acknowledgements and data go out once for all segments of the round.
            if !self.deferred.swap(true, Ordering::Relaxed) {
                self.stack.defer_output(self.clone());
            }
        }
        self.settle(tcb, effects, now);
        if effects.reset {
            self.stack.send_reset_for(tuple.remote.addr, tuple.local.addr, segment, now);
        }
    }

    /// Its turn to send.
    pub(in crate::net) fn run_output(self: &Arc<Self>, now: u64) {
        self.deferred.store(false, Ordering::Relaxed);
        let tcb = self.tcb.lock();
        self.settle_now(tcb, Effects { output: true, ..Effects::NONE }, now);
    }

    /// A deadline has come.
    pub(super) fn on_timer(self: &Arc<Self>, deadline: u64, now: u64) {
        let mut tcb = self.tcb.lock();
        if tcb.deadlines.queued == deadline {
            tcb.deadlines.queued = NEVER;
        }
        let effects = if tcb.deadlines.earliest() <= now {
            tcb.on_timer(self.stack, now)
        } else {
            Effects::NONE
        };
        self.settle_now(tcb, effects, now);
    }

    /// An ICMP error or a failed neighbour lookup concerns this connection.
    pub(in crate::net) fn unreachable(self: &Arc<Self>, error: Errno, hard: bool, now: u64) {
        let mut tcb = self.tcb.lock();
        let opening = matches!(tcb.state, State::SynSent | State::SynReceived);
        if opening && hard {
            let effects = tcb.kill(Some(error));
            self.settle(tcb, effects, now);
        }
    }

    /// Whether `seq` is one that we sent and the peer has not acknowledged: a stranger cannot know
    /// (RFC 5927 4.1).
    pub(in crate::net) fn is_under_way(&self, seq: super::seq::Seq) -> bool {
        let tcb = self.tcb.lock();
        !seq.before(tcb.una) && seq.before(tcb.max)
    }

    /// The path takes only packets of `mtu` bytes.
    pub(in crate::net) fn shrink_mss(self: &Arc<Self>, mtu: u16, now: u64) {
        /// Smaller packets are not believed (RFC 5927 7.2; Linux's `min_pmtu`).
        const SMALLEST: u16 = 552;
        let mut tcb = self.tcb.lock();
        let mss = mtu.max(SMALLEST) - 40;
        if tcb.state.is_synchronized() && mss < tcb.mss {
            tcb.mss = mss;
            tcb.nxt = tcb.una;
            self.settle_now(tcb, Effects { output: true, ..Effects::NONE }, now);
        }
    }

    /// Sends at once if `effects` say so, then as [`Self::settle`].
    pub(super) fn settle_now(
        self: &Arc<Self>,
        mut tcb: SpinGuard<'_, Tcb>,
        effects: Effects,
        now: u64,
    ) {
        if effects.output && effects.fate == Fate::Alive {
            tcb.output(self.stack, now);
            if tcb.blocked {
                self.stack.note_blocked(self.clone());
            }
        }
        self.settle(tcb, effects, now);
    }

    /// Carries out what a change of the block asks for: place in the table, timers, wakeups.
    #[inline]
    pub(super) fn settle(
        self: &Arc<Self>,
        mut tcb: SpinGuard<'_, Tcb>,
        effects: Effects,
        now: u64,
    ) {
        if effects.fate != Fate::Alive {
            if effects.fate == Fate::Rest && effects.output {
                tcb.send_last_ack(self.stack, now);
            }
            self.leave(&tcb, effects.fate, now);
        }
        let next = tcb.deadlines.earliest();
        if next < tcb.deadlines.queued {
            tcb.deadlines.queued = next;
            self.stack.schedule(next, tcb.tuple);
        }
        drop(tcb);
        if effects.events != 0 {
            self.queue.wake_all(PollEvents::from_bits_truncate(effects.events));
        }
    }

    /// The connection is over: its name is free, or rests.
    fn leave(&self, tcb: &Tcb, fate: Fate, now: u64) {
        if tcb.orphan {
            ORPHANS.fetch_sub(1, Ordering::Relaxed);
        }
        if fate == Fate::Rest {
            self.stack.tcp.rest(self.stack, tcb, now);
        } else {
            self.stack.tcp.remove(tcb.tuple, self);
        }
    }

    /// Ends one direction or both (`shutdown`).
    ///
    /// # Errors
    /// `ENOTCONN` without a connection.
    pub fn shutdown(self: &Arc<Self>, read: bool, write: bool) -> Result<(), Errno> {
        let now = self.stack.now();
        let mut tcb = self.tcb.lock();
        let mut effects = Effects::NONE;
        match tcb.state {
            State::Closed => return Err(Errno::ENOTCONN),
            State::Listen => {
                drop(tcb);
                if read {
                    self.stop_listening();
                }
                return Ok(());
            }
            State::SynSent | State::SynReceived => {
                if write {
                    effects = tcb.kill(None);
                }
                self.settle(tcb, effects, now);
                return Ok(());
            }
            _ => {}
        }
        if read {
            tcb.read_shut = true;
        }
        if write {
            effects.output = tcb.finish();
        }
        effects.wake(PollEvents::all());
        self.settle_now(tcb, effects, now);
        self.stack.flush();
        Ok(())
    }

    /// The last descriptor is closed. `abort`: `SO_LINGER` with a time of 0.
    pub fn close(self: &Arc<Self>, abort: bool) {
        let now = self.stack.now();
        let mut tcb = self.tcb.lock();
        if tcb.state == State::Listen {
            drop(tcb);
            self.stop_listening();
        } else if tcb.state != State::Closed {
            let orphans = ORPHANS.fetch_add(1, Ordering::Relaxed);
            tcb.orphan = true;
            let effects = tcb.close(self.stack, abort || orphans >= ORPHANS_MAX, now);
            self.settle_now(tcb, effects, now);
        } else {
            drop(tcb);
        }
        self.release_port();
        self.stack.flush();
    }

    /// Ends the connection by a reset.
    pub(super) fn abort(self: &Arc<Self>) {
        let now = self.stack.now();
        let mut tcb = self.tcb.lock();
        if tcb.state.is_synchronized() {
            tcb.send_reset(self.stack, now);
            let effects = tcb.kill(Some(Errno::ECONNABORTED));
            self.settle(tcb, effects, now);
        }
    }

    pub(super) fn release_port(&self) {
        let claim = {
            let mut binding = self.binding.lock();
            core::mem::take(&mut binding.claimed).then_some(binding.local.port)
        };
        if let Some(port) = claim {
            self.stack.tcp.unbind(self, port);
        }
    }

    /// Dissolves the connection (`connect` to `AF_UNSPEC`).
    pub fn disconnect(self: &Arc<Self>) {
        let now = self.stack.now();
        let mut tcb = self.tcb.lock();
        if tcb.state == State::Listen {
            drop(tcb);
            self.stop_listening();
            return;
        }
        if tcb.state != State::Closed {
            if tcb.state.is_synchronized() {
                tcb.send_reset(self.stack, now);
            }
            let effects = tcb.kill(Some(Errno::ECONNRESET));
            tcb.error = None;
            tcb.rx.clear();
            tcb.fin_received = false;
            self.settle(tcb, effects, now);
        }
        self.stack.flush();
    }
}

impl Tcb {
    /// Queues our FIN; whether there is something to send.
    pub(super) fn finish(&mut self) -> bool {
        if self.write_shut {
            return false;
        }
        self.write_shut = true;
        self.state = match self.state {
            State::Established => State::FinWait1,
            State::CloseWait => State::LastAck,
            _ => return false,
        };
        self.fin_queued = true;
        true
    }

    /// Nobody has the socket open any more.
    fn close(&mut self, stack: &'static Stack, abort: bool, now: u64) -> Effects {
        if !self.state.is_synchronized() {
            return self.kill(None);
        }
        // Data that will never be read is lost: the peer has to know (RFC 2525 2.17).
        if abort || !self.rx.is_empty() {
            self.send_reset(stack, now);
            self.rx.clear();
            return self.kill(None);
        }
        self.read_shut = true;
        self.rx.clear();
        self.reorder.clear();
        let output = self.finish();
        if self.state == State::FinWait2 {
            self.deadlines.life = self.fin_wait_deadline(now);
        }
        Effects { output, ..Effects::NONE }
    }
}
