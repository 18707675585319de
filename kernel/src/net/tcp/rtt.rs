//! Round-trip times and the retransmission timeout (RFC 6298): [`Rtt`].

use super::seq::Seq;

const MS: u64 = 1_000_000;
/// The timeout before anything was measured.
const INITIAL: u64 = 1000 * MS;
/// The shortest timeout, as in Linux (RFC 6298 would have a second).
const SHORTEST: u64 = 200 * MS;
/// The longest timeout, backed off.
pub const LONGEST: u64 = 120_000 * MS;

/// What is known about the path's delay. Times are nanoseconds.
#[derive(Clone, Copy, Debug)]
pub struct Rtt {
    smoothed: u64,
    variation: u64,
    timeout: u64,
    /// The segment being timed: the number that acknowledges it, and when it was sent.
    timed: Option<(Seq, u64)>,
}

impl Rtt {
    /// Nothing known yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { smoothed: 0, variation: 0, timeout: INITIAL, timed: None }
    }

    /// The smoothed round-trip time, 0 if unknown.
    #[must_use]
    pub const fn smoothed(&self) -> u64 {
        self.smoothed
    }

    /// The variation of the round-trip time.
    #[must_use]
    pub const fn variation(&self) -> u64 {
        self.variation
    }

    /// How long to wait for an acknowledgement after `backoff` retransmissions.
    #[must_use]
    pub fn timeout(&self, backoff: u32) -> u64 {
        self.timeout.saturating_mul(1 << backoff.min(16)).min(LONGEST)
    }

    /// Notes that data up to `end` is sent for the first time.
    #[inline]
    pub fn sent(&mut self, end: Seq, now: u64) {
        if self.timed.is_none() {
            self.timed = Some((end, now));
        }
    }

    /// Something is sent again: what is being timed can no longer be told apart (Karn).
    pub fn retransmitted(&mut self) {
        self.timed = None;
    }

    /// Notes an acknowledgement.
    #[inline]
    pub fn acknowledged(&mut self, ack: Seq, now: u64) {
        if let Some((end, since)) = self.timed
            && !ack.before(end)
        {
            self.timed = None;
            self.sample(now.saturating_sub(since));
        }
    }

    /// Takes in a measured round trip.
    pub fn sample(&mut self, rtt: u64) {
        let rtt = rtt.max(1);
        if self.smoothed == 0 {
            self.smoothed = rtt;
            self.variation = rtt / 2;
        } else {
            let deviation = self.smoothed.abs_diff(rtt);
            self.variation = self.variation - self.variation / 4 + deviation / 4;
            self.smoothed = self.smoothed - self.smoothed / 8 + rtt / 8;
        }
        self.timeout = (self.smoothed + (self.variation * 4).max(SHORTEST)).min(LONGEST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn converges_and_backs_off() {
        let mut rtt = Rtt::new();
        assert_eq!(rtt.timeout(0), INITIAL);
        assert_eq!(rtt.timeout(2), 4 * INITIAL);
        for _ in 0..100 {
            rtt.sample(10 * MS);
        }
        assert!(rtt.smoothed().abs_diff(10 * MS) < MS);
        assert!((SHORTEST..SHORTEST + 20 * MS).contains(&rtt.timeout(0)));
        assert_eq!(rtt.timeout(40), LONGEST);
    }

    #[test]
    fn a_retransmission_is_not_timed() {
        let mut rtt = Rtt::new();
        rtt.sent(Seq(10), 5);
        rtt.retransmitted();
        rtt.acknowledged(Seq(10), 50);
        assert_eq!(rtt.smoothed(), 0);
        rtt.sent(Seq(20), 100);
        rtt.sent(Seq(30), 200);
        rtt.acknowledged(Seq(15), 300);
        assert_eq!(rtt.smoothed(), 0);
        rtt.acknowledged(Seq(30), 400);
        assert_eq!(rtt.smoothed(), 300);
    }
}
