//! The directory of a process, and of each of its threads.

use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::any::Any;
use core::fmt::Write;
use core::sync::atomic::Ordering;

use elfin_platform::sync::SpinLock;
use elfin_syscalls::Errno;

use super::super::attr::{Attr, FileKind};
use super::super::dentry::PathRef;
use super::super::inode::{Entry, Inode};
use super::super::path;
use super::super::pseudo::{Shown, Text, TextInode, child_ino};
use super::fds::FdDirectory;
use super::{emit_number, maps, mounts, number, status};
use crate::fs::names::FIRST_COOKIE;
use crate::task::{Process, ThreadRef, current, find_process, find_thread};

/// Makes the contents of a file about a thread.
type ShowThread = fn(&ThreadRef, &mut Text) -> Shown;
/// Takes what was written to such a file.
type StoreThread = fn(&ThreadRef, &[u8]) -> Result<(), Errno>;
/// Finds where a link leads.
type Follow = fn(&ThreadRef) -> Option<PathRef>;

enum Body {
    /// A file with these permissions.
    File(u32, ShowThread),
    /// A file that can be written.
    Setting(u32, ShowThread, StoreThread),
    Link(Follow),
    /// `fd`, or `fdinfo` with `true`.
    Descriptors(bool),
    Tasks,
}

const READ: u32 = 0o444;
const OWNER: u32 = 0o400;

const ENTRIES: &[(&[u8], Body)] = &[
    (b"auxv", Body::File(OWNER, auxv)),
    (b"cgroup", Body::File(READ, |_, out| out.bytes(b"0::/\n"))),
    (b"cmdline", Body::File(READ, cmdline)),
    (b"comm", Body::Setting(0o644, comm, set_comm)),
    (b"coredump_filter", Body::Setting(0o644, coredump_filter, set_coredump_filter)),
    (b"cwd", Body::Link(|thread| Some(thread.fs().cwd()))),
    (b"environ", Body::File(OWNER, environ)),
    (b"exe", Body::Link(|thread| thread.mm().program()?.file.path.clone())),
    (b"fd", Body::Descriptors(false)),
    (b"fdinfo", Body::Descriptors(true)),
    (b"io", Body::File(OWNER, io)),
    (b"limits", Body::File(READ, status::limits)),
    (b"loginuid", Body::File(READ, |_, out| out.bytes(b"4294967295"))),
    (b"maps", Body::File(READ, maps::maps)),
    (b"mountinfo", Body::File(READ, mounts::mountinfo)),
    (b"mounts", Body::File(READ, mounts::mounts)),
    (b"oom_score", Body::File(READ, |_, out| out.bytes(b"0\n"))),
    (b"oom_score_adj", Body::Setting(0o644, oom_score_adj, set_oom_score_adj)),
    (b"personality", Body::File(OWNER, |_, out| out.bytes(b"00000000\n"))),
    (b"root", Body::Link(|thread| Some(thread.fs().root()))),
    (b"smaps", Body::File(READ, maps::smaps)),
    (b"smaps_rollup", Body::File(READ, maps::rollup)),
    (b"stat", Body::File(READ, status::stat)),
    (b"statm", Body::File(READ, status::statm)),
    (b"status", Body::File(READ, status::status)),
    (b"task", Body::Tasks),
    (b"wchan", Body::File(READ, |_, out| out.bytes(b"0"))),
];

/// Who a directory or file is about.
#[derive(Clone, Copy)]
pub(super) struct Subject {
    pid: u32,
    /// One thread of it alone: below `task`.
    tid: Option<u32>,
}

impl Subject {
    /// The thread that stands for it.
    ///
    /// # Errors
    /// `ESRCH` once it is gone.
    pub(super) fn thread(self) -> Result<ThreadRef, Errno> {
        if let Some(tid) = self.tid {
            return find_thread(tid)
                .filter(|thread| thread.process.pid == self.pid)
                .ok_or(Errno::ESRCH);
        }
        let process = find_process(self.pid).ok_or(Errno::ESRCH)?;
        // The first thread may have ended before the others.
        let leader = process.find_thread(|thread| thread.is_leader().then(|| thread.clone()));
        leader.or_else(|| process.find_thread(|thread| Some(thread.clone()))).ok_or(Errno::ESRCH)
    }
}

/// `/proc/<pid>`, or `/proc/<pid>/task/<tid>`.
pub(super) struct ProcessDirectory {
    attr: Attr,
    subject: Subject,
}

/// Attributes of something about `subject`, which belongs to it.
pub(super) fn owned(
    subject: Subject,
    parent: &Attr,
    name: &[u8],
    kind: FileKind,
    mode: u32,
) -> Result<Attr, Errno> {
    let cred = subject.thread()?.cred();
    let ino = child_ino(parent.ino, name);
    Ok(Attr::new(ino, parent.dev, kind, mode, cred.euid, cred.egid))
}

impl ProcessDirectory {
    fn of(parent: &Attr, subject: Subject, name: &[u8]) -> Result<Arc<dyn Inode>, Errno> {
        let attr = owned(subject, parent, name, FileKind::Directory, 0o555)?;
        Ok(Arc::new(Self { attr, subject }))
    }

    /// The directory of a process.
    pub(super) fn of_process(parent: &Attr, process: &Process) -> Result<Arc<dyn Inode>, Errno> {
        let pid = process.pid;
        let subject = Subject { pid, tid: None };
        Self::of(parent, subject, format!("{pid}").as_bytes())
    }

    /// Entries that only a process has, not each of its threads.
    fn has(&self, body: &Body) -> bool {
        self.subject.tid.is_none() || !matches!(body, Body::Tasks)
    }
}

impl Body {
    fn kind(&self) -> FileKind {
        match self {
            Self::File(..) | Self::Setting(..) => FileKind::Regular,
            Self::Link(_) => FileKind::Symlink,
            Self::Descriptors(_) | Self::Tasks => FileKind::Directory,
        }
    }
}

impl Inode for ProcessDirectory {
    fn attr(&self) -> &Attr {
        &self.attr
    }

    fn lookup(&self, name: &[u8]) -> Result<Arc<dyn Inode>, Errno> {
        let subject = self.subject;
        let (name, body) = ENTRIES
            .iter()
            .find(|(known, body)| *known == name && self.has(body))
            .ok_or(Errno::ENOENT)?;
        let attr = |mode| owned(subject, &self.attr, name, body.kind(), mode);
        Ok(match *body {
            Body::File(mode, show) => {
                TextInode::new(attr(mode)?, move |out| show(&subject.thread()?, out), None)
            }
            Body::Setting(mode, show, store) => TextInode::with_store(
                attr(mode)?,
                move |out| show(&subject.thread()?, out),
                move |bytes| store(&subject.thread()?, bytes),
            ),
            Body::Link(follow) => Arc::new(PlaceLink { attr: attr(0o777)?, subject, follow }),
            Body::Descriptors(info) => Arc::new(FdDirectory::new(attr(0o500)?, subject, info)),
            Body::Tasks => Arc::new(TaskDirectory { attr: attr(0o555)?, subject }),
        })
    }

    fn volatile(&self) -> bool {
        true
    }

    fn list(&self, from: u64, emit: &mut dyn FnMut(Entry<'_>) -> bool) -> Result<(), Errno> {
        let entries = (FIRST_COOKIE..).zip(ENTRIES).filter(|(_, (_, body))| self.has(body));
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
        let subject = Subject { tid: Some(tid), ..self.subject };
        ProcessDirectory::of(&self.attr, subject, name).map_err(|_| Errno::ENOENT)
    }

    fn volatile(&self) -> bool {
        true
    }

    fn list(&self, from: u64, emit: &mut dyn FnMut(Entry<'_>) -> bool) -> Result<(), Errno> {
        let mut tids = Vec::new();
        let process = find_process(self.subject.pid).ok_or(Errno::ENOENT)?;
        tids.try_reserve(process.thread_count()).map_err(|_| Errno::ENOMEM)?;
        process.for_each_thread(|thread| tids.push(thread.tid));
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
        let thread = self.subject.thread()?;
        (self.follow)(&thread).map(Some).ok_or(Errno::ENOENT)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn auxv(thread: &ThreadRef, out: &mut Text) -> Shown {
    match thread.mm().program() {
        Some(program) => out.bytes(&program.auxv),
        None => Ok(()),
    }
}

/// Copies `from..to` of the program's memory, as far as it is there.
fn memory(thread: &ThreadRef, from: usize, to: usize, out: &mut Text) -> Shown {
    const CHUNK: usize = 256;
    let mut chunk = [0; CHUNK];
    let mut at = from;
    while at < to {
        let bytes = chunk.get_mut(..CHUNK.min(to - at)).unwrap_or_default();
        let n = thread.mm().read(at, bytes);
        out.bytes(bytes.get(..n).unwrap_or_default())?;
        if n < bytes.len() {
            break;
        }
        at += n;
    }
    Ok(())
}

fn cmdline(thread: &ThreadRef, out: &mut Text) -> Shown {
    let [from, to, _, env_to] = thread.mm().args();
    memory(thread, from, to, out)?;
    // A program that wrote a title over its arguments (setproctitle) may have gone on into the
    // environment.
    if out.as_bytes().last().is_some_and(|&byte| byte != 0) {
        let mut rest = Text::default();
        memory(thread, to, env_to, &mut rest)?;
        let title = rest.as_bytes().split(|&byte| byte == 0).next().unwrap_or_default();
        out.bytes(title)?;
    }
    Ok(())
}

fn environ(thread: &ThreadRef, out: &mut Text) -> Shown {
    let [_, _, from, to] = thread.mm().args();
    memory(thread, from, to, out)
}

/// A thread's name without its padding.
pub(super) fn name(thread: &ThreadRef) -> Vec<u8> {
    thread.name().into_iter().take_while(|&byte| byte != 0).collect()
}

fn comm(thread: &ThreadRef, out: &mut Text) -> Shown {
    out.bytes(&name(thread))?;
    out.bytes(b"\n")
}

fn set_comm(thread: &ThreadRef, bytes: &[u8]) -> Result<(), Errno> {
    if thread.process.pid != current().process.pid {
        return Err(Errno::EINVAL);
    }
    thread.set_name(bytes.strip_suffix(b"\n").unwrap_or(bytes));
    Ok(())
}

fn coredump_filter(thread: &ThreadRef, out: &mut Text) -> Shown {
    writeln!(out, "{:08x}", thread.process.core.filter.load(Ordering::Relaxed))?;
    Ok(())
}

fn set_coredump_filter(thread: &ThreadRef, bytes: &[u8]) -> Result<(), Errno> {
    /// The bits that there are.
    const ALL: u32 = 0x1ff;
    let text = core::str::from_utf8(bytes).map_err(|_| Errno::EINVAL)?.trim();
    let value = match text.strip_prefix("0x").or(text.strip_prefix("0X")) {
        Some(digits) => u32::from_str_radix(digits, 16),
        None if text.len() > 1 && text.starts_with('0') => u32::from_str_radix(text, 8),
        None => text.parse(),
    };
    let value = value.map_err(|_| Errno::EINVAL)?;
    thread.process.core.filter.store(value & ALL, Ordering::Relaxed);
    Ok(())
}

/// What is counted of a process's input and output: nothing yet.
fn io(_thread: &ThreadRef, out: &mut Text) -> Shown {
    for name in ["rchar", "wchar", "syscr", "syscw", "read_bytes", "write_bytes"] {
        writeln!(out, "{name}: 0")?;
    }
    writeln!(out, "cancelled_write_bytes: 0")?;
    Ok(())
}

/// Processes whose score was set, and to what.
static OOM: SpinLock<Vec<(u32, i32)>> = SpinLock::new(Vec::new());

fn oom_score_adj(thread: &ThreadRef, out: &mut Text) -> Shown {
    let pid = thread.process.pid;
    let set = OOM.lock().iter().find(|(known, _)| *known == pid).map_or(0, |(_, score)| *score);
    writeln!(out, "{set}")?;
    Ok(())
}

fn set_oom_score_adj(thread: &ThreadRef, bytes: &[u8]) -> Result<(), Errno> {
    const RANGE: core::ops::RangeInclusive<i32> = -1000..=1000;
    let text = core::str::from_utf8(bytes).map_err(|_| Errno::EINVAL)?;
    let score: i32 = text.trim().parse().map_err(|_| Errno::EINVAL)?;
    if !RANGE.contains(&score) {
        return Err(Errno::EINVAL);
    }
    let pid = thread.process.pid;
    let mut scores = OOM.lock();
    scores.retain(|(known, _)| *known != pid && find_process(*known).is_some());
    scores.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
    scores.push((pid, score));
    Ok(())
}
