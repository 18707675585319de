//! Receiving: the ring, its buffers, and packets that fill several.
//!
//! Buffers lie one after the other in chunks of contiguous memory, and go to the device in that
//! order. A large packet fills neighbours, then, and is one slice without a copy (only its first
//! buffer has a header); where it does not (at a chunk's end, or after buffers came back in
//! another order), it is put together in memory of its own.
//!
//! The ring starts small. When more than half of its buffers wait to be read, it gets another
//! chunk as large as all before, if memory is plentiful.

use super::header::{self, RxHeader};
use crate::drivers::virtio::queue::{Direction, Used, VirtQueue};
use crate::drivers::virtio::transport::Notifier;
use crate::mm::{self, DmaRegion};
use alloc::vec::Vec;

/// Bytes of a buffer of the first chunk: an Ethernet frame of the usual size fits.
pub const SMALL_BUFFER: usize = 2048;
/// Bytes of a buffer of later chunks.
const LARGE_BUFFER: usize = 4096;
/// Bytes of the first chunk: 64 small buffers; and on a small machine: 32.
const FIRST_CHUNK: usize = 128 * 1024;
const SMALL_CHUNK: usize = 64 * 1024;
/// A chunk is only added while this many times its size is free.
const PLENTY: usize = 16;
/// Largest packet that is put together: 64 KiB of IP and the Ethernet header.
const MAX_PACKET: usize = 65535 + 14;
/// No buffer follows.
const END: u16 = u16::MAX;

#[derive(Clone, Copy)]
struct Buffer {
    start: *mut u8,
    phys: u64,
    len: u32,
    /// Bytes that the device wrote, header included.
    filled: u32,
    /// The next buffer of the same packet.
    next: u16,
}

/// The receive ring.
pub struct Rx {
    queue: VirtQueue,
    notifier: Notifier,
    buffers: Vec<Buffer>,
    chunks: Vec<DmaRegion>,
    mergeable: bool,
    /// Interrupts are asked for.
    interrupts: bool,
    pub packets: u64,
    pub bytes: u64,
    pub dropped: u64,
    pub kicks: u64,
}

// SAFETY: the buffers' memory belongs to `chunks`; who may touch a buffer is settled under the
// lock around `Rx`.
unsafe impl Send for Rx {}

/// A received frame, taken from the ring.
pub enum Frame {
    /// In the ring's memory; the buffers from `first` on come back by [`Rx::give_back`].
    InRing { start: *const u8, len: usize, first: u16 },
    /// Put together in memory of its own.
    Copied(Vec<u8>),
}

impl Rx {
    /// A ring with its first buffers in it, `chunk` bytes; `None` when memory is out.
    pub fn new(
        queue: VirtQueue,
        notifier: Notifier,
        mergeable: bool,
        chunk: usize,
    ) -> Option<Self> {
        let mut rx = Self {
            queue,
            notifier,
            buffers: Vec::new(),
            chunks: Vec::new(),
            mergeable,
            interrupts: true,
            packets: 0,
            bytes: 0,
            dropped: 0,
            kicks: 0,
        };
        rx.add_chunk(chunk, SMALL_BUFFER)?;
        rx.queue.request_interrupt(1);
        Some(rx)
    }

    /// Adds buffers of `size` bytes, as many as `len` bytes and the ring have room for.
    fn add_chunk(&mut self, len: usize, size: usize) -> Option<()> {
        let room = usize::from(self.queue.size()) - self.buffers.len();
        let count = room.min(len / size);
        let chunk = DmaRegion::dirty(count * size)?;
        self.chunks.try_reserve(1).ok()?;
        self.buffers.try_reserve_exact(count).ok()?;
        for n in 0..count {
            let id = self.buffers.len() as u16;
            self.buffers.push(Buffer {
                // SAFETY: `n < count`, and the chunk has room for `count` buffers.
                start: unsafe { chunk.as_ptr().add(n * size) },
                phys: chunk.phys() + (n * size) as u64,
                len: size as u32,
                filled: 0,
                next: END,
            });
            self.offer(id);
        }
        self.chunks.push(chunk);
        Some(())
    }

    fn offer(&mut self, id: u16) {
        if let Some(buffer) = self.buffers.get(usize::from(id)) {
            self.queue.offer(id, buffer.phys, buffer.len, Direction::FromDevice);
        }
    }

    /// Adds memory if the ring ran low and there is plenty.
    fn grow(&mut self) {
        let count = self.buffers.len();
        let low = usize::from(self.queue.outstanding()) < count / 2;
        if !low || !self.mergeable || count >= usize::from(self.queue.size()) {
            return;
        }
        let len: usize = self.chunks.iter().map(DmaRegion::len).sum();
        if mm::stats().free / PLENTY > len {
            // Without memory it goes on as it is.
            let _ = self.add_chunk(len, LARGE_BUFFER);
        }
    }

    /// Is there a frame?
    pub fn has_received(&self) -> bool {
        self.queue.has_used()
    }

    /// Takes the next frame and what the device says of it; malformed ones are dropped.
    pub fn receive(&mut self) -> Option<(Frame, RxHeader)> {
        if self.interrupts {
            self.interrupts = false;
            self.queue.suppress_interrupts();
        }
        loop {
            let first = self.take()?;
            let frame = self.frame(first);
            self.grow();
            match frame {
                Some(found) => {
                    self.packets += 1;
                    self.bytes += found.0.len() as u64;
                    return Some(found);
                }
                None => self.dropped += 1,
            }
        }
    }

    fn take(&mut self) -> Option<u16> {
        let Used { id, len } = self.queue.take_used()?;
        let buffer = self.buffers.get_mut(usize::from(id))?;
        buffer.filled = len;
        buffer.next = END;
        Some(id)
    }

    /// The frame whose first buffer is `first`. Its buffers go back if it is none.
    fn frame(&mut self, first: u16) -> Option<(Frame, RxHeader)> {
        let buffer = self.buffers[usize::from(first)];
        // SAFETY: the device wrote `filled` bytes, at most `len`, and is done with the buffer.
        let bytes = unsafe { core::slice::from_raw_parts(buffer.start, buffer.filled as usize) };
        let header = RxHeader::parse(bytes);
        let more = header.filled_buffers(self.mergeable) - 1;
        // All of its buffers must be taken, even if the packet is dropped.
        let mut adjacent = true;
        let mut total = (buffer.filled as usize).saturating_sub(header::LEN);
        let (mut last, mut last_buffer) = (first, buffer);
        for _ in 0..more {
            let Some(id) = self.take() else {
                // The device has to publish all buffers of a packet at once.
                self.give_back(first);
                return None;
            };
            let next = self.buffers[usize::from(id)];
            adjacent &= last_buffer.filled == last_buffer.len
                && last_buffer.start.wrapping_add(last_buffer.len as usize) == next.start;
            total += next.filled as usize;
            self.buffers[usize::from(last)].next = id;
            (last, last_buffer) = (id, next);
        }
        let Some(header) = header.filter(|_| (1..=MAX_PACKET).contains(&total)) else {
            self.give_back(first);
            return None;
        };
        if adjacent {
            // SAFETY: the first buffer has a header.
            let start = unsafe { buffer.start.add(header::LEN) };
            return Some((Frame::InRing { start, len: total, first }, header));
        }
        let copied = self.copy_out(first, total);
        self.give_back(first);
        Some((Frame::Copied(copied?), header))
    }

    /// Puts the packet that begins at buffer `first` together, `total` bytes.
    fn copy_out(&self, first: u16, total: usize) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(total).ok()?;
        let (mut id, mut skip) = (first, header::LEN);
        while let Some(buffer) = self.buffers.get(usize::from(id)) {
            let len = (buffer.filled as usize).saturating_sub(skip);
            // SAFETY: the device wrote `filled` bytes and is done with the buffer.
            let part = unsafe { core::slice::from_raw_parts(buffer.start.add(skip), len) };
            bytes.extend_from_slice(part);
            (id, skip) = (buffer.next, 0);
        }
        Some(bytes)
    }

    /// Gives the buffers from `first` on back to the device.
    pub fn give_back(&mut self, first: u16) {
        let mut id = first;
        while let Some(buffer) = self.buffers.get_mut(usize::from(id)) {
            let next = core::mem::replace(&mut buffer.next, END);
            self.offer(id);
            id = next;
        }
    }

    /// Tells the device of buffers that came back, if it waits for them.
    pub fn flush(&mut self) {
        if self.queue.needs_notification() {
            self.notifier.notify();
            self.kicks += 1;
        }
    }

    /// See [`crate::drivers::net::NetDevice::enable_interrupts`].
    pub fn enable_interrupts(&mut self) -> bool {
        self.interrupts = true;
        self.queue.request_interrupt(1)
    }

    /// See [`crate::drivers::net::NetDevice::disable_interrupts`].
    pub fn disable_interrupts(&mut self) {
        self.interrupts = false;
        self.queue.suppress_interrupts();
    }

    /// The device broke the rules and is not listened to any more.
    pub fn is_broken(&self) -> bool {
        self.queue.is_broken()
    }
}

/// Bytes of the first chunk.
pub fn chunk_size(is_small_machine: bool) -> usize {
    if is_small_machine { SMALL_CHUNK } else { FIRST_CHUNK }
}

impl Frame {
    fn len(&self) -> usize {
        match self {
            Self::InRing { len, .. } => *len,
            Self::Copied(bytes) => bytes.len(),
        }
    }

    /// Its bytes, from the Ethernet header on.
    pub fn bytes(&self) -> &[u8] {
        match self {
            // SAFETY: the buffers are the frame's until it is given back.
            Self::InRing { start, len, .. } => unsafe { core::slice::from_raw_parts(*start, *len) },
            Self::Copied(bytes) => bytes,
        }
    }
}

trait FilledBuffers {
    /// How many buffers the packet fills: at least the one with the header.
    fn filled_buffers(&self, mergeable: bool) -> u16;
}

impl FilledBuffers for Option<RxHeader> {
    fn filled_buffers(&self, mergeable: bool) -> u16 {
        self.filter(|_| mergeable).map_or(1, |header| header.buffers.max(1))
    }
}

#[cfg(test)]
#[path = "rx_tests.rs"]
mod tests;
