//! What an argument is, for the trace: [`Kind`], [`Shape`] and the [`Names`] of flags.
//!
//! A kernel carries a kind for every argument of every call, so they are small: names stand in
//! one string, and a kind refers to them by its [`Set`].

/// Names of constants and their values, without the prefix that all share.
#[derive(Debug)]
pub struct Names {
    /// What stands before every name: `"O_"`.
    pub prefix: &'static str,
    /// The names, each followed by a space.
    pub names: &'static str,
    /// The values in the same order.
    pub values: &'static [u64],
}

impl Names {
    /// Each name without the prefix, with its value.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.names.split_ascii_whitespace().zip(self.values.iter().copied())
    }
}

/// A constant with [`Names`] from names and values.
macro_rules! names {
    ($prefix:literal { $($name:tt = $value:expr),* $(,)? }) => {
        &$crate::args::Names {
            prefix: $prefix,
            names: concat!($(stringify!($name), " "),*),
            values: &[$($value),*],
        }
    };
}
pub(crate) use names;

/// Makes [`Set`] from the types that have names.
macro_rules! sets {
    ($($set:ident)*) => {
        /// The types whose values a trace shows by name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "each is the argument type of this name")]
        pub enum Set { $($set,)* }

        impl Set {
            /// All of them.
            pub const ALL: &'static [Set] = &[$(Set::$set),*];

            /// The names.
            #[must_use]
            pub const fn names(self) -> &'static Names {
                match self { $(Set::$set => super::$set::NAMES,)* }
            }
        }
    };
}

sets! {
    AccessMode Advice ArchPrctlCode AtFlags ClockId CloneFlags CloseRangeFlags Dup3Flags
    EpollEvents EpollFlags EpollOp EventFdFlags FallocateMode FcntlCmd FlockOp FutexOp
    GetrandomFlags InotifyFlags IoctlCmd MapFlags MemfdFlags MlockallFlags MountFlags MremapFlags
    MsgFlags MsyncFlags PipeFlags PollEvents PrctlOption ProtFlags PtraceRequest RebootCmd RenameFlags Resource
    RwFlags SigHow SigactionFlags SignalFdFlags SockFlags SockType SpliceFlags StatxMask
    TimerFdFlags TimerFdSetFlags TimerFlags UmountFlags WaitOptions Whence XattrFlags
}

/// How the word of one argument is to be read and printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// No argument.
    None,
    /// A signed 32-bit number.
    Int,
    /// An unsigned 32-bit number.
    Uint,
    /// A signed 64-bit number.
    Long,
    /// An unsigned 64-bit number.
    Size,
    /// A number best read in octal: a file mode.
    Octal,
    /// A descriptor, or `AT_FDCWD`.
    Fd,
    /// An address about whose contents nothing is known.
    Addr,
    /// A string that ends with a zero byte.
    Str,
    /// A socket address whose length is the next argument.
    Sockaddr,
    /// A signal number.
    Signal,
    /// A set of bits.
    Flags(Set),
    /// One of several values.
    Code(Set),
    /// Bits in which some are a field of their own; printed by the type's own rule.
    Special(Special),
    /// Something the program passes in.
    In(Shape),
    /// Something the kernel fills.
    Out(Shape),
    /// Something the kernel reads and changes.
    InOut(Shape),
}

/// The argument types that are neither a plain set of bits nor one of several values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Special {
    /// Open flags: an access mode, and bits whose values differ per architecture.
    Open,
    /// Clone flags: the low byte is the exit signal.
    Clone,
    /// mmap flags: the low bits are the type of sharing.
    Map,
    /// futex operation: a command and two bits.
    Futex,
    /// Socket type: a type and two bits.
    Socket,
}

/// What lies at the address of a [`Kind::In`] or [`Kind::Out`] argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// One of them.
    pub item: Item,
    /// How many there are.
    pub count: Count,
}

/// How many [`Item`]s lie at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// A single one.
    One,
    /// Two.
    Two,
    /// As many as the next argument says.
    Next,
}

/// What a trace can show of the program's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// Nothing the trace knows: only the address is printed.
    Opaque,
    /// A byte.
    Byte,
    /// A signed 32-bit number.
    I32,
    /// An unsigned 32-bit number.
    U32,
    /// A signed 64-bit number.
    I64,
    /// An unsigned 64-bit number.
    U64,
    /// `struct timespec`.
    Timespec,
    /// `struct timeval`.
    Timeval,
    /// `struct itimerspec`.
    Itimerspec,
    /// `struct itimerval`.
    Itimerval,
    /// The kernel's `sigset_t`.
    Sigset,
    /// The kernel's `struct sigaction`.
    Sigaction,
    /// `siginfo_t`.
    Siginfo,
    /// `struct iovec`.
    Iovec,
    /// `struct pollfd`.
    Pollfd,
    /// `struct epoll_event`.
    EpollEvent,
    /// `struct rlimit64`.
    Rlimit,
    /// `struct stat`.
    Stat,
    /// `struct msghdr`.
    Msghdr,
    /// `struct utsname`.
    Utsname,
}

impl Item {
    /// The size of one in bytes, for `arch`; 0 if it never stands in an array.
    #[must_use]
    pub const fn size(self, arch: crate::Arch) -> usize {
        match self {
            Item::Byte => 1,
            Item::I32 | Item::U32 => 4,
            Item::I64 | Item::U64 | Item::Sigset | Item::Pollfd => 8,
            Item::Timespec | Item::Timeval | Item::Iovec => 16,
            Item::EpollEvent => match arch {
                crate::Arch::X86_64 => 12,
                crate::Arch::Aarch64 => 16,
            },
            _ => 0,
        }
    }
}
