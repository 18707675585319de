//! The constants, by family; each list is compared with the C headers by a test.

mod auxv;
mod event;
mod file;
mod netlink;
mod process;
mod signal;
mod sockopt;
mod system;
mod tty;

pub use auxv::*;
pub use event::*;
pub use file::*;
pub use netlink::*;
pub use process::*;
pub use signal::*;
pub use sockopt::*;
pub use system::*;
pub use tty::*;

/// All lists, for the comparison.
#[cfg(test)]
pub(crate) const ALL: &[&[(&str, i128)]] = &[
    auxv::LIST,
    event::LIST,
    file::LIST,
    netlink::LIST,
    process::LIST,
    signal::LIST,
    sockopt::LIST,
    system::LIST,
    tty::LIST,
];
