//! Handlers about the machine: its name, its state, randomness, architecture settings.

use alloc::vec::Vec;

use elfin_platform::{mm, task, time, user};
use elfin_syscalls::abi::{Sysinfo, Utsname, zeroed};
use elfin_syscalls::args::{ArchPrctlCode, GetrandomFlags, RebootCmd, UserAddr, UserIn, UserOut};
use elfin_syscalls::{Errno, SysResult};

use super::Cx;
use super::usercopy::{user_read_slice, user_write, user_write_at};
use crate::task::{Capability, sched};
use crate::uts;

/// `uname(2)`.
pub fn uname(_cx: &mut Cx<'_>, out: UserOut<Utsname>) -> SysResult {
    let mut names: Utsname = zeroed();
    fill(&mut names.sysname, uts::SYSNAME.as_bytes());
    fill(&mut names.nodename, &uts::hostname());
    fill(&mut names.release, uts::RELEASE.as_bytes());
    fill(&mut names.version, uts::VERSION.as_bytes());
    fill(&mut names.machine, uts::MACHINE.as_bytes());
    fill(&mut names.domainname, &uts::domainname());
    user_write(out, &names)?;
    Ok(0)
}

fn fill(field: &mut [u8; uts::NAME_MAX + 1], text: &[u8]) {
    field.iter_mut().take(uts::NAME_MAX).zip(text).for_each(|(to, from)| *to = *from);
}

fn read_name(cx: &Cx<'_>, name: UserAddr, len: i32) -> Result<Vec<u8>, Errno> {
    if !cx.thread.cred().has(Capability::SYS_ADMIN) {
        return Err(Errno::EPERM);
    }
    let len = usize::try_from(len).ok().filter(|len| *len <= uts::NAME_MAX);
    user_read_slice(name, len.ok_or(Errno::EINVAL)?)
}

/// `sethostname(2)`.
pub fn sethostname(cx: &mut Cx<'_>, name: UserIn<[u8]>, len: i32) -> SysResult {
    uts::set_hostname(&read_name(cx, name.untyped(), len)?)?;
    Ok(0)
}

/// `setdomainname(2)`.
pub fn setdomainname(cx: &mut Cx<'_>, name: UserIn<[u8]>, len: i32) -> SysResult {
    uts::set_domainname(&read_name(cx, name.untyped(), len)?)?;
    Ok(0)
}

/// `sysinfo(2)`.
pub fn sysinfo(_cx: &mut Cx<'_>, out: UserOut<Sysinfo>) -> SysResult {
    /// A load of 1, in the fixed point of `loads` (`SI_LOAD_SHIFT`).
    const LOAD_UNIT: u64 = 1 << 16;
    let memory = mm::stats();
    let word = |value: usize| u64::try_from(value).unwrap_or(u64::MAX);
    let running = word(sched::load()).saturating_mul(LOAD_UNIT);
    let info = Sysinfo {
        uptime: (time::now() / time::NANOS_PER_SEC).cast_signed(),
        loads: [running; 3],
        totalram: word(memory.total),
        freeram: word(memory.free),
        procs: u16::try_from(sched::thread_count()).unwrap_or(u16::MAX),
        mem_unit: 1,
        ..zeroed()
    };
    user_write(out, &info)?;
    Ok(0)
}

/// `getrandom(2)`. The generator is seeded before the program starts, so nobody waits.
pub fn getrandom(cx: &mut Cx<'_>, buf: UserAddr, len: usize, flags: GetrandomFlags) -> SysResult {
    /// What is made at a time.
    const CHUNK: usize = 256;
    /// The most that one call gives.
    const MOST: usize = 0x7fff_ffff;
    if flags.contains(GetrandomFlags::RANDOM | GetrandomFlags::INSECURE) {
        return Err(Errno::EINVAL);
    }
    let len = len.min(MOST);
    let mut chunk = [0; CHUNK];
    let mut done = 0;
    while done < len {
        let part = chunk.get_mut(..CHUNK.min(len - done)).ok_or(Errno::EINVAL)?;
        crate::rand::fill(part);
        match user_write_at(buf.offset(done)?, &*part) {
            Ok(()) => done += part.len(),
            Err(errno) if done == 0 => return Err(errno),
            Err(_) => break,
        }
        if cx.thread.interrupted() {
            break;
        }
    }
    Ok(done)
}

/// `arch_prctl(2)`.
pub fn arch_prctl(_cx: &mut Cx<'_>, code: ArchPrctlCode, addr: UserAddr) -> SysResult {
    let base = || if addr.addr() < user::END { Ok(addr.addr()) } else { Err(Errno::EPERM) };
    match code {
        ArchPrctlCode::SET_FS => task::set_tls(base()?),
        ArchPrctlCode::SET_GS => task::set_user_gs(base()?),
        ArchPrctlCode::GET_FS => user_write_at(addr, &task::tls().to_ne_bytes())?,
        ArchPrctlCode::GET_GS => user_write_at(addr, &task::user_gs().to_ne_bytes())?,
        // Programs may ask the CPU what it is.
        ArchPrctlCode::GET_CPUID => return Ok(1),
        ArchPrctlCode::SET_CPUID => return Err(Errno::ENODEV),
        _ => return Err(Errno::EINVAL),
    }
    Ok(0)
}

/// `personality(2)`: there is one, with bits that change nothing here.
pub fn personality(cx: &mut Cx<'_>, persona: u32) -> SysResult {
    use core::sync::atomic::Ordering;
    /// Asks without changing.
    const QUERY: u32 = u32::MAX;
    let state = &cx.thread.process.personality;
    let old = if persona == QUERY {
        state.load(Ordering::Relaxed)
    } else {
        state.swap(persona, Ordering::Relaxed)
    };
    usize::try_from(old).map_err(|_| Errno::EINVAL)
}

/// `reboot(2)`: the machine ends; what would start it again is the host's.
pub fn reboot(
    cx: &mut Cx<'_>,
    magic1: u32,
    magic2: u32,
    cmd: RebootCmd,
    _arg: UserAddr,
) -> SysResult {
    if !cx.thread.cred().has(Capability::SYS_BOOT) {
        return Err(Errno::EPERM);
    }
    if magic1 != RebootCmd::MAGIC1 || !RebootCmd::MAGIC2.contains(&magic2) {
        return Err(Errno::EINVAL);
    }
    match cmd {
        RebootCmd::CAD_ON | RebootCmd::CAD_OFF => Ok(0),
        RebootCmd::RESTART | RebootCmd::HALT | RebootCmd::POWER_OFF | RebootCmd::RESTART2 => {
            crate::shutdown(0)
        }
        _ => Err(Errno::EINVAL),
    }
}
