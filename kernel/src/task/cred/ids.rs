//! [`Cred`], and the calls that change user and group ids.
//!
//! What a change of ids does to capabilities is in [`super::caps`].

use alloc::sync::Arc;
use alloc::vec::Vec;

use elfin_syscalls::Errno;

use super::capability::{CAP_ALL, Capability};
use super::caps::SecureBits;

/// The most supplementary groups (`NGROUPS_MAX`).
pub const NGROUPS_MAX: usize = 65_536;
/// "Leave as it is" in the calls that set several ids.
pub const KEEP: u32 = u32::MAX;

/// Who a thread acts for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cred {
    /// Real user id.
    pub uid: u32,
    /// Effective user id.
    pub euid: u32,
    /// Saved user id.
    pub suid: u32,
    /// User id for file access.
    pub fsuid: u32,
    /// Real group id.
    pub gid: u32,
    /// Effective group id.
    pub egid: u32,
    /// Saved group id.
    pub sgid: u32,
    /// Group id for file access.
    pub fsgid: u32,
    /// Supplementary groups, sorted.
    pub groups: Arc<Vec<u32>>,
    /// Capabilities in force.
    pub effective: u64,
    /// Capabilities it may put in force.
    pub permitted: u64,
    /// Capabilities that survive `execve`.
    pub inheritable: u64,
    /// Capabilities that `execve` may ever give.
    pub bounding: u64,
    /// Capabilities that `execve` gives to programs without their own.
    pub ambient: u64,
    /// How user id 0 and capabilities go together.
    pub secure: SecureBits,
}

impl Cred {
    /// Root with all capabilities.
    pub fn root() -> Self {
        Self {
            uid: 0,
            euid: 0,
            suid: 0,
            fsuid: 0,
            gid: 0,
            egid: 0,
            sgid: 0,
            fsgid: 0,
            groups: Arc::new(Vec::new()),
            effective: CAP_ALL,
            permitted: CAP_ALL,
            inheritable: 0,
            bounding: CAP_ALL,
            ambient: 0,
            secure: SecureBits::empty(),
        }
    }

    /// Whether the capability is in force.
    #[inline]
    pub fn has(&self, capability: Capability) -> bool {
        self.effective & capability.bit() != 0
    }

    /// Whether `gid` is the group for file access or a supplementary one.
    pub fn in_group(&self, gid: u32) -> bool {
        gid == self.fsgid || self.groups.binary_search(&gid).is_ok()
    }

    /// `setuid(2)`.
    ///
    /// # Errors
    /// `EINVAL` for -1, `EPERM`.
    pub fn set_uid(&mut self, uid: u32) -> Result<(), Errno> {
        if uid == KEEP {
            return Err(Errno::EINVAL);
        }
        let ids = if self.has(Capability::SETUID) {
            [uid, uid, uid]
        } else if uid == self.uid || uid == self.suid {
            [self.uid, uid, self.suid]
        } else {
            return Err(Errno::EPERM);
        };
        self.change_uids(ids);
        Ok(())
    }

    /// `setreuid(2)`.
    ///
    /// # Errors
    /// `EPERM`.
    pub fn set_reuid(&mut self, ruid: u32, euid: u32) -> Result<(), Errno> {
        let free = self.has(Capability::SETUID);
        let allowed = |id, of: &[u32]| id == KEEP || free || of.contains(&id);
        if !allowed(ruid, &[self.uid, self.euid])
            || !allowed(euid, &[self.uid, self.euid, self.suid])
        {
            return Err(Errno::EPERM);
        }
        let new_euid = or(euid, self.euid);
        let saved =
            if ruid != KEEP || (euid != KEEP && euid != self.uid) { new_euid } else { self.suid };
        self.change_uids([or(ruid, self.uid), new_euid, saved]);
        Ok(())
    }

    /// `setresuid(2)`.
    ///
    /// # Errors
    /// `EPERM`.
    pub fn set_resuid(&mut self, ids: [u32; 3]) -> Result<(), Errno> {
        let old = [self.uid, self.euid, self.suid];
        let allowed = |id| id == KEEP || self.has(Capability::SETUID) || old.contains(&id);
        if !ids.into_iter().all(allowed) {
            return Err(Errno::EPERM);
        }
        let [ruid, euid, suid] = ids;
        self.change_uids([or(ruid, self.uid), or(euid, self.euid), or(suid, self.suid)]);
        Ok(())
    }

    /// `setfsuid(2)`: gives the old id, and changes nothing if it may not.
    pub fn set_fsuid(&mut self, uid: u32) -> u32 {
        let allowed = [self.uid, self.euid, self.suid, self.fsuid].contains(&uid);
        let old = self.fsuid;
        if uid != KEEP && (allowed || self.has(Capability::SETUID)) {
            self.fsuid = uid;
            self.fix_file_caps(old);
        }
        old
    }

    fn change_uids(&mut self, [uid, euid, suid]: [u32; 3]) {
        let old = [self.uid, self.euid, self.suid];
        (self.uid, self.euid, self.suid, self.fsuid) = (uid, euid, suid, euid);
        self.fix_caps(old);
    }

    /// `setgid(2)`.
    ///
    /// # Errors
    /// `EINVAL` for -1, `EPERM`.
    pub fn set_gid(&mut self, gid: u32) -> Result<(), Errno> {
        if gid == KEEP {
            return Err(Errno::EINVAL);
        }
        let ids = if self.has(Capability::SETGID) {
            [gid, gid, gid]
        } else if gid == self.gid || gid == self.sgid {
            [self.gid, gid, self.sgid]
        } else {
            return Err(Errno::EPERM);
        };
        self.change_gids(ids);
        Ok(())
    }

    /// `setregid(2)`.
    ///
    /// # Errors
    /// `EPERM`.
    pub fn set_regid(&mut self, rgid: u32, egid: u32) -> Result<(), Errno> {
        let free = self.has(Capability::SETGID);
        let allowed = |id, of: &[u32]| id == KEEP || free || of.contains(&id);
        if !allowed(rgid, &[self.gid, self.egid])
            || !allowed(egid, &[self.gid, self.egid, self.sgid])
        {
            return Err(Errno::EPERM);
        }
        let new_egid = or(egid, self.egid);
        let saved =
            if rgid != KEEP || (egid != KEEP && egid != self.gid) { new_egid } else { self.sgid };
        self.change_gids([or(rgid, self.gid), new_egid, saved]);
        Ok(())
    }

    /// `setresgid(2)`.
    ///
    /// # Errors
    /// `EPERM`.
    pub fn set_resgid(&mut self, ids: [u32; 3]) -> Result<(), Errno> {
        let old = [self.gid, self.egid, self.sgid];
        let allowed = |id| id == KEEP || self.has(Capability::SETGID) || old.contains(&id);
        if !ids.into_iter().all(allowed) {
            return Err(Errno::EPERM);
        }
        let [rgid, egid, sgid] = ids;
        self.change_gids([or(rgid, self.gid), or(egid, self.egid), or(sgid, self.sgid)]);
        Ok(())
    }

    /// `setfsgid(2)`: gives the old id, and changes nothing if it may not.
    pub fn set_fsgid(&mut self, gid: u32) -> u32 {
        let allowed = [self.gid, self.egid, self.sgid, self.fsgid].contains(&gid);
        let old = self.fsgid;
        if gid != KEEP && (allowed || self.has(Capability::SETGID)) {
            self.fsgid = gid;
        }
        old
    }

    fn change_gids(&mut self, [gid, egid, sgid]: [u32; 3]) {
        (self.gid, self.egid, self.sgid, self.fsgid) = (gid, egid, sgid, egid);
    }

    /// `setgroups(2)`.
    ///
    /// # Errors
    /// `EPERM`.
    pub fn set_groups(&mut self, mut groups: Vec<u32>) -> Result<(), Errno> {
        if !self.has(Capability::SETGID) {
            return Err(Errno::EPERM);
        }
        groups.sort_unstable();
        self.groups = Arc::new(groups);
        Ok(())
    }
}

fn or(new: u32, old: u32) -> u32 {
    if new == KEEP { old } else { new }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaving_root_drops_capabilities() {
        let mut cred = Cred::root();
        cred.set_uid(1000).unwrap();
        assert_eq!((cred.uid, cred.euid, cred.suid, cred.fsuid), (1000, 1000, 1000, 1000));
        assert_eq!((cred.effective, cred.permitted), (0, 0));
        assert_eq!(cred.set_uid(0), Err(Errno::EPERM));
        assert_eq!(cred.set_uid(KEEP), Err(Errno::EINVAL));
    }

    #[test]
    fn keepcaps_keeps_the_permitted_set() {
        let mut cred = Cred { secure: SecureBits::KEEP_CAPS, ..Cred::root() };
        cred.set_uid(1000).unwrap();
        assert_eq!((cred.effective, cred.permitted), (0, CAP_ALL));
        cred.set_caps(Capability::SETUID.bit(), CAP_ALL, 0).unwrap();
        assert!(cred.has(Capability::SETUID));
    }

    #[test]
    fn a_saved_id_lets_it_come_back() {
        let mut cred = Cred::root();
        cred.set_resuid([KEEP, 1000, KEEP]).unwrap();
        assert_eq!((cred.uid, cred.euid, cred.suid), (0, 1000, 0));
        assert_eq!(cred.effective, 0);
        cred.set_resuid([KEEP, 0, KEEP]).unwrap();
        assert_eq!(cred.effective, CAP_ALL);
    }

    #[test]
    fn setreuid_moves_the_saved_id() {
        let mut cred = Cred::root();
        cred.set_reuid(1000, 1000).unwrap();
        assert_eq!(cred.suid, 1000);
        assert_eq!(cred.set_reuid(0, KEEP), Err(Errno::EPERM));
    }

    #[test]
    fn groups_are_searched() {
        let mut cred = Cred::root();
        cred.set_groups(std::vec![30, 10, 20]).unwrap();
        cred.set_resgid([5, 5, 5]).unwrap();
        assert!(cred.in_group(20) && cred.in_group(5) && !cred.in_group(6));
    }
}
