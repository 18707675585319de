//! Files made of events: pipes, eventfd, timerfd, signalfd, epoll, inotify, and waiting for many
//! files at once (`poll`, `select`).
//!
//! All but the last are [`File`](crate::fs::File)s. Neighbours: [`crate::task::WaitQueue`] is
//! what they sleep on, `sys/{event,epoll,poll}.rs` are the calls.

pub mod aio;
pub mod epoll;
pub mod eventfd;
pub mod fifo;
pub mod inotify;
pub mod pipe;
pub mod poll;
pub mod ring;
pub mod sigio;
pub mod signalfd;
pub mod timerfd;

pub use fifo::FifoSlot;
pub use pipe::{Pipe, PipeEnd};
pub use timerfd::clock_was_set;
