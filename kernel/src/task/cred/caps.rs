//! The rules of capabilities: `capset`, the ambient and bounding sets, [`SecureBits`], and what a
//! change of user ids does to them (`capabilities(7)`).

use bitflags::bitflags;
use elfin_syscalls::Errno;

use super::capability::{CAP_ALL, Capability};
use super::ids::Cred;

bitflags! {
    /// `PR_SET_SECUREBITS`: how user id 0 and capabilities go together. Each bit has a lock above
    /// it.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct SecureBits: u32 {
        /// `execve` gives root nothing.
        const NOROOT = 1 << 0;
        /// No change of that.
        const NOROOT_LOCKED = 1 << 1;
        /// A change of user ids changes no capabilities.
        const NO_SETUID_FIXUP = 1 << 2;
        /// No change of that.
        const NO_SETUID_FIXUP_LOCKED = 1 << 3;
        /// Leaving user id 0 keeps the permitted set.
        const KEEP_CAPS = 1 << 4;
        /// No change of that.
        const KEEP_CAPS_LOCKED = 1 << 5;
        /// The ambient set does not grow.
        const NO_CAP_AMBIENT_RAISE = 1 << 6;
        /// No change of that.
        const NO_CAP_AMBIENT_RAISE_LOCKED = 1 << 7;
    }
}

impl SecureBits {
    const LOCKS: Self = Self::NOROOT_LOCKED
        .union(Self::NO_SETUID_FIXUP_LOCKED)
        .union(Self::KEEP_CAPS_LOCKED)
        .union(Self::NO_CAP_AMBIENT_RAISE_LOCKED);

    /// The bits that the locks which are set hold fast.
    fn locked(self) -> Self {
        Self::from_bits_truncate((self & Self::LOCKS).bits() >> 1)
    }
}

/// The capabilities that come and go with the user id for file access.
const FILE_CAPS: u64 = Capability::CHOWN.bit()
    | Capability::DAC_OVERRIDE.bit()
    | Capability::DAC_READ_SEARCH.bit()
    | Capability::FOWNER.bit()
    | Capability::FSETID.bit()
    | Capability::LINUX_IMMUTABLE.bit()
    | Capability::MKNOD.bit()
    | Capability::MAC_OVERRIDE.bit();

impl Cred {
    /// `capset(2)`.
    ///
    /// # Errors
    /// `EPERM` if it asks for more than it has.
    pub fn set_caps(
        &mut self,
        effective: u64,
        permitted: u64,
        inheritable: u64,
    ) -> Result<(), Errno> {
        let capped = !self.has(Capability::SETPCAP);
        if (capped && inheritable & !(self.inheritable | self.permitted) != 0)
            || inheritable & !(self.inheritable | self.bounding) != 0
            || permitted & !self.permitted != 0
            || effective & !permitted != 0
        {
            return Err(Errno::EPERM);
        }
        (self.effective, self.permitted, self.inheritable) = (effective, permitted, inheritable);
        self.ambient &= permitted & inheritable;
        Ok(())
    }

    /// `PR_CAPBSET_DROP`.
    ///
    /// # Errors
    /// `EPERM`, and `EINVAL` for a number that is no capability's.
    pub fn drop_bounding(&mut self, number: usize) -> Result<(), Errno> {
        if !self.has(Capability::SETPCAP) {
            return Err(Errno::EPERM);
        }
        self.bounding &= !Capability::new(number)?.bit();
        Ok(())
    }

    /// `PR_CAP_AMBIENT_RAISE`.
    ///
    /// # Errors
    /// `EPERM` unless the capability is permitted and inheritable.
    pub fn raise_ambient(&mut self, capability: Capability) -> Result<(), Errno> {
        let bit = capability.bit();
        if self.permitted & self.inheritable & bit == 0
            || self.secure.contains(SecureBits::NO_CAP_AMBIENT_RAISE)
        {
            return Err(Errno::EPERM);
        }
        self.ambient |= bit;
        Ok(())
    }

    /// `PR_SET_SECUREBITS`.
    ///
    /// # Errors
    /// `EPERM` for unknown or locked bits, and without the capability.
    pub fn set_secure_bits(&mut self, bits: usize) -> Result<(), Errno> {
        let new = u32::try_from(bits).ok().and_then(SecureBits::from_bits).ok_or(Errno::EPERM)?;
        let old = self.secure;
        if old.locked().intersects(old ^ new)
            || (old & SecureBits::LOCKS).intersects(!new)
            || !self.has(Capability::SETPCAP)
        {
            return Err(Errno::EPERM);
        }
        self.secure = new;
        Ok(())
    }

    /// `PR_SET_KEEPCAPS`.
    ///
    /// # Errors
    /// `EPERM` if that is locked.
    pub fn set_keep_caps(&mut self, keep: bool) -> Result<(), Errno> {
        if self.secure.contains(SecureBits::KEEP_CAPS_LOCKED) {
            return Err(Errno::EPERM);
        }
        self.secure.set(SecureBits::KEEP_CAPS, keep);
        Ok(())
    }

    /// After the user ids were changed from `old` (real, effective, saved).
    pub(super) fn fix_caps(&mut self, old: [u32; 3]) {
        if self.secure.contains(SecureBits::NO_SETUID_FIXUP) {
            return;
        }
        let new = [self.uid, self.euid, self.suid];
        if old.contains(&0) && !new.contains(&0) {
            if !self.secure.contains(SecureBits::KEEP_CAPS) {
                (self.permitted, self.effective) = (0, 0);
            }
            self.ambient = 0;
        }
        match (old[1] == 0, self.euid == 0) {
            (true, false) => self.effective = 0,
            (false, true) => self.effective = self.permitted,
            _ => {}
        }
    }

    /// After the user id for file access was changed from `old` alone.
    pub(super) fn fix_file_caps(&mut self, old: u32) {
        if self.secure.contains(SecureBits::NO_SETUID_FIXUP) {
            return;
        }
        match (old == 0, self.fsuid == 0) {
            (true, false) => self.effective &= !FILE_CAPS,
            (false, true) => self.effective |= FILE_CAPS & self.permitted,
            _ => {}
        }
    }

    /// These credentials with the real ids in force for files, as `access(2)` checks them.
    #[must_use]
    pub fn real(&self) -> Self {
        let mut real = self.clone();
        (real.fsuid, real.fsgid) = (self.uid, self.gid);
        if !self.secure.contains(SecureBits::NO_SETUID_FIXUP) {
            real.effective = if self.uid == 0 { self.permitted } else { 0 };
        }
        real
    }

    /// Whether a program that held `old` before may now be looked into less: other ids in force,
    /// or capabilities that it did not have.
    pub fn is_other_than(&self, old: &Self) -> bool {
        (self.euid, self.egid, self.fsuid, self.fsgid) != (old.euid, old.egid, old.fsuid, old.fsgid)
            || self.permitted & !old.permitted & CAP_ALL != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_access_id_takes_its_capabilities_along() {
        let mut cred = Cred::root();
        assert_eq!(cred.set_fsuid(1000), 0);
        assert!(!cred.has(Capability::DAC_OVERRIDE) && cred.has(Capability::KILL));
        assert_eq!(cred.set_fsuid(0), 1000);
        assert_eq!(cred, Cred::root());
    }

    #[test]
    fn capset_takes_no_more_than_there_is() {
        let mut cred = Cred::root();
        let some = Capability::KILL.bit() | Capability::CHOWN.bit();
        cred.set_caps(some, some, some).unwrap();
        assert_eq!(cred.set_caps(CAP_ALL, CAP_ALL, 0), Err(Errno::EPERM));
        assert_eq!(cred.set_caps(some, some, CAP_ALL), Err(Errno::EPERM));
        cred.raise_ambient(Capability::KILL).unwrap();
        assert_eq!(cred.raise_ambient(Capability::FOWNER), Err(Errno::EPERM));
        cred.set_caps(0, Capability::CHOWN.bit(), some).unwrap();
        assert_eq!(cred.ambient, 0);
        assert_eq!(cred.drop_bounding(0), Err(Errno::EPERM));
    }

    #[test]
    fn locks_hold() {
        let mut cred = Cred::root();
        let locked = SecureBits::NOROOT | SecureBits::NOROOT_LOCKED;
        cred.set_secure_bits(locked.bits() as usize).unwrap();
        assert_eq!(cred.set_secure_bits(0), Err(Errno::EPERM));
        assert_eq!(cred.set_secure_bits(2), Err(Errno::EPERM));
        assert_eq!(cred.set_secure_bits(0x103), Err(Errno::EPERM));
        cred.set_secure_bits(0x23).unwrap();
        assert_eq!(cred.set_keep_caps(true), Err(Errno::EPERM));
    }

    #[test]
    fn setuid_leaves_capabilities_alone_where_told_so() {
        let mut cred = Cred { secure: SecureBits::NO_SETUID_FIXUP, ..Cred::root() };
        cred.set_uid(1000).unwrap();
        assert_eq!((cred.effective, cred.permitted), (CAP_ALL, CAP_ALL));
    }
}
