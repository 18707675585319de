//! [`Cred::for_exec`]: the credentials of a program that `execve` starts
//! (`capabilities(7)`, "Transformation of capabilities during execve()").

use elfin_syscalls::Errno;

use super::capability::{CAP_ALL, Capability};
use super::caps::SecureBits;
use super::ids::Cred;

/// Set-user-ID bit.
const S_ISUID: u32 = 0o4000;
/// Set-group-ID bit with group execute: without that it means something else.
const S_ISGID_EXEC: u32 = 0o2010;

/// What matters of a program's file.
#[derive(Clone, Copy, Debug, Default)]
pub struct ExecFile {
    /// The owner.
    pub uid: u32,
    /// The owning group.
    pub gid: u32,
    /// The permission and set-id bits.
    pub mode: u32,
    /// The mount gives no rights (`MS_NOSUID`).
    pub nosuid: bool,
    /// Its own capabilities.
    pub caps: Option<FileCaps>,
}

/// The capabilities of a file: its extended attribute `security.capability`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileCaps {
    /// Given to whoever runs it.
    pub permitted: u64,
    /// Given to whoever has them inheritable.
    pub inheritable: u64,
    /// They are in force at once.
    pub effective: bool,
}

/// What `execve` results in.
#[derive(Clone, Debug)]
pub struct ExecCred {
    /// The new program's credentials.
    pub cred: Cred,
    /// `AT_SECURE`: the program has rights that its caller does not. The signal at the parent's
    /// death is forgotten then, too.
    pub secure: bool,
    /// It may be looked into and leave a core file like any other (`PR_GET_DUMPABLE` is 1).
    pub dumpable: bool,
}

impl FileCaps {
    /// Reads the attribute (`struct vfs_cap_data`, versions 1 to 3).
    ///
    /// # Errors
    /// `EINVAL` if it is none.
    pub fn parse(bytes: &[u8]) -> Result<Self, Errno> {
        const REVISION_1: u32 = 0x0100_0000;
        const REVISION_2: u32 = 0x0200_0000;
        const REVISION_3: u32 = 0x0300_0000;
        const REVISION_MASK: u32 = 0xff00_0000;
        const EFFECTIVE: u32 = 1;
        let (words, rest) = bytes.as_chunks::<4>();
        let word = |at: usize| words.get(at).map_or(0, |word| u32::from_le_bytes(*word));
        let magic = word(0);
        let wide = match (magic & REVISION_MASK, words.len()) {
            (REVISION_1, 3) => false,
            (REVISION_2, 5) | (REVISION_3, 6) => true,
            _ => return Err(Errno::EINVAL),
        };
        if !rest.is_empty() {
            return Err(Errno::EINVAL);
        }
        let set = |at: usize| {
            let upper = if wide { u64::from(word(at + 2)) << u32::BITS } else { 0 };
            (u64::from(word(at)) | upper) & CAP_ALL
        };
        Ok(Self { permitted: set(1), inheritable: set(2), effective: magic & EFFECTIVE != 0 })
    }
}

impl Cred {
    /// The credentials with which a program starts whose file is `file`, for a thread that has
    /// these now. With `no_new_privs` the file gives no rights; nor does it with `confined`: the
    /// thread shares its directories with another process, or is traced by somebody without
    /// `CAP_SYS_PTRACE`.
    ///
    /// # Errors
    /// `EPERM` if the file wants capabilities in force that the bounding set does not have.
    pub fn for_exec(
        &self,
        file: &ExecFile,
        no_new_privs: bool,
        confined: bool,
    ) -> Result<ExecCred, Errno> {
        let old = self;
        let mut new = old.clone();
        if !file.nosuid && !no_new_privs {
            if file.mode & S_ISUID != 0 {
                new.euid = file.uid;
            }
            if file.mode & S_ISGID_EXEC == S_ISGID_EXEC {
                new.egid = file.gid;
            }
        }
        let caps = file.caps.filter(|_| !file.nosuid);
        let mut effective = new.take_file_caps(caps)?;
        effective |= new.take_root_caps(old, caps.is_some());

        let set_id = new.euid != old.uid || new.egid != old.gid;
        if (set_id || new.permitted & !old.permitted != 0) && (no_new_privs || confined) {
            // No more than it had, and maybe less.
            if no_new_privs || !old.has(Capability::SETUID) {
                (new.euid, new.egid) = (new.uid, new.gid);
            }
            new.permitted &= old.permitted;
        }
        (new.suid, new.fsuid) = (new.euid, new.euid);
        (new.sgid, new.fsgid) = (new.egid, new.egid);
        if caps.is_some() || set_id {
            new.ambient = 0;
        }
        new.permitted |= new.ambient;
        new.effective = if effective { new.permitted } else { new.ambient };
        new.secure -= SecureBits::KEEP_CAPS;

        let grew = effective || new.permitted & !new.ambient != 0;
        let secure = set_id || (new.uid != 0 && grew);
        let plain = new.euid == new.uid && new.egid == new.gid;
        Ok(ExecCred { dumpable: plain && !new.is_other_than(old), cred: new, secure })
    }

    /// What the file's capabilities give; whether they are in force at once.
    fn take_file_caps(&mut self, caps: Option<FileCaps>) -> Result<bool, Errno> {
        self.permitted = 0;
        let Some(caps) = caps else { return Ok(false) };
        self.permitted = (self.bounding & caps.permitted) | (self.inheritable & caps.inheritable);
        if caps.effective && caps.permitted & !self.permitted != 0 {
            return Err(Errno::EPERM);
        }
        Ok(caps.effective)
    }

    /// What root gets whatever the file says; whether it is in force at once.
    fn take_root_caps(&mut self, old: &Self, has_file_caps: bool) -> bool {
        if self.secure.contains(SecureBits::NOROOT) {
            return false;
        }
        let (real, effective) = (self.uid == 0, self.euid == 0);
        // A set-user-ID root program with capabilities of its own gets just these.
        if has_file_caps && effective && !real {
            return false;
        }
        if real || effective {
            self.permitted = old.bounding | old.inheritable;
        }
        effective
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: ExecFile = ExecFile { uid: 0, gid: 0, mode: 0o755, nosuid: false, caps: None };

    fn user() -> Cred {
        let mut cred = Cred::root();
        cred.set_gid(1000).unwrap();
        cred.set_uid(1000).unwrap();
        cred
    }

    #[test]
    fn root_stays_root() {
        let new = Cred::root().for_exec(&PLAIN, false, false).unwrap();
        assert_eq!(new.cred, Cred::root());
        assert!(!new.secure && new.dumpable);
    }

    #[test]
    fn a_user_gets_nothing() {
        let new = user().for_exec(&PLAIN, false, false).unwrap();
        assert_eq!(new.cred, user());
        assert!(!new.secure && new.dumpable);
        // Capabilities that were kept across setuid do not survive.
        let kept = Cred { permitted: CAP_ALL, effective: CAP_ALL, ..user() };
        assert_eq!(kept.for_exec(&PLAIN, false, false).unwrap().cred, user());
    }

    #[test]
    fn set_user_id_root_gives_all() {
        let file = ExecFile { mode: 0o4755, ..PLAIN };
        let new = user().for_exec(&file, false, false).unwrap();
        let ids = (new.cred.uid, new.cred.euid, new.cred.suid, new.cred.fsuid);
        assert_eq!(ids, (1000, 0, 0, 0));
        assert_eq!((new.cred.permitted, new.cred.effective), (CAP_ALL, CAP_ALL));
        assert!(new.secure && !new.dumpable);
        for held in [
            user().for_exec(&file, true, false),
            user().for_exec(&file, false, true),
            user().for_exec(&ExecFile { nosuid: true, ..file }, false, false),
        ] {
            assert_eq!(held.unwrap().cred, user());
        }
    }

    #[test]
    fn set_group_id_needs_group_execute() {
        let file = ExecFile { mode: 0o2744, gid: 7, ..PLAIN };
        assert_eq!(user().for_exec(&file, false, false).unwrap().cred.egid, 1000);
        let file = ExecFile { mode: 0o2754, ..file };
        let new = user().for_exec(&file, false, false).unwrap();
        assert_eq!((new.cred.gid, new.cred.egid, new.cred.sgid), (1000, 7, 7));
        assert!(new.secure && !new.dumpable);
    }

    #[test]
    fn the_file_s_capabilities_are_given() {
        let bind = Capability::NET_BIND_SERVICE.bit();
        let caps = FileCaps { permitted: bind, inheritable: 0, effective: true };
        let file = ExecFile { caps: Some(caps), ..PLAIN };
        let new = user().for_exec(&file, false, false).unwrap();
        assert_eq!((new.cred.permitted, new.cred.effective), (bind, bind));
        assert!(new.secure && !new.dumpable);
        assert_eq!(user().for_exec(&file, true, false).unwrap().cred.effective, 0);
        let unbound = Cred { bounding: 0, ..user() };
        assert_eq!(unbound.for_exec(&file, false, false).unwrap_err(), Errno::EPERM);
    }

    #[test]
    fn ambient_capabilities_go_on() {
        let bind = Capability::NET_BIND_SERVICE.bit();
        let cred = Cred { permitted: bind, inheritable: bind, ambient: bind, ..user() };
        let new = cred.for_exec(&PLAIN, false, false).unwrap();
        assert_eq!((new.cred.permitted, new.cred.effective, new.cred.ambient), (bind, bind, bind));
        assert!(!new.secure);
        let file = ExecFile { mode: 0o4755, uid: 5, ..PLAIN };
        assert_eq!(cred.for_exec(&file, false, false).unwrap().cred.permitted, 0);
    }

    #[test]
    fn reads_what_setcap_writes() {
        let mut bytes = std::vec![1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let caps = FileCaps { permitted: 0x400, inheritable: 0, effective: true };
        assert_eq!(FileCaps::parse(&bytes), Ok(caps));
        bytes.push(0);
        assert_eq!(FileCaps::parse(&bytes), Err(Errno::EINVAL));
        assert_eq!(FileCaps::parse(&[]), Err(Errno::EINVAL));
    }
}
