//! Who may look into whom (`ptrace(2)`, "Ptrace access mode checking").

use crate::task::cred::Capability;
use crate::task::thread::Thread;

/// Which of the caller's ids count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Those for files: `/proc` (`PTRACE_MODE_FSCREDS`).
    Files,
    /// The real ones: `ptrace`, `process_vm_readv`, … (`PTRACE_MODE_REALCREDS`).
    Real,
}

/// Whether `reader` may look into `target`: into its own process, into one that has its ids and
/// no more capabilities and is dumpable, or into all with `CAP_SYS_PTRACE`.
pub fn may_access(reader: &Thread, target: &Thread, access: Access) -> bool {
    if core::ptr::eq(&*reader.process, &*target.process) {
        return true;
    }
    let (from, to) = (reader.cred(), target.cred());
    if from.has(Capability::SYS_PTRACE) {
        return true;
    }
    let (uid, gid, capabilities) = match access {
        Access::Files => (from.fsuid, from.fsgid, from.effective),
        Access::Real => (from.uid, from.gid, from.permitted),
    };
    [to.uid, to.euid, to.suid].iter().all(|id| *id == uid)
        && [to.gid, to.egid, to.sgid].iter().all(|id| *id == gid)
        && target.process.is_dumpable()
        && to.permitted & !capabilities == 0
}
