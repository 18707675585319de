//! Segments in: RFC 9293 3.10.7 for a connection that exists, with RFC 5961's challenges.

use super::congestion::Action;
use super::segment::{Flags, Segment};
use super::seq::Seq;
use super::tcb::{Effects, Fate, NEVER, PeerSyn, State, Tcb};
use crate::net::bytes;
use crate::task::PollEvents;
use elfin_syscalls::Errno;

const MS: u64 = 1_000_000;
/// How long an acknowledgement may wait for data to go with (Linux's `TCP_DELACK_MIN`).
const DELAYED_ACK: u64 = 40 * MS;
/// Empty segments out of the window are answered no more often than this.
const CHALLENGE_INTERVAL: u64 = 500 * MS;

const READABLE: PollEvents = PollEvents::READABLE;
const WRITABLE: PollEvents = PollEvents::WRITABLE;

impl Tcb {
    /// Takes in a segment of this connection.
    pub fn input(&mut self, segment: &Segment<'_>, now: u64) -> Effects {
        match self.state {
            State::Closed | State::Listen | State::TimeWait => {
                let reset = !segment.flags.contains(Flags::RST);
                Effects { reset, ..Effects::NONE }
            }
            State::SynSent => self.input_syn_sent(segment, now),
            _ => self.input_connected(segment, now),
        }
    }

    fn input_syn_sent(&mut self, segment: &Segment<'_>, now: u64) -> Effects {
        let has_ack = segment.flags.contains(Flags::ACK);
        if has_ack && (!segment.ack.after(self.una) || segment.ack.after(self.max)) {
            let reset = !segment.flags.contains(Flags::RST);
            return Effects { reset, ..Effects::NONE };
        }
        if segment.flags.contains(Flags::RST) {
            return if has_ack { self.kill(Some(Errno::ECONNREFUSED)) } else { Effects::NONE };
        }
        if !segment.flags.contains(Flags::SYN) {
            return Effects::NONE;
        }
        self.heard_at = now;
        self.take_peer_syn(&PeerSyn::of(segment, self.mss));
        let mut effects = Effects { output: true, ..Effects::NONE };
        self.backoff = 0;
        self.deadlines.retransmit = NEVER;
        if has_ack {
            self.una = segment.ack;
            self.nxt = self.una;
            self.wl2 = segment.ack;
            self.rtt.acknowledged(segment.ack, now);
            self.establish(now, &mut effects);
        } else {
            // Both sides asked at once: our SYN goes out again, with an acknowledgement.
            self.state = State::SynReceived;
            self.nxt = self.una;
        }
        effects
    }

    fn establish(&mut self, now: u64, effects: &mut Effects) {
        self.state = State::Established;
        self.rcv_adv = self.rcv_nxt.plus(self.rcv_limit.min(usize::from(u16::MAX)));
        self.small_end = self.una;
        self.ack_now = true;
        self.arm_keepalive(now);
        effects.wake(WRITABLE);
    }

    #[inline]
    fn input_connected(&mut self, segment: &Segment<'_>, now: u64) -> Effects {
        let flags = segment.flags;
        let mut seq = segment.seq;
        if self.state == State::SynReceived
            && flags.contains(Flags::SYN)
            && seq.plus(1) == self.rcv_nxt
        {
            seq = self.rcv_nxt;
        } else if segment.end().before(self.rcv_wup) || seq.after(self.window_edge()) {
            return self.answer_stray(segment, now);
        } else if flags.contains(Flags::RST) {
            return if seq == self.rcv_nxt { self.reset_by_peer() } else { self.challenge(now) };
        } else if flags.contains(Flags::SYN) {
            return self.challenge(now);
        }
        if !flags.contains(Flags::ACK) {
            return Effects::NONE;
        }
        let mut effects = Effects::NONE;
        if self.state == State::SynReceived {
            if !segment.ack.after(self.una) || segment.ack.after(self.max) {
                return Effects { reset: true, ..Effects::NONE };
            }
            self.una = segment.ack;
            self.nxt = self.nxt.max(self.una);
            self.deadlines.retransmit = NEVER;
            self.window = usize::from(segment.window) << self.window_shift;
            self.window_max = self.window_max.max(self.window);
            self.establish(now, &mut effects);
        }
        if segment.ack.after(self.max) {
            return self.challenge(now);
        }
        self.heard_at = now;
        self.probes = 0;
        if !segment.ack.before(self.una) {
            self.input_ack(segment, now, &mut effects);
            if effects.fate != Fate::Alive {
                return effects;
            }
        } else if self.una.distance(segment.ack) > self.window_max.max(usize::from(u16::MAX)) {
            return self.challenge(now);
        }
        if !segment.payload.is_empty() || flags.contains(Flags::FIN) {
            self.input_data(seq, segment, now, &mut effects);
        }
        if effects.fate == Fate::Alive {
            effects.output = effects.output || self.ack_now || self.resend || self.has_unsent();
        }
        effects
    }

    /// The edge up to which data is taken.
    fn window_edge(&self) -> Seq {
        self.rcv_adv.max(self.rcv_nxt)
    }

    fn has_unsent(&self) -> bool {
        let offset = self.nxt.distance(self.una);
        self.tx.len() > offset || (self.fin_queued && offset <= self.tx.len())
    }

    /// A segment outside of the window: the peer is told what we expect.
    fn answer_stray(&mut self, segment: &Segment<'_>, now: u64) -> Effects {
        if segment.flags.contains(Flags::RST) {
            return Effects::NONE;
        }
        if segment.payload.is_empty() {
            return self.challenge(now);
        }
        self.ack_now = true;
        Effects { output: true, ..Effects::NONE }
    }

    /// Answers by an acknowledgement, at a bounded rate.
    fn challenge(&mut self, now: u64) -> Effects {
        if self.challenged_at != 0 && now < self.challenged_at + CHALLENGE_INTERVAL {
            return Effects::NONE;
        }
        self.challenged_at = now;
        self.ack_now = true;
        Effects { output: true, ..Effects::NONE }
    }

    fn reset_by_peer(&mut self) -> Effects {
        let error = match self.state {
            State::SynReceived => Errno::ECONNREFUSED,
            State::CloseWait => Errno::EPIPE,
            _ => Errno::ECONNRESET,
        };
        self.kill(Some(error))
    }

    /// An acknowledgement from `una` to `max`.
    #[inline]
    fn input_ack(&mut self, segment: &Segment<'_>, now: u64, effects: &mut Effects) {
        let (ack, mss) = (segment.ack, usize::from(self.mss));
        let newer = self.wl1.before(segment.seq);
        let mut same_window = true;
        if newer || (self.wl1 == segment.seq && !ack.before(self.wl2)) {
            let window = usize::from(segment.window) << self.window_shift;
            same_window = window == self.window;
            self.window = window;
            self.window_max = self.window_max.max(window);
            self.wl1 = segment.seq;
            self.wl2 = ack;
        }
        if ack == self.una {
            let flight = self.max.distance(self.una);
            if flight == 0 {
                if !same_window && self.window > 0 {
                    // The window opened: probing is over.
                    self.backoff = 0;
                    self.deadlines.retransmit = NEVER;
                }
                return;
            }
            let is_duplicate =
                same_window && segment.payload.is_empty() && !segment.flags.contains(Flags::FIN);
            if is_duplicate && self.reno.duplicate(flight, self.max, mss) == Action::Retransmit {
                self.resend = true;
            }
            effects.output |= is_duplicate;
            return;
        }
        let acked = ack.distance(self.una);
        let data = acked.min(self.tx.len());
        let limited = self.max.distance(self.una) + mss > self.reno.window();
        self.tx.consume(data);
        self.una = ack;
        self.nxt = self.nxt.max(ack);
        self.small_end = self.small_end.max(ack);
        self.rtt.acknowledged(ack, now);
        self.backoff = 0;
        self.waiting_since = now;
        if self.reno.acknowledged(ack, data, mss, limited) == Action::Retransmit {
            self.resend = true;
        }
        self.deadlines.retransmit =
            if self.una == self.max { NEVER } else { now.saturating_add(self.rtt.timeout(0)) };
        if self.no_space && self.is_writable() {
            self.no_space = false;
            effects.wake(WRITABLE);
        }
        if acked > data {
            self.our_fin_acked(now, effects);
        }
    }

    fn our_fin_acked(&mut self, now: u64, effects: &mut Effects) {
        match self.state {
            State::FinWait1 => {
                self.state = State::FinWait2;
                self.fin_queued = false;
                if self.orphan {
                    self.deadlines.life = self.fin_wait_deadline(now);
                }
                effects.wake(WRITABLE);
            }
            State::Closing => self.rest(effects),
            State::LastAck => *effects = self.kill(None),
            _ => {}
        }
    }

    /// When a connection without owner gives up waiting for the peer's FIN.
    pub(super) fn fin_wait_deadline(&self, now: u64) -> u64 {
        let seconds = u64::try_from(self.tuning.linger2).unwrap_or(0);
        now + seconds * 1000 * MS
    }

    /// The connection ends; its name rests.
    fn rest(&mut self, effects: &mut Effects) {
        let done = self.kill(None);
        effects.events |= done.events;
        effects.fate = Fate::Rest;
    }

    /// Data and FIN.
    #[inline]
    fn input_data(&mut self, seq: Seq, segment: &Segment<'_>, now: u64, effects: &mut Effects) {
        if !matches!(self.state, State::Established | State::FinWait1 | State::FinWait2) {
            // The peer's FIN has come before: this is old.
            self.ack_now = true;
            return;
        }
        let (mut seq, mut data) = (seq, segment.payload);
        let mut fin = segment.flags.contains(Flags::FIN);
        if seq.before(self.rcv_nxt) {
            let old = self.rcv_nxt.distance(seq);
            if old > data.len() || (old == data.len() && !fin) {
                self.ack_now = true;
                return;
            }
            data = data.get(old..).unwrap_or(&[]);
            seq = self.rcv_nxt;
            self.ack_now = true;
        }
        if self.orphan && !data.is_empty() {
            // Nobody will read this: the peer has to know (Linux's TCPAbortOnData).
            *effects = self.kill(None);
            effects.reset = true;
            return;
        }
        let room = self.window_edge().distance(seq);
        if data.len() > room {
            data = data.get(..room).unwrap_or(&[]);
            fin = false;
            self.ack_now = true;
        }
        if seq != self.rcv_nxt {
            if !bytes::pressure() {
                self.reorder.insert(seq, data);
                if fin {
                    self.reorder.set_fin(seq.plus(data.len()));
                }
            }
            self.ack_now = true;
            return;
        }
        if !data.is_empty() {
            let taken = self.rx.append(data);
            self.rcv_nxt = self.rcv_nxt.plus(taken);
            if taken < data.len() {
                fin = false;
                self.ack_now = true;
            }
            self.schedule_ack(now);
        }
        if !self.reorder.is_empty() {
            self.take_reordered();
            fin = fin || self.reorder.take_fin(self.rcv_nxt);
            self.ack_now = true;
        }
        if self.rx.len() >= (self.tuning.receive_low as usize).min(self.rcv_limit) {
            effects.wake(READABLE);
        }
        if fin {
            self.input_fin(now, effects);
        }
    }

    fn schedule_ack(&mut self, now: u64) {
        let pending = self.rcv_nxt.distance(self.rcv_wup);
        if self.tuning.quick_ack || pending >= 2 * usize::from(self.mss) {
            self.ack_now = true;
        } else if self.deadlines.ack == NEVER {
            self.deadlines.ack = now + DELAYED_ACK;
        }
    }

    fn take_reordered(&mut self) {
        while let Some((piece, skip)) = self.reorder.take(self.rcv_nxt) {
            let data = piece.get(skip..).unwrap_or(&[]);
            let taken = self.rx.append(data);
            self.rcv_nxt = self.rcv_nxt.plus(taken);
            if taken < data.len() {
                break;
            }
        }
    }

    fn input_fin(&mut self, now: u64, effects: &mut Effects) {
        self.rcv_nxt = self.rcv_nxt.plus(1);
        self.fin_received = true;
        self.reorder.clear();
        self.ack_now = true;
        effects.wake(READABLE | PollEvents::RDHUP);
        match self.state {
            State::Established => self.state = State::CloseWait,
            State::FinWait1 => self.state = State::Closing,
            State::FinWait2 => {
                self.rest(effects);
                effects.output = true;
                return;
            }
            _ => {}
        }
        self.arm_keepalive(now);
    }
}
