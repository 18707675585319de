//! The user's terminal: [`RawTerminal`] hands keys to the guest one by one and puts everything back
//! on each way out, panics included; [`Reporter`] writes our own lines to standard error.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once};

use anyhow::{Context, Result};
use rustix::termios::{
    ControlModes, InputModes, LocalModes, OptionalActions, OutputModes, SpecialCodeIndex, Termios,
    tcgetattr, tcsetattr,
};

use crate::args::CtrlC;

/// What the terminal was like before, while it is raw.
static SAVED: Mutex<Option<Termios>> = Mutex::new(None);
/// Whether lines to the terminal need a carriage return of their own.
static RAW: AtomicBool = AtomicBool::new(false);
static PANIC_HOOK: Once = Once::new();

/// `_POSIX_VDISABLE` of termios(3): the special character is off.
const DISABLED: u8 = 0;

/// The terminal in raw mode; drop it to restore the terminal.
#[derive(Debug)]
pub struct RawTerminal(());

impl RawTerminal {
    /// Makes the terminal on standard input raw. Only one key still has a meaning here: Ctrl-C
    /// (SIGINT), or Ctrl-\ (SIGQUIT) when Ctrl-C belongs to the guest.
    pub fn enter(ctrl_c: CtrlC) -> Result<Self> {
        let stdin = io::stdin();
        let saved = tcgetattr(&stdin).context("can not read the terminal's settings")?;
        let mut raw = saved.clone();
        raw.input_modes.remove(
            InputModes::BRKINT
                | InputModes::ICRNL
                | InputModes::IGNCR
                | InputModes::INLCR
                | InputModes::INPCK
                | InputModes::ISTRIP
                | InputModes::IXON,
        );
        raw.output_modes.remove(OutputModes::OPOST);
        raw.control_modes.insert(ControlModes::CS8);
        raw.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::IEXTEN);
        raw.local_modes.insert(LocalModes::ISIG);
        let off = match ctrl_c {
            CtrlC::Machine => SpecialCodeIndex::VQUIT,
            CtrlC::Guest => SpecialCodeIndex::VINTR,
        };
        raw.special_codes[off] = DISABLED;
        raw.special_codes[SpecialCodeIndex::VSUSP] = DISABLED;
        raw.special_codes[SpecialCodeIndex::VMIN] = 1;
        raw.special_codes[SpecialCodeIndex::VTIME] = 0;

        PANIC_HOOK.call_once(|| {
            let previous = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                restore();
                previous(info);
            }));
        });
        if let Ok(mut slot) = SAVED.lock() {
            *slot = Some(saved);
        }
        RAW.store(true, Ordering::Relaxed);
        let terminal = Self(());
        tcsetattr(&stdin, OptionalActions::Drain, &raw).context("can not make the terminal raw")?;
        Ok(terminal)
    }
}

impl Drop for RawTerminal {
    fn drop(&mut self) {
        restore();
    }
}

/// Puts the terminal back as it was, once.
fn restore() {
    let saved = match SAVED.try_lock() {
        Ok(mut slot) => slot.take(),
        Err(_) => None,
    };
    if let Some(saved) = saved {
        // Nothing can be done if the terminal is gone.
        let _ = tcsetattr(io::stdin(), OptionalActions::Drain, &saved);
        RAW.store(false, Ordering::Relaxed);
    }
}

/// Writes lines to standard error, also while the terminal is raw.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reporter;

impl Reporter {
    /// Writes one line. Errors are ignored: there is nowhere to report them.
    pub fn line(self, text: &str) {
        let stderr = io::stderr();
        let end = if RAW.load(Ordering::Relaxed) && stderr.is_terminal() { "\r\n" } else { "\n" };
        let _ = stderr.lock().write_all(format!("{text}{end}").as_bytes());
    }
}
