//! Socket buffers: [`ByteQueue`], a queue of bytes in [`Chunk`]s from a common pool.
//!
//! A queue without data owns no chunk, so that an idle connection costs only its control block.
//! All chunks count against one budget ([`set_budget`]): when it is spent nothing more is
//! queued, and windows shrink as it runs out ([`pressure`]). Chunks can be taken out whole and
//! given back, so that copies from and to the program happen without a lock held.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicUsize, Ordering};
use elfin_platform::sync::SpinLock;

/// Bytes in a chunk: a full Ethernet segment fits, and an idle page's worth is not wasted on a
/// short request.
pub const CHUNK: usize = 2048;

/// How many unused chunks the pool keeps.
const POOL_MAX: usize = 64;

/// The budget until [`set_budget`] is called.
const DEFAULT_BUDGET: usize = 16 << 20;

static POOL: SpinLock<Vec<Box<[u8]>>> = SpinLock::new(Vec::new());
static USED: AtomicUsize = AtomicUsize::new(0);
static BUDGET: AtomicUsize = AtomicUsize::new(DEFAULT_BUDGET);

/// Sets how many bytes all queues together may hold.
pub fn set_budget(bytes: usize) {
    BUDGET.store(bytes.max(CHUNK * 64), Ordering::Relaxed);
}

/// Bytes held by all chunks in use.
#[must_use]
pub fn used() -> usize {
    USED.load(Ordering::Relaxed)
}

/// Whether more than three quarters of the budget are spent: time to take in less.
#[must_use]
pub fn pressure() -> bool {
    used() > BUDGET.load(Ordering::Relaxed) / 4 * 3
}

/// Memory outside of chunks that counts against the budget; given back when dropped.
#[derive(Debug)]
pub struct Charge(usize);

impl Charge {
    /// Takes `bytes` of the budget; `None` if so much is not left.
    #[must_use]
    pub fn take(bytes: usize) -> Option<Self> {
        let used = USED.fetch_add(bytes, Ordering::Relaxed);
        let charge = Self(bytes);
        (used.saturating_add(bytes) <= BUDGET.load(Ordering::Relaxed)).then_some(charge)
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        USED.fetch_sub(self.0, Ordering::Relaxed);
    }
}

/// A piece of memory with valid bytes from `start` to `end`.
#[derive(Debug)]
pub struct Chunk {
    data: Box<[u8]>,
    start: usize,
    end: usize,
}

impl Chunk {
    /// An empty chunk; `None` when the budget or the memory is spent.
    #[must_use]
    pub fn new() -> Option<Self> {
        let used = USED.fetch_add(CHUNK, Ordering::Relaxed);
        if used >= BUDGET.load(Ordering::Relaxed) {
            USED.fetch_sub(CHUNK, Ordering::Relaxed);
            return None;
        }
        let data = POOL.lock().pop().or_else(|| {
            let mut fresh = Vec::new();
            fresh.try_reserve_exact(CHUNK).ok()?;
            fresh.resize(CHUNK, 0);
            Some(fresh.into_boxed_slice())
        });
        match data {
            Some(data) => Some(Self { data, start: 0, end: 0 }),
            None => {
                USED.fetch_sub(CHUNK, Ordering::Relaxed);
                None
            }
        }
    }

    /// The valid bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.data.get(self.start..self.end).unwrap_or(&[])
    }

    /// How many bytes are valid.
    #[must_use]
    pub fn len(&self) -> usize {
        self.end - self.start
    }

    /// Whether no byte is valid.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// The room behind the valid bytes; [`Self::grow`] makes what was written there valid.
    pub fn room(&mut self) -> &mut [u8] {
        self.data.get_mut(self.end..).unwrap_or(&mut [])
    }

    /// Makes `n` more bytes valid.
    pub fn grow(&mut self, n: usize) {
        self.end = (self.end + n).min(self.data.len());
    }

    /// Drops `n` bytes at the front.
    pub fn skip(&mut self, n: usize) {
        self.start = (self.start + n).min(self.end);
    }

    fn append(&mut self, bytes: &[u8]) -> usize {
        let room = self.room();
        let n = room.len().min(bytes.len());
        if let (Some(to), Some(from)) = (room.get_mut(..n), bytes.get(..n)) {
            to.copy_from_slice(from);
        }
        self.grow(n);
        n
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        USED.fetch_sub(CHUNK, Ordering::Relaxed);
        let data = core::mem::take(&mut self.data);
        let mut pool = POOL.lock();
        if pool.len() < POOL_MAX && pool.try_reserve(1).is_ok() {
            pool.push(data);
        }
    }
}

/// A queue of bytes.
#[derive(Debug, Default)]
pub struct ByteQueue {
    chunks: VecDeque<Chunk>,
    len: usize,
}

impl ByteQueue {
    /// An empty queue.
    #[must_use]
    pub const fn new() -> Self {
        Self { chunks: VecDeque::new(), len: 0 }
    }

    /// Bytes in the queue.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many chunks hold them.
    #[cfg(test)]
    pub(in crate::net) fn chunks(&self) -> usize {
        self.chunks.len()
    }

    /// Appends what fits into the budget; returns how many bytes were taken.
    pub fn append(&mut self, bytes: &[u8]) -> usize {
        let mut done = match self.chunks.back_mut() {
            Some(last) => last.append(bytes),
            None => 0,
        };
        while let Some(rest) = bytes.get(done..).filter(|rest| !rest.is_empty()) {
            if self.chunks.try_reserve(1).is_err() {
                break;
            }
            let Some(mut chunk) = Chunk::new() else { break };
            done += chunk.append(rest);
            self.chunks.push_back(chunk);
        }
        self.len += done;
        done
    }

    /// Appends a whole chunk; gives it back if there is no memory for the queue itself.
    pub fn push(&mut self, chunk: Chunk) -> Result<(), Chunk> {
        if self.chunks.try_reserve(1).is_err() {
            return Err(chunk);
        }
        self.len += chunk.len();
        self.chunks.push_back(chunk);
        Ok(())
    }

    /// Takes the first chunk out.
    pub fn pop(&mut self) -> Option<Chunk> {
        let chunk = self.chunks.pop_front()?;
        self.len -= chunk.len();
        self.release_spare();
        Some(chunk)
    }

    /// Puts a chunk that was not used up back to the front.
    pub fn unpop(&mut self, chunk: Chunk) {
        if !chunk.is_empty() {
            self.len += chunk.len();
            self.chunks.push_front(chunk);
        }
    }

    /// Drops `n` bytes (or all there are) at the front.
    pub fn consume(&mut self, n: usize) {
        let mut left = n.min(self.len);
        self.len -= left;
        while left > 0 {
            let Some(first) = self.chunks.front_mut() else { break };
            if first.len() > left {
                first.skip(left);
                return;
            }
            left -= first.len();
            self.chunks.pop_front();
        }
        self.release_spare();
    }

    /// Drops everything.
    pub fn clear(&mut self) {
        *self = Self::new();
    }

    /// The bytes from `offset` on, in pieces.
    pub fn pieces(&self, offset: usize) -> impl Iterator<Item = &[u8]> {
        let mut skip = offset;
        self.chunks.iter().filter_map(move |chunk| {
            let from = skip.min(chunk.len());
            skip -= from;
            chunk.bytes().get(from..).filter(|piece| !piece.is_empty())
        })
    }

    /// Copies from `offset` on; returns how many bytes there were.
    pub fn copy_at(&self, offset: usize, to: &mut [u8]) -> usize {
        let mut done = 0;
        for piece in self.pieces(offset) {
            let room = to.get_mut(done..).unwrap_or(&mut []);
            let n = room.len().min(piece.len());
            if n == 0 {
                break;
            }
            if let (Some(room), Some(piece)) = (room.get_mut(..n), piece.get(..n)) {
                room.copy_from_slice(piece);
            }
            done += n;
        }
        done
    }

    /// A queue that once was long does not keep its table.
    fn release_spare(&mut self) {
        const KEEP: usize = 8;
        if self.chunks.is_empty() && self.chunks.capacity() > KEEP {
            self.chunks = VecDeque::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_and_out() {
        let data: Vec<u8> = (0..10_000u32).map(|i| (i % 251) as u8).collect();
        let mut queue = ByteQueue::new();
        assert_eq!(queue.append(&data[..3000]), 3000);
        let mut chunk = Chunk::new().unwrap();
        chunk.room()[..100].copy_from_slice(&data[3000..3100]);
        chunk.grow(100);
        queue.push(chunk).unwrap();
        assert_eq!(queue.append(&data[3100..]), data.len() - 3100);
        assert_eq!(queue.len(), data.len());
        let mut out = vec![0; 5000];
        assert_eq!(queue.copy_at(2500, &mut out), 5000);
        assert_eq!(out, data[2500..7500]);
        queue.consume(2048 + 10);
        let mut first = queue.pop().unwrap();
        assert_eq!(first.bytes()[0], data[2058]);
        first.skip(5);
        queue.unpop(first);
        assert_eq!(queue.len(), data.len() - 2063);
        let mut rest = vec![0; 10_000];
        let n = queue.copy_at(0, &mut rest);
        assert_eq!(rest[..n], data[2063..]);
        queue.consume(usize::MAX);
        assert!(queue.is_empty() && queue.pop().is_none());
    }
}
