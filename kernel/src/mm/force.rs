//! A tracer's access to a program's memory: whatever rights the program has there.

use elfin_platform::mm::Frame;
use elfin_syscalls::Errno;
use elfin_syscalls::args::ProtFlags;

use super::space::AddressSpace;
use super::vma::{Backing, Vma};
use super::{PAGE_SIZE, page_floor};

impl AddressSpace {
    /// Reads bytes at `address`, also where the program may not; how many there were before the
    /// first that nothing is mapped for. No page becomes part of the program by that.
    pub fn peek(&self, address: usize, bytes: &mut [u8]) -> usize {
        let inner = self.inner.read();
        let mut done = 0;
        while let Some(rest) = bytes.get_mut(done..).filter(|rest| !rest.is_empty()) {
            let Some(at) = address.checked_add(done) else { break };
            let page = page_floor(at);
            let Some(vma) = inner.map.find(page) else { break };
            let len = rest.len().min(PAGE_SIZE - (at - page));
            let (part, _) = rest.split_at_mut(len);
            match self.page_of(vma, page) {
                Ok(Some(frame)) => frame.read(at - page, part),
                Ok(None) => part.fill(0),
                Err(_) => break,
            }
            done += len;
        }
        done
    }

    /// The page at `address`; `None` for one of zeroes that is not there yet.
    fn page_of(&self, vma: &Vma, address: usize) -> Result<Option<Frame>, Errno> {
        match (self.pages.get(address), &vma.backing) {
            (Some((frame, _)), _) => Ok(Some(frame)),
            (None, Backing::Anonymous) => Ok(None),
            (None, Backing::Object { object, .. }) => {
                object.frame(vma.object_page(address), false).map(Some)
            }
        }
    }

    /// Writes bytes at `address`, also where the program may not: then to a copy of its own.
    ///
    /// # Errors
    /// `EFAULT` where nothing is mapped, or memory is shared and not writable; `ENOMEM`.
    pub fn poke(&self, address: usize, bytes: &[u8]) -> Result<(), Errno> {
        let end = address.checked_add(bytes.len()).ok_or(Errno::EFAULT)?;
        let refuses = |vma: &Vma| vma.is_shared() && !vma.prot.contains(ProtFlags::WRITE);
        if self.inner.read().map.overlapping(address..end).any(refuses) {
            return Err(Errno::EFAULT);
        }
        self.write(address, bytes)
    }
}
