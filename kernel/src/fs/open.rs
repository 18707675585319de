//! Opening: from a path and flags to an open file.

use alloc::sync::Arc;

use elfin_syscalls::Errno;
use elfin_syscalls::args::OpenFlags;

use super::attr::FileKind;
use super::dentry::{Dentry, PathRef};
use super::dev;
use super::dir::DirectoryFile;
use super::file::{File, OpenFile, Share};
use super::mount::MountFlags;
use super::namei::{self, Make};
use super::perm;
use super::walk::{Last, Parent, WalkFlags, Walker};
use super::watch;
use crate::task::Cred;

/// What `O_PATH` leaves of the other flags.
const PATH_FLAGS: OpenFlags = OpenFlags::PATH
    .union(OpenFlags::DIRECTORY)
    .union(OpenFlags::NOFOLLOW)
    .union(OpenFlags::CLOEXEC);

/// Opens `path`; `mode` are the permissions of a new file, the file creation mask applied.
///
/// # Errors
/// Those of `open(2)`.
pub fn open(
    walker: &mut Walker,
    path: &[u8],
    flags: OpenFlags,
    mode: u32,
) -> Result<Arc<OpenFile>, Errno> {
    let flags = check_flags(flags)?;
    walker.flags.set(WalkFlags::FOLLOW, !flags.contains(OpenFlags::NOFOLLOW));
    if flags.contains(OpenFlags::TMPFILE) {
        return open_unnamed(walker, path, flags, mode);
    }
    walker.flags.set(WalkFlags::DIRECTORY, flags.contains(OpenFlags::DIRECTORY));
    if !flags.contains(OpenFlags::CREAT) {
        let place = walker.resolve(path)?;
        return open_place(walker, place, flags);
    }
    let mut parent = walker.resolve_parent(path)?;
    loop {
        match create_last(walker, &parent, flags, mode)? {
            Outcome::Made(place) => {
                let file = file_of(&place, flags - OpenFlags::TRUNC)?;
                let share = share_of(&place, flags - OpenFlags::TRUNC, false)?;
                return Ok(finish(file, flags, place, share));
            }
            Outcome::Found(place) => return open_place(walker, place, flags),
            Outcome::Link(link) => {
                match walker.follow_last(parent.dir.clone(), &link, parent.slash)? {
                    Ok(next) => parent = next,
                    Err(place) => return open_place(walker, place, flags),
                }
            }
        }
    }
}

/// Refuses flags that do not go together, and drops those that mean nothing.
fn check_flags(flags: OpenFlags) -> Result<OpenFlags, Errno> {
    if flags.contains(OpenFlags::PATH) {
        return Ok(flags & PATH_FLAGS);
    }
    if flags.contains(OpenFlags::TMPFILE) {
        let fits = flags.writable() && !flags.contains(OpenFlags::CREAT);
        return if fits { Ok(flags) } else { Err(Errno::EINVAL) };
    }
    if flags.contains(OpenFlags::CREAT | OpenFlags::DIRECTORY) {
        return Err(Errno::EINVAL);
    }
    Ok(flags)
}

/// What the last component of a path to be created is.
enum Outcome {
    /// A file made now.
    Made(PathRef),
    /// Something that was there.
    Found(PathRef),
    /// A symbolic link to follow.
    Link(PathRef),
}

fn create_last(
    walker: &Walker,
    parent: &Parent<'_>,
    flags: OpenFlags,
    mode: u32,
) -> Result<Outcome, Errno> {
    let exclusive = flags.contains(OpenFlags::EXCL);
    let Last::Name(name) = &parent.last else {
        return Err(if exclusive { Errno::EEXIST } else { Errno::EISDIR });
    };
    if parent.slash {
        return Err(Errno::EISDIR);
    }
    let dir = &parent.dir;
    let found = match walker.find(dir, name) {
        Err(Errno::ENOENT) => {
            let _change = dir.dentry.change()?;
            // Somebody may have been faster.
            match walker.find(dir, name) {
                Err(Errno::ENOENT) => {
                    let make = Make::new(FileKind::Regular, mode);
                    let dentry = namei::make_locked(dir, name, make, &walker.cred)?;
                    return Ok(Outcome::Made(PathRef::new(dir.mount.clone(), dentry)));
                }
                found => found?,
            }
        }
        found => found?,
    };
    if exclusive {
        return Err(Errno::EEXIST);
    }
    if found.dentry.kind() != FileKind::Symlink {
        return Ok(Outcome::Found(found));
    }
    if flags.contains(OpenFlags::NOFOLLOW) { Err(Errno::ELOOP) } else { Ok(Outcome::Link(found)) }
}

/// Opens what is at `place`.
///
/// # Errors
/// Those of `open(2)` for a file that is there.
pub fn open_place(
    walker: &Walker,
    place: PathRef,
    flags: OpenFlags,
) -> Result<Arc<OpenFile>, Errno> {
    if flags.contains(OpenFlags::PATH) {
        return Ok(OpenFile::new(dev::path_only(), flags, Some(place)));
    }
    let inode = place.inode();
    let kind = place.dentry.kind();
    match kind {
        FileKind::Symlink => return Err(Errno::ELOOP),
        FileKind::Directory if flags.writable() || flags.contains(OpenFlags::CREAT) => {
            return Err(Errno::EISDIR);
        }
        FileKind::Char | FileKind::Block if place.mount.flags.contains(MountFlags::NODEV) => {
            return Err(Errno::EACCES);
        }
        _ => {}
    }
    let truncate = flags.contains(OpenFlags::TRUNC);
    let mut mask = 0;
    if flags.readable() {
        mask |= perm::MAY_READ;
    }
    if flags.writable() || truncate {
        mask |= perm::MAY_WRITE;
    }
    perm::check(&**inode, mask, &walker.cred)?;
    let on_disk = matches!(kind, FileKind::Regular | FileKind::Directory);
    if mask & perm::MAY_WRITE != 0 && on_disk {
        perm::check_writable_mount(&place)?;
    }
    if flags.contains(OpenFlags::NOATIME) && !perm::owns(inode.attr(), &walker.cred) {
        return Err(Errno::EPERM);
    }
    let share = share_of(&place, flags, truncate)?;
    let cuts = truncate && kind == FileKind::Regular;
    let opened = file_of(&place, flags).and_then(|file| {
        if cuts {
            inode.truncate(0)?;
        }
        Ok(file)
    });
    let attr = inode.attr();
    if share == Share::Writes && (opened.is_err() || !flags.writable()) {
        attr.end_write();
    }
    let share = if flags.writable() { share } else { Share::Any };
    let file = finish(opened?, flags, place, share);
    if cuts {
        watch::modified(&file);
    }
    Ok(file)
}

/// The open file, of which those are told who watch it.
fn finish(file: Arc<dyn File>, flags: OpenFlags, place: PathRef, share: Share) -> Arc<OpenFile> {
    let file = OpenFile::shared(file, flags | OpenFlags::LARGEFILE, Some(place), share);
    watch::opened(&file);
    file
}

/// Counts an open file that writes, or cuts the file, against those that run it.
fn share_of(place: &PathRef, flags: OpenFlags, truncate: bool) -> Result<Share, Errno> {
    let writes = flags.writable() || truncate;
    if !writes || place.dentry.kind() != FileKind::Regular {
        return Ok(Share::Any);
    }
    place.inode().attr().begin_write()?;
    Ok(Share::Writes)
}

/// Opens what is at `path` to run it, which needs no right to read it.
///
/// # Errors
/// Those of the walk; `EACCES` if it is no regular file or may not be executed, `ELOOP` for a
/// symbolic link that is not to be followed.
pub fn open_executable(walker: &mut Walker, path: &[u8]) -> Result<Arc<OpenFile>, Errno> {
    let place = walker.resolve(path)?;
    if place.dentry.kind() == FileKind::Symlink {
        return Err(Errno::ELOOP);
    }
    executable_place(place, &walker.cred)
}

/// The open file `file` to run it, which needs no right to read it.
///
/// # Errors
/// `EACCES` if it is no regular file or may not be executed.
pub fn executable(file: &OpenFile, cred: &Cred) -> Result<Arc<OpenFile>, Errno> {
    if let Some(place) = &file.path {
        return executable_place(place.clone(), cred);
    }
    let inode = file.inode().ok_or(Errno::EACCES)?;
    perm::check(&**inode, perm::MAY_EXEC, cred)?;
    if file.file.mapping().is_none() {
        return Err(Errno::EACCES);
    }
    Ok(OpenFile::new(file.file.clone(), OpenFlags::RDONLY, None))
}

fn executable_place(place: PathRef, cred: &Cred) -> Result<Arc<OpenFile>, Errno> {
    let is_regular = place.dentry.kind() == FileKind::Regular;
    if !is_regular || place.mount.flags.contains(MountFlags::NOEXEC) {
        return Err(Errno::EACCES);
    }
    perm::check(&**place.inode(), perm::MAY_EXEC, cred)?;
    let file = file_of(&place, OpenFlags::RDONLY)?;
    if file.mapping().is_none() {
        return Err(Errno::EACCES);
    }
    place.inode().attr().deny_writes()?;
    let file = finish(file, OpenFlags::RDONLY, place, Share::DeniesWrites);
    watch::accessed(&file);
    Ok(file)
}

/// The file behind a place.
fn file_of(place: &PathRef, flags: OpenFlags) -> Result<Arc<dyn File>, Errno> {
    let inode = place.inode();
    let kind = place.dentry.kind();
    match kind {
        FileKind::Directory => Ok(DirectoryFile::shared()),
        FileKind::Char | FileKind::Block => dev::open(kind, inode.attr().rdev, flags),
        FileKind::Fifo => match inode.fifo() {
            Some(slot) => slot.open(inode, flags),
            None => inode.clone().open(flags),
        },
        FileKind::Socket => Err(Errno::ENXIO),
        FileKind::Symlink => Err(Errno::ELOOP),
        FileKind::Regular | FileKind::Anonymous => inode.clone().open(flags),
    }
}

/// `O_TMPFILE`: a file in the directory at `path`, without a name.
fn open_unnamed(
    walker: &mut Walker,
    path: &[u8],
    flags: OpenFlags,
    mode: u32,
) -> Result<Arc<OpenFile>, Errno> {
    walker.flags |= WalkFlags::FOLLOW | WalkFlags::DIRECTORY;
    let dir = walker.resolve(path)?;
    perm::check_change(&dir, &walker.cred)?;
    let parent = dir.inode();
    let make = Make::new(FileKind::Regular, mode);
    let inode = parent.create_unnamed(namei::inherit(&**parent, make, &walker.cred))?;
    let name = alloc::format!("#{}", inode.attr().ino);
    let place = PathRef::new(dir.mount, Dentry::unnamed(inode, name.as_bytes()));
    let file = file_of(&place, flags)?;
    Ok(OpenFile::new(file, flags | OpenFlags::LARGEFILE, Some(place)))
}
