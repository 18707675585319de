//! [`Names`]: the table of names of one directory.
//!
//! Two views of the same entries: a hash table to find a name, and a list in the order of
//! creation, by which a directory is read. An entry's cookie never changes and is never given
//! again, so that a listing goes on where it stopped whatever was added or removed meanwhile.

use alloc::sync::Arc;
use alloc::vec::Vec;

use elfin_syscalls::Errno;
use hashbrown::HashTable;

use super::dentry::Dentry;

/// The first cookie: those below are `.` and `..`.
pub const FIRST_COOKIE: u64 = 2;
/// Empty slots that are left alone.
const SLACK: usize = 8;

/// The names of a directory.
pub struct Names {
    index: HashTable<u32>,
    /// Ascending cookies; removed entries leave an empty slot for a while.
    slots: Vec<Slot>,
    empty: usize,
    next: u64,
}

/// An entry of a listing.
pub struct Listed<'a> {
    /// Its place in the listing.
    pub cookie: u64,
    /// Its name.
    pub name: &'a Arc<[u8]>,
    /// What it names.
    pub dentry: &'a Arc<Dentry>,
}

struct Slot {
    cookie: u64,
    entry: Option<Entry>,
}

struct Entry {
    hash: u64,
    name: Arc<[u8]>,
    dentry: Arc<Dentry>,
}

impl Names {
    /// No names.
    pub const fn new() -> Self {
        Self { index: HashTable::new(), slots: Vec::new(), empty: 0, next: FIRST_COOKIE }
    }

    /// Whether there is no name.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// Finds a name.
    #[inline]
    pub fn find(&self, name: &[u8]) -> Option<&Arc<Dentry>> {
        let hash = hash(name);
        let slot = self.index.find(hash, |&at| self.is(at, name))?;
        Some(&self.entry(*slot)?.dentry)
    }

    /// Makes room for one more name.
    ///
    /// # Errors
    /// `ENOSPC`: there is no memory.
    pub fn reserve(&mut self) -> Result<(), Errno> {
        self.reserve_more(1)
    }

    /// Makes room for `more` names.
    ///
    /// # Errors
    /// `ENOSPC`: there is no memory.
    pub fn reserve_more(&mut self, more: usize) -> Result<(), Errno> {
        let Self { index, slots, .. } = self;
        slots.try_reserve(more).map_err(|_| Errno::ENOSPC)?;
        index.try_reserve(more, |&at| hash_of(slots, at)).map_err(|_| Errno::ENOSPC)
    }

    /// Adds a name that is not there.
    ///
    /// # Errors
    /// `ENOSPC`: there is no memory.
    pub fn insert(&mut self, name: Arc<[u8]>, dentry: Arc<Dentry>) -> Result<(), Errno> {
        self.reserve()?;
        let hash = hash(&name);
        let at = u32::try_from(self.slots.len()).map_err(|_| Errno::ENOSPC)?;
        self.slots.push(Slot { cookie: self.next, entry: Some(Entry { hash, name, dentry }) });
        self.next += 1;
        let Self { index, slots, .. } = self;
        index.insert_unique(hash, at, |&at| hash_of(slots, at));
        Ok(())
    }

    /// Removes a name. What it named is to be dropped outside of locks.
    pub fn remove(&mut self, name: &[u8]) -> Option<Arc<Dentry>> {
        let hash = hash(name);
        let Self { index, slots, .. } = self;
        let found = index.find_entry(hash, |&at| is(slots, at, name)).ok()?;
        let (at, _) = found.remove();
        let slot = self.slots.get_mut(usize::try_from(at).ok()?)?;
        let entry = slot.entry.take()?;
        self.empty += 1;
        if self.empty > SLACK && self.empty > self.slots.len() / 2 {
            self.compact();
        }
        Some(entry.dentry)
    }

    /// The first entry whose cookie is not below `from`.
    pub fn next_from(&self, from: u64) -> Option<Listed<'_>> {
        let start = self.slots.partition_point(|slot| slot.cookie < from);
        self.slots.get(start..)?.iter().find_map(|slot| {
            let entry = slot.entry.as_ref()?;
            Some(Listed { cookie: slot.cookie, name: &entry.name, dentry: &entry.dentry })
        })
    }

    /// Takes all entries out.
    pub fn drain(&mut self) -> impl Iterator<Item = Arc<Dentry>> {
        self.index.clear();
        self.slots.drain(..).filter_map(|slot| slot.entry.map(|entry| entry.dentry))
    }

    fn entry(&self, at: u32) -> Option<&Entry> {
        entry(&self.slots, at)
    }

    fn is(&self, at: u32, name: &[u8]) -> bool {
        is(&self.slots, at, name)
    }

    /// Drops the empty slots.
    fn compact(&mut self) {
        self.slots.retain(|slot| slot.entry.is_some());
        self.empty = 0;
        let Self { index, slots, .. } = self;
        // As many as before: no memory is needed.
        index.clear();
        for (at, slot) in slots.iter().enumerate() {
            if let (Some(entry), Ok(at)) = (&slot.entry, u32::try_from(at)) {
                index.insert_unique(entry.hash, at, |&at| hash_of(slots, at));
            }
        }
    }
}

impl Default for Names {
    fn default() -> Self {
        Self::new()
    }
}

fn entry(slots: &[Slot], at: u32) -> Option<&Entry> {
    slots.get(usize::try_from(at).ok()?)?.entry.as_ref()
}

fn is(slots: &[Slot], at: u32, name: &[u8]) -> bool {
    entry(slots, at).is_some_and(|entry| *entry.name == *name)
}

fn hash_of(slots: &[Slot], at: u32) -> u64 {
    entry(slots, at).map_or(0, |entry| entry.hash)
}

/// A quick hash of a short name, eight bytes at a time.
#[inline]
fn hash(name: &[u8]) -> u64 {
    const K: u64 = 0x9e37_79b9_7f4a_7c15;
    let (words, rest) = name.as_chunks::<8>();
    let mut hash = name.len() as u64;
    for word in words {
        hash = (hash.rotate_left(5) ^ u64::from_le_bytes(*word)).wrapping_mul(K);
    }
    let tail = rest.iter().fold(0, |tail: u64, &byte| tail << 8 | u64::from(byte));
    hash = (hash.rotate_left(5) ^ tail).wrapping_mul(K);
    hash ^ hash >> 32
}

#[cfg(test)]
mod tests {
    use super::super::mount::FileSystem;
    use super::super::tmpfs::TmpFs;
    use super::*;
    use alloc::format;

    fn named() -> Arc<Dentry> {
        TmpFs::new("tmpfs", 0o755).root()
    }

    #[test]
    fn finds_what_is_there() {
        let mut names = Names::new();
        for n in 0..100 {
            names.insert(Arc::from(format!("name-{n}").as_bytes()), named()).unwrap();
        }
        assert_eq!(names.index.len(), 100);
        let seven = names.find(b"name-7").unwrap().clone();
        assert!(Arc::ptr_eq(&names.remove(b"name-7").unwrap(), &seven));
        assert!(names.find(b"name-7").is_none() && names.remove(b"name-7").is_none());
        assert!(names.find(b"name-99").is_some() && names.find(b"name-").is_none());
    }

    #[test]
    fn listing_goes_on_across_changes() {
        let mut names = Names::new();
        for n in 0..50 {
            names.insert(Arc::from(format!("{n}").as_bytes()), named()).unwrap();
        }
        let mut seen = Vec::new();
        let mut from = 0;
        while let Some(Listed { cookie, name, .. }) = names.next_from(from) {
            let name = alloc::string::String::from_utf8(name.to_vec()).unwrap();
            // Whoever reads the directory removes what was read, and adds one thing.
            names.remove(name.as_bytes()).unwrap();
            if seen.len() == 25 {
                names.insert(Arc::from(&b"late"[..]), named()).unwrap();
            }
            seen.push(name);
            from = cookie + 1;
        }
        assert_eq!(seen.len(), 51);
        assert_eq!(seen.last().unwrap(), "late");
        assert!(names.is_empty());
    }
}
