//! What `--print-timing` and `--stats` show.

use std::time::Instant;

use crate::host::{Outcome, Reporter};

/// Milliseconds with a tenth.
fn milliseconds(from: Instant, to: Instant) -> String {
    let span = to.saturating_duration_since(from);
    format!("{:.1} ms", span.as_secs_f64() * 1000.0)
}

/// One line with the time from the start of QEMU to each event, after what came before QEMU.
pub fn print_timing(begun: Instant, outcome: &Outcome) {
    let Some(started) = outcome.started else { return };
    let mut parts = vec![format!("prepared in {}", milliseconds(begun, started))];
    let steps = [
        ("kernel", outcome.boot),
        ("network", outcome.net.as_ref().map(|(at, _)| *at)),
        ("program", outcome.user),
        ("end", outcome.ended),
    ];
    for (name, at) in steps {
        match at {
            Some(at) => parts.push(format!("{name} after {}", milliseconds(started, at))),
            None if name != "network" => parts.push(format!("{name} never")),
            None => {}
        }
    }
    Reporter.line(&format!("elfin: {}", parts.join(", ")));
}

/// A line for memory and one for counters.
pub fn print_stats(outcome: &Outcome) {
    match &outcome.memory {
        Some(memory) => Reporter.line(&format!("elfin: memory: {memory}")),
        None => Reporter.line("elfin: memory: the kernel told nothing"),
    }
    if let Some(counters) = &outcome.counters {
        Reporter.line(&format!("elfin: counters: {counters}"));
    }
}
