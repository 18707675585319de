//! Data that came too early: [`Reorder`], sorted pieces beyond the next expected number.

use super::segment::{Ranges, SACK_RANGES};
use super::seq::Seq;
use crate::net::bytes::Charge;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// Most pieces kept for one connection; with full segments this is more than a window.
const PIECES: usize = 1024;

#[derive(Debug)]
struct Piece {
    seq: Seq,
    data: Vec<u8>,
    _charge: Charge,
}

impl Piece {
    fn end(&self) -> Seq {
        self.seq.plus(self.data.len())
    }
}

/// Pieces in order, without overlaps.
#[derive(Debug, Default)]
pub struct Reorder {
    pieces: VecDeque<Piece>,
    bytes: usize,
    /// Where the last piece was put, for the first SACK range (RFC 2018 4).
    latest: Seq,
    /// The number of the peer's FIN, if it came early.
    fin: Option<Seq>,
}

impl Reorder {
    /// Nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { pieces: VecDeque::new(), bytes: 0, latest: Seq(0), fin: None }
    }

    /// Whether nothing is held, not even a FIN.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty() && self.fin.is_none()
    }

    /// Bytes held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Notes where the peer's data ends.
    pub fn set_fin(&mut self, at: Seq) {
        self.fin = Some(at);
    }

    /// Takes the FIN if it is `next`.
    pub fn take_fin(&mut self, next: Seq) -> bool {
        if self.fin == Some(next) {
            self.fin = None;
            return true;
        }
        false
    }

    /// Keeps data that begins at `seq`, as far as it is not held already; drops it if there is
    /// no room.
    pub fn insert(&mut self, seq: Seq, data: &[u8]) {
        self.latest = seq;
        let end = seq.plus(data.len());
        let mut from = seq;
        let mut index = self.pieces.partition_point(|piece| !piece.end().after(seq));
        while from.before(end) {
            let (next, next_end) = match self.pieces.get(index) {
                Some(piece) => (piece.seq, piece.end()),
                None => (end, end),
            };
            let gap_end = if next.before(end) { next } else { end };
            if from.before(gap_end) {
                let offset = from.distance(seq);
                let gap = data.get(offset..offset + gap_end.distance(from)).unwrap_or(&[]);
                let Some(charge) = Charge::take(gap.len()) else { return };
                let mut copy = Vec::new();
                if self.pieces.len() >= PIECES
                    || self.pieces.try_reserve(1).is_err()
                    || copy.try_reserve_exact(gap.len()).is_err()
                {
                    return;
                }
                copy.extend_from_slice(gap);
                self.bytes += gap.len();
                self.pieces.insert(index, Piece { seq: from, data: copy, _charge: charge });
                index += 1;
            }
            from = gap_end.max(next_end);
            index += 1;
        }
    }

    /// Takes the piece that holds `next`; returns its bytes from there on, and drops what lies
    /// before.
    pub fn take(&mut self, next: Seq) -> Option<(Vec<u8>, usize)> {
        loop {
            let first = self.pieces.front()?;
            if first.seq.after(next) {
                return None;
            }
            let piece = self.pieces.pop_front()?;
            self.bytes -= piece.data.len();
            if self.pieces.is_empty() {
                self.pieces = VecDeque::new();
            }
            if piece.end().after(next) {
                let skip = next.distance(piece.seq);
                return Some((piece.data, skip));
            }
        }
    }

    /// Drops everything.
    pub fn clear(&mut self) {
        *self = Self::new();
    }

    /// The ranges held, for a SACK option: the one with the latest piece first.
    #[must_use]
    pub fn ranges(&self) -> Ranges {
        let mut ranges = Ranges::new();
        let mut current: Option<(Seq, Seq)> = None;
        let mut newest = None;
        let mut note = |range: (Seq, Seq)| {
            if !self.latest.before(range.0) && self.latest.before(range.1) {
                newest = Some(range);
            } else if ranges.len() < SACK_RANGES - 1 {
                ranges.push(range);
            }
        };
        for piece in &self.pieces {
            match &mut current {
                Some((_, end)) if *end == piece.seq => *end = piece.end(),
                _ => {
                    if let Some(range) = current.replace((piece.seq, piece.end())) {
                        note(range);
                    }
                }
            }
        }
        if let Some(range) = current {
            note(range);
        }
        if let Some(range) = newest {
            ranges.insert(0, range);
        }
        ranges
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_gaps_only() {
        let data: Vec<u8> = (0..100).collect();
        let base = Seq(u32::MAX - 20);
        let mut held = Reorder::new();
        let put = |held: &mut Reorder, a: usize, b: usize| held.insert(base.plus(a), &data[a..b]);
        put(&mut held, 50, 60);
        put(&mut held, 20, 30);
        put(&mut held, 15, 70);
        put(&mut held, 15, 70);
        assert_eq!(held.bytes(), 55);
        put(&mut held, 80, 90);
        assert_eq!(
            held.ranges()[..],
            [(base.plus(80), base.plus(90)), (base.plus(15), base.plus(70))]
        );
        assert!(held.take(base).is_none());
        let mut next = 17;
        while let Some((piece, skip)) = held.take(base.plus(next)) {
            for byte in &piece[skip..] {
                assert_eq!(usize::from(*byte), next);
                next += 1;
            }
        }
        assert_eq!((next, held.bytes()), (70, 10));
        held.take(base.plus(95));
        assert!(held.is_empty());
    }

    #[test]
    fn is_bounded() {
        let mut held = Reorder::new();
        for i in 0..5000 {
            held.insert(Seq(1).plus(i * 3), &[0; 2]);
        }
        assert!(held.pieces.len() <= PIECES);
    }
}
