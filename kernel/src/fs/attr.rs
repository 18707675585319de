//! What is known about a file apart from its contents: [`Attr`], kept in every inode, and
//! [`FileStat`], the copy that `stat` shows.
//!
//! Neighbours: [`super::inode`] embeds [`Attr`], `sys/stat.rs` lays [`FileStat`] out for the
//! program.

use core::sync::atomic::{AtomicI32, AtomicU32, AtomicU64, Ordering};

use elfin_platform::sync::SpinLock;
use elfin_platform::time;
use elfin_syscalls::Errno;

/// The type bits of a file mode (`S_IFMT`).
pub const S_IFMT: u32 = 0o170_000;
/// Set-user-ID bit.
pub const S_ISUID: u32 = 0o4000;
/// Set-group-ID bit.
pub const S_ISGID: u32 = 0o2000;
/// Sticky bit.
pub const S_ISVTX: u32 = 0o1000;
/// Group execute bit: with it, the set-group-ID bit means what it says.
pub const S_IXGRP: u32 = 0o0010;
/// Nanoseconds in a second.
pub const NSEC_PER_SEC: u64 = 1_000_000_000;

/// The type of a file; the values are those of a mode's type bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum FileKind {
    /// A named pipe, or a pipe.
    Fifo = 0o010_000,
    /// A character device.
    Char = 0o020_000,
    /// A directory.
    Directory = 0o040_000,
    /// A block device.
    Block = 0o060_000,
    /// A regular file.
    Regular = 0o100_000,
    /// A symbolic link.
    Symlink = 0o120_000,
    /// A socket.
    Socket = 0o140_000,
    /// None of them: eventfd, epoll and their like.
    Anonymous = 0,
}

impl FileKind {
    /// The type that a mode's type bits name.
    #[must_use]
    pub const fn from_mode(mode: u32) -> Option<Self> {
        Some(match mode & S_IFMT {
            0o010_000 => Self::Fifo,
            0o020_000 => Self::Char,
            0o040_000 => Self::Directory,
            0o060_000 => Self::Block,
            0o100_000 => Self::Regular,
            0o120_000 => Self::Symlink,
            0o140_000 => Self::Socket,
            _ => return None,
        })
    }

    /// The mode's type bits.
    #[must_use]
    pub const fn mode_bits(self) -> u32 {
        self as u32
    }

    /// The `d_type` of a directory entry.
    #[must_use]
    pub const fn dirent_type(self) -> u8 {
        (self.mode_bits() >> 12) as u8
    }
}

/// A point in time, in nanoseconds since the epoch.
pub type Timestamp = u64;

/// The four times of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// Last read.
    pub atime: Timestamp,
    /// Last change of the contents.
    pub mtime: Timestamp,
    /// Last change of the contents or of the attributes.
    pub ctime: Timestamp,
    /// Creation.
    pub btime: Timestamp,
}

/// What every inode knows about itself.
pub struct Attr {
    /// The inode number.
    pub ino: u64,
    /// The device number of the file system.
    pub dev: u64,
    /// The device that a device node stands for.
    pub rdev: u64,
    /// The type of file.
    pub kind: FileKind,
    mode: AtomicU32,
    uid: AtomicU32,
    gid: AtomicU32,
    nlink: AtomicU32,
    /// Open files that write to it; or, below 0, those that run it and keep it as it is.
    writers: AtomicI32,
    times: SpinLock<Times>,
}

impl Attr {
    /// New attributes, with the current time and one link (two for a directory).
    #[must_use]
    pub fn new(ino: u64, dev: u64, kind: FileKind, mode: u32, uid: u32, gid: u32) -> Self {
        let now = time::wall();
        let nlink = if kind == FileKind::Directory { 2 } else { 1 };
        Self {
            ino,
            dev,
            rdev: 0,
            kind,
            mode: AtomicU32::new(mode & !S_IFMT),
            uid: AtomicU32::new(uid),
            gid: AtomicU32::new(gid),
            nlink: AtomicU32::new(nlink),
            writers: AtomicI32::new(0),
            times: SpinLock::new(Times { atime: now, mtime: now, ctime: now, btime: now }),
        }
    }

    /// Somebody opens the file for writing; ends with [`end_write`](Self::end_write).
    ///
    /// # Errors
    /// `ETXTBSY` while it runs as a program.
    pub fn begin_write(&self) -> Result<(), Errno> {
        self.count(|writers| (writers >= 0).then(|| writers + 1))
    }

    /// Somebody writes to the file no more.
    pub fn end_write(&self) {
        self.writers.fetch_sub(1, Ordering::AcqRel);
    }

    /// Somebody runs the file; ends with [`allow_writes`](Self::allow_writes).
    ///
    /// # Errors
    /// `ETXTBSY` while it is open for writing.
    pub fn deny_writes(&self) -> Result<(), Errno> {
        self.count(|writers| (writers <= 0).then(|| writers - 1))
    }

    /// Somebody runs the file no more.
    pub fn allow_writes(&self) {
        self.writers.fetch_add(1, Ordering::AcqRel);
    }

    fn count(&self, change: impl FnMut(i32) -> Option<i32>) -> Result<(), Errno> {
        let counted = self.writers.fetch_update(Ordering::AcqRel, Ordering::Acquire, change);
        counted.map(drop).map_err(|_| Errno::ETXTBSY)
    }

    /// The permission, set-id and sticky bits.
    #[inline]
    pub fn mode(&self) -> u32 {
        self.mode.load(Ordering::Relaxed)
    }

    /// The owner.
    #[inline]
    pub fn uid(&self) -> u32 {
        self.uid.load(Ordering::Relaxed)
    }

    /// The owning group.
    #[inline]
    pub fn gid(&self) -> u32 {
        self.gid.load(Ordering::Relaxed)
    }

    /// The number of names.
    #[inline]
    pub fn nlink(&self) -> u32 {
        self.nlink.load(Ordering::Relaxed)
    }

    /// Sets the permission bits and the time of change.
    pub fn set_mode(&self, mode: u32) {
        self.mode.store(mode & !S_IFMT, Ordering::Relaxed);
        self.touch_ctime();
    }

    /// Sets owner and group and the time of change.
    pub fn set_owner(&self, uid: u32, gid: u32) {
        self.uid.store(uid, Ordering::Relaxed);
        self.gid.store(gid, Ordering::Relaxed);
        self.touch_ctime();
    }

    /// Adds `delta` to the number of names.
    pub fn add_links(&self, delta: i32) {
        self.nlink.fetch_add(delta.cast_unsigned(), Ordering::Relaxed);
        self.touch_ctime();
    }

    /// Sets the number of names.
    pub fn set_links(&self, nlink: u32) {
        self.nlink.store(nlink, Ordering::Relaxed);
    }

    /// The times.
    pub fn times(&self) -> Times {
        *self.times.lock()
    }

    /// Changes the times.
    pub fn update_times(&self, change: impl FnOnce(&mut Times)) {
        change(&mut self.times.lock());
    }

    /// The contents were read: the access time moves on as `relatime` has it, that is, when it
    /// is not newer than the last change, or a day old.
    pub fn touch_atime(&self) {
        const DAY: u64 = 24 * 60 * 60 * NSEC_PER_SEC;
        let mut times = self.times.lock();
        let stale = times.atime <= times.mtime || times.atime <= times.ctime;
        let now = time::wall();
        if stale || now.saturating_sub(times.atime) >= DAY {
            times.atime = now;
        }
    }

    /// The contents were changed.
    pub fn touch_mtime(&self) {
        let now = time::wall();
        let mut times = self.times.lock();
        times.mtime = now;
        times.ctime = now;
    }

    /// The attributes were changed.
    pub fn touch_ctime(&self) {
        let now = time::wall();
        self.times.lock().ctime = now;
    }

    /// The copy for `stat`.
    #[must_use]
    pub fn stat(&self, size: u64, blocks: u64) -> FileStat {
        FileStat {
            dev: self.dev,
            ino: self.ino,
            mode: self.kind.mode_bits() | self.mode(),
            nlink: self.nlink(),
            uid: self.uid(),
            gid: self.gid(),
            rdev: self.rdev,
            size,
            block_size: FileStat::BLOCK_SIZE,
            blocks,
            times: self.times(),
        }
    }
}

/// What `stat` tells.
#[derive(Clone, Copy, Debug, Default)]
pub struct FileStat {
    /// The device number of the file system.
    pub dev: u64,
    /// The inode number.
    pub ino: u64,
    /// Type and permission bits.
    pub mode: u32,
    /// The number of names.
    pub nlink: u32,
    /// The owner.
    pub uid: u32,
    /// The owning group.
    pub gid: u32,
    /// The device that a device node stands for.
    pub rdev: u64,
    /// The size in bytes.
    pub size: u64,
    /// The best size for a transfer.
    pub block_size: u32,
    /// Allocated units of 512 bytes.
    pub blocks: u64,
    /// The times.
    pub times: Times,
}

impl FileStat {
    /// The usual block size: a page.
    pub const BLOCK_SIZE: u32 = 4096;
}

/// Counts inode numbers of objects outside of any directory (pipes, eventfds, sockets).
pub fn next_anonymous_ino() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// What `statfs` tells, in blocks of `block_size`.
#[derive(Clone, Copy, Debug, Default)]
pub struct StatFs {
    /// The file system's magic number.
    pub magic: u64,
    /// The block size.
    pub block_size: u64,
    /// All blocks.
    pub blocks: u64,
    /// Free blocks.
    pub free: u64,
    /// All inodes.
    pub files: u64,
    /// Free inodes.
    pub files_free: u64,
    /// The longest name.
    pub name_max: u64,
}

/// A device number in the kernel's encoding for user space (`new_encode_dev`).
#[must_use]
pub const fn makedev(major: u32, minor: u32) -> u64 {
    let (major, minor) = (major as u64, minor as u64);
    (minor & 0xff) | ((major & 0xfff) << 8) | ((minor & !0xff) << 12)
}

/// The major number of a device number.
#[must_use]
pub const fn major(dev: u64) -> u32 {
    ((dev >> 8) & 0xfff) as u32
}

/// The minor number of a device number.
#[must_use]
pub const fn minor(dev: u64) -> u32 {
    ((dev & 0xff) | ((dev >> 12) & 0xfff_ff00)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn device_numbers_are_linux_s() {
        assert_eq!(makedev(1, 3), 0x103);
        assert_eq!((major(makedev(136, 300)), minor(makedev(136, 300))), (136, 300));
        assert_eq!(FileKind::Directory.dirent_type(), 4);
        assert_eq!(FileKind::Regular.dirent_type(), 8);
    }
}
