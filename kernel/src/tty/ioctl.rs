//! A terminal's `ioctl` commands (`tty_ioctl(2)`); those of job control are in
//! [`super::session`], those of pseudoterminals in [`super::pty`].

use alloc::sync::Arc;
use core::sync::atomic::Ordering;

use elfin_syscalls::abi::{
    N_TTY, TCIFLUSH, TCIOFF, TCIOFLUSH, TCION, TCOFLUSH, TCOOFF, TCOON, Termios, VSTART, VSTOP,
    Winsize,
};
use elfin_syscalls::args::{IoctlCmd, UserIn, UserOut};
use elfin_syscalls::{Errno, SysResult};

use super::speed::{Speeds, narrow};
use super::terminal::Terminal;
use crate::fs::OpenFile;
use crate::sys::Cx;
use crate::sys::usercopy::{user_read, user_write};
use crate::task::signal::{SIGTTOU, SIGWINCH};
use crate::task::{Capability, PollEvents, jobs};

impl Terminal {
    /// Serves a command given at the terminal itself.
    ///
    /// # Errors
    /// `ENOTTY` for one that a terminal does not know, `EFAULT`, and the command's own.
    pub(super) fn control(
        self: &Arc<Self>,
        of: &OpenFile,
        cx: &mut Cx<'_>,
        cmd: IoctlCmd,
        addr: usize,
    ) -> SysResult {
        match cmd {
            IoctlCmd::TCFLSH
            | IoctlCmd::TCXONC
            | IoctlCmd::TCSBRK
            | IoctlCmd::TCSBRKP
            | IoctlCmd::TIOCSBRK
            | IoctlCmd::TIOCSETD => jobs::check_background(self, SIGTTOU)?,
            _ => {}
        }
        match cmd {
            IoctlCmd::FIONREAD => {
                self.pump();
                let waiting = self.state.lock().discipline.available();
                user_write(UserOut::new(addr), &count(waiting))?;
            }
            // What is written has left: for the host, or for the master's side.
            IoctlCmd::TIOCOUTQ => user_write(UserOut::new(addr), &0i32)?,
            // A break is nothing that the other end would see.
            IoctlCmd::TCSBRK | IoctlCmd::TCSBRKP | IoctlCmd::TIOCSBRK | IoctlCmd::TIOCCBRK => {}
            IoctlCmd::TCFLSH => match addr {
                TCIFLUSH => self.flush_input(),
                TCOFLUSH => self.flush_output(),
                TCIOFLUSH => {
                    self.flush_input();
                    self.flush_output();
                }
                _ => return Err(Errno::EINVAL),
            },
            IoctlCmd::TCXONC => match addr {
                TCOOFF => self.hold(true),
                TCOON => self.hold(false),
                TCIOFF => self.send_key(VSTOP),
                TCION => self.send_key(VSTART),
                _ => return Err(Errno::EINVAL),
            },
            IoctlCmd::TIOCSTI => self.insert(cx, addr)?,
            IoctlCmd::TIOCVHANGUP => {
                if !cx.thread.cred().has(Capability::SYS_ADMIN) {
                    return Err(Errno::EPERM);
                }
                jobs::hang_up(self);
            }
            _ => match self.control_settings(cmd, addr) {
                Err(Errno::ENOTTY) => return self.control_session(of, cx, cmd, addr, true),
                other => return other,
            },
        }
        Ok(0)
    }

    /// The commands about settings, which a pseudoterminal's master gives as well.
    pub(super) fn control_settings(&self, cmd: IoctlCmd, addr: usize) -> SysResult {
        match cmd {
            IoctlCmd::TCGETS => {
                let termios = self.state.lock().discipline.termios;
                user_write(UserOut::new(addr), &termios)?;
            }
            IoctlCmd::TCGETS2 => {
                let state = self.state.lock();
                let termios = state.speeds.widen(&state.discipline.termios);
                drop(state);
                user_write(UserOut::new(addr), &termios)?;
            }
            IoctlCmd::TCSETS | IoctlCmd::TCSETSW | IoctlCmd::TCSETSF => {
                jobs::check_background(self, SIGTTOU)?;
                let termios: Termios = user_read(UserIn::new(addr))?;
                self.set(termios, Speeds::of(&termios), cmd == IoctlCmd::TCSETSF);
            }
            IoctlCmd::TCSETS2 | IoctlCmd::TCSETSW2 | IoctlCmd::TCSETSF2 => {
                jobs::check_background(self, SIGTTOU)?;
                let termios = user_read(UserIn::new(addr))?;
                let speeds = Speeds::of_both(&termios);
                self.set(narrow(&termios), speeds, cmd == IoctlCmd::TCSETSF2);
            }
            IoctlCmd::TIOCGWINSZ => {
                let size = self.state.lock().size;
                user_write(UserOut::new(addr), &size)?;
            }
            IoctlCmd::TIOCSWINSZ => {
                let new: Winsize = user_read(UserIn::new(addr))?;
                let old = core::mem::replace(&mut self.state.lock().size, new);
                if old != new {
                    self.signal(SIGWINCH);
                }
            }
            IoctlCmd::TIOCEXCL => self.exclusive.store(true, Ordering::Relaxed),
            IoctlCmd::TIOCNXCL => self.exclusive.store(false, Ordering::Relaxed),
            IoctlCmd::TIOCGEXCL => {
                let exclusive = i32::from(self.exclusive.load(Ordering::Relaxed));
                user_write(UserOut::new(addr), &exclusive)?;
            }
            IoctlCmd::TIOCGDEV => {
                let number = u32::try_from(self.number).unwrap_or(u32::MAX);
                user_write(UserOut::new(addr), &number)?;
            }
            IoctlCmd::TIOCGETD => user_write(UserOut::new(addr), &i32::from(N_TTY))?,
            IoctlCmd::TIOCSETD => {
                let line: i32 = user_read(UserIn::new(addr))?;
                if line != i32::from(N_TTY) {
                    return Err(Errno::EINVAL);
                }
            }
            _ => return Err(Errno::ENOTTY),
        }
        Ok(0)
    }

    fn set(&self, termios: Termios, speeds: Speeds, flush: bool) {
        let mut state = self.state.lock();
        if flush {
            state.discipline.flush();
        }
        let stopped = state.discipline.is_stopped();
        state.discipline.set_termios(termios);
        state.speeds = speeds;
        let started = stopped && !state.discipline.is_stopped();
        drop(state);
        self.readable.wake_all(PollEvents::READABLE);
        if started {
            self.writable.wake_all(PollEvents::WRITABLE);
        }
        self.pump();
    }

    /// Sends the other end a key, to have it stop or go on.
    fn send_key(&self, index: usize) {
        let key = self.state.lock().discipline.key(index);
        if let Some(key) = key {
            self.write_line(&[key]);
        }
    }

    /// `TIOCSTI`: a byte as if it were typed.
    fn insert(&self, cx: &Cx<'_>, addr: usize) -> Result<(), Errno> {
        let controls = jobs::controls(&cx.thread.process, self);
        if !controls && !cx.thread.cred().has(Capability::SYS_ADMIN) {
            return Err(Errno::EPERM);
        }
        let byte: u8 = user_read(UserIn::new(addr))?;
        self.type_in(&[byte]);
        Ok(())
    }
}

/// A number of bytes as commands give it.
pub(super) fn count(bytes: usize) -> i32 {
    i32::try_from(bytes).unwrap_or(i32::MAX)
}
