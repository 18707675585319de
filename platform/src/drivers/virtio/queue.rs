//! [`VirtQueue`]: the split ring (virtio 1.2, section 2.7), one descriptor for a buffer.
//!
//! ```text
//! offset 0          descriptors   size × { address u64, len u32, flags u16, next u16 }
//! size·16           available     flags u16, index u16, ring [u16; size], used_event u16
//! next multiple     used          flags u16, index u16, ring [{ id u32, len u32 }; size],
//! of 64                           avail_event u16
//! ```
//! A buffer's descriptor number is its owner's choice; the owner offers each number at most once
//! at a time. What the device writes (used index, identifiers, lengths) is checked against what
//! it was given; a device that lies is believed no more ([`VirtQueue::is_broken`]).

use crate::mm::DmaRegion;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU16, AtomicU32, Ordering, fence};

/// Largest queue: the most that is used of what devices offer.
pub const MAX_SIZE: u16 = 256;
const WORDS: usize = MAX_SIZE as usize / 64;

const DESCRIPTOR: usize = 16;
const USED_ELEMENT: usize = 8;
const FLAGS_AT: usize = 0;
const INDEX_AT: usize = 2;
const RING_AT: usize = 4;
const USED_ALIGN: usize = 64;

const DESC_F_WRITE: u16 = 1 << 1;
const AVAIL_F_NO_INTERRUPT: u16 = 1 << 0;
const USED_F_NO_NOTIFY: u16 = 1 << 0;

/// Who writes to a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The driver has written, the device reads.
    ToDevice,
    /// The device writes.
    FromDevice,
}

/// A buffer that the device is done with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Used {
    /// Its descriptor number: one that had been offered.
    pub id: u16,
    /// Bytes that the device says it has written; no more than the buffer has.
    pub len: u32,
}

/// Physical addresses of a queue's parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueAddresses {
    /// The descriptors.
    pub descriptors: u64,
    /// The available ring.
    pub available: u64,
    /// The used ring.
    pub used: u64,
}

/// A queue. Its memory stays the device's until the device is reset, so it is never freed: the
/// queues of a device live as long as the machine.
pub struct VirtQueue {
    memory: DmaRegion,
    descriptors: *mut u8,
    available: *mut u8,
    used: *mut u8,
    size: u16,
    event_idx: bool,
    /// Buffers ever offered, modulo 2¹⁶: the available index.
    offered: u16,
    /// The available index at the last decision whether to notify.
    notified: u16,
    /// Buffers ever taken back, modulo 2¹⁶.
    taken: u16,
    /// Which numbers the device has.
    in_flight: [u64; WORDS],
    /// Lengths of the buffers that the device may write to.
    writable: Box<[u32]>,
    broken: bool,
}

// SAFETY: the pointers derived from `memory` are used under `&mut self`, or atomically.
unsafe impl Send for VirtQueue {}
// SAFETY: as above.
unsafe impl Sync for VirtQueue {}

/// The size to use of a device's `max`: a power of two, [`MAX_SIZE`] at most; 0 if `max` is.
pub fn usable_size(max: u16) -> u16 {
    if max == 0 { 0 } else { 1 << max.min(MAX_SIZE).ilog2() }
}

/// `len` times `value`; `None` when memory is out.
pub fn filled<T: Copy>(len: usize, value: T) -> Option<Box<[T]>> {
    let mut all = Vec::new();
    all.try_reserve_exact(len).ok()?;
    all.resize(len, value);
    Some(all.into_boxed_slice())
}

impl VirtQueue {
    /// A queue of `size` (a power of two, [`MAX_SIZE`] at most) buffers; `None` when memory is
    /// out.
    pub fn new(size: u16, event_idx: bool) -> Option<Self> {
        assert!(size.is_power_of_two() && size <= MAX_SIZE, "virtqueue size {size}");
        let end = used_at(size) + RING_AT + usize::from(size) * USED_ELEMENT + 2;
        let writable = filled(usize::from(size), 0)?;
        let memory = DmaRegion::new(end)?;
        let base = memory.as_ptr();
        Some(Self {
            descriptors: base,
            // SAFETY: within the region, which has `end` bytes; here and below.
            available: unsafe { base.add(available_at(size)) },
            // SAFETY: as above.
            used: unsafe { base.add(used_at(size)) },
            memory,
            size,
            event_idx,
            offered: 0,
            notified: 0,
            taken: 0,
            in_flight: [0; WORDS],
            writable,
            broken: false,
        })
    }

    /// How many buffers fit.
    pub fn size(&self) -> u16 {
        self.size
    }

    /// What the device has to know.
    pub fn addresses(&self) -> QueueAddresses {
        let base = self.memory.phys();
        QueueAddresses {
            descriptors: base,
            available: base + available_at(self.size) as u64,
            used: base + used_at(self.size) as u64,
        }
    }

    /// Buffers that the device has.
    pub fn outstanding(&self) -> u16 {
        self.offered.wrapping_sub(self.taken)
    }

    /// The device broke the rules.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// A 16-bit field of the available ring.
    #[inline(always)]
    fn available(&self, offset: usize) -> &AtomicU16 {
        // SAFETY: the offsets below lie within the ring by construction, and are aligned; the
        // device's accesses are those of another CPU.
        unsafe { &*self.available.add(offset).cast() }
    }

    /// A 16-bit field of the used ring.
    #[inline(always)]
    fn used16(&self, offset: usize) -> &AtomicU16 {
        // SAFETY: as above.
        unsafe { &*self.used.add(offset).cast() }
    }

    /// A 32-bit field of the used ring.
    #[inline(always)]
    fn used32(&self, offset: usize) -> &AtomicU32 {
        // SAFETY: as above.
        unsafe { &*self.used.add(offset).cast() }
    }

    #[inline(always)]
    fn used_index(&self) -> u16 {
        u16::from_le(self.used16(INDEX_AT).load(Ordering::Acquire))
    }

    fn used_event(&self) -> &AtomicU16 {
        self.available(RING_AT + 2 * usize::from(self.size))
    }

    fn avail_event(&self) -> &AtomicU16 {
        self.used16(RING_AT + USED_ELEMENT * usize::from(self.size))
    }

    /// Gives buffer `id` (below [`Self::size`]) at physical address `address` to the device.
    ///
    /// `false`, and nothing happens, if the device has a buffer of that number already.
    pub fn offer(&mut self, id: u16, address: u64, len: u32, direction: Direction) -> bool {
        let number = usize::from(id);
        let bit = 1u64 << (id % 64);
        if id >= self.size || self.in_flight[number / 64] & bit != 0 {
            return false;
        }
        self.in_flight[number / 64] |= bit;
        let flags = match direction {
            Direction::ToDevice => 0,
            Direction::FromDevice => DESC_F_WRITE,
        };
        self.writable[number] = if flags == 0 { 0 } else { len };
        let rest = u64::from(len) | u64::from(flags) << 32;
        // SAFETY: descriptor `id` lies within the region, and is not the device's now.
        unsafe {
            let descriptor = self.descriptors.add(number * DESCRIPTOR).cast::<u64>();
            descriptor.write_volatile(address.to_le());
            descriptor.add(1).write_volatile(rest.to_le());
        }
        let slot = usize::from(self.offered & (self.size - 1));
        self.available(RING_AT + 2 * slot).store(id.to_le(), Ordering::Relaxed);
        self.offered = self.offered.wrapping_add(1);
        // Release: the device sees the descriptor and the ring's entry before the index.
        self.available(INDEX_AT).store(self.offered.to_le(), Ordering::Release);
        true
    }

    /// Must the device be told of what was offered since the last call?
    pub fn needs_notification(&mut self) -> bool {
        let (old, new) = (self.notified, self.offered);
        if old == new || self.broken {
            return false;
        }
        self.notified = new;
        // The index must be out before the device's wish is read: it may just go to sleep.
        fence(Ordering::SeqCst);
        if self.event_idx {
            let event = u16::from_le(self.avail_event().load(Ordering::Relaxed));
            passes(event, new, old)
        } else {
            let flags = self.used16(FLAGS_AT).load(Ordering::Relaxed);
            u16::from_le(flags) & USED_F_NO_NOTIFY == 0
        }
    }

    /// Is there a buffer that the device is done with?
    pub fn has_used(&self) -> bool {
        !self.broken && self.used_index() != self.taken
    }

    /// Takes back the next buffer that the device is done with.
    pub fn take_used(&mut self) -> Option<Used> {
        if self.broken {
            return None;
        }
        let ready = self.used_index().wrapping_sub(self.taken);
        if ready == 0 {
            return None;
        }
        let slot = usize::from(self.taken & (self.size - 1));
        let element = RING_AT + slot * USED_ELEMENT;
        let id = u32::from_le(self.used32(element).load(Ordering::Relaxed));
        let len = u32::from_le(self.used32(element + 4).load(Ordering::Relaxed));
        let number = id as usize;
        let bit = 1 << (id % 64);
        let (Some(&writable), Some(word)) =
            (self.writable.get(number), self.in_flight.get_mut(number / 64))
        else {
            self.broken = true;
            return None;
        };
        if *word & bit == 0 || ready > self.offered.wrapping_sub(self.taken) {
            self.broken = true;
            return None;
        }
        *word &= !bit;
        self.taken = self.taken.wrapping_add(1);
        // `writable` has fewer than 2¹⁶ entries.
        Some(Used { id: id as u16, len: len.min(writable) })
    }

    /// Asks for no interrupts. The device may raise some all the same.
    pub fn suppress_interrupts(&mut self) {
        if self.event_idx {
            // An event that is just over comes again after 65,536 buffers.
            self.used_event().store(self.taken.wrapping_sub(1).to_le(), Ordering::Relaxed);
        } else {
            self.available(FLAGS_AT).store(AVAIL_F_NO_INTERRUPT.to_le(), Ordering::Relaxed);
        }
    }

    /// Asks for an interrupt when the device is done with `after` more buffers (at least one, at
    /// most what it has). True if it is already: no interrupt may come then.
    pub fn request_interrupt(&mut self, after: u16) -> bool {
        let after = after.clamp(1, self.outstanding().max(1));
        if self.event_idx {
            let event = self.taken.wrapping_add(after - 1);
            self.used_event().store(event.to_le(), Ordering::Relaxed);
        } else {
            self.available(FLAGS_AT).store(0, Ordering::Relaxed);
        }
        // The wish must be out before the index is read: the device may just have missed it.
        fence(Ordering::SeqCst);
        !self.broken && self.used_index().wrapping_sub(self.taken) >= after
    }
}

fn available_at(size: u16) -> usize {
    usize::from(size) * DESCRIPTOR
}

fn used_at(size: u16) -> usize {
    (available_at(size) + RING_AT + 2 * usize::from(size) + 2).next_multiple_of(USED_ALIGN)
}

/// Does an index that went from `old` to `new` pass `event`? (Section 2.7.10.)
fn passes(event: u16, new: u16, old: u16) -> bool {
    new.wrapping_sub(event).wrapping_sub(1) < new.wrapping_sub(old)
}

#[cfg(test)]
mod tests;
