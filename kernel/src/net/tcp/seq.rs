//! Sequence numbers (RFC 9293 3.4): [`Seq`], compared modulo 2^32.

/// A sequence number.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash)]
pub struct Seq(pub u32);

impl Seq {
    /// This number and `n` further.
    #[inline]
    #[must_use]
    pub const fn plus(self, n: usize) -> Self {
        // Sequence space is 32 bits wide: longer distances wrap by definition.
        Self(self.0.wrapping_add(n as u32))
    }

    /// How far `self` lies behind `earlier`; negative if before it.
    #[inline]
    #[must_use]
    pub const fn since(self, earlier: Self) -> i32 {
        self.0.wrapping_sub(earlier.0).cast_signed()
    }

    /// How far `self` lies behind `earlier`, 0 if it does not.
    #[inline]
    #[must_use]
    pub const fn distance(self, earlier: Self) -> usize {
        let since = self.since(earlier);
        if since < 0 { 0 } else { since.unsigned_abs() as usize }
    }

    /// Whether `self` comes before `other`.
    #[inline]
    #[must_use]
    pub const fn before(self, other: Self) -> bool {
        self.since(other) < 0
    }

    /// Whether `self` comes after `other`.
    #[inline]
    #[must_use]
    pub const fn after(self, other: Self) -> bool {
        self.since(other) > 0
    }

    /// The later of the two.
    #[inline]
    #[must_use]
    pub const fn max(self, other: Self) -> Self {
        if self.before(other) { other } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wraps() {
        let late = Seq(u32::MAX - 1);
        let early = late.plus(10);
        assert_eq!(early, Seq(8));
        assert!(late.before(early) && early.after(late));
        assert_eq!(early.distance(late), 10);
        assert_eq!(late.distance(early), 0);
        assert_eq!(late.max(early), early);
    }
}
