//! Sending to a device that is slow, one that changes the order, and one that lies.

use super::super::super::mock::{MockQueue, Offered};
use super::*;
use crate::drivers::Window;

struct Pair {
    tx: Tx,
    device: MockQueue,
}

fn pair(size: u16) -> Pair {
    let queue = VirtQueue::new(size, true).unwrap();
    let device = MockQueue::new(queue.addresses(), size);
    let memory: &'static mut [u32; 1] = Box::leak(Box::new([0]));
    // SAFETY: leaked.
    let bell = unsafe { Window::of_memory(memory.as_mut_ptr().cast(), 4) };
    Pair { tx: Tx::new(queue, Notifier::new(bell, 1, true), FIRST_ARENA).unwrap(), device }
}

fn pattern(len: usize, seed: usize) -> Vec<u8> {
    (0..len).map(|n| (n * 7 + n / 251 + seed) as u8).collect()
}

impl Pair {
    fn send(&mut self, frame: &[u8]) -> Result<(), Full> {
        let mut place = self.tx.reserve(frame.len())?;
        place.fill(&TxMeta::default(), |bytes| bytes.copy_from_slice(frame));
        self.tx.commit(place);
        Ok(())
    }

    fn next_frame(&mut self) -> Option<(Offered, Vec<u8>)> {
        let buffer = self.device.next()?;
        let bytes = self.device.bytes(buffer);
        assert_eq!((buffer.flags, &bytes[..12]), (0, &[0; 12][..]));
        Some((buffer, bytes[12..].to_vec()))
    }
}

#[test]
fn frames_arrive_whole_at_a_slow_device() {
    let mut pair = pair(256);
    let (mut sent, mut seen) = (0usize, 0usize);
    let mut waiting = std::collections::VecDeque::new();
    while seen < 5000 {
        let len = 60 + sent * 37 % 1455;
        if sent < 5000 && pair.send(&pattern(len, sent)).is_ok() {
            sent += 1;
        } else if waiting.len() < 3 && sent < 5000 {
            assert!(pair.tx.packets as usize == sent, "full only while the device is behind");
        }
        while let Some((buffer, frame)) = pair.next_frame() {
            waiting.push_back((buffer, frame));
        }
        // The device keeps what it has for a while: the bytes must stay what they are.
        while waiting.len() > if sent < 5000 { 90 } else { 0 } {
            let (buffer, frame) = waiting.pop_front().unwrap();
            assert!(frame == pattern(60 + seen * 37 % 1455, seen), "frame {seen}");
            assert!(pair.device.bytes(buffer)[12..] == frame, "changed in the ring: {seen}");
            pair.device.finish(u32::from(buffer.id), 0);
            seen += 1;
        }
    }
    pair.tx.reclaim();
    assert_eq!((pair.tx.used, pair.tx.reserved), (0, pair.tx.freed));
}

#[test]
fn full_by_number_and_by_bytes() {
    let mut pair = pair(8);
    for n in 0..8 {
        assert_eq!(pair.tx.space(100), 8 - n);
        assert!(pair.send(&[1; 100]).is_ok());
    }
    assert_eq!(pair.send(&[1; 100]), Err(Full));
    assert_eq!(pair.tx.space(100), 0);
    let (buffer, _) = pair.next_frame().unwrap();
    pair.device.finish(u32::from(buffer.id), 0);
    assert_eq!(pair.tx.space(100), 1);
    assert!(pair.send(&[1; 100]).is_ok());
    assert_eq!(pair.send(&[1; 100]), Err(Full));
}

#[test]
fn the_arena_grows_and_drains() {
    let mut pair = pair(256);
    let mut sent = 0;
    while pair.send(&pattern(30_000, sent)).is_ok() {
        sent += 1;
    }
    // The first arena holds two; the doubled one, beside it, four; no more until it has drained.
    assert_eq!(sent, 6);
    assert!(pair.tx.retired.is_some());
    for n in 0..sent {
        let (buffer, frame) = pair.next_frame().unwrap();
        assert!(frame == pattern(30_000, n), "frame {n}");
        pair.device.finish(u32::from(buffer.id), 0);
    }
    assert_eq!(pair.tx.reclaim(), 6);
    assert!(pair.tx.retired.is_none());
    assert_eq!(pair.tx.used, 0);
    assert_eq!(pair.tx.arena.len(), 2 * FIRST_ARENA);
    while pair.send(&[0; 60_000]).is_ok() {}
    assert!(pair.tx.arena.len() <= MAX_ARENA);
    assert!(pair.tx.reserve(MAX_ARENA).is_err());
}

#[test]
fn another_order() {
    let mut pair = pair(8);
    for n in 0..4 {
        pair.send(&pattern(500, n)).unwrap();
    }
    let mut frames: Vec<Offered> = (0..4).map(|_| pair.next_frame().unwrap().0).collect();
    frames.reverse();
    let last = frames.pop().unwrap();
    for buffer in frames {
        pair.device.finish(u32::from(buffer.id), 0);
    }
    assert_eq!(pair.tx.reclaim(), 3);
    assert!(pair.tx.used > 0, "the first is still out");
    pair.device.finish(u32::from(last.id), 0);
    pair.tx.reclaim();
    assert_eq!(pair.tx.used, 0);
    assert_eq!(pair.tx.space(500), 8);
}

#[test]
fn reservations_may_be_committed_in_any_order() {
    let mut pair = pair(8);
    let mut first = pair.tx.reserve(100).unwrap();
    let mut second = pair.tx.reserve(200).unwrap();
    second.fill(&TxMeta::default(), |bytes| bytes.fill(2));
    pair.tx.commit(second);
    let (buffer, frame) = pair.next_frame().unwrap();
    assert_eq!(frame, [2; 200]);
    pair.device.finish(u32::from(buffer.id), 0);
    pair.tx.reclaim();
    first.fill(&TxMeta::default(), |bytes| bytes.fill(1));
    pair.tx.commit(first);
    assert_eq!(pair.next_frame().unwrap().1, [1; 100]);
}

#[test]
fn a_device_that_lies_gets_no_more() {
    let mut pair = pair(8);
    pair.send(&[1; 100]).unwrap();
    pair.device.finish(5, 0);
    assert_eq!(pair.tx.reclaim(), 0);
    assert!(pair.tx.is_broken());
    assert_eq!(pair.send(&[1; 100]), Err(Full));
    assert_eq!(pair.tx.space(100), 0);
}

#[test]
fn wakes_when_half_is_done() {
    let mut pair = pair(8);
    assert!(pair.tx.wake_on_space(), "all of it is free");
    for _ in 0..8 {
        pair.send(&[1; 100]).unwrap();
    }
    assert!(!pair.tx.wake_on_space());
    let raised: Vec<bool> = (0..8)
        .map(|_| {
            let (buffer, _) = pair.next_frame().unwrap();
            pair.device.finish(u32::from(buffer.id), 0)
        })
        .collect();
    assert_eq!(raised.iter().position(|&raised| raised), Some(3));
    assert_eq!(raised.iter().filter(|&&raised| raised).count(), 1);
}
