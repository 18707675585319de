//! System V semaphores (`semop(2)`).
//!
//! [`Array`] is a set's semaphores and the operations that wait for them, pure and host-tested;
//! [`SemSet`] is the object around it; [`UndoList`] is what a process's end takes back.

mod array;
mod ops;
mod set;
mod undo;

pub use array::{Array, Attempt, Op, VALUE_MAX};
pub use ops::operate;
pub use set::{Change, Query, SemSet, find, find_at, get, info, remove, sets};
pub use undo::UndoList;
