//! The operation of `futex`: [`FutexOp`], decoded from command and bits.

use super::kind::names;
use super::{FromArg, Kind, Names, Special};
use crate::errno::Errno;

/// A futex command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum FutexCmd {
    /// Sleep if the word has the expected value; the timeout is relative.
    Wait = 0,
    /// Wake some.
    Wake = 1,
    /// Wake some and move others to a second futex.
    Requeue = 3,
    /// As `Requeue`, if the word has the expected value.
    CmpRequeue = 4,
    /// Change a second word and wake on both.
    WakeOp = 5,
    /// Lock with priority inheritance.
    LockPi = 6,
    /// Unlock with priority inheritance.
    UnlockPi = 7,
    /// Try to lock with priority inheritance.
    TrylockPi = 8,
    /// Sleep with a mask; the timeout is absolute.
    WaitBitset = 9,
    /// Wake those whose mask shares a bit.
    WakeBitset = 10,
    /// Sleep, to be moved to a lock with priority inheritance.
    WaitRequeuePi = 11,
    /// Move sleepers to a lock with priority inheritance.
    CmpRequeuePi = 12,
    /// As `LockPi`, with the monotonic clock unless told otherwise.
    LockPi2 = 13,
}

/// The decoded operation of `futex`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FutexOp {
    /// What to do.
    pub cmd: FutexCmd,
    /// `FUTEX_PRIVATE_FLAG`: the futex is not shared between processes.
    pub private: bool,
    /// `FUTEX_CLOCK_REALTIME`: the timeout is by the wall clock.
    pub realtime: bool,
}

impl FutexOp {
    /// The bit for a futex within one process.
    pub const PRIVATE: u32 = 128;
    /// The bit for a timeout by the wall clock.
    pub const CLOCK_REALTIME: u32 = 256;
    /// `FUTEX_BITSET_MATCH_ANY`.
    pub const MATCH_ANY: u32 = u32::MAX;

    /// The commands' names, for a trace.
    pub const NAMES: &'static Names = names! { "FUTEX_" {
        WAIT = 0, WAKE = 1, FD = 2, REQUEUE = 3, CMP_REQUEUE = 4, WAKE_OP = 5,
        LOCK_PI = 6, UNLOCK_PI = 7, TRYLOCK_PI = 8, WAIT_BITSET = 9, WAKE_BITSET = 10,
        WAIT_REQUEUE_PI = 11, CMP_REQUEUE_PI = 12, LOCK_PI2 = 13,
    } };
}

impl FromArg for FutexOp {
    const KIND: Kind = Kind::Special(Special::Futex);

    /// # Errors
    /// `ENOSYS` for an unknown command, and for the wall clock where it has no meaning.
    #[inline]
    fn from_arg(raw: usize) -> Result<Self, Errno> {
        let bits = raw as u32;
        let realtime = bits & Self::CLOCK_REALTIME != 0;
        let cmd = match bits & !(Self::PRIVATE | Self::CLOCK_REALTIME) {
            0 => FutexCmd::Wait,
            1 => FutexCmd::Wake,
            3 => FutexCmd::Requeue,
            4 => FutexCmd::CmpRequeue,
            5 => FutexCmd::WakeOp,
            6 => FutexCmd::LockPi,
            7 => FutexCmd::UnlockPi,
            8 => FutexCmd::TrylockPi,
            9 => FutexCmd::WaitBitset,
            10 => FutexCmd::WakeBitset,
            11 => FutexCmd::WaitRequeuePi,
            12 => FutexCmd::CmpRequeuePi,
            13 => FutexCmd::LockPi2,
            _ => return Err(Errno::ENOSYS),
        };
        let timed =
            matches!(cmd, FutexCmd::WaitBitset | FutexCmd::WaitRequeuePi | FutexCmd::LockPi2);
        if realtime && !timed {
            return Err(Errno::ENOSYS);
        }
        Ok(Self { cmd, private: bits & Self::PRIVATE != 0, realtime })
    }
}
