//! What happens when the kernel itself fails: a report on the console, once, and the end of the
//! machine with a status that the host can tell from the program's.

use core::fmt::{self, Write};
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicUsize, Ordering};

use elfin_platform::{console, cpu, power};

use crate::task;

/// The CPU that panicked, from 1; 0 for none.
static PANICKED: AtomicUsize = AtomicUsize::new(0);

/// Writes past all locks.
struct Emergency;

impl Write for Emergency {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        console::write_emergency(text.as_bytes());
        Ok(())
    }
}

/// Exit status of a program that `SIGKILL` ends, which is what becomes of it when memory is out.
const KILLED: u8 = 128 + 9;
/// What the standard library's handler of failed allocations says.
const FAILED_ALLOCATION: &str = "memory allocation of";

/// Whether a text begins with [`FAILED_ALLOCATION`]; finds that out as it is written.
struct Beginning(Option<bool>);

impl Write for Beginning {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.get_or_insert(text.starts_with(FAILED_ALLOCATION));
        Ok(())
    }
}

/// Whether the kernel asked for memory, there was none, and it had no way to go on.
fn is_failed_allocation(info: &PanicInfo<'_>) -> bool {
    let mut beginning = Beginning(None);
    // `Beginning` does not fail.
    let _ = write!(beginning, "{}", info.message());
    beginning.0 == Some(true)
}

/// Reports a panic and stops the machine. A panic in here stops it at once.
pub fn report(info: &PanicInfo<'_>) -> ! {
    let here = cpu::id() + 1;
    match PANICKED.compare_exchange(0, here, Ordering::SeqCst, Ordering::SeqCst) {
        Ok(_) => cpu::stop_others(),
        Err(first) if first == here => {
            power::panic_exit(format_args!("a panic while reporting a panic"))
        }
        // Another CPU is about to end the machine.
        Err(_) => cpu::halt(),
    }
    let mut out = Emergency;
    // `Emergency` does not fail.
    if is_failed_allocation(info) {
        let _ = writeln!(
            out,
            "\nelfin: out of memory: {} in the kernel; give the machine more (-m)",
            info.message()
        );
        power::exit_emergency(KILLED);
    }
    let _ = writeln!(out, "\nelfin: kernel panic: {}", info.message());
    if let Some(place) = info.location() {
        let _ = writeln!(out, "  at {place}");
    }
    if let Some(thread) = task::try_current() {
        let frame = thread.user_frame();
        let _ = writeln!(
            out,
            "  in thread {} at {:#x}, system call {}",
            thread.tid,
            frame.ip(),
            frame.syscall_nr()
        );
    }
    let _ = writeln!(out, "  please report this, with the program and the command line");
    power::panic_exit(format_args!("{}", info.message()))
}
