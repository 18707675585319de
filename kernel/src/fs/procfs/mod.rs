//! procfs: what the kernel knows, as files.
//!
//! `/proc` itself is [`RootInode`]: a table of files about the machine ([`system`], [`sysctl`])
//! and a directory per process ([`process`]). Contents are made when a file is read from its
//! start, in Linux's formats to the byte.

mod contents;
mod cpuinfo;
mod ended;
mod fds;
mod maps;
mod mem;
mod memory;
mod mounts;
mod namespaces;
mod process;
mod settings;
mod smaps;
mod status;
mod subject;
mod sysctl;
mod system;

use alloc::sync::Arc;
use core::any::Any;
use core::str;

use elfin_syscalls::Errno;

use super::attr::{Attr, FileKind, StatFs};
use super::dentry::Dentry;
use super::inode::{Entry, Inode};
use super::mount::{FileSystem, anonymous_dev};
use super::pseudo::{LinkInode, Node, child_ino, directories, list_nodes};
use crate::task::ids::processes;
use crate::task::{current, find_process};
use process::ProcessDirectory;

/// `PROC_SUPER_MAGIC`.
const MAGIC: u64 = 0x9fa0;
const PAGE: u64 = 4096;
const NAME_MAX: u64 = 255;
/// The inode number of the root.
const ROOT_INO: u64 = 1;
/// Positions from here on list processes.
const FIRST_PROCESS: u64 = 256;

/// The file system.
pub struct ProcFs {
    dev: u64,
    root: Arc<Dentry>,
}

impl ProcFs {
    /// The file system.
    #[must_use]
    pub fn new() -> Arc<Self> {
        let dev = anonymous_dev();
        let attr = Attr::new(ROOT_INO, dev, FileKind::Directory, 0o555, 0, 0);
        attr.set_links(2 + directories(ROOT));
        Arc::new(Self { dev, root: Dentry::root(Arc::new(RootInode(attr))) })
    }
}

impl FileSystem for ProcFs {
    fn name(&self) -> &'static str {
        "proc"
    }

    fn dev(&self) -> u64 {
        self.dev
    }

    fn root(&self) -> Arc<Dentry> {
        self.root.clone()
    }

    fn statfs(&self) -> StatFs {
        StatFs { magic: MAGIC, block_size: PAGE, name_max: NAME_MAX, ..StatFs::default() }
    }
}

/// What there is beside the processes. The two links' texts depend on who asks; see
/// [`RootInode::lookup`].
const ROOT: &[Node] = &[
    Node::link(b"self", b""),
    Node::link(b"thread-self", b""),
    Node::link(b"mounts", b"self/mounts"),
    Node::file(b"cmdline", system::cmdline),
    Node::file(b"cpuinfo", cpuinfo::show),
    Node::file(b"devices", system::devices),
    Node::file(b"diskstats", system::empty),
    Node::file(b"filesystems", system::filesystems),
    Node::file(b"loadavg", system::loadavg),
    Node::file(b"meminfo", memory::meminfo),
    Node::file(b"modules", system::empty),
    Node::file(b"partitions", system::partitions),
    Node::file(b"stat", system::stat),
    Node::file(b"swaps", system::swaps),
    Node::dir(b"sys", sysctl::ROOT),
    Node::dir(b"sysvipc", crate::ipc::procfs::SYSVIPC),
    Node::file(b"uptime", system::uptime),
    Node::file(b"version", system::version),
    Node::file(b"vmstat", memory::vmstat),
];

/// `/proc`.
struct RootInode(Attr);

impl Inode for RootInode {
    fn attr(&self) -> &Attr {
        &self.0
    }

    fn lookup(&self, name: &[u8]) -> Result<Arc<dyn Inode>, Errno> {
        if let Some(pid) = number(name) {
            return ProcessDirectory::of_process(&self.0, &find_process(pid).ok_or(Errno::ENOENT)?);
        }
        let me = match name {
            b"self" => alloc::format!("{}", current().process.pid),
            b"thread-self" => {
                let me = current();
                alloc::format!("{}/task/{}", me.process.pid, me.tid)
            }
            _ => {
                let node = ROOT.iter().find(|node| node.name == name).ok_or(Errno::ENOENT)?;
                return Ok(node.inode(self.0.dev, ROOT_INO));
            }
        };
        let ino = child_ino(ROOT_INO, name);
        let attr = Attr::new(ino, self.0.dev, FileKind::Symlink, 0o777, 0, 0);
        Ok(LinkInode::new(attr, me.as_bytes()))
    }

    fn volatile(&self) -> bool {
        true
    }

    fn list(&self, from: u64, emit: &mut dyn FnMut(Entry<'_>) -> bool) -> Result<(), Errno> {
        if from < FIRST_PROCESS && !list_nodes(ROOT, ROOT_INO, from, emit) {
            return Ok(());
        }
        let mut pids: alloc::vec::Vec<u32> = processes().map(|process| process.pid).collect();
        pids.sort_unstable();
        for pid in pids {
            let position = FIRST_PROCESS + u64::from(pid);
            if position >= from && !emit_number(pid, ROOT_INO, position, FileKind::Directory, emit)
            {
                break;
            }
        }
        Ok(())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The number that a name is, if it is one without a sign or zeros before it.
pub(super) fn number(name: &[u8]) -> Option<u32> {
    let text = str::from_utf8(name).ok()?;
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = text == "0" || !text.starts_with('0');
    if plain && canonical { text.parse().ok() } else { None }
}

/// Lists an entry whose name is a number, at `position`.
fn emit_number(
    number: u32,
    parent: u64,
    position: u64,
    kind: FileKind,
    emit: &mut dyn FnMut(Entry<'_>) -> bool,
) -> bool {
    let name = alloc::format!("{number}");
    let ino = child_ino(parent, name.as_bytes());
    emit(Entry { ino, kind, name: name.as_bytes(), next: position + 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_numbers() {
        assert_eq!(number(b"12"), Some(12));
        assert_eq!(number(b"0"), Some(0));
        for name in [&b"012"[..], b"+1", b"", b"x", b"99999999999"] {
            assert_eq!(number(name), None);
        }
    }
}
