//! This CPU's cache of free frames.

use super::percpu;

/// Pops a frame of this CPU's cache.
pub fn frame_cache_pop() -> Option<u64> {
    // SAFETY: this CPU's own; neither preempted nor touched by interrupt handlers.
    let cache = unsafe { &mut *percpu::this().frames.get() };
    cache.len = cache.len.checked_sub(1)?;
    Some(cache.frames[cache.len])
}

/// Pushes a frame onto this CPU's cache; full or memory scarce: gives it back.
pub fn frame_cache_push(address: u64) -> Result<(), u64> {
    // SAFETY: this CPU's own; neither preempted nor touched by interrupt handlers.
    let cache = unsafe { &mut *percpu::this().frames.get() };
    let slot = cache.frames.get_mut(cache.len).ok_or(address)?;
    *slot = address;
    cache.len += 1;
    Ok(())
}

/// Frames in this CPU's cache.
pub fn frame_cache_len() -> usize {
    // SAFETY: this CPU's own; neither preempted nor touched by interrupt handlers.
    unsafe { (*percpu::this().frames.get()).len }
}
