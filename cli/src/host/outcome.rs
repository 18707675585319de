//! How a machine ended, and which exit status that is for `elfin run`.

use std::process::ExitStatus;
use std::time::Instant;

use super::events::MemoryReport;
use crate::exit;

/// Status that QEMU ends with when the kernel writes 0x10 to the exit port (2·value+1).
const QEMU_STATUS_DONE: i32 = 33;
/// Status that QEMU ends with when the kernel writes 0x21: it panicked.
const QEMU_STATUS_PANIC: i32 = 67;

/// Why we ended the machine, when it did not end by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// We got this signal.
    Signal(i32),
    /// `--timeout`.
    Timeout,
    /// Whoever read our output is gone.
    OutputRefused,
}

/// What is known about a machine that has ended.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Why we ended it, if we did.
    pub stop: Option<Stop>,
    /// How QEMU ended.
    pub qemu: Option<ExitStatus>,
    /// The program's status, if the kernel told it.
    pub exit: Option<u8>,
    /// The kernel's last words.
    pub panic: Option<String>,
    /// The end of what QEMU wrote to its standard error.
    pub complaints: String,
    /// When QEMU was started.
    pub started: Option<Instant>,
    /// When the kernel's first event arrived.
    pub boot: Option<Instant>,
    /// When the program began.
    pub user: Option<Instant>,
    /// When the network was up.
    pub net: Option<(Instant, String)>,
    /// When the machine ended.
    pub ended: Option<Instant>,
    /// Memory at the end.
    pub memory: Option<MemoryReport>,
    /// Counters at the end.
    pub counters: Option<String>,
}

/// The exit status, and what to tell the user.
#[derive(Debug, PartialEq, Eq)]
pub struct Ending {
    /// For exit(3).
    pub status: u8,
    /// A line for standard error, if there is something to say.
    pub message: Option<String>,
}

impl Outcome {
    /// Judges: our own stop first, then the kernel's word, then QEMU's status.
    pub fn ending(&self) -> Ending {
        let quiet = |status| Ending { status, message: None };
        let failed = |text: String| Ending { status: exit::MACHINE_FAILED, message: Some(text) };
        match self.stop {
            Some(Stop::Signal(signal)) => return quiet(exit::by_signal(signal)),
            Some(Stop::Timeout) => {
                let message = Some("the time given by --timeout is over".into());
                return Ending { status: exit::TIMED_OUT, message };
            }
            Some(Stop::OutputRefused) => {
                return quiet(exit::by_signal(signal_hook::consts::SIGPIPE));
            }
            None => {}
        }
        let code = self.qemu.and_then(|status| status.code());
        if let Some(reason) = &self.panic {
            return failed(format!("the kernel panicked: {reason}"));
        }
        match (self.exit, code) {
            (Some(status), Some(QEMU_STATUS_DONE)) => quiet(status),
            (_, Some(QEMU_STATUS_PANIC)) => failed("the kernel panicked".into()),
            (None, Some(QEMU_STATUS_DONE)) => {
                failed("the machine ended without telling the program's status".into())
            }
            (None, Some(0)) => failed("the machine was switched off or reset itself".into()),
            _ => failed(self.odd_end()),
        }
    }

    fn odd_end(&self) -> String {
        let mut text = match self.qemu {
            Some(status) => format!("QEMU ended unexpectedly ({status})"),
            None => "QEMU could not be ended".into(),
        };
        let complaints = self.complaints.trim();
        if !complaints.is_empty() {
            text.push_str(":\n");
            text.push_str(complaints);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;

    fn outcome(code: i32, exit: Option<u8>) -> Outcome {
        Outcome { qemu: Some(ExitStatus::from_raw(code << 8)), exit, ..Outcome::default() }
    }

    #[test]
    fn a_clean_end_is_the_programs() {
        assert_eq!(outcome(33, Some(7)).ending(), Ending { status: 7, message: None });
        assert_eq!(outcome(33, Some(139)).ending().status, 139);
    }

    #[test]
    fn everything_else_is_the_machines_failure() {
        assert_eq!(outcome(33, None).ending().status, 125);
        assert_eq!(outcome(67, None).ending().status, 125);
        assert_eq!(outcome(67, Some(0)).ending().status, 125);
        assert_eq!(outcome(0, None).ending().status, 125);
        assert_eq!(outcome(1, Some(0)).ending().status, 125);
        let panicked = Outcome { panic: Some("why".into()), ..outcome(33, Some(0)) };
        assert_eq!(panicked.ending().status, 125);
        assert!(panicked.ending().message.is_some_and(|text| text.contains("why")));
        let complaining = Outcome { complaints: "bad option\n".into(), ..outcome(1, None) };
        assert!(complaining.ending().message.is_some_and(|text| text.contains("bad option")));
    }

    #[test]
    fn our_own_stop_comes_first() {
        let stopped = |stop| Outcome { stop: Some(stop), ..outcome(33, Some(0)) };
        assert_eq!(stopped(Stop::Signal(2)).ending().status, 130);
        assert_eq!(stopped(Stop::Signal(15)).ending().status, 143);
        assert_eq!(stopped(Stop::Timeout).ending().status, 124);
        assert_eq!(stopped(Stop::OutputRefused).ending().status, 141);
    }
}
