//! The stops of a traced thread. All are made by the thread itself.
//!
//! | stop | code in the wait status | when |
//! |---|---|---|
//! | signal | the signal | a signal is about to be handled, ignored, or to end the program |
//! | group | its signal; with `EVENT_STOP` if seized | a signal has stopped the whole process |
//! | call | `SIGTRAP`, with bit 7 by `SYSGOOD` | at the beginning and the end of a system call |
//! | event | `SIGTRAP` and the event | clone, exec, exit, `PTRACE_INTERRUPT` |

use elfin_platform::arch::UserFrame;
use elfin_syscalls::{Errno, encode};

use super::state::{Event, Options, Resume, Stop};
use crate::task::poll::PollEvents;
use crate::task::registers::Registers;
use crate::task::signal::{self, Info, SIGCHLD, SIGKILL, SIGTRAP, SigFlags, Signal, code};
use crate::task::thread::{Thread, ThreadRef, current};

/// In the code of a stop at a system call, with [`Options::SYSGOOD`].
const SYSGOOD_BIT: u32 = 0x80;
/// Where the event is in a code.
const EVENT_SHIFT: u32 = 8;

fn event_code(event: Event, signal: Signal) -> u32 {
    (event as u32) << EVENT_SHIFT | signal.number()
}

/// What to stop with.
struct About {
    code: u32,
    info: Option<Info>,
    message: u64,
    call: Option<bool>,
    /// The thread ends, so that its end does not end the stop.
    ends: bool,
}

impl About {
    /// A stop that is no signal's: its description is made up.
    fn own(me: &Thread, code: u32, message: u64) -> Self {
        let (pid, uid) = (me.process.pid, me.cred().uid);
        let info = Info::from_process(SIGTRAP, code.cast_signed(), pid, uid);
        Self { code, info: Some(info), message, call: None, ends: false }
    }
}

/// Stops the running thread until its tracer lets it go on; the signal that the tracer gives it,
/// and how that describes it. `None` when it is not traced any more, or ends.
fn stop(me: &Thread, frame: &mut UserFrame, about: About) -> Option<(u32, Option<Info>)> {
    let tracer = me.trace.tracer()?;
    if me.trace.lock().resume == Resume::Step {
        frame.set_single_step(false);
    }
    let registers = Registers::save(frame);
    {
        let mut inner = me.trace.lock();
        inner.listens = false;
        inner.stop = Some(Stop {
            code: about.code,
            info: about.info,
            message: about.message,
            registers,
            call: about.call,
            mask: None,
            waited: false,
            resumed: None,
        });
    }
    tell(me, &tracer, about.code);
    let may_go_on = || {
        let inner = me.trace.lock();
        let released = inner.listens && (inner.interrupt || !me.process.signals.is_stopped());
        let resumed = inner.stop.as_ref().is_none_or(|stop| stop.resumed.is_some());
        (resumed || released).then_some(())
    };
    let resumed = if about.ends {
        me.trace.resumed.wait_uninterruptible(may_go_on);
        Ok(())
    } else {
        me.trace.resumed.wait_killable(may_go_on)
    };
    let (stop, steps) = {
        let mut inner = me.trace.lock();
        (inner.stop.take(), inner.resume == Resume::Step)
    };
    let stop = stop?;
    stop.registers.restore(frame);
    if steps && me.trace.is_on() {
        frame.set_single_step(true);
    }
    if let Some(mask) = stop.mask {
        signal::set_blocked(mask);
    }
    resumed.ok()?;
    Some((stop.resumed.unwrap_or(0), stop.info))
}

/// Tells the tracer of a stop.
fn tell(me: &Thread, tracer: &crate::task::Process, code: u32) {
    let action = tracer.signals.action(SIGCHLD);
    if !action.is_ignored() && !action.flags().contains(SigFlags::NOCLDSTOP) {
        let value = code.cast_signed();
        let uid = me.cred().uid;
        let info = Info::child(SIGCHLD, code::CLD_TRAPPED, me.tid, uid, value);
        // A standard signal always finds room.
        let _sent = signal::send_to_process(tracer, info);
    }
    tracer.child_events.wake_all(PollEvents::empty());
}

/// The signal of `info` is about to do what it does: the tracer may change it, or take it away.
/// `None` if there is nothing to be done.
pub fn signal_stop(me: &ThreadRef, frame: &mut UserFrame, info: Info) -> Option<Info> {
    if info.signal == SIGKILL {
        return Some(info);
    }
    let code = info.signal.number();
    let about = About { code, info: Some(info), message: 0, call: None, ends: false };
    let Some((number, described)) = stop(me, frame, about) else {
        // Whoever lost its tracer handles the signal by itself.
        return if me.process.must_end(me.tid) { None } else { Some(info) };
    };
    let signal = Signal::from_number(number)?;
    let mut info = described.unwrap_or(info);
    if info.signal != signal {
        let (pid, uid) = me.trace.tracer().map_or((0, 0), |tracer| (tracer.pid, 0));
        info = Info::from_process(signal, code::USER, pid, uid);
    }
    if me.signals.blocked().has(signal) && signal != SIGKILL {
        // It waits until it is not blocked any more.
        let _sent = signal::send_to_thread(me, info);
        return None;
    }
    Some(info)
}

/// What is to be reported before the thread goes on in the program.
pub fn on_way_back(me: &Thread, frame: &mut UserFrame) {
    let execed = me.trace.lock().execed.take();
    if let Some(by) = execed {
        report_exec(me, frame, by);
    }
    let interrupted = {
        let mut inner = me.trace.lock();
        let stopped = me.process.signals.is_stopped();
        core::mem::take(&mut inner.interrupt) && !stopped
    };
    if interrupted {
        let about = About::own(me, event_code(Event::Stop, SIGTRAP), 0);
        stop(me, frame, about);
    }
}

fn report_exec(me: &Thread, frame: &mut UserFrame, by: u32) {
    let (options, seized) = {
        let inner = me.trace.lock();
        (inner.options, inner.seized)
    };
    if options.contains(Options::EXEC) {
        let about = About::own(me, event_code(Event::Exec, SIGTRAP), by.into());
        stop(me, frame, about);
    }
    let resume = me.trace.lock().resume;
    if resume == Resume::Call {
        call_stop(me, frame, false);
    }
    if !options.contains(Options::EXEC) && !seized {
        let info = Info::from_process(SIGTRAP, code::USER, me.process.pid, me.cred().uid);
        let me = current();
        me.with_arc(|me| _ = signal::send_to_thread(me, info));
    }
}

/// The process has been stopped by `signal`: the thread stops for its tracer instead. Gives
/// `false` if it is to wait like one that is not traced.
pub fn group_stop(me: &Thread, frame: &mut UserFrame) -> bool {
    loop {
        if !me.process.signals.is_stopped() {
            let mut inner = me.trace.lock();
            inner.passed_stop = false;
            return true;
        }
        if !me.trace.is_on() {
            return false;
        }
        let seized = {
            let inner = me.trace.lock();
            if inner.passed_stop {
                return true;
            }
            inner.seized
        };
        let signal = me.process.signals.stop_signal();
        let code = if seized { event_code(Event::Stop, signal) } else { signal.number() };
        let about = About { info: None, ..About::own(me, code, 0) };
        if stop(me, frame, about).is_none() {
            return !me.process.signals.is_stopped() || me.process.must_end(me.tid);
        }
        let mut inner = me.trace.lock();
        if !core::mem::take(&mut inner.listens) {
            inner.passed_stop = true;
            return true;
        }
        inner.interrupt = false;
        drop(inner);
        if !me.process.signals.is_stopped() {
            let about = About::own(me, event_code(Event::Stop, SIGTRAP), 0);
            stop(me, frame, about);
        }
    }
}

fn call_stop(me: &Thread, frame: &mut UserFrame, begins: bool) -> Option<(u32, Option<Info>)> {
    let good = me.trace.lock().options.contains(Options::SYSGOOD);
    let code = SIGTRAP.number() | if good { SYSGOOD_BIT } else { 0 };
    let message = if begins { 1 } else { 2 };
    let about = About { call: Some(begins), ..About::own(me, code, message) };
    let result = stop(me, frame, about)?;
    if let Some(signal) = Signal::from_number(result.0) {
        // What the tracer gives at a call comes as if it were sent.
        let info = Info::from_process(signal, code::USER, me.process.pid, me.cred().uid);
        let me = current();
        me.with_arc(|me| _ = signal::send_to_thread(me, info));
    }
    Some(result)
}

/// A system call begins: `false` if it is not to be made.
pub fn call_entry(me: &Thread, frame: &mut UserFrame) -> bool {
    if !me.trace.is_on() {
        return true;
    }
    let resume = me.trace.lock().resume;
    if !matches!(resume, Resume::Call | Resume::Emulate) {
        return true;
    }
    frame.set_return(encode(Err(Errno::ENOSYS)));
    call_stop(me, frame, true);
    resume != Resume::Emulate && frame.in_syscall() && !me.process.must_end(me.tid)
}

/// A system call has ended, with its result in `frame`.
pub fn call_exit(me: &Thread, frame: &mut UserFrame) {
    if !me.trace.is_on() {
        return;
    }
    let resume = me.trace.lock().resume;
    match resume {
        Resume::Call => {
            call_stop(me, frame, false);
        }
        Resume::Step => {
            frame.set_single_step(false);
            signal::force(Info::fault(SIGTRAP, code::TRAP_BRKPT, frame.ip()));
        }
        Resume::Continue | Resume::Emulate => {}
    }
}

/// The handler of a signal is about to run its first instruction: that is a step, too.
pub fn handler_step(me: &Thread, frame: &mut UserFrame) {
    let steps = me.trace.is_on() && me.trace.lock().resume == Resume::Step;
    if steps {
        stop(me, frame, About::own(me, SIGTRAP.number(), 0));
    }
}

/// A thread or process was made, with the id `child`.
pub fn clone_event(me: &Thread, frame: &mut UserFrame, event: Event, child: u32) {
    stop(me, frame, About::own(me, event_code(event, SIGTRAP), child.into()));
}

/// The child of a `vfork` has let go of the memory.
pub fn vfork_done_event(me: &Thread, frame: &mut UserFrame, child: u32) {
    if me.trace.is_on() && me.trace.lock().options.contains(Options::VFORK_DONE) {
        clone_event(me, frame, Event::VforkDone, child);
    }
}

/// The thread is about to end, with the wait status `status`.
pub fn exit_event(me: &Thread, status: u32) {
    if !me.trace.is_on() || !me.trace.lock().options.contains(Options::EXIT) {
        return;
    }
    let killed = status == SIGKILL.number();
    let mut frame = current().user_frame();
    let about = About::own(me, event_code(Event::Exit, SIGTRAP), status.into());
    stop(me, &mut frame, About { ends: !killed, ..about });
}

/// Lets a stopped thread go on.
///
/// # Errors
/// `ESRCH` if it is not stopped.
pub fn resume(target: &ThreadRef, how: Resume, signal: u32) -> Result<(), Errno> {
    {
        let mut inner = target.trace.lock();
        let inner = &mut *inner;
        let stop = inner.stop.as_mut().ok_or(Errno::ESRCH)?;
        stop.resumed = Some(signal);
        inner.listens = false;
        inner.resume = how;
    }
    target.trace.resumed.wake_all(PollEvents::empty());
    Ok(())
}

/// `PTRACE_LISTEN`: the thread stays stopped, and reports when its process goes on.
///
/// # Errors
/// `EIO` if it is in no such stop.
pub fn listen(target: &ThreadRef) -> Result<(), Errno> {
    {
        let mut inner = target.trace.lock();
        let is_group =
            inner.stop.as_ref().is_some_and(|stop| stop.code >> EVENT_SHIFT == Event::Stop as u32);
        if !inner.seized || !is_group {
            return Err(Errno::EIO);
        }
        inner.listens = true;
        if let Some(stop) = &mut inner.stop {
            stop.waited = true;
        }
    }
    target.trace.resumed.wake_all(PollEvents::empty());
    Ok(())
}
