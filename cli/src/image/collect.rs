//! Reads trees of the host into a [`Tree`]: names, modes and links now, the files' bytes later.

use std::fs::{self, Metadata};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::path::GuestPath;
use super::tree::{Content, Node, NodeKind, Tree};

/// Permission bits of `st_mode`, with set-user-ID, set-group-ID and sticky.
const PERMISSION_BITS: u32 = 0o7777;
/// File type bits of `st_mode`.
const FILE_TYPE_BITS: u32 = 0o170000;
/// Most entries of a tree: a wrong directory should end in an error, not in a full memory.
const ENTRIES_MAX: usize = 4_000_000;

/// Adds the host's file or directory `host` at `guest`; directories with all that they hold. A link given
/// by name is followed, links below it are kept.
pub fn add_host_path(tree: &mut Tree, host: &Path, guest: &GuestPath) -> Result<()> {
    let stat = fs::metadata(host).with_context(|| format!("can not read '{}'", host.display()))?;
    add(tree, host, guest, &stat, false)
}

/// Adds the tree `root` at `/`. With `keep_owners` files keep their owners, else all is root's.
pub fn add_root(tree: &mut Tree, root: &Path, keep_owners: bool) -> Result<()> {
    let stat = fs::metadata(root).with_context(|| format!("can not read '{}'", root.display()))?;
    if !stat.is_dir() {
        bail!("--root '{}' is not a directory", root.display());
    }
    add(tree, root, &GuestPath::root(), &stat, keep_owners)
}

fn add(
    tree: &mut Tree,
    top: &Path,
    guest: &GuestPath,
    stat: &Metadata,
    keep_owners: bool,
) -> Result<()> {
    let mut todo = vec![(top.to_path_buf(), guest.clone(), stat.clone())];
    let mut count = 0_usize;
    while let Some((host, guest, stat)) = todo.pop() {
        count += 1;
        if count > ENTRIES_MAX {
            bail!("'{}' holds more than {ENTRIES_MAX} files", top.display());
        }
        let Some(kind) = kind_of(&host, &stat)? else { continue };
        let is_directory = matches!(kind, NodeKind::Directory);
        let (uid, gid) = if keep_owners { (stat.uid(), stat.gid()) } else { (0, 0) };
        let mode = stat.permissions().mode() & PERMISSION_BITS;
        let mtime = u32::try_from(stat.mtime().max(0)).unwrap_or(u32::MAX);
        let place = tree.insert(&guest, Node { kind, mode, uid, gid, mtime })?;
        if !is_directory {
            continue;
        }
        let reading = || format!("can not read the directory '{}'", host.display());
        for entry in fs::read_dir(&host).with_context(reading)? {
            let entry = entry.with_context(reading)?;
            let stat = entry.metadata().with_context(reading)?;
            todo.push((entry.path(), place.join(entry.file_name()), stat));
        }
    }
    Ok(())
}

/// What the host's entry becomes; `None` for a socket, which is nothing without its process.
fn kind_of(host: &Path, stat: &Metadata) -> Result<Option<NodeKind>> {
    let file_type = stat.file_type();
    Ok(Some(if file_type.is_dir() {
        NodeKind::Directory
    } else if file_type.is_file() {
        NodeKind::File(Content::Host(host.to_path_buf(), stat.len()))
    } else if file_type.is_symlink() {
        let target = fs::read_link(host)
            .with_context(|| format!("can not read the link '{}'", host.display()))?;
        NodeKind::Symlink(target.into_os_string().into_vec())
    } else if file_type.is_socket() {
        return Ok(None);
    } else {
        NodeKind::Special {
            file_type: stat.mode() & FILE_TYPE_BITS,
            major: rustix::fs::major(stat.rdev()),
            minor: rustix::fs::minor(stat.rdev()),
        }
    }))
}
