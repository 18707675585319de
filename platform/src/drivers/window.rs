//! [`Window`]: a device's memory-mapped registers, every access within its bounds.

/// Mapped registers. Reads and writes beyond the end are refused: reads give all ones, as an
/// absent device does.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    base: *mut u8,
    len: usize,
}

// SAFETY: device registers, the same from every CPU; each access is one load or store.
unsafe impl Send for Window {}
// SAFETY: as above.
unsafe impl Sync for Window {}

impl Window {
    /// Maps the `len` bytes at physical address `phys`.
    #[cfg(target_os = "none")]
    pub fn map(phys: u64, len: usize) -> Self {
        Self { base: crate::arch::mmio_map(phys, len), len }
    }

    /// Memory that plays a device in a test.
    ///
    /// # Safety
    /// `base` is valid for `len` bytes as long as the window is used.
    #[cfg(test)]
    pub unsafe fn of_memory(base: *mut u8, len: usize) -> Self {
        Self { base, len }
    }

    /// The part from `offset`, `len` bytes long, if it lies within.
    pub fn part(&self, offset: usize, len: usize) -> Option<Self> {
        let end = offset.checked_add(len)?;
        // SAFETY: `offset <= end <= self.len`.
        (end <= self.len).then(|| Self { base: unsafe { self.base.add(offset) }, len })
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// The register at `offset`, if it is aligned and lies within.
    fn register<T>(&self, offset: usize) -> Option<*mut T> {
        let end = offset.checked_add(size_of::<T>())?;
        // SAFETY: within the window.
        let at = unsafe { self.base.add((end <= self.len).then_some(offset)?) }.cast::<T>();
        at.is_aligned().then_some(at)
    }

    /// Reads 8 bits.
    pub fn read8(&self, offset: usize) -> u8 {
        // SAFETY: `register` gives mapped, aligned addresses only; here and below.
        self.register(offset).map_or(u8::MAX, |at: *mut u8| unsafe { at.read_volatile() })
    }

    /// Reads 16 bits.
    pub fn read16(&self, offset: usize) -> u16 {
        // SAFETY: as above.
        let read = |at: *mut u16| u16::from_le(unsafe { at.read_volatile() });
        self.register(offset).map_or(u16::MAX, read)
    }

    /// Reads 32 bits.
    pub fn read32(&self, offset: usize) -> u32 {
        // SAFETY: as above.
        let read = |at: *mut u32| u32::from_le(unsafe { at.read_volatile() });
        self.register(offset).map_or(u32::MAX, read)
    }

    /// Writes 8 bits.
    pub fn write8(&self, offset: usize, value: u8) {
        if let Some(at) = self.register::<u8>(offset) {
            // SAFETY: as above; drivers write what keeps the device within its rings.
            unsafe { at.write_volatile(value) }
        }
    }

    /// Writes 16 bits.
    pub fn write16(&self, offset: usize, value: u16) {
        if let Some(at) = self.register::<u16>(offset) {
            // SAFETY: as above.
            unsafe { at.write_volatile(value.to_le()) }
        }
    }

    /// Writes 32 bits.
    pub fn write32(&self, offset: usize, value: u32) {
        if let Some(at) = self.register::<u32>(offset) {
            // SAFETY: as above.
            unsafe { at.write_volatile(value.to_le()) }
        }
    }

    /// Writes 64 bits as two halves, the low one first.
    pub fn write64(&self, offset: usize, value: u64) {
        self.write32(offset, value as u32);
        self.write32(offset + 4, (value >> 32) as u32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_within() {
        let mut memory = [0u64; 2];
        // SAFETY: `memory` lives longer than the window.
        let window = unsafe { Window::of_memory(memory.as_mut_ptr().cast(), 16) };
        window.write32(12, 0x1234_5678);
        window.write32(13, 7);
        window.write32(16, 7);
        assert_eq!(window.read32(12), 0x1234_5678);
        assert_eq!(window.read16(14), 0x1234);
        assert_eq!(window.read32(usize::MAX), u32::MAX);
        assert_eq!(window.read16(13), u16::MAX, "unaligned");
        assert!(window.part(8, 9).is_none() && window.part(usize::MAX, 2).is_none());
        assert_eq!(window.part(8, 8).unwrap().read32(4), 0x1234_5678);
        window.write64(0, 0x1_0000_0002);
        assert_eq!(memory[0], 0x1_0000_0002);
    }
}
