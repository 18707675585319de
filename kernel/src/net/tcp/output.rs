//! Segments out: what may be sent now, in which pieces, with which header.

use super::segment::{Flags, Header, Options};
use super::seq::Seq;
use super::tcb::{NEVER, State, Tcb, WINDOW_SHIFT};
use crate::net::bytes;
use crate::net::link::Full;
use crate::net::stack::Stack;

impl Tcb {
    /// Sends what the windows and the rules about small segments allow, else an acknowledgement
    /// if one is due.
    pub fn output(&mut self, stack: &'static Stack, now: u64) {
        self.blocked = false;
        match self.state {
            State::Closed | State::Listen | State::TimeWait => return,
            State::SynSent | State::SynReceived => {
                if self.nxt == self.una {
                    self.send_syn(stack, now);
                }
                return;
            }
            _ => {}
        }
        let sent = self.send_data(stack, now);
        if sent == Err(Full) {
            self.blocked = true;
            return;
        }
        if self.ack_now && self.send(stack, now, self.max, 0, 0, Flags::ACK) == Err(Full) {
            self.blocked = true;
        }
    }

    fn send_syn(&mut self, stack: &'static Stack, now: u64) {
        let reply = self.state == State::SynReceived;
        let flags = if reply { Flags::SYN | Flags::ACK } else { Flags::SYN };
        let window = self.rcv_limit.min(usize::from(u16::MAX));
        let options = Options {
            mss: Some(stack.advertised_mss(&self.path, self.tuning.max_segment)),
            window_scale: (!reply || self.rcv_shift != 0).then_some(WINDOW_SHIFT),
            sack_permitted: !reply || self.sack,
            ..Options::default()
        };
        let header = Header {
            src_port: self.tuple.local.port,
            dst_port: self.tuple.remote.port,
            seq: self.una,
            ack: if reply { self.rcv_nxt } else { Seq(0) },
            flags,
            window: u16::try_from(window).unwrap_or(u16::MAX),
            options,
        };
        let first = self.max == self.una;
        if stack.send_control(&mut self.path, self.tuple, &self.tuning, &header, now).is_err() {
            self.blocked = true;
        }
        self.nxt = self.una.plus(1);
        self.max = self.max.max(self.nxt);
        if first {
            self.rtt.sent(self.max, now);
        } else {
            self.rtt.retransmitted();
        }
        self.deadlines.retransmit = now + self.rtt.timeout(self.backoff);
    }

    fn send_data(&mut self, stack: &'static Stack, now: u64) -> Result<(), Full> {
        let mss = usize::from(self.mss).max(1);
        if self.resend {
            self.send_again(stack, now, mss)?;
            self.resend = false;
        }
        let burst = stack.tcp_burst(&self.path, mss);
        loop {
            let offset = self.nxt.distance(self.una);
            let queued = self.tx.len();
            let unsent = queued.saturating_sub(offset);
            let fin_pending = self.fin_queued && offset <= queued;
            if unsent == 0 && !fin_pending {
                break;
            }
            if offset == 0 && self.una == self.max && now > self.idle_since() {
                self.reno.idle(mss);
            }
            let length = self.next_length(offset, unsent, mss, burst);
            if length == 0 && unsent > 0 {
                break;
            }
            let mut flags = Flags::ACK;
            if length == unsent {
                flags |= Flags::PSH;
                if fin_pending {
                    flags |= Flags::FIN;
                }
            }
            self.send(stack, now, self.nxt, offset, length, flags)?;
            self.force = false;
            self.note_sent(length, flags, mss, now);
        }
        if self.deadlines.retransmit == NEVER && self.tx.len() > self.flight() {
            // A closed window: ask for it from time to time.
            self.deadlines.retransmit = now + self.rtt.timeout(self.backoff);
        }
        Ok(())
    }

    fn idle_since(&self) -> u64 {
        self.sent_at.saturating_add(self.rtt.timeout(0))
    }

    /// How much the next segment (or burst of segments) takes; 0 to wait.
    #[inline]
    fn next_length(&self, offset: usize, unsent: usize, mss: usize, burst: usize) -> usize {
        let again = self.nxt.before(self.max);
        let mut window = self.window.min(self.reno.window() + self.reno.limited_transmit(mss));
        if again && offset == 0 {
            // What the timer sends again goes out even if the window has closed since.
            window = window.max(mss);
        }
        let room = window.saturating_sub(offset);
        let length = unsent.min(room).min(burst);
        let small = length % mss;
        if small == 0 {
            return length;
        }
        if length < unsent {
            // Cut by a window. A piece is worth sending only if the peer never takes more.
            let worth = length > mss || length >= self.window_max / 2;
            return if length > mss {
                length - small
            } else if (worth && offset == 0) || self.force || again {
                length
            } else {
                0
            };
        }
        let last = self.fin_queued || self.force || again;
        let nagle_lets = !self.tuning.cork
            && !self.more
            && (self.tuning.no_delay || !self.small_end.after(self.una));
        if last || nagle_lets { length } else { length - small }
    }

    fn note_sent(&mut self, length: usize, flags: Flags, mss: usize, now: u64) {
        let end = self.nxt.plus(length + usize::from(flags.contains(Flags::FIN)));
        let first = self.nxt == self.una;
        if !length.is_multiple_of(mss) {
            self.small_end = end;
        }
        self.nxt = end;
        self.sent_at = now;
        if end.after(self.max) {
            if self.una == self.max {
                self.waiting_since = now;
            }
            self.max = end;
            self.rtt.sent(end, now);
        }
        // A probe's deadline is replaced too: there is something to be acknowledged now.
        if first || self.deadlines.retransmit == NEVER {
            self.deadlines.retransmit = now + self.rtt.timeout(self.backoff);
        }
    }

    /// Sends the first segment that is not acknowledged again, wherever the output stands.
    fn send_again(&mut self, stack: &'static Stack, now: u64, mss: usize) -> Result<(), Full> {
        let length = self.tx.len().min(mss).min(self.max.distance(self.una));
        let mut flags = Flags::ACK;
        if length == self.tx.len() && self.fin_queued {
            flags |= Flags::FIN;
        }
        if length == 0 && !flags.contains(Flags::FIN) {
            return Ok(());
        }
        self.send(stack, now, self.una, 0, length, flags)?;
        self.rtt.retransmitted();
        self.retransmits = self.retransmits.wrapping_add(1);
        self.deadlines.retransmit = now + self.rtt.timeout(self.backoff);
        Ok(())
    }

    /// Asks the peer for an acknowledgement by an old number: a window or keepalive probe.
    pub(super) fn send_probe(&mut self, stack: &'static Stack, now: u64) {
        let seq = Seq(self.una.0.wrapping_sub(1));
        // A probe that does not go out is one that was lost.
        let _lost = self.send(stack, now, seq, 0, 0, Flags::ACK);
    }

    /// Acknowledges the peer's FIN, which ends the connection.
    pub(super) fn send_last_ack(&mut self, stack: &'static Stack, now: u64) {
        let _lost = self.send(stack, now, self.max, 0, 0, Flags::ACK);
    }

    /// Tells the peer that the connection is no more.
    pub(super) fn send_reset(&mut self, stack: &'static Stack, now: u64) {
        let _lost = self.send(stack, now, self.max, 0, 0, Flags::RST | Flags::ACK);
    }

    /// Sends `length` bytes of `tx` from `offset` on, with number `seq`.
    #[inline]
    fn send(
        &mut self,
        stack: &'static Stack,
        now: u64,
        seq: Seq,
        offset: usize,
        length: usize,
        flags: Flags,
    ) -> Result<(), Full> {
        let window = self.announce();
        let mut options = Options::default();
        if length == 0 && self.sack && !self.reorder.is_empty() {
            options.sack = self.reorder.ranges();
        }
        let header = Header {
            src_port: self.tuple.local.port,
            dst_port: self.tuple.remote.port,
            seq,
            ack: self.rcv_nxt,
            flags,
            window,
            options,
        };
        let tx = &self.tx;
        stack.send_tcp(
            &mut self.path,
            self.tuple,
            &self.tuning,
            &header,
            length,
            usize::from(self.mss),
            now,
            |room| {
                tx.copy_at(offset, room);
            },
        )?;
        self.rcv_wup = self.rcv_nxt;
        self.ack_now = false;
        self.deadlines.ack = NEVER;
        Ok(())
    }

    /// The window field of the next segment; moves the announced edge.
    fn announce(&mut self) -> u16 {
        let edge = self.offered_edge();
        let step = edge.distance(self.rcv_adv);
        let closed = !self.rcv_adv.after(self.rcv_nxt);
        // Small steps are saved up, else the peer sends small segments (RFC 9293 3.8.6.2.2).
        if step >= self.window_step() || (closed && step > 0 && self.rx.is_empty()) {
            self.rcv_adv = edge;
        }
        let window = self.rcv_adv.distance(self.rcv_nxt) >> self.rcv_shift;
        u16::try_from(window).unwrap_or(u16::MAX)
    }

    /// The edge that the buffer would allow.
    fn offered_edge(&self) -> Seq {
        if bytes::pressure() && !self.rx.is_empty() {
            return self.rcv_adv;
        }
        let most = usize::from(u16::MAX) << self.rcv_shift;
        self.rcv_nxt.plus(self.rcv_limit.saturating_sub(self.rx.len()).min(most))
    }

    fn window_step(&self) -> usize {
        (2 * usize::from(self.mss)).min(self.rcv_limit / 2).max(1)
    }

    /// The program has read `n` bytes: grows the buffer if it keeps up with the peer, and
    /// returns whether the peer should hear of a larger window.
    pub(super) fn note_read(&mut self, n: usize, now: u64) -> bool {
        self.rcv_copied += n;
        /// A round trip where none was measured.
        const GUESS: u64 = 20_000_000;
        let round = if self.rtt.smoothed() == 0 { GUESS } else { self.rtt.smoothed() };
        if self.tuning.receive_buffer.is_none() && self.rcv_copied * 2 >= self.rcv_limit {
            if now.saturating_sub(self.rcv_epoch) <= round * 2 && !bytes::pressure() {
                self.rcv_limit = (self.rcv_limit * 2).min(super::tcb::RECEIVE_MAX);
            }
            self.rcv_copied = 0;
            self.rcv_epoch = now;
        }
        if !self.state.is_synchronized() || self.fin_received {
            return false;
        }
        let left = self.rcv_adv.distance(self.rcv_nxt);
        let step = self.offered_edge().distance(self.rcv_adv);
        // Worth a segment of its own only when the window has shrunk noticeably.
        let wanted = step >= self.window_step() && left <= self.rcv_limit / 2;
        if wanted {
            self.ack_now = true;
        }
        wanted
    }
}
