//! The ring against a device that behaves, and one that does not.

use super::super::mock::MockQueue;
use super::*;

fn pair(size: u16, event_idx: bool) -> (VirtQueue, MockQueue) {
    let queue = VirtQueue::new(size, event_idx).unwrap();
    let device = MockQueue::new(queue.addresses(), size);
    (queue, device)
}

#[test]
fn layout() {
    let (queue, _) = pair(256, true);
    let at = queue.addresses();
    assert_eq!(at.available - at.descriptors, 4096);
    assert_eq!(at.used % 4, 0);
    assert!(at.used - at.available >= 4 + 512 + 2);
    assert_eq!(queue.memory.len(), 8192, "two pages for 256 buffers");
    assert_eq!(usable_size(0), 0);
    assert_eq!(usable_size(1), 1);
    assert_eq!(usable_size(300), 256);
    assert_eq!(usable_size(1000), 256);
    assert_eq!(usable_size(100), 64);
}

#[test]
fn buffers_go_round_past_the_index_wrap() {
    let (mut queue, mut device) = pair(8, true);
    for round in 0..20_000u32 {
        for id in [3, 0, 7] {
            assert!(queue.offer(id, 0x1000 + u64::from(id), 100, Direction::FromDevice));
        }
        assert!(!queue.offer(0, 0, 0, Direction::ToDevice), "in flight");
        assert_eq!(queue.outstanding(), 3);
        for id in [3, 0, 7] {
            let offered = device.next().unwrap();
            assert_eq!(
                (offered.id, offered.address, offered.len),
                (id, 0x1000 + u64::from(id), 100)
            );
            assert_eq!(offered.flags, DESC_F_WRITE);
        }
        assert_eq!(device.next(), None);
        // Out of order, and one claims more than the buffer has.
        for (id, len) in [(7, 1), (3, u32::MAX), (0, round)] {
            device.finish(id, len);
        }
        assert!(queue.has_used());
        assert_eq!(queue.take_used(), Some(Used { id: 7, len: 1 }));
        assert_eq!(queue.take_used(), Some(Used { id: 3, len: 100 }));
        assert_eq!(queue.take_used(), Some(Used { id: 0, len: round.min(100) }));
        assert_eq!(queue.take_used(), None);
        assert!(!queue.has_used());
    }
    assert!(!queue.is_broken());
}

#[test]
fn lengths_of_what_the_device_only_reads_are_none() {
    let (mut queue, mut device) = pair(4, true);
    assert!(queue.offer(1, 0x1000, 100, Direction::ToDevice));
    assert_eq!(device.next().unwrap().flags, 0);
    device.finish(1, 77);
    assert_eq!(queue.take_used(), Some(Used { id: 1, len: 0 }));
    assert!(!queue.offer(4, 0, 0, Direction::ToDevice), "no such number");
}

#[test]
fn lies_break_the_queue() {
    type Lie = fn(&mut MockQueue);
    let lies: [Lie; 6] = [
        |device| _ = device.finish(1, 10),        // never offered
        |device| _ = device.finish(4, 10),        // no such number
        |device| _ = device.finish(u32::MAX, 10), // nor this
        |device| _ = device.finish(0x1_0000, 10), // 0 when cut to 16 bits
        |device| device.set_used_index(2),        // more than it was given
        |device| device.set_used_index(u16::MAX), // backwards
    ];
    for (n, lie) in lies.into_iter().enumerate() {
        let (mut queue, mut device) = pair(4, true);
        assert!(queue.offer(0, 0x1000, 100, Direction::FromDevice));
        lie(&mut device);
        assert_eq!(queue.take_used(), None, "lie {n}");
        assert!(queue.is_broken(), "lie {n}");
        assert!(!queue.has_used() && !queue.needs_notification() && !queue.request_interrupt(1));
    }
    // The same buffer twice.
    let (mut queue, mut device) = pair(4, true);
    assert!(queue.offer(0, 0x1000, 100, Direction::FromDevice));
    assert!(queue.offer(1, 0x2000, 100, Direction::FromDevice));
    device.finish(0, 1);
    device.finish(0, 1);
    assert!(queue.take_used().is_some());
    assert_eq!(queue.take_used(), None);
    assert!(queue.is_broken());
}

#[test]
fn notifications_by_event() {
    let (mut queue, mut device) = pair(8, true);
    assert!(!queue.needs_notification(), "nothing offered");
    queue.offer(0, 0, 1, Direction::ToDevice);
    queue.offer(1, 0, 1, Direction::ToDevice);
    assert!(queue.needs_notification(), "event 0 passed");
    assert!(!queue.needs_notification(), "told already");
    queue.offer(2, 0, 1, Direction::ToDevice);
    assert!(!queue.needs_notification(), "the device is busy still");
    device.set_avail_event(3);
    queue.offer(3, 0, 1, Direction::ToDevice);
    assert!(queue.needs_notification());
}

#[test]
fn notifications_by_flag() {
    let (mut queue, mut device) = pair(8, false);
    queue.offer(0, 0, 1, Direction::ToDevice);
    assert!(queue.needs_notification());
    device.set_used_flags(1);
    queue.offer(1, 0, 1, Direction::ToDevice);
    assert!(!queue.needs_notification());
}

#[test]
fn interrupts_by_event() {
    let (mut queue, mut device) = pair(8, true);
    for id in 0..6 {
        queue.offer(id, 0, 1, Direction::ToDevice);
    }
    assert!(!queue.request_interrupt(1));
    assert!(device.finish(0, 0), "asked for");
    assert!(!device.finish(1, 0), "once");
    assert!(queue.request_interrupt(1), "there is one already");
    queue.take_used();
    queue.take_used();
    assert!(!queue.request_interrupt(3));
    assert!(!device.finish(2, 0));
    assert!(!device.finish(3, 0));
    assert!(device.finish(4, 0), "the third");
    queue.suppress_interrupts();
    assert!(!device.finish(5, 0));
}

#[test]
fn interrupts_by_flag() {
    let (mut queue, device) = pair(8, false);
    queue.suppress_interrupts();
    assert_eq!(device.avail_flags(), 1);
    assert!(!queue.request_interrupt(1));
    assert_eq!(device.avail_flags(), 0);
}

#[test]
fn events_pass() {
    assert!(passes(0, 1, 0));
    assert!(!passes(1, 1, 0));
    assert!(passes(u16::MAX, 0, u16::MAX));
    assert!(!passes(5, 4, 3));
    assert!(passes(5, 8, 3));
    assert!(passes(65_530, 4, 65_528));
}

/// A driver and a device at work on two CPUs: nothing is lost, nothing comes twice.
#[test]
fn concurrent_device() {
    const BUFFERS: u32 = 20_000;
    let (mut queue, mut device) = pair(16, true);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut left = BUFFERS;
            while left > 0 {
                match device.next() {
                    Some(buffer) => {
                        std::sync::atomic::fence(Ordering::SeqCst);
                        device.finish(u32::from(buffer.id), buffer.len);
                        left -= 1;
                    }
                    None => std::hint::spin_loop(),
                }
            }
        });
        let (mut offered, mut taken) = (0, 0);
        let mut free: Vec<u16> = (0..16).collect();
        while taken < BUFFERS {
            while offered < BUFFERS
                && let Some(id) = free.pop()
            {
                assert!(queue.offer(id, 0, offered, Direction::FromDevice));
                offered += 1;
            }
            if let Some(used) = queue.take_used() {
                free.push(used.id);
                taken += 1;
            }
            assert!(!queue.is_broken());
        }
    });
}
