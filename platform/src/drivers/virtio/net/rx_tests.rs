//! Receiving from a device that behaves, and from one that does not.

use super::super::super::mock::{MockQueue, Offered};
use super::*;
use crate::drivers::Window;

struct Pair {
    rx: Rx,
    device: MockQueue,
}

fn pair(mergeable: bool) -> Pair {
    let queue = VirtQueue::new(256, true).unwrap();
    let device = MockQueue::new(queue.addresses(), 256);
    let memory: &'static mut [u32; 1] = Box::leak(Box::new([0]));
    // SAFETY: leaked.
    let bell = unsafe { Window::of_memory(memory.as_mut_ptr().cast(), 4) };
    Pair {
        rx: Rx::new(queue, Notifier::new(bell, 0, true), mergeable, FIRST_CHUNK).unwrap(),
        device,
    }
}

fn header(buffers: u16) -> [u8; 12] {
    let mut header = [0; 12];
    header[10..].copy_from_slice(&buffers.to_le_bytes());
    header
}

impl Pair {
    fn next(&mut self) -> Offered {
        self.device.next().expect("a buffer for the device")
    }

    /// The device receives `frame` as QEMU does: into as many buffers as it fills.
    fn arrive(&mut self, frame: &[u8]) {
        let with_header = [&header(0)[..], frame].concat();
        let mut rest = with_header.as_slice();
        let mut filled = Vec::new();
        while !rest.is_empty() {
            let buffer = self.next();
            let (now, later) = rest.split_at(rest.len().min(buffer.len as usize));
            self.device.fill(buffer, now);
            filled.push((buffer, now.len()));
            rest = later;
        }
        let (first, len) = filled[0];
        let mut start = with_header[..len].to_vec();
        start[..12].copy_from_slice(&header(filled.len() as u16));
        self.device.fill(first, &start);
        for (buffer, len) in filled {
            self.device.finish(u32::from(buffer.id), len as u32);
        }
    }

    fn receive(&mut self) -> Option<(Vec<u8>, bool)> {
        let (frame, _) = self.rx.receive()?;
        let bytes = frame.bytes().to_vec();
        let in_ring = if let Frame::InRing { first, .. } = frame {
            self.rx.give_back(first);
            true
        } else {
            false
        };
        Some((bytes, in_ring))
    }
}

fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|n| (n * 7 + n / 251) as u8).collect()
}

#[test]
fn small_frames() {
    let mut pair = pair(true);
    for len in 1..2000 {
        pair.arrive(&pattern(len));
        let (frame, in_ring) = pair.receive().unwrap();
        assert!(frame == pattern(len) && in_ring, "{len} bytes");
    }
    assert!(pair.receive().is_none());
    assert_eq!(pair.rx.packets, 1999);
    assert_eq!(pair.rx.queue.outstanding(), 64, "all buffers are the device's again");
}

#[test]
fn large_frames_are_one_slice() {
    let mut pair = pair(true);
    let (mut in_place, mut copied) = (0, 0);
    for round in 0..200 {
        let frame = pattern(MAX_PACKET - round * 97);
        pair.arrive(&frame);
        let (got, in_ring) = pair.receive().unwrap();
        assert!(got == frame, "round {round}");
        if in_ring { in_place += 1 } else { copied += 1 }
    }
    assert!(pair.rx.buffers.len() > 64, "it grew");
    assert!(in_place > copied, "{in_place} in place, {copied} copied");
    assert_eq!(usize::from(pair.rx.queue.outstanding()), pair.rx.buffers.len());
}

#[test]
fn frames_held_and_given_back_in_any_order() {
    let mut pair = pair(true);
    let mut held = Vec::new();
    for round in 0..500usize {
        pair.arrive(&pattern(round % 5000 + 1));
        let (frame, _) = pair.rx.receive().unwrap();
        assert!(frame.bytes() == pattern(round % 5000 + 1), "round {round}");
        held.push((frame, round % 5000 + 1));
        if held.len() > 12 {
            let (frame, len) = held.swap_remove(round * 31 % 12);
            assert!(frame.bytes() == pattern(len), "held in round {round}");
            if let Frame::InRing { first, .. } = frame {
                pair.rx.give_back(first);
            }
        }
    }
    assert_eq!(pair.rx.dropped, 0);
}

#[test]
fn malformed_frames_are_dropped() {
    type Lie = fn(&mut Pair);
    let lies: [(&str, Lie); 7] = [
        ("no header", |p| {
            let buffer = p.next();
            p.device.finish(u32::from(buffer.id), 5);
        }),
        ("a header and nothing else", |p| {
            let buffer = p.next();
            p.device.fill(buffer, &header(1));
            p.device.finish(u32::from(buffer.id), 12);
        }),
        ("nothing at all", |p| {
            let buffer = p.next();
            p.device.finish(u32::from(buffer.id), 0);
        }),
        ("more buffers than it gives", |p| {
            let buffer = p.next();
            p.device.fill(buffer, &[&header(3)[..], b"abc"].concat());
            p.device.finish(u32::from(buffer.id), 15);
        }),
        ("65,535 buffers", |p| {
            let buffer = p.next();
            p.device.fill(buffer, &[&header(u16::MAX)[..], b"abc"].concat());
            p.device.finish(u32::from(buffer.id), 15);
        }),
        ("a kind of packet that was not agreed on", |p| {
            let buffer = p.next();
            p.device.fill(buffer, &[&[0, 4][..], &header(1)[2..], b"abc"].concat());
            p.device.finish(u32::from(buffer.id), 15);
        }),
        ("more than any packet has", |p| {
            let first = p.next();
            p.device.fill(first, &[&header(40)[..], b"abc"].concat());
            p.device.finish(u32::from(first.id), first.len);
            for _ in 1..40 {
                let buffer = p.next();
                p.device.finish(u32::from(buffer.id), u32::MAX);
            }
        }),
    ];
    for (what, lie) in lies {
        let mut pair = pair(true);
        lie(&mut pair);
        assert!(pair.receive().is_none(), "{what}");
        assert_eq!(pair.rx.dropped, 1, "{what}");
        assert_eq!(usize::from(pair.rx.queue.outstanding()), pair.rx.buffers.len(), "{what}");
        pair.arrive(b"good");
        assert_eq!(pair.receive().unwrap().0, b"good", "after {what}");
    }
}

#[test]
fn lengths_are_cut_to_the_buffer() {
    let mut pair = pair(true);
    let buffer = pair.next();
    pair.device.fill(buffer, &header(1));
    pair.device.finish(u32::from(buffer.id), u32::MAX);
    assert_eq!(pair.receive().unwrap().0.len(), SMALL_BUFFER - 12);
}

#[test]
fn buffers_with_gaps_are_copied() {
    // The first is not full, so what follows is not its neighbour in memory.
    let mut pair = pair(true);
    let (first, second) = (pair.next(), pair.next());
    pair.device.fill(first, &[&header(2)[..], b"abc"].concat());
    pair.device.fill(second, b"defg");
    pair.device.finish(u32::from(first.id), 15);
    pair.device.finish(u32::from(second.id), 4);
    assert_eq!(pair.receive(), Some((b"abcdefg".to_vec(), false)));
}

#[test]
fn without_mergeable_buffers_the_count_means_nothing() {
    let mut pair = pair(false);
    let buffer = pair.next();
    pair.device.fill(buffer, &[&header(9)[..], b"abc"].concat());
    pair.device.finish(u32::from(buffer.id), 15);
    assert_eq!(pair.receive(), Some((b"abc".to_vec(), true)));
}

#[test]
fn interrupts_come_when_asked_for() {
    let mut pair = pair(true);
    let buffer = pair.next();
    pair.device.fill(buffer, &[&header(1)[..], b"a"].concat());
    assert!(pair.device.finish(u32::from(buffer.id), 13), "from the start");
    assert!(pair.receive().is_some());
    let buffer = pair.next();
    pair.device.fill(buffer, &[&header(1)[..], b"b"].concat());
    assert!(!pair.device.finish(u32::from(buffer.id), 13), "while polling");
    assert!(pair.rx.enable_interrupts(), "something came meanwhile");
    assert!(pair.receive().is_some());
    assert!(!pair.rx.enable_interrupts());
    let buffer = pair.next();
    assert!(pair.device.finish(u32::from(buffer.id), 13));
}
