//! Receiving, with waiting.

use super::addr::Address;
use super::socket::{Patience, Protocol, Socket};
use crate::fs::Dest;
use crate::net::dgram::{Datagram, DgramSock};
use crate::net::tcp::{Attempt, TcpSock};
use crate::net::unix::{self, Message, UnixSock};
use alloc::sync::Arc;
use elfin_syscalls::Errno;
use elfin_syscalls::args::MsgFlags;

/// What came with the bytes.
#[derive(Debug, Default)]
pub enum Beside {
    /// Nothing.
    #[default]
    Nothing,
    /// From an AF_UNIX socket.
    Unix(Message),
    /// A datagram.
    Datagram(Arc<Datagram>),
}

/// What a read gave.
#[derive(Debug)]
pub struct Received {
    /// The number to return.
    pub bytes: usize,
    /// Flags for `msg_flags`.
    pub flags: MsgFlags,
    /// The sender.
    pub from: Option<Address>,
    /// What came beside.
    pub beside: Beside,
}

impl Default for Received {
    fn default() -> Self {
        Self { bytes: 0, flags: MsgFlags::empty(), from: None, beside: Beside::Nothing }
    }
}

impl Socket {
    /// Receives (`recvmsg(2)`).
    ///
    /// # Errors
    /// `EAGAIN`, `ENOTCONN`, `EINVAL`, `EFAULT`, `ERESTARTSYS`, `EINTR`, and what the network said.
    pub fn recv(
        &self,
        nonblocking: bool,
        dst: &mut Dest<'_>,
        flags: MsgFlags,
    ) -> Result<Received, Errno> {
        if flags.contains(MsgFlags::ERRQUEUE) {
            // Errors are told by the calls themselves; the queue is always empty.
            return Err(Errno::EAGAIN);
        }
        let now = nonblocking || flags.contains(MsgFlags::DONTWAIT);
        match &self.protocol {
            Protocol::Tcp(sock) => {
                let bytes = self.recv_tcp(sock, now, dst, flags)?;
                Ok(Received { bytes, ..Received::default() })
            }
            Protocol::Dgram(sock) => self.recv_datagram(sock, now, dst, flags),
            Protocol::Unix(sock) => self.recv_unix(sock, now, dst, flags),
            Protocol::Netlink(sock) => {
                let mut patience = None;
                let (bytes, full) = loop {
                    match sock.recv(dst, flags.contains(MsgFlags::PEEK)) {
                        Err(Errno::EAGAIN) if !now => patience
                            .get_or_insert_with(|| Patience::of(&self.common.receive_timeout))
                            .wait(&sock.wait, || sock.can_recv())?,
                        result => break result?,
                    }
                };
                let mut received = Received {
                    bytes: if flags.contains(MsgFlags::TRUNC) { full } else { bytes },
                    from: Some(Address::Netlink(0)),
                    ..Received::default()
                };
                received.flags.set(MsgFlags::TRUNC, full > bytes);
                Ok(received)
            }
        }
    }

    fn recv_tcp(
        &self,
        sock: &Arc<TcpSock>,
        nonblocking: bool,
        dst: &mut Dest<'_>,
        flags: MsgFlags,
    ) -> Result<usize, Errno> {
        if flags.contains(MsgFlags::OOB) {
            return Err(Errno::EINVAL);
        }
        let peek = flags.contains(MsgFlags::PEEK);
        let discard = flags.contains(MsgFlags::TRUNC);
        let want = dst.remaining();
        let mut done = 0;
        let mut target = None;
        let mut patience = None;
        loop {
            match sock.try_recv(dst, peek, discard) {
                Ok(Attempt::Done(0)) => return Ok(done),
                Ok(Attempt::Done(n)) => {
                    done += n;
                    if peek || discard || done >= want {
                        return Ok(done);
                    }
                    let target = *target.get_or_insert_with(|| {
                        let all = flags.contains(MsgFlags::WAITALL);
                        let low = sock.tuning().receive_low as usize;
                        if all { want } else { low.min(want) }
                    });
                    if done >= target {
                        return Ok(done);
                    }
                }
                Ok(Attempt::Wait) if nonblocking => {
                    return if done > 0 { Ok(done) } else { Err(Errno::EAGAIN) };
                }
                Ok(Attempt::Wait) => {
                    let patience =
                        *patience.get_or_insert_with(|| Patience::of(&self.common.receive_timeout));
                    if let Err(error) = patience.wait(&sock.queue, || sock.can_recv(1)) {
                        return if done > 0 { Ok(done) } else { Err(error) };
                    }
                }
                Err(error) if done > 0 => {
                    sock.set_error(error);
                    return Ok(done);
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn recv_datagram(
        &self,
        sock: &Arc<DgramSock>,
        nonblocking: bool,
        dst: &mut Dest<'_>,
        flags: MsgFlags,
    ) -> Result<Received, Errno> {
        let mut patience = None;
        let datagram = loop {
            match sock.try_recv(flags.contains(MsgFlags::PEEK))? {
                Some(datagram) => break datagram,
                None if sock.read_shut() => return Ok(Received::default()),
                None if nonblocking => return Err(Errno::EAGAIN),
                None => patience
                    .get_or_insert_with(|| Patience::of(&self.common.receive_timeout))
                    .wait(&sock.wait, || sock.can_recv())?,
            }
        };
        let full = datagram.data.len();
        let fits = full.min(dst.remaining());
        let copied = dst.put(datagram.data.get(..fits).unwrap_or(&[]))?;
        let mut received = Received {
            bytes: if flags.contains(MsgFlags::TRUNC) { full } else { copied },
            from: Some(Address::Inet(datagram.from)),
            beside: Beside::Datagram(datagram),
            ..Received::default()
        };
        received.flags.set(MsgFlags::TRUNC, full > fits);
        Ok(received)
    }

    fn recv_unix(
        &self,
        sock: &Arc<UnixSock>,
        nonblocking: bool,
        dst: &mut Dest<'_>,
        flags: MsgFlags,
    ) -> Result<Received, Errno> {
        if flags.contains(MsgFlags::OOB) {
            return Err(Errno::EOPNOTSUPP);
        }
        let peek = flags.contains(MsgFlags::PEEK);
        let stream = sock.kind == unix::Kind::Stream;
        let want = dst.remaining();
        let mut patience = None;
        let mut done = 0;
        let mut message = loop {
            let attempt = if stream {
                sock.try_recv_stream(dst, peek)
            } else {
                sock.try_recv_packet(dst, peek)
            };
            match attempt {
                Ok(Some(message)) => {
                    done += message.bytes;
                    let all = stream && flags.contains(MsgFlags::WAITALL) && !peek;
                    let goes_on =
                        all && message.bytes > 0 && done < want && message.ancillary.is_empty();
                    if !goes_on {
                        break message;
                    }
                }
                Ok(None) if nonblocking && done > 0 => break Message::default(),
                Ok(None) if nonblocking => return Err(Errno::EAGAIN),
                Ok(None) => {
                    let waited = patience
                        .get_or_insert_with(|| Patience::of(&self.common.receive_timeout))
                        .wait(&sock.wait, || sock.can_recv());
                    match waited {
                        Ok(()) => {}
                        Err(_) if done > 0 => break Message::default(),
                        Err(error) => return Err(error),
                    }
                }
                Err(_) if done > 0 => break Message::default(),
                Err(error) => return Err(error),
            }
        };
        message.bytes = done;
        let cut = !stream && message.full > done;
        let mut received = Received {
            bytes: if cut && flags.contains(MsgFlags::TRUNC) { message.full } else { done },
            from: (!stream).then(|| Address::Unix(message.from.as_deref().cloned())),
            beside: Beside::Unix(message),
            ..Received::default()
        };
        received.flags.set(MsgFlags::TRUNC, cut);
        Ok(received)
    }
}
