//! What `TCP_INFO` tells.

use super::sock::TcpSock;
use super::tcb::State;

/// The figures of a connection.
#[derive(Clone, Copy, Debug)]
pub struct TcpInfo {
    /// The state.
    pub state: State,
    /// Retransmissions in a row.
    pub backoff: u32,
    /// Keepalive probes without answer.
    pub probes: u32,
    /// Shifts of the windows: the peer's, ours.
    pub shifts: (u8, u8),
    /// Whether SACK is in use.
    pub sack: bool,
    /// Timeout, smoothed round trip and its variation in microseconds.
    pub timeout: u64,
    /// Smoothed round trip in microseconds.
    pub rtt: u64,
    /// Its variation.
    pub variation: u64,
    /// Payload of a full segment.
    pub mss: u32,
    /// Congestion window in segments.
    pub window: u32,
    /// Slow-start threshold in segments.
    pub threshold: u32,
    /// Segments under way.
    pub flight: u32,
    /// Segments sent again, in all.
    pub retransmits: u32,
    /// Milliseconds since something was sent.
    pub since_sent: u64,
    /// Milliseconds since something was received.
    pub since_heard: u64,
    /// How much may be received ahead.
    pub receive_space: u32,
    /// Bytes not sent.
    pub not_sent: u32,
}

impl TcpSock {
    /// The figures now.
    #[must_use]
    pub fn info(&self) -> TcpInfo {
        const US: u64 = 1000;
        const MS: u64 = 1_000_000;
        let now = self.stack.now();
        let tcb = self.tcb.lock();
        let mss = usize::from(tcb.mss).max(1);
        let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        TcpInfo {
            state: tcb.state,
            backoff: tcb.backoff,
            probes: tcb.probes,
            shifts: (tcb.window_shift, tcb.rcv_shift),
            sack: tcb.sack,
            timeout: tcb.rtt.timeout(tcb.backoff) / US,
            rtt: tcb.rtt.smoothed() / US,
            variation: tcb.rtt.variation() / US,
            mss: u32::from(tcb.mss),
            window: small(tcb.reno.window() / mss),
            threshold: small(tcb.reno.threshold() / mss),
            flight: small(tcb.max.distance(tcb.una).div_ceil(mss)),
            retransmits: tcb.retransmits,
            since_sent: now.saturating_sub(tcb.sent_at) / MS,
            since_heard: now.saturating_sub(tcb.heard_at) / MS,
            receive_space: small(tcb.rcv_limit),
            not_sent: small(tcb.tx.len().saturating_sub(tcb.flight())),
        }
    }
}
