//! System V message queues (`msgsnd(2)`, `msgrcv(2)`).
//!
//! [`Messages`] is what lies in a queue and how one is chosen, pure and host-tested;
//! [`MsgQueue`] is the object around it, `transfer.rs` sends and receives with waiting.

mod messages;
mod queue;
mod transfer;

pub use messages::{Message, Messages, Selector};
pub use queue::{MsgQueue, find, find_at, get, info, queues, remove};
pub use transfer::{Receive, receive, send, text};
