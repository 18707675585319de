//! [`Request`]: a connection that a listener was asked for and whose handshake is not finished.
//! It is small, for strangers can make us hold many.

use super::segment::{Flags, Header, Options};
use super::seq::Seq;
use super::sock::TcpSock;
use super::tcb::{PeerSyn, Tuning, WINDOW_SHIFT};
use crate::net::addr::FourTuple;
use crate::net::stack::{Path, Stack};
use alloc::sync::Arc;

const SECOND: u64 = 1_000_000_000;
/// SYN-ACKs sent again before the request is forgotten (`tcp_synack_retries`).
const RETRIES: u32 = 5;

/// A half-open connection.
#[derive(Clone, Debug)]
pub struct Request {
    /// Our initial sequence number.
    pub iss: Seq,
    /// What the peer said.
    pub peer: PeerSyn,
    /// The listener.
    pub listener: Arc<TcpSock>,
    /// The listener's settings.
    pub tuning: Tuning,
    /// The way to the peer.
    pub path: Path,
    /// When the SYN-ACK is sent again.
    pub deadline: u64,
    /// When the SYN came.
    pub since: u64,
    /// How often the SYN-ACK was sent again.
    pub tries: u32,
}

impl Request {
    /// When the next SYN-ACK is due.
    #[must_use]
    pub fn next_deadline(&self, now: u64) -> u64 {
        now + (SECOND << self.tries.min(6))
    }

    /// Whether it has waited long enough.
    #[must_use]
    pub fn is_hopeless(&self) -> bool {
        self.tries >= RETRIES
    }

    /// Whether the listener wants to see data before it accepts (`TCP_DEFER_ACCEPT`).
    #[must_use]
    pub fn is_deferred(&self, now: u64) -> bool {
        now < self.since.saturating_add(u64::from(self.tuning.defer_accept) * SECOND)
    }

    /// Sends the SYN-ACK.
    pub fn send_syn_ack(&mut self, stack: &'static Stack, tuple: FourTuple, now: u64) {
        let window = self.tuning.receive_limit().min(usize::from(u16::MAX));
        let options = Options {
            mss: Some(stack.advertised_mss(&self.path, self.tuning.max_segment)),
            window_scale: self.peer.window_shift.map(|_| WINDOW_SHIFT),
            sack_permitted: self.peer.sack,
            ..Options::default()
        };
        let header = Header {
            src_port: tuple.local.port,
            dst_port: tuple.remote.port,
            seq: self.iss,
            ack: self.peer.irs.plus(1),
            flags: Flags::SYN | Flags::ACK,
            window: u16::try_from(window).unwrap_or(u16::MAX),
            options,
        };
        // A SYN-ACK that finds no room is sent again by the timer.
        let _lost = stack.send_control(&mut self.path, tuple, &self.tuning, &header, now);
    }
}
