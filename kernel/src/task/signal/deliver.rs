//! What signals do on the way back to the program.
//!
//! First every pending signal that needs no handler is dealt with; the first one with a handler
//! gets its frame, and the program goes on there. A call that a signal ended early is made
//! again, or fails with `EINTR`, as its error says:
//!
//! | error                    | no handler ran            | handler ran                      |
//! |--------------------------|---------------------------|----------------------------------|
//! | `ERESTARTNOINTR`         | again                     | again                            |
//! | `ERESTARTSYS`            | again                     | again with `SA_RESTART`, or EINTR |
//! | `ERESTARTNOHAND`         | again                     | `EINTR`                          |
//! | `ERESTART_RESTARTBLOCK`  | `restart_syscall`         | `EINTR`                          |

use elfin_platform::arch::UserFrame;
use elfin_syscalls::{Arch, Entry, Errno, SysResult, decode, encode};

use super::action::{Action, SigFlags};
use super::info::Info;
use super::mask::{dequeue, update_wanted};
use super::set::{DefaultAction, SIGSEGV, SigSet, Signal};
use super::{fatal, frame, send, stop};
use crate::task::thread::{Thread, current};
use crate::task::{core_dump, exit, ptrace, rseq};

/// Deals with the running thread's signals before it goes on in the program at `frame`.
pub fn deliver(frame: &mut UserFrame) {
    let me = current();
    let mut ended_early = early_end(frame);
    loop {
        if me.process.must_end(me.tid) {
            exit::exit_thread();
        }
        if !me.trace.is_on() {
            stop::wait_while_stopped(&me);
        } else if report(&me, frame, &mut ended_early) {
            continue;
        }
        let Some(mut info) = dequeue(&me, !me.signals.blocked()) else { break };
        if me.trace.is_on() {
            let wanted = me.with_arc(|me| ptrace::signal_stop(me, frame, info));
            ended_early = ended_early.and_then(|_| early_end(frame));
            match wanted {
                Some(wanted) => {
                    me.process.signals.stop.note_taken(wanted.signal);
                    info = wanted;
                }
                None => continue,
            }
        }
        let action = action(&me, info.signal);
        match action.handler() {
            Some(handler) => {
                if let Some(error) = ended_early.take() {
                    let again = match error {
                        Errno::ERESTARTNOINTR => true,
                        Errno::ERESTARTSYS => action.flags().contains(SigFlags::RESTART),
                        _ => false,
                    };
                    resolve(frame, again.then(|| frame.syscall_nr()));
                }
                frame.forget_syscall();
                run_handler(&me, frame, &info, &action, handler);
                // Another signal may interrupt the handler at its first instruction.
            }
            None if action.is_default() => default_action(&me, frame, &info),
            None => {}
        }
    }
    if let Some(error) = ended_early {
        let number = match error {
            Errno::ERESTART_RESTARTBLOCK => restart_number(),
            _ => Some(frame.syscall_nr()),
        };
        resolve(frame, number);
    }
    frame.forget_syscall();
    let saved = me.signals.saved_mask.lock().take();
    if let Some(mask) = saved {
        super::mask::set_blocked(mask);
    }
    update_wanted(&me);
}

/// The error of a call that asks to be made again.
fn early_end(frame: &UserFrame) -> Option<Errno> {
    if !frame.in_syscall() {
        return None;
    }
    decode(frame.return_value()).err().filter(|error| {
        matches!(
            *error,
            Errno::ERESTARTSYS
                | Errno::ERESTARTNOINTR
                | Errno::ERESTARTNOHAND
                | Errno::ERESTART_RESTARTBLOCK
        )
    })
}

/// Has the call made again as `number`, or fail with `EINTR`.
fn resolve(frame: &mut UserFrame, number: Option<usize>) {
    match number {
        Some(number) => frame.restart_syscall(number),
        None => frame.set_return(encode(Err(Errno::EINTR))),
    }
}

fn restart_number() -> Option<usize> {
    Entry::by_name("restart_syscall")?.number(Arch::NATIVE)
}

/// Tells the tracer what it wants to know before any signal; says whether the thread has been
/// stopped, so that all is to be looked at anew.
fn report(me: &Thread, frame: &mut UserFrame, ended_early: &mut Option<Errno>) -> bool {
    let stopped = me.process.signals.is_stopped() && !me.trace.passes_stop();
    if !stopped && !me.trace.wants_report() {
        return false;
    }
    ptrace::on_way_back(me, frame);
    if stopped && !ptrace::group_stop(me, frame) {
        stop::wait_while_stopped(me);
    }
    *ended_early = ended_early.and_then(|_| early_end(frame));
    true
}

/// What is to be done about a signal. An action that is for one time only is reset.
fn action(me: &Thread, signal: Signal) -> Action {
    me.process.signals.with_actions(|actions| {
        let action = actions.get(signal);
        if action.handler().is_some() && action.flags().contains(SigFlags::RESETHAND) {
            actions.set(signal, Action::DEFAULT);
        }
        action
    })
}

fn default_action(me: &Thread, frame: &UserFrame, info: &Info) {
    match info.signal.default_action() {
        DefaultAction::Ignore => {}
        DefaultAction::Stop => stop::stop(me, info.signal),
        DefaultAction::Terminate => {
            if me.process.begin_exit(info.signal.number()) {
                fatal::report(me, frame, info, false);
            }
            exit::exit_process();
        }
        DefaultAction::Core => {
            if core_dump::dump(me, frame, info, info.signal.number()) {
                fatal::report(me, frame, info, true);
            }
            exit::exit_process();
        }
    }
}

fn run_handler(me: &Thread, frame: &mut UserFrame, info: &Info, action: &Action, handler: usize) {
    rseq::interrupted(me, frame);
    if me.trace.is_on() {
        // A step that a tracer asked for is not the program's own.
        frame.set_single_step(false);
    }
    let blocked = me.signals.blocked();
    let saved = me.signals.saved_mask.lock().take();
    let made = frame::push(me, frame, info, action, handler, saved.unwrap_or(blocked));
    if made.is_err() {
        frame_fault(me, info.signal);
        return;
    }
    let mut mask = blocked | SigSet(action.0.mask);
    if !action.flags().contains(SigFlags::NODEFER) {
        mask = mask.with(info.signal);
    }
    super::mask::set_blocked(mask);
    if me.trace.is_on() {
        ptrace::handler_step(me, frame);
    }
}

/// A handler's frame could not be written: the program gets `SIGSEGV`, and is ended if it was
/// that signal's.
fn frame_fault(me: &Thread, signal: Signal) {
    if signal == SIGSEGV {
        me.process.signals.with_actions(|actions| actions.set(signal, Action::DEFAULT));
    }
    send::force(unusable_frame());
}

fn unusable_frame() -> Info {
    let mut info = Info::kernel(SIGSEGV);
    info.fields[1] = fatal::UNUSABLE_FRAME;
    info
}

/// `rt_sigreturn`: takes down the frame on which the program's stack pointer stands, and gives
/// the value that the result register is to have. A frame that cannot be is answered with
/// `SIGSEGV`.
///
/// # Errors
/// None that the program sees.
pub fn sigreturn(frame: &mut UserFrame) -> SysResult {
    let me = current();
    match frame::pop(&me, frame) {
        Ok(mask) => {
            super::mask::set_blocked(mask);
        }
        Err(_) => send::force(unusable_frame()),
    }
    frame.forget_syscall();
    decode(frame.return_value())
}
