//! Handler of `prctl(2)`.

use alloc::sync::Arc;
use core::sync::atomic::Ordering;

use elfin_syscalls::args::{PrctlOption, SigNum, UserAddr};
use elfin_syscalls::{Errno, SysResult};

use super::Cx;
use super::usercopy::{user_read_at, user_write_at};
use crate::task::cred::SecureBits;
use crate::task::{Capability, Cred, NAME_LEN, Thread};

fn number(value: u32) -> SysResult {
    usize::try_from(value).map_err(|_| Errno::EINVAL)
}

/// `prctl(2)`.
pub fn prctl(
    cx: &mut Cx<'_>,
    option: PrctlOption,
    a1: usize,
    a2: usize,
    a3: usize,
    a4: usize,
) -> SysResult {
    let me = cx.thread;
    let process = &me.process;
    let rest_is_zero = (a2, a3, a4) == (0, 0, 0);
    let flag = |on: bool| Ok(usize::from(on));
    match option {
        PrctlOption::SET_NAME => set_name(me, UserAddr(a1)),
        PrctlOption::GET_NAME => user_write_at(UserAddr(a1), &me.name()).map(|()| 0),
        PrctlOption::SET_PDEATHSIG => {
            let signal = u32::try_from(a1).ok().filter(|number| *number <= SigNum::MAX);
            me.death_signal.store(signal.ok_or(Errno::EINVAL)?, Ordering::Relaxed);
            Ok(0)
        }
        PrctlOption::GET_PDEATHSIG => {
            user_write_at(UserAddr(a1), &me.death_signal.load(Ordering::Relaxed)).map(|()| 0)
        }
        PrctlOption::GET_DUMPABLE => number(process.dumpable.load(Ordering::Relaxed)),
        PrctlOption::SET_DUMPABLE => {
            let value = u32::try_from(a1).ok().filter(|value| *value <= 1).ok_or(Errno::EINVAL)?;
            process.dumpable.store(value, Ordering::Relaxed);
            Ok(0)
        }
        PrctlOption::GET_KEEPCAPS => flag(me.cred().secure.contains(SecureBits::KEEP_CAPS)),
        PrctlOption::SET_KEEPCAPS if a1 <= 1 => change_cred(me, |cred| cred.set_keep_caps(a1 == 1)),
        PrctlOption::GET_NO_NEW_PRIVS if a1 == 0 && rest_is_zero => {
            flag(me.no_new_privs.load(Ordering::Relaxed))
        }
        PrctlOption::SET_NO_NEW_PRIVS if a1 == 1 && rest_is_zero => {
            me.no_new_privs.store(true, Ordering::Relaxed);
            Ok(0)
        }
        PrctlOption::GET_SECCOMP => Ok(0),
        PrctlOption::CAPBSET_READ => flag(me.cred().bounding & Capability::new(a1)?.bit() != 0),
        PrctlOption::CAPBSET_DROP => change_cred(me, |cred| cred.drop_bounding(a1)),
        PrctlOption::CAP_AMBIENT => ambient(me, a1, a2, (a3, a4) == (0, 0)),
        PrctlOption::GET_SECUREBITS => number(me.cred().secure.bits()),
        PrctlOption::SET_SECUREBITS => change_cred(me, |cred| cred.set_secure_bits(a1)),
        PrctlOption::GET_TIMERSLACK => {
            usize::try_from(me.timer_slack.load(Ordering::Relaxed)).map_err(|_| Errno::EINVAL)
        }
        PrctlOption::SET_TIMERSLACK => {
            let slack = u64::try_from(a1).ok().filter(|slack| *slack != 0);
            me.timer_slack
                .store(slack.unwrap_or(crate::task::DEFAULT_TIMER_SLACK), Ordering::Relaxed);
            Ok(0)
        }
        PrctlOption::GET_CHILD_SUBREAPER => {
            let value = i32::from(process.subreaper.load(Ordering::Relaxed));
            user_write_at(UserAddr(a1), &value).map(|()| 0)
        }
        PrctlOption::SET_CHILD_SUBREAPER => {
            process.subreaper.store(a1 != 0, Ordering::Relaxed);
            Ok(0)
        }
        PrctlOption::GET_TID_ADDRESS => {
            let address = me.clear_tid.load(Ordering::Relaxed);
            user_write_at(UserAddr(a1), &u64::try_from(address).unwrap_or_default()).map(|()| 0)
        }
        PrctlOption::GET_TIMING => Ok(0),
        PrctlOption::SET_TIMING if a1 == 0 => Ok(0),
        // Memory is never in huge pages unless asked for, and never merged.
        PrctlOption::GET_THP_DISABLE if a1 == 0 && rest_is_zero => Ok(0),
        PrctlOption::SET_THP_DISABLE if rest_is_zero => Ok(0),
        PrctlOption::MCE_KILL_GET if a1 == 0 && rest_is_zero => {
            /// `PR_MCE_KILL_DEFAULT`.
            const DEFAULT: usize = 2;
            Ok(DEFAULT)
        }
        _ => Err(Errno::EINVAL),
    }
}

fn set_name(me: &Thread, from: UserAddr) -> SysResult {
    let mut name = [0; NAME_LEN];
    // The string may end right before a page that is not there.
    let text = super::usercopy::user_cstr(from, NAME_LEN)?;
    match text {
        Some(text) => name.iter_mut().zip(text).for_each(|(to, from)| *to = from),
        None => name = user_read_at(from)?,
    }
    me.set_name(&name);
    Ok(0)
}

fn change_cred(me: &Thread, change: impl FnOnce(&mut Cred) -> Result<(), Errno>) -> SysResult {
    let mut cred = Cred::clone(&me.cred());
    change(&mut cred)?;
    me.set_cred(Arc::new(cred));
    Ok(0)
}

fn ambient(me: &Thread, operation: usize, number: usize, rest_is_zero: bool) -> SysResult {
    const IS_SET: usize = 1;
    const RAISE: usize = 2;
    const LOWER: usize = 3;
    const CLEAR_ALL: usize = 4;
    if !rest_is_zero || (operation == CLEAR_ALL && number != 0) {
        return Err(Errno::EINVAL);
    }
    if operation == CLEAR_ALL {
        return change_cred(me, |cred| {
            cred.ambient = 0;
            Ok(())
        });
    }
    let capability = Capability::new(number)?;
    match operation {
        IS_SET => Ok(usize::from(me.cred().ambient & capability.bit() != 0)),
        RAISE => change_cred(me, |cred| cred.raise_ambient(capability)),
        LOWER => change_cred(me, |cred| {
            cred.ambient &= !capability.bit();
            Ok(())
        }),
        _ => Err(Errno::EINVAL),
    }
}
