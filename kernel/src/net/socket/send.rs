//! Sending, with waiting.

use super::addr::Address;
use super::socket::{Patience, Protocol, Socket, credentials};
use super::unix_path;
use crate::fs::Source;
use crate::net::dgram::{DgramSock, Overrides};
use crate::net::tcp::{Attempt, TcpSock};
use crate::net::unix::{self, Ancillary, UnixName, UnixSock};
use crate::task::signal::{SIGPIPE, raise};
use alloc::sync::Arc;
use alloc::vec::Vec;
use elfin_syscalls::args::MsgFlags;
use elfin_syscalls::{Errno, SysResult};

/// Where a message goes, and what goes with it.
#[derive(Debug, Default)]
pub struct Outgoing {
    /// The destination, if not the other end.
    pub to: Option<Address>,
    /// Descriptors and credentials.
    pub ancillary: Ancillary,
    /// Choices for a datagram.
    pub overrides: Overrides,
}

impl Socket {
    /// Sends (`sendmsg(2)`). Raises `SIGPIPE` as Linux does.
    ///
    /// # Errors
    /// `EAGAIN`, `EPIPE`, `ENOTCONN`, `EDESTADDRREQ`, `EISCONN`, `EMSGSIZE`, `EFAULT`, `ENOMEM`,
    /// `ERESTARTSYS`, `EINTR`, and what the network said.
    pub fn send(
        &self,
        nonblocking: bool,
        src: &mut Source<'_>,
        flags: MsgFlags,
        out: Outgoing,
    ) -> SysResult {
        let now = nonblocking || flags.contains(MsgFlags::DONTWAIT);
        let outcome = match &self.protocol {
            Protocol::Tcp(sock) => self.send_tcp(sock, now, src, flags),
            Protocol::Dgram(sock) => {
                if flags.contains(MsgFlags::OOB) {
                    return Err(Errno::EOPNOTSUPP);
                }
                return send_datagram(sock, src, &out);
            }
            Protocol::Unix(sock) => self.send_unix(sock, now, src, flags, out),
            Protocol::Netlink(sock) => {
                let data = gather(src)?;
                return sock.send(&data);
            }
        };
        let stream = matches!(self.protocol, Protocol::Tcp(_))
            || self.kind == elfin_syscalls::args::SockType::STREAM;
        if outcome == Err(Errno::EPIPE) && stream && !flags.contains(MsgFlags::NOSIGNAL) {
            raise(SIGPIPE);
        }
        outcome
    }

    fn send_tcp(
        &self,
        sock: &Arc<TcpSock>,
        nonblocking: bool,
        src: &mut Source<'_>,
        flags: MsgFlags,
    ) -> SysResult {
        let more = flags.contains(MsgFlags::MORE);
        let mut done = 0;
        let mut patience = None;
        loop {
            match sock.try_send(src, more) {
                Ok(Attempt::Done(n)) => {
                    done += n;
                    if src.remaining() == 0 {
                        return Ok(done);
                    }
                }
                Ok(Attempt::Wait) if nonblocking => {
                    return if done > 0 { Ok(done) } else { Err(Errno::EAGAIN) };
                }
                Ok(Attempt::Wait) => {
                    let patience =
                        *patience.get_or_insert_with(|| Patience::of(&self.common.send_timeout));
                    if let Err(error) = patience.wait(&sock.queue, || sock.can_send()) {
                        return if done > 0 { Ok(done) } else { Err(error) };
                    }
                }
                Err(error) if done > 0 => {
                    if error != Errno::EPIPE {
                        sock.set_error(error);
                    }
                    return Ok(done);
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn send_unix(
        &self,
        sock: &Arc<UnixSock>,
        nonblocking: bool,
        src: &mut Source<'_>,
        flags: MsgFlags,
        mut out: Outgoing,
    ) -> SysResult {
        if flags.contains(MsgFlags::OOB) {
            return Err(Errno::EOPNOTSUPP);
        }
        if sock.kind != unix::Kind::Stream {
            return self.send_unix_packet(sock, nonblocking, src, out);
        }
        if out.to.is_some() {
            let connected = sock.peer_name().is_ok();
            return Err(if connected { Errno::EISCONN } else { Errno::EOPNOTSUPP });
        }
        let mut done = 0;
        let mut patience = None;
        loop {
            if src.remaining() == 0 && done > 0 {
                return Ok(done);
            }
            match sock.try_send_stream(src, &mut out.ancillary) {
                Ok(Attempt::Done(n)) => done += n,
                Ok(Attempt::Wait) if src.remaining() == 0 => return Ok(done),
                Ok(Attempt::Wait) if nonblocking => {
                    return if done > 0 { Ok(done) } else { Err(Errno::EAGAIN) };
                }
                Ok(Attempt::Wait) => {
                    let patience =
                        *patience.get_or_insert_with(|| Patience::of(&self.common.send_timeout));
                    if let Err(error) = patience.wait(&sock.wait, || sock.can_send()) {
                        return if done > 0 { Ok(done) } else { Err(error) };
                    }
                }
                Err(_) if done > 0 => return Ok(done),
                Err(error) => return Err(error),
            }
        }
    }

    fn send_unix_packet(
        &self,
        sock: &Arc<UnixSock>,
        nonblocking: bool,
        src: &mut Source<'_>,
        mut out: Outgoing,
    ) -> SysResult {
        let target = match &out.to {
            None => None,
            Some(_) if sock.kind == unix::Kind::SeqPacket => None,
            Some(Address::Unix(Some(name))) => Some(find(name)?),
            Some(_) => return Err(Errno::EINVAL),
        };
        let mut data = gather(src)?;
        let sender = out.ancillary.credentials.unwrap_or_else(credentials);
        let mut patience = None;
        loop {
            let attempt =
                sock.try_send_packet(target.as_ref(), &mut data, &mut out.ancillary, sender)?;
            if let Attempt::Done(n) = attempt {
                return Ok(n);
            }
            if nonblocking {
                return Err(Errno::EAGAIN);
            }
            let patience = *patience.get_or_insert_with(|| Patience::of(&self.common.send_timeout));
            match &target {
                Some(target) => patience.wait(&target.wait, || target.is_open_for(sock))?,
                None => patience.wait(&sock.wait, || sock.can_send())?,
            }
        }
    }
}

/// The AF_UNIX socket with a name.
pub(super) fn find(name: &UnixName) -> Result<Arc<UnixSock>, Errno> {
    match name {
        UnixName::Abstract(name) => unix::find(name),
        UnixName::Path(path) => unix_path::find(path),
    }
}

fn send_datagram(sock: &Arc<DgramSock>, src: &mut Source<'_>, out: &Outgoing) -> SysResult {
    let to = match &out.to {
        None => None,
        Some(Address::Inet(endpoint)) => Some(*endpoint),
        Some(Address::Unspecified) => return Err(Errno::EINVAL),
        Some(_) => return Err(Errno::EAFNOSUPPORT),
    };
    if src.remaining() > crate::net::dgram::UDP_MAX {
        return Err(Errno::EMSGSIZE);
    }
    let data = gather(src)?;
    sock.send(to, &data, out.overrides)
}

/// All bytes of a message, in the kernel's memory.
fn gather(src: &mut Source<'_>) -> Result<Vec<u8>, Errno> {
    /// Longer messages are refused by every protocol here.
    const LONGEST: usize = 1 << 20;
    let length = src.remaining();
    if length > LONGEST {
        return Err(Errno::EMSGSIZE);
    }
    let mut data = Vec::new();
    data.try_reserve_exact(length).map_err(|_| Errno::ENOBUFS)?;
    data.resize(length, 0);
    if length > 0 && src.take(&mut data)? < length {
        return Err(Errno::EFAULT);
    }
    Ok(data)
}
