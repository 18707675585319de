//! Signals about files that become ready (`O_ASYNC`, `F_SETOWN`, `F_SETSIG` of `fcntl(2)`).
//!
//! A [`SignalIo`] is a poller that sends a signal. Whoever makes a file ready may hold its locks,
//! so the poller only notes what happened and leaves the rest to the CPU's pending work:
//! [`send_pending`].

use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::sync::atomic::{AtomicI32, AtomicU32, Ordering};

use elfin_platform::cpu::{self, Work};
use elfin_platform::sync::SpinLock;
use elfin_syscalls::Errno;
use elfin_syscalls::abi::{F_OWNER_PGRP, F_OWNER_TID};
use elfin_syscalls::args::{OpenFlags, SigNum};

use crate::fs::{FileKind, OpenFile};
use crate::task::signal::{self, Info, SIGIO, Signal};
use crate::task::{Cred, PollEvents, PollTable, Poller, Process, find_process, find_thread, ids};

/// Whom signals about a file go to.
#[derive(Default)]
pub struct Owner {
    /// A process id, or a negated process group id; 0 for nobody.
    pub pid: AtomicI32,
    /// The type of `pid` as in `F_SETOWN_EX`.
    pub kind: AtomicI32,
    /// The signal instead of `SIGIO`; 0 for `SIGIO`.
    pub signal: AtomicI32,
    /// The user who said so.
    uid: AtomicU32,
    /// The same, effective.
    euid: AtomicU32,
}

impl Owner {
    /// Says whom signals go to.
    pub fn set(&self, kind: i32, pid: i32, cred: &Cred) {
        self.uid.store(cred.uid, Ordering::Relaxed);
        self.euid.store(cred.euid, Ordering::Relaxed);
        self.kind.store(kind, Ordering::Relaxed);
        self.pid.store(pid, Ordering::Relaxed);
    }

    fn may_signal(&self, to: &Cred) -> bool {
        let (uid, euid) = (self.uid.load(Ordering::Relaxed), self.euid.load(Ordering::Relaxed));
        euid == 0 || [to.uid, to.suid].iter().any(|id| [uid, euid].contains(id))
    }

    /// Sends what `info` makes of the signal that is wanted.
    fn send(&self, info: impl Fn(Option<Signal>) -> Info) {
        let pid = self.pid.load(Ordering::Relaxed);
        let number = self.signal.load(Ordering::Relaxed).unsigned_abs();
        let wanted = Signal::optional(SigNum(number)).ok().flatten();
        let to_process = |process: &Process| {
            let cred = process.find_thread(|thread| Some(thread.cred()));
            if cred.is_some_and(|cred| self.may_signal(&cred)) {
                or_plain(wanted, &info, |info| signal::send_to_process(process, info));
            }
        };
        match self.kind.load(Ordering::Relaxed) {
            _ if pid == 0 => {}
            F_OWNER_TID => {
                let Some(thread) = find_thread(pid.unsigned_abs()) else { return };
                if self.may_signal(&thread.cred()) {
                    or_plain(wanted, &info, |info| signal::send_to_thread(&thread, info));
                }
            }
            F_OWNER_PGRP => {
                let group = pid.unsigned_abs();
                ids::processes()
                    .filter(|process| process.pgid() == group)
                    .for_each(|process| to_process(&process));
            }
            _ => {
                if let Some(process) = find_process(pid.unsigned_abs()) {
                    to_process(&process);
                }
            }
        }
    }
}

/// Sends the signal that is wanted, or `SIGIO` where there is no room for what comes along.
fn or_plain(
    wanted: Option<Signal>,
    info: impl Fn(Option<Signal>) -> Info,
    send: impl Fn(Info) -> Result<(), Errno>,
) {
    if send(info(wanted)).is_err() && wanted.is_some() {
        // A standard signal always finds room.
        let _sent = send(info(None));
    }
}

/// What an open file keeps for its signals: mostly nothing.
#[derive(Default)]
pub struct FileSignals {
    owner: SpinLock<Option<Arc<Owner>>>,
    sender: SpinLock<Option<Arc<SignalIo>>>,
}

impl FileSignals {
    /// Signals go to nobody.
    pub const fn new() -> Self {
        Self { owner: SpinLock::new(None), sender: SpinLock::new(None) }
    }

    /// The file is closed: its end is no news.
    pub fn end(&self) {
        let sender = self.sender.lock().take();
        drop(sender);
    }

    /// Whom signals go to.
    pub fn owner(&self) -> Arc<Owner> {
        self.owner.lock().get_or_insert_default().clone()
    }
}

/// Sends signals about one open file.
pub struct SignalIo {
    me: Weak<Self>,
    owner: Arc<Owner>,
    /// The descriptor that was told to.
    fd: i32,
    /// What has happened since signals were sent last.
    events: AtomicU32,
}

/// Those for whom something has happened.
static PENDING: SpinLock<Vec<Arc<SignalIo>>> = SpinLock::new(Vec::new());

impl Poller for SignalIo {
    fn notify(&self, events: PollEvents) {
        if self.events.fetch_or(events.bits(), Ordering::AcqRel) != 0 {
            return;
        }
        let Some(me) = self.me.upgrade() else { return };
        let mut pending = PENDING.lock();
        if pending.try_reserve(1).is_err() {
            self.events.store(0, Ordering::Release);
            return;
        }
        pending.push(me);
        cpu::raise(Work::ASYNC);
    }
}

/// Sends the signals about what has happened.
pub fn send_pending() {
    loop {
        let Some(next) = PENDING.lock().pop() else { return };
        let events = PollEvents::from_bits_truncate(next.events.swap(0, Ordering::AcqRel));
        next.tell(events);
    }
}

/// What `si_code` and `si_band` say.
fn reason(events: PollEvents) -> (i32, PollEvents) {
    use signal::code::{POLL_ERR, POLL_HUP, POLL_IN, POLL_OUT, POLL_PRI};
    if events.contains(PollEvents::PRI) {
        (POLL_PRI, PollEvents::PRI | PollEvents::RDBAND)
    } else if events.contains(PollEvents::IN) {
        (POLL_IN, PollEvents::READABLE)
    } else if events.contains(PollEvents::OUT) {
        (POLL_OUT, PollEvents::WRITABLE | PollEvents::WRBAND)
    } else if events.contains(PollEvents::ERR) {
        (POLL_ERR, PollEvents::ERR)
    } else {
        (POLL_HUP, PollEvents::HUP | PollEvents::ERR)
    }
}

impl SignalIo {
    fn tell(&self, events: PollEvents) {
        let (code, band) = reason(events);
        self.owner.send(|wanted| match wanted {
            None => Info::kernel(SIGIO),
            Some(signal) => Info::poll(signal, code, u64::from(band.bits()), self.fd),
        });
    }
}

/// `O_ASYNC` of `file` may have changed: sends signals from now on, or no more. `fd` is what they
/// say.
///
/// # Errors
/// `ENOMEM`, and those of asking the file.
pub fn update(file: &OpenFile, fd: i32) -> Result<(), Errno> {
    let on = file.flags().contains(OpenFlags::ASYNC);
    let old = if on {
        let (owner, events) = (file.signals.owner(), AtomicU32::new(0));
        let new = Arc::new_cyclic(|me| SignalIo { me: me.clone(), owner, fd, events });
        let poller: Arc<dyn Poller> = new.clone();
        let mut interest = PollEvents::READABLE | PollEvents::PRI | PollEvents::RDHUP;
        let socket = FileKind::from_mode(file.stat()?.mode) == Some(FileKind::Socket);
        if !socket || !file.poll(None).contains(PollEvents::OUT) {
            // A socket's room is news only where there was none.
            interest |= PollEvents::WRITABLE;
        }
        let mut table = PollTable::new(&poller, interest, false);
        file.poll(Some(&mut table));
        table.finish()?;
        file.signals.sender.lock().replace(new)
    } else {
        file.signals.sender.lock().take()
    };
    drop(old);
    Ok(())
}
