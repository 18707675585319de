//! The end of threads and processes.
//!
//! A thread that ends lets go of its robust futexes, tells whoever waits for its id to be
//! cleared, and leaves its process; the last one ends the process. `exit_group` and fatal
//! signals say first that the process ends: every thread of it then ends on its next way back to
//! the program. The end of the first process is the end of the machine.

use core::sync::atomic::Ordering;

use elfin_platform::user;

use super::poll::PollEvents;
use super::process::{INIT, Process};
use super::thread::{Thread, current};
use super::{futex, ids, itimer, sched, signal};

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

/// Ends the running thread because of its own call of `exit`.
pub fn exit_alone(code: i32) -> ! {
    let me = current();
    if me.process.thread_count() == 1 {
        me.process.begin_exit(exited(code));
    }
    exit_thread()
}

/// Ends the running thread.
pub fn exit_thread() -> ! {
    let me = current();
    futex::release_robust_list(&me);
    clear_tid(&me);
    let left = me.process.remove_thread(&me);
    me.process.ended_cpu_time.fetch_add(me.cpu_time(), Ordering::Relaxed);
    ids::unregister_thread(&me);
    if left == 0 {
        end_process(&me);
    }
    sched::exit_current()
}

/// Stores 0 where the thread wanted it and wakes who waits there: `pthread_join`.
fn clear_tid(me: &Thread) {
    let address = me.clear_tid.swap(0, Ordering::Relaxed);
    if address != 0 && user::store_u32(address, 0).is_ok() {
        futex::wake_word(me, address);
    }
}

fn end_process(me: &Thread) {
    let process = &me.process;
    // A thread's own `exit` as the last one sets no status before.
    process.begin_exit(0);
    itimer::stop_all(process);
    process.timers.clear();
    if process.pid == INIT {
        end_machine(me);
    }
    me.files().clear();
    process.tell_parent_of_end();
}

fn end_machine(me: &Thread) -> ! {
    // As the end of any process: its connections are closed in order.
    me.files().clear();
    crate::net::drain();
    crate::shutdown(machine_status(me.process.exit_status().unwrap_or(0)))
}

impl Process {
    /// Tells the parent that this process stopped.
    pub(super) fn tell_parent_of_stop(&self, signal: signal::Signal) {
        self.tell_parent(signal::Info::child(
            signal::SIGCHLD,
            signal::code::CLD_STOPPED,
            self.pid,
            0,
            signal.number().cast_signed(),
        ));
    }

    /// Tells the parent that this process goes on.
    pub(super) fn tell_parent_of_continue(&self) {
        self.tell_parent(signal::Info::child(
            signal::SIGCHLD,
            signal::code::CLD_CONTINUED,
            self.pid,
            0,
            signal::SIGCONT.number().cast_signed(),
        ));
    }

    /// Tells the parent that this process has ended.
    pub(super) fn tell_parent_of_end(&self) {
        const SIGNAL_MASK: u32 = 0x7f;
        let status = self.exit_status().unwrap_or(0);
        let (code, value) = match status & SIGNAL_MASK {
            0 => (signal::code::CLD_EXITED, status >> 8),
            signal => (signal::code::CLD_KILLED, signal),
        };
        let value = value.cast_signed();
        self.tell_parent(signal::Info::child(signal::SIGCHLD, code, self.pid, 0, value));
    }

    fn tell_parent(&self, info: signal::Info) {
        let parent = self.parent.lock().upgrade();
        if let Some(parent) = parent {
            // A standard signal always finds room.
            let _sent = signal::send_to_process(&parent, info);
            parent.child_events.wake_all(PollEvents::empty());
        }
    }
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
