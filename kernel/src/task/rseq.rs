//! Restartable sequences (`rseq(2)`): code of the program that must not be interrupted half way,
//! and is sent to its abort handler when it was.
//!
//! A thread registers a structure in its memory. The kernel writes the CPU's number to it, and
//! when it takes the CPU from the thread or sends it a signal, looks whether the program was in
//! a sequence.

use core::mem::offset_of;

use elfin_platform::arch::UserFrame;
use elfin_platform::{cpu, user};
use elfin_syscalls::Errno;
use elfin_syscalls::abi::{Rseq as Area, RseqCs, zeroed};
use elfin_syscalls::zerocopy::IntoBytes;

use super::signal::{Info, SIGSEGV, force};
use super::thread::{Rseq, Thread};

/// The size of the structure as first laid down, and what it must be aligned to.
const ORIGINAL_SIZE: u32 = 32;
/// `RSEQ_CPU_ID_UNINITIALIZED`.
const NO_CPU: u32 = u32::MAX;
/// Bytes of the signature before an abort handler.
const SIGNATURE_SIZE: usize = size_of::<u32>();

/// Registers the structure at `addr` for a thread.
///
/// # Errors
/// `EBUSY` if it is registered already, `EINVAL` if another is or for a wrong size or alignment,
/// `EPERM` for another signature, `EFAULT`.
pub fn register(me: &Thread, addr: usize, len: u32, signature: u32) -> Result<(), Errno> {
    if let Some(old) = *me.rseq.lock() {
        return Err(match old {
            _ if old.addr != addr || old.len != len => Errno::EINVAL,
            _ if old.signature != signature => Errno::EPERM,
            _ => Errno::EBUSY,
        });
    }
    let align = usize::try_from(ORIGINAL_SIZE).map_err(|_| Errno::EINVAL)?;
    if len < ORIGINAL_SIZE || !addr.is_multiple_of(align) {
        return Err(Errno::EINVAL);
    }
    write_cpu(addr, current_cpu())?;
    *me.rseq.lock() = Some(Rseq { addr, len, signature });
    Ok(())
}

/// Takes the registration back.
///
/// # Errors
/// `EINVAL` if it is not registered so, `EPERM` for another signature, `EFAULT`.
pub fn unregister(me: &Thread, addr: usize, len: u32, signature: u32) -> Result<(), Errno> {
    let old = (*me.rseq.lock()).filter(|old| old.addr == addr && old.len == len);
    let old = old.ok_or(Errno::EINVAL)?;
    if old.signature != signature {
        return Err(Errno::EPERM);
    }
    write_cpu(addr, NO_CPU)?;
    *me.rseq.lock() = None;
    Ok(())
}

fn current_cpu() -> u32 {
    u32::try_from(cpu::id()).unwrap_or(0)
}

fn write_cpu(addr: usize, cpu: u32) -> Result<(), Errno> {
    let is_none = cpu == NO_CPU;
    let start = if is_none { 0 } else { cpu };
    // One process: as many concurrent threads as CPUs.
    let words = [start, cpu];
    let put = |offset: usize, words: &[u32]| {
        user::copy_out(addr.wrapping_add(offset), words.as_bytes()).map_err(|_| Errno::EFAULT)
    };
    put(offset_of!(Area, cpu_id_start), &words)?;
    put(offset_of!(Area, node_id), &[0, start])
}

/// Before a thread that lost its CPU, or is about to handle a signal, goes on at `frame`: leaves
/// the sequence it may be in, and tells it its CPU. What cannot be right ends in `SIGSEGV`.
pub fn interrupted(me: &Thread, frame: &mut UserFrame) {
    let registered = *me.rseq.lock();
    let Some(rseq) = registered else { return };
    let left = leave_sequence(&rseq, frame).and_then(|()| write_cpu(rseq.addr, current_cpu()));
    if left.is_err() {
        *me.rseq.lock() = None;
        force(Info::kernel(SIGSEGV));
    }
}

fn leave_sequence(rseq: &Rseq, frame: &mut UserFrame) -> Result<(), Errno> {
    let pointer_at = rseq.addr.wrapping_add(offset_of!(Area, rseq_cs));
    let mut pointer = [0; size_of::<u64>()];
    user::copy_in(&mut pointer, pointer_at).map_err(|_| Errno::EFAULT)?;
    let pointer = usize::from_ne_bytes(pointer);
    if pointer == 0 {
        return Ok(());
    }
    let mut sequence: RseqCs = zeroed();
    user::copy_in(sequence.as_mut_bytes(), pointer).map_err(|_| Errno::EFAULT)?;
    let target = abort_target(&sequence, frame.ip())?;
    user::copy_out(pointer_at, &[0; size_of::<u64>()]).map_err(|_| Errno::EFAULT)?;
    let Some(abort) = target else { return Ok(()) };
    let mut signature = [0; SIGNATURE_SIZE];
    let signature_at = abort.checked_sub(SIGNATURE_SIZE).ok_or(Errno::EINVAL)?;
    user::copy_in(&mut signature, signature_at).map_err(|_| Errno::EFAULT)?;
    if u32::from_ne_bytes(signature) != rseq.signature {
        return Err(Errno::EINVAL);
    }
    frame.set_ip(abort);
    Ok(())
}

/// Where to go on if `ip` lies in the sequence.
fn abort_target(sequence: &RseqCs, ip: usize) -> Result<Option<usize>, Errno> {
    let word = |value: u64| usize::try_from(value).map_err(|_| Errno::EINVAL);
    let start = word(sequence.start_ip)?;
    let len = word(sequence.post_commit_offset)?;
    let abort = word(sequence.abort_ip)?;
    let end = start.checked_add(len).ok_or(Errno::EINVAL)?;
    let inside = |at: usize| (start..end).contains(&at);
    if sequence.version != 0 || end > user::END || abort >= user::END || inside(abort) {
        return Err(Errno::EINVAL);
    }
    Ok(inside(ip).then_some(abort))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sequence(start: u64, len: u64, abort: u64) -> RseqCs {
        RseqCs { version: 0, flags: 0, start_ip: start, post_commit_offset: len, abort_ip: abort }
    }

    #[test]
    fn aborts_only_inside() {
        let sequence = sequence(100, 10, 200);
        assert_eq!(abort_target(&sequence, 99), Ok(None));
        assert_eq!(abort_target(&sequence, 100), Ok(Some(200)));
        assert_eq!(abort_target(&sequence, 109), Ok(Some(200)));
        assert_eq!(abort_target(&sequence, 110), Ok(None));
    }

    #[test]
    fn refuses_nonsense() {
        assert_eq!(abort_target(&sequence(100, 10, 105), 0), Err(Errno::EINVAL));
        assert_eq!(abort_target(&sequence(u64::MAX, 10, 5), 0), Err(Errno::EINVAL));
        assert_eq!(abort_target(&sequence(100, 10, u64::MAX), 0), Err(Errno::EINVAL));
        assert_eq!(
            abort_target(&RseqCs { version: 1, ..sequence(1, 1, 9) }, 1),
            Err(Errno::EINVAL)
        );
    }
}
