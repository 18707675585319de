//! Page faults: pages are provided when they are touched.
//!
//! | mapping | read | write |
//! |---|---|---|
//! | anonymous | the zero frame, read-only | a zeroed frame |
//! | private object | the object's frame, read-only | a copy |
//! | shared object | the object's frame | the same |
//!
//! A read fault on an object also maps the pages around it that the object has at hand.

use core::ops::Range;

use elfin_platform::hooks::PageFault;
use elfin_platform::mm::Frame;
use elfin_platform::paging::PageFlags;
use elfin_platform::sync::Once;
use elfin_syscalls::Errno;
use elfin_syscalls::args::ProtFlags;

use super::space::{AddressSpace, Inner};
use super::vma::{Backing, Vma, VmaFlags};
use super::{PAGE_SIZE, STACK_GUARD, limits, page_floor};
use crate::fs::PathRef;

/// Pages that one read fault maps at most.
const AROUND: usize = 16;

/// References to a frame that is in one page table and in our hands, and nowhere else.
const OURS: u32 = 2;

/// Why a page could not be provided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultError {
    /// Nothing is mapped there (`SEGV_MAPERR`).
    NotMapped,
    /// The mapping does not allow the access (`SEGV_ACCERR`).
    NotAllowed,
    /// The file ends before it (`BUS_ADRERR`).
    PastEnd,
    /// Memory is out.
    OutOfMemory,
}

/// The frame of zeroes that untouched anonymous memory reads as.
fn zero_frame() -> Option<Frame> {
    static ZERO: Once<Frame> = Once::new();
    if let Some(frame) = ZERO.get() {
        return Some(frame.clone());
    }
    let fresh = Frame::zeroed()?;
    Some(ZERO.call_once(|| fresh).clone())
}

/// How pages are provided ahead of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Touch {
    /// For reading.
    Read,
    /// For writing.
    Write,
    /// So that private memory which may be written to is the program's own; the rest for reading.
    Own,
}

impl Touch {
    fn allowed(self, vma: &Vma) -> bool {
        match self {
            Self::Write => vma.prot.contains(ProtFlags::WRITE),
            Self::Read | Self::Own => vma.is_accessible(),
        }
    }

    fn writes(self, vma: &Vma) -> bool {
        match self {
            Self::Read => false,
            Self::Write => true,
            Self::Own => vma.prot.contains(ProtFlags::WRITE) && !vma.is_shared(),
        }
    }
}

fn allowed(vma: &Vma, fault: &PageFault) -> bool {
    if fault.execute {
        vma.prot.contains(ProtFlags::EXEC)
    } else if fault.write {
        vma.prot.contains(ProtFlags::WRITE)
    } else {
        vma.is_accessible()
    }
}

impl AddressSpace {
    /// Provides the page that `fault` touched. `stack_limit` is how large a growing mapping may
    /// become, in bytes.
    ///
    /// # Errors
    /// The reason, which decides the signal.
    pub fn fault(&self, fault: &PageFault, stack_limit: usize) -> Result<(), FaultError> {
        let address = page_floor(fault.address);
        {
            let inner = self.inner.read();
            if let Some(vma) = inner.map.find(address) {
                if !allowed(vma, fault) {
                    return Err(FaultError::NotAllowed);
                }
                return self.provide(vma, address, fault.write);
            }
        }
        self.grow_stack(address, stack_limit)?;
        let inner = self.inner.read();
        let vma = inner.map.find(address).ok_or(FaultError::NotMapped)?;
        if allowed(vma, fault) {
            self.provide(vma, address, fault.write)
        } else {
            Err(FaultError::NotAllowed)
        }
    }

    /// Provides all pages of `range`, as far as it is mapped.
    pub(super) fn populate(
        &self,
        inner: &Inner,
        range: Range<usize>,
        touch: Touch,
    ) -> Result<(), FaultError> {
        for vma in inner.map.overlapping(range.clone()) {
            if !touch.allowed(vma) {
                return Err(FaultError::NotAllowed);
            }
            let part = vma.start.max(range.start)..vma.end.min(range.end);
            for address in part.step_by(PAGE_SIZE) {
                self.provide(vma, address, touch.writes(vma))?;
            }
        }
        Ok(())
    }

    /// Runs `f(frame, offset in the frame, done, len)` over the pages of `address..address + len`,
    /// private copies made as for a write by the program, whatever the mapping's rights.
    fn each_page(
        &self,
        address: usize,
        len: usize,
        mut f: impl FnMut(&Frame, usize, usize, usize),
    ) -> Result<(), Errno> {
        let inner = self.inner.read();
        let mut done = 0;
        while done < len {
            let at = address.checked_add(done).ok_or(Errno::EFAULT)?;
            let page = page_floor(at);
            let vma = inner.map.find(page).ok_or(Errno::EFAULT)?;
            self.provide(vma, page, true).map_err(|error| match error {
                FaultError::OutOfMemory => Errno::ENOMEM,
                _ => Errno::EFAULT,
            })?;
            // Other threads of the program may take the page away again meanwhile.
            let Some((frame, _)) = self.pages.get(page) else { continue };
            let part = (PAGE_SIZE - (at - page)).min(len - done);
            f(&frame, at - page, done, part);
            done += part;
        }
        Ok(())
    }

    /// Writes `bytes` at `address`, which need not be the running program's.
    ///
    /// # Errors
    /// `EFAULT` where nothing is mapped, `ENOMEM`.
    pub fn write(&self, address: usize, bytes: &[u8]) -> Result<(), Errno> {
        self.each_page(address, bytes.len(), |frame, offset, done, len| {
            if let Some(part) = bytes.get(done..done + len) {
                frame.write(offset, part);
            }
        })
    }

    /// [`Self::write`] where the program itself might write.
    ///
    /// # Errors
    /// `EFAULT` where nothing is mapped or it may not be written to, `ENOMEM`.
    pub fn write_as_program(&self, address: usize, bytes: &[u8]) -> Result<(), Errno> {
        let end = address.checked_add(bytes.len()).ok_or(Errno::EFAULT)?;
        let prot = self.inner.read().map.common_prot(address..end);
        if prot.is_none_or(|prot| !prot.contains(ProtFlags::WRITE)) {
            return Err(Errno::EFAULT);
        }
        self.write(address, bytes)
    }

    /// Reads bytes at `address`, which need not be the running program's; how many there were
    /// before the first that cannot be read.
    pub fn read(&self, address: usize, bytes: &mut [u8]) -> usize {
        let inner = self.inner.read();
        let mut done = 0;
        while let Some(rest) = bytes.get_mut(done..).filter(|rest| !rest.is_empty()) {
            let Some(at) = address.checked_add(done) else { break };
            let page = page_floor(at);
            let Some(vma) = inner.map.find(page) else { break };
            let is_readable = vma.prot.contains(ProtFlags::READ);
            if !is_readable || self.provide(vma, page, false).is_err() {
                break;
            }
            let Some((frame, _)) = self.pages.get(page) else { break };
            let len = rest.len().min(PAGE_SIZE - (at - page));
            let (part, _) = rest.split_at_mut(len);
            frame.read(at - page, part);
            done += len;
        }
        done
    }

    /// Zeroes `len` bytes at `address`, which need not be the running program's.
    ///
    /// # Errors
    /// `EFAULT` where nothing is mapped, `ENOMEM`.
    pub fn zero(&self, address: usize, len: usize) -> Result<(), Errno> {
        self.each_page(address, len, |frame, offset, _, len| frame.zero(offset, len))
    }

    fn provide(&self, vma: &Vma, address: usize, write: bool) -> Result<(), FaultError> {
        match self.pages.get(address) {
            None if write => self.provide_new(vma, address),
            None => self.provide_read(vma, address),
            Some((frame, flags)) => self.provide_rights(vma, address, &frame, flags, write),
        }
    }

    /// A page is there; it lacks rights, or somebody else has provided them just now.
    fn provide_rights(
        &self,
        vma: &Vma,
        address: usize,
        frame: &Frame,
        flags: PageFlags,
        write: bool,
    ) -> Result<(), FaultError> {
        let wanted = vma.page_flags();
        if !write {
            if !flags.contains(wanted - PageFlags::WRITE) {
                let kept = PageFlags::DIRTY | PageFlags::WRITE | PageFlags::ZERO;
                let kept = wanted & !PageFlags::WRITE | flags & kept;
                self.pages.replace(address, frame, frame.clone(), kept);
            }
            return Ok(());
        }
        if flags.contains(PageFlags::WRITE) {
            return Ok(());
        }
        if vma.is_shared() {
            if let Backing::Object { object, path, .. } = &vma.backing {
                object.frame(vma.object_page(address), true).map_err(from_errno)?;
                note_change(path);
            }
            self.pages.replace(address, frame, frame.clone(), wanted | PageFlags::DIRTY);
            return Ok(());
        }
        if wanted.contains(PageFlags::WRITE) {
            if self.pages.make_writable(address, frame) {
                return Ok(());
            }
        } else if flags.contains(PageFlags::DIRTY) && frame.references() == OURS {
            // It is for the kernel to write, and nobody else's already.
            return Ok(());
        }
        let copy =
            if flags.contains(PageFlags::ZERO) { Frame::zeroed() } else { Frame::copy_of(frame) };
        let copy = copy.ok_or(FaultError::OutOfMemory)?;
        self.pages.replace(address, frame, copy, wanted | PageFlags::DIRTY);
        Ok(())
    }

    fn provide_new(&self, vma: &Vma, address: usize) -> Result<(), FaultError> {
        let frame = match &vma.backing {
            Backing::Anonymous => Frame::zeroed(),
            Backing::Object { object, path, .. } => {
                let page = vma.object_page(address);
                if vma.is_shared() {
                    note_change(path);
                    Some(object.frame(page, true).map_err(from_errno)?)
                } else {
                    Frame::copy_of(&object.frame(page, false).map_err(from_errno)?)
                }
            }
        };
        let frame = frame.ok_or(FaultError::OutOfMemory)?;
        self.map(address, frame, vma.page_flags() | PageFlags::DIRTY)
    }

    fn provide_read(&self, vma: &Vma, address: usize) -> Result<(), FaultError> {
        let Backing::Object { object, .. } = &vma.backing else {
            let frame = zero_frame().ok_or(FaultError::OutOfMemory)?;
            let flags = (vma.page_flags() - PageFlags::WRITE) | PageFlags::ZERO;
            return self.map(address, frame, flags);
        };
        // A shared page is mapped without write access, too: the object hears of the first write.
        let flags = vma.page_flags() - PageFlags::WRITE;
        let page = vma.object_page(address);
        let frame = object.frame(page, false).map_err(from_errno)?;
        self.map(address, frame, flags)?;
        let window = address & !(AROUND * PAGE_SIZE - 1);
        let around = window.max(vma.start)..(window + AROUND * PAGE_SIZE).min(vma.end);
        for near in around.step_by(PAGE_SIZE) {
            if near != address
                && let Some(frame) = object.peek(vma.object_page(near))
            {
                self.map(near, frame, flags)?;
            }
        }
        Ok(())
    }

    fn map(&self, address: usize, frame: Frame, flags: PageFlags) -> Result<(), FaultError> {
        self.pages.map_new(address, frame, flags).map(|_| ()).map_err(|_| FaultError::OutOfMemory)
    }

    /// Lets the growing mapping above `address` reach down to it.
    fn grow_stack(&self, address: usize, limit: usize) -> Result<(), FaultError> {
        let mut inner = self.inner.write();
        let above = inner.map.find_or_next(address).ok_or(FaultError::NotMapped)?;
        if address >= above.start {
            return Ok(());
        }
        let (start, end) = (above.start, above.end);
        if !above.flags.contains(VmaFlags::GROWS_DOWN) || end - address > limit {
            return Err(FaultError::NotMapped);
        }
        let guarded = inner.map.last_below(address).is_some_and(|below| {
            !below.flags.contains(VmaFlags::GROWS_DOWN)
                && below.is_accessible()
                && address < below.end.saturating_add(STACK_GUARD)
        });
        if guarded || limits::check(inner.map.totals(), above, start - address).is_err() {
            return Err(FaultError::NotMapped);
        }
        inner.map.extend_down(start, address);
        self.note_size(&inner);
        Ok(())
    }
}

/// The program is about to change a page of a file that it has mapped: so do the file's times.
fn note_change(path: &Option<PathRef>) {
    if let Some(path) = path {
        path.inode().attr().touch_mtime();
    }
}

fn from_errno(errno: Errno) -> FaultError {
    if errno == Errno::ENOMEM { FaultError::OutOfMemory } else { FaultError::PastEnd }
}
