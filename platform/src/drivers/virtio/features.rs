//! Feature bits (virtio 1.2, chapter 6 and section 5.1.3).

use bitflags::bitflags;

bitflags! {
    /// What a device offers, and what of it the driver uses.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Features: u64 {
        /// Network: the device completes partial checksums.
        const NET_CSUM = 1 << 0;
        /// Network: the driver accepts packets with partial checksums.
        const NET_GUEST_CSUM = 1 << 1;
        /// Network: the device tells its MTU.
        const NET_MTU = 1 << 3;
        /// Network: the device has an Ethernet address.
        const NET_MAC = 1 << 5;
        /// Network: the driver accepts large TCP/IPv4 packets.
        const NET_GUEST_TSO4 = 1 << 7;
        /// Network: the device cuts large TCP/IPv4 packets.
        const NET_HOST_TSO4 = 1 << 11;
        /// Network: a received packet may fill several buffers.
        const NET_MRG_RXBUF = 1 << 15;
        /// Network: the device tells whether the link is up.
        const NET_STATUS = 1 << 16;
        /// Notifications and interrupts are asked for by index.
        const EVENT_IDX = 1 << 29;
        /// The device follows version 1 of the specification.
        const VERSION_1 = 1 << 32;
        /// The device reaches memory as the platform says: here, by physical addresses.
        const ACCESS_PLATFORM = 1 << 33;
    }
}
