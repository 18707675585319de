//! Signals: sending, queueing, and what they do on the way back to the program.
//!
//! [`set`] knows the signals and their default actions, [`queue`] keeps pending ones, [`action`]
//! what the program wants of each, [`state`] is a thread's and a process's part. [`send`] brings
//! a signal to a process or thread, [`mask`] changes what is blocked and takes pending ones out,
//! [`deliver`] runs on the way back to the program, [`frame`] builds and takes down the handler's
//! stack frame, [`stack`] is `sigaltstack`, [`fault`] turns exceptions into signals, [`fatal`]
//! tells of a program's end.
//!
//! The first process is an ordinary one here: signals end it as they would any program, although
//! Linux protects its init from those without a handler. Whoever stops a machine by `SIGTERM`
//! expects the program in it to stop.

mod action;
mod deliver;
mod fatal;
mod fault;
#[cfg_attr(all(target_os = "none", target_arch = "x86_64"), path = "frame_x86_64.rs")]
#[cfg_attr(not(target_os = "none"), path = "frame_host.rs")]
mod frame;
mod info;
mod mask;
mod queue;
mod send;
mod set;
mod stack;
mod state;
mod stop;

pub use action::{Action, Actions, SigFlags};
pub use deliver::{deliver, sigreturn};
pub use fault::{kernel_page_fault, kill, user_exception, user_page_fault};
pub use info::{Info, code};
pub use mask::{dequeue, pending, restore_mask_later, set_action, set_blocked, with_mask};
pub use send::{
    discard_timer, force, has_timer, may_signal, raise, send_by_timer, send_to_group,
    send_to_process, send_to_thread,
};
pub(super) use send::{pass_on, rouse};
pub use set::{
    SIGABRT, SIGALRM, SIGBUS, SIGCHLD, SIGCONT, SIGFPE, SIGHUP, SIGILL, SIGINT, SIGIO, SIGKILL,
    SIGPIPE, SIGPROF, SIGQUIT, SIGSEGV, SIGSTOP, SIGSYS, SIGTERM, SIGTRAP, SIGTSTP, SIGTTIN,
    SIGTTOU, SIGURG, SIGVTALRM, SIGWINCH, SIGXCPU, SIGXFSZ, SigSet, Signal,
};
pub use stack::{AltStack, MINSIGSTKSZ};
pub use state::{ProcessSignals, SharedActions, ThreadSignals};
pub(super) use stop::{resume_to_exit, tell_if_all_halted};
