//! The whole line: [`format_call`], [`format_return`].

use core::fmt;

use super::address::{FAMILIES, write_sockaddr};
use super::memory::{Memory, read, write_addr, write_string};
use super::names::{write_code, write_flags, write_octal, write_signal};
use super::shape::Viewer;
use super::special::write_special;
use crate::abi::SOCKADDR_MAX;
use crate::args::{Fd, Item, Kind, OpenFlags, Shape};
use crate::{Arch, Entry, Errno, Syscall};

/// A call to be displayed, with its result if it has one.
pub struct Line<'a> {
    arch: Arch,
    number: usize,
    words: [usize; 6],
    result: Option<isize>,
    memory: &'a dyn Memory,
}

/// The call as it begins: `read(3, 0x7ff0, 4096)`. What the kernel will fill is an address.
#[must_use]
pub fn format_call(arch: Arch, number: usize, words: [usize; 6], memory: &dyn Memory) -> Line<'_> {
    Line { arch, number, words, result: None, memory }
}

/// The call with its result, as it is in the register: `read(3, "root:x:…"..., 4096) = 1024`.
#[must_use]
pub fn format_return(
    arch: Arch,
    number: usize,
    words: [usize; 6],
    result: isize,
    memory: &dyn Memory,
) -> Line<'_> {
    Line { arch, number, words, result: Some(result), memory }
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Entry::by_number(self.arch, self.number) {
            Some(entry) => self.known(f, entry.call()),
            None => self.unknown(f),
        }?;
        match self.result {
            Some(result) => self.result(f, result),
            None => Ok(()),
        }
    }
}

/// Calls whose result is an address.
const RETURN_ADDRESSES: [&str; 4] = ["mmap", "mremap", "brk", "shmat"];
/// Calls that fill a socket address, whose length is behind the next argument.
const FILL_SOCKADDR: [&str; 5] = ["accept", "accept4", "getsockname", "getpeername", "recvfrom"];
/// Calls whose `iovec`s hold what is written.
const WRITE_IOVECS: [&str; 6] =
    ["writev", "pwritev", "pwritev2", "vmsplice", "sendmsg", "sendmmsg"];

impl Line<'_> {
    fn unknown(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "syscall_{:#x}(", self.number)?;
        for (index, word) in self.words.iter().enumerate() {
            write!(f, "{}{word:#x}", if index > 0 { ", " } else { "" })?;
        }
        f.write_str(")")
    }

    fn known(&self, f: &mut fmt::Formatter<'_>, call: &Syscall) -> fmt::Result {
        f.write_str(call.name)?;
        f.write_str("(")?;
        for (index, kind) in call.args().take(self.shown(call)).enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            self.argument(f, call.name, index, kind)?;
        }
        f.write_str(")")
    }

    /// How many arguments are worth showing: `open` looks at the mode only if it may create.
    fn shown(&self, call: &Syscall) -> usize {
        let place = match call.name {
            "open" => 1,
            "openat" => 2,
            _ => return usize::MAX,
        };
        // Of the two bits in `O_TMPFILE`, one is `O_DIRECTORY`.
        let creating = OpenFlags::CREAT.union(OpenFlags::TMPFILE).difference(OpenFlags::DIRECTORY);
        let flags = OpenFlags::from_bits_retain(self.word(place) as u32);
        if flags.intersects(creating) { usize::MAX } else { place.saturating_add(1) }
    }

    fn word(&self, index: usize) -> usize {
        self.words.get(index).copied().unwrap_or(0)
    }

    fn argument(
        &self,
        f: &mut fmt::Formatter<'_>,
        name: &str,
        index: usize,
        kind: Kind,
    ) -> fmt::Result {
        let word = self.word(index);
        let next = self.word(index.saturating_add(1));
        // Narrowing is what Linux does to the register of an `int`.
        let half = word as u32;
        match kind {
            Kind::Int if index == 0 && matches!(name, "socket" | "socketpair") => {
                write_code(f, FAMILIES, u64::from(half))
            }
            Kind::Int => write!(f, "{}", half.cast_signed()),
            Kind::Uint => write!(f, "{half}"),
            Kind::Long => write!(f, "{}", word.cast_signed()),
            Kind::Size => write!(f, "{word}"),
            Kind::Octal => write_octal(f, half),
            Kind::Fd if half.cast_signed() == Fd::CWD.0 => f.write_str("AT_FDCWD"),
            Kind::Fd => write!(f, "{}", half.cast_signed()),
            Kind::Addr if index > 0 && name.starts_with("execve") => {
                self.viewer(name).strings(f, word)
            }
            Kind::Addr if FILL_SOCKADDR.contains(&name) && self.succeeded() => {
                let len = read::<i32>(self.memory, next).unwrap_or(0);
                let len = usize::try_from(len).unwrap_or(0).min(SOCKADDR_MAX);
                write_sockaddr(f, self.memory, word, len)
            }
            Kind::Addr => write_addr(f, word),
            Kind::Str => write_string(f, self.memory, word),
            Kind::Sockaddr => write_sockaddr(f, self.memory, word, next.min(SOCKADDR_MAX)),
            Kind::Signal => write_signal(f, half),
            Kind::None => Ok(()),
            Kind::Flags(set) => write_flags(f, set.names(), u64::from(half)),
            Kind::Code(set) => write_code(f, set.names(), u64::from(half)),
            Kind::Special(special) => write_special(f, self.arch, special, word),
            // Every 64-bit word that a program passes in is a signal set.
            Kind::In(Shape { item: Item::U64, .. }) => self.viewer(name).sigset(f, word),
            Kind::Out(Shape { item: Item::U64, .. })
                if name.starts_with("rt_sig") && self.succeeded() =>
            {
                self.viewer(name).sigset(f, word)
            }
            Kind::In(shape) => self.viewer(name).write(f, shape, word, next),
            Kind::InOut(shape) => self.viewer(name).write(f, shape, word, next),
            Kind::Out(shape) => self.filled(f, name, shape, word, next),
        }
    }

    fn viewer(&self, name: &str) -> Viewer<'_> {
        let contents = WRITE_IOVECS.contains(&name);
        Viewer { arch: self.arch, memory: self.memory, contents }
    }

    /// What the kernel has filled, or the address if it has not.
    fn filled(
        &self,
        f: &mut fmt::Formatter<'_>,
        name: &str,
        shape: Shape,
        word: usize,
        next: usize,
    ) -> fmt::Result {
        let filled = match self.result {
            Some(result) if result >= 0 => result.unsigned_abs(),
            _ => return write_addr(f, word),
        };
        match (name, shape) {
            // No child had anything to report.
            ("wait4", _) if filled == 0 => write_addr(f, word),
            ("wait4", Shape { item: Item::I32, .. }) if word != 0 => {
                self.viewer(name).wait_status(f, word)
            }
            (_, shape) => self.viewer(name).write(f, shape, word, filled.min(next)),
        }
    }

    fn succeeded(&self) -> bool {
        self.result.is_some_and(|result| result >= 0)
    }

    fn result(&self, f: &mut fmt::Formatter<'_>, result: isize) -> fmt::Result {
        let name = Entry::by_number(self.arch, self.number).map_or("", |entry| entry.call().name);
        match crate::decode(result) {
            Err(errno) if errno.number() >= Errno::ERESTARTSYS.number() => {
                write!(f, " = ? {errno}")
            }
            Err(errno) => write!(f, " = -1 {errno}"),
            Ok(value) if RETURN_ADDRESSES.contains(&name) => write!(f, " = {value:#x}"),
            Ok(value) => write!(f, " = {}", value.cast_signed()),
        }
    }
}
