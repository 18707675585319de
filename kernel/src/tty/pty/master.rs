//! [`MasterFile`]: the other end of a pseudoterminal, as a program has it open.
//!
//! Bytes pass as they are. What the master writes is typed at the terminal; what comes out of the
//! terminal, echo too, the master reads. Its end is a hangup of the terminal.

use alloc::sync::Arc;
use core::any::Any;
use core::sync::atomic::Ordering;

use elfin_syscalls::abi::{TCIFLUSH, TCIOFLUSH, TCOFLUSH, TIOCPKT_DATA};
use elfin_syscalls::args::{IoctlCmd, OpenFlags, UserAddr, UserIn, UserOut};
use elfin_syscalls::{Errno, SysResult};

use super::super::ioctl::count;
use super::super::terminal::{TYPED_MAX, Terminal};
use super::link::Link;
use super::table;
use crate::fs::transfer::partial;
use crate::fs::{Dest, File, OpenFile, Source};
use crate::sys::Cx;
use crate::sys::usercopy::{user_read, user_write};
use crate::task::{PollEvents, PollTable, jobs};

/// Bytes copied at once.
const CHUNK: usize = 512;
/// The most that one read gives, as in Linux.
const READ_MAX: usize = 4095;

/// An open master.
pub struct MasterFile {
    terminal: Arc<Terminal>,
}

impl MasterFile {
    /// The master of a pseudoterminal's terminal.
    pub(super) fn new(terminal: Arc<Terminal>) -> Arc<Self> {
        Arc::new(Self { terminal })
    }

    fn link(&self) -> Result<&Link, Errno> {
        self.terminal.link().ok_or(Errno::EIO)
    }

    /// Takes what the slave wrote.
    fn take(&self, buf: &mut [u8]) -> usize {
        let mut state = self.terminal.state.lock();
        let n = buf.len().min(state.written.len());
        for (slot, byte) in buf.iter_mut().zip(state.written.drain(..n)) {
            *slot = byte;
        }
        n
    }

    /// Whether the slave was open, and is no more.
    fn slave_gone(&self) -> bool {
        let was_opened = self.terminal.link().is_some_and(Link::was_opened);
        was_opened && self.terminal.opens.load(Ordering::Acquire) == 0
    }

    fn has_output(&self) -> bool {
        !self.terminal.state.lock().written.is_empty()
    }

    fn has_room(&self) -> bool {
        self.terminal.state.lock().typed.len() < TYPED_MAX
    }

    fn flush(&self, which: usize) -> Result<(), Errno> {
        let mut state = self.terminal.state.lock();
        match which {
            TCIFLUSH => state.written.clear(),
            TCOFLUSH => state.typed.clear(),
            TCIOFLUSH => {
                state.written.clear();
                state.typed.clear();
            }
            _ => return Err(Errno::EINVAL),
        }
        drop(state);
        self.terminal.writable.wake_all(PollEvents::WRITABLE);
        Ok(())
    }
}

impl Drop for MasterFile {
    fn drop(&mut self) {
        if let Some(link) = self.terminal.link() {
            link.close_master();
        }
        jobs::hang_up(&self.terminal);
    }
}

impl File for MasterFile {
    fn read(&self, of: &OpenFile, dst: &mut Dest<'_>) -> SysResult {
        let link = self.link()?;
        if dst.remaining() == 0 {
            return Ok(0);
        }
        dst.limit(READ_MAX);
        loop {
            if link.status() != 0 {
                return dst.put(&[link.take_status()]);
            }
            if self.has_output() {
                break;
            }
            if self.slave_gone() {
                return Err(Errno::EIO);
            }
            if of.nonblocking() {
                return Err(Errno::EAGAIN);
            }
            link.readable.wait_until(None, || {
                (self.has_output() || self.slave_gone() || link.status() != 0).then_some(())
            })?;
        }
        let mut done = 0;
        if link.packets.load(Ordering::Relaxed) {
            done += dst.put(&[TIOCPKT_DATA])?;
        }
        let mut chunk = [0; CHUNK];
        loop {
            let want = dst.remaining().min(CHUNK);
            let n = self.take(chunk.get_mut(..want).unwrap_or_default());
            if n == 0 {
                break;
            }
            match dst.put(chunk.get(..n).unwrap_or_default()) {
                Ok(put) => done += put,
                Err(errno) => return partial(done, errno),
            }
        }
        self.terminal.writable.wake_all(PollEvents::WRITABLE);
        // Echo may have waited for room.
        self.terminal.pump();
        Ok(done)
    }

    fn write(&self, of: &OpenFile, src: &mut Source<'_>) -> SysResult {
        let link = self.link()?;
        let mut chunk = [0; CHUNK];
        let mut done = 0;
        while src.remaining() > 0 {
            let n = match src.peek(&mut chunk) {
                Ok(n) => n,
                Err(errno) => return partial(done, errno),
            };
            let taken = self.terminal.type_in(chunk.get(..n).unwrap_or_default());
            src.skip(taken);
            done += taken;
            if taken == n {
                continue;
            }
            if of.nonblocking() {
                return partial(done, Errno::EAGAIN);
            }
            let room = || self.has_room().then_some(());
            if let Err(wake) = link.writable.wait_until(None, room) {
                return partial(done, wake.into());
            }
        }
        Ok(done)
    }

    fn poll(&self, _of: &OpenFile, table: Option<&mut PollTable<'_>>) -> PollEvents {
        let Ok(link) = self.link() else { return PollEvents::ALWAYS };
        if let Some(table) = table {
            table.add(&link.readable);
            table.add(&link.writable);
        }
        let mut events = PollEvents::empty();
        let told = link.status() != 0;
        events.set(PollEvents::PRI, told);
        events.set(PollEvents::READABLE, told || self.has_output());
        events.set(PollEvents::WRITABLE, self.has_room());
        events.set(PollEvents::HUP, self.slave_gone());
        events
    }

    fn ioctl(&self, of: &OpenFile, cx: &mut Cx<'_>, cmd: u32, arg: UserAddr) -> SysResult {
        let link = self.link()?;
        let (cmd, addr) = (IoctlCmd(cmd), arg.addr());
        let flag = |flag: bool| user_write(UserOut::new(addr), &i32::from(flag));
        let asked = || Ok::<bool, Errno>(user_read::<i32>(UserIn::new(addr))? != 0);
        match cmd {
            IoctlCmd::TIOCGPTN => user_write(UserOut::new(addr), &link.index)?,
            IoctlCmd::TIOCSPTLCK => link.locked.store(asked()?, Ordering::Relaxed),
            IoctlCmd::TIOCGPTLCK => flag(link.locked.load(Ordering::Relaxed))?,
            IoctlCmd::TIOCPKT => {
                let on = asked()?;
                if on && !link.packets.load(Ordering::Relaxed) {
                    link.take_status();
                }
                link.packets.store(on, Ordering::Relaxed);
            }
            IoctlCmd::TIOCGPKT => flag(link.packets.load(Ordering::Relaxed))?,
            IoctlCmd::TIOCGPTPEER => return self.open_peer(cx, addr),
            IoctlCmd::FIONREAD => {
                let waiting = self.terminal.state.lock().written.len();
                user_write(UserOut::new(addr), &count(waiting))?;
            }
            IoctlCmd::TIOCOUTQ => user_write(UserOut::new(addr), &0i32)?,
            IoctlCmd::TCFLSH => self.flush(addr)?,
            IoctlCmd::TCSBRK | IoctlCmd::TCSBRKP => {}
            _ => match self.terminal.control_settings(cmd, addr) {
                Err(Errno::ENOTTY) => {
                    return self.terminal.control_session(of, cx, cmd, addr, false);
                }
                other => return other,
            },
        }
        Ok(0)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl MasterFile {
    /// `TIOCGPTPEER`: the slave, without going by its name.
    fn open_peer(&self, cx: &Cx<'_>, flags: usize) -> SysResult {
        let flags = u32::try_from(flags).map_err(|_| Errno::EINVAL)?;
        let flags = OpenFlags::from_bits_retain(flags);
        let link = self.link()?;
        let file = table::open_slave(link.index, flags)?;
        let place = crate::fs::devpts::place(link.node.clone(), link.index);
        let open = OpenFile::new(file, flags | OpenFlags::LARGEFILE, place);
        let fd = cx.thread.files().install(open, flags.contains(OpenFlags::CLOEXEC))?;
        crate::sys::descriptor(fd)
    }
}
