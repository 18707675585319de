//! The `ioctl` commands of job control. The rules are in [`crate::task::jobs`].

use alloc::sync::Arc;

use elfin_syscalls::args::{IoctlCmd, UserIn, UserOut};
use elfin_syscalls::{Errno, SysResult};

use super::terminal::Terminal;
use crate::fs::OpenFile;
use crate::sys::Cx;
use crate::sys::usercopy::{user_read, user_write};
use crate::task::signal::SIGTTOU;
use crate::task::{Capability, jobs};

impl Terminal {
    /// Serves a command of job control; `at_slave` says that it was not given at a
    /// pseudoterminal's master, which may ask about a terminal that is not its own.
    ///
    /// # Errors
    /// `ENOTTY` for other commands and other sessions' terminals, `EPERM`, `ESRCH`, `EINVAL`,
    /// `EFAULT`.
    pub(super) fn control_session(
        self: &Arc<Self>,
        of: &OpenFile,
        cx: &mut Cx<'_>,
        cmd: IoctlCmd,
        addr: usize,
        at_slave: bool,
    ) -> SysResult {
        let process = &cx.thread.process;
        let controls = jobs::controls(process, self);
        let may_ask = controls || !at_slave;
        let job = *self.job.lock();
        match cmd {
            IoctlCmd::TIOCGPGRP if may_ask => {
                user_write(UserOut::new(addr), &job.foreground.cast_signed())?;
            }
            IoctlCmd::TIOCGSID if may_ask && job.session != 0 => {
                user_write(UserOut::new(addr), &job.session.cast_signed())?;
            }
            IoctlCmd::TIOCSPGRP => {
                jobs::check_background(self, SIGTTOU).map_err(|errno| match errno {
                    Errno::EIO => Errno::ENOTTY,
                    other => other,
                })?;
                let group: i32 = user_read(UserIn::new(addr))?;
                let group = u32::try_from(group).map_err(|_| Errno::EINVAL)?;
                if !controls || job.session != process.sid() {
                    return Err(Errno::ENOTTY);
                }
                jobs::set_foreground(self, process, group)?;
            }
            IoctlCmd::TIOCSCTTY => {
                let privileged = cx.thread.cred().has(Capability::SYS_ADMIN);
                let may_steal = addr == 1 && privileged;
                jobs::ask_for(process, self, of.readable() || privileged, may_steal)?;
            }
            IoctlCmd::TIOCNOTTY if controls => jobs::let_go(process),
            _ => return Err(Errno::ENOTTY),
        }
        Ok(0)
    }
}
