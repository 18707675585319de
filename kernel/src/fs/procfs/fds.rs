//! `/proc/<pid>/fd` and `/proc/<pid>/fdinfo`.

use alloc::sync::Arc;
use core::any::Any;
use core::fmt::Write;

use elfin_syscalls::Errno;
use elfin_syscalls::args::{Fd, OpenFlags};

use super::super::attr::{Attr, FileKind, FileStat};
use super::super::dentry::{Dentry, PathRef};
use super::super::file::{File, OpenFile};
use super::super::inode::{Entry, Inode};
use super::super::mount::Mount;
use super::super::path;
use super::super::pseudo::{Shown, Text, TextInode};
use super::subject::Subject;
use super::{emit_number, number};
use crate::event::PipeEnd;
use crate::fs::names::FIRST_COOKIE;
use crate::task::current;

/// The descriptors of a process, as links or as texts.
pub(super) struct FdDirectory {
    attr: Attr,
    subject: Subject,
    info: bool,
}

impl FdDirectory {
    pub(super) fn new(attr: Attr, subject: Subject, info: bool) -> Self {
        Self { attr, subject, info }
    }

    fn kind(&self) -> FileKind {
        if self.info { FileKind::Regular } else { FileKind::Symlink }
    }
}

fn descriptor(fd: u32) -> Result<Fd, Errno> {
    i32::try_from(fd).map(Fd).map_err(|_| Errno::ENOENT)
}

impl Inode for FdDirectory {
    fn attr(&self) -> &Attr {
        &self.attr
    }

    fn lookup(&self, name: &[u8]) -> Result<Arc<dyn Inode>, Errno> {
        let (subject, fd) = (self.subject.clone(), descriptor(number(name).ok_or(Errno::ENOENT)?)?);
        let file = subject.thread()?.files().get_any(fd).map_err(|_| Errno::ENOENT)?;
        if self.info {
            let attr = subject.owned(&self.attr, name, FileKind::Regular, 0o400)?;
            return Ok(TextInode::new(attr, move |out| show(&subject, fd, out), None));
        }
        // The permissions say how the file is open.
        let mut mode = 0;
        if file.readable() {
            mode |= 0o500;
        }
        if file.writable() {
            mode |= 0o300;
        }
        let attr = subject.owned(&self.attr, name, FileKind::Symlink, mode)?;
        Ok(Arc::new(FdLink { attr, subject, fd }))
    }

    fn volatile(&self) -> bool {
        true
    }

    /// A process sees its own descriptors whatever ids it has taken on.
    fn is_open_to_current(&self) -> bool {
        self.subject.is_own()
    }

    fn list(&self, from: u64, emit: &mut dyn FnMut(Entry<'_>) -> bool) -> Result<(), Errno> {
        // What has ended has no descriptors.
        let Ok(thread) = self.subject.thread() else { return Ok(()) };
        let mut next = usize::try_from(from.saturating_sub(FIRST_COOKIE)).unwrap_or(usize::MAX);
        while let Some((fd, _)) = thread.files().next(next) {
            let fd = u32::try_from(fd).map_err(|_| Errno::ENOENT)?;
            let position = FIRST_COOKIE + u64::from(fd);
            if !emit_number(fd, self.attr.ino, position, self.kind(), emit) {
                break;
            }
            next = usize::try_from(fd).map_err(|_| Errno::ENOENT)? + 1;
        }
        Ok(())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The text of `fdinfo/<fd>`.
fn show(subject: &Subject, fd: Fd, out: &mut Text) -> Shown {
    let thread = subject.thread()?;
    let file = thread.files().get_any(fd)?;
    let mut flags = file.flags();
    flags.set(OpenFlags::CLOEXEC, thread.files().cloexec(fd)?);
    let mount = file.path.as_ref().map_or(0, |place| place.mount.id);
    writeln!(out, "pos:\t{}\nflags:\t0{:o}", *file.position().lock(), flags.bits())?;
    writeln!(out, "mnt_id:\t{mount}\nino:\t{}", file.stat()?.ino)?;
    out.bytes(file.file.fdinfo(&file).as_bytes())
}

/// `fd/<fd>`.
struct FdLink {
    attr: Attr,
    subject: Subject,
    fd: Fd,
}

impl FdLink {
    fn file(&self) -> Result<Arc<OpenFile>, Errno> {
        let thread = self.subject.check_access()?.ok_or(Errno::ENOENT)?;
        thread.files().get_any(self.fd).map_err(|_| Errno::ENOENT)
    }
}

impl Inode for FdLink {
    fn attr(&self) -> &Attr {
        &self.attr
    }

    /// Linux shows the length of a link's text as 64 here.
    fn size(&self) -> u64 {
        const SHOWN: u64 = 64;
        SHOWN
    }

    fn readlink(&self) -> Result<Arc<[u8]>, Errno> {
        let file = self.file()?;
        Ok(match &file.path {
            Some(place) => Arc::from(path::shown(place, &current().fs().root())?),
            None => Arc::from(file.file.describe().into_bytes()),
        })
    }

    fn follow(&self) -> Result<Option<PathRef>, Errno> {
        let file = self.file()?;
        if let Some(place) = &file.path {
            return Ok(Some(place.clone()));
        }
        let root = current().fs().root();
        let name = file.file.describe();
        let inode = Arc::new(Pathless::new(file)?);
        let mount = Mount::detached(root.mount.fs.clone());
        Ok(Some(PathRef::new(mount, Dentry::new(inode, Arc::from(name.as_bytes()), None))))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The inode of a file without a path, for `stat` and `open` through its link.
struct Pathless {
    attr: Attr,
    file: Arc<OpenFile>,
}

impl Pathless {
    fn new(file: Arc<OpenFile>) -> Result<Self, Errno> {
        let stat = file.stat()?;
        let kind = FileKind::from_mode(stat.mode).unwrap_or(FileKind::Anonymous);
        let attr = Attr::new(stat.ino, stat.dev, kind, stat.mode, stat.uid, stat.gid);
        Ok(Self { attr, file })
    }
}

impl Inode for Pathless {
    fn attr(&self) -> &Attr {
        &self.attr
    }

    fn stat(&self) -> Result<FileStat, Errno> {
        self.file.stat()
    }

    /// A pipe can be opened once more, by another end; the rest cannot.
    fn open(self: Arc<Self>, flags: OpenFlags) -> Result<Arc<dyn File>, Errno> {
        let end = PipeEnd::of(&self.file).ok_or(Errno::ENXIO)?;
        Ok(PipeEnd::new(end.pipe().clone(), flags.readable(), flags.writable()))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
