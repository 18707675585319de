//! [`Messages`]: what lies in a queue, and [`Selector`]: which of it is wanted.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use elfin_syscalls::Errno;

/// A message.
#[derive(Debug, PartialEq, Eq)]
pub struct Message {
    /// Its type, at least 1.
    pub kind: i64,
    /// Its text.
    pub text: Vec<u8>,
}

/// Which message is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selector {
    /// The first.
    Any,
    /// The first of this type.
    Is(i64),
    /// The first of another type.
    IsNot(i64),
    /// The first of the lowest type that is not above this one.
    AtMost(i64),
    /// The one at this place, counted from 0.
    Number(i64),
}

impl Selector {
    /// What a type in `msgrcv` stands for; `except` inverts one type.
    pub fn new(kind: i64, except: bool) -> Self {
        match kind {
            0 => Self::Any,
            kind if kind < 0 => Self::AtMost(kind.checked_neg().unwrap_or(i64::MAX)),
            kind if except => Self::IsNot(kind),
            kind => Self::Is(kind),
        }
    }

    /// Whether a message that is the only one would be chosen.
    pub fn takes(self, kind: i64) -> bool {
        match self {
            Self::Any => true,
            Self::Is(wanted) => kind == wanted,
            Self::IsNot(unwanted) => kind != unwanted,
            Self::AtMost(most) => kind <= most,
            Self::Number(_) => false,
        }
    }
}

/// The messages of a queue, the oldest first.
#[derive(Default)]
pub struct Messages {
    list: VecDeque<Message>,
    bytes: usize,
}

impl Messages {
    /// None.
    pub const fn new() -> Self {
        Self { list: VecDeque::new(), bytes: 0 }
    }

    /// The number of messages.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The length of all texts.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether a text of `len` bytes may be added to a queue of `capacity` bytes.
    pub fn has_room(&self, len: usize, capacity: u64) -> bool {
        let fits = |size: usize| u64::try_from(size).is_ok_and(|size| size <= capacity);
        fits(self.bytes.saturating_add(len)) && fits(self.len() + 1)
    }

    /// Adds a message at the end.
    ///
    /// # Errors
    /// `ENOMEM`.
    pub fn push(&mut self, message: Message) -> Result<(), Errno> {
        self.list.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        self.bytes += message.text.len();
        self.list.push_back(message);
        Ok(())
    }

    /// The place of the message that is wanted.
    pub fn find(&self, wanted: Selector) -> Option<usize> {
        match wanted {
            Selector::Number(number) => {
                usize::try_from(number).ok().filter(|&at| at < self.list.len())
            }
            // Of equal ones the first.
            Selector::AtMost(_) => self
                .list
                .iter()
                .enumerate()
                .filter(|(_, message)| wanted.takes(message.kind))
                .min_by_key(|(_, message)| message.kind)
                .map(|(at, _)| at),
            _ => self.list.iter().position(|message| wanted.takes(message.kind)),
        }
    }

    /// The message at a place.
    pub fn get(&self, at: usize) -> Option<&Message> {
        self.list.get(at)
    }

    /// Takes the message at a place out.
    pub fn take(&mut self, at: usize) -> Option<Message> {
        let message = self.list.remove(at)?;
        self.bytes -= message.text.len();
        Some(message)
    }

    /// Takes all out.
    pub fn drain(&mut self) -> VecDeque<Message> {
        self.bytes = 0;
        core::mem::take(&mut self.list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(kinds: &[i64]) -> Messages {
        let mut messages = Messages::new();
        for (at, &kind) in kinds.iter().enumerate() {
            messages.push(Message { kind, text: std::vec![0; at] }).unwrap();
        }
        messages
    }

    #[test]
    fn chooses_by_type() {
        let messages = queue(&[5, 3, 7, 3, 1, 5]);
        let find = |kind, except| messages.find(Selector::new(kind, except));
        assert_eq!(find(0, false), Some(0));
        assert_eq!(find(3, false), Some(1));
        assert_eq!(find(5, true), Some(1));
        assert_eq!(find(9, false), None);
        assert_eq!(find(-4, false), Some(4));
        assert_eq!(find(i64::MIN, false), Some(4));
        assert_eq!(messages.find(Selector::Number(5)), Some(5));
        assert_eq!(messages.find(Selector::Number(6)), None);
        assert_eq!(messages.find(Selector::Number(-1)), None);
        let messages = queue(&[5, 3, 3]);
        assert_eq!(messages.find(Selector::new(-5, false)), Some(1));
        assert_eq!(messages.find(Selector::new(-2, false)), None);
    }

    #[test]
    fn counts_bytes_and_messages() {
        let mut messages = queue(&[1, 1, 1]);
        assert_eq!((messages.len(), messages.bytes()), (3, 3));
        assert!(messages.has_room(2, 5) && !messages.has_room(3, 5));
        // Empty messages take room, too.
        assert!(!queue(&[1]).has_room(0, 1));
        assert_eq!(messages.take(2).map(|message| message.text.len()), Some(2));
        assert_eq!((messages.len(), messages.bytes()), (2, 1));
        assert!(messages.take(2).is_none());
        messages.drain();
        assert!(messages.is_empty() && messages.bytes() == 0);
    }
}
