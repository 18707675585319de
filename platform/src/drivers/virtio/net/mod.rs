//! The network device (virtio 1.2, section 5.1): one queue pair, with checksum and segmentation
//! offload, mergeable receive buffers and event indices where the device offers them.

mod header;
mod rx;
mod tx;

use super::discover::{DeviceKind, take};
use super::features::Features;
use super::transport::{SetupError, Transport};
use crate::cpu::Work;
use crate::drivers::Window;
use crate::drivers::net::{ETHERNET_HEADER, Full, NetDevice, NetFeatures, NetStats, TxMeta};
use crate::mm;
use crate::sync::SpinLock;
use alloc::vec::Vec;
use core::ops::Deref;
use header::RxHeader;
use rx::{Frame, Rx};
use tx::Tx;

const RX_QUEUE: u16 = 0;
const TX_QUEUE: u16 = 1;

/// The device's configuration (section 5.1.4).
const CONFIG_MAC: usize = 0;
const CONFIG_STATUS: usize = 6;
const CONFIG_MTU: usize = 10;
const STATUS_LINK_UP: u16 = 1 << 0;

const DEFAULT_MTU: usize = 1500;
/// Least MTU of IPv4 (RFC 791).
const MIN_MTU: usize = 68;
/// With less free memory than this the rings start at half their size, and no large packets are
/// received, which would fill them.
const SMALL_MACHINE: usize = 12 * 1024 * 1024;
/// Of each frame, for its header and alignment.
const FRAME_OVERHEAD: usize = 128;

/// A virtio network device.
pub struct VirtioNet {
    rx: SpinLock<Rx>,
    tx: SpinLock<Tx>,
    config: Window,
    features: Features,
    mac: [u8; 6],
    mtu: usize,
    /// Largest frame for the device to cut: two fit the first arena.
    max_gso_frame: usize,
}

/// The network devices of the machine.
pub fn find() -> Vec<NetDevice> {
    take(DeviceKind::Net)
        .into_iter()
        .filter_map(|mut transport| match VirtioNet::open(&mut transport) {
            Ok(device) => Some(NetDevice::new(device)),
            Err(error) => {
                log::warn!("virtio network device at {transport}: {error}");
                transport.fail();
                None
            }
        })
        .collect()
}

impl VirtioNet {
    fn open(transport: &mut Transport) -> Result<Self, SetupError> {
        let is_small = mm::stats().free < SMALL_MACHINE;
        let mut wanted = Features::NET_CSUM
            | Features::NET_GUEST_CSUM
            | Features::NET_MTU
            | Features::NET_MAC
            | Features::NET_GUEST_TSO4
            | Features::NET_HOST_TSO4
            | Features::NET_MRG_RXBUF
            | Features::NET_STATUS
            | Features::EVENT_IDX;
        wanted.set(Features::NET_GUEST_TSO4, !is_small);
        let mut features = transport.negotiate(wanted)?;
        if !features.contains(Features::NET_MRG_RXBUF)
            && features.contains(Features::NET_GUEST_TSO4)
        {
            // Large packets would need large buffers: better without.
            features = transport.negotiate(wanted & !Features::NET_GUEST_TSO4)?;
        }
        transport.enable_interrupt(Work::NET)?;
        let (rx_queue, rx_bell) = transport.enable_queue(RX_QUEUE, features)?;
        let (tx_queue, tx_bell) = transport.enable_queue(TX_QUEUE, features)?;
        let mergeable = features.contains(Features::NET_MRG_RXBUF);
        let chunk = rx::chunk_size(is_small);
        let arena = tx::arena_size(is_small);
        let max_gso_frame = arena / 2 - FRAME_OVERHEAD;
        let rx = Rx::new(rx_queue, rx_bell, mergeable, chunk).ok_or(SetupError::NoMemory)?;
        let tx = Tx::new(tx_queue, tx_bell, arena).ok_or(SetupError::NoMemory)?;
        let config = transport.config();
        let device = Self {
            rx: SpinLock::new(rx),
            tx: SpinLock::new(tx),
            mac: mac(&config, features),
            mtu: mtu(&config, features, max_gso_frame),
            max_gso_frame,
            config,
            features,
        };
        transport.start();
        device.rx.lock().flush();
        Ok(device)
    }

    pub fn mac(&self) -> [u8; 6] {
        self.mac
    }

    pub fn mtu(&self) -> usize {
        self.mtu
    }

    pub fn link_up(&self) -> bool {
        !self.features.contains(Features::NET_STATUS)
            || self.config.read16(CONFIG_STATUS) & STATUS_LINK_UP != 0
    }

    pub fn features(&self) -> NetFeatures {
        let has = |feature| self.features.contains(feature);
        NetFeatures {
            tx_checksum: has(Features::NET_CSUM),
            rx_checksum: has(Features::NET_GUEST_CSUM),
            tx_tso4: has(Features::NET_HOST_TSO4 | Features::NET_CSUM),
            rx_tso4: has(Features::NET_GUEST_TSO4),
        }
    }

    pub fn max_frame(&self) -> usize {
        let ordinary = self.mtu + ETHERNET_HEADER;
        if self.features().tx_tso4 { ordinary.max(self.max_gso_frame) } else { ordinary }
    }

    pub fn receive(&self) -> Option<RxPacket<'_>> {
        let (frame, header) = self.rx.lock().receive()?;
        Some(RxPacket { device: self, frame, header })
    }

    pub fn has_received(&self) -> bool {
        self.rx.lock().has_received()
    }

    pub fn transmit(
        &self,
        len: usize,
        meta: TxMeta,
        fill: impl FnOnce(&mut [u8]),
    ) -> Result<(), Full> {
        if len > self.max_frame() {
            return Err(Full);
        }
        // Bound first, so that the lock is not held while the frame is written.
        let place = self.tx.lock().reserve(len);
        let mut place = place?;
        place.fill(&meta, fill);
        self.tx.lock().commit(place);
        Ok(())
    }

    pub fn tx_space(&self) -> usize {
        self.tx.lock().space(self.mtu + ETHERNET_HEADER)
    }

    pub fn flush(&self) {
        self.tx.lock().flush();
        self.rx.lock().flush();
    }

    pub fn reclaim(&self) -> usize {
        self.tx.lock().reclaim()
    }

    pub fn wake_on_tx_space(&self) -> bool {
        self.tx.lock().wake_on_space()
    }

    pub fn enable_interrupts(&self) -> bool {
        self.rx.lock().enable_interrupts()
    }

    pub fn disable_interrupts(&self) {
        self.rx.lock().disable_interrupts();
    }

    pub fn is_broken(&self) -> bool {
        self.rx.lock().is_broken() || self.tx.lock().is_broken()
    }

    pub fn stats(&self) -> NetStats {
        let mut stats = NetStats::default();
        {
            let rx = self.rx.lock();
            stats.rx_packets = rx.packets;
            stats.rx_bytes = rx.bytes;
            stats.rx_dropped = rx.dropped;
            stats.kicks = rx.kicks;
        }
        let tx = self.tx.lock();
        stats.tx_packets = tx.packets;
        stats.tx_bytes = tx.bytes;
        stats.kicks += tx.kicks;
        stats
    }
}

/// The device's address; a locally administered one of our own if it has none.
fn mac(config: &Window, features: Features) -> [u8; 6] {
    const LOCAL: u8 = 0b10;
    const MULTICAST: u8 = 0b01;
    let mut mac = [0; 6];
    if features.contains(Features::NET_MAC) {
        for (n, byte) in mac.iter_mut().enumerate() {
            *byte = config.read8(CONFIG_MAC + n);
        }
    }
    if mac == [0; 6] || mac[0] & MULTICAST != 0 {
        crate::entropy::fill(&mut mac);
        mac[0] = mac[0] & !MULTICAST | LOCAL;
    }
    mac
}

/// The device's MTU, as far as one buffer and one arena carry it.
fn mtu(config: &Window, features: Features, max_frame: usize) -> usize {
    if !features.contains(Features::NET_MTU) {
        return DEFAULT_MTU;
    }
    let told = usize::from(config.read16(CONFIG_MTU));
    let max = if features.contains(Features::NET_MRG_RXBUF) {
        max_frame - ETHERNET_HEADER
    } else {
        rx::SMALL_BUFFER - header::LEN - ETHERNET_HEADER
    };
    if told < MIN_MTU { DEFAULT_MTU } else { told.min(max) }
}

/// A received frame, from its Ethernet header on. Dropping it gives its memory back to the device.
pub struct RxPacket<'a> {
    device: &'a VirtioNet,
    frame: Frame,
    header: RxHeader,
}

// SAFETY: the frame's memory is this packet's alone until it is dropped.
unsafe impl Send for RxPacket<'_> {}

impl RxPacket<'_> {
    /// Is the TCP or UDP checksum known to be right? If not, software has to look.
    pub fn checksum_ok(&self) -> bool {
        self.header.checksum_ok
    }

    /// For a packet that was put together from several segments: the payload of each.
    pub fn gso_segment(&self) -> Option<u16> {
        self.header.segment
    }
}

impl Deref for RxPacket<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.frame.bytes()
    }
}

impl Drop for RxPacket<'_> {
    fn drop(&mut self) {
        if let Frame::InRing { first, .. } = self.frame {
            self.device.rx.lock().give_back(first);
        }
    }
}
