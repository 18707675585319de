//! [`SignalFd`]: signals that are read instead of handled.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use core::any::Any;

use elfin_platform::sync::SpinLock;
use elfin_syscalls::abi::{SignalfdSiginfo, zeroed};
use elfin_syscalls::zerocopy::IntoBytes;
use elfin_syscalls::{Errno, SysResult};

use crate::fs::transfer::partial;
use crate::fs::{Dest, File, OpenFile};
use crate::task::signal::{Info, SIGCHLD, SigSet, dequeue, pending};
use crate::task::{PollEvents, PollTable, current};

/// What one signal takes.
const SIZE: usize = size_of::<SignalfdSiginfo>();

/// A set of signals to be read.
pub struct SignalFd(SpinLock<SigSet>);

impl SignalFd {
    /// A file that gives the signals in `set`.
    #[must_use]
    pub fn new(set: SigSet) -> Arc<Self> {
        let file = Arc::new(Self(SpinLock::new(SigSet::EMPTY)));
        file.set(set);
        file
    }

    /// Changes the set.
    pub fn set(&self, set: SigSet) {
        *self.0.lock() = set & !SigSet::UNBLOCKABLE;
        // Those who sleep look again with the new set.
        current().process.signals.arrived.wake_all(PollEvents::READABLE);
    }

    fn take(&self) -> Option<Info> {
        let set = *self.0.lock();
        dequeue(&current(), set)
    }
}

/// What a read gives of a signal.
fn describe(info: &Info) -> SignalfdSiginfo {
    let [first, second, third, ..] = info.fields;
    let (low, high) = halves(first);
    let mut out = SignalfdSiginfo {
        ssi_signo: info.signal.number(),
        ssi_errno: info.errno,
        ssi_code: info.code,
        ..zeroed()
    };
    if info.timer_id().is_some() {
        out.ssi_tid = low;
        out.ssi_overrun = high;
        out.ssi_ptr = second;
        out.ssi_int = halves(second).0.cast_signed();
    } else if info.code <= 0 {
        // Sent by a program.
        (out.ssi_pid, out.ssi_uid) = (low, high);
        out.ssi_ptr = second;
        out.ssi_int = halves(second).0.cast_signed();
    } else if info.signal == SIGCHLD {
        (out.ssi_pid, out.ssi_uid) = (low, high);
        out.ssi_status = halves(second).0.cast_signed();
        out.ssi_utime = third;
    } else {
        out.ssi_addr = first;
    }
    out
}

fn halves(word: u64) -> (u32, u32) {
    // Each is cut to its half.
    (word as u32, (word >> u32::BITS) as u32)
}

impl File for SignalFd {
    fn read(&self, of: &OpenFile, dst: &mut Dest<'_>) -> SysResult {
        if dst.remaining() < SIZE {
            return Err(Errno::EINVAL);
        }
        let mut done = 0;
        while dst.remaining() >= SIZE {
            let info = match self.take() {
                Some(info) => info,
                None if done > 0 => break,
                None if of.nonblocking() => return Err(Errno::EAGAIN),
                None => {
                    let process = current().process.clone();
                    process.signals.arrived.wait_until(None, || self.take())?
                }
            };
            match dst.put(describe(&info).as_bytes()) {
                Ok(n) => done += n,
                Err(errno) => return partial(done, errno),
            }
        }
        Ok(done)
    }

    fn poll(&self, _of: &OpenFile, table: Option<&mut PollTable<'_>>) -> PollEvents {
        let me = current();
        if let Some(table) = table {
            table.add(&me.process.signals.arrived);
        }
        let here = pending(&me) & *self.0.lock();
        if here.is_empty() { PollEvents::empty() } else { PollEvents::IN }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn describe(&self) -> String {
        String::from("anon_inode:[signalfd]")
    }

    fn fdinfo(&self, _of: &OpenFile) -> String {
        format!("sigmask:\t{:016x}\n", self.0.lock().0)
    }
}
