//! [`Ring`]: the bytes in a pipe, in frames that are taken when they are needed.

use alloc::vec::Vec;

use elfin_platform::mm::{Frame, PAGE_SIZE};
use elfin_syscalls::Errno;

use crate::fs::transfer::{Dest, Source, partial};

/// A queue of bytes. Frames that were filled once stay until it is empty; one stays longer.
pub struct Ring {
    slots: Vec<Option<Frame>>,
    /// Where the oldest byte is.
    head: usize,
    len: usize,
    /// There are frames beyond the first page.
    spread: bool,
}

impl Ring {
    /// An empty ring for `pages` pages of bytes.
    ///
    /// # Errors
    /// `ENOMEM`.
    pub fn new(pages: usize) -> Result<Self, Errno> {
        let mut slots = Vec::new();
        slots.try_reserve_exact(pages).map_err(|_| Errno::ENOMEM)?;
        slots.resize(pages, None);
        Ok(Self { slots, head: 0, len: 0, spread: false })
    }

    /// The bytes in it.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing is in it.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The bytes that fit in all.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.slots.len() * PAGE_SIZE
    }

    /// The bytes that still fit.
    #[inline]
    pub fn room(&self) -> usize {
        self.capacity() - self.len
    }

    /// The slot, the offset in it, and the bytes to its end, of the byte `at` bytes behind the
    /// oldest.
    #[inline]
    fn locate(&self, at: usize) -> (usize, usize, usize) {
        let mut position = self.head + at;
        if position >= self.capacity() {
            position -= self.capacity();
        }
        let offset = position % PAGE_SIZE;
        (position / PAGE_SIZE, offset, PAGE_SIZE - offset)
    }

    /// Takes as many bytes from `src` as fit. The count.
    ///
    /// # Errors
    /// `EFAULT`, `ENOMEM` if not one byte could be taken.
    #[inline]
    pub fn push(&mut self, src: &mut Source<'_>) -> Result<usize, Errno> {
        let (tail, want) = (self.head + self.len, src.remaining());
        // Mostly all of it fits in the first page.
        if want <= PAGE_SIZE
            && tail + want <= PAGE_SIZE
            && let Some(Some(frame)) = self.slots.first()
        {
            let taken = src.take_into_frame(frame, tail, want)?;
            self.len += taken;
            return Ok(taken);
        }
        self.push_across(src)
    }

    fn push_across(&mut self, src: &mut Source<'_>) -> Result<usize, Errno> {
        let mut done = 0;
        while self.room() > 0 && src.remaining() > 0 {
            let (slot, offset, span) = self.locate(self.len);
            let n = span.min(self.room()).min(src.remaining());
            let taken = self.slot(slot).and_then(|frame| src.take_into_frame(frame, offset, n));
            let taken = match taken {
                Ok(taken) => taken,
                Err(errno) => return partial(done, errno),
            };
            self.len += taken;
            done += taken;
            if taken < n {
                break;
            }
        }
        Ok(done)
    }

    fn slot(&mut self, slot: usize) -> Result<&Frame, Errno> {
        self.spread |= slot > 0;
        let slot = self.slots.get_mut(slot).ok_or(Errno::ENOMEM)?;
        if slot.is_none() {
            *slot = Some(Frame::zeroed().ok_or(Errno::ENOMEM)?);
        }
        slot.as_ref().ok_or(Errno::ENOMEM)
    }

    /// Puts as many bytes into `dst` as there are. The count.
    ///
    /// # Errors
    /// `EFAULT` if not one byte could be put.
    #[inline]
    pub fn pop(&mut self, dst: &mut Dest<'_>) -> Result<usize, Errno> {
        if self.head + self.len <= PAGE_SIZE
            && !self.spread
            && let Some(Some(frame)) = self.slots.first()
        {
            let n = self.len.min(dst.remaining());
            let done = dst.put_frame(frame, self.head, n)?;
            self.len -= done;
            self.head = if self.len == 0 { 0 } else { self.head + done };
            return Ok(done);
        }
        let done = self.copy_to(dst)?;
        self.discard(done);
        Ok(done)
    }

    /// Copies as [`pop`](Self::pop), and leaves the bytes where they are (`tee`).
    ///
    /// # Errors
    /// `EFAULT` if not one byte could be put.
    pub fn copy_to(&self, dst: &mut Dest<'_>) -> Result<usize, Errno> {
        let mut done = 0;
        while done < self.len && dst.remaining() > 0 {
            let (slot, offset, span) = self.locate(done);
            let n = span.min(self.len - done).min(dst.remaining());
            let Some(Some(frame)) = self.slots.get(slot) else { break };
            let put = match dst.put_frame(frame, offset, n) {
                Ok(put) => put,
                Err(errno) => return partial(done, errno),
            };
            done += put;
            if put < n {
                break;
            }
        }
        Ok(done)
    }

    /// Drops the oldest `n` bytes.
    pub fn discard(&mut self, n: usize) {
        let n = n.min(self.len);
        self.len -= n;
        self.head += n;
        if self.head >= self.capacity() {
            self.head -= self.capacity();
        }
        if self.len == 0 {
            self.rewind();
        }
    }

    /// Starts at the beginning again, with one frame.
    fn rewind(&mut self) {
        if self.slots.first().is_none_or(Option::is_none) {
            let kept = self.slots.iter_mut().find_map(Option::take);
            if let Some(first) = self.slots.first_mut() {
                *first = kept;
            }
        }
        if self.spread {
            self.slots.iter_mut().skip(1).for_each(|slot| *slot = None);
            self.spread = false;
        }
        self.head = 0;
    }

    /// Moves what is in it to a ring of `pages` pages.
    ///
    /// # Errors
    /// `EBUSY` if it does not fit, `ENOMEM`.
    pub fn resize(&mut self, pages: usize) -> Result<(), Errno> {
        if self.len > pages * PAGE_SIZE {
            return Err(Errno::EBUSY);
        }
        let mut larger = Self::new(pages)?;
        let mut at = 0;
        while at < self.len {
            let (slot, offset, span) = self.locate(at);
            let n = span.min(self.len - at);
            let mut chunk = [0; 256];
            let n = n.min(chunk.len());
            let Some(Some(frame)) = self.slots.get(slot) else { break };
            let chunk = chunk.get_mut(..n).unwrap_or_default();
            frame.read(offset, chunk);
            larger.push(&mut Source::kernel(chunk))?;
            at += n;
        }
        *self = larger;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn push(ring: &mut Ring, bytes: &[u8]) -> usize {
        ring.push(&mut Source::kernel(bytes)).unwrap()
    }

    fn pop(ring: &mut Ring, n: usize) -> Vec<u8> {
        let mut buf = vec![0; n];
        let n = ring.pop(&mut Dest::kernel(&mut buf)).unwrap();
        buf.truncate(n);
        buf
    }

    #[test]
    fn keeps_order_across_the_end() {
        let mut ring = Ring::new(2).unwrap();
        let text: Vec<u8> = (0..20_000u32).map(|n| (n % 251) as u8).collect();
        let (mut written, mut seen) = (0, Vec::new());
        for step in [5000, 3000, 1, 4096, 8192, 7].into_iter().cycle() {
            written += push(&mut ring, &text[written..text.len().min(written + step)]);
            assert!(ring.len() <= ring.capacity());
            seen.extend(pop(&mut ring, step - step / 3));
            if seen.len() == text.len() {
                break;
            }
        }
        assert_eq!(seen, text);
    }

    #[test]
    fn gives_memory_back_when_empty() {
        let mut ring = Ring::new(4).unwrap();
        assert_eq!(push(&mut ring, &[1; 20_000]), 4 * PAGE_SIZE);
        assert_eq!(ring.room(), 0);
        pop(&mut ring, 4 * PAGE_SIZE);
        assert_eq!(ring.slots.iter().flatten().count(), 1);
        push(&mut ring, b"abc");
        assert_eq!(pop(&mut ring, 9), b"abc");
    }

    #[test]
    fn changes_its_size() {
        let mut ring = Ring::new(1).unwrap();
        push(&mut ring, b"0123456789");
        pop(&mut ring, 5);
        ring.resize(2).unwrap();
        assert_eq!(push(&mut ring, &[7; 8192]), 8192 - 5);
        assert_eq!(ring.resize(1), Err(Errno::EBUSY));
        assert_eq!(pop(&mut ring, 6), b"56789\x07");
    }
}
