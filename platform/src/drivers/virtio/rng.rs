//! The entropy device (virtio 1.2, section 5.4): a buffer comes back full of random bytes.

use super::discover::{DeviceKind, take};
use super::features::Features;
use super::queue::{Direction, VirtQueue};
use super::transport::{Notifier, SetupError, Transport};
use crate::mm::DmaRegion;
use crate::sync::{Once, SpinLock};
use crate::time;

/// Bytes asked for at a time.
const REQUEST: usize = 256;
/// How long an answer may take before the device is given up.
const PATIENCE: u64 = 100_000_000;

struct Rng {
    queue: VirtQueue,
    notifier: Notifier,
    buffer: DmaRegion,
}

static DEVICE: Once<SpinLock<Option<Rng>>> = Once::new();

/// Fills as much of `bytes` as the device gives; returns how much.
pub fn fill(bytes: &mut [u8]) -> usize {
    let mut device = DEVICE.call_once(|| SpinLock::new(find())).lock();
    let mut done = 0;
    while done < bytes.len() {
        let rest = &mut bytes[done..];
        match device.as_mut().and_then(|rng| rng.request(rest)) {
            Some(got) => done += got,
            None => {
                // Broken, or it does not answer: it is asked no more. Its queue stays its own.
                core::mem::forget(device.take());
                break;
            }
        }
    }
    done
}

fn find() -> Option<Rng> {
    take(DeviceKind::Entropy).into_iter().find_map(|mut transport| match open(&mut transport) {
        Ok(rng) => Some(rng),
        Err(error) => {
            log::warn!("virtio entropy device at {transport}: {error}");
            transport.fail();
            None
        }
    })
}

fn open(transport: &mut Transport) -> Result<Rng, SetupError> {
    let features = transport.negotiate(Features::EVENT_IDX)?;
    let (mut queue, notifier) = transport.enable_queue(0, features)?;
    queue.suppress_interrupts();
    let buffer = DmaRegion::new(REQUEST).ok_or(SetupError::NoMemory)?;
    transport.start();
    Ok(Rng { queue, notifier, buffer })
}

impl Rng {
    /// Asks for as many bytes as `bytes` has room for, and waits. `None`: no answer, or nonsense.
    fn request(&mut self, bytes: &mut [u8]) -> Option<usize> {
        let wanted = bytes.len().min(REQUEST);
        self.queue.offer(0, self.buffer.phys(), wanted as u32, Direction::FromDevice);
        if self.queue.needs_notification() {
            self.notifier.notify();
        }
        let deadline = time::now() + PATIENCE;
        while !self.queue.has_used() {
            if self.queue.is_broken() || time::now() > deadline {
                return None;
            }
            core::hint::spin_loop();
        }
        let len = self.queue.take_used().map(|used| used.len as usize).filter(|&len| len > 0)?;
        let len = len.min(wanted);
        // SAFETY: `len` is within the buffer, which is not the device's now.
        let got = unsafe { core::slice::from_raw_parts(self.buffer.as_ptr(), len) };
        bytes[..len].copy_from_slice(got);
        Some(len)
    }
}
