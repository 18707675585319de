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
//!     entry: (frame: &mut Frame, thread: &Thread) => &mut Cx { frame, thread }, // what the entry code passes
//!     context: crate::sys::Cx<'_>,                        // what every handler gets as `cx: &mut Cx<'_>`
//!     handlers: crate::sys::handlers,                     // the module (re-)exporting all handlers by name
//!     unknown: crate::sys::unknown,                       // fn(&mut Cx<'_>) -> SysResult
//! }                                                       // => pub type SysFn; pub static DISPATCH: [SysFn; NATIVE_LEN]
//! DISPATCH.get(nr).unwrap_or(&UNKNOWN)(frame, thread) // the encoded result; cx.word(n) is argument n
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
//! time    Timespec::{checked_nanos() -> Option<u64>, from_nanos(u64)} Timeval Itimerspec Itimerval Tms Timex
//! files   Stat (native; StatX86_64, StatAarch64) Statx Statfs Iovec Dirent64::record_len(n) Flock OpenHow
//! events  Pollfd EpollEvent::new(EpollEvents, data) SignalfdSiginfo InotifyEvent SigsetArg (pselect6)
//! signals Sigset = u64, sigmask(SIGINT), SigactionK, Siginfo::{kill, tkill, queue, fault, child, timer, poll},
//!         Stack::DISABLED, RtSigframe (RtSigframeX86_64 + FpxSwBytes/FP_XSTATE_MAGIC1, RtSigframeAarch64)
//! process CloneArgs Rusage Rlimit64 CpuSet RobustListHead Rseq CapHeader CapData SchedAttr
//!         wait_exited(code) wait_killed(sig, core) wait_stopped(sig) WAIT_CONTINUED
//! sockets SockaddrIn::new([u8; 4], port) SockaddrIn6 SockaddrUn SockaddrNl Msghdr Mmsghdr Cmsghdr
//!         cmsg_align cmsg_len Ucred Linger TcpInfo IfReq IfConf · netlink: Nlmsghdr Ifinfomsg Rtmsg …
//! tty     Termios::STANDARD Termios2 Winsize · system: Utsname, uts_field("Linux"), Sysinfo · ipc: ShmidDs …
//! constants by Linux's names in the type of their field or argument: SIGSEGV: u32, S_IFREG: u32, AF_INET: u16,
//!         SOL_SOCKET/SO_*/TCP_*: i32, AT_PHDR (auxv): u64, RUSAGE_SELF: i32, CAP_*: u32, IFF_UP: u32 …
//! // both architectures, whatever this one is: open_bits_aarch64::DIRECTORY, OpenFlags::names(arch)
//!
//! // traces (strace)
//! pub trait Memory { fn read(&self, addr: usize, buffer: &mut [u8]) -> usize; }   // bytes readable, from addr on
//! format_call(Arch::NATIVE, nr, words, &memory) -> impl Display      // `exit_group(0)`, calls that do not return
//! format_return(Arch::NATIVE, nr, words, result: isize, &memory)     // `read(3, "ab", 2) = 2`; result as encode() gives it
//! ```
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

pub mod abi;
pub mod args;
#[cfg(feature = "docs")]
pub mod docs;
pub mod errno;
pub mod strace;
pub mod table;

#[cfg(test)]
mod tests;

pub use args::FromArg;
pub use errno::{Errno, SysResult, decode, encode};
pub use table::{
    Arch, Entry, NATIVE_LEN, NO_NUMBER, Status, Syscall, TABLE, native_number, native_number_of,
};
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
