//! POSIX message queues (`mq_overview(7)`).
//!
//! A queue is a file ([`MqInode`]) of a file system of its own ([`MqueueFs`]) that `/dev/mqueue`
//! shows. [`Letters`] is what lies in one, by priority (pure, host-tested); `queue.rs` sends and
//! receives with waiting, `notify.rs` tells who wants to know of a message.

mod account;
mod file;
mod fs;
mod letters;
mod notify;
mod queue;

pub use fs::{MqueueFs, open, unlink};
pub use letters::{Letter, Letters, PRIORITIES};
pub use notify::{COOKIE_LEN, Notice};
pub use queue::{Attributes, MqInode, forget, of_file};
