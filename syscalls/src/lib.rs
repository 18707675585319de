//! Every Linux system call said once, for x86_64 and arm64: numbers, typed arguments, status,
//! proof, the structures and constants of the binary interface, and how a trace prints a call.
//!
//! # Principles
//! * One table ([`mod@table`]); dispatch, trace, documentation and checks are made from it.
//! * Pure: no I/O, no allocation, no `unsafe`; it runs in the kernel, in the host's tools and
//!   under the test harness alike.
//! * A user address is an allegation. [`args`] names what should lie there; only a user copy of
//!   the kernel's can prove it.
//! * What Linux ignores is ignored here, what Linux refuses is refused with the same errno.
//!
//! # For authors of handlers
//! ```text
//! // errno
//! pub struct Errno(..);                                   // Errno::ENOENT, .number() -> i32, .name(), Display
//! pub type SysResult = Result<usize, Errno>;
//! pub const fn encode(result: SysResult) -> isize;        // the result register: value or -errno
//!
//! // dispatch, once in the kernel
//! elfin_syscalls::dispatch_table! {
//!     context: crate::sys::Cx<'_>,                        // what every handler gets as `cx: &mut Cx<'_>`
//!     handlers: crate::sys::handlers,                     // the module (re-)exporting all handlers by name
//!     unknown: crate::sys::unknown,                       // fn(&mut Cx<'_>, &[usize; 6]) -> SysResult
//! }                                                       // => pub type SysFn; pub static DISPATCH: [SysFn; NATIVE_LEN]
//! match DISPATCH.get(nr) { Some(f) => f(&mut cx, &words), None => unknown(&mut cx, &words) }
//!
//! // a handler: the name and argument types of the row, nothing else
//! pub fn read(cx: &mut Cx<'_>, fd: Fd, buf: UserOut<[u8]>, len: usize) -> SysResult
//! // then flip its row in table/<family>.rs from stub("…") to partial("…") or full (with a proof)
//!
//! // the table at run time (per-call counters, names for the log, `elfin check`)
//! Entry::by_number(Arch::NATIVE, nr) -> Option<Entry>     // .row() .call().name .call().status .note().note
//! Entry::by_name("openat") -> Option<Entry>               // .number(Arch::Aarch64)
//!
//! // argument types (args): Copy, no checks beyond what Linux does at once
//! Fd(i32) .index() Fd::CWD · UserAddr(usize) .addr() .is_null() .offset(n)? · UserStr · UserSockaddr
//! UserIn<T> UserOut<T> UserInOut<T>: .addr() .is_null() .non_null() .untyped() ::SIZE; <[T]>: .at(i)?
//! Mode(u32) · SigNum(u32) .check()? · ClockId(i32) · Pid Uid Gid (aliases) · Whence (enum)
//! bit sets:  OpenFlags .readable() .writable() · ProtFlags · MapFlags .sharing()? · CloneFlags
//!            .exit_signal() · AtFlags .only(allowed)? · EpollEvents · PollEvents · MsgFlags · …
//!            each: .contains() .bits() .only(allowed)? .has_unknown()  (policy: reject/ignore/keep)
//! codes:     FcntlCmd::GETFL, IoctlCmd::TCGETS, Resource::NOFILE .index()?, PrctlOption, Advice,
//!            EpollOp, ArchPrctlCode, RebootCmd: `match cmd { FcntlCmd::DUPFD => …, _ => Err(..) }`
//! decoded:   FutexOp { cmd: FutexCmd, private, realtime } · SockType { kind, flags } .nonblock()
//! clone_tail(Arch::NATIVE, a3, a4) -> (tls, child_tid)
//!
//! // structures (abi): repr(C), C field names, zerocopy FromBytes + IntoBytes; abi::zeroed::<T>()
//! Timespec Timeval Itimerspec Stat Statx Statfs Iovec Msghdr Pollfd EpollEvent SigactionK Siginfo
//! Stack Rlimit64 Rusage Sysinfo Utsname Dirent64 CloneArgs RobustListHead Rseq …
//! ```
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

pub mod abi;
pub mod args;
pub mod errno;
pub mod strace;
pub mod table;

#[cfg(test)]
mod tests;

pub use args::FromArg;
pub use errno::{Errno, SysResult, decode, encode};
pub use table::{Arch, Entry, NATIVE_LEN, NO_NUMBER, Status, Syscall, TABLE, native_number};
pub use zerocopy;

/// The typed argument in a register's word.
///
/// # Errors
/// As [`FromArg::from_arg`].
#[doc(hidden)]
#[inline(always)]
pub fn arg<T: FromArg>(word: usize) -> Result<T, Errno> {
    T::from_arg(word)
}
