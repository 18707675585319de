//! Names of flags, codes and signals.

use core::fmt;

use crate::args::Names;

/// The signals from 1 to 31, without `SIG`.
const SIGNALS: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
    "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
    "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
];

/// The first real-time signal.
const FIRST_REALTIME: u32 = 32;

/// The name of a signal without `SIG` (`"SEGV"`); `None` for real-time signals and for numbers
/// that are no signal's.
#[must_use]
pub fn signal_name(signal: u32) -> Option<&'static str> {
    let index = usize::try_from(signal.checked_sub(1)?).ok()?;
    SIGNALS.get(index).copied()
}

/// Writes a signal: `SIGINT`, `SIGRT_3`, or the number.
pub(super) fn write_signal(f: &mut fmt::Formatter<'_>, signal: u32) -> fmt::Result {
    match signal_name(signal) {
        Some(name) => write!(f, "SIG{name}"),
        None if (FIRST_REALTIME..=64).contains(&signal) => {
            write!(f, "SIGRT_{}", signal.saturating_sub(FIRST_REALTIME))
        }
        None => write!(f, "{}", signal.cast_signed()),
    }
}

/// Writes a set of signals: `[INT CHLD]`, or `~[KILL STOP]` where most are in it.
pub(super) fn write_sigset(f: &mut fmt::Formatter<'_>, set: u64) -> fmt::Result {
    let most = set.count_ones() > 32;
    let shown = if most { !set } else { set };
    f.write_str(if most { "~[" } else { "[" })?;
    let mut first = true;
    for signal in (1..=64u32).filter(|signal| shown & crate::abi::sigmask(*signal) != 0) {
        if !first {
            f.write_str(" ")?;
        }
        first = false;
        match signal_name(signal) {
            Some(name) => f.write_str(name)?,
            None => write!(f, "RT_{}", signal.saturating_sub(FIRST_REALTIME))?,
        }
    }
    f.write_str("]")
}

/// What stands for the empty set.
fn empty_name(names: &Names) -> &'static str {
    match (names.prefix, names.iter().next()) {
        ("PROT_", _) => "PROT_NONE",
        ("", Some(("X_OK", _))) => "F_OK",
        _ => "0",
    }
}

/// Writes flags by name, joined by `|`; bits without a name as one number.
///
/// # Errors
/// Those of the formatter.
pub fn write_flags(f: &mut dyn fmt::Write, names: &Names, bits: u64) -> fmt::Result {
    if bits == 0 {
        return f.write_str(empty_name(names));
    }
    write_more_flags(f, names, bits, true)
}

/// Writes the flags in `bits`, each after a `|` unless it is the first.
pub(super) fn write_more_flags(
    f: &mut dyn fmt::Write,
    names: &Names,
    bits: u64,
    mut first: bool,
) -> fmt::Result {
    let mut rest = bits;
    for (name, value) in names.iter().filter(|entry| entry.1 != 0) {
        if rest & value == value {
            rest &= !value;
            if !first {
                f.write_str("|")?;
            }
            first = false;
            f.write_str(names.prefix)?;
            f.write_str(name)?;
        }
    }
    if rest != 0 {
        f.write_str(if first { "" } else { "|" })?;
        write!(f, "{rest:#x}")?;
    }
    Ok(())
}

/// Writes a mode as C would: `0644`.
pub(super) fn write_octal(f: &mut dyn fmt::Write, mode: u32) -> fmt::Result {
    if mode == 0 { f.write_str("0") } else { write!(f, "0{mode:o}") }
}

/// The name of a code.
pub(super) fn code_name(names: &Names, code: u64) -> Option<&'static str> {
    names.iter().find(|entry| entry.1 == code).map(|entry| entry.0)
}

/// Writes a code by name, or as a number.
pub(super) fn write_code(f: &mut fmt::Formatter<'_>, names: &Names, code: u64) -> fmt::Result {
    match code_name(names, code) {
        Some(name) => write!(f, "{}{name}", names.prefix),
        None => write!(f, "{code:#x}"),
    }
}
