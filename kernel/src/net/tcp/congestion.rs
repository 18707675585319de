//! Congestion control: [`Reno`], RFC 5681 with RFC 6582's NewReno recovery, in whole bytes.

use super::seq::Seq;

/// Segments that a connection begins with (RFC 6928).
const INITIAL_SEGMENTS: usize = 10;
/// Duplicate acknowledgements that say a segment is lost.
const DUPLICATES: u32 = 3;
/// The window never exceeds this.
const LARGEST: usize = 1 << 30;

/// What the sender has to do after an acknowledgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Go on.
    None,
    /// Send the first segment that is not acknowledged again.
    Retransmit,
}

/// The state of congestion control, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Reno {
    window: usize,
    threshold: usize,
    duplicates: u32,
    /// During fast recovery: the highest number sent when it began.
    recover: Option<Seq>,
    /// After a timeout: the highest number sent before it. Duplicates up to there come from
    /// what is sent again and say nothing (RFC 6582 4.1).
    high: Option<Seq>,
    /// Acknowledged bytes not yet turned into a larger window.
    credit: usize,
}

impl Reno {
    /// The state for a new connection with segments of `mss` bytes.
    #[must_use]
    pub const fn new(mss: usize) -> Self {
        let window = INITIAL_SEGMENTS * mss;
        Self { window, threshold: LARGEST, duplicates: 0, recover: None, high: None, credit: 0 }
    }

    /// How many bytes may be under way.
    #[must_use]
    pub const fn window(&self) -> usize {
        self.window
    }

    /// The slow-start threshold.
    #[must_use]
    pub const fn threshold(&self) -> usize {
        self.threshold
    }

    /// Whether a loss is being repaired.
    #[must_use]
    pub const fn recovering(&self) -> bool {
        self.recover.is_some()
    }

    /// `acked` new bytes were acknowledged, up to `ack`. `limited`: the window was in use, so
    /// that it may grow.
    pub fn acknowledged(&mut self, ack: Seq, acked: usize, mss: usize, limited: bool) -> Action {
        self.duplicates = 0;
        if self.high.is_some_and(|high| !ack.before(high)) {
            self.high = None;
        }
        if let Some(recover) = self.recover {
            if ack.before(recover) {
                // Partial: the next hole is lost too (RFC 6582 3.2 step 5).
                self.window = self.window.saturating_sub(acked).max(mss);
                if acked >= mss {
                    self.window += mss;
                }
                return Action::Retransmit;
            }
            self.recover = None;
            self.window = self.threshold.max(mss);
            return Action::None;
        }
        if !limited {
            return Action::None;
        }
        if self.window < self.threshold {
            // Appropriate byte counting (RFC 3465) with L = 2.
            self.window += acked.min(2 * mss);
        } else {
            self.credit += acked;
            if self.credit >= self.window {
                self.credit -= self.window;
                self.window += mss;
            }
        }
        self.window = self.window.min(LARGEST);
        Action::None
    }

    /// A duplicate acknowledgement came while `flight` bytes were under way up to `highest`.
    pub fn duplicate(&mut self, flight: usize, highest: Seq, mss: usize) -> Action {
        if self.recover.is_some() {
            self.window = (self.window + mss).min(LARGEST);
            return Action::None;
        }
        if self.high.is_some() {
            return Action::None;
        }
        self.duplicates += 1;
        if self.duplicates < DUPLICATES {
            return Action::None;
        }
        self.duplicates = 0;
        self.threshold = (flight / 2).max(2 * mss);
        self.window = self.threshold + 3 * mss;
        self.recover = Some(highest);
        Action::Retransmit
    }

    /// The segments that may go out on the first two duplicates (limited transmit, RFC 3042).
    #[must_use]
    pub fn limited_transmit(&self, mss: usize) -> usize {
        if self.recover.is_some() { 0 } else { self.duplicates.min(2) as usize * mss }
    }

    /// The retransmission timer went off with `flight` bytes under way up to `highest`. `again`:
    /// for the same data as before.
    pub fn timeout(&mut self, flight: usize, highest: Seq, mss: usize, again: bool) {
        if !again {
            self.threshold = (flight / 2).max(2 * mss);
        }
        self.window = mss;
        self.duplicates = 0;
        self.recover = None;
        self.high = Some(highest);
        self.credit = 0;
    }

    /// Nothing was sent for a whole timeout: the window is no longer what the path is known to
    /// take (RFC 5681 4.1).
    pub fn idle(&mut self, mss: usize) {
        self.window = self.window.min(INITIAL_SEGMENTS * mss);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MSS: usize = 1000;

    #[test]
    fn slow_start_then_avoidance() {
        let mut reno = Reno::new(MSS);
        assert_eq!(reno.window(), 10 * MSS);
        reno.acknowledged(Seq(2000), 2000, MSS, true);
        assert_eq!(reno.window(), 12 * MSS);
        reno.acknowledged(Seq(4000), 2000, MSS, false);
        assert_eq!(reno.window(), 12 * MSS);
        reno.timeout(12 * MSS, Seq(5), MSS, false);
        assert_eq!((reno.window(), reno.threshold()), (MSS, 6 * MSS));
        for _ in 0..5 {
            reno.acknowledged(Seq(9), MSS, MSS, true);
        }
        assert_eq!(reno.window(), 6 * MSS);
        for _ in 0..6 {
            reno.acknowledged(Seq(9), MSS, MSS, true);
        }
        assert_eq!(reno.window(), 7 * MSS);
    }

    #[test]
    fn fast_recovery() {
        let mut reno = Reno::new(MSS);
        let high = Seq(10_000);
        assert_eq!(reno.duplicate(10 * MSS, high, MSS), Action::None);
        assert_eq!(reno.limited_transmit(MSS), MSS);
        assert_eq!(reno.duplicate(10 * MSS, high, MSS), Action::None);
        assert_eq!(reno.duplicate(10 * MSS, high, MSS), Action::Retransmit);
        assert_eq!(reno.window(), 8 * MSS);
        assert_eq!(reno.duplicate(10 * MSS, high, MSS), Action::None);
        assert_eq!(reno.window(), 9 * MSS);
        assert_eq!(reno.acknowledged(Seq(3000), 2000, MSS, true), Action::Retransmit);
        assert!(reno.recovering());
        assert_eq!(reno.acknowledged(high, 7000, MSS, true), Action::None);
        assert_eq!(reno.window(), 5 * MSS);
    }
}
