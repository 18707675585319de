//! Structures in the program's memory: [`Shape`].

use core::fmt;

use super::memory::{Memory, read, write_addr, write_bytes, write_quoted};
use super::names::{write_flags, write_octal, write_signal, write_sigset};
use super::{address, memory};
use crate::Arch;
use crate::abi::*;
use crate::args::{Count, EpollEvents, Item, MsgFlags, PollEvents, Shape, SigactionFlags};

/// The most elements of an array that are shown.
const SHOWN_ELEMENTS: usize = 16;

/// What is needed to show something in memory.
#[derive(Clone, Copy)]
pub(super) struct Viewer<'a> {
    pub arch: Arch,
    pub memory: &'a dyn Memory,
    /// Whether what an `iovec` points to holds data: it is being written, not read.
    pub contents: bool,
}

/// Reads a structure or falls back to showing its address.
macro_rules! view {
    ($self:ident, $f:ident, $addr:ident, $type:ty) => {
        match read::<$type>($self.memory, $addr) {
            Some(value) => value,
            None => return write_addr($f, $addr),
        }
    };
}

/// A user address or length in a structure, as this machine's size.
fn word(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

impl Viewer<'_> {
    /// Writes what lies at `addr`; `count` elements if it is a slice.
    pub(super) fn write(
        &self,
        f: &mut fmt::Formatter<'_>,
        shape: Shape,
        addr: usize,
        count: usize,
    ) -> fmt::Result {
        if addr == 0 {
            return f.write_str("NULL");
        }
        match (shape.item, shape.count) {
            (Item::Byte, Count::Next) => write_bytes(f, self.memory, addr, count),
            (item, Count::One) => self.one(f, item, addr),
            (item, Count::Two) => self.elements(f, item, addr, 2),
            (item, Count::Next) => self.elements(f, item, addr, count),
        }
    }

    /// Writes one item.
    fn one(&self, f: &mut fmt::Formatter<'_>, item: Item, addr: usize) -> fmt::Result {
        match item {
            Item::Opaque => write_addr(f, addr),
            Item::Byte => write!(f, "{}", view!(self, f, addr, u8)),
            Item::I32 => write!(f, "[{}]", view!(self, f, addr, i32)),
            Item::U32 => write!(f, "[{}]", view!(self, f, addr, u32)),
            Item::I64 => write!(f, "[{}]", view!(self, f, addr, i64)),
            Item::U64 => write!(f, "[{:#x}]", view!(self, f, addr, u64)),
            Item::Timespec => {
                let time = view!(self, f, addr, Timespec);
                write!(f, "{{tv_sec={}, tv_nsec={}}}", time.tv_sec, time.tv_nsec)
            }
            Item::Timeval => {
                let time = view!(self, f, addr, Timeval);
                write!(f, "{{tv_sec={}, tv_usec={}}}", time.tv_sec, time.tv_usec)
            }
            Item::Itimerspec => self.timer(f, Item::Timespec, addr),
            Item::Itimerval => self.timer(f, Item::Timeval, addr),
            Item::Sigset => self.sigset(f, addr),
            Item::Sigaction => self.sigaction(f, addr),
            Item::Siginfo => {
                let info = view!(self, f, addr, Siginfo);
                f.write_str("{si_signo=")?;
                write_signal(f, info.si_signo.cast_unsigned())?;
                write!(f, ", si_code={}, si_pid={}}}", info.si_code, info.pid())
            }
            Item::Iovec => {
                let iovec = view!(self, f, addr, Iovec);
                f.write_str("{iov_base=")?;
                if self.contents {
                    write_bytes(f, self.memory, word(iovec.iov_base), word(iovec.iov_len))?;
                } else {
                    write_addr(f, word(iovec.iov_base))?;
                }
                write!(f, ", iov_len={}}}", iovec.iov_len)
            }
            Item::Pollfd => {
                let poll = view!(self, f, addr, Pollfd);
                write!(f, "{{fd={}, events=", poll.fd)?;
                write_flags(f, PollEvents::NAMES, u64::from(poll.events))?;
                if poll.revents != 0 {
                    f.write_str(", revents=")?;
                    write_flags(f, PollEvents::NAMES, u64::from(poll.revents))?;
                }
                f.write_str("}")
            }
            Item::EpollEvent => {
                let (events, data) = match self.arch {
                    Arch::X86_64 => {
                        let event = view!(self, f, addr, EpollEventX86_64);
                        (event.events, event.data)
                    }
                    Arch::Aarch64 => {
                        let event = view!(self, f, addr, EpollEventAarch64);
                        (event.events, event.data)
                    }
                };
                f.write_str("{events=")?;
                write_flags(f, EpollEvents::NAMES, u64::from(events))?;
                write!(f, ", data={data:#x}}}")
            }
            Item::Rlimit => {
                let limit = view!(self, f, addr, Rlimit64);
                f.write_str("{rlim_cur=")?;
                write_limit(f, limit.rlim_cur)?;
                f.write_str(", rlim_max=")?;
                write_limit(f, limit.rlim_max)?;
                f.write_str("}")
            }
            Item::Stat => self.stat(f, addr),
            Item::Msghdr => self.msghdr(f, addr),
            Item::Utsname => {
                let names = view!(self, f, addr, Utsname);
                f.write_str("{sysname=")?;
                write_field(f, &names.sysname)?;
                f.write_str(", nodename=")?;
                write_field(f, &names.nodename)?;
                f.write_str(", ...}")
            }
        }
    }

    /// A set of signals.
    pub(super) fn sigset(&self, f: &mut fmt::Formatter<'_>, addr: usize) -> fmt::Result {
        write_sigset(f, view!(self, f, addr, u64))
    }

    fn elements(
        &self,
        f: &mut fmt::Formatter<'_>,
        item: Item,
        addr: usize,
        count: usize,
    ) -> fmt::Result {
        let size = item.size(self.arch);
        let mut probe = [0; 1];
        let unreadable = count > 0 && self.memory.read(addr, &mut probe) == 0;
        if size == 0 || unreadable {
            return write_addr(f, addr);
        }
        f.write_str("[")?;
        for index in 0..count {
            if index > 0 {
                f.write_str(", ")?;
            }
            let place = index.checked_mul(size).and_then(|offset| addr.checked_add(offset));
            match place {
                Some(place) if index < SHOWN_ELEMENTS => self.element(f, item, place)?,
                _ => {
                    f.write_str("...")?;
                    break;
                }
            }
        }
        f.write_str("]")
    }

    /// One element: plain numbers stand without brackets of their own.
    fn element(&self, f: &mut fmt::Formatter<'_>, item: Item, addr: usize) -> fmt::Result {
        match item {
            Item::I32 => write!(f, "{}", view!(self, f, addr, i32)),
            Item::U32 => write!(f, "{}", view!(self, f, addr, u32)),
            other => self.one(f, other, addr),
        }
    }

    fn timer(&self, f: &mut fmt::Formatter<'_>, half: Item, addr: usize) -> fmt::Result {
        f.write_str("{it_interval=")?;
        self.one(f, half, addr)?;
        f.write_str(", it_value=")?;
        self.one(f, half, addr.saturating_add(half.size(self.arch)))?;
        f.write_str("}")
    }

    fn sigaction(&self, f: &mut fmt::Formatter<'_>, addr: usize) -> fmt::Result {
        let action = view!(self, f, addr, SigactionK);
        f.write_str("{sa_handler=")?;
        match action.handler {
            SIG_DFL => f.write_str("SIG_DFL")?,
            SIG_IGN => f.write_str("SIG_IGN")?,
            handler => write!(f, "{handler:#x}")?,
        }
        f.write_str(", sa_mask=")?;
        write_sigset(f, action.mask)?;
        f.write_str(", sa_flags=")?;
        write_flags(f, SigactionFlags::NAMES, action.flags)?;
        if action.flags & SigactionFlags::RESTORER.bits() != 0 {
            write!(f, ", sa_restorer={:#x}", action.restorer)?;
        }
        f.write_str("}")
    }

    fn stat(&self, f: &mut fmt::Formatter<'_>, addr: usize) -> fmt::Result {
        let (mode, size) = match self.arch {
            Arch::X86_64 => {
                let stat = view!(self, f, addr, StatX86_64);
                (stat.st_mode, stat.st_size)
            }
            Arch::Aarch64 => {
                let stat = view!(self, f, addr, StatAarch64);
                (stat.st_mode, stat.st_size)
            }
        };
        let kind = match mode & S_IFMT {
            S_IFREG => "S_IFREG",
            S_IFDIR => "S_IFDIR",
            S_IFCHR => "S_IFCHR",
            S_IFBLK => "S_IFBLK",
            S_IFLNK => "S_IFLNK",
            S_IFIFO => "S_IFIFO",
            S_IFSOCK => "S_IFSOCK",
            _ => "0",
        };
        write!(f, "{{st_mode={kind}|")?;
        write_octal(f, mode & !S_IFMT)?;
        write!(f, ", st_size={size}, ...}}")
    }

    fn msghdr(&self, f: &mut fmt::Formatter<'_>, addr: usize) -> fmt::Result {
        let message = view!(self, f, addr, Msghdr);
        let name_len = usize::try_from(message.msg_namelen).unwrap_or(0);
        f.write_str("{msg_name=")?;
        address::write_sockaddr(f, self.memory, word(message.msg_name), name_len)?;
        write!(f, ", msg_namelen={}, msg_iov=", message.msg_namelen)?;
        self.elements(f, Item::Iovec, word(message.msg_iov), word(message.msg_iovlen))?;
        write!(f, ", msg_iovlen={}", message.msg_iovlen)?;
        write!(f, ", msg_controllen={}, msg_flags=", message.msg_controllen)?;
        write_flags(f, MsgFlags::NAMES, u64::from(message.msg_flags))?;
        f.write_str("}")
    }

    /// The strings of an `argv`, which ends with a null pointer.
    pub(super) fn strings(&self, f: &mut fmt::Formatter<'_>, addr: usize) -> fmt::Result {
        if addr == 0 || read::<u64>(self.memory, addr).is_none() {
            return write_addr(f, addr);
        }
        f.write_str("[")?;
        for index in 0..=SHOWN_ELEMENTS {
            let place = addr.saturating_add(index.saturating_mul(size_of::<u64>()));
            let Some(string) = read::<u64>(self.memory, place).filter(|string| *string != 0) else {
                break;
            };
            if index > 0 {
                f.write_str(", ")?;
            }
            if index == SHOWN_ELEMENTS {
                f.write_str("...")?;
                break;
            }
            memory::write_string(f, self.memory, word(string))?;
        }
        f.write_str("]")
    }

    /// The status of a child.
    pub(super) fn wait_status(&self, f: &mut fmt::Formatter<'_>, addr: usize) -> fmt::Result {
        let status = view!(self, f, addr, i32);
        let signal = (status & 0x7f).cast_unsigned();
        match signal {
            0 => write!(f, "[{{WIFEXITED(s) && WEXITSTATUS(s) == {}}}]", status >> 8 & 0xff),
            0x7f => write!(f, "[{status:#x}]"),
            _ => {
                f.write_str("[{WIFSIGNALED(s) && WTERMSIG(s) == ")?;
                write_signal(f, signal)?;
                f.write_str("}]")
            }
        }
    }
}

/// A limit: in KiB where it is a multiple of that.
fn write_limit(f: &mut fmt::Formatter<'_>, limit: u64) -> fmt::Result {
    const KIB: u64 = 1024;
    match limit {
        RLIM_INFINITY => f.write_str("RLIM64_INFINITY"),
        limit if limit > KIB && limit % KIB == 0 => write!(f, "{}*1024", limit / KIB),
        limit => write!(f, "{limit}"),
    }
}

/// A field with text and zeros.
fn write_field(f: &mut fmt::Formatter<'_>, field: &[u8]) -> fmt::Result {
    let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
    write_quoted(f, field.get(..end).unwrap_or_default(), false)
}
