//! Signal numbers and sets, and what each signal does by default (`signal(7)`).

use core::fmt;
use core::ops::{BitAnd, BitOr, Not};

use elfin_syscalls::Errno;
use elfin_syscalls::args::SigNum;

/// A signal number that exists: 1 to 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Signal(u8);

/// The terminal is gone.
pub const SIGHUP: Signal = Signal(1);
/// Interrupted from the terminal.
pub const SIGINT: Signal = Signal(2);
/// Quit from the terminal.
pub const SIGQUIT: Signal = Signal(3);
/// An invalid instruction.
pub const SIGILL: Signal = Signal(4);
/// A breakpoint or single step.
pub const SIGTRAP: Signal = Signal(5);
/// `abort`.
pub const SIGABRT: Signal = Signal(6);
/// Memory that a file does not fill, or a misaligned access.
pub const SIGBUS: Signal = Signal(7);
/// An arithmetic error.
pub const SIGFPE: Signal = Signal(8);
/// Ends a process; cannot be handled.
pub const SIGKILL: Signal = Signal(9);
/// Memory that is not there or not allowed.
pub const SIGSEGV: Signal = Signal(11);
/// Writing to a pipe or socket that nobody reads.
pub const SIGPIPE: Signal = Signal(13);
/// `alarm` and `ITIMER_REAL`.
pub const SIGALRM: Signal = Signal(14);
/// Please end.
pub const SIGTERM: Signal = Signal(15);
/// A child changed its state.
pub const SIGCHLD: Signal = Signal(17);
/// Go on after a stop.
pub const SIGCONT: Signal = Signal(18);
/// Stops a process; cannot be handled.
pub const SIGSTOP: Signal = Signal(19);
/// Stopped from the terminal.
pub const SIGTSTP: Signal = Signal(20);
/// A background process reads from the terminal.
pub const SIGTTIN: Signal = Signal(21);
/// A background process writes to the terminal.
pub const SIGTTOU: Signal = Signal(22);
/// Urgent data on a socket.
pub const SIGURG: Signal = Signal(23);
/// The CPU time limit is reached.
pub const SIGXCPU: Signal = Signal(24);
/// The file size limit is reached.
pub const SIGXFSZ: Signal = Signal(25);
/// `ITIMER_VIRTUAL`.
pub const SIGVTALRM: Signal = Signal(26);
/// `ITIMER_PROF`.
pub const SIGPROF: Signal = Signal(27);
/// The terminal changed its size.
pub const SIGWINCH: Signal = Signal(28);
/// I/O is possible (`O_ASYNC`).
pub const SIGIO: Signal = Signal(29);
/// A system call that is not allowed.
pub const SIGSYS: Signal = Signal(31);

/// The first real-time signal.
const REAL_TIME: u8 = 32;

const NAMES: [&str; 31] = [
    "SIGHUP",
    "SIGINT",
    "SIGQUIT",
    "SIGILL",
    "SIGTRAP",
    "SIGABRT",
    "SIGBUS",
    "SIGFPE",
    "SIGKILL",
    "SIGUSR1",
    "SIGSEGV",
    "SIGUSR2",
    "SIGPIPE",
    "SIGALRM",
    "SIGTERM",
    "SIGSTKFLT",
    "SIGCHLD",
    "SIGCONT",
    "SIGSTOP",
    "SIGTSTP",
    "SIGTTIN",
    "SIGTTOU",
    "SIGURG",
    "SIGXCPU",
    "SIGXFSZ",
    "SIGVTALRM",
    "SIGPROF",
    "SIGWINCH",
    "SIGIO",
    "SIGPWR",
    "SIGSYS",
];

/// What a signal does to a program that has not asked for anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultAction {
    /// Ends the process.
    Terminate,
    /// Ends the process, as an error worth a report.
    Core,
    /// Nothing.
    Ignore,
    /// Stops all threads until `SIGCONT`.
    Stop,
}

impl Signal {
    /// The signal with this number.
    ///
    /// # Errors
    /// `EINVAL` if it is not from 1 to 64.
    pub fn new(number: SigNum) -> Result<Self, Errno> {
        u8::try_from(number.check()?).map(Self).map_err(|_| Errno::EINVAL)
    }

    /// The signal with this number, or none for 0 (`kill` only checks then).
    ///
    /// # Errors
    /// `EINVAL` above 64.
    pub fn optional(number: SigNum) -> Result<Option<Self>, Errno> {
        if number.0 == 0 { Ok(None) } else { Self::new(number).map(Some) }
    }

    /// The signal with this number, if there is one.
    pub fn from_number(number: u32) -> Option<Self> {
        Self::optional(SigNum(number)).ok().flatten()
    }

    /// Its number, from 1 to 64.
    #[inline]
    pub const fn number(self) -> u32 {
        self.0 as u32
    }

    /// Its index in tables, from 0.
    #[inline]
    pub const fn index(self) -> usize {
        (self.0 - 1) as usize
    }

    /// Whether several of it queue up.
    #[inline]
    pub const fn is_real_time(self) -> bool {
        self.0 >= REAL_TIME
    }

    /// Whether it is `SIGCHLD`, whose `siginfo` tells of a child.
    pub fn is_child(self) -> bool {
        self == SIGCHLD
    }

    /// What it does by default.
    pub fn default_action(self) -> DefaultAction {
        match self {
            SIGCHLD | SIGCONT | SIGURG | SIGWINCH => DefaultAction::Ignore,
            SIGSTOP | SIGTSTP | SIGTTIN | SIGTTOU => DefaultAction::Stop,
            SIGQUIT | SIGILL | SIGTRAP | SIGABRT | SIGBUS | SIGFPE | SIGSEGV | SIGXCPU
            | SIGXFSZ | SIGSYS => DefaultAction::Core,
            _ => DefaultAction::Terminate,
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match NAMES.get(self.index()) {
            Some(name) => f.write_str(name),
            None => write!(f, "SIGRT{}", self.0 - REAL_TIME),
        }
    }
}

/// A set of signals: bit 0 is signal 1, as in the kernel's `sigset_t`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SigSet(pub u64);

impl SigSet {
    /// No signal.
    pub const EMPTY: Self = Self(0);
    /// Those that cannot be blocked, caught or ignored.
    pub const UNBLOCKABLE: Self = Self::of(SIGKILL).with(SIGSTOP);
    /// Those that stop a process by default.
    pub const STOPS: Self = Self::of(SIGSTOP).with(SIGTSTP).with(SIGTTIN).with(SIGTTOU);
    /// Those that an instruction causes: they are handled before others.
    pub const SYNCHRONOUS: Self =
        Self::of(SIGSEGV).with(SIGBUS).with(SIGILL).with(SIGTRAP).with(SIGFPE).with(SIGSYS);

    /// One signal.
    #[inline]
    pub const fn of(signal: Signal) -> Self {
        Self(1 << signal.index())
    }

    /// The set and one more.
    #[inline]
    pub const fn with(self, signal: Signal) -> Self {
        Self(self.0 | Self::of(signal).0)
    }

    /// The set without one.
    #[inline]
    pub const fn without(self, signal: Signal) -> Self {
        Self(self.0 & !Self::of(signal).0)
    }

    /// Whether the signal is in it.
    #[inline]
    pub const fn has(self, signal: Signal) -> bool {
        self.0 & Self::of(signal).0 != 0
    }

    /// Whether none is in it.
    #[inline]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The signal to handle first: one that an instruction caused, or else the lowest.
    pub fn first(self) -> Option<Signal> {
        let urgent = self & Self::SYNCHRONOUS;
        let from = if urgent.is_empty() { self } else { urgent };
        let index = u8::try_from(from.0.trailing_zeros()).ok()?;
        (index < 64).then_some(Signal(index + 1))
    }
}

impl BitAnd for SigSet {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl BitOr for SigSet {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl Not for SigSet {
    type Output = Self;
    fn not(self) -> Self {
        Self(!self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_signals() {
        let set = SigSet::of(SIGHUP).with(SIGTERM).with(SIGSEGV);
        assert_eq!(set.first(), Some(SIGSEGV));
        assert_eq!(set.without(SIGSEGV).first(), Some(SIGHUP));
        assert_eq!(SigSet::EMPTY.first(), None);
    }

    #[test]
    fn names_signals() {
        assert_eq!(std::format!("{} {}", SIGSEGV, Signal(34)), "SIGSEGV SIGRT2");
        assert_eq!(SIGSYS.number(), 31);
        assert_eq!(std::format!("{}", SIGIO), "SIGIO");
    }

    #[test]
    fn checks_numbers() {
        assert_eq!(Signal::new(SigNum(0)), Err(Errno::EINVAL));
        assert_eq!(Signal::new(SigNum(65)), Err(Errno::EINVAL));
        assert_eq!(Signal::new(SigNum(64)).map(Signal::number), Ok(64));
        assert_eq!(Signal::optional(SigNum(0)), Ok(None));
    }

    #[test]
    fn knows_the_defaults() {
        assert_eq!(SIGCHLD.default_action(), DefaultAction::Ignore);
        assert_eq!(SIGSEGV.default_action(), DefaultAction::Core);
        assert_eq!(SIGTSTP.default_action(), DefaultAction::Stop);
        assert_eq!(Signal(40).default_action(), DefaultAction::Terminate);
    }
}
