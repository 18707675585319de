//! Runs one machine from start to end: spawns QEMU on a leash, carries console and events, obeys
//! signals and the time limit, and always leaves with QEMU gone and the terminal as it was.
//!
//! Threads: `output` and `input` carry the console, `events` reads the event channel, `complaints` QEMU's
//! standard error, `signals` waits for signals. They tell the main thread by [`Message`]; it alone ends QEMU.

use std::convert::Infallible;
use std::ffi::OsString;
use std::io::BufReader;
use std::os::fd::{AsRawFd, OwnedFd};
use std::process::{Child, ChildStderr, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;

use super::console::{HostInput, carried_input, carry_input, carry_output};
use super::events::{Event, parse_event, read_lines};
use super::leash::leashed;
use super::outcome::{Outcome, Stop};
use super::terminal::{RawTerminal, Reporter};
use crate::args::CtrlC;

/// How long QEMU may take to end after its output has ended, or after SIGKILL.
const END_GRACE: Duration = Duration::from_secs(5);
/// How long QEMU may take to obey SIGTERM before it is killed.
const TERM_GRACE: Duration = Duration::from_secs(1);
/// How long to wait for the rest of the event channel after QEMU has ended.
const DRAIN_GRACE: Duration = Duration::from_secs(1);
/// How often an ending QEMU is looked at.
const POLL: Duration = Duration::from_millis(2);
/// How much of QEMU's standard error is kept.
const COMPLAINTS_MAX: usize = 8 << 10;
/// How many messages may wait for the main thread.
const MESSAGES_MAX: usize = 256;

/// What the threads tell the main thread.
#[derive(Debug)]
pub enum Message {
    /// The machine's output has ended.
    OutputEnd,
    /// Our own output takes no more.
    OutputRefused,
    /// A line of the event channel.
    Event(Instant, Event),
    /// The event channel has ended.
    EventsEnd,
    /// What QEMU said on its standard error.
    Complaints(String),
    /// We got a signal.
    Signal(i32),
}

/// The pipe on which QEMU writes the event channel.
#[derive(Debug)]
pub struct EventPipe {
    reader: OwnedFd,
    writer: OwnedFd,
}

impl EventPipe {
    /// Makes the pipe; QEMU inherits the writing end.
    pub fn new() -> Result<Self> {
        let (reader, writer) = rustix::pipe::pipe().context("can not make a pipe")?;
        rustix::io::fcntl_setfd(&reader, rustix::io::FdFlags::CLOEXEC)?;
        Ok(Self { reader, writer })
    }

    /// The path under which QEMU finds the writing end.
    pub fn path(&self) -> String {
        format!("/proc/self/fd/{}", self.writer.as_raw_fd())
    }
}

/// How to treat a machine.
#[derive(Debug)]
pub struct MachineOptions {
    /// What the guest's input is.
    pub input: HostInput,
    /// Who gets Ctrl-C.
    pub ctrl_c: CtrlC,
    /// The machine's time limit.
    pub timeout: Option<Duration>,
    /// Show what QEMU and the kernel say on the side.
    pub verbose: bool,
}

/// Runs `qemu` with `args` until it ends or has to. Blocks; QEMU is gone when it returns.
///
/// # Errors
/// When QEMU could not be started or the terminal not be prepared.
pub fn run_machine(
    qemu: &std::ffi::OsStr,
    args: &[OsString],
    events: EventPipe,
    options: &MachineOptions,
) -> Result<Outcome> {
    let (sender, receiver) = mpsc::sync_channel(MESSAGES_MAX);
    watch_signals(sender.clone())?;
    let terminal = match options.input {
        HostInput::Tty => Some(RawTerminal::enter(options.ctrl_c)?),
        _ => None,
    };

    let started = Instant::now();
    let mut command = leashed(qemu);
    command
        .args(args)
        .stdin(carried_input(options.input))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command
        .spawn()
        .map(Leashed)
        .with_context(|| format!("can not start '{}'", qemu.to_string_lossy()))?;
    drop(events.writer);

    let process = &mut child.0;
    carry_output(process.stdout.take().context("no output")?, sender.clone())?;
    let (hold_input, may_begin) = mpsc::channel();
    if let Some(stdin) = process.stdin.take() {
        carry_input(options.input, stdin, may_begin)?;
    }
    let complaints = process.stderr.take().context("no standard error")?;
    carry_complaints(complaints, options.verbose, sender.clone())?;
    carry_events(events.reader, sender)?;

    let mut watch = Watch::new(receiver, options.verbose, started, hold_input);
    let deadline = options.timeout.and_then(|limit| started.checked_add(limit));
    watch.outcome.stop = watch.wait_for_end(deadline);
    watch.outcome.qemu = child.end(watch.outcome.stop.is_some());
    watch.outcome.ended = Some(Instant::now());
    watch.drain();
    drop(terminal);
    Ok(watch.outcome)
}

/// Listens to the threads and writes down what they tell.
struct Watch {
    receiver: Receiver<Message>,
    verbose: bool,
    /// The event channel has not ended.
    events_open: bool,
    /// QEMU's standard error has not ended.
    complaints_open: bool,
    /// Holds the input back until it is dropped: a byte that comes before the kernel has set its
    /// serial port up may be lost.
    hold_input: Option<Sender<Infallible>>,
    outcome: Outcome,
}

impl Watch {
    fn new(
        receiver: Receiver<Message>,
        verbose: bool,
        started: Instant,
        hold_input: Sender<Infallible>,
    ) -> Self {
        let outcome = Outcome { started: Some(started), ..Outcome::default() };
        let hold_input = Some(hold_input);
        Self { receiver, verbose, events_open: true, complaints_open: true, hold_input, outcome }
    }

    /// Waits until the machine has ended by itself (`None`) or must be ended.
    fn wait_for_end(&mut self, deadline: Option<Instant>) -> Option<Stop> {
        loop {
            let message = match deadline {
                None => self.receiver.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(deadline) => {
                    self.receiver.recv_timeout(deadline.saturating_duration_since(Instant::now()))
                }
            };
            match message {
                Ok(Message::OutputEnd) | Err(RecvTimeoutError::Disconnected) => return None,
                Ok(Message::OutputRefused) => return Some(Stop::OutputRefused),
                Ok(Message::Signal(signal)) => return Some(Stop::Signal(signal)),
                Ok(message) => self.note(message),
                Err(RecvTimeoutError::Timeout) => return Some(Stop::Timeout),
            }
        }
    }

    /// Takes what the threads still have to tell after QEMU has ended.
    fn drain(&mut self) {
        let deadline = Instant::now() + DRAIN_GRACE;
        while self.events_open || self.complaints_open {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.receiver.recv_timeout(left) {
                Ok(message) => self.note(message),
                Err(_) => return,
            }
        }
    }

    fn note(&mut self, message: Message) {
        match message {
            Message::Event(at, event) => self.note_event(at, event),
            Message::EventsEnd => self.events_open = false,
            Message::Complaints(text) => {
                self.complaints_open = false;
                self.outcome.complaints = text;
            }
            Message::OutputEnd | Message::OutputRefused | Message::Signal(_) => {}
        }
    }

    fn note_event(&mut self, at: Instant, event: Event) {
        let outcome = &mut self.outcome;
        match event {
            Event::Boot => {
                outcome.boot = outcome.boot.or(Some(at));
                self.hold_input = None;
            }
            Event::User => outcome.user = outcome.user.or(Some(at)),
            Event::Net(address) => outcome.net = Some((at, address)),
            Event::Memory(report) => outcome.memory = Some(report),
            Event::Counters(text) => outcome.counters = Some(text),
            Event::Panic(reason) => outcome.panic = outcome.panic.take().or(Some(reason)),
            Event::Exit(status) => outcome.exit = Some(status),
            Event::Strace(text) => Reporter.line(&text),
            Event::Unknown(text) if self.verbose => Reporter.line(&format!("elfin: event: {text}")),
            Event::Unknown(_) => {}
        }
    }
}

/// A child that does not survive this value.
struct Leashed(Child);

impl Leashed {
    /// Waits for the end, which must come soon; asks and then forces it when `now` or when it
    /// does not come.
    fn end(&mut self, now: bool) -> Option<ExitStatus> {
        if !now && let Some(status) = self.wait(END_GRACE) {
            return Some(status);
        }
        let pid = Pid::from_child(&self.0);
        // Not yet waited for, so the pid is still the child's. An error means that it has ended.
        let _ = kill_process(pid, Signal::TERM);
        if let Some(status) = self.wait(TERM_GRACE) {
            return Some(status);
        }
        let _ = self.0.kill();
        self.wait(END_GRACE)
    }

    fn wait(&mut self, limit: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + limit;
        loop {
            match self.0.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if Instant::now() < deadline => thread::sleep(POLL),
                Ok(None) | Err(_) => return None,
            }
        }
    }
}

impl Drop for Leashed {
    fn drop(&mut self) {
        if !matches!(self.0.try_wait(), Ok(Some(_))) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
}

/// Turns the signals that should end the machine into messages; those that whoever started us
/// wants ignored (nohup(1), a shell's background job) stay ignored.
fn watch_signals(messages: SyncSender<Message>) -> Result<()> {
    let ignored = ignored_signals();
    let watched = [SIGINT, SIGTERM, SIGHUP, SIGQUIT].into_iter().filter(|signal| {
        let bit = u32::try_from(*signal - 1).unwrap_or(u32::MAX);
        ignored.checked_shr(bit).unwrap_or(0) & 1 == 0
    });
    let mut signals = Signals::new(watched).context("can not watch for signals")?;
    thread::Builder::new().name("signals".into()).spawn(move || {
        for signal in signals.forever() {
            if messages.send(Message::Signal(signal)).is_err() {
                return;
            }
        }
    })?;
    Ok(())
}

/// The set of ignored signals as proc(5) gives it: bit n−1 is signal n.
fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

fn carry_events(reader: OwnedFd, messages: SyncSender<Message>) -> Result<()> {
    thread::Builder::new().name("events".into()).spawn(move || {
        let reader = BufReader::new(std::fs::File::from(reader));
        // An error is an end like any other; the receiver may be gone.
        let _ = read_lines(reader, |line| {
            let _ = messages.send(Message::Event(Instant::now(), parse_event(line)));
        });
        let _ = messages.send(Message::EventsEnd);
    })?;
    Ok(())
}

fn carry_complaints(stderr: ChildStderr, live: bool, messages: SyncSender<Message>) -> Result<()> {
    thread::Builder::new().name("complaints".into()).spawn(move || {
        let mut kept = String::new();
        let _ = read_lines(BufReader::new(stderr), |line| {
            if live {
                Reporter.line(&format!("qemu: {line}"));
            }
            if kept.len() + line.len() < COMPLAINTS_MAX {
                kept.push_str(line);
                kept.push('\n');
            }
        });
        let _ = messages.send(Message::Complaints(kept));
    })?;
    Ok(())
}
