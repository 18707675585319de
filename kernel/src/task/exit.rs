//! The end of threads and processes.
//!
//! A thread that ends lets go of its robust futexes, tells whoever waits for its id to be
//! cleared, and leaves its memory, its descriptors and its process; the last one ends the
//! process. `exit_group` and fatal signals say first that the process ends: every thread of it
//! then ends on its next way back to the program. The end of the first process is the end of the
//! machine.

use core::sync::atomic::Ordering;

use elfin_platform::{task, user};

use super::poll::PollEvents;
use super::process::INIT;
use super::thread::{Thread, current};
use super::{core_dump, futex, ids, itimer, jobs, ptrace, sched, signal, tree};

/// The wait status of a process that exited with `code`.
pub const fn exited(code: i32) -> u32 {
    (code.cast_unsigned() & 0xff) << 8
}

/// The exit status of the machine for a wait status: the code, or 128 and the signal.
pub fn machine_status(wait_status: u32) -> u8 {
    const SIGNAL_MASK: u32 = 0x7f;
    const SIGNAL_BASE: u32 = 128;
    let signal = wait_status & SIGNAL_MASK;
    let status = if signal == 0 { wait_status >> 8 & 0xff } else { SIGNAL_BASE + signal };
    u8::try_from(status).unwrap_or(u8::MAX)
}

/// Ends the running thread's process with exit code `code`.
pub fn exit_group(code: i32) -> ! {
    // If it is ending already, that stays its status.
    current().process.begin_exit(exited(code));
    exit_process()
}

/// Ends all threads of the running thread's process, whose status is set.
pub fn exit_process() -> ! {
    let me = current();
    if me.process.pid == INIT {
        end_machine(&me);
    }
    me.process.for_each_thread(signal::rouse);
    signal::resume_to_exit(&me.process);
    exit_thread()
}

/// Ends the running thread because of its own call of `exit`. A process whose threads all end so
/// has the status of its first.
pub fn exit_alone(code: i32) -> ! {
    let me = current();
    if me.is_leader() {
        me.process.leader_ended(exited(code));
    }
    finish(Some(exited(code)))
}

/// Ends the running thread.
pub fn exit_thread() -> ! {
    finish(None)
}

/// Ends the running thread, with a wait status of its own or its process's.
fn finish(status: Option<u32>) -> ! {
    core_dump::park_if_dumping();
    let me = current();
    let status = me.process.exit_status().or(status).unwrap_or(0);
    ptrace::exit_event(&me, status);
    leave_memory(&me);
    me.files().leave();
    me.process.set_remains(&me);
    let left = me.process.remove_thread(&me);
    me.process.add_thread_usage(&me);
    ptrace::let_go_of_ended(&me, status, left == 0);
    if left == 0 {
        end_process(&me);
    } else {
        tree::thread_left(&me);
        signal::pass_on(&me.process);
        signal::tell_if_all_halted(&me.process);
        // An `execve` of another thread waits for this.
        me.process.thread_events.wake_all(PollEvents::empty());
    }
    ids::unregister_thread(&me);
    sched::exit_current()
}

/// Ends the running thread, whose id and place another one has now (`execve`).
pub(super) fn exit_replaced() -> ! {
    let me = current();
    leave_memory(&me);
    me.files().leave();
    me.process.add_thread_usage(&me);
    ids::unregister_thread(&me);
    sched::exit_current()
}

/// The running thread touches the program's memory no more: what it held there is let go, and
/// the memory itself with its last thread.
fn leave_memory(me: &Thread) {
    futex::release_robust_list(me);
    futex::owner_ends(me);
    clear_tid(me);
    task::set_page_table(None);
    me.mm().leave();
    let vfork = me.vfork.lock().take();
    if let Some(vfork) = vfork {
        vfork.done.store(true, Ordering::SeqCst);
        vfork.queue.wake_all(PollEvents::empty());
    }
}

/// Stores 0 where the thread wanted it and wakes who waits there: `pthread_join`. Where nobody
/// else sees the memory, nobody waits.
fn clear_tid(me: &Thread) {
    let address = me.clear_tid.swap(0, Ordering::Relaxed);
    let is_shared = me.mm().users() > 1;
    if address != 0 && is_shared && user::store_u32(address, 0).is_ok() {
        futex::wake_word(me, address);
    }
}

fn end_process(me: &Thread) {
    let process = &me.process;
    // All threads ended by themselves: no status was set before.
    process.begin_exit(process.own_status());
    crate::fs::locks::release_process(process.pid);
    ptrace::let_go_of_all(process);
    itimer::stop_all(process);
    process.timers.clear();
    crate::ipc::on_exit(process);
    if process.pid == INIT {
        end_machine(me);
    }
    jobs::ended(process);
    tree::leave(me);
}

fn end_machine(me: &Thread) -> ! {
    // As the end of any process: its connections are closed in order.
    me.files().clear();
    crate::net::drain();
    crate::shutdown(machine_status(me.process.exit_status().unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_as_shells_show_them() {
        assert_eq!(machine_status(exited(3)), 3);
        assert_eq!(machine_status(exited(-1)), 255);
        assert_eq!(machine_status(11), 139);
        assert_eq!(machine_status(64), 192);
    }
}
