//! [`FdTable`]: the descriptors of a process.
//!
//! A descriptor is an index; the lowest free one is given out. Looking one up is a short lock, a
//! bounds check and a reference count. Whatever leaves the table is dropped outside of the lock,
//! for closing may sleep.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicUsize, Ordering};

use elfin_platform::sync::SpinLock;
use elfin_syscalls::Errno;
use elfin_syscalls::args::{Fd, Resource};

use super::file::OpenFile;
use crate::task::try_current;

/// The most descriptors that any limit allows (`/proc/sys/fs/nr_open`).
pub const NR_OPEN: usize = 1024 * 1024;
const WORD: usize = u64::BITS as usize;

/// Descriptors and the open files they refer to.
pub struct FdTable {
    slots: SpinLock<Slots>,
    /// Threads that use it.
    users: AtomicUsize,
}

#[derive(Default, Clone)]
struct Slots {
    files: Vec<Option<Arc<OpenFile>>>,
    /// A bit per descriptor: close on exec.
    cloexec: Vec<u64>,
    /// No descriptor below this one is free.
    lowest: usize,
}

impl FdTable {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        Self { slots: SpinLock::default(), users: AtomicUsize::new(0) }
    }

    /// A table with the same descriptors (`fork`, `CLOSE_RANGE_UNSHARE`).
    ///
    /// # Errors
    /// `ENOMEM`.
    pub fn duplicate(&self) -> Result<Self, Errno> {
        let slots = self.slots.lock();
        let mut copy = Slots { lowest: slots.lowest, ..Slots::default() };
        copy.files.try_reserve_exact(slots.files.len()).map_err(|_| Errno::ENOMEM)?;
        copy.cloexec.try_reserve_exact(slots.cloexec.len()).map_err(|_| Errno::ENOMEM)?;
        copy.files.extend(slots.files.iter().cloned());
        copy.cloexec.extend_from_slice(&slots.cloexec);
        Ok(Self { slots: SpinLock::new(copy), users: AtomicUsize::new(0) })
    }

    /// One more thread uses the table.
    pub fn join(&self) {
        self.users.fetch_add(1, Ordering::Relaxed);
    }

    /// A thread uses the table no more; the last one closes everything.
    pub fn leave(&self) {
        if self.users.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.clear();
        }
    }

    /// The number of threads that use it.
    pub fn users(&self) -> usize {
        self.users.load(Ordering::Acquire)
    }

    /// The open file that `fd` refers to.
    ///
    /// # Errors
    /// `EBADF` if there is none, or it is only a place in the tree (`O_PATH`).
    #[inline]
    pub fn get(&self, fd: Fd) -> Result<Arc<OpenFile>, Errno> {
        let file = self.get_any(fd)?;
        if file.is_path() { Err(Errno::EBADF) } else { Ok(file) }
    }

    /// The open file that `fd` refers to, `O_PATH` ones too.
    ///
    /// # Errors
    /// `EBADF` if there is none.
    #[inline]
    pub fn get_any(&self, fd: Fd) -> Result<Arc<OpenFile>, Errno> {
        let index = fd.index().ok_or(Errno::EBADF)?;
        let slots = self.slots.lock();
        slots.files.get(index).and_then(Option::as_ref).cloned().ok_or(Errno::EBADF)
    }

    /// Gives `file` the lowest free descriptor.
    ///
    /// # Errors
    /// `EMFILE` at the limit, `ENOMEM`.
    pub fn install(&self, file: Arc<OpenFile>, cloexec: bool) -> Result<Fd, Errno> {
        self.install_from(0, file, cloexec)
    }

    /// Gives `file` the lowest free descriptor that is not below `first` (`F_DUPFD`).
    ///
    /// # Errors
    /// `EMFILE` at the limit, `ENOMEM`.
    pub fn install_from(
        &self,
        first: usize,
        file: Arc<OpenFile>,
        cloexec: bool,
    ) -> Result<Fd, Errno> {
        let limit = limit();
        let mut slots = self.slots.lock();
        let index = slots.free_from(first);
        if index >= limit {
            // Outside of the lock: dropping it may sleep.
            drop(slots);
            drop(file);
            return Err(Errno::EMFILE);
        }
        if slots.grow(index).is_err() {
            drop(slots);
            drop(file);
            return Err(Errno::ENOMEM);
        }
        slots.put(index, Some(file), cloexec);
        if first <= slots.lowest {
            slots.lowest = index + 1;
        }
        descriptor(index)
    }

    /// Makes `fd` refer to `file`, whatever it was before (`dup2`, `dup3`).
    ///
    /// # Errors
    /// `EBADF` if `fd` is negative or at the limit, `ENOMEM`.
    pub fn install_at(&self, fd: Fd, file: Arc<OpenFile>, cloexec: bool) -> Result<(), Errno> {
        let index = fd.index().filter(|&index| index < limit()).ok_or(Errno::EBADF)?;
        let mut slots = self.slots.lock();
        slots.grow(index)?;
        let old = slots.put(index, Some(file), cloexec);
        drop(slots);
        drop(old);
        Ok(())
    }

    /// Takes `fd` out of the table; dropping what is returned closes it.
    ///
    /// # Errors
    /// `EBADF` if there is none.
    pub fn take(&self, fd: Fd) -> Result<Arc<OpenFile>, Errno> {
        let index = fd.index().ok_or(Errno::EBADF)?;
        self.slots.lock().remove(index).ok_or(Errno::EBADF)
    }

    /// Closes `fd`.
    ///
    /// # Errors
    /// `EBADF` if there is none.
    pub fn close(&self, fd: Fd) -> Result<(), Errno> {
        self.take(fd).map(drop)
    }

    /// Takes the next descriptor out that is in `first..=last`; `None` if there is none.
    pub fn take_next(&self, first: usize, last: usize) -> Option<(usize, Arc<OpenFile>)> {
        let mut slots = self.slots.lock();
        let end = slots.files.len().min(last.saturating_add(1));
        for index in first..end {
            if let Some(file) = slots.remove(index) {
                return Some((index, file));
            }
        }
        None
    }

    /// Takes the next descriptor out that is to be closed on exec.
    pub fn take_cloexec(&self) -> Option<Arc<OpenFile>> {
        let mut slots = self.slots.lock();
        let index = (0..slots.files.len())
            .find(|&index| slots.cloexec(index) && matches!(slots.files.get(index), Some(Some(_))));
        index.and_then(|index| slots.remove(index))
    }

    /// Whether `fd` is closed on exec.
    ///
    /// # Errors
    /// `EBADF` if there is none.
    pub fn cloexec(&self, fd: Fd) -> Result<bool, Errno> {
        let index = fd.index().ok_or(Errno::EBADF)?;
        let slots = self.slots.lock();
        match slots.files.get(index) {
            Some(Some(_)) => Ok(slots.cloexec(index)),
            _ => Err(Errno::EBADF),
        }
    }

    /// Sets whether `fd` is closed on exec.
    ///
    /// # Errors
    /// `EBADF` if there is none.
    pub fn set_cloexec(&self, fd: Fd, on: bool) -> Result<(), Errno> {
        let index = fd.index().ok_or(Errno::EBADF)?;
        let mut slots = self.slots.lock();
        match slots.files.get(index) {
            Some(Some(_)) => {
                slots.set_cloexec(index, on);
                Ok(())
            }
            _ => Err(Errno::EBADF),
        }
    }

    /// Marks all descriptors in `first..=last` as to be closed on exec.
    pub fn set_cloexec_range(&self, first: usize, last: usize) {
        let mut slots = self.slots.lock();
        let end = slots.files.len().min(last.saturating_add(1));
        for index in first..end {
            if matches!(slots.files.get(index), Some(Some(_))) {
                slots.set_cloexec(index, true);
            }
        }
    }

    /// The first descriptor in use that is not below `first`, with its file.
    pub fn next(&self, first: usize) -> Option<(usize, Arc<OpenFile>)> {
        let slots = self.slots.lock();
        let rest = slots.files.get(first..)?;
        let (offset, file) =
            rest.iter().enumerate().find_map(|(i, file)| Some((i, file.as_ref()?)))?;
        Some((first + offset, file.clone()))
    }

    /// The number of slots there are (`FDSize` in `/proc/<pid>/status`).
    pub fn capacity(&self) -> usize {
        self.slots.lock().files.len().max(WORD).next_multiple_of(WORD)
    }

    /// Closes everything.
    pub fn clear(&self) {
        let slots = core::mem::take(&mut *self.slots.lock());
        drop(slots);
    }
}

impl Default for FdTable {
    fn default() -> Self {
        Self::new()
    }
}

impl Slots {
    fn free_from(&self, first: usize) -> usize {
        let start = first.max(self.lowest);
        let rest = self.files.get(start..).unwrap_or_default();
        match rest.iter().position(Option::is_none) {
            Some(offset) => start + offset,
            None => start.max(self.files.len()),
        }
    }

    /// Makes room for `index`.
    fn grow(&mut self, index: usize) -> Result<(), Errno> {
        if index < self.files.len() {
            return Ok(());
        }
        let words = index / WORD + 1;
        self.files.try_reserve(index + 1 - self.files.len()).map_err(|_| Errno::ENOMEM)?;
        if words > self.cloexec.len() {
            self.cloexec.try_reserve(words - self.cloexec.len()).map_err(|_| Errno::ENOMEM)?;
            self.cloexec.resize(words, 0);
        }
        self.files.resize(index + 1, None);
        Ok(())
    }

    fn put(
        &mut self,
        index: usize,
        file: Option<Arc<OpenFile>>,
        cloexec: bool,
    ) -> Option<Arc<OpenFile>> {
        self.set_cloexec(index, cloexec);
        let slot = self.files.get_mut(index)?;
        core::mem::replace(slot, file)
    }

    fn remove(&mut self, index: usize) -> Option<Arc<OpenFile>> {
        let file = self.files.get_mut(index)?.take()?;
        self.lowest = self.lowest.min(index);
        Some(file)
    }

    fn cloexec(&self, index: usize) -> bool {
        self.cloexec.get(index / WORD).is_some_and(|word| word >> (index % WORD) & 1 != 0)
    }

    fn set_cloexec(&mut self, index: usize, on: bool) {
        if let Some(word) = self.cloexec.get_mut(index / WORD) {
            let bit = 1 << (index % WORD);
            if on { *word |= bit } else { *word &= !bit }
        }
    }
}

/// The first descriptor that is not given out any more: the running process's soft
/// `RLIMIT_NOFILE`.
pub fn limit() -> usize {
    let soft = try_current().map(|thread| thread.process.rlimits.soft(Resource::NOFILE));
    soft.and_then(|soft| usize::try_from(soft).ok()).unwrap_or(NR_OPEN).min(NR_OPEN)
}

fn descriptor(index: usize) -> Result<Fd, Errno> {
    i32::try_from(index).map(Fd).map_err(|_| Errno::EMFILE)
}

#[cfg(test)]
mod tests {
    use super::super::dev::path_only;
    use super::*;
    use elfin_syscalls::args::OpenFlags;

    fn file() -> Arc<OpenFile> {
        OpenFile::new(path_only(), OpenFlags::RDWR, None)
    }

    #[test]
    fn gives_the_lowest() {
        let table = FdTable::new();
        for fd in 0..5 {
            assert_eq!(table.install(file(), false), Ok(Fd(fd)));
        }
        table.close(Fd(1)).unwrap();
        table.close(Fd(3)).unwrap();
        assert_eq!(table.install_from(2, file(), false), Ok(Fd(3)));
        assert_eq!(table.install(file(), false), Ok(Fd(1)));
        assert_eq!(table.install(file(), false), Ok(Fd(5)));
        assert_eq!(table.install_from(100, file(), true), Ok(Fd(100)));
        assert_eq!(table.install(file(), false), Ok(Fd(6)));
        assert_eq!(table.close(Fd(50)), Err(Errno::EBADF));
        assert_eq!(table.get(Fd(-1)).err(), Some(Errno::EBADF));
    }

    #[test]
    fn close_on_exec_belongs_to_the_descriptor() {
        let table = FdTable::new();
        let shared = file();
        table.install(shared.clone(), true).unwrap();
        table.install(shared, false).unwrap();
        assert_eq!((table.cloexec(Fd(0)), table.cloexec(Fd(1))), (Ok(true), Ok(false)));
        table.install_at(Fd(70), file(), false).unwrap();
        table.set_cloexec_range(1, usize::MAX);
        table.set_cloexec(Fd(0), false).unwrap();
        let copy = table.duplicate().unwrap();
        assert!(table.take_cloexec().is_some() && table.take_cloexec().is_some());
        assert!(table.take_cloexec().is_none());
        assert!(table.get(Fd(0)).is_ok() && copy.get(Fd(70)).is_ok());
        assert_eq!(copy.take_next(1, 69).map(|(fd, _)| fd), Some(1));
        assert!(copy.take_next(2, 69).is_none());
    }

    #[test]
    fn places_are_no_files() {
        let table = FdTable::new();
        let place = OpenFile::new(path_only(), OpenFlags::PATH, None);
        let fd = table.install(place, false).unwrap();
        assert_eq!(table.get(fd).err(), Some(Errno::EBADF));
        assert!(table.get_any(fd).is_ok());
    }
}
