//! [`AltStack`]: the alternate signal stack of a thread (`sigaltstack(2)`).

use elfin_syscalls::Errno;
use elfin_syscalls::abi::Stack;

/// The program runs on it now.
const SS_ONSTACK: i32 = 1;
/// There is none.
const SS_DISABLE: i32 = 2;
/// It is switched off while a handler runs on it.
const SS_AUTODISARM: i32 = i32::MIN;
/// The least size that is accepted.
#[cfg(not(target_arch = "aarch64"))]
pub const MINSIGSTKSZ: usize = 2048;
/// The least size that is accepted.
#[cfg(target_arch = "aarch64")]
pub const MINSIGSTKSZ: usize = 5120;

/// An alternate signal stack, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AltStack {
    base: usize,
    size: usize,
    flags: i32,
}

impl AltStack {
    /// No alternate stack.
    pub const NONE: Self = Self { base: 0, size: 0, flags: SS_DISABLE };

    /// Whether `sp` lies on it. One that is switched off while a handler runs is never in use.
    pub fn contains(&self, sp: usize) -> bool {
        self.flags & SS_AUTODISARM == 0 && self.covers(sp)
    }

    /// Whether `sp` lies within its range: as the stack grows down, above its base, up to its end.
    pub fn covers(&self, sp: usize) -> bool {
        sp > self.base && sp - self.base <= self.size
    }

    /// Where a handler's frame starts if it is to run on this stack: its end. `None` if there is
    /// none, or it is in use.
    pub fn entry(&self, sp: usize) -> Option<usize> {
        if self.size == 0 || self.contains(sp) { None } else { self.base.checked_add(self.size) }
    }

    /// Whether it is switched off when a handler starts.
    pub fn disarms(&self) -> bool {
        self.flags & SS_AUTODISARM != 0
    }

    /// As `sigaltstack` reports it to a program with stack pointer `sp`.
    pub fn report(&self, sp: usize) -> Stack {
        let state = match () {
            () if self.size == 0 => SS_DISABLE,
            () if self.contains(sp) => SS_ONSTACK,
            () => 0,
        };
        Stack { ss_flags: state | self.flags & SS_AUTODISARM, ..self.saved() }
    }

    /// As a signal frame keeps it.
    pub fn saved(&self) -> Stack {
        let word = |n| u64::try_from(n).unwrap_or_default();
        Stack { ss_sp: word(self.base), ss_flags: self.flags, pad: 0, ss_size: word(self.size) }
    }

    /// The stack that a program with stack pointer `sp` asks for in place of this one, which must
    /// have at least `min_size` bytes.
    ///
    /// # Errors
    /// `EPERM` while in use, `EINVAL` for unknown flags, `ENOMEM` if it is too small.
    pub fn replaced(&self, new: &Stack, sp: usize, min_size: usize) -> Result<Self, Errno> {
        if self.contains(sp) {
            return Err(Errno::EPERM);
        }
        let mode = new.ss_flags & !SS_AUTODISARM;
        if ![0, SS_ONSTACK, SS_DISABLE].contains(&mode) {
            return Err(Errno::EINVAL);
        }
        if mode == SS_DISABLE {
            return Ok(Self { base: 0, size: 0, flags: new.ss_flags });
        }
        let size = usize::try_from(new.ss_size).map_err(|_| Errno::ENOMEM)?;
        let base = usize::try_from(new.ss_sp).map_err(|_| Errno::ENOMEM)?;
        if size < min_size {
            return Err(Errno::ENOMEM);
        }
        Ok(Self { base, size, flags: new.ss_flags })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(flags: i32, size: u64) -> Stack {
        Stack { ss_sp: 0x1_0000, ss_flags: flags, pad: 0, ss_size: size }
    }

    #[test]
    fn is_used_once_at_a_time() {
        let stack = AltStack::NONE.replaced(&request(0, 8192), 0, MINSIGSTKSZ).unwrap();
        assert_eq!(stack.entry(0x7000_0000), Some(0x1_2000));
        assert_eq!(stack.entry(0x1_1000), None);
        assert_eq!(stack.report(0x1_1000).ss_flags, SS_ONSTACK);
        assert_eq!(stack.report(0x7000_0000).ss_flags, 0);
        assert_eq!(stack.replaced(&request(0, 8192), 0x1_1000, MINSIGSTKSZ), Err(Errno::EPERM));
    }

    #[test]
    fn refuses_what_linux_refuses() {
        let none = AltStack::NONE;
        assert_eq!(none.replaced(&request(0, 100), 0, MINSIGSTKSZ), Err(Errno::ENOMEM));
        assert_eq!(none.replaced(&request(4, 8192), 0, MINSIGSTKSZ), Err(Errno::EINVAL));
        let off = none.replaced(&request(SS_DISABLE, 0), 0, MINSIGSTKSZ).unwrap();
        assert_eq!(off.report(0).ss_flags, SS_DISABLE);
        assert_eq!(off.entry(0), None);
    }

    #[test]
    fn disarms_itself() {
        let stack = AltStack::NONE.replaced(&request(SS_AUTODISARM, 8192), 0, MINSIGSTKSZ).unwrap();
        assert!(stack.disarms());
        assert!(!stack.contains(0x1_1000), "a handler on it may set it anew");
        assert_eq!(stack.report(0).ss_flags, SS_AUTODISARM);
    }
}
