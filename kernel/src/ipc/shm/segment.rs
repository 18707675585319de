//! [`Segment`]: memory with an id.
//!
//! Its pages are those of a file without a name. The address spaces that map it tell of every
//! mapping that comes or goes ([`Mappable::mapped`]), also of the parts that a mapping is cut
//! into: that is `shm_nattch`. A segment that was removed goes with its last mapping.

use alloc::format;
use alloc::sync::Arc;
use core::any::Any;

use elfin_platform::mm::Frame;
use elfin_platform::sync::{SpinGuard, SpinLock};
use elfin_syscalls::Errno;
use elfin_syscalls::abi::{IpcPerm, ShmidDs, zeroed};
use elfin_syscalls::args::Resource;

use super::table;
use crate::fs::tmpfs::Pages;
use crate::fs::{Attr, FileKind, Inode, Mappable, PathRef, root};
use crate::ipc::{Name, Object, Perm, acting_pid, now};
use crate::mm::PAGE_SIZE;
use crate::task::{Capability, Cred, current};

/// In the mode: goes with its last mapping (`SHM_DEST`).
const DEST: u32 = 0o1000;
/// In the mode: stays in memory (`SHM_LOCKED`).
const LOCKED: u32 = 0o2000;
/// Units of 512 bytes in a page, as files count them.
const SECTORS_PER_PAGE: u64 = PAGE_SIZE as u64 / 512;

/// A segment of shared memory.
pub struct Segment {
    name: Name,
    /// The size that was asked for, in bytes.
    size: usize,
    /// The key that its mappings are shown with.
    first_key: i32,
    pages: Pages,
    state: SpinLock<State>,
}

pub(super) struct State {
    pub(super) perm: Perm,
    atime: i64,
    dtime: i64,
    ctime: i64,
    cpid: i32,
    lpid: i32,
    /// Mappings, and those who are about to make one.
    attached: u64,
    /// Removed, and still there for those who have it.
    doomed: bool,
    locked: bool,
    /// No longer in the table.
    gone: bool,
}

impl Object for Segment {
    fn name(&self) -> &Name {
        &self.name
    }

    fn check(&self, wanted: u32, cred: &Cred) -> Result<(), Errno> {
        self.state.lock().perm.check(wanted, cred)
    }
}

impl Segment {
    /// A segment of `size` bytes.
    pub(super) fn new(name: Name, size: usize, perm: Perm) -> Arc<Self> {
        let pages = Pages::new();
        pages.set_size(size.next_multiple_of(PAGE_SIZE) as u64);
        let state = State {
            perm,
            atime: 0,
            dtime: 0,
            ctime: now(),
            cpid: acting_pid(),
            lpid: 0,
            attached: 0,
            doomed: false,
            locked: false,
            gone: false,
        };
        let first_key = name.key();
        Arc::new(Self { name, size, first_key, pages, state: SpinLock::new(state) })
    }

    /// Its size in bytes.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Its size in pages.
    pub fn page_count(&self) -> usize {
        self.size.div_ceil(PAGE_SIZE)
    }

    /// Pages that are in memory.
    pub fn resident(&self) -> u64 {
        self.pages.blocks() / SECTORS_PER_PAGE
    }

    /// The place that its mappings are shown with.
    pub(super) fn place(self: &Arc<Self>) -> PathRef {
        let id = u64::from(self.name.id().unsigned_abs());
        let [uid, gid, ..] = self.state.lock().perm.ids();
        let attr = Attr::new(id, root::unnamed_dev(), FileKind::Regular, 0o777, uid, gid);
        let inode = Arc::new(SegmentInode { attr, segment: self.clone() });
        root::place_without_name(inode, format!("SYSV{:08x}", self.first_key).as_bytes())
    }

    /// The state, of a segment that is in the table.
    pub(super) fn live(&self) -> Result<SpinGuard<'_, State>, Errno> {
        let state = self.state.lock();
        if state.gone { Err(Errno::EIDRM) } else { Ok(state) }
    }

    /// What is known about it, without a check.
    pub fn status(&self) -> ShmidDs {
        let state = self.state.lock();
        let mut more = 0;
        if state.doomed {
            more |= DEST;
        }
        if state.locked {
            more |= LOCKED;
        }
        ShmidDs {
            shm_perm: state.perm.to_abi(&self.name, more),
            shm_segsz: self.size as u64,
            shm_atime: state.atime,
            shm_dtime: state.dtime,
            shm_ctime: state.ctime,
            shm_cpid: state.cpid,
            shm_lpid: state.lpid,
            shm_nattch: state.attached,
            ..zeroed()
        }
    }

    /// `IPC_SET`.
    ///
    /// # Errors
    /// `EPERM`, `EINVAL`, `EIDRM`.
    pub fn set_perm(&self, new: &IpcPerm, cred: &Cred) -> Result<(), Errno> {
        let mut state = self.live()?;
        state.perm.check_owner(cred)?;
        state.perm.update(new)?;
        state.ctime = now();
        Ok(())
    }

    /// `SHM_LOCK` and `SHM_UNLOCK`. Memory is never swapped, so it is only remembered.
    ///
    /// # Errors
    /// `EPERM`, `EIDRM`.
    pub fn set_locked(&self, on: bool, cred: &Cred) -> Result<(), Errno> {
        let mut state = self.live()?;
        if !cred.has(Capability::IPC_LOCK) {
            let none = current().process.rlimits.soft(Resource::MEMLOCK) == 0;
            if !state.perm.owned_by(cred) || on && none {
                return Err(Errno::EPERM);
            }
        }
        state.locked = on;
        Ok(())
    }

    /// Removed by its owner: it loses its key, and goes now if nobody has it.
    ///
    /// # Errors
    /// `EPERM`, `EIDRM`.
    pub(super) fn doom(&self, cred: &Cred) -> Result<(), Errno> {
        let mut state = self.live()?;
        state.perm.check_owner(cred)?;
        state.doomed = true;
        self.name.forget_key();
        self.end_if_unused(state);
        Ok(())
    }

    /// Holds it while a mapping is made.
    ///
    /// # Errors
    /// `EACCES`, `EIDRM`.
    pub(super) fn hold(&self, wanted: u32, cred: &Cred) -> Result<(), Errno> {
        let mut state = self.live()?;
        state.perm.check(wanted, cred)?;
        state.attached += 1;
        Ok(())
    }

    /// Holds it no longer.
    pub(super) fn unhold(&self) {
        let mut state = self.state.lock();
        state.attached = state.attached.saturating_sub(1);
        self.end_if_unused(state);
    }

    fn end_if_unused(&self, mut state: SpinGuard<'_, State>) {
        if state.doomed && state.attached == 0 && !state.gone {
            state.gone = true;
            drop(state);
            table::forget(self);
        }
    }
}

impl Mappable for Segment {
    fn frame(&self, index: u64, write: bool) -> Result<Frame, Errno> {
        self.pages.frame(index, write)
    }

    fn peek(&self, index: u64) -> Option<Frame> {
        self.pages.peek(index)
    }

    fn len(&self) -> u64 {
        self.pages.len()
    }

    /// Each part of a mapping counts, for as long as it lives.
    fn joins(&self) -> bool {
        false
    }

    fn mapped(&self, delta: i32, _shared_writable: bool) {
        let mut state = self.state.lock();
        state.lpid = acting_pid();
        if delta > 0 {
            state.atime = now();
            state.attached += 1;
        } else {
            state.dtime = now();
            state.attached = state.attached.saturating_sub(1);
            self.end_if_unused(state);
        }
    }
}

/// The inode that `/proc/<pid>/maps` shows for a mapped segment.
pub struct SegmentInode {
    attr: Attr,
    segment: Arc<Segment>,
}

impl SegmentInode {
    /// The segment.
    pub fn segment(&self) -> &Arc<Segment> {
        &self.segment
    }
}

impl Inode for SegmentInode {
    fn attr(&self) -> &Attr {
        &self.attr
    }

    fn size(&self) -> u64 {
        self.segment.pages.size()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
