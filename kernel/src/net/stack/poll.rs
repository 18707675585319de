//! The round: [`Stack::poll`] takes in what devices have, fires timers, and sends.

use super::Stack;
use super::input::Arrival;
use crate::net::link::{Iface, Link};
use crate::net::{dhcp, icmp};
use core::cmp::Reverse;
use core::sync::atomic::{Ordering, fence};
use elfin_syscalls::Errno;

/// Packets from one interface before the others, and the connections' output, have their turn.
const BATCH: usize = 64;
/// Packets in one round. What is left waits for [`BREATH`], so that a flood of packets does not
/// keep programs from running.
const ROUND: usize = 512;
/// How long programs run between two rounds that were cut short, in nanoseconds.
const BREATH: u64 = 50_000;

impl Stack {
    /// One round. Called on the way to a program or when idle; whoever finds a round under way on
    /// another CPU leaves it to that one to go round once more, for what it may have passed by.
    pub fn poll(&'static self) {
        self.again.store(true, Ordering::SeqCst);
        while self.again.load(Ordering::SeqCst) {
            let Some(round) = self.polling.try_lock() else { return };
            self.again.store(false, Ordering::SeqCst);
            self.round();
            drop(round);
            // Who failed to get the lock until now has said so before.
            fence(Ordering::SeqCst);
        }
    }

    fn round(&'static self) {
        let mut packets = 0;
        let mut more = true;
        while more && packets < ROUND {
            let count = self.poll_batch();
            packets += count.max(1);
            more = count >= BATCH || self.enable_interrupts();
        }
        self.run_timers();
        self.run_outputs();
        self.flush();
        if more {
            (self.alarm)(self, self.now() + BREATH);
        }
    }

    /// Takes one batch from each interface; the number of packets.
    fn poll_batch(&'static self) -> usize {
        let now = self.now();
        let count = self.ifaces.iter().map(|iface| self.receive(iface, now)).sum();
        self.run_outputs();
        self.retry_blocked();
        self.flush();
        count
    }

    /// Takes up to [`BATCH`] packets; how many there were.
    fn receive(&'static self, iface: &Iface, now: u64) -> usize {
        for count in 0..BATCH {
            match iface.link {
                Link::Loopback(queue) => {
                    let Some(packet) = queue.pop() else { return count };
                    iface.rx.count(packet.0.len());
                    self.input_packet(&packet.0, false, Arrival { iface, trusted: true, now });
                }
                Link::Device(device) => {
                    let Some(packet) = device.receive() else { return count };
                    let trusted = packet.checksum_ok();
                    iface.rx.count(packet.len());
                    self.input_frame(&packet, Arrival { iface, trusted, now });
                }
                #[cfg(test)]
                Link::Wire(end) => {
                    let Some(frame) = end.receive() else { return count };
                    iface.rx.count(frame.len());
                    self.input_frame(&frame, Arrival { iface, trusted: false, now });
                }
            }
        }
        BATCH
    }

    /// Lets devices interrupt again; whether one has something already.
    fn enable_interrupts(&self) -> bool {
        self.ifaces.iter().any(|iface| match iface.link {
            Link::Loopback(queue) => !queue.is_empty(),
            Link::Device(device) => device.enable_interrupts(),
            #[cfg(test)]
            Link::Wire(_) => false,
        })
    }

    /// Sends for all connections that were touched.
    fn run_outputs(&'static self) {
        let now = self.now();
        loop {
            let mut batch = core::mem::take(&mut *self.pending.lock());
            if batch.is_empty() {
                return;
            }
            for sock in batch.drain(..) {
                sock.run_output(now);
            }
            // The memory serves the next round too.
            let mut pending = self.pending.lock();
            if pending.is_empty() {
                *pending = batch;
            }
        }
    }

    /// Gives connections that found a ring full another chance.
    fn retry_blocked(&'static self) {
        let batch = core::mem::take(&mut *self.blocked.lock());
        if batch.is_empty() {
            return;
        }
        let now = self.now();
        for sock in batch {
            sock.run_output(now);
        }
        if !self.blocked.lock().is_empty() {
            for iface in &self.ifaces {
                if let Link::Device(device) = iface.link
                    && device.wake_on_tx_space()
                {
                    super::raise_work();
                }
            }
        }
    }

    fn run_timers(&'static self) {
        let now = self.now();
        if self.next.load(Ordering::Relaxed) > now {
            return;
        }
        self.next.store(u64::MAX, Ordering::Relaxed);
        loop {
            let due = {
                let mut timers = self.timers.lock();
                match timers.peek() {
                    Some(Reverse((deadline, _))) if *deadline <= now => timers.pop(),
                    _ => None,
                }
            };
            let Some(Reverse((deadline, tuple))) = due else { break };
            self.tcp.on_timer(self, tuple, deadline, now);
        }
        self.tcp.expire_time_wait(now);
        for iface in &self.ifaces {
            for packet in iface.arp_timer(now) {
                icmp::unreachable_locally(self, &packet, Errno::EHOSTUNREACH, now);
            }
        }
        dhcp::on_timer(self, now);
        let next = self.timers.lock().peek().map(|Reverse((deadline, _))| *deadline);
        let arp = self.ifaces.iter().filter_map(|iface| iface.arp.lock().next_deadline()).min();
        let others = [next, arp, self.tcp.next_time_wait(), dhcp::next_deadline(self)];
        if let Some(deadline) = others.into_iter().flatten().min() {
            self.note_deadline(deadline);
        }
    }
}
