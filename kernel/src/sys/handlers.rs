//! Every system call handler under one path, for the dispatch table. A family adds its file here.

pub use super::attr::*;
pub use super::copy::*;
pub use super::cred::*;
pub use super::dir::*;
pub use super::epoll::*;
pub use super::event::*;
pub use super::fdops::*;
pub use super::file::*;
pub use super::futex::*;
pub use super::locks::*;
pub use super::memory::*;
pub use super::misc::*;
pub use super::mount::*;
pub use super::msg::*;
pub use super::open::*;
pub use super::poll::*;
pub use super::process::*;
pub use super::sched::*;
pub use super::signal::*;
pub use super::socket::*;
pub use super::sockopt::*;
pub use super::stat::*;
pub use super::thread::*;
pub use super::time::*;
pub use super::xattr::*;
