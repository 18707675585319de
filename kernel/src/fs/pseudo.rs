//! What procfs and sysfs are made of: trees that are tables ([`Node`]), files whose contents are
//! made when they are read ([`TextFile`]).

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::any::Any;
use core::fmt;

use elfin_syscalls::args::{OpenFlags, Whence};
use elfin_syscalls::{Errno, SysResult};

use super::attr::{Attr, FileKind};
use super::file::{File, OpenFile, seek_within};
use super::inode::{Entry, Inode};
use super::names::FIRST_COOKIE;
use super::transfer::{Dest, Source};
use crate::task::Mutex;

/// The contents of a file while they are made: bytes, mostly text.
#[derive(Default)]
pub struct Text(Vec<u8>);

impl Text {
    /// Adds bytes that need not be text.
    ///
    /// # Errors
    /// `ENOMEM`.
    pub fn bytes(&mut self, bytes: &[u8]) -> Shown {
        self.0.try_reserve(bytes.len()).map_err(|_| ShowError(Errno::ENOMEM))?;
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    /// The bytes so far.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.bytes(text.as_bytes()).map_err(|_| fmt::Error)
    }
}

/// Why contents could not be made.
#[derive(Clone, Copy, Debug)]
pub struct ShowError(pub Errno);

impl From<Errno> for ShowError {
    fn from(errno: Errno) -> Self {
        Self(errno)
    }
}

impl From<fmt::Error> for ShowError {
    /// Only memory can run out.
    fn from(_: fmt::Error) -> Self {
        Self(Errno::ENOMEM)
    }
}

/// What making contents results in.
pub type Shown = Result<(), ShowError>;
/// Writes contents.
pub type Show = fn(&mut Text) -> Shown;
/// Takes what was written.
pub type Store = fn(&[u8]) -> Result<(), Errno>;

/// The largest write that is taken.
const STORE_MAX: usize = 4096;

/// An entry of a tree that is a table.
pub struct Node {
    /// The name.
    pub name: &'static [u8],
    /// What it is.
    pub body: Body,
}

/// What an entry is.
pub enum Body {
    /// A directory.
    Directory(&'static [Node]),
    /// A file that can be read.
    File(Show),
    /// A file that can be read and written.
    Setting(Show, Store),
    /// A symbolic link.
    Link(&'static [u8]),
}

impl Node {
    /// A directory.
    pub const fn dir(name: &'static [u8], nodes: &'static [Node]) -> Self {
        Self { name, body: Body::Directory(nodes) }
    }

    /// A file that can be read.
    pub const fn file(name: &'static [u8], show: Show) -> Self {
        Self { name, body: Body::File(show) }
    }

    /// A file that can be read and written.
    pub const fn setting(name: &'static [u8], show: Show, store: Store) -> Self {
        Self { name, body: Body::Setting(show, store) }
    }

    /// A symbolic link.
    pub const fn link(name: &'static [u8], target: &'static [u8]) -> Self {
        Self { name, body: Body::Link(target) }
    }

    /// The type of file.
    pub const fn kind(&self) -> FileKind {
        match self.body {
            Body::Directory(_) => FileKind::Directory,
            Body::File(_) | Body::Setting(..) => FileKind::Regular,
            Body::Link(_) => FileKind::Symlink,
        }
    }

    /// Its inode, in a directory whose number is `parent`.
    pub fn inode(&'static self, dev: u64, parent: u64) -> Arc<dyn Inode> {
        let ino = child_ino(parent, self.name);
        match &self.body {
            Body::Directory(nodes) => TableDirectory::new(dev, ino, nodes),
            Body::File(show) => {
                let show = *show;
                TextInode::new(Attr::new(ino, dev, FileKind::Regular, 0o444, 0, 0), show, None)
            }
            Body::Setting(show, store) => {
                let attr = Attr::new(ino, dev, FileKind::Regular, 0o644, 0, 0);
                TextInode::new(attr, *show, Some(*store))
            }
            Body::Link(target) => {
                let attr = Attr::new(ino, dev, FileKind::Symlink, 0o777, 0, 0);
                Arc::new(LinkInode { attr, target: Arc::from(*target) })
            }
        }
    }
}

/// The inode number of a name: the same each time it is looked up.
pub fn child_ino(parent: u64, name: &[u8]) -> u64 {
    const PRIME: u64 = 0x100_0000_01b3;
    let hash = name.iter().fold(parent ^ 0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(PRIME)
    });
    // Numbers that fit everywhere, and are not 0.
    (hash ^ hash >> 32) & 0x7fff_ffff | 1
}

/// A directory that is a table.
pub struct TableDirectory {
    attr: Attr,
    nodes: &'static [Node],
}

impl TableDirectory {
    /// The directory of these entries.
    pub fn new(dev: u64, ino: u64, nodes: &'static [Node]) -> Arc<Self> {
        let attr = Attr::new(ino, dev, FileKind::Directory, 0o555, 0, 0);
        attr.set_links(2 + directories(nodes));
        Arc::new(Self { attr, nodes })
    }
}

/// The number of directories among the entries.
pub fn directories(nodes: &[Node]) -> u32 {
    nodes.iter().map(|node| u32::from(node.kind() == FileKind::Directory)).sum()
}

/// Lists a table's entries from `from` on; false when `emit` wants no more.
pub fn list_nodes(
    nodes: &'static [Node],
    parent: u64,
    from: u64,
    emit: &mut dyn FnMut(Entry<'_>) -> bool,
) -> bool {
    (FIRST_COOKIE..).zip(nodes).skip_while(|&(at, _)| at < from).all(|(at, node)| {
        let ino = child_ino(parent, node.name);
        emit(Entry { ino, kind: node.kind(), name: node.name, next: at + 1 })
    })
}

impl Inode for TableDirectory {
    fn attr(&self) -> &Attr {
        &self.attr
    }

    fn lookup(&self, name: &[u8]) -> Result<Arc<dyn Inode>, Errno> {
        let node = self.nodes.iter().find(|node| node.name == name).ok_or(Errno::ENOENT)?;
        Ok(node.inode(self.attr.dev, self.attr.ino))
    }

    fn volatile(&self) -> bool {
        true
    }

    fn list(&self, from: u64, emit: &mut dyn FnMut(Entry<'_>) -> bool) -> Result<(), Errno> {
        list_nodes(self.nodes, self.attr.ino, from, emit);
        Ok(())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A symbolic link with a fixed text.
pub struct LinkInode {
    attr: Attr,
    target: Arc<[u8]>,
}

impl LinkInode {
    /// A link to `target`.
    pub fn new(attr: Attr, target: &[u8]) -> Arc<Self> {
        Arc::new(Self { attr, target: Arc::from(target) })
    }
}

impl Inode for LinkInode {
    fn attr(&self) -> &Attr {
        &self.attr
    }

    fn readlink(&self) -> Result<Arc<[u8]>, Errno> {
        Ok(self.target.clone())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Makes the contents of a file.
type Make = Box<dyn Fn(&mut Text) -> Shown + Send + Sync>;
/// Takes what was written to a file.
type Take = Box<dyn Fn(&[u8]) -> Result<(), Errno> + Send + Sync>;

/// Says whether a file may be opened now.
type Check = Box<dyn Fn() -> Result<(), Errno> + Send + Sync>;

/// A file whose contents are made when it is read.
pub struct TextInode {
    attr: Attr,
    text: Arc<Maker>,
}

struct Maker {
    make: Make,
    take: Option<Take>,
    check: Option<Check>,
}

impl TextInode {
    /// A file with the contents that `make` writes; what is written to it goes to `take`.
    pub fn new(
        attr: Attr,
        make: impl Fn(&mut Text) -> Shown + Send + Sync + 'static,
        take: Option<Store>,
    ) -> Arc<Self> {
        let take = take.map(|take| -> Take { Box::new(take) });
        Arc::new(Self { attr, text: Arc::new(Maker { make: Box::new(make), take, check: None }) })
    }

    /// A file that can be opened only while `check` says so.
    pub fn guarded(
        attr: Attr,
        make: impl Fn(&mut Text) -> Shown + Send + Sync + 'static,
        check: impl Fn() -> Result<(), Errno> + Send + Sync + 'static,
    ) -> Arc<Self> {
        let check = Some(Box::new(check) as Check);
        Arc::new(Self { attr, text: Arc::new(Maker { make: Box::new(make), take: None, check }) })
    }

    /// The same, for contents and writes that need to know more.
    pub fn with_store(
        attr: Attr,
        make: impl Fn(&mut Text) -> Shown + Send + Sync + 'static,
        take: impl Fn(&[u8]) -> Result<(), Errno> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            attr,
            text: Arc::new(Maker { make: Box::new(make), take: Some(Box::new(take)), check: None }),
        })
    }
}

impl Inode for TextInode {
    fn attr(&self) -> &Attr {
        &self.attr
    }

    fn open(self: Arc<Self>, _flags: OpenFlags) -> Result<Arc<dyn File>, Errno> {
        if let Some(check) = &self.text.check {
            check()?;
        }
        Ok(Arc::new(TextFile { text: self.text.clone(), made: Mutex::new(None) }))
    }

    /// Opening a setting for writing cuts it to nothing, which means nothing.
    fn truncate(&self, _len: u64) -> Result<(), Errno> {
        Ok(())
    }

    fn may_set_attr(&self) -> Result<(), Errno> {
        Err(Errno::EPERM)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// An open file whose contents are made when it is read from the start.
struct TextFile {
    text: Arc<Maker>,
    made: Mutex<Option<Text>>,
}

impl File for TextFile {
    fn read(&self, of: &OpenFile, dst: &mut Dest<'_>) -> SysResult {
        super::file::read_at_position(self, of, dst)
    }

    fn read_at(&self, offset: u64, dst: &mut Dest<'_>) -> SysResult {
        let mut made = self.made.lock();
        if offset == 0 || made.is_none() {
            let mut text = Text::default();
            (self.text.make)(&mut text).map_err(|ShowError(errno)| errno)?;
            *made = Some(text);
        }
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let rest = made.as_ref().and_then(|text| text.as_bytes().get(offset..));
        dst.put(rest.unwrap_or_default())
    }

    fn write(&self, of: &OpenFile, src: &mut Source<'_>) -> SysResult {
        let n = self.write_at(0, src)?;
        *of.position().lock() += n as u64;
        Ok(n)
    }

    fn write_at(&self, _offset: u64, src: &mut Source<'_>) -> SysResult {
        let take = self.text.take.as_ref().ok_or(Errno::EACCES)?;
        let mut bytes = alloc::vec![0; src.remaining().min(STORE_MAX)];
        let n = src.take(&mut bytes)?;
        bytes.truncate(n);
        take(&bytes)?;
        Ok(n)
    }

    fn seek(&self, of: &OpenFile, offset: i64, whence: Whence) -> SysResult {
        match whence {
            Whence::Set | Whence::Cur => seek_within(of, 0, offset, whence),
            Whence::End | Whence::Data | Whence::Hole => Err(Errno::EINVAL),
        }
    }

    fn pollable(&self) -> bool {
        false
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_stable_and_differ() {
        assert_eq!(child_ino(1, b"stat"), child_ino(1, b"stat"));
        assert_ne!(child_ino(1, b"stat"), child_ino(2, b"stat"));
        assert_ne!(child_ino(1, b"stat"), child_ino(1, b"statm"));
    }
}
