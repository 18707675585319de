//! Futexes: sleeping on a word of the program's memory (`futex(2)`).
//!
//! [`table`] keeps who waits for which word, [`wait`] and [`wake`] are the operations, [`word`]
//! reads and changes words, [`pi`] are locks with an owner, [`robust`] frees what a thread held
//! when it ended.
//!
//! The word is compared with the table's bucket locked, as a waker's change of the word and its
//! look at the bucket can then not fall between. Page faults are refused meanwhile
//! ([`word::quietly`]); the page is fetched with the lock open, and the operation tried again.

mod pi;
mod robust;
mod several;
mod table;
mod wait;
mod wake;
mod word;

pub use pi::{lock_pi, try_lock_pi, unlock_pi};
pub use robust::release_robust_list;
pub use several::{Word, wait_for_any};
pub use table::{WaitState, owner_ends};
pub use wait::{Deadline, WaitRequest, wait};
pub use wake::{requeue, wake, wake_op, wake_word};
