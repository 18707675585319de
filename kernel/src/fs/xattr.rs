//! [`Xattrs`]: the extended attributes of an inode: a few names with small values.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering};

use elfin_platform::sync::SpinLock;
use elfin_syscalls::Errno;
use elfin_syscalls::args::XattrFlags;

/// The longest name (`XATTR_NAME_MAX`).
pub const NAME_MAX: usize = 255;
/// The largest value, and the largest list (`XATTR_SIZE_MAX`).
pub const SIZE_MAX: usize = 65536;

/// A name and its value.
type Xattr = (Vec<u8>, Arc<Vec<u8>>);

/// Names and values.
#[derive(Default)]
pub struct Xattrs {
    list: SpinLock<Vec<Xattr>>,
    /// There is or was one: files without are the rule, and asked at every write.
    used: AtomicBool,
}

impl Xattrs {
    /// No attributes.
    #[must_use]
    pub const fn new() -> Self {
        Self { list: SpinLock::new(Vec::new()), used: AtomicBool::new(false) }
    }

    /// Whether there never was one.
    #[inline]
    pub fn is_unused(&self) -> bool {
        !self.used.load(Ordering::Relaxed)
    }

    /// The value of `name`.
    ///
    /// # Errors
    /// `ENODATA` if there is none.
    pub fn get(&self, name: &[u8]) -> Result<Arc<Vec<u8>>, Errno> {
        let list = self.list.lock();
        let found = list.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone()).ok_or(Errno::ENODATA)
    }

    /// Sets the value of `name`.
    ///
    /// # Errors
    /// `EEXIST` or `ENODATA` by `flags`, `ENOSPC`.
    pub fn set(&self, name: Vec<u8>, value: Vec<u8>, flags: XattrFlags) -> Result<(), Errno> {
        let value = Arc::new(value);
        let mut list = self.list.lock();
        match list.iter_mut().find(|(known, _)| *known == name) {
            Some(_) if flags.contains(XattrFlags::CREATE) => Err(Errno::EEXIST),
            Some((_, old)) => {
                *old = value;
                Ok(())
            }
            None if flags.contains(XattrFlags::REPLACE) => Err(Errno::ENODATA),
            None => {
                list.try_reserve(1).map_err(|_| Errno::ENOSPC)?;
                list.push((name, value));
                self.used.store(true, Ordering::Relaxed);
                Ok(())
            }
        }
    }

    /// Removes `name`.
    ///
    /// # Errors
    /// `ENODATA` if there is none.
    pub fn remove(&self, name: &[u8]) -> Result<(), Errno> {
        let mut list = self.list.lock();
        let at = list.iter().position(|(known, _)| known == name).ok_or(Errno::ENODATA)?;
        list.swap_remove(at);
        Ok(())
    }

    /// The names, each with a zero byte after it.
    ///
    /// # Errors
    /// `ENOMEM`.
    pub fn list(&self) -> Result<Vec<u8>, Errno> {
        let list = self.list.lock();
        let mut names = Vec::new();
        let len = list.iter().map(|(name, _)| name.len() + 1).sum();
        names.try_reserve_exact(len).map_err(|_| Errno::ENOMEM)?;
        for (name, _) in list.iter() {
            names.extend_from_slice(name);
            names.push(0);
        }
        Ok(names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_decide() {
        let attrs = Xattrs::new();
        let none = XattrFlags::empty();
        assert_eq!(
            attrs.set(b"user.a".to_vec(), b"1".to_vec(), XattrFlags::REPLACE),
            Err(Errno::ENODATA)
        );
        assert_eq!(attrs.set(b"user.a".to_vec(), b"1".to_vec(), none), Ok(()));
        assert_eq!(
            attrs.set(b"user.a".to_vec(), b"2".to_vec(), XattrFlags::CREATE),
            Err(Errno::EEXIST)
        );
        assert_eq!(attrs.get(b"user.a").unwrap().as_slice(), b"1");
        assert_eq!(attrs.list().unwrap(), b"user.a\0");
        assert_eq!(attrs.remove(b"user.a"), Ok(()));
        assert_eq!(attrs.get(b"user.a"), Err(Errno::ENODATA));
    }
}
