//! The architecture, chosen at compile time. Each offers the same names: [`UserFrame`],
//! [`PageTable`], user copies, the context switch and the CPU's clock and timer.

#[cfg(all(target_os = "none", target_arch = "x86_64"))]
#[path = "x86_64/mod.rs"]
mod imp;

#[cfg(not(target_os = "none"))]
#[path = "host/mod.rs"]
mod imp;

pub use imp::*;
