//! TCP (RFC 9293), our own: congestion control by RFC 5681 and 6582, timers by RFC 6298, window
//! scaling by RFC 7323, SACK for the peer's benefit by RFC 2018, robustness by RFC 5961.
//!
//! [`Tcb`] is a connection's state machine and knows nothing of threads; [`TcpSock`] is a socket
//! (a block, a wait queue, a listener's queue); [`Table`] finds the socket of a segment by the
//! hash of its four-tuple, so that a packet costs the same at ten and at ten thousand
//! connections.

mod accept;
mod congestion;
mod info;
mod input;
mod io;
mod output;
mod ports;
mod reorder;
mod request;
mod rtt;
mod segment;
mod seq;
mod sock;
mod table;
mod tcb;
mod timers;

pub use accept::SOMAXCONN;
pub use info::TcpInfo;
pub use io::Attempt;
pub use ports::{Reuse, candidates};
pub use segment::{CHECKSUM_AT, Flags, HEADER_MAX, Header, Options, Segment};
pub use seq::Seq;
pub use sock::{TcpSock, orphans};
pub use table::{Row, Table, input};
pub use tcb::{Keepalive, State, Tcb, Tuning};
