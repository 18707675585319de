//! What a tracer's `wait4` learns of the threads that it traces.

use alloc::sync::Arc;

use elfin_syscalls::args::WaitOptions;

use crate::task::process::{Process, end_code};
use crate::task::signal::code;

/// What has happened to a traced thread.
pub struct Report {
    /// Its id.
    pub tid: u32,
    /// Its real user id.
    pub uid: u32,
    /// The wait status.
    pub status: u32,
    /// `si_code`.
    pub code: i32,
    /// `si_status`.
    pub value: i32,
    /// Its process.
    pub process: Arc<Process>,
}

/// Looks at the threads that `tracer` traces and that `includes(tid, process)` means: whether
/// there are any, and what one of them has to report.
pub fn look(
    tracer: &Process,
    options: WaitOptions,
    mut includes: impl FnMut(u32, &Arc<Process>) -> bool,
) -> (bool, Option<Report>) {
    /// In the low byte of the wait status of a stopped thread.
    const STOPPED: u32 = 0x7f;
    let keep = options.contains(WaitOptions::WNOWAIT);
    let mut any = false;
    let mut tracees = tracer.tracees.lock();
    let ended = tracees.ended.iter().position(|ended| includes(ended.tid, &ended.process));
    if let Some(at) = ended {
        any = true;
        let ended =
            if keep { tracees.ended.get(at).cloned() } else { Some(tracees.ended.swap_remove(at)) };
        if let Some(ended) = ended.filter(|_| options.contains(WaitOptions::WEXITED)) {
            let (code, value) = end_code(ended.status);
            let report = Report {
                tid: ended.tid,
                uid: ended.uid,
                status: ended.status,
                code,
                value,
                process: ended.process,
            };
            return (true, Some(report));
        }
    }
    for thread in &tracees.threads {
        if !includes(thread.tid, &thread.process) {
            continue;
        }
        any = true;
        let mut inner = thread.trace.lock();
        let Some(stop) = inner.stop.as_mut() else { continue };
        if stop.waited || stop.resumed.is_some() {
            continue;
        }
        stop.waited = !keep;
        let report = Report {
            tid: thread.tid,
            uid: thread.cred().uid,
            status: stop.code << 8 | STOPPED,
            code: code::CLD_TRAPPED,
            value: stop.code.cast_signed(),
            process: thread.process.clone(),
        };
        return (true, Some(report));
    }
    (any, None)
}
