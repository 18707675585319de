//! Every system call handler under one path, for the dispatch table. A family adds its file here.

pub use super::cred::*;
pub use super::futex::*;
pub use super::memory::*;
pub use super::misc::*;
pub use super::process::*;
pub use super::sched::*;
pub use super::signal::*;
pub use super::thread::*;
pub use super::time::*;
