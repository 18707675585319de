//! Handler of `futex(2)`.

use alloc::vec::Vec;

use elfin_platform::time;
use elfin_syscalls::abi::{FutexWaitv, Timespec};
use elfin_syscalls::args::{ClockId, FutexCmd, FutexOp, UserAddr, UserIn};
use elfin_syscalls::{Errno, SysResult};

use super::Cx;
use super::usercopy::{user_read_at, user_read_slice};
use crate::task::ThreadRef;
use crate::task::futex::{self, Deadline, WaitRequest};

/// `futex(2)`.
#[inline]
pub fn futex(
    cx: &mut Cx<'_>,
    addr: UserAddr,
    op: FutexOp,
    val: u32,
    timeout: UserAddr,
    addr2: UserAddr,
    val3: u32,
) -> SysResult {
    let me = cx.thread;
    match op.cmd {
        FutexCmd::Wake => futex::wake(me, addr.addr(), op.private, val, FutexOp::MATCH_ANY),
        FutexCmd::Wait if timeout.is_null() => {
            let request = WaitRequest {
                address: addr.addr(),
                private: op.private,
                value: val,
                bitset: FutexOp::MATCH_ANY,
                deadline: None,
            };
            futex::wait(me, &request)
        }
        _ => rarer(me, addr.addr(), op, [val, val3], timeout, addr2),
    }
}

/// All but the plain operations.
#[inline(never)]
fn rarer(
    me: &ThreadRef,
    address: usize,
    op: FutexOp,
    [val, val3]: [u32; 2],
    timeout: UserAddr,
    addr2: UserAddr,
) -> SysResult {
    match op.cmd {
        FutexCmd::Wake => futex::wake(me, address, op.private, val, FutexOp::MATCH_ANY),
        FutexCmd::WakeBitset => futex::wake(me, address, op.private, val, val3),
        FutexCmd::Wait | FutexCmd::WaitBitset => {
            let absolute = op.cmd == FutexCmd::WaitBitset;
            let bitset = if absolute { val3 } else { FutexOp::MATCH_ANY };
            let deadline = deadline(timeout, absolute, op.realtime)?;
            let request =
                WaitRequest { address, private: op.private, value: val, bitset, deadline };
            futex::wait(me, &request)
        }
        FutexCmd::Requeue | FutexCmd::CmpRequeue => {
            let expected = (op.cmd == FutexCmd::CmpRequeue).then_some(val3);
            let moved = second_count(timeout);
            futex::requeue(me, op.private, address, addr2.addr(), val, moved, expected)
        }
        FutexCmd::WakeOp => {
            let wake_second = second_count(timeout);
            futex::wake_op(me, op.private, address, addr2.addr(), val, wake_second, val3)
        }
        FutexCmd::LockPi => futex::lock_pi(me, address, op.private, deadline(timeout, true, true)?),
        FutexCmd::LockPi2 => {
            futex::lock_pi(me, address, op.private, deadline(timeout, true, op.realtime)?)
        }
        FutexCmd::TrylockPi => futex::try_lock_pi(me, address, op.private),
        FutexCmd::UnlockPi => futex::unlock_pi(me, address, op.private),
        FutexCmd::WaitRequeuePi | FutexCmd::CmpRequeuePi => Err(Errno::ENOSYS),
    }
}

/// `futex_waitv(2)`.
pub fn futex_waitv(
    cx: &mut Cx<'_>,
    waiters: UserIn<[FutexWaitv]>,
    count: u32,
    flags: u32,
    timeout: UserIn<Timespec>,
    clock: ClockId,
) -> SysResult {
    /// `FUTEX_WAITV_MAX`.
    const MOST: u32 = 128;
    /// `FUTEX2_SIZE_U32`: the only size there is.
    const SIZE_U32: u32 = 2;
    /// `FUTEX2_PRIVATE`.
    const PRIVATE: u32 = 128;
    if flags != 0 || count == 0 || count > MOST || waiters.is_null() {
        return Err(Errno::EINVAL);
    }
    let deadline = if timeout.is_null() {
        None
    } else {
        let is_wall = match clock {
            ClockId::REALTIME => true,
            ClockId::MONOTONIC => false,
            _ => return Err(Errno::EINVAL),
        };
        deadline(timeout.untyped(), true, is_wall)?
    };
    let count = usize::try_from(count).map_err(|_| Errno::EINVAL)?;
    let list: Vec<FutexWaitv> = user_read_slice(waiters.untyped(), count)?;
    let mut words = Vec::new();
    words.try_reserve_exact(count).map_err(|_| Errno::ENOMEM)?;
    for waiter in list {
        if waiter.flags & !PRIVATE != SIZE_U32 || waiter.reserved != 0 {
            return Err(Errno::EINVAL);
        }
        words.push(futex::Word {
            address: usize::try_from(waiter.uaddr).map_err(|_| Errno::EFAULT)?,
            private: waiter.flags & PRIVATE != 0,
            value: u32::try_from(waiter.val).map_err(|_| Errno::EINVAL)?,
        });
    }
    futex::wait_for_any(cx.thread, &words, deadline)
}

/// In operations on two words the place of the timeout holds a count.
fn second_count(timeout: UserAddr) -> u32 {
    // The low half, as Linux takes it.
    timeout.addr() as u32
}

/// When to give up.
fn deadline(timeout: UserAddr, absolute: bool, realtime: bool) -> Result<Option<Deadline>, Errno> {
    if timeout.is_null() {
        return Ok(None);
    }
    let timeout: Timespec = user_read_at(timeout)?;
    let nanos = timeout.checked_nanos().ok_or(Errno::EINVAL)?;
    Ok(Some(match (absolute, realtime) {
        (false, _) => Deadline::Monotonic(time::now().saturating_add(nanos)),
        (true, false) => Deadline::Monotonic(nanos),
        (true, true) => Deadline::Wall(nanos),
    }))
}
