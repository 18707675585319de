//! Arguments about sockets: [`SockType`], [`SockFlags`], [`MsgFlags`].

use super::kind::names;
use super::macros::flag_set;
use super::{FromArg, Kind, Names, Special};
use crate::errno::Errno;

/// The decoded type of `socket` and `socketpair`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SockType {
    /// The type alone: [`SockType::STREAM`] and its kin. Not checked to be a known one.
    pub kind: u32,
    /// `SOCK_NONBLOCK` and `SOCK_CLOEXEC`.
    pub flags: SockFlags,
}

impl SockType {
    /// A stream of bytes.
    pub const STREAM: u32 = 1;
    /// Datagrams.
    pub const DGRAM: u32 = 2;
    /// Raw packets.
    pub const RAW: u32 = 3;
    /// Datagrams that are delivered surely.
    pub const RDM: u32 = 4;
    /// A stream of packets.
    pub const SEQPACKET: u32 = 5;
    /// Packets of the device.
    pub const PACKET: u32 = 10;
    /// The bits that hold the type.
    pub const MASK: u32 = 0xf;

    /// The types' names, for a trace.
    pub const NAMES: &'static Names = names! { "SOCK_" {
        STREAM = 1, DGRAM = 2, RAW = 3, RDM = 4, SEQPACKET = 5, PACKET = 10,
    } };

    /// Whether reads must not wait.
    #[inline]
    #[must_use]
    pub const fn nonblock(self) -> bool {
        self.flags.contains(SockFlags::NONBLOCK)
    }

    /// Whether the descriptor closes on `execve`.
    #[inline]
    #[must_use]
    pub const fn cloexec(self) -> bool {
        self.flags.contains(SockFlags::CLOEXEC)
    }
}

impl FromArg for SockType {
    const KIND: Kind = Kind::Special(Special::Socket);

    /// # Errors
    /// `EINVAL` for flags beside the two.
    #[inline]
    fn from_arg(raw: usize) -> Result<Self, Errno> {
        let bits = raw as u32;
        let flags = SockFlags::from_bits(bits & !Self::MASK).ok_or(Errno::EINVAL)?;
        Ok(Self { kind: bits & Self::MASK, flags })
    }
}

flag_set! {
    /// Flags of `accept4`, and beside the type in `socket`.
    pub struct SockFlags: u32, "SOCK_", reject {
        NONBLOCK = 0o4000;
        CLOEXEC = 0o2_000_000;
    }
}

flag_set! {
    /// Flags of `send`, `recv` and their kin, and `msg_flags`; unknown bits are kept.
    pub struct MsgFlags: u32, "MSG_", keep {
        OOB = 0x1;
        PEEK = 0x2;
        DONTROUTE = 0x4;
        CTRUNC = 0x8;
        PROBE = 0x10;
        TRUNC = 0x20;
        DONTWAIT = 0x40;
        EOR = 0x80;
        WAITALL = 0x100;
        FIN = 0x200;
        SYN = 0x400;
        CONFIRM = 0x800;
        RST = 0x1000;
        ERRQUEUE = 0x2000;
        NOSIGNAL = 0x4000;
        MORE = 0x8000;
        WAITFORONE = 0x1_0000;
        BATCH = 0x4_0000;
        ZEROCOPY = 0x400_0000;
        FASTOPEN = 0x2000_0000;
        CMSG_CLOEXEC = 0x4000_0000;
    }
}
