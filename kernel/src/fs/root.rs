//! The tree at boot: the root, what is mounted in it, and the first process's descriptors.

use alloc::sync::Arc;

use elfin_platform::mm;
use elfin_platform::sync::Lazy;
use elfin_syscalls::Errno;
use elfin_syscalls::args::OpenFlags;

use super::attr::FileKind;
use super::context::FsContext;
use super::dentry::{Dentry, PathRef};
use super::fdtable::FdTable;
use super::file::{File, OpenFile};
use super::inode::Inode;
use super::mount::{FileSystem, Mount, MountFlags, anonymous_dev};
use super::namei::{self, Make};
use super::open;
use super::procfs::ProcFs;
use super::sysfs::SysFs;
use super::tmpfs::{RESERVE, TmpFs};
use super::walk::{WalkFlags, Walker};
use super::{dev, devpts, tmpfs};
use crate::ipc::mqueue::MqueueFs;
use crate::task::Cred;
use crate::tty;

/// Set on mounts in which nothing should be executed or have power.
const SAFE: MountFlags = MountFlags::NOSUID.union(MountFlags::NODEV).union(MountFlags::NOEXEC);
/// Permissions of directories that everybody writes to.
const SHARED_DIRECTORY: u32 = 0o1777;
/// Permissions of other directories.
const DIRECTORY: u32 = 0o755;

/// Makes the empty root file system.
///
/// # Errors
/// `ENOMEM`.
pub fn mount_root() -> Result<PathRef, Errno> {
    let fs = TmpFs::new("rootfs", DIRECTORY);
    let mount = Mount::new(fs, "rootfs", MountFlags::empty(), None)?;
    let root = mount.root.clone();
    Ok(PathRef::new(mount, root))
}

/// Mounts `/dev`, `/dev/shm`, `/dev/pts`, `/dev/mqueue`, `/proc` and `/sys`, making the directories
/// where they are missing.
///
/// # Errors
/// `ENOMEM`, `ENOSPC`, `ENOTDIR` if something else is there.
pub fn mount_standard(root: &PathRef) -> Result<(), Errno> {
    let devices = TmpFs::new("devtmpfs", DIRECTORY);
    let place = mount(root, b"/dev", devices, "devtmpfs", MountFlags::NOSUID)?;
    dev::populate(&place)?;
    let shared = TmpFs::new("tmpfs", SHARED_DIRECTORY);
    mount(root, b"/dev/shm", shared, "tmpfs", MountFlags::NOSUID | MountFlags::NODEV)?;
    let options = MountFlags::NOSUID | MountFlags::NOEXEC;
    mount(root, b"/dev/pts", devpts::shared(), "devpts", options)?;
    mount(root, b"/dev/mqueue", MqueueFs::shared(), "mqueue", SAFE)?;
    mount(root, b"/proc", ProcFs::new(), "proc", SAFE)?;
    mount(root, b"/sys", SysFs::new(), "sysfs", SAFE)?;
    Ok(())
}

fn walker(root: &PathRef) -> Walker {
    let context = FsContext::new(root.clone());
    Walker::new(&context, Arc::new(Cred::root()), None, WalkFlags::FOLLOW)
}

fn mount(
    root: &PathRef,
    path: &[u8],
    fs: Arc<dyn FileSystem>,
    source: &str,
    flags: MountFlags,
) -> Result<PathRef, Errno> {
    let mut walker = walker(root);
    let place = match walker.resolve(path) {
        Ok(place) => place,
        Err(Errno::ENOENT) => {
            namei::make(&mut walker, path, Make::new(FileKind::Directory, DIRECTORY))?
        }
        Err(errno) => return Err(errno),
    };
    let mount = Mount::new(fs, source, flags, Some(place))?;
    let root = mount.root.clone();
    Ok(PathRef::new(mount, root))
}

/// What the first process's standard input is (docs: the host protocol).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StandardInput<'a> {
    /// The console.
    Console,
    /// A file of the root file system.
    File(&'a [u8]),
    /// Nothing: `/dev/null`.
    Null,
}

/// Opens descriptors 0, 1 and 2.
///
/// # Errors
/// Those of opening the files.
pub fn open_standard(
    root: &PathRef,
    files: &FdTable,
    input: StandardInput<'_>,
) -> Result<(), Errno> {
    let mut walker = walker(root);
    let console = walker.resolve(b"/dev/console").ok();
    let device = |file: Arc<dyn File>| OpenFile::new(file, console_flags(), console.clone());
    let [standard_input, standard_output] = tty::standard_files();
    let output = device(standard_output);
    let input = match input {
        // One open file for all three, as a shell would have it.
        StandardInput::Console if Arc::ptr_eq(&standard_input, &output.file) => output.clone(),
        StandardInput::Console => device(standard_input),
        StandardInput::File(path) => open::open(&mut walker, path, OpenFlags::RDONLY, 0)?,
        StandardInput::Null => open::open(&mut walker, b"/dev/null", OpenFlags::RDWR, 0)?,
    };
    files.install(input, false)?;
    files.install(output.clone(), false)?;
    files.install(output, false)?;
    Ok(())
}

fn console_flags() -> OpenFlags {
    OpenFlags::RDWR | OpenFlags::LARGEFILE
}

/// The mount, in no tree, of files without a name.
fn hidden() -> &'static (Arc<TmpFs>, Arc<Mount>) {
    static HIDDEN: Lazy<(Arc<TmpFs>, Arc<Mount>)> = Lazy::new(|| {
        let fs = TmpFs::new("tmpfs", DIRECTORY);
        let mount = Mount::detached(fs.clone());
        (fs, mount)
    });
    &HIDDEN
}

/// A place in a mount of its own for a file without a name: `memfd_create`.
pub fn unnamed_place(
    name: &[u8],
    mode: u32,
    uid: u32,
    gid: u32,
) -> (PathRef, Arc<tmpfs::TmpInode>) {
    let inode = hidden().0.unnamed_file(mode, uid, gid);
    (place_without_name(inode.clone(), name), inode)
}

/// A place in the same mount for an object of one's own, shown as `/name (deleted)`.
pub fn place_without_name(inode: Arc<dyn Inode>, name: &[u8]) -> PathRef {
    PathRef::new(hidden().1.clone(), Dentry::unnamed(inode, name))
}

/// The device number of that mount.
pub fn unnamed_dev() -> u64 {
    hidden().0.dev()
}

/// The device number in `fstat` of a pipe.
pub fn pipe_dev() -> u64 {
    static DEV: Lazy<u64> = Lazy::new(anonymous_dev);
    *DEV
}

/// Checks that small objects can still be made: the kernel keeps some memory for itself.
///
/// # Errors
/// `ENOSPC`.
pub fn reserve_memory() -> Result<(), Errno> {
    if mm::stats().free > RESERVE / 2 { Ok(()) } else { Err(Errno::ENOSPC) }
}
