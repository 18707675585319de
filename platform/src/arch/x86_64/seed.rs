//! Randomness from the processor: its generator where CPUID offers one, the jitter of its clock
//! where not.

use super::clock;
use crate::sync::Once;
use core::arch::asm;
use core::arch::x86_64::{__cpuid, __cpuid_count};

/// Tries before an empty or broken generator is given up (Intel's software implementation guide
/// for the digital random number generator: 10; a few more, for RDSEED is slower).
const TRIES: u32 = 32;

#[derive(Clone, Copy)]
struct Generators {
    seed: bool,
    random: bool,
}

static GENERATORS: Once<Generators> = Once::new();

fn generators() -> Generators {
    const CPUID_1_RDRAND: u32 = 1 << 30;
    const CPUID_7_RDSEED: u32 = 1 << 18;
    const STRUCTURED_FEATURES: u32 = 7;
    *GENERATORS.call_once(|| Generators {
        seed: __cpuid(0).eax >= STRUCTURED_FEATURES
            && __cpuid_count(STRUCTURED_FEATURES, 0).ebx & CPUID_7_RDSEED != 0,
        random: __cpuid(1).ecx & CPUID_1_RDRAND != 0,
    })
}

/// A random word of the processor's generator; `None` if it has none, or it does not answer.
pub fn hardware_word() -> Option<u64> {
    let generators = generators();
    let seed = generators.seed.then(|| retry(rdseed)).flatten();
    seed.or_else(|| generators.random.then(|| retry(rdrand)).flatten())
}

/// Some processors, when broken, answer all ones or the same word for ever: not random.
fn retry(instruction: fn() -> Option<u64>) -> Option<u64> {
    (0..TRIES).find_map(|_| instruction().filter(|&word| word != u64::MAX && word != 0))
}

fn rdseed() -> Option<u64> {
    let (word, ok): (u64, u8);
    // SAFETY: CPUID offers the instruction.
    unsafe {
        asm!("rdseed {}", "setc {}", out(reg) word, out(reg_byte) ok, options(nomem, nostack))
    };
    (ok != 0).then_some(word)
}

fn rdrand() -> Option<u64> {
    let (word, ok): (u64, u8);
    // SAFETY: CPUID offers the instruction.
    unsafe {
        asm!("rdrand {}", "setc {}", out(reg) word, out(reg_byte) ok, options(nomem, nostack))
    };
    (ok != 0).then_some(word)
}

/// A word stirred from the jitter of the counter against memory and `cpuid`, which a hypervisor
/// intercepts. Worth a few bits.
pub fn jitter_word() -> u64 {
    const ROUNDS: u32 = 64;
    let mut word = clock::counter();
    for round in 0..ROUNDS {
        if round % 8 == 0 {
            __cpuid(0);
        }
        word = (word ^ clock::counter()).rotate_left(7).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
    word
}
