//! [`Ready`]: the list of items to look at.
//!
//! An item is on it once at most. Putting one there needs no memory: room is made when an item
//! is added to the instance.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicUsize, Ordering};

use elfin_platform::sync::SpinLock;
use elfin_syscalls::Errno;

use super::item::Item;

/// Items in the order in which they became ready.
pub(super) struct Ready {
    list: SpinLock<VecDeque<Arc<Item>>>,
    len: AtomicUsize,
}

impl Ready {
    pub(super) const fn new() -> Self {
        Self { list: SpinLock::new(VecDeque::new()), len: AtomicUsize::new(0) }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len.load(Ordering::Acquire)
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Makes room for `items` items in all, and for as many that were removed meanwhile.
    pub(super) fn reserve(&self, items: usize) -> Result<(), Errno> {
        let mut list = self.list.lock();
        // Removed items may still be on the list.
        list.retain(|item| !item.interest().is_empty() || Arc::strong_count(item) > 1);
        self.len.store(list.len(), Ordering::Release);
        let more = (2 * items).saturating_sub(list.len());
        list.try_reserve(more).map_err(|_| Errno::ENOMEM)
    }

    /// Forgets all items.
    pub(super) fn clear(&self) {
        let list = core::mem::take(&mut *self.list.lock());
        self.len.store(0, Ordering::Release);
        drop(list);
    }

    /// Puts an item at the end, unless it is on the list; whether it was put there.
    pub(super) fn push(&self, item: &Arc<Item>) -> bool {
        self.put(item, VecDeque::push_back)
    }

    /// Puts an item first, unless it is on the list.
    pub(super) fn push_front(&self, item: &Arc<Item>) -> bool {
        self.put(item, VecDeque::push_front)
    }

    fn put(&self, item: &Arc<Item>, put: fn(&mut VecDeque<Arc<Item>>, Arc<Item>)) -> bool {
        if item.listed.swap(true, Ordering::AcqRel) {
            return false;
        }
        let mut list = self.list.lock();
        put(&mut list, item.clone());
        self.len.store(list.len(), Ordering::Release);
        true
    }

    /// Takes the first item. It may be put on the list again from now on.
    pub(super) fn pop(&self) -> Option<Arc<Item>> {
        let mut list = self.list.lock();
        let item = list.pop_front()?;
        self.len.store(list.len(), Ordering::Release);
        drop(list);
        item.listed.store(false, Ordering::Release);
        Some(item)
    }
}
