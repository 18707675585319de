//! Network devices as the kernel sees them: [`NetDevice`], [`RxPacket`], [`TxMeta`].
//!
//! A device owns its rings and its buffers. Receiving lends a buffer ([`RxPacket`], given back
//! when dropped); transmitting lets the caller write the frame straight into a ring-owned buffer.
//! Nothing is allocated for a packet.
//!
//! # How the protocol code drives a device
//! ```text
//! on Work::NET:
//!   loop {
//!     while let Some(packet) = device.receive() { … device.transmit(…) … }
//!     device.flush();                        // one notification for the whole batch
//!     if !device.enable_interrupts() { break }   // true: more came in meanwhile, go round again
//!   }
//! ```
//! The interrupt handler only raises [`crate::cpu::Work::NET`] and leaves interrupts suppressed
//! until [`NetDevice::enable_interrupts`] is called again.
//!
//! Neighbours: [`super::virtio`] implements the one device there is so far.

use super::virtio::net::{self as driver, VirtioNet};
use crate::sync::Once;
use alloc::vec::Vec;

pub use super::virtio::net::RxPacket;

/// Length of an Ethernet header; frames given and taken here begin with one.
pub const ETHERNET_HEADER: usize = 14;

/// What a device takes off the protocol code's hands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NetFeatures {
    /// The device completes a partial checksum ([`TxMeta::checksum`]).
    pub tx_checksum: bool,
    /// Received packets may say that their checksum is known good ([`RxPacket::checksum_ok`]).
    /// A packet that does not say so has to be checked by software.
    pub rx_checksum: bool,
    /// The device cuts a large TCP/IPv4 packet into segments ([`TxMeta::gso`]).
    pub tx_tso4: bool,
    /// Received TCP/IPv4 packets may be larger than the MTU (up to 64 KiB).
    pub rx_tso4: bool,
}

/// Where the device has to put the Internet checksum of a frame.
///
/// The checksum field must hold the (not inverted) sum of the pseudo header; the device adds
/// all bytes from `start` to the end of the frame and stores the inverted sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TxChecksum {
    /// First byte that is summed: the start of the TCP or UDP header, from the frame's start.
    pub start: u16,
    /// Position of the 16-bit checksum field, from `start` (TCP 16, UDP 6).
    pub offset: u16,
}

/// Segmentation of a large TCP/IPv4 packet by the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TxGso {
    /// Payload bytes of each segment.
    pub segment: u16,
    /// Length of the Ethernet, IP and TCP headers together, which every segment repeats.
    pub headers: u16,
}

/// What the device has to do with a frame besides sending it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TxMeta {
    /// Complete this checksum. Needs [`NetFeatures::tx_checksum`].
    pub checksum: Option<TxChecksum>,
    /// Cut the packet. Needs [`NetFeatures::tx_tso4`] and `checksum`.
    pub gso: Option<TxGso>,
}

/// There is no room in the transmit ring now: nothing was sent.
///
/// [`NetDevice::wake_on_tx_space`] asks for a [`crate::cpu::Work::NET`] when there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// Counters of a device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NetStats {
    /// Frames received.
    pub rx_packets: u64,
    /// Bytes received, with Ethernet headers.
    pub rx_bytes: u64,
    /// Frames dropped on their way in (malformed by the device, or no memory).
    pub rx_dropped: u64,
    /// Frames sent.
    pub tx_packets: u64,
    /// Bytes sent, with Ethernet headers.
    pub tx_bytes: u64,
    /// Notifications (kicks) given to the device.
    pub kicks: u64,
}

/// A network device. All methods may be called from any CPU, not from interrupt handlers.
pub struct NetDevice {
    driver: VirtioNet,
}

impl NetDevice {
    pub(super) fn new(driver: VirtioNet) -> Self {
        Self { driver }
    }

    /// The Ethernet address.
    pub fn mac(&self) -> [u8; 6] {
        self.driver.mac()
    }

    /// Largest IP packet in bytes (without the Ethernet header) of an ordinary frame.
    pub fn mtu(&self) -> usize {
        self.driver.mtu()
    }

    /// Is a cable plugged in? True where the device cannot tell.
    pub fn link_up(&self) -> bool {
        self.driver.link_up()
    }

    /// What the device computes for us.
    pub fn features(&self) -> NetFeatures {
        self.driver.features()
    }

    /// Largest frame (with Ethernet header) that [`Self::transmit`] takes: MTU + 14, or with
    /// [`NetFeatures::tx_tso4`] about 32 KiB (16 KiB on a small machine).
    pub fn max_frame(&self) -> usize {
        self.driver.max_frame()
    }

    /// Takes the next received frame, if there is one.
    ///
    /// Several may be held at a time; the buffer goes back to the device when the packet is
    /// dropped (the device learns of it at the next [`Self::flush`]).
    pub fn receive(&self) -> Option<RxPacket<'_>> {
        self.driver.receive()
    }

    /// Is there a received frame?
    pub fn has_received(&self) -> bool {
        self.driver.has_received()
    }

    /// Queues a frame of `len` bytes, which `fill` writes (its slice has exactly `len` bytes of
    /// unspecified content, beginning with the Ethernet header).
    ///
    /// The device is told by [`Self::flush`]. Fails with [`Full`], without calling `fill`, when
    /// the ring has no room for the frame now or `len` is above [`Self::max_frame`].
    pub fn transmit(
        &self,
        len: usize,
        meta: TxMeta,
        fill: impl FnOnce(&mut [u8]),
    ) -> Result<(), Full> {
        self.driver.transmit(len, meta, fill)
    }

    /// How many frames of the ordinary size (MTU + 14) can be queued now.
    pub fn tx_space(&self) -> usize {
        self.driver.tx_space()
    }

    /// Tells the device, once, of everything that was queued and given back since the last call,
    /// if it wants to be told.
    pub fn flush(&self) {
        self.driver.flush();
    }

    /// Collects the frames that the device has sent. `transmit` does so by itself when it runs
    /// out of room; returns how many there were.
    pub fn reclaim(&self) -> usize {
        self.driver.reclaim()
    }

    /// Asks for one [`crate::cpu::Work::NET`] as soon as the transmit ring has room again.
    ///
    /// Returns true if it already has (nothing will be raised then).
    pub fn wake_on_tx_space(&self) -> bool {
        self.driver.wake_on_tx_space()
    }

    /// Lets the device interrupt for the next received frame.
    ///
    /// Returns true if one is there already: process it, an interrupt may not come for it.
    pub fn enable_interrupts(&self) -> bool {
        self.driver.enable_interrupts()
    }

    /// Asks the device not to interrupt for received frames (polling). The device may still.
    pub fn disable_interrupts(&self) {
        self.driver.disable_interrupts();
    }

    /// The device broke the rules of its rings: nothing comes from it or goes to it any more.
    pub fn is_broken(&self) -> bool {
        self.driver.is_broken()
    }

    /// The counters.
    pub fn stats(&self) -> NetStats {
        self.driver.stats()
    }
}

static DEVICES: Once<Vec<NetDevice>> = Once::new();

/// The network devices of the machine, in discovery order (`eth0` first).
///
/// The first call looks for them; a machine that never asks does not pay for the search.
pub fn net_devices() -> &'static [NetDevice] {
    DEVICES.call_once(driver::find)
}
