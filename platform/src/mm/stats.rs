//! How much memory there is and what it is used for.

/// Memory in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct MemStats {
    /// All memory that the machine has, the kernel's image included.
    pub total: usize,
    /// Free now.
    pub free: usize,
    /// The most that was ever in use.
    pub peak_used: usize,
    /// In kernel objects (slabs and larger).
    pub kernel_heap: usize,
}

/// All memory that the machine has, in bytes, the kernel's image included.
#[cfg(target_os = "none")]
pub fn total() -> usize {
    super::buddy::total_frames() * super::PAGE_SIZE
}

/// See [`stats`].
#[cfg(not(target_os = "none"))]
pub fn total() -> usize {
    stats().total
}

/// Memory now.
#[cfg(target_os = "none")]
pub fn stats() -> MemStats {
    use super::{PAGE_SIZE, buddy, heap};
    let total = total();
    let cached = crate::arch::frame_cache_len() + crate::arch::paging::kept_tables();
    MemStats {
        total,
        free: (buddy::free_frames() + cached) * PAGE_SIZE,
        peak_used: total.saturating_sub(buddy::least_free_frames() * PAGE_SIZE),
        kernel_heap: heap::used(),
    }
}

/// A host has its own ways to tell; tests see a machine of 64 MiB, half of it free.
#[cfg(not(target_os = "none"))]
pub fn stats() -> MemStats {
    MemStats { total: 64 << 20, free: 32 << 20, peak_used: 32 << 20, kernel_heap: 0 }
}

/// Whether the kernel lives on the last of its own memory: a program must end.
#[cfg(target_os = "none")]
pub fn is_exhausted() -> bool {
    super::buddy::is_exhausted()
}

/// A host has its own ways.
#[cfg(not(target_os = "none"))]
pub fn is_exhausted() -> bool {
    false
}
