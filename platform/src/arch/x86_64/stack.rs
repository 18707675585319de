//! Kernel stacks: mapped in a region of their own, each above a guard page.

use super::paging::{STACKS_BASE, map_kernel_page};
use crate::mm::{Frame, PAGE_SIZE};
use crate::sync::SpinLock;
use alloc::vec::Vec;

/// Bytes of a kernel stack.
const SIZE: usize = 16 * 1024;
/// Distance between two stacks: the guard fills the rest.
const STRIDE: usize = 2 * SIZE;

struct Pool {
    /// Tops of stacks that are mapped and not in use.
    free: Vec<usize>,
    /// Stacks ever mapped.
    made: usize,
    /// Pages of the next one that are mapped already: memory went out while it was made.
    begun: usize,
}

static POOL: SpinLock<Pool> = SpinLock::new(Pool { free: Vec::new(), made: 0, begun: 0 });

/// A thread's kernel stack. Dropping it keeps the memory for the next.
pub struct KernelStack {
    top: usize,
}

impl KernelStack {
    /// A stack; `None` when memory is out.
    pub fn new() -> Option<Self> {
        let mut pool = POOL.lock();
        if let Some(top) = pool.free.pop() {
            return Some(Self { top });
        }
        let number = pool.made + 1;
        pool.free.try_reserve(number).ok()?;
        let top = STACKS_BASE + number * STRIDE;
        for n in pool.begun + 1..=SIZE / PAGE_SIZE {
            map_kernel_page(top - n * PAGE_SIZE, Frame::zeroed()?)?;
            pool.begun = n;
        }
        pool.begun = 0;
        pool.made = number;
        Some(Self { top })
    }

    /// Address above the stack's highest word, 16-byte aligned.
    pub fn top(&self) -> usize {
        self.top
    }
}

impl Drop for KernelStack {
    fn drop(&mut self) {
        // Room was reserved when the stack was made.
        POOL.lock().free.push(self.top);
    }
}
