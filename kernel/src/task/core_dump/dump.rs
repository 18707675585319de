//! [`dump`]: from a fatal signal to a core file.

use alloc::sync::Arc;

use elfin_platform::arch::UserFrame;
use elfin_platform::time;
use elfin_syscalls::Errno;
use elfin_syscalls::args::{OpenFlags, Resource};

use super::notes::Notes;
use super::settings::{self, Facts};
use super::{file, segments};
use crate::fs::walk::{WalkFlags, Walker};
use crate::fs::{OpenFile, namei, open, path};
use crate::mm::PAGE_SIZE;
use crate::task::registers::Registers;
use crate::task::signal::Info;
use crate::task::thread::{NAME_LEN, Thread};
use crate::uts;

use core::sync::atomic::Ordering;

/// What `PR_GET_DUMPABLE` is for a process that may leave a core file.
const DUMPABLE: u32 = 1;
/// Permissions of a core file.
const MODE: u32 = 0o600;

/// Ends the running thread's process because of `info` with the wait status `status`, and writes
/// a core file where that is allowed. Says whether this thread is the one that ends it.
///
/// The other threads come to a halt before anything is written, and go on to their ends after.
pub fn dump(me: &Thread, frame: &UserFrame, info: &Info, status: u32) -> bool {
    /// In a wait status: a core file was written (`WCOREFLAG`).
    const DUMPED: u32 = 0x80;
    let process = &me.process;
    let limit = process.rlimits.soft(Resource::CORE);
    let wanted = limit >= PAGE_SIZE as u64
        && process.dumpable.load(Ordering::Relaxed) == DUMPABLE
        && process.core.begin(me.tid);
    let first = process.begin_exit(status);
    if !wanted {
        return first;
    }
    if first {
        process.core.gather(process);
        match write(me, frame, info, limit) {
            Ok(()) | Err(Errno::EFBIG) => process.add_to_exit_status(DUMPED),
            Err(errno) => log::error!("no core file of process {}: {errno}", process.pid),
        }
    }
    process.core.finish();
    first
}

fn write(me: &Thread, frame: &UserFrame, info: &Info, limit: u64) -> Result<(), Errno> {
    let process = &me.process;
    let mm = me.mm();
    let output = create(me, info, limit)?;
    let segments = segments::segments(mm, process.core.filter.load(Ordering::Relaxed));
    let registers = Registers::save(frame);
    let mut notes = Notes::default();
    notes.thread(me, &registers, info);
    notes.process(me, info, &segments);
    notes.vector(&registers);
    process.core.with_parked(|parked| {
        for other in parked {
            notes.thread(&other.thread, &other.registers, info);
            notes.vector(&other.registers);
        }
    });
    file::write(output, limit, mm, &segments, &notes.0)
}

/// Makes the file, with the process's own rights.
fn create(me: &Thread, info: &Info, limit: u64) -> Result<Arc<OpenFile>, Errno> {
    let cred = me.cred();
    let name = me.name();
    let end = name.iter().position(|&byte| byte == 0).unwrap_or(NAME_LEN);
    let program = me.mm().program().and_then(|program| program.file.path.clone());
    let program = program.and_then(|place| path::shown(&place, &me.fs().root()).ok());
    let name = settings::name(
        &settings::pattern(),
        settings::uses_pid() != 0,
        &Facts {
            pid: me.process.pid,
            tid: me.tid,
            uid: cred.uid,
            gid: cred.gid,
            dumpable: DUMPABLE,
            signal: info.signal.number(),
            time: time::wall() / 1_000_000_000,
            limit,
            host: &uts::hostname(),
            name: name.get(..end).unwrap_or_default(),
            path: program.as_deref().unwrap_or_default(),
        },
    );
    let walker = || Walker::new(me.fs(), cred.clone(), None, WalkFlags::empty());
    // What is there makes way: memory is not written to what others may have opened. If it
    // cannot, the file cannot be made.
    let _ = namei::unlink(&mut walker(), &name);
    let flags = OpenFlags::CREAT | OpenFlags::EXCL | OpenFlags::WRONLY | OpenFlags::NOFOLLOW;
    open::open(&mut walker(), &name, flags, MODE & !me.fs().umask())
}
