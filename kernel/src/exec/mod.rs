//! From a program's file to an address space that is ready to run.
//!
//! * [`load`] follows `#!` lines, maps the segments of the ELF (and of its interpreter), the vDSO
//!   and the stack into a fresh [`AddressSpace`], and gives an [`Image`].
//! * [`ExecError`] says in words why a file cannot be run, and by which errno and exit status.
//!
//! Parsing is `elfin_loader`'s. Neighbours: [`crate::boot`] starts the first program, `execve`
//! will start others.

mod error;
mod image;
mod segments;
mod start_stack;
mod vdso;

pub use error::ExecError;
pub use image::{Image, Request, load};
