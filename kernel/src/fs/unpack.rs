//! [`unpack`]: the initramfs becomes the root file system.
//!
//! First the names are made, while the archive is whole; then the contents of regular files are
//! moved: pages that begin at a page of the archive are adopted as they are, the rest is copied,
//! and what has been moved is freed at once. So a large program needs no second copy of itself.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use elfin_loader::cpio::{Entries, Entry, FileType};
use elfin_loader::gzip;
use elfin_platform::boot::Initramfs;
use elfin_platform::mm::{self, Frame, PAGE_SIZE};
use elfin_syscalls::Errno;

use super::attr::{FileKind, NSEC_PER_SEC, makedev};
use super::context::FsContext;
use super::dentry::PathRef;
use super::inode::Inode;
use super::namei::{self, Make};
use super::tmpfs::{Pages, TmpInode};
use super::walk::{WalkFlags, Walker};
use crate::task::Cred;

/// Permissions of directories that the archive does not mention.
const DIRECTORY: u32 = 0o755;

/// Why the initramfs could not be unpacked.
#[derive(Debug)]
pub struct UnpackError {
    what: String,
    /// The error as a program would see it.
    pub errno: Errno,
}

impl fmt::Display for UnpackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "initramfs: {}: {}", self.what, self.errno.message())
    }
}

/// Contents to be moved: where they are in the archive, and the file they belong to.
struct Contents {
    data: Range<usize>,
    pages: Arc<Pages>,
}

/// Unpacks the archive, gzip'd or not, into `root`.
///
/// # Errors
/// What is wrong with the archive, or that memory ran out.
pub fn unpack(root: &PathRef, archive: Initramfs) -> Result<(), UnpackError> {
    let bytes = archive.bytes();
    if gzip::is_gzip(bytes) {
        let inflated = inflate(bytes)?;
        drop(archive);
        return unpack_slice(root, &inflated);
    }
    let mut contents = Vec::new();
    let rest = make_names(root, bytes, &mut contents)?;
    let tail = if gzip::is_gzip(rest) { Some(inflate(rest)?) } else { None };
    move_contents(archive, &contents)?;
    match tail {
        Some(tail) => unpack_slice(root, &tail),
        None => Ok(()),
    }
}

/// Unpacks an archive that is a plain slice: everything is copied.
///
/// # Errors
/// As [`unpack`].
pub fn unpack_slice(root: &PathRef, bytes: &[u8]) -> Result<(), UnpackError> {
    let mut contents = Vec::new();
    make_names(root, bytes, &mut contents)?;
    for Contents { data, pages } in contents {
        let bytes = bytes.get(data).unwrap_or_default();
        for (index, page) in (0..).zip(bytes.chunks(PAGE_SIZE)) {
            let frame = Frame::filled(page).ok_or_else(out_of_memory)?;
            pages.adopt(index, frame).map_err(|_| out_of_memory())?;
        }
    }
    Ok(())
}

fn out_of_memory() -> UnpackError {
    UnpackError {
        what: String::from("memory ran out; give the machine more"),
        errno: Errno::ENOMEM,
    }
}

fn inflate(bytes: &[u8]) -> Result<Vec<u8>, UnpackError> {
    let limit = mm::stats().free;
    let inflated = gzip::inflate(bytes, limit)
        .map_err(|error| UnpackError { what: format!("gzip: {error}"), errno: Errno::EINVAL })?;
    Ok(inflated.data)
}

/// Makes all names of the archives in `bytes`. What is left is something else.
fn make_names<'a>(
    root: &PathRef,
    bytes: &'a [u8],
    contents: &mut Vec<Contents>,
) -> Result<&'a [u8], UnpackError> {
    let context = FsContext::new(root.clone());
    let cred = Arc::new(Cred::root());
    let mut walker = Walker::new(&context, cred, None, WalkFlags::empty());
    let mut entries = Entries::new(bytes);
    let mut directories = Vec::new();
    for entry in entries.by_ref() {
        let entry = entry
            .map_err(|error| UnpackError { what: format!("{error}"), errno: Errno::EINVAL })?;
        let made = make_entry(&mut walker, bytes, &entry, contents);
        let inode = made.map_err(|errno| UnpackError {
            what: format!("/{}", String::from_utf8_lossy(entry.name)),
            errno,
        })?;
        if inode.kind() == FileKind::Directory {
            directories.try_reserve(1).map_err(|_| out_of_memory())?;
            directories.push((inode, entry.mtime));
        }
    }
    // What was made in a directory has changed its times.
    for (inode, mtime) in &directories {
        set_times(&**inode, *mtime);
    }
    Ok(entries.rest())
}

fn make_entry(
    walker: &mut Walker,
    bytes: &[u8],
    entry: &Entry<'_>,
    contents: &mut Vec<Contents>,
) -> Result<Arc<dyn Inode>, Errno> {
    let Some(file_type) = entry.file_type() else { return Err(Errno::EINVAL) };
    make_parents(walker, entry.name)?;
    let inode = match entry.link_to {
        Some(first) => {
            let old = walker.resolve(first)?;
            remove_old(walker, entry.name)?;
            namei::link(walker, &old, entry.name)?;
            old.inode().clone()
        }
        None => make_new(walker, bytes, entry, file_type)?,
    };
    let attr = inode.attr();
    attr.set_mode(entry.mode);
    attr.set_owner(entry.uid, entry.gid);
    set_times(&*inode, entry.mtime);
    if file_type == FileType::Regular
        && !entry.data.is_empty()
        && let Some(pages) = inode.as_any().downcast_ref::<TmpInode>().and_then(TmpInode::pages)
    {
        pages.set_size(entry.data.len() as u64);
        contents.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        contents.push(Contents { data: entry.data.clone(), pages: pages.clone() });
    }
    Ok(inode)
}

fn set_times(inode: &dyn Inode, seconds: u32) {
    let time = u64::from(seconds) * NSEC_PER_SEC;
    inode.attr().update_times(|times| {
        (times.atime, times.mtime, times.btime) = (time, time, time);
    });
}

fn make_new(
    walker: &mut Walker,
    bytes: &[u8],
    entry: &Entry<'_>,
    file_type: FileType,
) -> Result<Arc<dyn Inode>, Errno> {
    let kind = FileKind::from_mode(entry.mode).ok_or(Errno::EINVAL)?;
    if file_type == FileType::Directory {
        // The root, or a directory that another archive has made.
        match walker.resolve(entry.name) {
            Ok(place) if place.dentry.is_directory() => return Ok(place.inode().clone()),
            Ok(_) => remove_old(walker, entry.name)?,
            Err(Errno::ENOENT) => {}
            Err(errno) => return Err(errno),
        }
    } else {
        remove_old(walker, entry.name)?;
    }
    let (major, minor) = entry.rdev;
    let target = match file_type {
        FileType::Symlink => bytes.get(entry.data.clone()).unwrap_or_default(),
        _ => &[],
    };
    let make = Make { kind, mode: entry.mode, rdev: makedev(major, minor), target };
    namei::make(walker, entry.name, make).map(|place| place.inode().clone())
}

/// A later archive's file takes the place of an earlier one's.
fn remove_old(walker: &mut Walker, name: &[u8]) -> Result<(), Errno> {
    match namei::unlink(walker, name) {
        Ok(()) | Err(Errno::ENOENT) => Ok(()),
        Err(Errno::EISDIR) => namei::rmdir(walker, name),
        Err(errno) => Err(errno),
    }
}

/// Makes the directories on the way that no entry has mentioned.
fn make_parents(walker: &mut Walker, name: &[u8]) -> Result<(), Errno> {
    let slashes = name.iter().enumerate().filter(|&(_, &byte)| byte == b'/');
    for (at, _) in slashes {
        let parent = name.get(..at).unwrap_or_default();
        if parent.is_empty() || walker.resolve(parent).is_ok() {
            continue;
        }
        match namei::make(walker, parent, Make::new(FileKind::Directory, DIRECTORY)) {
            Ok(_) | Err(Errno::EEXIST) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

/// Moves the contents, in the archive's order, and frees what is behind.
fn move_contents(mut archive: Initramfs, contents: &[Contents]) -> Result<(), UnpackError> {
    let mut freed = 0;
    for Contents { data, pages } in contents {
        let mut at = data.start;
        for index in 0.. {
            let len = (data.end - at).min(PAGE_SIZE);
            if len == 0 {
                break;
            }
            let whole = if len == PAGE_SIZE { archive.adopt_page(at) } else { None };
            let frame = match whole {
                Some(frame) => frame,
                None => copy_page(&archive, at, len)?,
            };
            pages.adopt(index, frame).map_err(|_| out_of_memory())?;
            at += len;
            // From a page before, for that may have been freed in part only.
            archive.discard(freed..at);
            freed = at.saturating_sub(PAGE_SIZE).max(freed);
        }
    }
    Ok(())
}

fn copy_page(archive: &Initramfs, at: usize, len: usize) -> Result<Frame, UnpackError> {
    const CHUNK: usize = 512;
    let frame = Frame::zeroed().ok_or_else(out_of_memory)?;
    let mut chunk = [0; CHUNK];
    let mut done = 0;
    while done < len {
        let n = (len - done).min(CHUNK);
        let bytes = chunk.get_mut(..n).unwrap_or_default();
        if !archive.copy(at + done, bytes) {
            return Err(UnpackError {
                what: String::from("a page of the archive is used twice"),
                errno: Errno::EINVAL,
            });
        }
        frame.write(done, bytes);
        done += n;
    }
    Ok(frame)
}
