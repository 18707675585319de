//! Devices: what the kernel uses of them ([`net`]) and the drivers behind ([`virtio`]).
//!
//! Devices are looked for when something first asks for one of their kind; a machine that needs
//! no network does not search its buses. Everything read from a device is checked before it is
//! used.

pub mod net;
mod virtio;
mod window;

pub(crate) use virtio::rng;
pub(crate) use window::Window;
