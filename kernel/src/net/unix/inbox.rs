//! What was sent to a socket and not read yet.

use super::name::UnixName;
use crate::fs::OpenFile;
use crate::net::bytes::ByteQueue;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// What a datagram costs beside its bytes.
const OVERHEAD: usize = 128;

/// Who a process is (`struct ucred`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Credentials {
    /// Process id.
    pub pid: u32,
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
}

/// What travels beside the data.
#[derive(Clone, Default)]
pub struct Ancillary {
    /// Open files (`SCM_RIGHTS`).
    pub files: Vec<Arc<OpenFile>>,
    /// Credentials (`SCM_CREDENTIALS`), if the sender gave them.
    pub credentials: Option<Credentials>,
}

impl Ancillary {
    /// Whether nothing travels beside the data.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.credentials.is_none()
    }
}

impl core::fmt::Debug for Ancillary {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} files, {:?}", self.files.len(), self.credentials)
    }
}

/// Where in a stream something travels beside the data.
#[derive(Debug)]
pub struct Mark {
    /// The first byte it belongs to, counted from the stream's start.
    pub at: u64,
    /// The first byte it no longer belongs to.
    pub end: u64,
    /// What it is.
    pub ancillary: Ancillary,
}

/// A datagram or sequenced packet.
#[derive(Debug)]
pub struct Packet {
    /// The data.
    pub data: Vec<u8>,
    /// The sender's name, if it has one.
    pub from: Option<Arc<UnixName>>,
    /// What travels beside.
    pub ancillary: Ancillary,
    /// The sender's credentials.
    pub sender: Credentials,
}

impl Packet {
    fn cost(&self) -> usize {
        self.data.len() + OVERHEAD
    }
}

/// The data sent to one socket.
#[derive(Debug, Default)]
pub struct Inbox {
    /// A stream's bytes.
    pub bytes: ByteQueue,
    /// A stream's marks, in order.
    pub marks: VecDeque<Mark>,
    /// Position of the first byte of `bytes` in the stream.
    pub head: u64,
    /// Datagrams.
    pub packets: VecDeque<Packet>,
    used: usize,
    /// A sender waits for room.
    pub sender_waits: bool,
}

impl Inbox {
    /// Bytes that count against the sender's buffer.
    #[must_use]
    pub fn used(&self) -> usize {
        self.used + self.bytes.len()
    }

    /// Whether there is nothing to read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty() && self.packets.is_empty()
    }

    /// Adds a packet; gives it back without memory.
    pub fn push(&mut self, packet: Packet) -> Result<(), Packet> {
        if self.packets.try_reserve(1).is_err() {
            return Err(packet);
        }
        self.used += packet.cost();
        self.packets.push_back(packet);
        Ok(())
    }

    /// Takes the oldest packet.
    pub fn pop(&mut self) -> Option<Packet> {
        let packet = self.packets.pop_front()?;
        self.used -= packet.cost();
        Some(packet)
    }

    /// How many bytes of the stream a read may take at once, and whether they have something
    /// beside them.
    #[must_use]
    pub fn stretch(&self) -> (usize, bool) {
        let length = self.bytes.len();
        let Some(mark) = self.marks.front() else { return (length, false) };
        let until = |position: u64| {
            usize::try_from(position.saturating_sub(self.head)).unwrap_or(length).min(length)
        };
        if mark.at > self.head { (until(mark.at), false) } else { (until(mark.end), true) }
    }
}
