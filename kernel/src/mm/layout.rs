//! [`Layout`]: where the parts of an address space go, with their random offsets.

use elfin_platform::user;

use super::{PAGE_SIZE, page_floor};
use crate::rand;

/// Lowest address that a program may map (`vm.mmap_min_addr`).
pub const MIN_ADDRESS: usize = 0x1_0000;
/// Where static-PIE programs go, before the random offset: two thirds up, as Linux does.
const PIE_BASE: usize = 0x5555_5555_4000;
/// Distance kept free below the stack's top for its growth, at least.
const MIN_STACK_GAP: usize = 128 << 20;
const PIE_RANDOM_BITS: u32 = 28;
const MMAP_RANDOM_BITS: u32 = 28;
const STACK_RANDOM_BITS: u32 = 22;
const BRK_RANDOM_BITS: u32 = 13;

/// Places in a new address space.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// Top of the stack.
    pub stack_top: usize,
    /// Mappings are placed below this.
    pub mmap_top: usize,
    /// Where a position-independent program is loaded.
    pub pie_base: usize,
    /// Distance of the heap from the end of the program.
    pub brk_gap: usize,
}

fn pages(bits: u32) -> usize {
    let mut bytes = [0; 8];
    rand::fill(&mut bytes);
    let number = u64::from_le_bytes(bytes) >> (u64::BITS - bits);
    number as usize * PAGE_SIZE
}

impl Layout {
    /// Places for a program whose stack may grow to `stack_limit` bytes; with `random`, each
    /// moved by an amount that nobody can guess.
    pub fn new(stack_limit: usize, random: bool) -> Self {
        let shift = |bits| if random { pages(bits) } else { 0 };
        let stack_top = user::END - shift(STACK_RANDOM_BITS);
        let gap = page_floor(stack_limit.clamp(MIN_STACK_GAP, user::END / 6 * 5));
        Self {
            stack_top,
            mmap_top: stack_top - gap - PAGE_SIZE - shift(MMAP_RANDOM_BITS),
            pie_base: PIE_BASE + shift(PIE_RANDOM_BITS),
            brk_gap: shift(BRK_RANDOM_BITS),
        }
    }
}
