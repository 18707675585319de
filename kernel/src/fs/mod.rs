//! Files: open files and descriptors, the directory tree, and the file systems under it.
//!
//! * [`File`] is what a descriptor refers to, [`OpenFile`] the open file description around it,
//!   [`FdTable`] the descriptors of a process; [`Dest`] and [`Source`] are the program's side of
//!   a transfer.
//! * [`Inode`] is an object of a file system, [`Dentry`] its name in the tree, [`PathRef`] a
//!   place in the mounted tree; [`walk`] finds one by path, [`namei`] and [`rename`] change the
//!   tree, [`open`] opens.
//! * [`tmpfs`], [`dev`], [`procfs`] and [`sysfs`] are the file systems; [`root`] mounts them and
//!   [`unpack`] fills the root from the initramfs.

pub mod attr;
pub mod context;
pub mod dentry;
pub mod dev;
pub mod devpts;
pub mod dir;
pub mod fdtable;
pub mod file;
pub mod inode;
pub mod locks;
pub mod mount;
pub mod namei;
pub mod open;
pub mod path;
pub mod perm;
pub mod procfs;
pub mod pseudo;
pub mod ranges;
pub mod rename;
pub mod root;
pub mod sysfs;
pub mod tmpfs;
pub mod transfer;
pub mod unpack;
pub mod walk;
pub mod watch;
pub mod xattr;

mod components;
mod names;
#[cfg(test)]
mod tests;

pub use attr::{Attr, FileKind, FileStat, StatFs, Times, makedev};
pub use context::FsContext;
pub use dentry::{Dentry, PathRef};
pub use fdtable::FdTable;
pub use file::{File, OpenFile, Whence};
pub use inode::{Inode, Mappable, NewNode, SocketSlot};
pub use mount::{FileSystem, Mount};
pub use root::{mount_root, mount_standard, open_standard, pipe_dev, reserve_memory};
pub use transfer::{Dest, Source};
pub use unpack::unpack;
