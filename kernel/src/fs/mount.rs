//! [`Mount`]: a file system in the tree, and the table of mounts.
//!
//! A mount joins the root of a file system to a directory of another mount. The walk crosses
//! downwards with [`Mount::topmost`] where a dentry says that something is mounted there, and
//! upwards with [`Mount::at`]. Neighbours: [`super::walk`], [`super::path`].

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering};

use bitflags::bitflags;
use elfin_platform::sync::SpinLock;
use elfin_syscalls::Errno;

use super::attr::{StatFs, makedev};
use super::dentry::{Dentry, PathRef};
use super::watch;

/// What there is to say about a whole file system.
pub trait FileSystem: Send + Sync {
    /// Its type, as `/proc/mounts` shows it.
    fn name(&self) -> &'static str;

    /// The device number in `st_dev`.
    fn dev(&self) -> u64;

    /// The root directory.
    fn root(&self) -> Arc<Dentry>;

    /// Sizes.
    fn statfs(&self) -> StatFs;

    /// The options of its own in `/proc/mounts`, each with a comma before it.
    fn options(&self) -> String {
        String::new()
    }

    /// Writes back what is not on the disk yet.
    ///
    /// # Errors
    /// `EIO`.
    fn sync(&self) -> Result<(), Errno> {
        Ok(())
    }
}

bitflags! {
    /// What is not done in a mount; the values are those of `statfs` (`ST_*`).
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct MountFlags: u32 {
        /// No changes.
        const RDONLY = 0x1;
        /// Set-id bits mean nothing.
        const NOSUID = 0x2;
        /// Device nodes mean nothing.
        const NODEV = 0x4;
        /// Nothing is executed.
        const NOEXEC = 0x8;
        /// Access times move only when they are old.
        const RELATIME = 0x1000;
    }
}

/// A mounted file system.
pub struct Mount {
    /// Its number in `/proc/self/mountinfo`.
    pub id: u32,
    /// The file system.
    pub fs: Arc<dyn FileSystem>,
    /// The directory of it that is the root here.
    pub root: Arc<Dentry>,
    /// Where it is mounted; `None` for the root of all.
    pub at: Option<PathRef>,
    /// What `/proc/mounts` shows as its device.
    pub source: String,
    /// What is not done in it.
    pub flags: MountFlags,
}

static MOUNTS: SpinLock<Vec<Arc<Mount>>> = SpinLock::new(Vec::new());

impl Mount {
    /// Mounts `fs` at `at`, or as the root of all.
    ///
    /// # Errors
    /// `ENOTDIR` if `at` is no directory, `ENOMEM`.
    pub fn new(
        fs: Arc<dyn FileSystem>,
        source: &str,
        flags: MountFlags,
        at: Option<PathRef>,
    ) -> Result<Arc<Self>, Errno> {
        if at.as_ref().is_some_and(|at| !at.dentry.is_directory()) {
            return Err(Errno::ENOTDIR);
        }
        Self::add(Self {
            id: next_id(),
            root: fs.root(),
            fs,
            source: String::from(source),
            flags: flags | MountFlags::RELATIME,
            at,
        })
    }

    fn add(mount: Self) -> Result<Arc<Self>, Errno> {
        let mount = Arc::new(mount);
        let mut mounts = MOUNTS.lock();
        mounts.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        mounts.push(mount.clone());
        if let Some(at) = &mount.at {
            at.dentry.set_mounted(true);
        }
        Ok(mount)
    }

    /// Shows what is at `from` at `at` too (`MS_BIND`).
    ///
    /// # Errors
    /// `ENOTDIR` if one of both is a directory and the other not, `ENOMEM`.
    pub fn bind(from: &PathRef, at: PathRef) -> Result<Arc<Self>, Errno> {
        if from.dentry.is_directory() != at.dentry.is_directory() {
            return Err(Errno::ENOTDIR);
        }
        Self::add(Self {
            id: next_id(),
            root: from.dentry.clone(),
            fs: from.mount.fs.clone(),
            source: from.mount.source.clone(),
            flags: from.mount.flags,
            at: Some(at),
        })
    }

    /// A mount that is in no tree: for files without a name.
    pub fn detached(fs: Arc<dyn FileSystem>) -> Arc<Self> {
        Arc::new(Self {
            id: 0,
            root: fs.root(),
            fs,
            source: String::from("none"),
            flags: MountFlags::empty(),
            at: None,
        })
    }

    /// The root of the mount that is on top at `place`, through however many there are; `place`
    /// itself if nothing is mounted there.
    #[inline]
    pub fn topmost(place: PathRef) -> PathRef {
        if place.dentry.is_mounted() { Self::topmost_mounted(place) } else { place }
    }

    fn topmost_mounted(mut place: PathRef) -> PathRef {
        let mounts = MOUNTS.lock();
        while place.dentry.is_mounted()
            && let Some(mount) = mounts
                .iter()
                .rev()
                .find(|mount| mount.at.as_ref().is_some_and(|at| at.same(&place)))
        {
            // What is left behind lives on in `mount.at`: nothing is freed under the lock.
            place = PathRef::new(mount.clone(), mount.root.clone());
        }
        drop(mounts);
        place
    }

    /// All mounts, the oldest first.
    pub fn all() -> Vec<Arc<Mount>> {
        MOUNTS.lock().clone()
    }

    /// Whether something is mounted on `dentry`.
    pub fn is_mount_point(dentry: &Arc<Dentry>) -> bool {
        dentry.is_mounted()
            && MOUNTS
                .lock()
                .iter()
                .any(|mount| mount.at.as_ref().is_some_and(|at| Arc::ptr_eq(&at.dentry, dentry)))
    }

    /// Takes the topmost mount at `root`, a mount's root, out of the tree.
    ///
    /// # Errors
    /// `EINVAL` if it is no mount's root or the root of all, `EBUSY` if others are mounted in it.
    pub fn unmount(root: &PathRef) -> Result<(), Errno> {
        if !root.is_mount_root() || root.mount.at.is_none() {
            return Err(Errno::EINVAL);
        }
        let mut mounts = MOUNTS.lock();
        let inside = |mount: &Arc<Mount>| {
            mount.at.as_ref().is_some_and(|at| Arc::ptr_eq(&at.mount, &root.mount))
        };
        if mounts.iter().any(inside) {
            return Err(Errno::EBUSY);
        }
        let at = mounts.iter().position(|mount| Arc::ptr_eq(mount, &root.mount));
        let removed = mounts.remove(at.ok_or(Errno::EINVAL)?);
        if let Some(at) = &removed.at {
            let still = mounts.iter().any(|mount| {
                mount.at.as_ref().is_some_and(|other| Arc::ptr_eq(&other.dentry, &at.dentry))
            });
            at.dentry.set_mounted(still);
        }
        let still = mounts.iter().any(|mount| mount.fs.dev() == removed.fs.dev());
        drop(mounts);
        if !still {
            watch::unmounted(removed.fs.dev());
        }
        drop(removed);
        Ok(())
    }
}

fn next_id() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// A device number for a file system without a device, as Linux gives them out: major 0.
pub fn anonymous_dev() -> u64 {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    makedev(0, NEXT.fetch_add(1, Ordering::Relaxed))
}
