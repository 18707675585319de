//! tmpfs: files in memory. The root file system, `/dev`, `/dev/shm`, and what `memfd_create`
//! makes.
//!
//! Names live in the tree of dentries alone, as on Linux. [`TmpInode`] is an object, [`Pages`]
//! the contents of a regular file: frames by page index, shared with mappings.

mod file;
mod frames;
mod inode;
mod pages;
#[cfg(test)]
mod tests;

pub use file::check_size_limit;
pub use frames::pages_in_files;
pub use inode::TmpInode;
pub use pages::{MAX_SIZE, Pages, Seals};

use alloc::string::String;
use alloc::sync::Arc;

use elfin_platform::mm::{self, PAGE_SIZE};

use super::attr::{Attr, FileKind, StatFs};
use super::dentry::{Dentry, dismantle};
use super::mount::{FileSystem, anonymous_dev};
use inode::Shared;

/// `TMPFS_MAGIC`.
const MAGIC: u64 = 0x0102_1994;
/// The longest name.
const NAME_MAX: u64 = 255;
/// Memory that files leave to programs and the kernel.
pub const RESERVE: usize = 32 * PAGE_SIZE;

/// A file system in memory.
pub struct TmpFs {
    shared: Arc<Shared>,
    root: Arc<Dentry>,
}

impl TmpFs {
    /// An empty file system whose type is called `name` and whose root has the permissions
    /// `mode`.
    #[must_use]
    pub fn new(name: &'static str, mode: u32) -> Arc<Self> {
        let shared = Arc::new(Shared::new(name, anonymous_dev()));
        let attr = Attr::new(shared.next_ino(), shared.dev, FileKind::Directory, mode, 0, 0);
        let root = Dentry::root(TmpInode::directory(shared.clone(), attr));
        Arc::new(Self { shared, root })
    }

    /// A regular file without a name.
    pub fn unnamed_file(&self, mode: u32, uid: u32, gid: u32) -> Arc<TmpInode> {
        let ino = self.shared.next_ino();
        let attr = Attr::new(ino, self.shared.dev, FileKind::Regular, mode, uid, gid);
        TmpInode::regular(self.shared.clone(), attr)
    }
}

impl Drop for TmpFs {
    fn drop(&mut self) {
        dismantle(self.root.clone());
    }
}

impl FileSystem for TmpFs {
    fn name(&self) -> &'static str {
        self.shared.name
    }

    fn dev(&self) -> u64 {
        self.shared.dev
    }

    fn root(&self) -> Arc<Dentry> {
        self.root.clone()
    }

    fn statfs(&self) -> StatFs {
        let memory = mm::stats();
        let pages = |bytes: usize| (bytes / PAGE_SIZE) as u64;
        let free = pages(memory.free.saturating_sub(RESERVE));
        StatFs {
            magic: MAGIC,
            block_size: PAGE_SIZE as u64,
            blocks: pages(memory.total),
            free,
            // An inode takes far less than a page, so pages are what runs out.
            files: pages(memory.total),
            files_free: free,
            name_max: NAME_MAX,
        }
    }

    fn options(&self) -> String {
        String::new()
    }
}
