//! [`Actions`]: what the program wants done about each signal (`sigaction(2)`).

use elfin_syscalls::abi::{SIG_DFL, SIG_IGN, SigactionK};

use super::set::{DefaultAction, SigSet, Signal};

bitflags::bitflags! {
    /// Flags of an action.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct SigFlags: u64 {
        /// No `SIGCHLD` when a child stops.
        const NOCLDSTOP = 0x1;
        /// Children leave no zombie.
        const NOCLDWAIT = 0x2;
        /// The handler takes a `siginfo_t`. (The frame always has one.)
        const SIGINFO = 0x4;
        /// The handler wants to know about tag bits; refused, so that it knows we do not.
        const UNSUPPORTED = 0x400;
        /// The handler keeps tag bits in addresses.
        const EXPOSE_TAGBITS = 0x800;
        /// `restorer` is the address to return to.
        const RESTORER = 0x0400_0000;
        /// Run on the alternate stack, if there is one.
        const ONSTACK = 0x0800_0000;
        /// Interrupted calls go on.
        const RESTART = 0x1000_0000;
        /// The signal itself is not blocked during its handler.
        const NODEFER = 0x4000_0000;
        /// Back to the default before the handler runs.
        const RESETHAND = 0x8000_0000;
    }
}

/// What is done about a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action(pub SigactionK);

/// The actions of all signals.
#[derive(Clone)]
pub struct Actions([Action; COUNT]);

const COUNT: usize = 64;

impl Action {
    /// The default.
    pub const DEFAULT: Self = Self(SigactionK { handler: SIG_DFL, flags: 0, restorer: 0, mask: 0 });

    /// An action as the program gave it: unknown flags are dropped, as Linux does, and the
    /// signals that cannot be blocked leave the mask.
    pub fn from_abi(abi: SigactionK) -> Self {
        let known = SigFlags::all().difference(SigFlags::UNSUPPORTED);
        let flags = SigFlags::from_bits_truncate(abi.flags).intersection(known);
        let mask = SigSet(abi.mask) & !SigSet::UNBLOCKABLE;
        Self(SigactionK { flags: flags.bits(), mask: mask.0, ..abi })
    }

    /// Its flags.
    pub fn flags(&self) -> SigFlags {
        SigFlags::from_bits_truncate(self.0.flags)
    }

    /// The address of the handler; `None` for the default and for ignoring.
    pub fn handler(&self) -> Option<usize> {
        match self.0.handler {
            SIG_DFL | SIG_IGN => None,
            address => usize::try_from(address).ok(),
        }
    }

    /// Whether the program asked for the signal to be dropped.
    pub fn is_ignored(&self) -> bool {
        self.0.handler == SIG_IGN
    }

    /// Whether it is the default.
    pub fn is_default(&self) -> bool {
        self.0.handler == SIG_DFL
    }

    /// Whether the signal is dropped: asked for, or by default.
    pub fn ignores(&self, signal: Signal) -> bool {
        match self.0.handler {
            SIG_IGN => true,
            SIG_DFL => signal.default_action() == DefaultAction::Ignore,
            _ => false,
        }
    }
}

impl Default for Actions {
    fn default() -> Self {
        Self::new()
    }
}

impl Actions {
    /// All signals do what they do by default.
    pub const fn new() -> Self {
        Self([Action::DEFAULT; COUNT])
    }

    /// What is done about a signal.
    #[inline]
    pub fn get(&self, signal: Signal) -> Action {
        self.0.get(signal.index()).copied().unwrap_or(Action::DEFAULT)
    }

    /// Changes what is done about a signal; gives what was done before.
    pub fn set(&mut self, signal: Signal, action: Action) -> Action {
        match self.0.get_mut(signal.index()) {
            Some(slot) => core::mem::replace(slot, action),
            None => Action::DEFAULT,
        }
    }

    /// After `execve`: handlers are gone, ignored signals stay ignored.
    pub fn reset_handlers(&mut self) {
        for action in &mut self.0 {
            let ignored = action.0.handler == SIG_IGN;
            *action = Action::DEFAULT;
            if ignored {
                action.0.handler = SIG_IGN;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::set::{SIGCHLD, SIGPIPE, SIGTERM};
    use super::*;

    fn handler(flags: u64, mask: u64) -> Action {
        Action::from_abi(SigactionK { handler: 0x1000, flags, restorer: 0, mask })
    }

    #[test]
    fn drops_what_cannot_be() {
        let action = handler(SigFlags::RESTART.bits() | 0x400 | 0x2_0000_0000, u64::MAX);
        assert_eq!(action.flags(), SigFlags::RESTART);
        assert_eq!(SigSet(action.0.mask) & SigSet::UNBLOCKABLE, SigSet::EMPTY);
    }

    #[test]
    fn knows_what_is_ignored() {
        let mut actions = Actions::new();
        assert!(actions.get(SIGCHLD).ignores(SIGCHLD));
        assert!(!actions.get(SIGTERM).ignores(SIGTERM));
        actions.set(SIGCHLD, handler(0, 0));
        assert!(!actions.get(SIGCHLD).ignores(SIGCHLD));
        assert_eq!(actions.get(SIGCHLD).handler(), Some(0x1000));
    }

    #[test]
    fn execve_keeps_only_what_is_ignored() {
        let mut actions = Actions::new();
        actions.set(SIGTERM, handler(0, 0));
        let ignore =
            Action::from_abi(SigactionK { handler: SIG_IGN, flags: 0, restorer: 0, mask: 0 });
        actions.set(SIGPIPE, ignore);
        actions.reset_handlers();
        assert!(actions.get(SIGTERM).is_default());
        assert!(actions.get(SIGPIPE).ignores(SIGPIPE));
    }
}
