//! Who a thread acts for: user and group ids, and capabilities (`credentials(7)`,
//! `capabilities(7)`).
//!
//! [`Cred`] is all of it. Programs start as root with all capabilities. Each thread has its own,
//! as in Linux; C libraries change all threads' together. [`ids`] are the rules of the `setuid`
//! family, [`caps`] those of capabilities and [`SecureBits`], [`exec`] what `execve` makes of
//! both with a program's file. Neighbour: [`crate::fs::perm`] asks about files.

mod capability;
mod caps;
mod exec;
mod ids;

pub use capability::{CAP_ALL, Capability};
pub use caps::SecureBits;
pub use exec::{ExecCred, ExecFile, FileCaps};
pub use ids::{Cred, KEEP, NGROUPS_MAX};
