//! The path walk: from a path to a place in the mounted tree.
//!
//! [`resolve`] finds what is there; [`resolve_parent`] stops before the last component, for
//! calls that make, remove or rename a name. A walk allocates nothing unless it meets a symbolic
//! link: then the link's text and what is left of the path become the path that is walked on.
//!
//! Neighbours: [`super::Dentry`] finds one name, [`super::Mount`] crosses mounts,
//! [`super::open`] opens what was found, [`super::namei`] changes names.

use alloc::borrow::Cow;
use alloc::sync::Arc;

use bitflags::bitflags;
use elfin_syscalls::Errno;

use super::attr::FileKind;
use super::components::{Component, Text};
use super::context::FsContext;
use super::dentry::PathRef;
use super::mount::Mount;
use super::perm;
use crate::task::Cred;

/// The longest component (`NAME_MAX`).
pub const NAME_MAX: usize = 255;
/// The longest path with its terminating zero (`PATH_MAX`).
pub const PATH_MAX: usize = 4096;
/// Symbolic links followed in one walk (`MAXSYMLINKS`).
const MAX_LINKS: u32 = 40;

bitflags! {
    /// How to walk.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct WalkFlags: u32 {
        /// Follow a symbolic link in the last component.
        const FOLLOW = 1 << 0;
        /// What is found must be a directory.
        const DIRECTORY = 1 << 1;
        /// An empty path is the start itself (`AT_EMPTY_PATH`).
        const EMPTY = 1 << 2;
        /// No symbolic links at all (`RESOLVE_NO_SYMLINKS`).
        const NO_SYMLINKS = 1 << 3;
        /// No links of procfs's kind (`RESOLVE_NO_MAGICLINKS`).
        const NO_MAGICLINKS = 1 << 4;
        /// Stay in the mount (`RESOLVE_NO_XDEV`).
        const NO_XDEV = 1 << 5;
        /// Stay below the start (`RESOLVE_BENEATH`).
        const BENEATH = 1 << 6;
        /// The start is the root (`RESOLVE_IN_ROOT`).
        const IN_ROOT = 1 << 7;
    }
}

/// Who walks, and from where.
pub struct Walker {
    /// Where absolute paths start, and where `..` ends.
    pub root: PathRef,
    /// Where relative paths start; the root if not given.
    pub start: Option<PathRef>,
    /// Whose permissions count.
    pub cred: Arc<Cred>,
    /// How.
    pub flags: WalkFlags,
    links: u32,
}

/// The last component of a path, and the directory before it.
pub struct Parent<'a> {
    /// The directory.
    pub dir: PathRef,
    /// The last component.
    pub last: Last<'a>,
    /// Slashes follow: a directory is meant.
    pub slash: bool,
}

/// A last component.
pub enum Last<'a> {
    /// A name.
    Name(Cow<'a, [u8]>),
    /// `.`
    Dot,
    /// `..`
    DotDot,
    /// Nothing but slashes: the root.
    Root,
}

impl Walker {
    /// A walk for a process whose context is `fs`, from `start` or the current directory.
    #[must_use]
    pub fn new(fs: &FsContext, cred: Arc<Cred>, start: Option<PathRef>, flags: WalkFlags) -> Self {
        let start = start.unwrap_or_else(|| fs.cwd());
        let root = if flags.contains(WalkFlags::IN_ROOT) { start.clone() } else { fs.root() };
        Self { root, start: Some(start), cred, flags, links: 0 }
    }

    /// A walk that starts at the root: for a path that begins there.
    #[must_use]
    pub fn from_root(fs: &FsContext, cred: Arc<Cred>, flags: WalkFlags) -> Self {
        Self { root: fs.root(), start: None, cred, flags, links: 0 }
    }

    fn start(&self) -> &PathRef {
        self.start.as_ref().unwrap_or(&self.root)
    }

    /// Finds what is at `path`.
    ///
    /// # Errors
    /// `ENOENT`, `ENOTDIR`, `EACCES`, `ELOOP`, `ENAMETOOLONG`, `EXDEV`.
    pub fn resolve(&mut self, path: &[u8]) -> Result<PathRef, Errno> {
        if path.is_empty() {
            if !self.flags.contains(WalkFlags::EMPTY) {
                return Err(Errno::ENOENT);
            }
            return self.finish(self.start().clone(), false);
        }
        let mut text = Text::new(path);
        let mut at = self.begin(path)?;
        while let Some(component) = text.next() {
            let follow =
                !component.last || component.slash || self.flags.contains(WalkFlags::FOLLOW);
            at = self.step(at, &mut text, component, follow)?;
            if component.last && text.rest().is_empty() {
                return self.finish(at, component.slash);
            }
        }
        self.finish(at, false)
    }

    /// Finds the directory that the last component of `path` is in.
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve).
    pub fn resolve_parent<'a>(&mut self, path: &'a [u8]) -> Result<Parent<'a>, Errno> {
        if path.is_empty() {
            return Err(Errno::ENOENT);
        }
        let start = self.begin(path)?;
        self.parent_from(start, Text::new(path))
    }

    /// Goes on from the symbolic link `link` in `dir`, which was the last component: the
    /// directory that *its* last component is in, or the place that it leads to at once.
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve).
    pub fn follow_last(
        &mut self,
        dir: PathRef,
        link: &PathRef,
        slash: bool,
    ) -> Result<Result<Parent<'static>, PathRef>, Errno> {
        let mut text = Text::new(&[]);
        match self.enter_link(dir, link, &mut text, slash)? {
            (at, true) => Ok(Err(at)),
            (at, false) => self.parent_from(at, text).map(Ok),
        }
    }

    fn parent_from<'a>(&mut self, start: PathRef, mut text: Text<'a>) -> Result<Parent<'a>, Errno> {
        let mut at = start;
        while let Some(component) = text.next() {
            if component.last {
                self.check_search(&at)?;
                let slash = component.slash;
                let last = match text.name(component) {
                    b"." => Last::Dot,
                    b".." => Last::DotDot,
                    name if name.len() > NAME_MAX => return Err(Errno::ENAMETOOLONG),
                    _ => Last::Name(text.into_name(component)),
                };
                return Ok(Parent { dir: at, last, slash });
            }
            at = self.step(at, &mut text, component, true)?;
        }
        Ok(Parent { dir: at, last: Last::Root, slash: true })
    }

    fn begin(&self, path: &[u8]) -> Result<PathRef, Errno> {
        if path.first() != Some(&b'/') {
            return Ok(self.start().clone());
        }
        if self.flags.contains(WalkFlags::BENEATH) {
            return Err(Errno::EXDEV);
        }
        Ok(self.root.clone())
    }

    fn finish(&self, at: PathRef, slash: bool) -> Result<PathRef, Errno> {
        let must = slash || self.flags.contains(WalkFlags::DIRECTORY);
        if must && !at.dentry.is_directory() {
            return Err(Errno::ENOTDIR);
        }
        Ok(at)
    }

    #[inline]
    fn check_search(&self, at: &PathRef) -> Result<(), Errno> {
        if !at.dentry.is_directory() {
            return Err(Errno::ENOTDIR);
        }
        perm::check(&**at.inode(), perm::MAY_EXEC, &self.cred)
    }

    /// Takes one component.
    fn step(
        &mut self,
        at: PathRef,
        text: &mut Text<'_>,
        component: Component,
        follow: bool,
    ) -> Result<PathRef, Errno> {
        self.check_search(&at)?;
        let name = text.name(component);
        match name {
            b"." => return Ok(at),
            b".." => return self.up(at),
            _ => {}
        }
        let next = self.find(&at, name)?;
        if follow && next.dentry.kind() == FileKind::Symlink {
            return self.enter_link(at, &next, text, component.slash).map(|(at, _)| at);
        }
        Ok(next)
    }

    /// Finds a name in a directory that may be searched, across mounts, without following it.
    ///
    /// # Errors
    /// `ENOENT`, `ENAMETOOLONG`, `EXDEV`.
    #[inline]
    pub fn find(&self, dir: &PathRef, name: &[u8]) -> Result<PathRef, Errno> {
        if name.len() > NAME_MAX {
            return Err(Errno::ENAMETOOLONG);
        }
        let dentry = dir.dentry.lookup(name)?;
        let found = Mount::topmost(PathRef::new(dir.mount.clone(), dentry));
        if self.flags.contains(WalkFlags::NO_XDEV) && !Arc::ptr_eq(&found.mount, &dir.mount) {
            return Err(Errno::EXDEV);
        }
        Ok(found)
    }

    /// Goes where a link in `dir` leads: the place, and whether it is final (a link of procfs's
    /// kind) or the start of the text that is to be walked now.
    fn enter_link(
        &mut self,
        dir: PathRef,
        link: &PathRef,
        text: &mut Text<'_>,
        slash: bool,
    ) -> Result<(PathRef, bool), Errno> {
        self.links += 1;
        if self.links > MAX_LINKS || self.flags.contains(WalkFlags::NO_SYMLINKS) {
            return Err(Errno::ELOOP);
        }
        if let Some(place) = link.inode().follow()? {
            if self.flags.contains(WalkFlags::NO_MAGICLINKS) {
                return Err(Errno::ELOOP);
            }
            if self.flags.intersects(WalkFlags::BENEATH | WalkFlags::IN_ROOT) {
                return Err(Errno::EXDEV);
            }
            return Ok((place, true));
        }
        let target = link.inode().readlink()?;
        if target.is_empty() {
            return Err(Errno::ENOENT);
        }
        link.inode().attr().touch_atime();
        text.follow(&target, slash)?;
        let at = if target.first() == Some(&b'/') {
            if self.flags.contains(WalkFlags::BENEATH) {
                return Err(Errno::EXDEV);
            }
            self.root.clone()
        } else {
            dir
        };
        Ok((at, false))
    }

    /// Goes to the parent directory, across mounts, but not above the root.
    ///
    /// # Errors
    /// `EXDEV`.
    pub fn up(&self, mut at: PathRef) -> Result<PathRef, Errno> {
        let limit = if self.flags.contains(WalkFlags::BENEATH) { self.start() } else { &self.root };
        loop {
            if at.same(limit) {
                let beneath = self.flags.contains(WalkFlags::BENEATH);
                return if beneath { Err(Errno::EXDEV) } else { Ok(at) };
            }
            if !at.is_mount_root() {
                break;
            }
            let Some(below) = at.mount.at.clone() else { return Ok(at) };
            if self.flags.contains(WalkFlags::NO_XDEV) {
                return Err(Errno::EXDEV);
            }
            at = below;
        }
        match at.dentry.parent() {
            Some(parent) => Ok(Mount::topmost(PathRef::new(at.mount, parent))),
            None => Ok(at),
        }
    }
}
