//! Pseudoterminals (`pty(7)`): terminals whose line ends at another program.
//!
//! The slave is a [`Terminal`](super::Terminal); a [`Link`] in it is all that its master needs,
//! which is open as a [`MasterFile`]. [`table`] knows them by their numbers, for `/dev/pts`.

mod link;
mod master;
mod table;

pub use link::Link;
pub use master::MasterFile;
pub(super) use table::forget;
pub use table::{PTY_MAX, find, node, numbers, open_master, open_slave};
