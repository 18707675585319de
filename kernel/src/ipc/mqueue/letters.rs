//! [`Letters`]: the messages of a POSIX queue, the highest priority first, and of one priority the
//! oldest first.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use elfin_syscalls::Errno;

/// Priorities that there are (`MQ_PRIO_MAX`).
pub const PRIORITIES: u32 = 32_768;

/// A message.
#[derive(Debug, PartialEq, Eq)]
pub struct Letter {
    /// Its priority.
    pub priority: u32,
    /// Its text.
    pub text: Vec<u8>,
}

/// Messages by priority.
#[derive(Default)]
pub struct Letters {
    list: VecDeque<Letter>,
    bytes: usize,
}

impl Letters {
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

    /// Makes room for one more message, so that [`push`](Self::push) allocates nothing.
    ///
    /// # Errors
    /// `ENOMEM`.
    pub fn reserve(&mut self) -> Result<(), Errno> {
        self.list.try_reserve(1).map_err(|_| Errno::ENOMEM)
    }

    /// Adds a message.
    pub fn push(&mut self, letter: Letter) {
        let at = self.list.partition_point(|other| other.priority >= letter.priority);
        self.bytes += letter.text.len();
        self.list.insert(at, letter);
    }

    /// Takes the next message out.
    pub fn pop(&mut self) -> Option<Letter> {
        let letter = self.list.pop_front()?;
        self.bytes -= letter.text.len();
        Some(letter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priority_first_then_age() {
        let mut letters = Letters::new();
        for (at, priority) in [1, 5, 0, 5, 1].into_iter().enumerate() {
            letters.reserve().unwrap();
            letters.push(Letter { priority, text: std::vec![0; at] });
        }
        assert_eq!((letters.len(), letters.bytes()), (5, 10));
        let order: Vec<_> =
            core::iter::from_fn(|| letters.pop().map(|l| (l.priority, l.text.len()))).collect();
        assert_eq!(order, [(5, 1), (5, 3), (1, 0), (1, 4), (0, 2)]);
        assert_eq!(letters.bytes(), 0);
    }
}
