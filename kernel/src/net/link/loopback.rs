//! The loopback queue: packets to ourselves wait here for the next round of `net::poll`.

use crate::net::stack::raise_work;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use elfin_platform::sync::SpinLock;

/// Most packets that wait; more are dropped, as a full device queue would.
const QUEUE_PACKETS: usize = 4096;

/// An IP packet without a link header.
#[derive(Debug)]
pub struct LoopbackPacket(pub Vec<u8>);

/// Packets on their way from us to us.
#[derive(Debug, Default)]
pub struct LoopQueue {
    packets: SpinLock<VecDeque<LoopbackPacket>>,
}

impl LoopQueue {
    /// An empty queue.
    #[must_use]
    pub const fn new() -> Self {
        Self { packets: SpinLock::new(VecDeque::new()) }
    }

    /// Queues a packet of `len` bytes that `fill` writes; false if there is no room for it.
    pub fn push(&self, len: usize, fill: impl FnOnce(&mut [u8])) -> bool {
        let mut packet = Vec::new();
        if packet.try_reserve_exact(len).is_err() {
            return false;
        }
        packet.resize(len, 0);
        fill(&mut packet);
        {
            let mut packets = self.packets.lock();
            if packets.len() >= QUEUE_PACKETS || packets.try_reserve(1).is_err() {
                return false;
            }
            packets.push_back(LoopbackPacket(packet));
        }
        raise_work();
        true
    }

    /// Takes the oldest packet.
    pub fn pop(&self) -> Option<LoopbackPacket> {
        self.packets.lock().pop_front()
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.packets.lock().is_empty()
    }
}
