//! `/proc/<pid>/ns`: the namespaces of a process, which are the same for all.

use alloc::format;
use alloc::sync::Arc;
use core::any::Any;

use elfin_syscalls::Errno;

use super::super::attr::{Attr, FileKind};
use super::super::inode::{Entry, Inode};
use super::super::pseudo::{LinkInode, child_ino};
use super::subject::Subject;
use crate::fs::names::FIRST_COOKIE;

/// Names, and the numbers that Linux's initial namespaces have.
const NAMESPACES: [(&str, u32); 8] = [
    ("cgroup", 4_026_531_835),
    ("ipc", 4_026_531_839),
    ("mnt", 4_026_531_832),
    ("net", 4_026_531_833),
    ("pid", 4_026_531_836),
    ("time", 4_026_531_834),
    ("user", 4_026_531_837),
    ("uts", 4_026_531_838),
];

/// The directory.
pub(super) struct NamespaceDirectory {
    attr: Attr,
    subject: Subject,
}

impl NamespaceDirectory {
    pub(super) fn new(attr: Attr, subject: Subject) -> Self {
        Self { attr, subject }
    }
}

impl Inode for NamespaceDirectory {
    fn attr(&self) -> &Attr {
        &self.attr
    }

    fn lookup(&self, name: &[u8]) -> Result<Arc<dyn Inode>, Errno> {
        let found = NAMESPACES.iter().find(|(known, _)| known.as_bytes() == name);
        let (kind, number) = found.ok_or(Errno::ENOENT)?;
        let attr = self.subject.owned(&self.attr, name, FileKind::Symlink, 0o777)?;
        Ok(LinkInode::new(attr, format!("{kind}:[{number}]").as_bytes()))
    }

    fn volatile(&self) -> bool {
        true
    }

    fn list(&self, from: u64, emit: &mut dyn FnMut(Entry<'_>) -> bool) -> Result<(), Errno> {
        for (at, (name, _)) in (FIRST_COOKIE..).zip(NAMESPACES).skip_while(|&(at, _)| at < from) {
            let ino = child_ino(self.attr.ino, name.as_bytes());
            let entry = Entry { ino, kind: FileKind::Symlink, name: name.as_bytes(), next: at + 1 };
            if !emit(entry) {
                break;
            }
        }
        Ok(())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
