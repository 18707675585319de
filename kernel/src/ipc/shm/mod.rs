//! System V shared memory (`shmget(2)`, `shmop(2)`).
//!
//! [`Segment`] is a segment and its pages; `attach.rs` maps it, `table.rs` finds it.

mod attach;
mod segment;
mod table;

pub use attach::{Attach, attach, detach};
pub use segment::{Segment, SegmentInode};
pub use table::{find, find_at, get, info, remove, segments};
