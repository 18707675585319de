//! The directory of a process, and of each of its threads.

use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::any::Any;

use elfin_syscalls::Errno;

use super::super::attr::{Attr, FileKind};
use super::super::dentry::PathRef;
use super::super::inode::{Entry, Inode};
use super::super::path;
use super::super::pseudo::{Shown, Text, TextInode, child_ino};
use super::fds::FdDirectory;
use super::mem::MemoryInode;
use super::namespaces::NamespaceDirectory;
use super::subject::Subject;
use super::{contents, emit_number, ended, maps, mounts, number, settings, smaps, status};
use crate::fs::names::FIRST_COOKIE;
use crate::task::{Process, ThreadRef, current};

/// Makes the contents of a file about a thread.
type ShowThread = fn(&ThreadRef, &mut Text) -> Shown;
/// Makes the contents of a file about a process that has ended.
type ShowEnded = fn(&Process, &mut Text) -> Shown;
/// Takes what was written to such a file.
type StoreThread = fn(&ThreadRef, &[u8]) -> Result<(), Errno>;
/// Finds where a link leads.
type Follow = fn(&ThreadRef) -> Option<PathRef>;

#[derive(Clone, Copy)]
enum Body {
    /// A file with these permissions, which is empty once the process has ended.
    File(u32, ShowThread),
    /// A file that tells something about a process that has ended, too.
    Lasting(u32, ShowThread, ShowEnded),
    /// A file that is opened only by those who may look into the process.
    Private(u32, ShowThread),
    /// A file that can be written.
    Setting(u32, ShowThread, StoreThread),
    /// `comm`.
    Name,
    Link(Follow),
    /// `fd`, or `fdinfo` with `true`.
    Descriptors(bool),
    Memory,
    Namespaces,
    Tasks,
}

const READ: u32 = 0o444;
const OWNER: u32 = 0o400;
const SETTING: u32 = 0o644;

const ENTRIES: &[(&[u8], Body)] = &[
    (b"auxv", Body::Private(OWNER, contents::auxv)),
    (b"cgroup", Body::Lasting(READ, |_, out| out.bytes(b"0::/\n"), |_, out| out.bytes(b"0::/\n"))),
    (b"children", Body::File(READ, contents::children)),
    (b"cmdline", Body::File(READ, contents::cmdline)),
    (b"comm", Body::Name),
    (b"coredump_filter", Body::Setting(SETTING, settings::filter, settings::set_filter)),
    (b"cwd", Body::Link(|thread| Some(thread.fs().cwd()))),
    (b"environ", Body::Private(OWNER, contents::environ)),
    (b"exe", Body::Link(|thread| thread.mm().program()?.file.path.clone())),
    (b"fd", Body::Descriptors(false)),
    (b"fdinfo", Body::Descriptors(true)),
    (b"gid_map", Body::File(READ, contents::id_map)),
    (b"io", Body::Private(OWNER, contents::io)),
    (b"limits", Body::File(READ, status::limits)),
    (b"loginuid", Body::File(READ, |_, out| out.bytes(b"4294967295"))),
    (b"maps", Body::Private(READ, maps::maps)),
    (b"mem", Body::Memory),
    (b"mountinfo", Body::File(READ, mounts::mountinfo)),
    (b"mounts", Body::File(READ, mounts::mounts)),
    (b"ns", Body::Namespaces),
    (b"oom_adj", Body::File(READ, |_, out| out.bytes(b"0\n"))),
    (b"oom_score", Body::File(READ, settings::oom_score)),
    (b"oom_score_adj", Body::Setting(SETTING, settings::oom, settings::set_oom)),
    (b"personality", Body::Private(OWNER, contents::personality)),
    (b"root", Body::Link(|thread| Some(thread.fs().root()))),
    (b"schedstat", Body::File(READ, contents::schedstat)),
    (b"sessionid", Body::File(READ, |_, out| out.bytes(b"4294967295"))),
    (b"setgroups", Body::File(READ, |_, out| out.bytes(b"allow\n"))),
    (b"smaps", Body::Private(READ, smaps::smaps)),
    (b"smaps_rollup", Body::Private(READ, smaps::rollup)),
    (b"stat", Body::Lasting(READ, status::stat, ended::stat)),
    (b"statm", Body::Lasting(READ, status::statm, |_, out| out.bytes(b"0 0 0 0 0 0 0\n"))),
    (b"status", Body::Lasting(READ, status::status, ended::status)),
    (b"task", Body::Tasks),
    (b"timerslack_ns", Body::File(0o666, contents::timer_slack)),
    (b"uid_map", Body::File(READ, contents::id_map)),
    (b"wchan", Body::Lasting(READ, |_, out| out.bytes(b"0"), |_, out| out.bytes(b"0"))),
];

/// Entries that a process has, but not each of its threads, and the other way round.
const PROCESS_ONLY: [&[u8]; 3] = [b"coredump_filter", b"task", b"timerslack_ns"];
const THREAD_ONLY: [&[u8]; 1] = [b"children"];

/// `/proc/<pid>`, or `/proc/<pid>/task/<tid>`.
pub(super) struct ProcessDirectory {
    attr: Attr,
    subject: Subject,
}

impl ProcessDirectory {
    fn of(parent: &Attr, subject: Subject, name: &[u8]) -> Result<Arc<dyn Inode>, Errno> {
        let attr = subject.owned(parent, name, FileKind::Directory, 0o555)?;
        Ok(Arc::new(Self { attr, subject }))
    }

    /// The directory of a process.
    pub(super) fn of_process(
        parent: &Attr,
        process: &Arc<Process>,
    ) -> Result<Arc<dyn Inode>, Errno> {
        let name = format!("{}", process.pid);
        Self::of(parent, Subject::of_process(process), name.as_bytes())
    }

    /// Whether it has an entry of this name.
    fn has(&self, name: &[u8]) -> bool {
        let missing = if self.subject.is_thread() { &PROCESS_ONLY[..] } else { &THREAD_ONLY[..] };
        !missing.contains(&name)
    }
}

impl Body {
    fn kind(self) -> FileKind {
        match self {
            Self::Link(_) => FileKind::Symlink,
            Self::Descriptors(_) | Self::Namespaces | Self::Tasks => FileKind::Directory,
            _ => FileKind::Regular,
        }
    }

    fn mode(self) -> u32 {
        match self {
            Self::File(mode, _)
            | Self::Lasting(mode, ..)
            | Self::Private(mode, _)
            | Self::Setting(mode, ..) => mode,
            Self::Name => SETTING,
            Self::Link(_) => 0o777,
            Self::Descriptors(_) => 0o500,
            Self::Memory => 0o600,
            Self::Namespaces => 0o511,
            Self::Tasks => 0o555,
        }
    }

    fn inode(self, attr: Attr, subject: Subject) -> Arc<dyn Inode> {
        let ended = |_: &Process, _: &mut Text| Ok(());
        match self {
            Self::File(_, show) => {
                TextInode::new(attr, move |out| subject.show(show, ended, out), None)
            }
            Self::Lasting(_, show, ended) => {
                TextInode::new(attr, move |out| subject.show(show, ended, out), None)
            }
            Self::Private(_, show) => {
                let opener = subject.clone();
                TextInode::guarded(
                    attr,
                    move |out| subject.show(show, ended, out),
                    move || opener.check_access().map(drop),
                )
            }
            Self::Setting(_, show, store) => {
                let writer = subject.clone();
                TextInode::with_store(
                    attr,
                    move |out| subject.show(show, ended, out),
                    move |bytes| store(&writer.thread()?, bytes),
                )
            }
            Self::Name => {
                let writer = subject.clone();
                TextInode::with_store(
                    attr,
                    move |out| subject.show(contents::comm, contents::comm_ended, out),
                    move |bytes| settings::set_comm(&writer.thread()?, bytes),
                )
            }
            Self::Link(follow) => Arc::new(PlaceLink { attr, subject, follow }),
            Self::Descriptors(info) => Arc::new(FdDirectory::new(attr, subject, info)),
            Self::Memory => Arc::new(MemoryInode::new(attr, subject)),
            Self::Namespaces => Arc::new(NamespaceDirectory::new(attr, subject)),
            Self::Tasks => Arc::new(TaskDirectory { attr, subject }),
        }
    }
}

impl Inode for ProcessDirectory {
    fn attr(&self) -> &Attr {
        &self.attr
    }

    fn lookup(&self, name: &[u8]) -> Result<Arc<dyn Inode>, Errno> {
        let (name, body) = ENTRIES
            .iter()
            .find(|(known, _)| *known == name && self.has(name))
            .ok_or(Errno::ENOENT)?;
        // Who has gone has no files.
        let owned = self.subject.owned(&self.attr, name, body.kind(), body.mode());
        Ok(body.inode(owned.map_err(|_| Errno::ENOENT)?, self.subject.clone()))
    }

    fn volatile(&self) -> bool {
        true
    }

    fn list(&self, from: u64, emit: &mut dyn FnMut(Entry<'_>) -> bool) -> Result<(), Errno> {
        self.subject.process().map_err(|_| Errno::ENOENT)?;
        let entries = (FIRST_COOKIE..).zip(ENTRIES).filter(|(_, (name, _))| self.has(name));
        for (at, (name, body)) in entries.skip_while(|&(at, _)| at < from) {
            let ino = child_ino(self.attr.ino, name);
            if !emit(Entry { ino, kind: body.kind(), name, next: at + 1 }) {
                break;
            }
        }
        Ok(())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// `/proc/<pid>/task`.
struct TaskDirectory {
    attr: Attr,
    subject: Subject,
}

impl Inode for TaskDirectory {
    fn attr(&self) -> &Attr {
        &self.attr
    }

    fn lookup(&self, name: &[u8]) -> Result<Arc<dyn Inode>, Errno> {
        let tid = number(name).ok_or(Errno::ENOENT)?;
        ProcessDirectory::of(&self.attr, self.subject.of_thread(tid), name)
            .map_err(|_| Errno::ENOENT)
    }

    fn volatile(&self) -> bool {
        true
    }

    fn list(&self, from: u64, emit: &mut dyn FnMut(Entry<'_>) -> bool) -> Result<(), Errno> {
        let mut tids = Vec::new();
        let process = self.subject.process().map_err(|_| Errno::ENOENT)?;
        // Threads that come meanwhile may be left out.
        tids.try_reserve(process.thread_count() + 1).map_err(|_| Errno::ENOMEM)?;
        process.for_each_thread(|thread| {
            if tids.len() < tids.capacity() {
                tids.push(thread.tid);
            }
        });
        if tids.is_empty() {
            tids.push(process.pid);
        }
        tids.sort_unstable();
        for tid in tids {
            let at = FIRST_COOKIE + u64::from(tid);
            if at >= from && !emit_number(tid, self.attr.ino, at, FileKind::Directory, emit) {
                break;
            }
        }
        Ok(())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// `exe`, `cwd`, `root`: a link that leads to a place, not to a path.
struct PlaceLink {
    attr: Attr,
    subject: Subject,
    follow: Follow,
}

impl Inode for PlaceLink {
    fn attr(&self) -> &Attr {
        &self.attr
    }

    fn readlink(&self) -> Result<Arc<[u8]>, Errno> {
        let place = self.follow()?.ok_or(Errno::ENOENT)?;
        Ok(Arc::from(path::shown(&place, &current().fs().root())?))
    }

    fn follow(&self) -> Result<Option<PathRef>, Errno> {
        let thread = self.subject.check_access()?;
        let place = thread.and_then(|thread| (self.follow)(&thread));
        place.map(Some).ok_or(Errno::ENOENT)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
