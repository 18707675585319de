//! [`Tree`]: every entry of the guest's file system by its path. Parents come before their
//! children in its order, which is that of the archive; equal input gives an equal tree.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use super::path::GuestPath;

/// Most symbolic links on the way to a file, as in Linux (path_resolution(7)).
const SYMLINKS_MAX: u32 = 40;
/// Permissions of directories that nobody asked for by name.
const IMPLIED_DIRECTORY_MODE: u32 = 0o755;

/// Where a regular file's bytes come from.
#[derive(Clone, Debug)]
pub enum Content {
    /// A file of the host with its length, read when the archive is written.
    Host(PathBuf, u64),
    /// These bytes.
    Bytes(Vec<u8>),
}

impl Content {
    /// Length in bytes.
    pub fn len(&self) -> u64 {
        match self {
            Self::Host(_, len) => *len,
            Self::Bytes(bytes) => u64::try_from(bytes.len()).unwrap_or(u64::MAX),
        }
    }
}

/// What an entry is.
#[derive(Clone, Debug)]
pub enum NodeKind {
    /// A directory.
    Directory,
    /// A regular file.
    File(Content),
    /// A symbolic link to this.
    Symlink(Vec<u8>),
    /// A FIFO or a device; the file type bits of `st_mode` say which, with major and minor number.
    Special {
        /// `S_IFIFO`, `S_IFCHR` or `S_IFBLK`.
        file_type: u32,
        /// Major device number.
        major: u32,
        /// Minor device number.
        minor: u32,
    },
}

/// An entry with its attributes.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// Permission bits, 0 to 0o7777.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Time of the last change, seconds since 1970.
    pub mtime: u32,
}

impl Node {
    /// root's entry of kind `kind` and mode `mode`, from 1970.
    pub fn new(kind: NodeKind, mode: u32) -> Self {
        Self { kind, mode, uid: 0, gid: 0, mtime: 0 }
    }

    /// A file of these bytes.
    pub fn file(bytes: impl Into<Vec<u8>>, mode: u32) -> Self {
        Self::new(NodeKind::File(Content::Bytes(bytes.into())), mode)
    }

    /// A directory.
    pub fn directory(mode: u32) -> Self {
        Self::new(NodeKind::Directory, mode)
    }
}

/// The guest's file system.
#[derive(Clone, Debug)]
pub struct Tree {
    nodes: BTreeMap<GuestPath, Node>,
}

impl Default for Tree {
    fn default() -> Self {
        let root = (GuestPath::root(), Node::directory(IMPLIED_DIRECTORY_MODE));
        Self { nodes: BTreeMap::from([root]) }
    }
}

impl Tree {
    /// The entry at `path` itself: links are not followed.
    pub fn get(&self, path: &GuestPath) -> Option<&Node> {
        self.nodes.get(path)
    }

    /// All entries, parents first.
    pub fn iter(&self) -> impl Iterator<Item = (&GuestPath, &Node)> {
        self.nodes.iter()
    }

    /// Bytes of all regular files.
    pub fn content_len(&self) -> u64 {
        let lengths = self.nodes.values().map(|node| match &node.kind {
            NodeKind::File(content) => content.len(),
            _ => 0,
        });
        lengths.fold(0, u64::saturating_add)
    }

    /// Puts `node` at `path`, makes the directories above it, and returns where it went: links among
    /// the directories are followed. A file replaces a file; a directory keeps what it has.
    ///
    /// # Errors
    /// When something above `path` is not a directory, or a directory and another thing would
    /// take each other's place.
    pub fn insert(&mut self, path: &GuestPath, node: Node) -> Result<GuestPath> {
        let Some(parent) = path.parent() else {
            if !matches!(node.kind, NodeKind::Directory) {
                bail!("the guest path / is a directory, and only a directory can go there");
            }
            self.nodes.insert(path.clone(), node);
            return Ok(path.clone());
        };
        let parent = self.make_directories(&parent)?;
        let place = parent.join(path.name());
        let is_directory = |node: &Node| matches!(node.kind, NodeKind::Directory);
        if is_directory(&node)
            && let Some(through_link) = self.resolve(&place).filter(|there| *there != place)
            && self.nodes.get(&through_link).is_some_and(is_directory)
        {
            return Ok(through_link);
        }
        if let Some(old) = self.nodes.get(&place)
            && is_directory(old) != is_directory(&node)
        {
            let what = if is_directory(old) { "is a directory" } else { "is not a directory" };
            bail!("two things want the guest path {place}: what is there {what}");
        }
        self.nodes.insert(place.clone(), node);
        Ok(place)
    }

    /// Puts `node` at `path` unless there is something already.
    pub fn insert_if_absent(&mut self, path: &GuestPath, node: Node) -> Result<()> {
        if self.resolve(path).is_none() && !self.nodes.contains_key(path) {
            self.insert(path, node)?;
        }
        Ok(())
    }

    fn make_directories(&mut self, path: &GuestPath) -> Result<GuestPath> {
        if let Some(place) = self.resolve(path) {
            return match self.nodes.get(&place) {
                Some(Node { kind: NodeKind::Directory, .. }) => Ok(place),
                _ => bail!("the guest path {path} is not a directory, but something goes below it"),
            };
        }
        let parent = path.parent().unwrap_or_default();
        let place = self.make_directories(&parent)?.join(path.name());
        if self.nodes.contains_key(&place) {
            bail!("the guest path {place} is a link to nowhere, but something goes below it");
        }
        self.nodes.insert(place.clone(), Node::directory(IMPLIED_DIRECTORY_MODE));
        Ok(place)
    }

    /// The place that `path` leads to with all links followed, if there is one.
    pub fn resolve(&self, path: &GuestPath) -> Option<GuestPath> {
        let mut links = 0;
        let mut todo = vec![path.absolute()];
        let mut place = GuestPath::root();
        while let Some(next) = todo.pop() {
            let mut components = next.components();
            let Some(component) = components.next() else { continue };
            todo.push(components.as_path().to_path_buf());
            match component {
                std::path::Component::RootDir => place = GuestPath::root(),
                std::path::Component::ParentDir => place = place.parent().unwrap_or_default(),
                std::path::Component::Normal(name) => {
                    if !matches!(self.nodes.get(&place)?.kind, NodeKind::Directory) {
                        return None;
                    }
                    let entry = place.join(name);
                    match &self.nodes.get(&entry)?.kind {
                        NodeKind::Symlink(target) => {
                            links += 1;
                            if links > SYMLINKS_MAX {
                                return None;
                            }
                            let target = Path::new(std::ffi::OsStr::from_bytes(target));
                            todo.push(target.to_path_buf());
                        }
                        _ => place = entry,
                    }
                }
                std::path::Component::CurDir | std::path::Component::Prefix(_) => {}
            }
        }
        Some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(target: &str) -> Node {
        Node::new(NodeKind::Symlink(target.into()), 0o777)
    }

    fn at(text: &str) -> GuestPath {
        GuestPath::new(text)
    }

    #[test]
    fn links_are_followed_inside_the_tree() {
        let mut tree = Tree::default();
        tree.insert(&at("/usr/bin"), Node::directory(0o755)).unwrap();
        tree.insert(&at("/bin"), link("usr/bin")).unwrap();
        tree.insert(&at("/abs"), link("/usr/../usr")).unwrap();
        let place = tree.insert(&at("/bin/sh"), Node::file("x", 0o755)).unwrap();
        assert_eq!(place, at("/usr/bin/sh"));
        assert_eq!(tree.resolve(&at("/bin/sh")), Some(at("/usr/bin/sh")));
        assert_eq!(tree.resolve(&at("/abs/bin/sh")), Some(at("/usr/bin/sh")));
        tree.insert(&at("/loop"), link("loop")).unwrap();
        assert_eq!(tree.resolve(&at("/loop")), None);
        assert_eq!(tree.resolve(&at("/none")), None);
        assert_eq!(tree.resolve(&at("/bin/sh/x")), None);
    }

    #[test]
    fn things_do_not_share_a_place() {
        let mut tree = Tree::default();
        tree.insert(&at("/a/b"), Node::file("1", 0o644)).unwrap();
        assert!(tree.insert(&at("/a"), Node::file("2", 0o644)).is_err());
        assert!(tree.insert(&at("/a/b/c"), Node::file("3", 0o644)).is_err());
        assert!(tree.insert(&at("/"), Node::file("4", 0o644)).is_err());
        tree.insert(&at("/a/b"), Node::file("55", 0o644)).unwrap();
        assert_eq!(tree.content_len(), 2);
        tree.insert_if_absent(&at("/a/b"), Node::file("666", 0o644)).unwrap();
        assert_eq!(tree.content_len(), 2);
    }

    #[test]
    fn parents_come_first() {
        let mut tree = Tree::default();
        for path in ["/b/c/d", "/b-x", "/b/a", "/a"] {
            tree.insert(&at(path), Node::file("", 0o644)).unwrap();
        }
        let paths: Vec<_> = tree.iter().map(|(path, _)| path.clone()).collect();
        for (index, path) in paths.iter().enumerate() {
            if let Some(parent) = path.parent() {
                assert!(paths.iter().position(|other| *other == parent) < Some(index), "{path}");
            }
        }
    }
}
