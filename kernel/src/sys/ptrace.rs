//! Handler of `ptrace(2)`: the requests, and what they look like in memory (x86_64).

use alloc::vec::Vec;

use elfin_platform::arch::UserFrame;
use elfin_syscalls::abi::{Iovec, Siginfo};
use elfin_syscalls::args::{Pid, PtraceRequest, SigNum, UserAddr};
use elfin_syscalls::{Errno, SysResult, decode};
use zerocopy::{Immutable, IntoBytes};

use super::Cx;
use super::usercopy::{user_read_at, user_read_slice, user_write_at};
use crate::task::ptrace::{self, Options, Resume, Stop};
use crate::task::signal::{Info, SIGKILL, SigSet, Signal, send_to_process};
use crate::task::{ThreadRef, find_thread};

const WORD: usize = size_of::<u64>();
/// Words of `struct user_regs_struct`.
const GENERAL: usize = 27;
/// Bytes of `struct user`.
const USER_SIZE: usize = 928;
/// Bytes of the vector registers' legacy area.
const LEGACY: usize = 512;
/// Notes that name sets of registers.
const NT_PRSTATUS: usize = 1;
const NT_FPREGSET: usize = 2;
const NT_X86_XSTATE: usize = 0x202;
/// `AUDIT_ARCH_X86_64`.
const ARCH: u32 = 0xc000_003e;

/// `ptrace(2)`.
///
/// # Errors
/// `ESRCH` unless the caller traces the thread and that is stopped, `EPERM`, `EIO`, `EINVAL`,
/// `EFAULT`.
pub fn ptrace(
    cx: &mut Cx<'_>,
    request: PtraceRequest,
    pid: Pid,
    addr: usize,
    data: usize,
) -> SysResult {
    if request == PtraceRequest::TRACEME {
        return ptrace::trace_me().map(|()| 0);
    }
    let tid = u32::try_from(pid).map_err(|_| Errno::ESRCH)?;
    let target = find_thread(tid).ok_or(Errno::ESRCH)?;
    match request {
        PtraceRequest::ATTACH => return ptrace::attach(cx.thread, &target).map(|()| 0),
        PtraceRequest::SEIZE if addr != 0 => return Err(Errno::EIO),
        PtraceRequest::SEIZE => {
            let options = options(data)?;
            return ptrace::seize(cx.thread, &target, options).map(|()| 0);
        }
        _ => {}
    }
    let tracer = target.trace.tracer();
    if !tracer.is_some_and(|tracer| core::ptr::eq(&*tracer, &*cx.thread.process)) {
        return Err(Errno::ESRCH);
    }
    match request {
        PtraceRequest::KILL => {
            send_to_process(&target.process, Info::kernel(SIGKILL))?;
            return Ok(0);
        }
        PtraceRequest::INTERRUPT => return ptrace::interrupt(&target).map(|()| 0),
        _ => {}
    }
    if !target.trace.is_stopped() {
        return Err(Errno::ESRCH);
    }
    stopped(&target, request, addr, data)
}

fn options(data: usize) -> Result<Options, Errno> {
    u32::try_from(data).ok().and_then(Options::from_bits).ok_or(Errno::EINVAL)
}

/// The signal that a thread is to go on with; 0 for none.
fn signal(data: usize) -> Result<u32, Errno> {
    u32::try_from(data).ok().filter(|number| *number <= SigNum::MAX).ok_or(Errno::EIO)
}

/// Runs `f` with the stop that the thread is in.
fn with_stop<R>(
    target: &ThreadRef,
    f: impl FnOnce(&mut Stop) -> Result<R, Errno>,
) -> Result<R, Errno> {
    let mut inner = target.trace.lock();
    f(inner.stop.as_mut().ok_or(Errno::ESRCH)?)
}

fn stopped(target: &ThreadRef, request: PtraceRequest, addr: usize, data: usize) -> SysResult {
    let to = UserAddr(data);
    let resume = |how| ptrace::resume(target, how, signal(data)?).map(|()| 0);
    match request {
        PtraceRequest::PEEKTEXT | PtraceRequest::PEEKDATA => peek(target, addr, to),
        PtraceRequest::POKETEXT | PtraceRequest::POKEDATA => {
            let bytes = data.to_ne_bytes();
            target.mm().poke(addr, &bytes).map(|()| 0).map_err(|_| Errno::EIO)
        }
        PtraceRequest::PEEKUSER => peek_user(target, addr, to),
        PtraceRequest::POKEUSER => poke_user(target, addr, data),
        PtraceRequest::GETREGS => {
            let words = with_stop(target, |stop| Ok(stop.registers.general()))?;
            user_write_at(to, &words).map(|()| 0)
        }
        PtraceRequest::SETREGS => set_general(target, &user_read_slice::<u64>(to, GENERAL)?),
        PtraceRequest::GETFPREGS => {
            let bytes = with_stop(target, |stop| Ok(stop.registers.legacy().to_vec()))?;
            user_write_at(to, bytes.as_slice()).map(|()| 0)
        }
        PtraceRequest::SETFPREGS => {
            let bytes: Vec<u8> = user_read_slice(to, LEGACY)?;
            with_stop(target, |stop| stop.registers.set_legacy(&bytes)).map(|()| 0)
        }
        PtraceRequest::GETREGSET => get_set(target, addr, to),
        PtraceRequest::SETREGSET => set_set(target, addr, to),
        PtraceRequest::GETSIGINFO => {
            let info = with_stop(target, |stop| stop.info.ok_or(Errno::EINVAL))?;
            user_write_at(to, &info.to_abi()).map(|()| 0)
        }
        PtraceRequest::SETSIGINFO => set_info(target, to),
        PtraceRequest::GETSIGMASK | PtraceRequest::SETSIGMASK if addr != WORD => Err(Errno::EINVAL),
        PtraceRequest::GETSIGMASK => {
            let mask = with_stop(target, |stop| Ok(stop.mask))?;
            let mask = mask.unwrap_or_else(|| target.signals.blocked());
            user_write_at(to, &mask.0).map(|()| 0)
        }
        PtraceRequest::SETSIGMASK => {
            let mask = SigSet(user_read_at(to)?) & !SigSet::UNBLOCKABLE;
            with_stop(target, |stop| {
                stop.mask = Some(mask);
                Ok(0)
            })
        }
        PtraceRequest::GETEVENTMSG => {
            let message = with_stop(target, |stop| Ok(stop.message))?;
            user_write_at(to, &message).map(|()| 0)
        }
        PtraceRequest::SETOPTIONS => {
            target.trace.lock().options = options(data)?;
            Ok(0)
        }
        PtraceRequest::GET_SYSCALL_INFO => call_info(target, addr, to),
        PtraceRequest::CONT => resume(Resume::Continue),
        PtraceRequest::SYSCALL => resume(Resume::Call),
        PtraceRequest::SYSEMU => resume(Resume::Emulate),
        PtraceRequest::SINGLESTEP => resume(Resume::Step),
        PtraceRequest::LISTEN => ptrace::listen(target).map(|()| 0),
        PtraceRequest::DETACH => {
            let number = signal(data)?;
            ptrace::detach(target, number);
            Ok(0)
        }
        _ => Err(Errno::EIO),
    }
}

fn peek(target: &ThreadRef, addr: usize, to: UserAddr) -> SysResult {
    let mut bytes = [0; WORD];
    if target.mm().peek(addr, &mut bytes) < WORD {
        return Err(Errno::EIO);
    }
    user_write_at(to, &bytes).map(|()| 0)
}

/// The register at an offset in `struct user`; none for the rest of it, which is zero.
fn place(addr: usize) -> Result<Option<usize>, Errno> {
    if !addr.is_multiple_of(WORD) || addr >= USER_SIZE {
        return Err(Errno::EIO);
    }
    let place = addr / WORD;
    Ok((place < GENERAL).then_some(place))
}

fn peek_user(target: &ThreadRef, addr: usize, to: UserAddr) -> SysResult {
    let place = place(addr)?;
    let words = with_stop(target, |stop| Ok(stop.registers.general()))?;
    let word = place.and_then(|place| words.get(place)).copied().unwrap_or(0);
    user_write_at(to, &word).map(|()| 0)
}

fn poke_user(target: &ThreadRef, addr: usize, data: usize) -> SysResult {
    let value = u64::try_from(data).map_err(|_| Errno::EIO)?;
    match place(addr)? {
        Some(place) => with_stop(target, |stop| stop.registers.set_general(place, value))?,
        // Debug registers stay off.
        None if value == 0 => {}
        None => return Err(Errno::EIO),
    }
    Ok(0)
}

fn set_general(target: &ThreadRef, words: &[u64]) -> SysResult {
    with_stop(target, |stop| {
        words
            .iter()
            .enumerate()
            .try_for_each(|(place, word)| stop.registers.set_general(place, *word))?;
        Ok(0)
    })
}

/// A set of registers as bytes.
fn register_set(target: &ThreadRef, kind: usize) -> Result<Vec<u8>, Errno> {
    with_stop(target, |stop| {
        let registers = &stop.registers;
        let bytes = match kind {
            NT_PRSTATUS => registers.general().as_bytes().to_vec(),
            NT_FPREGSET => registers.legacy().to_vec(),
            NT_X86_XSTATE => registers.extended(),
            _ => return Err(Errno::EINVAL),
        };
        if bytes.is_empty() { Err(Errno::ENODEV) } else { Ok(bytes) }
    })
}

fn get_set(target: &ThreadRef, kind: usize, vector: UserAddr) -> SysResult {
    let mut iovec: Iovec = user_read_at(vector)?;
    let bytes = register_set(target, kind)?;
    let room = usize::try_from(iovec.iov_len).unwrap_or(usize::MAX);
    if !room.is_multiple_of(WORD) && kind == NT_PRSTATUS {
        return Err(Errno::EINVAL);
    }
    let bytes = bytes.get(..room).unwrap_or(&bytes);
    let to = usize::try_from(iovec.iov_base).map_err(|_| Errno::EFAULT)?;
    user_write_at(UserAddr(to), bytes)?;
    iovec.iov_len = bytes.len() as u64;
    user_write_at(vector, &iovec).map(|()| 0)
}

fn set_set(target: &ThreadRef, kind: usize, vector: UserAddr) -> SysResult {
    let iovec: Iovec = user_read_at(vector)?;
    let most = register_set(target, kind)?.len();
    let len = usize::try_from(iovec.iov_len).unwrap_or(usize::MAX).min(most);
    let from = usize::try_from(iovec.iov_base).map_err(|_| Errno::EFAULT)?;
    let bytes: Vec<u8> = user_read_slice(UserAddr(from), len)?;
    match kind {
        NT_PRSTATUS => {
            let (words, rest) = bytes.as_chunks::<WORD>();
            if !rest.is_empty() {
                return Err(Errno::EINVAL);
            }
            let words: Vec<u64> = words.iter().map(|word| u64::from_ne_bytes(*word)).collect();
            set_general(target, &words)
        }
        NT_FPREGSET => with_stop(target, |stop| stop.registers.set_legacy(&bytes)).map(|()| 0),
        _ => with_stop(target, |stop| stop.registers.set_extended(&bytes)).map(|()| 0),
    }
}

fn set_info(target: &ThreadRef, from: UserAddr) -> SysResult {
    let abi: Siginfo = user_read_at(from)?;
    with_stop(target, |stop| {
        let info = stop.info.as_mut().ok_or(Errno::EINVAL)?;
        let number = u32::try_from(abi.si_signo).ok();
        let signal = number.and_then(Signal::from_number).unwrap_or(info.signal);
        *info = Info::from_abi(signal, &abi);
        Ok(0)
    })
}

/// `struct ptrace_syscall_info`.
#[derive(IntoBytes, Immutable)]
#[repr(C)]
struct CallInfo {
    op: u8,
    padding: [u8; 3],
    arch: u32,
    ip: u64,
    sp: u64,
    /// At the beginning: number and arguments. At the end: the result, and whether it is an error.
    words: [u64; 7],
}

fn call_info(target: &ThreadRef, size: usize, to: UserAddr) -> SysResult {
    const ENTRY: u8 = 1;
    const EXIT: u8 = 2;
    /// Bytes before the part that depends on the stop.
    const COMMON: usize = 24;
    /// The result and a byte.
    const RESULT: usize = WORD + 1;
    let (info, len) = with_stop(target, |stop| {
        let frame: &UserFrame = &stop.registers.frame;
        let (op, words, len) = match stop.call {
            None => (0, [0; 7], COMMON),
            Some(true) => {
                let mut words = [0; 7];
                words[0] = frame.syscall_nr() as u64;
                words.iter_mut().skip(1).zip(frame.args()).for_each(|(to, arg)| *to = arg as u64);
                (ENTRY, words, size_of::<CallInfo>())
            }
            Some(false) => {
                let value = frame.return_value();
                let is_error = u64::from(decode(value).is_err());
                (EXIT, [value as u64, is_error, 0, 0, 0, 0, 0], COMMON + RESULT)
            }
        };
        let (ip, sp) = (frame.ip() as u64, frame.sp() as u64);
        Ok((CallInfo { op, padding: [0; 3], arch: ARCH, ip, sp, words }, len))
    })?;
    let bytes = info.as_bytes().get(..len.min(size)).unwrap_or_default();
    user_write_at(to, bytes)?;
    Ok(len)
}
