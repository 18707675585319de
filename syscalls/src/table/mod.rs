//! The table: every Linux system call once, with its numbers, status, arguments and proof.
//!
//! Rows live in one file per family (`files.rs`, `paths.rs`, …), one row per line:
//!
//! ```text
//! name    { x86_64, arm64 }  status         (argument: Type, …)                              [proof, …];
//! read    {      0,    63 }  full           (fd: Fd, buf: UserOut<[u8]>, len: usize)         ["own:read"];
//! ```
//!
//! A number is `_` where the architecture has no such call. The status is one of
//! * `full`: as Linux does it; needs at least one proof, the name of a test;
//! * `partial("what is missing")`;
//! * `fake(0, "why success without effect is harmless")`, returning the number given;
//! * `stub("why callers cope")`: `ENOSYS`.
//!
//! # To flip a row
//! Write `pub fn name(cx: &mut Cx<'_>, fd: Fd, …) -> SysResult` in the kernel's handlers, with
//! the argument types of the row, and replace `stub("…")` by `partial("…")` or `full`. The
//! dispatch ([`dispatch_table!`](crate::dispatch_table)) then calls it; without the handler the
//! kernel does not compile. Run `syscalls-doc` afterwards to renew docs/src/syscalls.md.
//!
//! Neighbours: [`entry`](Syscall) is what the rows become at run time, `dispatch.rs` what they
//! become in the kernel, [`crate::args`] has the argument types.

mod dispatch;
mod entry;
mod events;
mod files;
mod ipc;
mod memory;
mod paths;
mod process;
mod signals;
mod sockets;
mod system;
mod time;

pub use entry::{
    Arch, Entry, NATIVE_LEN, NO_NUMBER, Note, Status, Syscall, TABLE, native_number,
    native_number_of,
};

/// Passes all rows to another macro: `syscall_table!(callback {anything})` becomes
/// `callback! { {anything} row row … }`.
///
/// A callback takes a row apart with
/// ```text
/// $($name:ident { $x86_64:tt, $arm64:tt } $status:ident $(($($note:literal),+))?
///   ($($arg:ident : $ty:ty),*) [$($proof:literal),*];)*
/// ```
#[macro_export]
macro_rules! syscall_table {
    ($callback:ident) => { $crate::syscall_table! { $callback {} } };
    ($callback:ident { $($with:tt)* }) => {
        $crate::__rows_files! {
            [$callback { $($with)* }]
            [
                __rows_paths __rows_memory __rows_process __rows_signals __rows_time
                __rows_sockets __rows_events __rows_ipc __rows_system __rows_end
            ]
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __rows_end {
    ([$callback:ident $with:tt] [] $($rows:tt)*) => { $callback! { $with $($rows)* } };
}
