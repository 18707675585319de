//! A terminal's `ioctl` commands (`tty_ioctl(2)`).

use core::sync::atomic::Ordering;

use elfin_syscalls::abi::{
    N_TTY, TCIFLUSH, TCIOFF, TCIOFLUSH, TCION, TCOFLUSH, TCOOFF, TCOON, Termios, Termios2, Winsize,
};
use elfin_syscalls::args::{IoctlCmd, UserAddr, UserIn, UserOut};
use elfin_syscalls::{Errno, SysResult};

use super::terminal::Terminal;
use crate::sys::Cx;
use crate::sys::usercopy::{user_read, user_write};
use crate::task::signal::SIGWINCH;
use crate::task::{PollEvents, find_process};

/// The speed that `Termios2` shows: a serial console's.
const SPEED: u32 = 38_400;

impl Terminal {
    /// Serves a command.
    ///
    /// # Errors
    /// `ENOTTY` for one that a terminal does not know, `EFAULT`, and the command's own.
    pub(super) fn control(&self, cx: &mut Cx<'_>, cmd: u32, arg: UserAddr) -> SysResult {
        let addr = arg.addr();
        match IoctlCmd(cmd) {
            IoctlCmd::TCGETS => {
                let termios = self.discipline.lock().termios;
                user_write(UserOut::new(addr), &termios)?;
            }
            IoctlCmd::TCGETS2 => {
                let termios = widen(&self.discipline.lock().termios);
                user_write(UserOut::new(addr), &termios)?;
            }
            IoctlCmd::TCSETS | IoctlCmd::TCSETSW => self.set(user_read(UserIn::new(addr))?, false),
            IoctlCmd::TCSETSF => self.set(user_read(UserIn::new(addr))?, true),
            IoctlCmd::TCSETS2 | IoctlCmd::TCSETSW2 => {
                self.set(narrow(&user_read(UserIn::new(addr))?), false);
            }
            IoctlCmd::TCSETSF2 => self.set(narrow(&user_read(UserIn::new(addr))?), true),
            IoctlCmd::TIOCGWINSZ => {
                let size = *self.size.lock();
                user_write(UserOut::new(addr), &size)?;
            }
            IoctlCmd::TIOCSWINSZ => {
                let new: Winsize = user_read(UserIn::new(addr))?;
                let old = core::mem::replace(&mut *self.size.lock(), new);
                if old != new {
                    self.signal(SIGWINCH);
                }
            }
            IoctlCmd::FIONREAD => {
                self.take_input();
                let waiting = self.discipline.lock().available();
                let waiting = i32::try_from(waiting).unwrap_or(i32::MAX);
                user_write(UserOut::new(addr), &waiting)?;
            }
            // Output leaves the machine before a write returns.
            IoctlCmd::TIOCOUTQ => user_write(UserOut::new(addr), &0i32)?,
            IoctlCmd::TCSBRK | IoctlCmd::TCSBRKP | IoctlCmd::TIOCEXCL | IoctlCmd::TIOCNXCL => {}
            IoctlCmd::TCFLSH => self.flush(addr)?,
            IoctlCmd::TCXONC => self.hold(addr)?,
            IoctlCmd::TIOCGETD => user_write(UserOut::new(addr), &i32::from(N_TTY))?,
            IoctlCmd::TIOCSETD => {
                let line: i32 = user_read(UserIn::new(addr))?;
                if line != i32::from(N_TTY) {
                    return Err(Errno::EINVAL);
                }
            }
            _ => return self.control_session(cx, cmd, addr),
        }
        Ok(0)
    }

    /// The commands of job control.
    fn control_session(&self, cx: &mut Cx<'_>, cmd: u32, addr: usize) -> SysResult {
        let process = &cx.thread.process;
        let (sid, session) = (process.sid(), self.session.load(Ordering::Relaxed));
        let controls = session != 0 && session == sid;
        match IoctlCmd(cmd) {
            IoctlCmd::TIOCGPGRP if controls => {
                let foreground = self.foreground.load(Ordering::Relaxed).cast_signed();
                user_write(UserOut::new(addr), &foreground)?;
            }
            IoctlCmd::TIOCGSID if controls => {
                user_write(UserOut::new(addr), &session.cast_signed())?;
            }
            IoctlCmd::TIOCSPGRP if controls => {
                let group: i32 = user_read(UserIn::new(addr))?;
                let group = u32::try_from(group).map_err(|_| Errno::EINVAL)?;
                let leader = find_process(group).ok_or(Errno::ESRCH)?;
                if leader.sid() != sid {
                    return Err(Errno::EPERM);
                }
                self.foreground.store(group, Ordering::Relaxed);
            }
            IoctlCmd::TIOCSCTTY => {
                if session == sid {
                    return Ok(0);
                }
                // Only a session's leader takes a terminal, and only one that is free.
                if sid != process.pid || (session != 0 && find_process(session).is_some()) {
                    return Err(Errno::EPERM);
                }
                self.session.store(sid, Ordering::Relaxed);
                self.foreground.store(process.pgid(), Ordering::Relaxed);
            }
            IoctlCmd::TIOCNOTTY if controls => {
                if sid == process.pid {
                    self.session.store(0, Ordering::Relaxed);
                }
            }
            _ => return Err(Errno::ENOTTY),
        }
        Ok(0)
    }

    fn set(&self, termios: Termios, flush: bool) {
        let mut discipline = self.discipline.lock();
        if flush {
            discipline.flush();
        }
        discipline.set_termios(termios);
        drop(discipline);
        self.arrived.wake_all(PollEvents::READABLE);
    }

    fn flush(&self, which: usize) -> Result<(), Errno> {
        match which {
            TCIFLUSH | TCIOFLUSH => self.discipline.lock().flush(),
            TCOFLUSH => {}
            _ => return Err(Errno::EINVAL),
        }
        Ok(())
    }

    fn hold(&self, which: usize) -> Result<(), Errno> {
        match which {
            TCOOFF => self.discipline.lock().stopped = true,
            TCOON => {
                self.discipline.lock().stopped = false;
                self.started.wake_all(PollEvents::WRITABLE);
            }
            // There is nobody at the other end to be told to stop typing.
            TCIOFF | TCION => {}
            _ => return Err(Errno::EINVAL),
        }
        Ok(())
    }
}

fn widen(termios: &Termios) -> Termios2 {
    Termios2 {
        c_iflag: termios.c_iflag,
        c_oflag: termios.c_oflag,
        c_cflag: termios.c_cflag,
        c_lflag: termios.c_lflag,
        c_line: termios.c_line,
        c_cc: termios.c_cc,
        c_ispeed: SPEED,
        c_ospeed: SPEED,
    }
}

fn narrow(termios: &Termios2) -> Termios {
    Termios {
        c_iflag: termios.c_iflag,
        c_oflag: termios.c_oflag,
        c_cflag: termios.c_cflag,
        c_lflag: termios.c_lflag,
        c_line: termios.c_line,
        c_cc: termios.c_cc,
    }
}
