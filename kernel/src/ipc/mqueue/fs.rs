//! [`MqueueFs`]: the file system whose files are message queues, [`open`] and [`unlink`].

use alloc::sync::Arc;
use core::any::Any;
use core::sync::atomic::{AtomicU64, Ordering};

use elfin_platform::sync::Lazy;
use elfin_syscalls::Errno;
use elfin_syscalls::args::OpenFlags;

use super::queue::{Attributes, MqInode};
use crate::fs::mount::{FileSystem, Mount, anonymous_dev};
use crate::fs::namei::{self, Make};
use crate::fs::walk::{NAME_MAX, WalkFlags, Walker};
use crate::fs::{
    Attr, Dentry, File, FileKind, FsContext, Inode, NewNode, OpenFile, PathRef, StatFs, perm,
};
use crate::task::Cred;

/// `MQUEUE_MAGIC`.
const MAGIC: u64 = 0x1980_0202;
/// Permissions of the root: everybody makes queues, and removes their own.
const ROOT_MODE: u32 = 0o1777;
/// The access mode that is none.
const NO_ACCESS: u32 = 3;

/// The file system. There is one, however often it is mounted.
pub struct MqueueFs {
    dev: u64,
    root: Arc<Dentry>,
}

struct Directory {
    attr: Attr,
    next_ino: AtomicU64,
}

static SHARED: Lazy<(Arc<MqueueFs>, Arc<Mount>)> = Lazy::new(|| {
    const FIRST_INO: u64 = 1;
    let dev = anonymous_dev();
    let attr = Attr::new(FIRST_INO, dev, FileKind::Directory, ROOT_MODE, 0, 0);
    let directory = Directory { attr, next_ino: AtomicU64::new(FIRST_INO + 1) };
    let fs = Arc::new(MqueueFs { dev, root: Dentry::root(Arc::new(directory)) });
    let mount = Mount::detached(fs.clone());
    (fs, mount)
});

impl MqueueFs {
    /// The file system.
    pub fn shared() -> Arc<Self> {
        SHARED.0.clone()
    }
}

impl FileSystem for MqueueFs {
    fn name(&self) -> &'static str {
        "mqueue"
    }

    fn dev(&self) -> u64 {
        self.dev
    }

    fn root(&self) -> Arc<Dentry> {
        self.root.clone()
    }

    fn statfs(&self) -> StatFs {
        const PAGE: u64 = 4096;
        StatFs { magic: MAGIC, block_size: PAGE, name_max: NAME_MAX as u64, ..StatFs::default() }
    }
}

impl Directory {
    fn make(&self, node: NewNode<'_>, size: Attributes) -> Result<Arc<MqInode>, Errno> {
        let ino = self.next_ino.fetch_add(1, Ordering::Relaxed);
        let (uid, gid) = (node.uid, node.gid);
        let attr = Attr::new(ino, self.attr.dev, FileKind::Regular, node.mode, uid, gid);
        let queue = MqInode::new(attr, size)?;
        self.attr.touch_mtime();
        Ok(queue)
    }
}

impl Inode for Directory {
    fn attr(&self) -> &Attr {
        &self.attr
    }

    /// A file that is made by `open` is a queue without special attributes.
    fn create(&self, node: NewNode<'_>) -> Result<Arc<dyn Inode>, Errno> {
        if node.kind != FileKind::Regular {
            return Err(Errno::EPERM);
        }
        Ok(self.make(node, Attributes::standard())?)
    }

    fn unlink(&self, inode: &Arc<dyn Inode>) -> Result<(), Errno> {
        inode.attr().add_links(-1);
        self.attr.touch_mtime();
        Ok(())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn root() -> PathRef {
    let (fs, mount) = &*SHARED;
    PathRef::new(mount.clone(), fs.root.clone())
}

/// Checks a name, which the C library gives without its slash.
///
/// # Errors
/// `ENOENT` for an empty one, `EACCES` for one that is none, `ENAMETOOLONG`.
fn check_name(name: &[u8]) -> Result<(), Errno> {
    match name {
        b"" => Err(Errno::ENOENT),
        b"." | b".." => Err(Errno::EACCES),
        _ if name.contains(&b'/') => Err(Errno::EACCES),
        _ if name.len() > NAME_MAX => Err(Errno::ENAMETOOLONG),
        _ => Ok(()),
    }
}

/// `mq_open(2)`: opens the queue `name`, or makes it as `flags` say, with the permissions `mode`
/// and the size that `size` gives.
///
/// # Errors
/// `ENOENT`, `EEXIST`, `EACCES`, `ENAMETOOLONG`, `EINVAL`, `EMFILE` beyond the user's limit,
/// `ENOSPC`, `ENOMEM`.
pub fn open(
    name: &[u8],
    flags: OpenFlags,
    mode: u32,
    size: Option<(i64, i64)>,
    cred: &Arc<Cred>,
) -> Result<Arc<OpenFile>, Errno> {
    check_name(name)?;
    let dir = root();
    let _change = dir.dentry.change()?;
    let (dentry, made) = match dir.dentry.lookup(name) {
        Ok(found) => (found, false),
        Err(Errno::ENOENT) if flags.contains(OpenFlags::CREAT) => {
            perm::check_change(&dir, cred)?;
            let size = match size {
                None => Attributes::standard(),
                Some((messages, size)) => Attributes::checked(messages, size, cred)?,
            };
            let parent = dir.inode();
            let directory: &Directory = parent.as_any().downcast_ref().ok_or(Errno::ENOSYS)?;
            let make = Make::new(FileKind::Regular, mode);
            dir.dentry.reserve()?;
            let queue = directory.make(namei::inherit(&**parent, make, cred), size)?;
            (dir.dentry.attach(name, queue)?, true)
        }
        Err(errno) => return Err(errno),
    };
    if !made && flags.contains(OpenFlags::CREAT | OpenFlags::EXCL) {
        return Err(Errno::EEXIST);
    }
    let mask = match flags.bits() & NO_ACCESS {
        NO_ACCESS => return Err(Errno::EINVAL),
        _ if flags.readable() && flags.writable() => perm::MAY_READ | perm::MAY_WRITE,
        _ if flags.writable() => perm::MAY_WRITE,
        _ => perm::MAY_READ,
    };
    perm::check(&**dentry.inode(), mask, cred)?;
    let file: Arc<dyn File> = dentry.inode().clone().open(flags)?;
    let place = PathRef::new(dir.mount.clone(), dentry);
    Ok(OpenFile::new(file, flags & kept(), Some(place)))
}

/// Flags that an open queue keeps.
fn kept() -> OpenFlags {
    OpenFlags::WRONLY | OpenFlags::RDWR | OpenFlags::NONBLOCK
}

/// `mq_unlink(2)`.
///
/// # Errors
/// `ENOENT`, `EACCES`, `EPERM` for another's queue, `ENAMETOOLONG`.
pub fn unlink(name: &[u8], cred: &Arc<Cred>) -> Result<(), Errno> {
    check_name(name)?;
    let context = FsContext::new(root());
    let mut walker = Walker::new(&context, cred.clone(), None, WalkFlags::empty());
    namei::unlink(&mut walker, name)
}
