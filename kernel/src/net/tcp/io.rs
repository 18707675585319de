//! Data between program and connection: [`TcpSock::send`], [`TcpSock::recv`], readiness.
//!
//! Nothing is copied from or to the program while the block is locked: such a copy may fault and
//! sleep. Bytes to be sent are gathered in chunks of our own first; bytes received are taken out
//! of the queue in whole chunks.

use super::sock::TcpSock;
use super::tcb::{Effects, State, Tcb};
use crate::fs::{Dest, Source};
use crate::net::bytes::Chunk;
use crate::task::{PollEvents, PollTable};
use alloc::sync::Arc;
use elfin_syscalls::Errno;

/// Writes up to this long go through the stack, and share chunks with what is queued.
const SMALL: usize = 512;
/// The same for the shortest, which need not clear so much of it first.
const TINY: usize = 64;
/// So much is queued before segments are made of it, that a device can cut them.
const GATHER: usize = 64 << 10;

/// What came of an attempt that does not wait.
pub enum Attempt {
    /// So many bytes were moved.
    Done(usize),
    /// Nothing can be moved now.
    Wait,
}

impl TcpSock {
    /// Queues bytes of `src` as far as there is room, and sends. `more`: further data follows.
    ///
    /// # Errors
    /// The pending error, `EPIPE` after a shutdown or without a connection, `EFAULT`.
    pub fn try_send(self: &Arc<Self>, src: &mut Source<'_>, more: bool) -> Result<Attempt, Errno> {
        let mut done = 0;
        let outcome = loop {
            match self.push(src, more) {
                Ok(Attempt::Done(n)) => done += n,
                Ok(Attempt::Wait) => break Ok(Attempt::Wait),
                Err(error) => break Err(error),
            }
            if src.remaining() == 0 {
                break Ok(Attempt::Done(done));
            }
        };
        if done > 0 {
            self.stack.flush();
            return Ok(Attempt::Done(done));
        }
        outcome
    }

    /// Queues one batch of bytes.
    fn push(self: &Arc<Self>, src: &mut Source<'_>, more: bool) -> Result<Attempt, Errno> {
        let room = match self.tcb.lock().check_send() {
            Err(error) => return Err(error),
            Ok(0) => return Ok(Attempt::Wait),
            Ok(room) => room,
        };
        let want = src.remaining();
        if want == 0 {
            return Ok(Attempt::Done(0));
        }
        let length = want.min(room);
        if length <= TINY {
            return self.push_small(src, &mut [0; TINY], length, more);
        }
        if length <= SMALL {
            return self.push_small(src, &mut [0; SMALL], length, more);
        }
        let mut batch = crate::net::bytes::ByteQueue::new();
        let mut failure = None;
        while batch.len() < room.min(GATHER) && src.remaining() > 0 {
            let Some(mut chunk) = Chunk::new() else { break };
            let limit = room - batch.len();
            let space = chunk.room();
            let space_len = space.len().min(limit);
            match src.take(space.get_mut(..space_len).unwrap_or(&mut [])) {
                Ok(n) => chunk.grow(n),
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            }
            if batch.push(chunk).is_err() {
                return Err(Errno::ENOMEM);
            }
        }
        if batch.is_empty() {
            return failure.map_or_else(|| Ok(self.out_of_memory()), Err);
        }
        let now = self.stack.now();
        let mut tcb = self.tcb.lock();
        tcb.check_send()?;
        let mut moved = 0;
        while let Some(chunk) = batch.pop() {
            moved += chunk.len();
            if tcb.tx.push(chunk).is_err() {
                return Err(Errno::ENOMEM);
            }
        }
        tcb.more = more;
        self.settle_now(tcb, Effects { output: true, ..Effects::NONE }, now);
        if failure.is_some() {
            // The bytes before the bad address are on their way.
            src.limit(0);
        }
        Ok(Attempt::Done(moved))
    }

    /// Queues `length` bytes by way of `buffer`, which holds as many.
    #[inline]
    fn push_small(
        self: &Arc<Self>,
        src: &mut Source<'_>,
        buffer: &mut [u8],
        length: usize,
        more: bool,
    ) -> Result<Attempt, Errno> {
        let n = src.peek(buffer.get_mut(..length).unwrap_or(&mut []))?;
        let now = self.stack.now();
        let mut tcb = self.tcb.lock();
        tcb.check_send()?;
        let taken = tcb.tx.append(buffer.get(..n).unwrap_or(&[]));
        tcb.more = more;
        src.skip(taken);
        self.settle_now(tcb, Effects { output: taken > 0, ..Effects::NONE }, now);
        Ok(if taken > 0 { Attempt::Done(taken) } else { self.out_of_memory() })
    }

    /// The budget for buffers is spent: whoever waits is woken as soon as this connection moves.
    fn out_of_memory(&self) -> Attempt {
        self.tcb.lock().no_space = true;
        Attempt::Wait
    }

    /// Takes received bytes. `peek`: they stay in the queue. `discard`: they are not copied
    /// (`MSG_TRUNC`). Returns 0 bytes at the end of the stream.
    ///
    /// # Errors
    /// The pending error, `ENOTCONN`, `EFAULT`.
    pub fn try_recv(
        self: &Arc<Self>,
        dst: &mut Dest<'_>,
        peek: bool,
        discard: bool,
    ) -> Result<Attempt, Errno> {
        let want = dst.remaining();
        let mut done = 0;
        while done < want || want == 0 {
            let mut tcb = self.tcb.lock();
            if tcb.rx.is_empty() || (peek && tcb.rx.len() <= done) {
                if done > 0 {
                    break;
                }
                return tcb.nothing_to_read();
            }
            if want == 0 {
                break;
            }
            if peek {
                let mut buffer = [0; SMALL];
                let room = buffer.len().min(want - done);
                let n = tcb.rx.copy_at(done, buffer.get_mut(..room).unwrap_or(&mut []));
                drop(tcb);
                done += copy_out(dst, buffer.get(..n).unwrap_or(&[]), discard, done)?;
                continue;
            }
            let Some(mut chunk) = tcb.rx.pop() else { break };
            tcb.rx_borrowed = true;
            drop(tcb);
            let limit = chunk.len().min(want - done);
            let copied = copy_out(dst, chunk.bytes().get(..limit).unwrap_or(&[]), discard, done);
            let n = *copied.as_ref().unwrap_or(&0);
            chunk.skip(n);
            let left = chunk.len();
            self.give_back(chunk, n);
            done += copied?;
            if left > 0 {
                break;
            }
        }
        Ok(Attempt::Done(done))
    }

    /// Ends the borrowing of a chunk of which `n` bytes were read.
    fn give_back(self: &Arc<Self>, chunk: Chunk, n: usize) {
        let now = self.stack.now();
        let mut tcb = self.tcb.lock();
        tcb.rx_borrowed = false;
        let contested = core::mem::take(&mut tcb.rx_contested);
        let mut effects = Effects::NONE;
        if tcb.orphan {
            drop(tcb);
            return;
        }
        if contested {
            effects.wake(PollEvents::READABLE);
        }
        tcb.rx.unpop(chunk);
        effects.output = tcb.note_read(n, now);
        let flush = effects.output;
        self.settle_now(tcb, effects, now);
        if flush {
            self.stack.flush();
        }
    }

    /// Whether [`Self::try_recv`] would find something or an end.
    #[must_use]
    pub fn can_recv(&self, at_least: usize) -> bool {
        let mut tcb = self.tcb.lock();
        let ended = tcb.fin_received || tcb.read_shut || tcb.error.is_some();
        let connecting = matches!(tcb.state, State::SynSent | State::SynReceived);
        tcb.rx_contested |= tcb.rx_borrowed;
        tcb.rx.len() >= at_least.max(1) || ended || (!connecting && !tcb.state.is_synchronized())
    }

    /// Whether [`Self::try_send`] would find room or an error.
    #[must_use]
    pub fn can_send(&self) -> bool {
        let mut tcb = self.tcb.lock();
        let ready = match tcb.check_send_quietly() {
            Ok(room) => room > 0 && tcb.is_writable(),
            Err(_) => true,
        };
        if !ready {
            tcb.no_space = true;
        }
        ready
    }

    /// What the socket is ready for (Linux's `tcp_poll`).
    pub fn poll(&self, table: Option<&mut PollTable<'_>>) -> PollEvents {
        if let Some(table) = table {
            table.add(&self.queue);
        }
        let mut tcb = self.tcb.lock();
        if tcb.state == State::Listen {
            drop(tcb);
            return if self.has_ready() { PollEvents::READABLE } else { PollEvents::empty() };
        }
        let mut events = PollEvents::empty();
        let no_more_in = tcb.fin_received || tcb.read_shut;
        if (no_more_in && tcb.write_shut) || tcb.state == State::Closed {
            events |= PollEvents::HUP;
        }
        if no_more_in {
            events |= PollEvents::READABLE | PollEvents::RDHUP;
        }
        if !matches!(tcb.state, State::SynSent | State::SynReceived) {
            if tcb.rx.len() >= tcb.tuning.receive_low.max(1) as usize {
                events |= PollEvents::READABLE;
            }
            if tcb.write_shut || tcb.is_writable() {
                events |= PollEvents::WRITABLE;
            } else {
                tcb.no_space = true;
            }
        }
        if tcb.error.is_some() {
            events |= PollEvents::ERR;
        }
        events
    }
}

fn copy_out(dst: &mut Dest<'_>, bytes: &[u8], discard: bool, done: usize) -> Result<usize, Errno> {
    if discard {
        return Ok(bytes.len());
    }
    match dst.put(bytes) {
        // What was read before the bad address counts.
        Err(_) if done > 0 => {
            dst.limit(0);
            Ok(0)
        }
        other => other,
    }
}

impl Tcb {
    /// How many bytes may be queued; 0 means wait.
    fn check_send(&mut self) -> Result<usize, Errno> {
        let outcome = self.check_send_quietly();
        if outcome.is_err() {
            self.error = None;
        }
        if outcome == Ok(0) {
            self.no_space = true;
        }
        outcome
    }

    fn check_send_quietly(&self) -> Result<usize, Errno> {
        if let Some(error) = self.error {
            return Err(error);
        }
        match self.state {
            _ if self.write_shut => Err(Errno::EPIPE),
            State::Closed | State::Listen => Err(Errno::EPIPE),
            State::SynSent | State::SynReceived => Ok(0),
            _ => Ok(self.send_room()),
        }
    }

    fn nothing_to_read(&mut self) -> Result<Attempt, Errno> {
        if self.rx_borrowed {
            self.rx_contested = true;
            return Ok(Attempt::Wait);
        }
        if self.fin_received && self.error.is_none() {
            return Ok(Attempt::Done(0));
        }
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        if self.read_shut || self.fin_received {
            return Ok(Attempt::Done(0));
        }
        match self.state {
            State::Closed | State::Listen => Err(Errno::ENOTCONN),
            _ => Ok(Attempt::Wait),
        }
    }
}
