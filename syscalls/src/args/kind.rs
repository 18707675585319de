//! What an argument is, for the trace: [`Kind`], [`Shape`] and the [`Names`] of flags.

/// Names of constants and their values: the prefix is left out in each name.
#[derive(Debug)]
pub struct Names {
    /// What stands before every name: `"O_"`.
    pub prefix: &'static str,
    /// Name without the prefix, and value.
    pub list: &'static [(&'static str, u64)],
}

/// How the word of one argument is to be read and printed.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
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
    Flags(&'static Names),
    /// One of several values.
    Code(&'static Names),
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
#[derive(Clone, Copy, Debug)]
pub enum Shape {
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
    /// As many as the next argument says.
    Slice(&'static Shape),
    /// Always this many.
    Array(&'static Shape, usize),
}

impl Shape {
    /// The size of one in bytes, for `arch`; 0 where it is not known or varies.
    #[must_use]
    pub const fn size(self, arch: crate::Arch) -> usize {
        match self {
            Shape::Opaque | Shape::Stat | Shape::Slice(_) => 0,
            Shape::Byte => 1,
            Shape::I32 | Shape::U32 => 4,
            Shape::I64 | Shape::U64 | Shape::Sigset | Shape::Pollfd => 8,
            Shape::Timespec | Shape::Timeval | Shape::Iovec | Shape::Rlimit => 16,
            Shape::Itimerspec | Shape::Itimerval | Shape::Sigaction => 32,
            Shape::EpollEvent => match arch {
                crate::Arch::X86_64 => 12,
                crate::Arch::Aarch64 => 16,
            },
            Shape::Siginfo => 128,
            Shape::Msghdr => 56,
            Shape::Utsname => 390,
            Shape::Array(one, count) => one.size(arch) * count,
        }
    }
}
