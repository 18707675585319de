//! [`Frame`]: an owned, counted reference to one physical frame.
//!
//! A frame's bytes may be mapped by programs and change at any moment, so Rust never holds a
//! reference to them: they are copied in and out.

use super::PAGE_SIZE;
#[cfg(target_os = "none")]
use super::buddy::{self, Buddy};
use core::fmt;
use core::sync::atomic::Ordering;

/// A counted reference to a frame. Cloning adds one; the last to go frees the frame.
#[derive(PartialEq, Eq)]
pub struct Frame {
    /// Physical address (on a host: of the stand-in).
    address: u64,
}

impl Frame {
    /// A frame of zeroes; `None` when memory is out.
    pub fn zeroed() -> Option<Self> {
        let frame = Self::allocate()?;
        frame.zero(0, PAGE_SIZE);
        Some(frame)
    }

    /// A frame that begins with `bytes` (a page's worth at most); the rest is zero.
    pub fn filled(bytes: &[u8]) -> Option<Self> {
        let frame = Self::allocate()?;
        let len = bytes.len().min(PAGE_SIZE);
        frame.write(0, &bytes[..len]);
        frame.zero(len, PAGE_SIZE - len);
        Some(frame)
    }

    /// A frame that holds what `source` holds.
    pub fn copy_of(source: &Self) -> Option<Self> {
        let frame = Self::allocate()?;
        frame.copy_from(source);
        Some(frame)
    }

    /// Physical address.
    pub fn phys(&self) -> u64 {
        self.address
    }

    /// Whether both refer to the same frame.
    pub fn same(&self, other: &Self) -> bool {
        self.address == other.address
    }

    /// Whether this is the only reference.
    pub fn is_unique(&self) -> bool {
        self.refs().load(Ordering::Acquire) == 1
    }

    /// How many references there are.
    pub fn references(&self) -> u32 {
        self.refs().load(Ordering::Acquire)
    }

    /// Copies bytes out, from `offset` on. Panics past the frame's end.
    pub fn read(&self, offset: usize, dst: &mut [u8]) {
        check(offset, dst.len());
        // SAFETY: within the frame; programs may write at the same time, as to any shared memory.
        unsafe { crate::arch::copy(dst.as_mut_ptr(), self.bytes().add(offset), dst.len()) }
    }

    /// Copies bytes in, to `offset` on. Panics past the frame's end.
    pub fn write(&self, offset: usize, src: &[u8]) {
        check(offset, src.len());
        // SAFETY: within the frame; programs may read at the same time.
        unsafe { crate::arch::copy(self.bytes().add(offset), src.as_ptr(), src.len()) }
    }

    /// Zeroes bytes. Panics past the frame's end.
    pub fn zero(&self, offset: usize, len: usize) {
        check(offset, len);
        // SAFETY: within the frame.
        unsafe { crate::arch::zero(self.bytes().add(offset), len) }
    }

    /// Copies a whole frame.
    pub fn copy_from(&self, source: &Self) {
        // SAFETY: two whole frames; `copy` allows overlap of equal ranges.
        unsafe { crate::arch::copy(self.bytes(), source.bytes(), PAGE_SIZE) }
    }

    /// Copies to user memory at `to`.
    pub fn copy_to_user(
        &self,
        offset: usize,
        to: usize,
        len: usize,
    ) -> Result<(), crate::user::Fault> {
        check(offset, len);
        // SAFETY: the frame's bytes are valid for reading while `self` lives.
        unsafe { crate::user::copy_out_raw(to, self.bytes().add(offset), len) }
    }

    /// Copies from user memory at `from`.
    pub fn copy_from_user(
        &self,
        offset: usize,
        from: usize,
        len: usize,
    ) -> Result<(), crate::user::Fault> {
        check(offset, len);
        // SAFETY: the frame's bytes are valid for writing while `self` lives.
        unsafe { crate::user::copy_in_raw(self.bytes().add(offset), from, len) }
    }

    /// Gives up the reference without dropping it; [`Self::from_raw`] takes it back.
    #[allow(dead_code, reason = "used on bare metal only")]
    pub(crate) fn into_raw(self) -> u64 {
        core::mem::ManuallyDrop::new(self).address
    }

    /// Takes a reference back.
    ///
    /// # Safety
    /// `address` came from [`Self::into_raw`], once.
    #[allow(dead_code, reason = "used on bare metal only")]
    pub(crate) unsafe fn from_raw(address: u64) -> Self {
        Self { address }
    }
}

/// With more references than this a frame stays for ever: its count is no longer kept.
const MANY: u32 = 1 << 31;
/// The count of such a frame: too far from both ends for the CPUs to get there at once.
const PINNED: u32 = MANY + MANY / 2;

impl Frame {
    #[cold]
    fn pin(&self) {
        self.refs().store(PINNED, Ordering::Relaxed);
    }
}

fn check(offset: usize, len: usize) {
    assert!(
        offset <= PAGE_SIZE && len <= PAGE_SIZE - offset,
        "access to a frame at {offset} for {len} bytes"
    );
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Frame({:#x})", self.address)
    }
}

impl Clone for Frame {
    #[inline]
    fn clone(&self) -> Self {
        if self.refs().fetch_add(1, Ordering::Relaxed) >= MANY {
            self.pin();
        }
        Self { address: self.address }
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        match self.refs().fetch_sub(1, Ordering::Release) {
            1 => {
                core::sync::atomic::fence(Ordering::Acquire);
                self.release();
            }
            MANY.. => self.pin(),
            _ => {}
        }
    }
}

#[cfg(target_os = "none")]
impl Frame {
    fn allocate() -> Option<Self> {
        let address = match crate::arch::frame_cache_pop() {
            Some(address) => address,
            None => refill()?,
        };
        buddy::record((address >> super::PAGE_SHIFT) as usize).refs.store(1, Ordering::Relaxed);
        Some(Self { address })
    }

    /// A free frame below the physical address `limit`; `None` if there is none. Contents are
    /// unspecified.
    pub(crate) fn below(limit: u64) -> Option<Self> {
        // SAFETY: the frame was free.
        Some(unsafe { Self::adopt(Buddy::take_below(limit)?) })
    }

    /// Makes the first reference to a frame that was reserved at boot.
    ///
    /// # Safety
    /// Nobody else owns the frame.
    pub(crate) unsafe fn adopt(address: u64) -> Self {
        buddy::record((address >> super::PAGE_SHIFT) as usize).refs.store(1, Ordering::Relaxed);
        Self { address }
    }

    #[inline]
    fn refs(&self) -> &core::sync::atomic::AtomicU32 {
        &buddy::record((self.address >> super::PAGE_SHIFT) as usize).refs
    }

    fn bytes(&self) -> *mut u8 {
        crate::arch::paging::phys_to_virt(self.address)
    }

    fn release(&self) {
        if let Err(address) = crate::arch::frame_cache_push(self.address) {
            // SAFETY: the last reference is gone.
            unsafe { Buddy::free(address, 0) };
        }
    }
}

/// Takes one frame from the buddy allocator, and a few for this CPU's cache beside it.
#[cfg(target_os = "none")]
fn refill() -> Option<u64> {
    const BATCH_ORDER: usize = 3;
    if buddy::free_frames() > 256
        && let Some(block) = Buddy::allocate(BATCH_ORDER)
    {
        for n in (1..1 << BATCH_ORDER).rev() {
            let extra = block + n * PAGE_SIZE as u64;
            if crate::arch::frame_cache_push(extra).is_err() {
                // SAFETY: a frame of the block just taken; frames free singly.
                unsafe { Buddy::free(extra, 0) };
            }
        }
        return Some(block);
    }
    Buddy::allocate(0)
        .or_else(|| crate::arch::paging::release_tables().then(|| Buddy::allocate(0)).flatten())
}

/// On a host a frame is a heap block with its count in front.
#[cfg(not(target_os = "none"))]
impl Frame {
    fn layout() -> core::alloc::Layout {
        core::alloc::Layout::from_size_align(2 * PAGE_SIZE, PAGE_SIZE).expect("a valid layout")
    }

    fn allocate() -> Option<Self> {
        // SAFETY: the layout is not empty.
        let block = unsafe { alloc::alloc::alloc_zeroed(Self::layout()) };
        let frame = Self { address: block.expose_provenance() as u64 };
        (!block.is_null()).then(|| {
            frame.refs().store(1, Ordering::Relaxed);
            frame
        })
    }

    fn refs(&self) -> &core::sync::atomic::AtomicU32 {
        // SAFETY: the block lives while a reference to it does.
        unsafe { &*core::ptr::with_exposed_provenance(self.address as usize) }
    }

    fn bytes(&self) -> *mut u8 {
        core::ptr::with_exposed_provenance_mut(self.address as usize + PAGE_SIZE)
    }

    fn release(&self) {
        // SAFETY: allocated with the same layout; the last reference is gone.
        unsafe {
            alloc::alloc::dealloc(
                core::ptr::with_exposed_provenance_mut(self.address as usize),
                Self::layout(),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_references() {
        let a = Frame::filled(b"abc").unwrap();
        assert!(a.is_unique());
        let b = a.clone();
        assert!(!a.is_unique() && a.same(&b));
        drop(a);
        let mut bytes = [9; 5];
        b.read(0, &mut bytes);
        assert_eq!(&bytes, b"abc\0\0");
        assert!(b.is_unique());
    }

    #[test]
    fn never_overflows_its_count() {
        let frame = Frame::zeroed().unwrap();
        frame.refs().store(MANY, Ordering::Relaxed);
        drop(frame.clone());
        assert_eq!(frame.references(), PINNED);
        drop(frame.clone());
        assert_eq!(frame.references(), PINNED);
        frame.refs().store(1, Ordering::Relaxed);
    }

    #[test]
    #[should_panic(expected = "access to a frame")]
    fn stays_within() {
        Frame::zeroed().unwrap().zero(1, PAGE_SIZE);
    }
}
