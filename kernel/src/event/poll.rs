//! Waiting for several files at once, for `poll` and `select`: [`wait`].

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering};

use elfin_syscalls::Errno;

use crate::fs::OpenFile;
use crate::task::{PollEvents, PollTable, Poller, WaitQueue, Wake};

/// A file and what is to be known about it.
pub struct Watch {
    /// The file; `None` changes nothing about `ready`.
    file: Option<Arc<OpenFile>>,
    /// What is asked for.
    interest: PollEvents,
    /// What was found, of what was asked for.
    pub ready: PollEvents,
}

/// Who is told when a file changes: a sleeper that looks again.
struct Bell {
    rung: AtomicBool,
    queue: WaitQueue,
}

impl Poller for Bell {
    fn notify(&self, _events: PollEvents) {
        self.rung.store(true, Ordering::Release);
        self.queue.wake_all(PollEvents::empty());
    }
}

impl Watch {
    /// Asks a file for `interest` and nothing else.
    #[must_use]
    pub fn new(file: Arc<OpenFile>, interest: PollEvents) -> Self {
        Self { file: Some(file), interest, ready: PollEvents::empty() }
    }

    /// No file: `ready` is what is found.
    #[must_use]
    pub const fn never(ready: PollEvents) -> Self {
        Self { file: None, interest: PollEvents::empty(), ready }
    }

    fn look(&mut self, table: Option<&mut PollTable<'_>>) -> bool {
        let Some(file) = &self.file else { return !self.ready.is_empty() };
        self.ready = file.poll(table) & self.interest;
        !self.ready.is_empty()
    }
}

fn count(watches: &mut [Watch]) -> usize {
    watches.iter_mut().filter_map(|watch| watch.look(None).then_some(())).count()
}

/// Waits until a file is ready, or the monotonic clock reaches `deadline` (`Some(0)`: does not
/// wait). The number of files that are ready.
///
/// # Errors
/// `ERESTARTNOHAND` for a signal, `ENOMEM`.
pub fn wait(watches: &mut [Watch], deadline: Option<u64>) -> Result<usize, Errno> {
    let ready = count(watches);
    if ready > 0 || deadline == Some(0) {
        return Ok(ready);
    }
    let bell = Arc::new(Bell { rung: AtomicBool::new(false), queue: WaitQueue::new() });
    let poller: Arc<dyn Poller> = bell.clone();
    for watch in watches.iter_mut() {
        let mut table = PollTable::new(&poller, watch.interest, false);
        watch.look(Some(&mut table));
        table.finish()?;
    }
    loop {
        let ready = count(watches);
        if ready > 0 {
            return Ok(ready);
        }
        let rung = || bell.rung.swap(false, Ordering::AcqRel).then_some(());
        match bell.queue.wait_until(deadline, rung) {
            Ok(()) => {}
            Err(Wake::TimedOut) => return Ok(count(watches)),
            Err(Wake::Interrupted) => return Err(Errno::ERESTARTNOHAND),
        }
    }
}
