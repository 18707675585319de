//! [`send`] and [`receive`]: `msgsnd(2)` and `msgrcv(2)`.
//!
//! A message for which somebody waits goes there at once, to the first who wants it.

use alloc::sync::Arc;
use alloc::vec::Vec;

use elfin_syscalls::Errno;

use super::messages::{Message, Selector};
use super::queue::{MsgQueue, Receiver, State, find};
use crate::ipc::{self, ALTER, READ, Waiter, acting_pid, now};
use crate::task::{PollEvents, Wake, current};

/// What a receiver asks for.
#[derive(Clone, Copy, Debug)]
pub struct Receive {
    /// Which message.
    pub wanted: Selector,
    /// The longest text that it takes.
    pub room: usize,
    /// Cut a longer text off instead of failing.
    pub cut: bool,
    /// Fail instead of waiting.
    pub no_wait: bool,
    /// Leave the message where it is (`MSG_COPY`).
    pub copy: bool,
}

/// Sends a message, waiting for room unless `no_wait`.
///
/// # Errors
/// `EINVAL`, `EACCES`, `EAGAIN`, `EIDRM`, `ENOMEM`, `ERESTARTNOHAND` for a signal.
pub fn send(id: i32, message: Message, no_wait: bool) -> Result<(), Errno> {
    let queue = find(id)?;
    let cred = current().cred();
    let mut message = Some(message);
    let mut attempt = || {
        let mut state = match queue.live() {
            Ok(state) => state,
            Err(errno) => return Some(Err(errno)),
        };
        if let Err(errno) = state.perm.check(ALTER, &cred) {
            return Some(Err(errno));
        }
        let len = message.as_ref().map_or(0, |message| message.text.len());
        if !state.messages.has_room(len, state.capacity) {
            return no_wait.then_some(Err(Errno::EAGAIN));
        }
        let message = message.take()?;
        (state.lspid, state.stime) = (acting_pid(), now());
        Some(state.hand_over(message))
    };
    match queue.senders.wait_until(None, &mut attempt) {
        Ok(result) => result,
        Err(_) => Err(Errno::ERESTARTNOHAND),
    }
}

impl State {
    /// Gives a message to the first who waits for it, or puts it in the queue.
    fn hand_over(&mut self, message: Message) -> Result<(), Errno> {
        let mut at = 0;
        while let Some(receiver) = self.receivers.get(at) {
            if !receiver.wanted.takes(message.kind) {
                at += 1;
                continue;
            }
            let too_long = message.text.len() > receiver.room;
            let Some(receiver) = self.receivers.remove(at) else { break };
            if too_long {
                receiver.waiter.complete(Err(Errno::E2BIG));
                continue;
            }
            (self.lrpid, self.rtime) = (receiver.pid, now());
            receiver.waiter.complete(Ok(message));
            return Ok(());
        }
        self.messages.push(message)
    }

    /// Takes, or copies, the message that is wanted; `None` if there is none.
    fn pick(&mut self, ask: &Receive) -> Result<Option<Message>, Errno> {
        let Some(at) = self.messages.find(ask.wanted) else { return Ok(None) };
        let Some(found) = self.messages.get(at) else { return Ok(None) };
        if found.text.len() > ask.room && !ask.cut {
            return Err(Errno::E2BIG);
        }
        if ask.copy {
            let mut text = Vec::new();
            text.try_reserve_exact(found.text.len()).map_err(|_| Errno::ENOMEM)?;
            text.extend_from_slice(&found.text);
            return Ok(Some(Message { kind: found.kind, text }));
        }
        (self.lrpid, self.rtime) = (acting_pid(), now());
        Ok(self.messages.take(at))
    }
}

/// Receives a message.
///
/// # Errors
/// `EINVAL`, `EACCES`, `E2BIG`, `ENOMSG` when there is none and it may not wait, `EIDRM`,
/// `ENOMEM`, `ERESTARTNOHAND` for a signal.
pub fn receive(id: i32, ask: &Receive) -> Result<Message, Errno> {
    let queue = find(id)?;
    let cred = current().cred();
    loop {
        let waiter = {
            let mut state = queue.live()?;
            state.perm.check(READ, &cred)?;
            let picked = state.pick(ask)?;
            if let Some(message) = picked {
                drop(state);
                if !ask.copy {
                    queue.senders.wake_all(PollEvents::empty());
                }
                return Ok(message);
            }
            if ask.no_wait {
                return Err(Errno::ENOMSG);
            }
            let waiter = Waiter::new();
            state.receivers.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
            state.receivers.push_back(Receiver {
                waiter: waiter.clone(),
                wanted: ask.wanted,
                room: if ask.cut { usize::MAX } else { ask.room },
                pid: acting_pid(),
            });
            waiter
        };
        match wait(&queue, &waiter) {
            // Permissions have changed.
            Err(Errno::EAGAIN) => {}
            result => return result,
        }
    }
}

fn wait(queue: &MsgQueue, waiter: &Arc<Waiter<Result<Message, Errno>>>) -> Result<Message, Errno> {
    match waiter.wait(None) {
        Ok(result) => return result,
        Err(Wake::Interrupted | Wake::TimedOut) => {}
    }
    if let Ok(mut state) = queue.live() {
        state.receivers.retain(|receiver| !Arc::ptr_eq(&receiver.waiter, waiter));
    }
    waiter.take().unwrap_or(Err(Errno::ERESTARTNOHAND))
}

/// Room for a text of `len` bytes.
///
/// # Errors
/// `ENOMEM`.
pub fn text(len: usize) -> Result<Vec<u8>, Errno> {
    ipc::reserve(len)?;
    let mut text = Vec::new();
    text.try_reserve_exact(len).map_err(|_| Errno::ENOMEM)?;
    text.resize(len, 0);
    Ok(text)
}
