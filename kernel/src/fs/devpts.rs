//! devpts: the file system of pseudoterminals, mounted at `/dev/pts`. A slave's name is there as
//! long as its master is open. There is one instance, wherever it is mounted.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use core::any::Any;

use elfin_platform::sync::Lazy;
use elfin_syscalls::Errno;

use super::attr::{Attr, FileKind, StatFs, makedev};
use super::dentry::{Dentry, PathRef};
use super::dev::{PTMX_MINOR, TTYAUX_MAJOR};
use super::inode::{Entry, Inode};
use super::mount::{FileSystem, Mount, anonymous_dev};
use super::names::FIRST_COOKIE;
use super::procfs::number;
use crate::tty::pty;

/// `DEVPTS_SUPER_MAGIC`.
const MAGIC: u64 = 0x1cd1;
const BLOCK: u64 = 4096;
const NAME_MAX: u64 = 255;
const ROOT_INO: u64 = 1;
const PTMX_INO: u64 = 2;
/// A slave's inode number is its own and this.
const FIRST_INO: u64 = 3;
/// The name of the multiplexor.
const PTMX: &[u8] = b"ptmx";
/// Where the slaves begin in a listing.
const FIRST_SLAVE: u64 = FIRST_COOKIE + 1;
/// The group that slaves belong to: `tty`.
const TTY_GROUP: u32 = 5;
/// Permissions of a slave: its owner's, and to write for those who send messages.
const SLAVE_MODE: u32 = 0o620;
const PTMX_MODE: u32 = 0o666;

/// The file system.
pub struct DevPts {
    dev: u64,
    root: Arc<Dentry>,
}

static SHARED: Lazy<Arc<DevPts>> = Lazy::new(|| {
    let dev = anonymous_dev();
    let root = Dentry::root(Arc::new(Root::new(dev)));
    Arc::new(DevPts { dev, root })
});

/// The file system.
pub fn shared() -> Arc<DevPts> {
    SHARED.clone()
}

impl FileSystem for DevPts {
    fn name(&self) -> &'static str {
        "devpts"
    }

    fn dev(&self) -> u64 {
        self.dev
    }

    fn root(&self) -> Arc<Dentry> {
        self.root.clone()
    }

    fn statfs(&self) -> StatFs {
        StatFs { magic: MAGIC, block_size: BLOCK, name_max: NAME_MAX, ..StatFs::default() }
    }

    fn options(&self) -> String {
        format!(",gid={TTY_GROUP},mode={SLAVE_MODE:o},ptmxmode={PTMX_MODE:o}")
    }
}

/// The node of a new slave, which belongs to `uid`.
pub fn node(index: u32, rdev: u64, uid: u32) -> Arc<dyn Inode> {
    let ino = FIRST_INO + u64::from(index);
    let mut attr = Attr::new(ino, SHARED.dev, FileKind::Char, SLAVE_MODE, uid, TTY_GROUP);
    attr.rdev = rdev;
    Arc::new(Device(attr))
}

/// The place of a slave in the file system's first mount.
pub fn place(node: Arc<dyn Inode>, index: u32) -> Option<PathRef> {
    let fs: Arc<dyn FileSystem> = shared();
    let mount = Mount::all().into_iter().find(|mount| Arc::ptr_eq(&mount.fs, &fs))?;
    let name = format!("{index}");
    let dentry = Dentry::new(node, Arc::from(name.as_bytes()), Some(SHARED.root.clone()));
    Some(PathRef::new(mount, dentry))
}

/// A device node.
struct Device(Attr);

impl Inode for Device {
    fn attr(&self) -> &Attr {
        &self.0
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The directory.
struct Root {
    attr: Attr,
    ptmx: Arc<dyn Inode>,
}

impl Root {
    fn new(dev: u64) -> Self {
        let mut ptmx = Attr::new(PTMX_INO, dev, FileKind::Char, PTMX_MODE, 0, 0);
        ptmx.rdev = makedev(TTYAUX_MAJOR, PTMX_MINOR);
        Self {
            attr: Attr::new(ROOT_INO, dev, FileKind::Directory, 0o755, 0, 0),
            ptmx: Arc::new(Device(ptmx)),
        }
    }
}

impl Inode for Root {
    fn attr(&self) -> &Attr {
        &self.attr
    }

    fn lookup(&self, name: &[u8]) -> Result<Arc<dyn Inode>, Errno> {
        if name == PTMX {
            return Ok(self.ptmx.clone());
        }
        number(name).and_then(pty::node).ok_or(Errno::ENOENT)
    }

    fn volatile(&self) -> bool {
        true
    }

    fn list(&self, from: u64, emit: &mut dyn FnMut(Entry<'_>) -> bool) -> Result<(), Errno> {
        let kind = FileKind::Char;
        let ptmx = Entry { ino: PTMX_INO, kind, name: PTMX, next: FIRST_SLAVE };
        if from <= FIRST_COOKIE && !emit(ptmx) {
            return Ok(());
        }
        for index in pty::numbers() {
            let at = FIRST_SLAVE + u64::from(index);
            let (name, ino) = (format!("{index}"), FIRST_INO + u64::from(index));
            let entry = Entry { ino, kind, name: name.as_bytes(), next: at + 1 };
            if at >= from && !emit(entry) {
                break;
            }
        }
        Ok(())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
