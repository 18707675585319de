//! [`Perm`]: who owns a System V object and what others may do with it.

use elfin_syscalls::Errno;
use elfin_syscalls::abi::{IpcPerm, zeroed};

use super::Name;
use crate::task::{Capability, Cred};

/// Read access, as bits of each class.
pub const READ: u32 = 0o444;
/// Write access, which semaphores call alter.
pub const ALTER: u32 = 0o222;
/// The permission bits of a mode.
const BITS: u32 = 0o777;
/// One class's bits.
const CLASS: u32 = 0o7;

/// Owner, creator and mode of an object.
#[derive(Clone, Debug)]
pub struct Perm {
    uid: u32,
    gid: u32,
    cuid: u32,
    cgid: u32,
    mode: u32,
}

impl Perm {
    /// Those of an object that `cred` makes with the flags of its `get` call.
    pub fn new(flags: i32, cred: &Cred) -> Self {
        let mode = flags.cast_unsigned() & BITS;
        Self { uid: cred.euid, gid: cred.egid, cuid: cred.euid, cgid: cred.egid, mode }
    }

    /// The permission bits.
    pub fn mode(&self) -> u32 {
        self.mode
    }

    /// The owner's user id and group id, and the creator's.
    pub fn ids(&self) -> [u32; 4] {
        [self.uid, self.gid, self.cuid, self.cgid]
    }

    /// Checks that `cred` may do what `wanted` says: permission bits, of any class.
    ///
    /// # Errors
    /// `EACCES`.
    pub fn check(&self, wanted: u32, cred: &Cred) -> Result<(), Errno> {
        let wanted = (wanted >> 6 | wanted >> 3 | wanted) & CLASS;
        let granted = if [self.uid, self.cuid].contains(&cred.euid) {
            self.mode >> 6
        } else if cred.in_group(self.cgid) || cred.in_group(self.gid) {
            self.mode >> 3
        } else {
            self.mode
        };
        let allowed = wanted & !granted == 0 || cred.has(Capability::IPC_OWNER);
        if allowed { Ok(()) } else { Err(Errno::EACCES) }
    }

    /// Whether `cred` is the owner or the creator.
    pub fn owned_by(&self, cred: &Cred) -> bool {
        [self.uid, self.cuid].contains(&cred.euid)
    }

    /// Checks that `cred` may change or remove the object.
    ///
    /// # Errors
    /// `EPERM`.
    pub fn check_owner(&self, cred: &Cred) -> Result<(), Errno> {
        if self.owned_by(cred) || cred.has(Capability::SYS_ADMIN) {
            Ok(())
        } else {
            Err(Errno::EPERM)
        }
    }

    /// Takes over what `IPC_SET` may change.
    ///
    /// # Errors
    /// `EINVAL` for ids that nobody has.
    pub fn update(&mut self, new: &IpcPerm) -> Result<(), Errno> {
        if new.uid == u32::MAX || new.gid == u32::MAX {
            return Err(Errno::EINVAL);
        }
        (self.uid, self.gid, self.mode) = (new.uid, new.gid, new.mode & BITS);
        Ok(())
    }

    /// As programs see it; `more` are bits of the mode beyond the permissions.
    pub fn to_abi(&self, name: &Name, more: u32) -> IpcPerm {
        IpcPerm {
            key: name.key(),
            uid: self.uid,
            gid: self.gid,
            cuid: self.cuid,
            cgid: self.cgid,
            mode: self.mode | more,
            seq: name.sequence(),
            ..zeroed()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::sync::Arc;

    fn user(uid: u32, gid: u32) -> Cred {
        let mut cred = Cred::root();
        cred.set_resgid([gid; 3]).unwrap();
        cred.set_groups(std::vec![]).unwrap();
        cred.set_resuid([uid; 3]).unwrap();
        assert!(!cred.has(Capability::IPC_OWNER));
        cred.groups = Arc::default();
        cred
    }

    #[test]
    fn classes_are_owner_group_others() {
        let perm = Perm::new(0o640, &user(1, 10));
        assert_eq!(perm.check(READ | ALTER, &user(1, 99)), Ok(()));
        assert_eq!(perm.check(READ, &user(2, 10)), Ok(()));
        assert_eq!(perm.check(ALTER, &user(2, 10)), Err(Errno::EACCES));
        assert_eq!(perm.check(READ, &user(2, 99)), Err(Errno::EACCES));
        assert_eq!(perm.check(0, &user(2, 99)), Ok(()));
        assert_eq!(perm.check(READ | ALTER, &Cred::root()), Ok(()));
    }

    #[test]
    fn the_creator_stays_an_owner() {
        let mut perm = Perm::new(0o600, &user(1, 10));
        perm.update(&IpcPerm { uid: 2, gid: 20, mode: 0o7640, ..zeroed() }).unwrap();
        assert_eq!(perm.mode(), 0o640);
        assert_eq!(perm.ids(), [2, 20, 1, 10]);
        assert!(perm.owned_by(&user(1, 1)) && perm.owned_by(&user(2, 2)));
        assert_eq!(perm.check_owner(&user(3, 10)), Err(Errno::EPERM));
        let bad = IpcPerm { uid: u32::MAX, ..zeroed() };
        assert_eq!(perm.update(&bad), Err(Errno::EINVAL));
    }
}
