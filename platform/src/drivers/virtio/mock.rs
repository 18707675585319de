//! The device's side of a queue, for tests: reads what was offered, answers as told, also with
//! lies.

use super::queue::QueueAddresses;

/// A buffer that the device found in the available ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offered {
    pub id: u16,
    pub address: u64,
    pub len: u32,
    pub flags: u16,
}

/// One queue as the device sees it. Physical addresses are the host's own.
pub struct MockQueue {
    at: QueueAddresses,
    size: u16,
    seen: u16,
    pub used: u16,
}

impl MockQueue {
    pub fn new(at: QueueAddresses, size: u16) -> Self {
        Self { at, size, seen: 0, used: 0 }
    }

    fn read<T: Copy>(address: u64) -> T {
        // SAFETY: tests pass addresses of memory that lives.
        unsafe { std::ptr::with_exposed_provenance::<T>(address as usize).read_volatile() }
    }

    fn write<T>(address: u64, value: T) {
        // SAFETY: as above.
        unsafe {
            std::ptr::with_exposed_provenance_mut::<T>(address as usize).write_volatile(value)
        }
    }

    /// The next offered buffer.
    pub fn next(&mut self) -> Option<Offered> {
        if Self::read::<u16>(self.at.available + 2) == self.seen {
            return None;
        }
        let slot = u64::from(self.seen % self.size);
        self.seen = self.seen.wrapping_add(1);
        let id = Self::read::<u16>(self.at.available + 4 + 2 * slot);
        let descriptor = self.at.descriptors + 16 * u64::from(id);
        Some(Offered {
            id,
            address: Self::read(descriptor),
            len: Self::read(descriptor + 8),
            flags: Self::read(descriptor + 12),
        })
    }

    /// Gives a buffer back, saying that `len` bytes were written. True: an interrupt is due.
    pub fn finish(&mut self, id: u32, len: u32) -> bool {
        let slot = u64::from(self.used % self.size);
        Self::write(self.at.used + 4 + 8 * slot, id);
        Self::write(self.at.used + 8 + 8 * slot, len);
        self.used = self.used.wrapping_add(1);
        Self::write(self.at.used + 2, self.used);
        self.used_event() == self.used.wrapping_sub(1)
    }

    pub fn set_used_index(&mut self, value: u16) {
        Self::write(self.at.used + 2, value);
    }

    pub fn used_event(&self) -> u16 {
        Self::read(self.at.available + 4 + 2 * u64::from(self.size))
    }

    pub fn avail_flags(&self) -> u16 {
        Self::read(self.at.available)
    }

    pub fn set_avail_event(&mut self, value: u16) {
        Self::write(self.at.used + 4 + 8 * u64::from(self.size), value);
    }

    pub fn set_used_flags(&mut self, value: u16) {
        Self::write(self.at.used, value);
    }

    /// Writes bytes into a buffer.
    pub fn fill(&self, buffer: Offered, bytes: &[u8]) {
        assert!(bytes.len() <= buffer.len as usize && buffer.flags & 2 != 0);
        let to = std::ptr::with_exposed_provenance_mut::<u8>(buffer.address as usize);
        // SAFETY: the driver offered that memory for writing.
        unsafe { to.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    }

    /// Reads the bytes of a buffer.
    pub fn bytes(&self, buffer: Offered) -> Vec<u8> {
        let from = std::ptr::with_exposed_provenance::<u8>(buffer.address as usize);
        // SAFETY: the driver offered that memory.
        unsafe { std::slice::from_raw_parts(from, buffer.len as usize) }.to_vec()
    }
}
