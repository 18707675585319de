//! [`Transport`]: how a driver talks to its device, over PCI or MMIO.

use super::features::Features;
use super::interrupt::Interrupt;
use super::mmio::MmioTransport;
use super::pci::PciTransport;
use super::queue::{VirtQueue, usable_size};
use crate::cpu::Work;
use crate::drivers::Window;
use crate::irq::IrqError;
use core::fmt;

/// Device status bits (virtio 1.2, section 2.1).
pub(super) mod status {
    pub const ACKNOWLEDGE: u8 = 1 << 0;
    pub const DRIVER: u8 = 1 << 1;
    pub const DRIVER_OK: u8 = 1 << 2;
    pub const FEATURES_OK: u8 = 1 << 3;
    pub const FAILED: u8 = 1 << 7;
}

/// Why a device cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetupError {
    /// It is not a modern device (on the command line: `disable-modern=off`, and for
    /// virtio-mmio `-global virtio-mmio.force-legacy=false`).
    Legacy,
    /// A structure that it must have is missing or lies outside of its windows.
    Malformed(&'static str),
    /// It can raise no message interrupts (MSI-X).
    NoMessages,
    /// It does not accept the features that it offered.
    Features,
    /// It did not come back from its reset.
    Reset,
    /// It lacks this queue.
    NoQueue(u16),
    /// Memory is out.
    NoMemory,
    /// Its interrupt cannot be routed.
    Interrupt(IrqError),
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Legacy => {
                f.write_str("a legacy device: use virtio 1 (disable-legacy, force-legacy=false)")
            }
            Self::Malformed(what) => write!(f, "malformed {what}"),
            Self::NoMessages => f.write_str("no message interrupts (MSI-X)"),
            Self::Features => f.write_str("refuses the features that it offers"),
            Self::Reset => f.write_str("does not come back from a reset"),
            Self::NoQueue(index) => write!(f, "no queue {index}"),
            Self::NoMemory => f.write_str("no memory for its queues"),
            Self::Interrupt(error) => error.fmt(f),
        }
    }
}

/// Rings a device's bell for one queue.
#[derive(Clone, Copy, Debug)]
pub struct Notifier {
    register: Window,
    queue: u16,
    /// The register has 32 bits (MMIO), not 16 (PCI).
    wide: bool,
}

impl Notifier {
    pub(super) fn new(register: Window, queue: u16, wide: bool) -> Self {
        Self { register, queue, wide }
    }

    /// Tells the device to look at the queue.
    #[inline]
    pub fn notify(&self) {
        if self.wide {
            self.register.write32(0, u32::from(self.queue));
        } else {
            self.register.write16(0, self.queue);
        }
    }
}

/// A device's registers.
pub enum Transport {
    /// On PCI.
    Pci(PciTransport),
    /// At an address.
    Mmio(MmioTransport),
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pci(pci) => write!(f, "PCI {}", pci.address()),
            Self::Mmio(mmio) => write!(f, "MMIO {:#x}", mmio.base()),
        }
    }
}

impl Transport {
    /// Resets the device and agrees on features: those of `wanted` that it offers. It must offer
    /// version 1. (Section 3.1.1, steps 1 to 6.)
    pub fn negotiate(&mut self, wanted: Features) -> Result<Features, SetupError> {
        /// Looks at the status until the reset counts as failed.
        const MAX_LOOKS: u32 = 1_000_000;
        self.set_status(0);
        (0..MAX_LOOKS).find(|_| self.status() == 0).ok_or(SetupError::Reset)?;
        self.set_status(status::ACKNOWLEDGE);
        self.set_status(status::ACKNOWLEDGE | status::DRIVER);
        let offered = Features::from_bits_truncate(self.device_features());
        if !offered.contains(Features::VERSION_1) {
            return Err(SetupError::Legacy);
        }
        let agreed = offered & (wanted | Features::VERSION_1 | Features::ACCESS_PLATFORM);
        self.set_driver_features(agreed.bits());
        let so_far = status::ACKNOWLEDGE | status::DRIVER | status::FEATURES_OK;
        self.set_status(so_far);
        if self.status() & status::FEATURES_OK == 0 {
            return Err(SetupError::Features);
        }
        Ok(agreed)
    }

    /// Makes queue `index` and tells the device where it is; its interrupts are the device's.
    pub fn enable_queue(
        &mut self,
        index: u16,
        features: Features,
    ) -> Result<(VirtQueue, Notifier), SetupError> {
        let size = usable_size(self.max_queue_size(index));
        if size == 0 {
            return Err(SetupError::NoQueue(index));
        }
        let queue = VirtQueue::new(size, features.contains(Features::EVENT_IDX))
            .ok_or(SetupError::NoMemory)?;
        let notifier = match self {
            Self::Pci(pci) => pci.enable_queue(index, size, queue.addresses())?,
            Self::Mmio(mmio) => mmio.enable_queue(index, size, queue.addresses()),
        };
        Ok((queue, notifier))
    }

    /// Lets the device's interrupts raise `work`. Before the queues are enabled.
    pub fn enable_interrupt(&mut self, work: Work) -> Result<(), SetupError> {
        match self {
            Self::Pci(pci) => pci.enable_interrupt(Interrupt::message(work)),
            Self::Mmio(mmio) => mmio.enable_interrupt(work),
        }
    }

    /// The driver is ready: the device may use its queues.
    pub fn start(&mut self) {
        let ready = status::DRIVER_OK | self.status();
        self.set_status(ready);
    }

    /// The driver gives up: the device is reset, so that it leaves memory alone.
    pub fn fail(&mut self) {
        self.set_status(0);
        self.set_status(status::FAILED);
    }

    /// The device's own configuration.
    pub fn config(&self) -> Window {
        match self {
            Self::Pci(pci) => pci.config(),
            Self::Mmio(mmio) => mmio.config(),
        }
    }

    fn status(&self) -> u8 {
        match self {
            Self::Pci(pci) => pci.status(),
            Self::Mmio(mmio) => mmio.status(),
        }
    }

    fn set_status(&mut self, status: u8) {
        match self {
            Self::Pci(pci) => pci.set_status(status),
            Self::Mmio(mmio) => mmio.set_status(status),
        }
    }

    fn device_features(&self) -> u64 {
        match self {
            Self::Pci(pci) => pci.device_features(),
            Self::Mmio(mmio) => mmio.device_features(),
        }
    }

    fn set_driver_features(&mut self, features: u64) {
        match self {
            Self::Pci(pci) => pci.set_driver_features(features),
            Self::Mmio(mmio) => mmio.set_driver_features(features),
        }
    }

    fn max_queue_size(&self, index: u16) -> u16 {
        match self {
            Self::Pci(pci) => pci.max_queue_size(index),
            Self::Mmio(mmio) => mmio.max_queue_size(index),
        }
    }
}
