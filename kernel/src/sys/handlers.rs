//! Every system call handler under one path, for the dispatch table. A family adds its file here.

pub use super::memory::*;
