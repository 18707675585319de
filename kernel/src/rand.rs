//! Random bytes: one ChaCha20 generator, seeded from the hardware.
//!
//! Seeded when it is first asked, and again after [`RESEED_BYTES`] bytes. Neighbours:
//! `elfin_platform::entropy` gives the seed; `/dev/urandom`, `getrandom` and the kernel's own
//! choices (addresses, sequence numbers) take from here.

use alloc::string::String;
use core::fmt::Write;

use elfin_platform::entropy;
use elfin_platform::sync::{Lazy, SpinLock};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Bytes given out before fresh seed material is stirred in.
const RESEED_BYTES: usize = 1 << 20;
/// Bytes given out under one lock.
const CHUNK: usize = 256;
/// Bytes of a UUID.
const UUID: usize = 16;

struct Pool {
    /// `None` until it is first needed.
    generator: Option<ChaCha20Rng>,
    /// Bytes until the next seed.
    left: usize,
}

static POOL: SpinLock<Pool> = SpinLock::new(Pool { generator: None, left: 0 });

impl Pool {
    fn generator(&mut self, bytes: usize) -> &mut ChaCha20Rng {
        if self.left < bytes {
            self.generator = None;
            self.left = RESEED_BYTES.max(bytes);
        }
        self.left -= bytes;
        let old = &mut self.generator;
        old.get_or_insert_with(|| {
            let mut seed = [0; 32];
            entropy::fill(&mut seed);
            ChaCha20Rng::from_seed(seed)
        })
    }
}

/// Fills `bytes`.
pub fn fill(bytes: &mut [u8]) {
    for chunk in bytes.chunks_mut(CHUNK) {
        POOL.lock().generator(chunk.len()).fill_bytes(chunk);
    }
}

/// A random word.
pub fn word() -> u64 {
    let mut bytes = [0; size_of::<u64>()];
    fill(&mut bytes);
    u64::from_ne_bytes(bytes)
}

/// A random UUID (version 4), as text.
pub fn uuid() -> String {
    let mut bytes = [0; UUID];
    fill(&mut bytes);
    format_uuid(bytes)
}

/// The UUID of this boot, as text.
pub fn boot_id() -> &'static str {
    static ID: Lazy<String> = Lazy::new(uuid);
    &ID
}

fn format_uuid(mut bytes: [u8; UUID]) -> String {
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = String::new();
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_different_bytes() {
        let (mut a, mut b) = ([0; 1000], [0; 1000]);
        fill(&mut a);
        fill(&mut b);
        assert_ne!(a, b);
        assert_ne!(word(), word());
    }

    #[test]
    fn uuids_say_their_version() {
        assert_eq!(format_uuid([0xff; 16]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(format_uuid([0; 16]), "00000000-0000-4000-8000-000000000000");
        assert_eq!(boot_id(), boot_id());
    }
}
