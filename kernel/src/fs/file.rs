//! [`File`]: what a descriptor refers to, and [`OpenFile`]: the open file description around it.
//!
//! Every kind of file implements [`File`]: regular files and directories, devices, pipes,
//! eventfd, timerfd, epoll, sockets. Methods that a kind does not have keep their default, which
//! is what Linux answers. Neighbours: [`super::FdTable`] maps descriptors to open files,
//! `sys/file.rs` calls the methods.

use alloc::format;
use alloc::string::String;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::any::Any;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use elfin_platform::sync::SpinLock;
pub use elfin_syscalls::args::Whence;
use elfin_syscalls::args::{OpenFlags, UserAddr};
use elfin_syscalls::{Errno, SysResult};

use super::attr::{FileKind, FileStat};
use super::dentry::PathRef;
use super::inode::{Inode, Mappable};
use super::transfer::{Dest, Source};
use super::watch;
use crate::event::sigio::FileSignals;
use crate::sys::Cx;
use crate::task::{Mutex, PollEvents, PollTable};

/// The offset that stands for the end of the file in [`File::write_at`].
pub const APPEND: u64 = u64::MAX;

/// What a descriptor refers to. The checks of access mode and arguments that are the same for
/// all kinds have been made by the caller.
pub trait File: Send + Sync + Any {
    /// Reads at `of`'s position where that has a meaning, and moves it. Waits unless
    /// [`OpenFile::nonblocking`]. The bytes read; 0 at the end.
    ///
    /// # Errors
    /// By default `EINVAL`: not readable at all.
    fn read(&self, _of: &OpenFile, _dst: &mut Dest<'_>) -> SysResult {
        Err(Errno::EINVAL)
    }

    /// Writes, as [`read`](Self::read) reads.
    ///
    /// # Errors
    /// By default `EINVAL`: not writable at all.
    fn write(&self, _of: &OpenFile, _src: &mut Source<'_>) -> SysResult {
        Err(Errno::EINVAL)
    }

    /// Reads at `offset` without moving the position.
    ///
    /// # Errors
    /// By default `ESPIPE`: the file has no positions.
    fn read_at(&self, _offset: u64, _dst: &mut Dest<'_>) -> SysResult {
        Err(Errno::ESPIPE)
    }

    /// Writes at `offset` ([`APPEND`]: at the end) without moving the position.
    ///
    /// # Errors
    /// By default `ESPIPE`: the file has no positions.
    fn write_at(&self, _offset: u64, _src: &mut Source<'_>) -> SysResult {
        Err(Errno::ESPIPE)
    }

    /// What the file is ready for now; with `table`, registers for later changes first.
    fn poll(&self, _of: &OpenFile, _table: Option<&mut PollTable<'_>>) -> PollEvents {
        PollEvents::READABLE | PollEvents::WRITABLE
    }

    /// Whether `poll` says anything: `epoll` refuses files whose readiness never changes
    /// (regular files and directories) with `EPERM`.
    fn pollable(&self) -> bool {
        true
    }

    /// Whether `O_ASYNC` has signals sent when it becomes ready.
    fn sends_signals(&self) -> bool {
        false
    }

    /// A device's own commands; those that are the same for all (`FIONBIO`, …) are served by
    /// the caller.
    ///
    /// # Errors
    /// By default `ENOTTY`.
    fn ioctl(&self, _of: &OpenFile, _cx: &mut Cx<'_>, _cmd: u32, _arg: UserAddr) -> SysResult {
        Err(Errno::ENOTTY)
    }

    /// Moves the position; the new one.
    ///
    /// # Errors
    /// By default `ESPIPE`.
    fn seek(&self, _of: &OpenFile, _offset: i64, _whence: Whence) -> SysResult {
        Err(Errno::ESPIPE)
    }

    /// The attributes of a file without an inode. Files with a path are asked by their inode.
    ///
    /// # Errors
    /// By default none: an anonymous inode's attributes.
    fn stat(&self) -> Result<FileStat, Errno> {
        Ok(FileStat {
            mode: 0o600,
            nlink: 1,
            block_size: FileStat::BLOCK_SIZE,
            ..FileStat::default()
        })
    }

    /// The inode, for files that have one without having a path.
    fn inode(&self) -> Option<&Arc<dyn Inode>> {
        None
    }

    /// The pages, for `mmap`; `None` is `ENODEV`.
    fn mapping(&self) -> Option<Arc<dyn Mappable>> {
        None
    }

    /// The last descriptor was closed.
    fn release(&self, _of: &OpenFile) {}

    /// The process `pid` closed a descriptor, whether or not there are others.
    fn closed_by(&self, _pid: u32) {}

    /// For downcasts: sockets, epoll, pipes.
    fn as_any(&self) -> &dyn Any;

    /// `F_SETFL` or `FIONBIO` changed the status flags.
    fn status_changed(&self, _of: &OpenFile) {}

    /// What `/proc/<pid>/fd/<n>` shows for a file without a path.
    fn describe(&self) -> String {
        let stat = self.stat().unwrap_or_default();
        match FileKind::from_mode(stat.mode) {
            Some(FileKind::Socket) => format!("socket:[{}]", stat.ino),
            Some(FileKind::Fifo) => format!("pipe:[{}]", stat.ino),
            _ => String::from("anon_inode:[file]"),
        }
    }

    /// The lines that this kind adds to `/proc/<pid>/fdinfo/<n>`.
    fn fdinfo(&self, _of: &OpenFile) -> String {
        String::new()
    }
}

/// Somebody who keeps something for an open file and drops it with the last descriptor: an
/// epoll's interest.
pub trait Watcher: Send + Sync {
    /// The open file is being closed.
    fn closed(&self);
}

/// What an open file does to others that open the same file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// Nothing.
    Any,
    /// Nobody can run it: counted by [`Attr::begin_write`](super::attr::Attr::begin_write).
    Writes,
    /// It runs, and nobody can write to it: counted by
    /// [`Attr::deny_writes`](super::attr::Attr::deny_writes).
    DeniesWrites,
}

/// An open file description: a file, its status flags and position. Shared by the descriptors
/// that `dup` and `fork` make of one.
pub struct OpenFile {
    /// The file.
    pub file: Arc<dyn File>,
    /// Where it was opened; `None` for files without a place in the tree.
    pub path: Option<PathRef>,
    /// Whom `SIGIO` goes to, and what sends it.
    pub signals: FileSignals,
    /// What it does to others that open the same file.
    share: Share,
    /// A lock of the whole file or of a range may be held by this description.
    pub holds_locks: AtomicBool,
    flags: AtomicU32,
    position: Mutex<u64>,
    watchers: SpinLock<Vec<Weak<dyn Watcher>>>,
}

impl OpenFile {
    /// Opens `file`. Of `flags` the access mode and the status flags are kept.
    #[must_use]
    pub fn new(file: Arc<dyn File>, flags: OpenFlags, path: Option<PathRef>) -> Arc<Self> {
        Self::shared(file, flags, path, Share::Any)
    }

    /// [`Self::new`] for a file at a place, of which the caller has counted what `share` says.
    #[must_use]
    pub fn shared(
        file: Arc<dyn File>,
        flags: OpenFlags,
        path: Option<PathRef>,
        share: Share,
    ) -> Arc<Self> {
        let kept = flags
            - (OpenFlags::CREAT
                | OpenFlags::EXCL
                | OpenFlags::NOCTTY
                | OpenFlags::TRUNC
                | OpenFlags::CLOEXEC);
        Arc::new(Self {
            file,
            path,
            signals: FileSignals::new(),
            share,
            holds_locks: AtomicBool::new(false),
            flags: AtomicU32::new(kept.bits()),
            position: Mutex::new(0),
            watchers: SpinLock::new(Vec::new()),
        })
    }

    /// Access mode and status flags.
    #[inline]
    pub fn flags(&self) -> OpenFlags {
        OpenFlags::from_bits_retain(self.flags.load(Ordering::Relaxed))
    }

    /// Replaces the status flags that can be changed ([`OpenFlags::SETTABLE`]).
    pub fn set_flags(&self, flags: OpenFlags) {
        let mut settable = OpenFlags::SETTABLE;
        if !self.file.sends_signals() {
            settable -= OpenFlags::ASYNC;
        }
        let settable = settable.bits();
        let kept = self.flags.load(Ordering::Relaxed) & !settable;
        self.flags.store(kept | (flags.bits() & settable), Ordering::Relaxed);
        self.file.status_changed(self);
    }

    /// Sets or clears one status flag.
    pub fn set_flag(&self, flag: OpenFlags, on: bool) {
        let mut flags = self.flags();
        flags.set(flag, on);
        self.set_flags(flags);
    }

    /// Whether it is open for reading.
    #[inline]
    pub fn readable(&self) -> bool {
        let flags = self.flags();
        flags.readable() && !flags.contains(OpenFlags::PATH)
    }

    /// Whether it is open for writing.
    #[inline]
    pub fn writable(&self) -> bool {
        let flags = self.flags();
        flags.writable() && !flags.contains(OpenFlags::PATH)
    }

    /// Whether calls are not to wait.
    #[inline]
    pub fn nonblocking(&self) -> bool {
        self.flags().contains(OpenFlags::NONBLOCK)
    }

    /// Whether it is only a place in the tree (`O_PATH`).
    #[inline]
    pub fn is_path(&self) -> bool {
        self.flags().contains(OpenFlags::PATH)
    }

    /// The position, locked: those who share it take turns.
    #[inline]
    pub fn position(&self) -> &Mutex<u64> {
        &self.position
    }

    /// The inode, for files that have one.
    pub fn inode(&self) -> Option<&Arc<dyn Inode>> {
        match &self.path {
            Some(path) => Some(path.inode()),
            None => self.file.inode(),
        }
    }

    /// The attributes.
    ///
    /// # Errors
    /// The file's.
    pub fn stat(&self) -> Result<FileStat, Errno> {
        match self.inode() {
            Some(inode) => inode.stat(),
            None => self.file.stat(),
        }
    }

    /// Reads at the position (`read`, `readv`).
    ///
    /// # Errors
    /// `EBADF` if it is not open for reading, and the file's.
    #[inline]
    pub fn read(&self, dst: &mut Dest<'_>) -> SysResult {
        if !self.readable() {
            return Err(Errno::EBADF);
        }
        let n = self.file.read(self, dst)?;
        if n > 0 {
            watch::accessed(self);
        }
        Ok(n)
    }

    /// Writes at the position (`write`, `writev`).
    ///
    /// # Errors
    /// `EBADF` if it is not open for writing, and the file's.
    #[inline]
    pub fn write(&self, src: &mut Source<'_>) -> SysResult {
        if !self.writable() {
            return Err(Errno::EBADF);
        }
        let n = self.file.write(self, src)?;
        if n > 0 {
            watch::modified(self);
        }
        Ok(n)
    }

    /// Reads at `offset` (`pread`): the caller has checked that it is open for reading.
    ///
    /// # Errors
    /// The file's.
    #[inline]
    pub fn read_at(&self, offset: u64, dst: &mut Dest<'_>) -> SysResult {
        let n = self.file.read_at(offset, dst)?;
        if n > 0 {
            watch::accessed(self);
        }
        Ok(n)
    }

    /// Writes at `offset`, or at the end ([`APPEND`]) (`pwrite`): the caller has checked that it
    /// is open for writing.
    ///
    /// # Errors
    /// The file's.
    #[inline]
    pub fn write_at(&self, offset: u64, src: &mut Source<'_>) -> SysResult {
        let n = self.file.write_at(offset, src)?;
        if n > 0 {
            watch::modified(self);
        }
        Ok(n)
    }

    /// What the file is ready for.
    #[inline]
    pub fn poll(&self, table: Option<&mut PollTable<'_>>) -> PollEvents {
        self.file.poll(self, table)
    }

    /// Tells `watcher` when the last descriptor is closed.
    ///
    /// # Errors
    /// `ENOMEM`.
    pub fn watch(&self, watcher: Weak<dyn Watcher>) -> Result<(), Errno> {
        let mut watchers = self.watchers.lock();
        if watchers.len() == watchers.capacity() {
            watchers.retain(|watcher| watcher.strong_count() != 0);
            watchers.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        }
        watchers.push(watcher);
        Ok(())
    }
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        self.signals.end();
        watch::closed(self);
        for watcher in core::mem::take(self.watchers.get_mut()) {
            if let Some(watcher) = watcher.upgrade() {
                watcher.closed();
            }
        }
        if let Some(path) = &self.path {
            match self.share {
                Share::Any => {}
                Share::Writes => path.inode().attr().end_write(),
                Share::DeniesWrites => path.inode().attr().allow_writes(),
            }
        }
        if *self.holds_locks.get_mut() {
            super::locks::release_description(self);
        }
        self.file.release(self);
    }
}

/// `read` of a file with positions, by its `read_at`.
///
/// # Errors
/// The file's.
pub fn read_at_position(file: &dyn File, of: &OpenFile, dst: &mut Dest<'_>) -> SysResult {
    let mut position = of.position().lock();
    let n = file.read_at(*position, dst)?;
    *position = position.saturating_add(n as u64);
    Ok(n)
}

/// `seek` of a file of `size` bytes without holes.
///
/// # Errors
/// `EINVAL` for a negative result, `EOVERFLOW` for one that does not fit, `ENXIO` for data or a
/// hole beyond the end.
pub fn seek_within(of: &OpenFile, size: u64, offset: i64, whence: Whence) -> SysResult {
    let mut position = of.position().lock();
    let base = match whence {
        Whence::Set => 0,
        Whence::Cur => *position,
        Whence::End => size,
        Whence::Data | Whence::Hole => {
            let from = u64::try_from(offset).map_err(|_| Errno::ENXIO)?;
            if from >= size {
                return Err(Errno::ENXIO);
            }
            *position = if whence == Whence::Data { from } else { size };
            return usize::try_from(*position).map_err(|_| Errno::EOVERFLOW);
        }
    };
    let target = base.checked_add_signed(offset).ok_or(if offset < 0 {
        Errno::EINVAL
    } else {
        Errno::EOVERFLOW
    })?;
    if i64::try_from(target).is_err() {
        return Err(if offset < 0 { Errno::EINVAL } else { Errno::EOVERFLOW });
    }
    *position = target;
    usize::try_from(target).map_err(|_| Errno::EOVERFLOW)
}
