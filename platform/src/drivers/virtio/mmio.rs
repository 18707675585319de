//! virtio over MMIO, version 2 (virtio 1.2, section 4.2).

use super::interrupt::Interrupt;
use super::queue::QueueAddresses;
use super::transport::{Notifier, SetupError};
use crate::bus::mmio::Slot;
use crate::cpu::Work;
use crate::drivers::Window;
use crate::irq::{self, Polarity, Trigger};

const MAGIC: usize = 0x000;
const VERSION: usize = 0x004;
const DEVICE_ID: usize = 0x008;
const DEVICE_FEATURES: usize = 0x010;
const DEVICE_FEATURES_SELECT: usize = 0x014;
const DRIVER_FEATURES: usize = 0x020;
const DRIVER_FEATURES_SELECT: usize = 0x024;
const QUEUE_SELECT: usize = 0x030;
const QUEUE_SIZE_MAX: usize = 0x034;
const QUEUE_SIZE: usize = 0x038;
const QUEUE_READY: usize = 0x044;
const QUEUE_NOTIFY: usize = 0x050;
/// Takes back the line that the device holds, by reasons.
pub const INTERRUPT_ACK: usize = 0x064;
const STATUS: usize = 0x070;
const QUEUE_DESCRIPTORS: usize = 0x080;
const QUEUE_AVAILABLE: usize = 0x090;
const QUEUE_USED: usize = 0x0a0;
const CONFIG: usize = 0x100;

/// Reason for an interrupt: buffers were used.
pub const USED_BUFFER: u32 = 1 << 0;
/// Reason for an interrupt: the configuration changed.
pub const CONFIG_CHANGE: u32 = 1 << 1;
/// "virt"
const MAGIC_VALUE: u32 = 0x7472_6976;
const VERSION_LEGACY: u32 = 1;
const VERSION_MODERN: u32 = 2;
const MIN_LEN: u64 = 0x100;
const MAX_LEN: u64 = 0x1000;

/// A device at an address.
pub struct MmioTransport {
    registers: Window,
    slot: Slot,
}

impl MmioTransport {
    /// What is in `slot`: its device ID, `None` if it is empty.
    #[cfg(target_os = "none")]
    pub fn probe(slot: Slot) -> Result<Option<(u32, Self)>, SetupError> {
        if !(MIN_LEN..=MAX_LEN).contains(&slot.size) || !slot.base.is_multiple_of(4) {
            return Err(SetupError::Malformed("virtio_mmio.device= on the command line"));
        }
        Self::identify(Window::map(slot.base, slot.size as usize), slot)
    }

    fn identify(registers: Window, slot: Slot) -> Result<Option<(u32, Self)>, SetupError> {
        if registers.read32(MAGIC) != MAGIC_VALUE {
            return Ok(None);
        }
        let version = registers.read32(VERSION);
        let id = registers.read32(DEVICE_ID);
        match (version, id) {
            (_, 0) => Ok(None),
            (VERSION_MODERN, _) => Ok(Some((id, Self { registers, slot }))),
            (VERSION_LEGACY, _) => Err(SetupError::Legacy),
            _ => Err(SetupError::Malformed("version")),
        }
    }

    /// Physical address.
    pub fn base(&self) -> u64 {
        self.slot.base
    }

    pub(super) fn status(&self) -> u8 {
        self.registers.read32(STATUS) as u8
    }

    pub(super) fn set_status(&mut self, status: u8) {
        self.registers.write32(STATUS, u32::from(status));
    }

    pub(super) fn device_features(&self) -> u64 {
        let half = |n: u32| {
            self.registers.write32(DEVICE_FEATURES_SELECT, n);
            u64::from(self.registers.read32(DEVICE_FEATURES))
        };
        half(0) | half(1) << 32
    }

    pub(super) fn set_driver_features(&mut self, features: u64) {
        for (n, half) in [(0, features as u32), (1, (features >> 32) as u32)] {
            self.registers.write32(DRIVER_FEATURES_SELECT, n);
            self.registers.write32(DRIVER_FEATURES, half);
        }
    }

    pub(super) fn max_queue_size(&self, index: u16) -> u16 {
        self.registers.write32(QUEUE_SELECT, u32::from(index));
        u16::try_from(self.registers.read32(QUEUE_SIZE_MAX)).unwrap_or(u16::MAX)
    }

    pub(super) fn enable_queue(&mut self, index: u16, size: u16, at: QueueAddresses) -> Notifier {
        let registers = &self.registers;
        registers.write32(QUEUE_SELECT, u32::from(index));
        registers.write32(QUEUE_SIZE, u32::from(size));
        registers.write64(QUEUE_DESCRIPTORS, at.descriptors);
        registers.write64(QUEUE_AVAILABLE, at.available);
        registers.write64(QUEUE_USED, at.used);
        registers.write32(QUEUE_READY, 1);
        // `identify`'s window has at least `MIN_LEN` bytes.
        let bell = registers.part(QUEUE_NOTIFY, 4).unwrap_or(*registers);
        Notifier::new(bell, index, true)
    }

    pub(super) fn enable_interrupt(&mut self, work: Work) -> Result<(), SetupError> {
        let vector =
            Interrupt::line(work, self.registers).allocate().map_err(SetupError::Interrupt)?;
        // The device holds its line until it is acknowledged.
        irq::route_gsi(self.slot.gsi, vector, Trigger::Level, Polarity::High)
            .map_err(SetupError::Interrupt)
    }

    pub(super) fn config(&self) -> Window {
        let len = self.registers.len() - CONFIG;
        self.registers.part(CONFIG, len).unwrap_or(self.registers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOT: Slot = Slot { base: 0xfeb0_0000, size: 512, gsi: 5 };

    fn identify(words: [u32; 3]) -> Result<Option<u32>, SetupError> {
        let mut memory = [0u32; 128];
        memory[..3].copy_from_slice(&words);
        // SAFETY: `memory` lives longer than the window.
        let registers = unsafe { Window::of_memory(memory.as_mut_ptr().cast(), 512) };
        MmioTransport::identify(registers, SLOT).map(|found| found.map(|(id, _)| id))
    }

    #[test]
    fn tells_what_is_there() {
        assert_eq!(identify([MAGIC_VALUE, 2, 1]), Ok(Some(1)));
        assert_eq!(identify([MAGIC_VALUE, 2, 0]), Ok(None), "an empty slot");
        assert_eq!(identify([MAGIC_VALUE, 1, 0]), Ok(None), "an empty legacy slot");
        assert_eq!(identify([u32::MAX; 3]), Ok(None), "nothing");
        assert_eq!(identify([MAGIC_VALUE, 1, 1]), Err(SetupError::Legacy));
        assert_eq!(identify([MAGIC_VALUE, 3, 1]), Err(SetupError::Malformed("version")));
    }
}
