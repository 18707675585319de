//! Which constants can reach a register: data flow over machine code, on a small intermediate form.
//!
//! An [`Isa`] turns instructions into [`Step`]s; [`analyze`] runs the steps of one function to a fixed point
//! of [`State`]s and shows the state at each system call, call and exit. A [`Value`] is a small set of
//! constants and of things that were in a register or stack slot when the function began.

mod engine;
mod ir;
mod state;
mod value;

pub use engine::{Visit, analyze};
pub use ir::{Flow, Isa, OPS_MAX, Op, Reg, Step};
pub use state::State;
pub use value::{Atom, Source, Value};
