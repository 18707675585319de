//! [`Link`]: what a pseudoterminal has beside its terminal: the master's side.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use crate::fs::dev::SLAVE_MAJOR;
use crate::fs::{Inode, makedev};
use crate::task::{PollEvents, WaitQueue};

/// The master's side of a pseudoterminal.
pub struct Link {
    /// The number in its name.
    pub index: u32,
    /// The slave's node in `/dev/pts`.
    pub node: Arc<dyn Inode>,
    /// Woken when the slave has written, or is closed.
    pub readable: WaitQueue,
    /// Woken when there is room for the master's writes.
    pub writable: WaitQueue,
    /// The slave cannot be opened yet (`TIOCSPTLCK`).
    pub locked: AtomicBool,
    /// The master's reads begin with a byte that says what they are (`TIOCPKT`).
    pub packets: AtomicBool,
    /// What is to be said in such a byte.
    status: AtomicU8,
    master_open: AtomicBool,
    /// The slave has been open.
    was_opened: AtomicBool,
}

impl Link {
    /// The side of a master that is open.
    pub fn new(index: u32, node: Arc<dyn Inode>) -> Self {
        Self {
            index,
            node,
            readable: WaitQueue::new(),
            writable: WaitQueue::new(),
            locked: AtomicBool::new(true),
            packets: AtomicBool::new(false),
            status: AtomicU8::new(0),
            master_open: AtomicBool::new(true),
            was_opened: AtomicBool::new(false),
        }
    }

    /// The slave's device number.
    pub fn number(&self) -> u64 {
        slave_number(self.index)
    }

    /// Whether the master is open.
    pub fn master_open(&self) -> bool {
        self.master_open.load(Ordering::Acquire)
    }

    /// The master is closed.
    pub fn close_master(&self) {
        self.master_open.store(false, Ordering::Release);
    }

    /// Whether the slave has ever been open.
    pub fn was_opened(&self) -> bool {
        self.was_opened.load(Ordering::Acquire)
    }

    /// The slave is open.
    pub fn slave_opened(&self) {
        self.was_opened.store(true, Ordering::Release);
    }

    /// Wakes the master, for the slave's last file is closed.
    pub fn slave_closed(&self) {
        self.readable.wake_all(PollEvents::READABLE | PollEvents::HUP);
        self.writable.wake_all(PollEvents::WRITABLE);
    }

    /// Tells the master in packet mode what has happened: bits of `TIOCPKT_…`.
    pub fn note(&self, status: u8) {
        if status != 0 && self.packets.load(Ordering::Relaxed) {
            self.status.fetch_or(status, Ordering::AcqRel);
            self.readable.wake_all(PollEvents::READABLE | PollEvents::PRI);
        }
    }

    /// What is to be told to a master in packet mode.
    pub fn status(&self) -> u8 {
        if self.packets.load(Ordering::Relaxed) { self.status.load(Ordering::Acquire) } else { 0 }
    }

    /// The same; it counts as told.
    pub fn take_status(&self) -> u8 {
        self.status.swap(0, Ordering::AcqRel)
    }
}

/// The device number of the slave with this index.
pub fn slave_number(index: u32) -> u64 {
    makedev(SLAVE_MAJOR, index)
}
