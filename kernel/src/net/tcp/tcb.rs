//! [`Tcb`]: the transmission control block, all that is known about one connection.
//!
//! ```text
//! send space:     una ........ nxt ........ una + tx.len()      (max: highest ever sent)
//!                  │ under way  │ not sent   │ FIN, if fin_queued
//! receive space:  read by the program | rx | rcv_nxt ....... rcv_adv (edge announced)
//! ```
//! Neighbours: `input` (segments in), `output` (segments out), `timers`, `conn` (what the socket
//! layer asks for).

use super::congestion::Reno;
use super::reorder::Reorder;
use super::rtt::Rtt;
use super::segment::Segment;
use super::seq::Seq;
use crate::net::addr::{Endpoint, FourTuple};
use crate::net::bytes::ByteQueue;
use crate::net::stack::Path;
use crate::task::PollEvents;
use elfin_syscalls::Errno;

/// "Never", for deadlines.
pub const NEVER: u64 = u64::MAX;
const SECOND: u64 = 1_000_000_000;

/// Payload of a segment where the peer does not say (RFC 9293 3.7.1).
pub const DEFAULT_MSS: u16 = 536;
/// Smallest payload we cut a stream into, whatever a peer says.
pub const SMALLEST_MSS: u16 = 88;
/// Shift of our windows: up to 8 MiB.
pub const WINDOW_SHIFT: u8 = 7;
/// Largest shift a peer may ask for (RFC 7323 2.3).
pub const WINDOW_SHIFT_MAX: u8 = 14;
/// Receive buffer in the beginning.
pub const RECEIVE_INITIAL: usize = 64 << 10;
/// The receive buffer grows up to this if the program keeps up.
pub const RECEIVE_MAX: usize = 4 << 20;
/// Send buffer in the beginning.
pub const SEND_INITIAL: usize = 64 << 10;
/// The send buffer grows with the congestion window up to this.
pub const SEND_MAX: usize = 4 << 20;

/// The states of RFC 9293 3.3.2, with Linux's numbers (`tcpi_state`, /proc/net/tcp).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// Both directions are open.
    Established = 1,
    /// We asked for a connection.
    SynSent = 2,
    /// Both asked at once.
    SynReceived = 3,
    /// We have nothing more to send and said so.
    FinWait1 = 4,
    /// … and the peer knows.
    FinWait2 = 5,
    /// Only old segments are waited for.
    TimeWait = 6,
    /// No connection.
    Closed = 7,
    /// The peer has nothing more to send.
    CloseWait = 8,
    /// … and neither have we; our FIN is under way.
    LastAck = 9,
    /// Waiting for connections.
    Listen = 10,
    /// Both FINs crossed; ours is under way.
    Closing = 11,
}

impl State {
    /// Whether the handshake is over and the connection not.
    #[must_use]
    pub const fn is_synchronized(self) -> bool {
        !matches!(self, State::Closed | State::Listen | State::SynSent | State::SynReceived)
    }
}

/// Keepalive settings in nanoseconds and counts (tcp(7)).
#[derive(Clone, Copy, Debug)]
pub struct Keepalive {
    /// `SO_KEEPALIVE`.
    pub on: bool,
    /// `TCP_KEEPIDLE` in seconds.
    pub idle: u32,
    /// `TCP_KEEPINTVL` in seconds.
    pub interval: u32,
    /// `TCP_KEEPCNT`.
    pub count: u32,
}

impl Keepalive {
    /// Linux's defaults: two hours, 75 seconds, nine probes; off.
    pub const DEFAULT: Self = Self { on: false, idle: 7200, interval: 75, count: 9 };
}

/// Deadlines in nanoseconds; [`NEVER`] where none is set.
#[derive(Clone, Copy, Debug)]
pub struct Deadlines {
    /// Retransmission, or a probe of a closed window.
    pub retransmit: u64,
    /// A delayed acknowledgement.
    pub ack: u64,
    /// A keepalive probe.
    pub keepalive: u64,
    /// The end: FIN_WAIT_2 without an owner.
    pub life: u64,
    /// The earliest one that the stack's timer queue knows of.
    pub queued: u64,
}

impl Deadlines {
    const NONE: Self =
        Self { retransmit: NEVER, ack: NEVER, keepalive: NEVER, life: NEVER, queued: NEVER };

    /// The earliest.
    #[must_use]
    pub fn earliest(&self) -> u64 {
        self.retransmit.min(self.ack).min(self.keepalive).min(self.life)
    }
}

/// What the program's settings change about a connection; a listener's are inherited.
#[derive(Clone, Copy, Debug)]
pub struct Tuning {
    /// `TCP_NODELAY`: small segments go out at once.
    pub no_delay: bool,
    /// `TCP_CORK`: only full segments go out.
    pub cork: bool,
    /// `TCP_QUICKACK`: acknowledgements are not delayed.
    pub quick_ack: bool,
    /// `TCP_USER_TIMEOUT` in milliseconds; 0 for the default.
    pub user_timeout: u32,
    /// `TCP_MAXSEG`; 0 if not set.
    pub max_segment: u16,
    /// Keepalive.
    pub keepalive: Keepalive,
    /// `TCP_SYNCNT`.
    pub syn_retries: u8,
    /// `TCP_DEFER_ACCEPT` in seconds.
    pub defer_accept: u32,
    /// `SO_RCVBUF` if the program set it.
    pub receive_buffer: Option<u32>,
    /// `SO_SNDBUF` if the program set it.
    pub send_buffer: Option<u32>,
    /// `SO_RCVLOWAT`.
    pub receive_low: u32,
    /// `IP_TTL`.
    pub ttl: u8,
    /// `IP_TOS`.
    pub tos: u8,
    /// `TCP_LINGER2`: seconds in FIN_WAIT_2 without an owner.
    pub linger2: i32,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            no_delay: false,
            cork: false,
            quick_ack: false,
            user_timeout: 0,
            max_segment: 0,
            keepalive: Keepalive::DEFAULT,
            syn_retries: 6,
            defer_accept: 0,
            receive_buffer: None,
            send_buffer: None,
            receive_low: 1,
            ttl: crate::net::ip::DEFAULT_TTL,
            tos: 0,
            linger2: 60,
        }
    }
}

/// What the caller has to do once the block is unlocked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// Events to wake sleepers for.
    pub events: PollEventBits,
    /// Whether output is to be tried.
    pub output: bool,
    /// Whether the segment is to be answered by a reset.
    pub reset: bool,
    /// What becomes of the connection's place in the table.
    pub fate: Fate,
}

/// Events as plain bits, so that "none" is the default.
pub type PollEventBits = u32;

/// What becomes of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fate {
    /// It goes on.
    #[default]
    Alive,
    /// It is over; its name is free.
    Gone,
    /// It is over; its name rests in TIME_WAIT.
    Rest,
}

impl Effects {
    /// Nothing to do.
    pub const NONE: Self = Self { events: 0, output: false, reset: false, fate: Fate::Alive };

    /// Adds events to wake for.
    pub fn wake(&mut self, events: PollEvents) {
        self.events |= events.bits();
    }
}

/// A transmission control block.
#[derive(Debug)]
pub struct Tcb {
    /// The state.
    pub state: State,
    /// Both ends.
    pub tuple: FourTuple,
    /// The pending error (`SO_ERROR`).
    pub error: Option<Errno>,
    /// Nobody has the socket open any more.
    pub orphan: bool,
    /// The program wants no more data.
    pub read_shut: bool,
    /// The program has nothing more to send.
    pub write_shut: bool,
    /// The peer's FIN has come, in order.
    pub fin_received: bool,
    /// Our FIN stands behind the data of `tx`.
    pub fin_queued: bool,
    /// A reader has a chunk of `rx` in its hands.
    pub rx_borrowed: bool,
    /// Another reader looked meanwhile and found nothing.
    pub rx_contested: bool,
    /// The program said that more data follows at once (`MSG_MORE`).
    pub more: bool,
    /// Acknowledge at the next output, even without data.
    pub ack_now: bool,
    /// Send the first unacknowledged segment again.
    pub resend: bool,
    /// Send even less than the rules about small segments allow.
    pub force: bool,
    /// The output stopped because the device was full.
    pub blocked: bool,
    /// A sleeper waits for room in `tx`.
    pub no_space: bool,
    /// Both sides offered SACK.
    pub sack: bool,

    /// Data to send, from `una` on.
    pub tx: ByteQueue,
    /// First number not acknowledged.
    pub una: Seq,
    /// Next number to send.
    pub nxt: Seq,
    /// Highest number ever sent.
    pub max: Seq,
    /// The peer's window in bytes.
    pub window: usize,
    /// The largest window the peer ever announced.
    pub window_max: usize,
    /// Number of the segment the window came with.
    pub wl1: Seq,
    /// Acknowledgement of the segment the window came with.
    pub wl2: Seq,
    /// Shift of the peer's windows.
    pub window_shift: u8,
    /// Payload of a full segment.
    pub mss: u16,
    /// Retransmissions or probes in a row without an answer.
    pub backoff: u32,
    /// Keepalive probes without an answer.
    pub probes: u32,
    /// Congestion control.
    pub reno: Reno,
    /// Round-trip times.
    pub rtt: Rtt,
    /// When the data now waiting for acknowledgement was first without one.
    pub waiting_since: u64,
    /// When data was last sent.
    pub sent_at: u64,
    /// When the peer was last heard of.
    pub heard_at: u64,
    /// When a segment out of the window was last answered.
    pub challenged_at: u64,
    /// The end of the last segment sent that was not full (Minshall's variant of Nagle's rule).
    pub small_end: Seq,
    /// Segments sent again, in all.
    pub retransmits: u32,

    /// Data received and not read.
    pub rx: ByteQueue,
    /// Data that came too early.
    pub reorder: Reorder,
    /// Next number expected.
    pub rcv_nxt: Seq,
    /// `rcv_nxt` at the last acknowledgement sent.
    pub rcv_wup: Seq,
    /// The edge of the window announced.
    pub rcv_adv: Seq,
    /// Shift of our windows.
    pub rcv_shift: u8,
    /// How much may be received and not read.
    pub rcv_limit: usize,
    /// Bytes read by the program since `rcv_epoch`.
    pub rcv_copied: usize,
    /// When the measurement of the program's reading began.
    pub rcv_epoch: u64,

    /// Deadlines.
    pub deadlines: Deadlines,
    /// The program's settings.
    pub tuning: Tuning,
    /// How packets get to the peer.
    pub path: Path,
}

impl Tcb {
    /// A block without a connection.
    #[must_use]
    pub fn closed(tuning: Tuning) -> Self {
        Self {
            state: State::Closed,
            tuple: FourTuple { local: Endpoint::UNSPECIFIED, remote: Endpoint::UNSPECIFIED },
            error: None,
            orphan: false,
            read_shut: false,
            write_shut: false,
            resend: false,
            force: false,
            fin_received: false,
            fin_queued: false,
            rx_borrowed: false,
            rx_contested: false,
            more: false,
            ack_now: false,
            blocked: false,
            no_space: false,
            sack: false,
            tx: ByteQueue::new(),
            una: Seq(0),
            nxt: Seq(0),
            max: Seq(0),
            window: 0,
            window_max: 0,
            wl1: Seq(0),
            wl2: Seq(0),
            window_shift: 0,
            mss: DEFAULT_MSS,
            backoff: 0,
            probes: 0,
            reno: Reno::new(DEFAULT_MSS as usize),
            rtt: Rtt::new(),
            waiting_since: 0,
            sent_at: 0,
            heard_at: 0,
            challenged_at: 0,
            small_end: Seq(0),
            retransmits: 0,
            rx: ByteQueue::new(),
            reorder: Reorder::new(),
            rcv_nxt: Seq(0),
            rcv_wup: Seq(0),
            rcv_adv: Seq(0),
            rcv_shift: 0,
            rcv_limit: tuning.receive_limit(),
            rcv_copied: 0,
            rcv_epoch: 0,
            deadlines: Deadlines::NONE,
            tuning,
            path: Path::NONE,
        }
    }

    /// Begins a connection of ours: the SYN is sent by the next output.
    pub fn connect(&mut self, tuple: FourTuple, iss: Seq, path: Path, mss: u16, now: u64) {
        self.state = State::SynSent;
        self.tuple = tuple;
        self.path = path;
        self.una = iss;
        self.nxt = iss;
        self.max = iss;
        self.set_mss(mss);
        self.heard_at = now;
        self.waiting_since = now;
        self.read_shut = false;
        self.write_shut = false;
        self.fin_received = false;
        self.small_end = iss;
    }

    /// Makes the block of a connection whose handshake a listener has finished; `syn` describes
    /// what the peer said in its SYN.
    pub fn accepted(
        tuple: FourTuple,
        iss: Seq,
        syn: &PeerSyn,
        tuning: Tuning,
        path: Path,
        now: u64,
    ) -> Self {
        let mut tcb = Self::closed(tuning);
        tcb.state = State::Established;
        tcb.tuple = tuple;
        tcb.path = path;
        tcb.una = iss.plus(1);
        tcb.nxt = tcb.una;
        tcb.max = tcb.una;
        tcb.small_end = tcb.una;
        tcb.heard_at = now;
        tcb.take_peer_syn(syn);
        // What the SYN-ACK announced, unscaled.
        tcb.rcv_adv = tcb.rcv_nxt.plus(tcb.rcv_limit.min(usize::from(u16::MAX)));
        tcb.arm_keepalive(now);
        tcb
    }

    /// Notes what the peer's SYN says.
    pub fn take_peer_syn(&mut self, syn: &PeerSyn) {
        self.rcv_nxt = syn.irs.plus(1);
        self.rcv_wup = self.rcv_nxt;
        self.rcv_adv = self.rcv_nxt;
        self.sack = syn.sack;
        if let Some(shift) = syn.window_shift {
            self.window_shift = shift.min(WINDOW_SHIFT_MAX);
            self.rcv_shift = WINDOW_SHIFT;
        } else {
            self.window_shift = 0;
            self.rcv_shift = 0;
        }
        self.set_mss(syn.mss);
        // The window of a SYN is never scaled.
        self.window = usize::from(syn.window);
        self.window_max = self.window;
        self.wl1 = syn.irs;
        self.wl2 = self.una;
    }

    fn set_mss(&mut self, mss: u16) {
        let limit = self.tuning.max_segment;
        self.mss = if limit == 0 { mss } else { mss.min(limit) };
        self.reno = Reno::new(usize::from(self.mss));
    }

    /// Bytes (and SYN, FIN) under way.
    #[must_use]
    pub fn flight(&self) -> usize {
        self.nxt.distance(self.una)
    }

    /// Whether our FIN is acknowledged.
    #[must_use]
    pub fn fin_acked(&self) -> bool {
        matches!(self.state, State::FinWait2 | State::TimeWait | State::Closed)
    }

    /// How many bytes the program may have waiting to be sent.
    #[must_use]
    pub fn send_limit(&self) -> usize {
        match self.tuning.send_buffer {
            Some(bytes) => bytes as usize,
            None => (self.reno.window() * 2).clamp(SEND_INITIAL, SEND_MAX),
        }
    }

    /// How many more bytes the program may queue.
    #[must_use]
    pub fn send_room(&self) -> usize {
        self.send_limit().saturating_sub(self.tx.len())
    }

    /// Whether a program waiting to write should be told (`sk_stream_is_writeable`).
    #[must_use]
    pub fn is_writable(&self) -> bool {
        self.send_room() >= self.tx.len() / 2 && !crate::net::bytes::pressure()
            || self.tx.is_empty()
    }

    /// Sets the keepalive deadline anew.
    pub fn arm_keepalive(&mut self, now: u64) {
        let keepalive = self.tuning.keepalive;
        self.deadlines.keepalive = if keepalive.on && self.state.is_synchronized() {
            now + u64::from(keepalive.idle) * SECOND
        } else {
            NEVER
        };
    }

    /// Ends the connection at once with an error for the program, and lets go of all data.
    pub fn kill(&mut self, error: Option<Errno>) -> Effects {
        self.state = State::Closed;
        self.read_shut = true;
        self.write_shut = true;
        if error.is_some() {
            self.error = error;
        }
        self.tx.clear();
        self.reorder.clear();
        self.fin_queued = false;
        self.ack_now = false;
        let queued = self.deadlines.queued;
        self.deadlines = Deadlines { queued, ..Deadlines::NONE };
        let mut effects = Effects { fate: Fate::Gone, ..Effects::NONE };
        effects.wake(PollEvents::all());
        effects
    }
}

impl Tuning {
    /// How much a connection with these settings receives ahead in the beginning.
    #[must_use]
    pub fn receive_limit(&self) -> usize {
        self.receive_buffer.map_or(RECEIVE_INITIAL, |bytes| bytes as usize)
    }
}

/// What a peer said in its SYN.
#[derive(Clone, Copy, Debug)]
pub struct PeerSyn {
    /// Its initial sequence number.
    pub irs: Seq,
    /// Payload of a full segment towards it, clamped.
    pub mss: u16,
    /// Its window shift, if it offered one.
    pub window_shift: Option<u8>,
    /// Its window.
    pub window: u16,
    /// Whether it offered SACK.
    pub sack: bool,
}

impl PeerSyn {
    /// Reads a SYN that came over a path which takes segments of `path_mss` bytes.
    #[must_use]
    pub fn of(segment: &Segment<'_>, path_mss: u16) -> Self {
        let mss = segment.options.mss.unwrap_or(DEFAULT_MSS).max(SMALLEST_MSS);
        Self {
            irs: segment.seq,
            mss: mss.min(path_mss),
            window_shift: segment.options.window_scale,
            window: segment.window,
            sack: segment.options.sack_permitted,
        }
    }
}
