//! The stack that a program finds at its first instruction: [`InitialStack`] says what goes on it,
//! [`StackImage`] is the finished bytes and where things lie, [`StackError`] why it does not fit.

mod error;
mod image;
mod layout;

pub use error::StackError;
pub use image::{InitialStack, StackImage};
pub use layout::{ARGUMENT_MAX, argument_space};
