//! Seed material for the kernel's random number generator.
//!
//! From the processor's generator where it has one; else from a virtio entropy device; the
//! jitter of the clock is stirred in where neither answers. The kernel runs a cryptographic
//! generator over it: these bytes are a seed, not a stream.

use crate::arch::seed;

const WORD: usize = size_of::<u64>();
/// Jitter words for a word of seed where there is nothing better.
const JITTER_WORDS: usize = 16;

/// How far the bytes of [`fill`] can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quality {
    /// From a hardware generator or the host.
    Full,
    /// Some were stirred from the clock alone.
    Weak,
}

/// Fills `bytes` with seed material. Never waits for long.
pub fn fill(bytes: &mut [u8]) -> Quality {
    let mut quality = Quality::Full;
    let mut done = 0;
    for chunk in bytes.chunks_mut(WORD) {
        match seed::hardware_word() {
            Some(word) => chunk.copy_from_slice(&word.to_le_bytes()[..chunk.len()]),
            None => break,
        }
        done += chunk.len();
    }
    let rest = &mut bytes[done..];
    if rest.is_empty() {
        return quality;
    }
    let filled = crate::drivers::rng::fill(rest);
    for chunk in rest[filled..].chunks_mut(WORD) {
        quality = Quality::Weak;
        let word = (0..JITTER_WORDS).fold(0u64, |word, _| {
            (word ^ seed::jitter_word()).rotate_left(23).wrapping_mul(0xd6e8_feb8_6659_fd93)
        });
        chunk.copy_from_slice(&word.to_le_bytes()[..chunk.len()]);
    }
    quality
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_all_and_differs() {
        let (mut a, mut b) = ([0; 37], [0; 37]);
        fill(&mut a);
        fill(&mut b);
        assert_ne!(a, b);
        assert!(a[32..].iter().any(|&byte| byte != 0));
    }
}
