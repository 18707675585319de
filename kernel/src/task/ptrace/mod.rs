//! Looking into other processes (`ptrace(2)`).
//!
//! * [`may_access`] says who may.

mod access;

pub use access::{Access, may_access};
