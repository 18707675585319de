//! Files: open files and descriptors, the directory tree, and the file systems under it.
//!
//! * [`File`] is what a descriptor refers to, [`OpenFile`] the open file description around it,
//!   [`FdTable`] the descriptors of a process; [`Dest`] and [`Source`] are the program's side of
//!   a transfer.
//! * [`Inode`] is an object of a file system, [`Dentry`] its name in the tree, [`PathRef`] a
//!   place in the mounted tree; [`walk`] finds one by path, [`namei`] changes the tree.
//! * [`tmpfs`], [`devfs`], [`procfs`] are the file systems; [`unpack`] fills the root from the
//!   initramfs.

pub mod attr;
pub mod context;
pub mod dentry;
pub mod fdtable;
pub mod file;
pub mod inode;
pub mod mount;
pub mod transfer;

pub use attr::{Attr, FileKind, FileStat, StatFs, Times};
pub use context::FsContext;
pub use dentry::{Dentry, PathRef};
pub use fdtable::FdTable;
pub use file::{File, OpenFile, Whence};
pub use inode::{Inode, Mappable, NewNode, SocketSlot};
pub use mount::{FileSystem, Mount};
pub use transfer::{Dest, Source};
