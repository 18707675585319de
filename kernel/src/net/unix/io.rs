//! Data between AF_UNIX sockets. Attempts do not wait; nothing is copied from or to the program
//! with a socket locked.

use super::inbox::{Ancillary, Credentials, Mark, Packet};
use super::name::UnixName;
use super::sock::{DGRAM_BACKLOG, Kind, Role, UnixSock};
use crate::fs::{Dest, Source};
use crate::net::bytes::{ByteQueue, Chunk};
use crate::net::socket::credentials;
use crate::net::tcp::Attempt;
use crate::task::PollEvents;
use alloc::sync::Arc;
use alloc::vec::Vec;
use elfin_syscalls::Errno;

/// Writes up to this long go through the stack, and share chunks with what is queued.
const SMALL: usize = 512;
/// The same for the shortest, which need not clear so much of it first.
const TINY: usize = 64;
/// So much of a long write is queued before the reader is woken.
const GATHER: usize = 64 << 10;

/// What a read gave beside the bytes.
#[derive(Debug, Default)]
pub struct Message {
    /// Bytes copied.
    pub bytes: usize,
    /// Bytes of the datagram; more than `bytes` if it was cut off.
    pub full: usize,
    /// The sender.
    pub from: Option<Arc<UnixName>>,
    /// What travelled beside.
    pub ancillary: Ancillary,
    /// The sender's credentials.
    pub sender: Credentials,
}

impl UnixSock {
    /// Whether an attempt to send now would not have to wait.
    #[must_use]
    pub fn can_send(&self) -> bool {
        let (peer, ended) = {
            let inner = self.inner.lock();
            (inner.peer.clone(), inner.write_shut || inner.peer_gone || inner.error.is_some())
        };
        ended || peer.is_none_or(|peer| peer.has_room(self.limit()))
    }

    /// Whether an attempt to receive now would not have to wait.
    #[must_use]
    pub fn can_recv(&self) -> bool {
        let inner = self.inner.lock();
        !inner.inbox.is_empty()
            || inner.read_shut
            || inner.peer_gone
            || inner.error.is_some()
            || (self.kind != Kind::Dgram && !matches!(inner.role, Role::Connected))
    }

    fn peer_to_send(&self) -> Result<Arc<Self>, Errno> {
        let mut inner = self.inner.lock();
        if let Some(error) = inner.error.take() {
            // A reset is told once; writes go on failing with EPIPE.
            if self.kind == Kind::Dgram {
                return Err(error);
            }
            inner.error = Some(error);
        }
        if inner.write_shut || inner.peer_gone {
            return Err(Errno::EPIPE);
        }
        inner.peer.clone().ok_or(Errno::ENOTCONN)
    }

    /// Sends bytes of a stream, as far as there is room. `ancillary` goes with the first of them
    /// and is taken out when it has gone.
    ///
    /// # Errors
    /// `EPIPE`, `ENOTCONN`, `EFAULT`, `ENOMEM`.
    pub fn try_send_stream(
        &self,
        src: &mut Source<'_>,
        ancillary: &mut Ancillary,
    ) -> Result<Attempt, Errno> {
        let peer = self.peer_to_send()?;
        let mut done = 0;
        while src.remaining() > 0 {
            let used = {
                let theirs = peer.inner.lock();
                if theirs.read_shut {
                    return if done > 0 { Ok(Attempt::Done(done)) } else { Err(Errno::EPIPE) };
                }
                if theirs.wants_senders && ancillary.credentials.is_none() {
                    ancillary.credentials = Some(credentials());
                }
                theirs.inbox.used()
            };
            let room = self.limit().saturating_sub(used);
            if room == 0 {
                peer.inner.lock().inbox.sender_waits = true;
                return Ok(if done > 0 { Attempt::Done(done) } else { Attempt::Wait });
            }
            match push_stream(&peer, src, room, ancillary) {
                Ok(0) => break,
                Ok(n) => done += n,
                Err(error) if done == 0 => return Err(error),
                Err(_) => break,
            }
            peer.wait.wake_all(PollEvents::READABLE);
        }
        Ok(if done > 0 { Attempt::Done(done) } else { Attempt::Wait })
    }

    /// Sends one datagram or packet to `to`, or to the other end.
    ///
    /// # Errors
    /// `EPIPE`, `ENOTCONN`, `ECONNREFUSED`, `EMSGSIZE`, `EFAULT`, `ENOMEM`, `EPERM` if the
    /// receiver is connected to another.
    pub fn try_send_packet(
        self: &Arc<Self>,
        to: Option<&Arc<Self>>,
        data: &mut Vec<u8>,
        ancillary: &mut Ancillary,
        sender: Credentials,
    ) -> Result<Attempt, Errno> {
        let peer = match to {
            Some(peer) => peer.clone(),
            None => self.peer_to_send()?,
        };
        if peer.kind != self.kind {
            return Err(Errno::EPROTOTYPE);
        }
        let length = data.len();
        if length + SMALL > self.limit() {
            return Err(Errno::EMSGSIZE);
        }
        let from = self.name();
        {
            let mut theirs = peer.inner.lock();
            if matches!(theirs.role, Role::Closed) {
                drop(theirs);
                if to.is_none() {
                    self.inner.lock().peer = None;
                }
                return Err(Errno::ECONNREFUSED);
            }
            if theirs.read_shut {
                return Err(Errno::EPIPE);
            }
            let stranger = theirs.peer.as_ref().is_some_and(|peer| !Arc::ptr_eq(peer, self));
            if self.kind == Kind::Dgram && stranger {
                return Err(Errno::EPERM);
            }
            let full = theirs.inbox.used() + length > self.limit()
                || theirs.inbox.packets.len() >= DGRAM_BACKLOG;
            if full {
                theirs.inbox.sender_waits = true;
                return Ok(Attempt::Wait);
            }
            let packet = Packet {
                data: core::mem::take(data),
                from,
                ancillary: core::mem::take(ancillary),
                sender,
            };
            if theirs.inbox.push(packet).is_err() {
                return Err(Errno::ENOMEM);
            }
        }
        peer.wait.wake_all(PollEvents::READABLE);
        Ok(Attempt::Done(length))
    }

    /// Receives bytes of a stream; `None` to wait. 0 bytes at the end.
    ///
    /// # Errors
    /// The pending error, `EINVAL` without a connection, `EFAULT`.
    pub fn try_recv_stream(
        &self,
        dst: &mut Dest<'_>,
        peek: bool,
    ) -> Result<Option<Message>, Errno> {
        let mut message = Message::default();
        let want = dst.remaining();
        let mut waiting_peer = None;
        while message.bytes < want {
            let mut inner = self.inner.lock();
            let (stretch, marked) = inner.inbox.stretch();
            if stretch == 0 {
                drop(inner);
                break;
            }
            if marked && message.bytes > 0 {
                break;
            }
            message.sender = inner.peer_credentials.unwrap_or_default();
            if peek {
                let mut buffer = [0; SMALL];
                let room =
                    SMALL.min(want - message.bytes).min(stretch - message.bytes.min(stretch));
                let n = inner
                    .inbox
                    .bytes
                    .copy_at(message.bytes, buffer.get_mut(..room).unwrap_or(&mut []));
                drop(inner);
                let n = dst.put(buffer.get(..n).unwrap_or(&[]))?;
                message.bytes += n;
                if n == 0 {
                    break;
                }
                continue;
            }
            let Some(mut chunk) = inner.inbox.bytes.pop() else { break };
            inner.inbox.head += chunk.len() as u64;
            drop(inner);
            let length = chunk.len().min(stretch).min(want - message.bytes);
            let copied = dst.put(chunk.bytes().get(..length).unwrap_or(&[]));
            let n = *copied.as_ref().unwrap_or(&0);
            chunk.skip(n);
            let left = chunk.len();
            let mut inner = self.inner.lock();
            inner.inbox.head -= left as u64;
            inner.inbox.bytes.unpop(chunk);
            let ended = inner.inbox.marks.front().is_some_and(|mark| mark.at < inner.inbox.head);
            if ended && let Some(mark) = inner.inbox.marks.front_mut() {
                if message.ancillary.is_empty() {
                    message.ancillary = core::mem::take(&mut mark.ancillary);
                }
                if mark.end <= inner.inbox.head {
                    inner.inbox.marks.pop_front();
                }
            }
            if core::mem::take(&mut inner.inbox.sender_waits) {
                waiting_peer.clone_from(&inner.peer);
            }
            drop(inner);
            message.bytes += match copied {
                Ok(n) => n,
                Err(error) if message.bytes == 0 => return Err(error),
                Err(_) => break,
            };
            if marked || left > 0 && n < length {
                break;
            }
        }
        message.full = message.bytes;
        if let Some(peer) = waiting_peer {
            peer.wait.wake_all(PollEvents::WRITABLE);
        }
        if message.bytes > 0 || want == 0 {
            return Ok(Some(message));
        }
        self.nothing_to_read()
    }

    /// Receives bytes of a stream in which nothing travels beside the data: the short way of a
    /// plain `read`. `None` where the long way has to be gone, or nothing is there.
    ///
    /// # Errors
    /// `EFAULT`.
    pub fn try_read(&self, dst: &mut Dest<'_>) -> Result<Option<usize>, Errno> {
        let mut done = 0;
        while dst.remaining() > 0 {
            let mut inner = self.inner.lock();
            if !inner.inbox.marks.is_empty() {
                break;
            }
            let Some(mut chunk) = inner.inbox.bytes.pop() else { break };
            inner.inbox.head += chunk.len() as u64;
            drop(inner);
            let length = chunk.len().min(dst.remaining());
            let copied = dst.put(chunk.bytes().get(..length).unwrap_or(&[]));
            let n = *copied.as_ref().unwrap_or(&0);
            chunk.skip(n);
            let mut inner = self.inner.lock();
            inner.inbox.head -= chunk.len() as u64;
            inner.inbox.bytes.unpop(chunk);
            let waiting = core::mem::take(&mut inner.inbox.sender_waits);
            let waiting = if waiting { inner.peer.clone() } else { None };
            drop(inner);
            if let Some(peer) = waiting {
                peer.wait.wake_all(PollEvents::WRITABLE);
            }
            match copied {
                Ok(n) => done += n,
                Err(error) if done == 0 => return Err(error),
                Err(_) => break,
            }
            if n < length {
                break;
            }
        }
        Ok((done > 0).then_some(done))
    }

    fn nothing_to_read(&self) -> Result<Option<Message>, Errno> {
        let mut inner = self.inner.lock();
        if !inner.inbox.is_empty() {
            return Ok(None);
        }
        if let Some(error) = inner.error.take() {
            return Err(error);
        }
        if inner.read_shut || inner.peer_gone {
            return Ok(Some(Message::default()));
        }
        if self.kind != Kind::Dgram && !matches!(inner.role, Role::Connected) {
            return Err(if self.kind == Kind::Stream { Errno::EINVAL } else { Errno::ENOTCONN });
        }
        Ok(None)
    }

    /// Receives a datagram or packet; `None` to wait.
    ///
    /// # Errors
    /// The pending error, `ENOTCONN`, `EFAULT`.
    pub fn try_recv_packet(
        &self,
        dst: &mut Dest<'_>,
        peek: bool,
    ) -> Result<Option<Message>, Errno> {
        let (packet, waiting_peer) = {
            let mut inner = self.inner.lock();
            if peek {
                let copy = inner.inbox.packets.front().map(|packet| Packet {
                    data: packet.data.clone(),
                    from: packet.from.clone(),
                    ancillary: packet.ancillary.clone(),
                    sender: packet.sender,
                });
                (copy, None)
            } else {
                let packet = inner.inbox.pop();
                let waits = packet.is_some() && core::mem::take(&mut inner.inbox.sender_waits);
                (packet, inner.peer.clone().filter(|_| waits))
            }
        };
        let Some(packet) = packet else { return self.nothing_to_read() };
        if let Some(peer) = waiting_peer {
            peer.wait.wake_all(PollEvents::WRITABLE);
        } else {
            // Senders that are not our peer wait on our own queue.
            self.wait.wake_all(PollEvents::WRITABLE);
        }
        let fits = packet.data.len().min(dst.remaining());
        let bytes = dst.put(packet.data.get(..fits).unwrap_or(&[]))?;
        Ok(Some(Message {
            bytes,
            full: packet.data.len(),
            from: packet.from,
            ancillary: packet.ancillary,
            sender: packet.sender,
        }))
    }
}

/// Puts up to `room` bytes into `peer`'s inbox.
fn push_stream(
    peer: &UnixSock,
    src: &mut Source<'_>,
    room: usize,
    ancillary: &mut Ancillary,
) -> Result<usize, Errno> {
    let want = src.remaining().min(room);
    if want <= TINY {
        return push_small(peer, src, &mut [0; TINY], want, ancillary);
    }
    if want <= SMALL {
        return push_small(peer, src, &mut [0; SMALL], want, ancillary);
    }
    let mut batch = ByteQueue::new();
    let mut failure = Errno::ENOBUFS;
    while batch.len() < want.min(GATHER) {
        let Some(mut chunk) = Chunk::new() else { break };
        let limit = want - batch.len();
        let space = chunk.room();
        let length = space.len().min(limit);
        match src.take(space.get_mut(..length).unwrap_or(&mut [])) {
            Ok(n) => chunk.grow(n),
            Err(error) => {
                failure = error;
                break;
            }
        }
        if batch.push(chunk).is_err() {
            break;
        }
    }
    if batch.is_empty() {
        return Err(failure);
    }
    let mut theirs = peer.inner.lock();
    let at = theirs.inbox.head + theirs.inbox.bytes.len() as u64;
    let mut taken = 0;
    while let Some(chunk) = batch.pop() {
        taken += chunk.len();
        if theirs.inbox.bytes.push(chunk).is_err() {
            return Err(Errno::ENOMEM);
        }
    }
    mark(&mut theirs.inbox, at, taken, ancillary);
    Ok(taken)
}

/// Puts `want` bytes into `peer`'s inbox by way of `buffer`, which holds as many.
#[inline]
fn push_small(
    peer: &UnixSock,
    src: &mut Source<'_>,
    buffer: &mut [u8],
    want: usize,
    ancillary: &mut Ancillary,
) -> Result<usize, Errno> {
    let n = src.peek(buffer.get_mut(..want).unwrap_or(&mut []))?;
    let mut theirs = peer.inner.lock();
    let at = theirs.inbox.head + theirs.inbox.bytes.len() as u64;
    let taken = theirs.inbox.bytes.append(buffer.get(..n).unwrap_or(&[]));
    mark(&mut theirs.inbox, at, taken, ancillary);
    drop(theirs);
    src.skip(taken);
    if taken > 0 { Ok(taken) } else { Err(Errno::ENOBUFS) }
}

fn mark(inbox: &mut super::inbox::Inbox, at: u64, length: usize, ancillary: &mut Ancillary) {
    if length > 0 && !ancillary.is_empty() && inbox.marks.try_reserve(1).is_ok() {
        let ancillary = core::mem::take(ancillary);
        inbox.marks.push_back(Mark { at, end: at + length as u64, ancillary });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn send(sock: &UnixSock, bytes: &[u8]) -> Result<usize, Errno> {
        match sock.try_send_stream(&mut Source::kernel(bytes), &mut Ancillary::default())? {
            Attempt::Done(n) => Ok(n),
            Attempt::Wait => Ok(0),
        }
    }

    fn recv(sock: &UnixSock, want: usize) -> Result<Option<Vec<u8>>, Errno> {
        let mut buffer = vec![0; want];
        let got = sock.try_recv_stream(&mut Dest::kernel(&mut buffer), false)?;
        Ok(got.map(|message| buffer[..message.bytes].to_vec()))
    }

    fn pair(kind: Kind) -> (Arc<UnixSock>, Arc<UnixSock>) {
        UnixSock::pair(kind, Credentials { pid: 1, uid: 2, gid: 3 })
    }

    #[test]
    fn a_stream_keeps_order_and_stops_when_full() {
        let (a, b) = pair(Kind::Stream);
        let data: Vec<u8> = (0..500_000u32).map(|i| (i % 251) as u8).collect();
        let mut sent = 0;
        let mut got = Vec::new();
        while got.len() < data.len() {
            sent += send(&a, &data[sent..data.len().min(sent + 70_000)]).unwrap();
            assert!(sent - got.len() <= super::super::sock::BUFFER as usize);
            got.extend(recv(&b, 30_001).unwrap().unwrap());
        }
        assert_eq!(got, data);
        assert_eq!(recv(&b, 10).unwrap(), None);
        a.close();
        assert_eq!(recv(&b, 10).unwrap(), Some(vec![]));
        assert_eq!(send(&b, b"x"), Err(Errno::EPIPE));
    }

    #[test]
    fn closing_with_unread_data_resets() {
        let (a, b) = pair(Kind::Stream);
        send(&a, b"unread").unwrap();
        b.close();
        assert_eq!(recv(&a, 1), Err(Errno::ECONNRESET));
        assert_eq!(recv(&a, 1), Ok(Some(vec![])));
    }

    #[test]
    fn packets_keep_their_bounds() {
        let (a, b) = pair(Kind::SeqPacket);
        let who = Credentials { pid: 9, uid: 9, gid: 9 };
        for size in [5, 0, 300] {
            a.try_send_packet(None, &mut vec![1; size], &mut Ancillary::default(), who).unwrap();
        }
        let mut buffer = [0; 100];
        let mut next = || b.try_recv_packet(&mut Dest::kernel(&mut buffer), false).unwrap();
        let sizes: Vec<_> = (0..3).map(|_| next().map(|m| (m.bytes, m.full))).collect();
        assert_eq!(sizes, [Some((5, 5)), Some((0, 0)), Some((100, 300))]);
        assert!(next().is_none());
    }

    #[test]
    fn credentials_stay_with_their_bytes() {
        let (a, b) = pair(Kind::Stream);
        let who = Credentials { pid: 7, uid: 7, gid: 7 };
        send(&a, b"plain").unwrap();
        let mut beside = Ancillary { credentials: Some(who), ..Ancillary::default() };
        a.try_send_stream(&mut Source::kernel(b"marked"), &mut beside).unwrap();
        send(&a, b"more").unwrap();
        let mut buffer = [0; 100];
        let mut next = |n: usize| {
            let got = b.try_recv_stream(&mut Dest::kernel(&mut buffer[..n]), false).unwrap();
            got.map(|m| (m.bytes, m.ancillary.credentials))
        };
        assert_eq!(next(100), Some((5, None)));
        assert_eq!(next(2), Some((2, Some(who))));
        assert_eq!(next(100), Some((4, None)));
        assert_eq!(next(100), Some((4, None)));
    }

    #[test]
    fn connecting() {
        let who = Credentials::default();
        let listener = UnixSock::new(Kind::Stream, who);
        let client = UnixSock::new(Kind::Stream, who);
        assert_eq!(listener.listen(0, who), Err(Errno::EINVAL));
        listener.bind_abstract(Some(b"connecting")).unwrap();
        assert_eq!(client.bind_abstract(Some(b"connecting")), Err(Errno::EADDRINUSE));
        let found = super::super::name::find(b"connecting").unwrap();
        assert_eq!(client.try_connect(&found, who), Err(Errno::ECONNREFUSED));
        listener.listen(0, who).unwrap();
        client.try_connect(&found, who).unwrap();
        let late = UnixSock::new(Kind::Stream, who);
        assert_eq!(late.try_connect(&found, who), Err(Errno::EAGAIN));
        let server = listener.accept().unwrap();
        late.try_connect(&found, who).unwrap();
        send(&client, b"hi").unwrap();
        assert_eq!(recv(&server, 9).unwrap(), Some(b"hi".to_vec()));
        server.close();
        assert!(super::super::name::find(b"connecting").is_ok(), "the name is the listener's");
        listener.close();
        assert_eq!(recv(&late, 9), Err(Errno::ECONNRESET));
        drop(found);
        assert!(super::super::name::find(b"connecting").is_err());
    }
}
