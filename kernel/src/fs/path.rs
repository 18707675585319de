//! Paths: reading one from the program ([`PathBuf`]), and writing one for a place
//! ([`absolute`]).

use alloc::sync::Arc;
use alloc::vec::Vec;

use elfin_platform::user;
use elfin_syscalls::Errno;
use elfin_syscalls::args::UserStr;

use super::dentry::PathRef;
use super::walk::PATH_MAX;

/// Paths up to this length are read without allocating.
const SHORT: usize = 128;

/// A path that the program passed in, without its terminating zero.
pub struct PathBuf {
    short: [u8; SHORT],
    long: Vec<u8>,
    len: usize,
}

impl PathBuf {
    /// Room for a path.
    #[inline]
    #[must_use]
    pub const fn new() -> Self {
        Self { short: [0; SHORT], long: Vec::new(), len: 0 }
    }

    /// Reads the path at `addr`.
    ///
    /// # Errors
    /// `EFAULT`, `ENAMETOOLONG`, `ENOMEM`.
    #[inline]
    pub fn read(&mut self, addr: UserStr) -> Result<&[u8], Errno> {
        match user::str_in(&mut self.short, addr.addr()) {
            Ok(Some(len)) => self.len = len,
            Ok(None) => self.read_long(addr)?,
            Err(_) => return Err(Errno::EFAULT),
        }
        Ok(self.bytes())
    }

    #[cold]
    fn read_long(&mut self, addr: UserStr) -> Result<(), Errno> {
        self.long.try_reserve_exact(PATH_MAX).map_err(|_| Errno::ENOMEM)?;
        self.long.resize(PATH_MAX, 0);
        let len = user::str_in(&mut self.long, addr.addr()).map_err(|_| Errno::EFAULT)?;
        self.len = len.ok_or(Errno::ENAMETOOLONG)?;
        Ok(())
    }

    /// The path.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        let buf = if self.long.is_empty() { &self.short[..] } else { &self.long };
        buf.get(..self.len).unwrap_or_default()
    }
}

impl Default for PathBuf {
    fn default() -> Self {
        Self::new()
    }
}

/// A place as a path from a root.
#[derive(Debug, PartialEq, Eq)]
pub struct Absolute {
    /// The path, from the root on.
    pub path: Vec<u8>,
    /// The root was met; otherwise the place lies outside of it.
    pub reachable: bool,
    /// The name is gone.
    pub deleted: bool,
}

/// Writes the path of `place`, as seen by a process whose root directory is `root`.
///
/// # Errors
/// `ENAMETOOLONG` for a path that no call would take, `ENOMEM`.
pub fn absolute(place: &PathRef, root: &PathRef) -> Result<Absolute, Errno> {
    let mut names: Vec<Arc<[u8]>> = Vec::new();
    let mut len = 0;
    let mut at = place.clone();
    let deleted = place.dentry.is_deleted();
    let reachable = loop {
        if at.same(root) {
            break true;
        }
        if at.is_mount_root() {
            match at.mount.at.clone() {
                Some(below) => at = below,
                None => {
                    break at.mount.id == root.mount.id && Arc::ptr_eq(&at.dentry, &root.dentry);
                }
            }
            continue;
        }
        let (parent, name) = at.dentry.place();
        len += name.len() + 1;
        if len >= PATH_MAX {
            return Err(Errno::ENAMETOOLONG);
        }
        names.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        names.push(name);
        match parent {
            Some(parent) => at.dentry = parent,
            // A file that never had a name.
            None => break true,
        }
    };
    let mut path = Vec::new();
    path.try_reserve(len + 1).map_err(|_| Errno::ENOMEM)?;
    for name in names.iter().rev() {
        path.push(b'/');
        path.extend_from_slice(name);
    }
    if path.is_empty() {
        path.push(b'/');
    }
    Ok(Absolute { path, reachable, deleted })
}

/// The path as links in procfs show it: with `" (deleted)"` behind a name that is gone.
///
/// # Errors
/// As [`absolute`].
pub fn shown(place: &PathRef, root: &PathRef) -> Result<Vec<u8>, Errno> {
    let mut absolute = absolute(place, root)?;
    if absolute.deleted {
        absolute.path.extend_from_slice(b" (deleted)");
    }
    Ok(absolute.path)
}

/// What `getcwd` gives.
///
/// # Errors
/// `ENOENT` if the directory was removed, and as [`absolute`].
pub fn working_directory(cwd: &PathRef, root: &PathRef) -> Result<Vec<u8>, Errno> {
    if cwd.dentry.is_deleted() {
        return Err(Errno::ENOENT);
    }
    let absolute = absolute(cwd, root)?;
    if absolute.reachable {
        return Ok(absolute.path);
    }
    let mut path = Vec::from(&b"(unreachable)"[..]);
    path.extend_from_slice(&absolute.path);
    Ok(path)
}
