//! Everything about QEMU: which one ([`find_qemu`]), whether KVM works ([`choose_accel`]), and the command line
//! for a machine ([`MachinePlan`]).

mod accel;
mod find;
mod fit;
mod kvm_probe;
mod network;
mod plan;
mod ports;
mod quote;

pub use accel::{Accel, choose_accel};
pub use find::{find_kernel, find_qboot, find_qemu, in_path};
pub use fit::check_memory;
pub use network::{Card, Network};
pub use plan::{Firmware, MachinePlan};
pub use ports::check_ports;
pub use quote::shell_quoted;
