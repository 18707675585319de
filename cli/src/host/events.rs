//! The lines a machine writes to its event port, as docs/src/host-protocol.md defines them.

use std::fmt;
use std::io::{self, BufRead};

/// Longest line; what is longer is cut.
const LINE_MAX: u64 = 4096;

/// One line of the event channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The kernel runs.
    Boot,
    /// The program's first instruction is next.
    User,
    /// The network has this address.
    Net(String),
    /// Memory at the end.
    Memory(MemoryReport),
    /// Counters at the end, as they came.
    Counters(String),
    /// A traced system call.
    Strace(String),
    /// The kernel gave up.
    Panic(String),
    /// The program ended with this status.
    Exit(u8),
    /// Something else.
    Unknown(String),
}

/// Bytes of memory, as the kernel saw them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryReport {
    /// All that the kernel manages.
    pub total: u64,
    /// Free at the end.
    pub free: u64,
    /// The most that was in use.
    pub used_peak: u64,
}

impl fmt::Display for MemoryReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kib = |bytes: u64| bytes.div_ceil(1024);
        let (total, free, peak) = (kib(self.total), kib(self.free), kib(self.used_peak));
        write!(f, "{total} KiB total, {free} KiB free at the end, {peak} KiB used at most")
    }
}

/// Reads one line of `text` (without its line feed).
pub fn parse_event(text: &str) -> Event {
    let unknown = || Event::Unknown(text.to_owned());
    if let Some(trace) = text.strip_prefix("elfin-strace: ") {
        return Event::Strace(trace.to_owned());
    }
    if let Some(status) = text.strip_prefix("elfin-exit: ") {
        return status.trim().parse().map_or_else(|_| unknown(), Event::Exit);
    }
    if let Some(reason) = text.strip_prefix("elfin-panic: ") {
        return Event::Panic(reason.to_owned());
    }
    let Some(event) = text.strip_prefix("elfin-event: ") else { return unknown() };
    let (name, rest) = event.split_once(' ').unwrap_or((event, ""));
    match name {
        "boot" => Event::Boot,
        "user" => Event::User,
        "net" => Event::Net(rest.to_owned()),
        "memory" => parse_memory(rest).map_or_else(unknown, Event::Memory),
        "counters" => Event::Counters(rest.to_owned()),
        _ => unknown(),
    }
}

fn parse_memory(text: &str) -> Option<MemoryReport> {
    let mut report = MemoryReport::default();
    for field in text.split_ascii_whitespace() {
        let (name, value) = field.split_once('=')?;
        let value = value.parse().ok()?;
        match name {
            "total" => report.total = value,
            "free" => report.free = value,
            "used_peak" => report.used_peak = value,
            _ => {}
        }
    }
    Some(report)
}

/// Calls `on_line` for each line of `input` until it ends. Long lines are cut, bytes that are not
/// UTF-8 replaced.
pub fn read_lines(mut input: impl BufRead, mut on_line: impl FnMut(&str)) -> io::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let count = io::Read::take(&mut input, LINE_MAX).read_until(b'\n', &mut line)?;
        if count == 0 {
            return Ok(());
        }
        while line.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
            line.pop();
        }
        on_line(&String::from_utf8_lossy(&line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_events() {
        assert_eq!(parse_event("elfin-event: boot"), Event::Boot);
        assert_eq!(parse_event("elfin-event: user 12"), Event::User);
        assert_eq!(parse_event("elfin-exit: 255"), Event::Exit(255));
        assert_eq!(parse_event("elfin-panic: no memory"), Event::Panic("no memory".into()));
        assert_eq!(parse_event("elfin-strace: read(0)"), Event::Strace("read(0)".into()));
        assert_eq!(
            parse_event("elfin-event: memory total=10 free=4 used_peak=8 more=1"),
            Event::Memory(MemoryReport { total: 10, free: 4, used_peak: 8 })
        );
        for odd in ["elfin-exit: 256", "elfin-exit: ", "elfin-event: memory total=x", "hello", ""] {
            assert_eq!(parse_event(odd), Event::Unknown(odd.into()));
        }
    }

    #[test]
    fn lines_are_bounded() {
        let long = "x".repeat(10_000);
        let mut lines = Vec::new();
        let text = format!("a\r\n{long}\nlast");
        read_lines(text.as_bytes(), |line| lines.push(line.to_owned())).unwrap();
        assert_eq!(lines.first().map(String::as_str), Some("a"));
        assert_eq!(lines.last().map(String::as_str), Some("last"));
        assert!(lines.iter().all(|line| line.len() <= 4096));
    }
}
