//! Sending: frames are written straight into memory that belongs to the ring.
//!
//! That memory is an arena used like a ring itself: each frame takes as much as it needs, behind
//! the one before. It starts small ([`arena_size`]) and doubles when frames do not fit while memory is plentiful;
//! the old one goes when the device is done with it.
//!
//! | slot (by sequence number) | |
//! |---|---|
//! | filling | reserved, being written to by a caller without the lock |
//! | sent | the device has it |
//! | done | the device gave it back; freed in order |

use super::header;
use crate::drivers::net::{Full, TxMeta};
use crate::drivers::virtio::queue::{Direction, VirtQueue, filled};
use crate::drivers::virtio::transport::Notifier;
use crate::mm::{self, DmaRegion};
use alloc::boxed::Box;

/// Bytes of the first arena, and of that of a small machine.
const FIRST_ARENA: usize = 64 * 1024;
const SMALL_ARENA: usize = 32 * 1024;
/// Bytes of the largest.
const MAX_ARENA: usize = 512 * 1024;
/// The arena only grows while this many times its new size is free.
const PLENTY: usize = 16;
/// Frames begin on cache lines.
const ALIGN: usize = 64;

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Filling,
    Sent,
    Done,
}

#[derive(Clone, Copy)]
struct Slot {
    state: State,
    /// Bytes of the arena to free with it: its own, and those skipped before it.
    charge: u32,
    /// In the arena that was replaced.
    retired: bool,
}

/// A reserved place for a frame.
pub struct Reservation {
    id: u16,
    start: *mut u8,
    phys: u64,
    len: usize,
}

/// The transmit ring.
pub struct Tx {
    queue: VirtQueue,
    notifier: Notifier,
    slots: Box<[Slot]>,
    /// Frames ever reserved and freed, modulo 2¹⁶.
    reserved: u16,
    freed: u16,
    arena: DmaRegion,
    /// Where the next frame goes in the arena, and how much of it is in use.
    next: usize,
    used: usize,
    /// The arena before, and how many frames are still in it.
    retired: Option<(DmaRegion, u16)>,
    /// An interrupt was asked for.
    waiting: bool,
    pub packets: u64,
    pub bytes: u64,
    pub kicks: u64,
}

// SAFETY: the arenas' memory is handed out in disjoint reservations.
unsafe impl Send for Tx {}

impl Tx {
    /// An empty ring with an arena of `arena` bytes; `None` when memory is out.
    pub fn new(mut queue: VirtQueue, notifier: Notifier, arena: usize) -> Option<Self> {
        queue.suppress_interrupts();
        let free = Slot { state: State::Done, charge: 0, retired: false };
        let slots = filled(usize::from(queue.size()), free)?;
        Some(Self {
            queue,
            notifier,
            slots,
            reserved: 0,
            freed: 0,
            arena: DmaRegion::dirty(arena)?,
            next: 0,
            used: 0,
            retired: None,
            waiting: false,
            packets: 0,
            bytes: 0,
            kicks: 0,
        })
    }

    fn id_of(&self, sequence: u16) -> u16 {
        sequence & (self.queue.size() - 1)
    }

    /// Slots that are free.
    fn free_slots(&self) -> u16 {
        self.queue.size() - self.reserved.wrapping_sub(self.freed)
    }

    /// A place for a frame of `len` bytes, freeing and growing as needed.
    pub fn reserve(&mut self, len: usize) -> Result<Reservation, Full> {
        let need = space_for(len);
        if let Some(place) = self.try_reserve(need, len) {
            return Ok(place);
        }
        self.reclaim();
        if let Some(place) = self.try_reserve(need, len) {
            return Ok(place);
        }
        if self.free_slots() > 0 && self.grow() {
            return self.try_reserve(need, len).ok_or(Full);
        }
        Err(Full)
    }

    fn try_reserve(&mut self, need: usize, len: usize) -> Option<Reservation> {
        let size = self.arena.len();
        if self.free_slots() == 0 || self.queue.is_broken() || need > size {
            return None;
        }
        if self.used == 0 {
            self.next = 0;
        }
        // A frame does not go round the end: what is left there is skipped, and charged to it.
        let (at, charge) = match size - self.next {
            left if need <= left => (self.next, need),
            left => (0, need + left),
        };
        if charge > size - self.used {
            return None;
        }
        self.used += charge;
        self.next = at + need;
        let id = self.id_of(self.reserved);
        self.reserved = self.reserved.wrapping_add(1);
        self.slots[usize::from(id)] =
            Slot { state: State::Filling, charge: charge as u32, retired: false };
        // SAFETY: `at + need` is within the arena, and disjoint from all that is in use.
        let start = unsafe { self.arena.as_ptr().add(at) };
        Some(Reservation { id, start, phys: self.arena.phys() + at as u64, len })
    }

    /// Replaces the arena by one twice as large; the frames in the old one stay there until sent.
    fn grow(&mut self) -> bool {
        let size = self.arena.len() * 2;
        if self.retired.is_some() || size > MAX_ARENA || mm::stats().free / PLENTY < size {
            return false;
        }
        let Some(arena) = DmaRegion::dirty(size) else { return false };
        let in_use = self.reserved.wrapping_sub(self.freed);
        for n in 0..in_use {
            let id = self.id_of(self.freed.wrapping_add(n));
            self.slots[usize::from(id)].retired = true;
        }
        let old = core::mem::replace(&mut self.arena, arena);
        self.retired = (in_use > 0).then_some((old, in_use));
        (self.next, self.used) = (0, 0);
        true
    }

    /// Gives a filled reservation to the device.
    pub fn commit(&mut self, place: Reservation) {
        let len = header::LEN + place.len;
        self.slots[usize::from(place.id)].state = State::Sent;
        self.queue.offer(place.id, place.phys, len as u32, Direction::ToDevice);
        self.packets += 1;
        self.bytes += place.len as u64;
    }

    /// Frees what the device is done with; gives the number of frames.
    pub fn reclaim(&mut self) -> usize {
        if core::mem::take(&mut self.waiting) {
            self.queue.suppress_interrupts();
        }
        let mut count = 0;
        while let Some(used) = self.queue.take_used() {
            self.slots[usize::from(used.id)].state = State::Done;
            count += 1;
        }
        while self.freed != self.reserved {
            let slot = self.slots[usize::from(self.id_of(self.freed))];
            if slot.state != State::Done {
                break;
            }
            self.freed = self.freed.wrapping_add(1);
            if !slot.retired {
                self.used -= slot.charge as usize;
            } else if let Some((_, left)) = &mut self.retired {
                *left -= 1;
                if *left == 0 {
                    self.retired = None;
                }
            }
        }
        count
    }

    /// How many frames of `len` bytes fit now.
    pub fn space(&mut self, len: usize) -> usize {
        if self.reserved != self.freed {
            self.reclaim();
        }
        if self.queue.is_broken() {
            return 0;
        }
        let need = space_for(len);
        let (size, free) = (self.arena.len(), self.arena.len() - self.used);
        let at_end = if self.used == 0 { size } else { (size - self.next).min(free) };
        let frames = at_end / need + (free - at_end) / need;
        frames.min(usize::from(self.free_slots()))
    }

    /// Tells the device of the committed frames, if it waits for them.
    pub fn flush(&mut self) {
        if self.queue.needs_notification() {
            self.notifier.notify();
            self.kicks += 1;
        }
    }

    /// See [`crate::drivers::net::NetDevice::wake_on_tx_space`]: when half of what the device has
    /// is done, so that the next frames come in a batch.
    pub fn wake_on_space(&mut self) -> bool {
        let outstanding = self.queue.outstanding();
        self.waiting = outstanding != 0;
        !self.waiting || self.queue.request_interrupt(outstanding.div_ceil(2))
    }

    /// The device broke the rules and gets nothing more.
    pub fn is_broken(&self) -> bool {
        self.queue.is_broken()
    }
}

/// Bytes of the first arena.
pub fn arena_size(is_small_machine: bool) -> usize {
    if is_small_machine { SMALL_ARENA } else { FIRST_ARENA }
}

/// Bytes of the arena for a frame of `len` bytes.
fn space_for(len: usize) -> usize {
    (header::LEN + len).next_multiple_of(ALIGN)
}

impl Reservation {
    /// Writes the header for `meta`, and lets `fill` write the frame.
    pub fn fill(&mut self, meta: &TxMeta, fill: impl FnOnce(&mut [u8])) {
        // SAFETY: the reservation is this caller's alone, header and frame long, and not the
        // device's yet.
        let bytes = unsafe { core::slice::from_raw_parts_mut(self.start, header::LEN + self.len) };
        let (head, frame) = bytes.split_at_mut(header::LEN);
        head.copy_from_slice(&header::for_sending(meta));
        fill(frame);
    }
}

#[cfg(test)]
#[path = "tx_tests.rs"]
mod tests;
