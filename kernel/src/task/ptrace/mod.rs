//! Looking into other processes (`ptrace(2)`).
//!
//! A thread that is traced has a [`Trace`] with its tracer. Where something happens that the
//! tracer wants to know of, the thread stops by itself ([`stop`]): it leaves its registers in the
//! trace, tells the tracer, and sleeps until that lets it go on. Nobody else ever touches a
//! thread that runs.
//!
//! * [`access`] says who may look into whom.
//! * [`state`] is [`Trace`], and the tracer's part: [`Tracees`].
//! * [`attach`] begins and ends the tracing, by hand or with new threads.
//! * [`stop`] are the stops: at signals, system calls, steps and events.
//! * [`wait`] is what the tracer's `wait4` learns of it.
//!
//! Threads that are not traced pay nothing: those that are have a table of system calls of their
//! own, and look at their trace on the way back to the program, where signals are looked at.
//! Neighbour: `sys/ptrace.rs` has the requests.

mod access;
mod attach;
mod state;
mod stop;
mod wait;

pub use access::{Access, may_access};
pub use attach::{
    attach, detach, interrupt, let_go_of_all, let_go_of_ended, on_clone, on_exec, seize, trace_me,
};
pub use state::{Event, Options, Resume, Stop, Trace, Tracees};
pub use stop::{
    call_entry, call_exit, clone_event, exit_event, group_stop, handler_step, listen, on_way_back,
    resume, signal_stop, vfork_done_event,
};
pub use wait::look;
