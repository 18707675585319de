//! Handler of `membarrier(2)`: full memory barriers on all CPUs where a program's threads run.
//!
//! A CPU that is not in the program passes a barrier on its way there, so only those that run a
//! thread of the address space are interrupted. The interrupt also serialises (`SYNC_CORE`).

use core::sync::atomic::{Ordering, fence};

use elfin_platform::cpu;
use elfin_syscalls::{Errno, SysResult};

use super::Cx;

const QUERY: i32 = 0;
const GLOBAL: i32 = 1 << 0;
const GLOBAL_EXPEDITED: i32 = 1 << 1;
const REGISTER_GLOBAL_EXPEDITED: i32 = 1 << 2;
const PRIVATE_EXPEDITED: i32 = 1 << 3;
const REGISTER_PRIVATE_EXPEDITED: i32 = 1 << 4;
const PRIVATE_EXPEDITED_SYNC_CORE: i32 = 1 << 5;
const REGISTER_PRIVATE_EXPEDITED_SYNC_CORE: i32 = 1 << 6;
const GET_REGISTRATIONS: i32 = 1 << 9;

const REGISTRATIONS: i32 =
    REGISTER_GLOBAL_EXPEDITED | REGISTER_PRIVATE_EXPEDITED | REGISTER_PRIVATE_EXPEDITED_SYNC_CORE;
const ALL: i32 = GLOBAL
    | GLOBAL_EXPEDITED
    | PRIVATE_EXPEDITED
    | PRIVATE_EXPEDITED_SYNC_CORE
    | REGISTRATIONS
    | GET_REGISTRATIONS;

/// `membarrier(2)`.
pub fn membarrier(cx: &mut Cx<'_>, cmd: i32, flags: u32, _cpu: i32) -> SysResult {
    if flags != 0 {
        return Err(Errno::EINVAL);
    }
    let mm = cx.thread.mm();
    match cmd {
        QUERY => return usize::try_from(ALL).map_err(|_| Errno::EINVAL),
        GET_REGISTRATIONS => {
            let registered = mm.barriers.load(Ordering::Relaxed);
            return usize::try_from(registered).map_err(|_| Errno::EINVAL);
        }
        GLOBAL | GLOBAL_EXPEDITED => synchronize_all(),
        PRIVATE_EXPEDITED | PRIVATE_EXPEDITED_SYNC_CORE => {
            // Each is registered by the bit after its own.
            if mm.barriers.load(Ordering::Relaxed) & cmd << 1 == 0 {
                return Err(Errno::EPERM);
            }
            mm.page_table().synchronize();
        }
        REGISTER_GLOBAL_EXPEDITED
        | REGISTER_PRIVATE_EXPEDITED
        | REGISTER_PRIVATE_EXPEDITED_SYNC_CORE => {
            mm.barriers.fetch_or(cmd, Ordering::Relaxed);
        }
        _ => return Err(Errno::EINVAL),
    }
    Ok(0)
}

fn synchronize_all() {
    fence(Ordering::SeqCst);
    if cpu::count() > 1 {
        cpu::synchronize();
    }
}
