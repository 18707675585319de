//! [`Info`]: what comes with a signal, as `siginfo_t` has it.

use elfin_syscalls::abi::{self, Siginfo};

use super::set::Signal;

/// `si_code` values that the kernel uses.
#[allow(missing_docs, reason = "each is Linux's SI_ constant of this name")]
pub mod code {
    pub const USER: i32 = 0;
    pub const KERNEL: i32 = 0x80;
    pub const QUEUE: i32 = -1;
    pub const TIMER: i32 = -2;
    pub const MESGQ: i32 = -3;
    pub const TKILL: i32 = -6;
    pub const ILL_ILLOPN: i32 = 2;
    pub const FPE_INTDIV: i32 = 1;
    pub const FPE_INTOVF: i32 = 2;
    pub const FPE_FLTDIV: i32 = 3;
    pub const FPE_FLTOVF: i32 = 4;
    pub const FPE_FLTUND: i32 = 5;
    pub const FPE_FLTRES: i32 = 6;
    pub const FPE_FLTINV: i32 = 7;
    pub const SEGV_MAPERR: i32 = 1;
    pub const SEGV_ACCERR: i32 = 2;
    pub const BUS_ADRALN: i32 = 1;
    pub const BUS_ADRERR: i32 = 2;
    pub const TRAP_BRKPT: i32 = 1;
    pub const TRAP_TRACE: i32 = 2;
    pub const POLL_IN: i32 = 1;
    pub const POLL_OUT: i32 = 2;
    pub const POLL_ERR: i32 = 4;
    pub const POLL_PRI: i32 = 5;
    pub const POLL_HUP: i32 = 6;
    pub const CLD_EXITED: i32 = 1;
    pub const CLD_KILLED: i32 = 2;
    pub const CLD_DUMPED: i32 = 3;
    pub const CLD_TRAPPED: i32 = 4;
    pub const CLD_STOPPED: i32 = 5;
    pub const CLD_CONTINUED: i32 = 6;
}

/// What comes with a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Info {
    /// The signal.
    pub signal: Signal,
    /// `si_errno`.
    pub errno: i32,
    /// `si_code`: where it comes from.
    pub code: i32,
    /// The words that depend on the code.
    pub fields: [u64; FIELDS],
}

/// 64-bit words that depend on the code.
const FIELDS: usize = 14;

impl Info {
    /// A signal about which nothing is known: sent by the kernel.
    pub const fn kernel(signal: Signal) -> Self {
        Self { signal, errno: 0, code: code::KERNEL, fields: [0; FIELDS] }
    }

    fn with_code(signal: Signal, code: i32) -> Self {
        Self { signal, errno: 0, code, fields: [0; FIELDS] }
    }

    /// Sent by a process, with `kill` ([`code::USER`]) or `tkill` ([`code::TKILL`]).
    pub fn from_process(signal: Signal, code: i32, pid: u32, uid: u32) -> Self {
        let mut info = Self::with_code(signal, code);
        info.fields[0] = pair(pid, uid);
        info
    }

    /// Caused by an instruction that touched `address`.
    pub fn fault(signal: Signal, code: i32, address: usize) -> Self {
        let mut info = Self::with_code(signal, code);
        info.fields[0] = u64::try_from(address).unwrap_or_default();
        info
    }

    /// Sent by the POSIX timer `id`, with the value that the program gave it.
    pub fn timer(signal: Signal, id: i32, value: u64) -> Self {
        let mut info = Self::with_code(signal, code::TIMER);
        info.fields[0] = pair(id.cast_unsigned(), 0);
        info.fields[1] = value;
        info
    }

    /// The open file of the descriptor `fd` has become ready for `band`.
    pub fn poll(signal: Signal, code: i32, band: u64, fd: i32) -> Self {
        let mut info = Self::with_code(signal, code);
        info.fields[0] = band;
        info.fields[1] = pair(fd.cast_unsigned(), 0);
        info
    }

    /// A message has come to a queue, sent by a process, with the value that was asked for.
    pub fn message_queue(signal: Signal, pid: u32, uid: u32, value: u64) -> Self {
        let mut info = Self::with_code(signal, code::MESGQ);
        info.fields[0] = pair(pid, uid);
        info.fields[1] = value;
        info
    }

    /// A child changed its state; `status` is its exit code or signal.
    pub fn child(signal: Signal, code: i32, pid: u32, uid: u32, status: i32) -> Self {
        let mut info = Self::with_code(signal, code);
        info.fields[0] = pair(pid, uid);
        info.fields[1] = pair(status.cast_unsigned(), 0);
        info
    }

    /// The same with the CPU time that the child has used, in nanoseconds (`si_utime`).
    pub fn with_cpu_time(mut self, nanoseconds: u64) -> Self {
        /// Linux counts in hundredths of a second (`USER_HZ`).
        const TICK: u64 = 10_000_000;
        self.fields[2] = nanoseconds / TICK;
        self
    }

    /// As the program gave it (`rt_sigqueueinfo`), except for the signal's number.
    pub fn from_abi(signal: Signal, abi: &Siginfo) -> Self {
        Self { signal, errno: abi.si_errno, code: abi.si_code, fields: abi.fields }
    }

    /// As programs lay it out.
    pub fn to_abi(&self) -> Siginfo {
        Siginfo {
            si_signo: self.signal.number().cast_signed(),
            si_errno: self.errno,
            si_code: self.code,
            fields: self.fields,
            ..abi::zeroed()
        }
    }

    /// The address that a fault touched.
    pub fn address(&self) -> u64 {
        self.fields[0]
    }

    /// The id of the POSIX timer that sent it.
    pub fn timer_id(&self) -> Option<i32> {
        let low = u32::try_from(self.fields[0] & u64::from(u32::MAX)).ok()?;
        (self.code == code::TIMER).then_some(low.cast_signed())
    }

    /// Sets `si_overrun`.
    pub fn set_overrun(&mut self, overrun: i32) {
        let low = self.fields[0] & u64::from(u32::MAX);
        self.fields[0] = low | u64::from(overrun.cast_unsigned()) << u32::BITS;
    }
}

/// Two 32-bit fields that follow each other in memory.
fn pair(first: u32, second: u32) -> u64 {
    u64::from(first) | u64::from(second) << u32::BITS
}

#[cfg(test)]
mod tests {
    use super::super::set::{SIGALRM, SIGTERM};
    use super::*;

    #[test]
    fn lays_out_the_sender() {
        let info = Info::from_process(SIGTERM, code::USER, 7, 1000).to_abi();
        assert_eq!((info.si_signo, info.si_code), (15, 0));
        assert_eq!(info.fields[0], 7 | 1000 << 32);
    }

    #[test]
    fn keeps_a_timers_id_beside_the_overrun() {
        let mut info = Info::timer(SIGALRM, 3, 99);
        info.set_overrun(5);
        assert_eq!(info.timer_id(), Some(3));
        assert_eq!(info.fields[0], 3 | 5 << 32);
        assert_eq!(Info::kernel(SIGALRM).timer_id(), None);
    }
}
