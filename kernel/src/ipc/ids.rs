//! [`Registry`]: the objects of one kind by id and by key, and [`get`], which the `get` calls of
//! all three kinds are made of.
//!
//! An id is a place in the table and above it a sequence number, so that an id does not soon mean
//! another object. Places are given out in turn, as Linux does it.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicI32, Ordering};

use elfin_platform::sync::SpinLock;
use elfin_syscalls::Errno;
use elfin_syscalls::abi::{IPC_CREAT, IPC_EXCL, IPC_PRIVATE};

use crate::task::Cred;

/// Bits of an id that are the place.
const PLACE_BITS: u32 = 15;
/// Places that there can be.
const PLACES: usize = 1 << PLACE_BITS;
/// Sequence numbers that there are.
const SEQUENCES: u32 = i32::MAX.unsigned_abs() >> PLACE_BITS;
/// Places that are given out in turn at least before the first is used again.
const LEAST_CYCLE: usize = 64;

/// The id and the key of an object.
pub struct Name {
    id: i32,
    key: AtomicI32,
}

impl Name {
    /// A name.
    pub fn new(id: i32, key: i32) -> Self {
        Self { id, key: AtomicI32::new(key) }
    }

    /// The id.
    pub fn id(&self) -> i32 {
        self.id
    }

    /// The key; `IPC_PRIVATE` if it has none.
    pub fn key(&self) -> i32 {
        self.key.load(Ordering::Relaxed)
    }

    /// Takes the key away: nobody finds the object by it any more.
    pub fn forget_key(&self) {
        self.key.store(IPC_PRIVATE, Ordering::Relaxed);
    }

    /// The sequence number in the id.
    pub fn sequence(&self) -> u16 {
        u16::try_from(self.id >> PLACE_BITS).unwrap_or(0)
    }
}

/// An object with an id.
pub trait Object {
    /// Its name.
    fn name(&self) -> &Name;

    /// Checks that `cred` may do what `wanted` says.
    ///
    /// # Errors
    /// `EACCES`.
    fn check(&self, wanted: u32, cred: &Cred) -> Result<(), Errno>;
}

/// The objects of one kind.
pub struct Registry<T> {
    places: Vec<Option<Arc<T>>>,
    used: usize,
    /// Where the search for a free place begins.
    next: usize,
    /// The place given out last.
    last: Option<usize>,
    sequence: u32,
}

fn place_of(id: i32) -> Option<usize> {
    usize::try_from(id).ok().map(|id| id % PLACES)
}

impl<T: Object> Registry<T> {
    /// No objects.
    pub const fn new() -> Self {
        Self { places: Vec::new(), used: 0, next: 0, last: None, sequence: 0 }
    }

    /// The number of objects.
    pub fn used(&self) -> usize {
        self.used
    }

    /// The highest place in use, 0 without any: what the `INFO` commands return.
    pub fn highest(&self) -> usize {
        self.places.iter().rposition(Option::is_some).unwrap_or(0)
    }

    /// All objects by their places.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<T>> {
        self.places.iter().flatten()
    }

    /// The object with this id.
    ///
    /// # Errors
    /// `EINVAL` if there is none.
    pub fn get(&self, id: i32) -> Result<Arc<T>, Errno> {
        let place = place_of(id).ok_or(Errno::EINVAL)?;
        let object = self.places.get(place).and_then(Option::as_ref);
        object.filter(|object| object.name().id == id).cloned().ok_or(Errno::EINVAL)
    }

    /// The object at the place that is `id` without its sequence number (the `STAT` commands).
    ///
    /// # Errors
    /// `EINVAL` if there is none.
    pub fn at(&self, id: i32) -> Result<Arc<T>, Errno> {
        let place = place_of(id).ok_or(Errno::EINVAL)?;
        self.places.get(place).and_then(Option::as_ref).cloned().ok_or(Errno::EINVAL)
    }

    fn find(&self, key: i32) -> Option<&Arc<T>> {
        self.iter().find(|object| object.name().key() == key)
    }

    fn free_place(&self, limit: usize) -> usize {
        let end = (self.used.saturating_mul(3) / 2).max(LEAST_CYCLE).min(limit);
        let free = |place: &usize| self.places.get(*place).is_none_or(Option::is_none);
        let turn = (self.next..end).find(free);
        turn.or_else(|| (0..end).find(free)).unwrap_or(end)
    }

    /// Adds the object that `make` makes for an id.
    ///
    /// # Errors
    /// `ENOSPC` with `limit` objects, `ENOMEM`, those of `make`.
    pub fn add(
        &mut self,
        limit: usize,
        make: impl FnOnce(i32) -> Result<Arc<T>, Errno>,
    ) -> Result<i32, Errno> {
        let limit = limit.min(PLACES);
        if self.used >= limit {
            return Err(Errno::ENOSPC);
        }
        let place = self.free_place(limit);
        if place >= self.places.len() {
            let more = place + 1 - self.places.len();
            self.places.try_reserve(more).map_err(|_| Errno::ENOMEM)?;
            self.places.resize_with(place + 1, || None);
        }
        let sequence = if self.last.is_some_and(|last| place <= last) {
            (self.sequence + 1) % SEQUENCES
        } else {
            self.sequence
        };
        let number = sequence << PLACE_BITS | u32::try_from(place).map_err(|_| Errno::ENOSPC)?;
        let id = number.cast_signed();
        let object = make(id)?;
        let slot = self.places.get_mut(place).ok_or(Errno::ENOSPC)?;
        *slot = Some(object);
        (self.next, self.last, self.sequence) = (place + 1, Some(place), sequence);
        self.used += 1;
        Ok(id)
    }

    /// Takes an object out.
    pub fn remove(&mut self, id: i32) -> Option<Arc<T>> {
        let slot = self.places.get_mut(place_of(id)?)?;
        let removed = slot.take_if(|object| object.name().id == id)?;
        self.used -= 1;
        Some(removed)
    }
}

impl<T: Object> Default for Registry<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// What `shmget`, `semget` and `msgget` have in common: finds or makes the object with this key;
/// its id. `fits` checks an object that is there against what is asked for.
///
/// # Errors
/// `ENOENT`, `EEXIST`, `EACCES`, those of `fits`, `make` and [`Registry::add`].
pub fn get<T: Object>(
    table: &SpinLock<Registry<T>>,
    (key, flags): (i32, i32),
    limit: usize,
    cred: &Cred,
    fits: impl FnOnce(&T) -> Result<(), Errno>,
    make: impl FnOnce(i32) -> Result<Arc<T>, Errno>,
) -> Result<i32, Errno> {
    let mut table = table.lock();
    if key == IPC_PRIVATE {
        return table.add(limit, make);
    }
    let Some(found) = table.find(key) else {
        return if flags & IPC_CREAT == 0 { Err(Errno::ENOENT) } else { table.add(limit, make) };
    };
    if flags & IPC_CREAT != 0 && flags & IPC_EXCL != 0 {
        return Err(Errno::EEXIST);
    }
    fits(found)?;
    found.check(flags.cast_unsigned(), cred)?;
    Ok(found.name().id)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Thing(Name);

    impl Object for Thing {
        fn name(&self) -> &Name {
            &self.0
        }

        fn check(&self, wanted: u32, _cred: &Cred) -> Result<(), Errno> {
            if wanted & 0o2 == 0 { Ok(()) } else { Err(Errno::EACCES) }
        }
    }

    fn make(key: i32) -> impl FnOnce(i32) -> Result<Arc<Thing>, Errno> {
        move |id| Ok(Arc::new(Thing(Name::new(id, key))))
    }

    #[test]
    fn places_come_in_turn_and_ids_differ() {
        let mut table = Registry::new();
        assert_eq!(table.add(100, make(0)), Ok(0));
        assert_eq!(table.add(100, make(0)), Ok(1));
        assert!(table.remove(0).is_some() && table.remove(0).is_none());
        assert_eq!(table.add(100, make(0)), Ok(2));
        for _ in 3..64 {
            let id = table.add(100, make(0)).unwrap();
            table.remove(id);
        }
        // Round the table once: the first place again, under another id.
        assert_eq!(table.add(100, make(0)), Ok(1 << PLACE_BITS));
        assert_eq!(table.get(1 << PLACE_BITS).unwrap().0.sequence(), 1);
        assert!(table.get(0).is_err() && table.get(-1).is_err());
        assert_eq!(table.at(0).unwrap().0.id(), 1 << PLACE_BITS);
        assert_eq!((table.used(), table.highest()), (3, 2));
    }

    #[test]
    fn the_limit_holds() {
        let mut table = Registry::new();
        for _ in 0..5 {
            table.add(5, make(0)).unwrap();
        }
        assert_eq!(table.add(5, make(0)), Err(Errno::ENOSPC));
        table.remove(2);
        assert_eq!(table.add(5, make(0)), Ok(1 << PLACE_BITS | 2));
    }

    #[test]
    fn keys_find_objects() {
        let table = SpinLock::new(Registry::new());
        let cred = Cred::root();
        let ask = |key, flags| get(&table, (key, flags), 10, &cred, |_| Ok(()), make(key));
        assert_eq!(ask(7, 0), Err(Errno::ENOENT));
        assert_eq!(ask(7, IPC_CREAT), Ok(0));
        assert_eq!(ask(7, IPC_CREAT | IPC_EXCL), Err(Errno::EEXIST));
        assert_eq!(ask(7, IPC_EXCL | 0o4), Ok(0));
        assert_eq!(ask(7, 0o2), Err(Errno::EACCES));
        assert_eq!(ask(IPC_PRIVATE, 0), Ok(1));
        table.lock().get(0).unwrap().0.forget_key();
        assert_eq!(ask(7, IPC_CREAT), Ok(2));
    }
}
