//! Names of AF_UNIX sockets, and the table of abstract ones.

use super::sock::UnixSock;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering};
use elfin_platform::sync::SpinLock;
use elfin_syscalls::Errno;
use hashbrown::HashMap;

/// What a socket is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnixName {
    /// A path, as the program gave it, without the final zero.
    Path(Vec<u8>),
    /// A name that is in no directory; what follows the first zero byte.
    Abstract(Vec<u8>),
}

type Hash = core::hash::BuildHasherDefault<NameHasher>;

/// FNV-1a: names come from our own programs.
#[derive(Debug)]
pub struct NameHasher(u64);

impl Default for NameHasher {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl core::hash::Hasher for NameHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    fn finish(&self) -> u64 {
        self.0
    }
}

type Names = HashMap<Vec<u8>, Weak<UnixSock>, Hash>;

static NAMES: SpinLock<Option<Names>> = SpinLock::new(None);
static NEXT_AUTO: AtomicU32 = AtomicU32::new(0);

/// Gives a socket an abstract name.
///
/// # Errors
/// `EADDRINUSE`, `ENOMEM`.
pub fn claim(name: &[u8], sock: &Arc<UnixSock>) -> Result<(), Errno> {
    let mut names = NAMES.lock();
    let names = names.get_or_insert_default();
    if names.get(name).is_some_and(|held| held.strong_count() > 0) {
        return Err(Errno::EADDRINUSE);
    }
    names.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
    names.insert(name.to_vec(), Arc::downgrade(sock));
    Ok(())
}

/// Gives a socket a name that is free: five hexadecimal digits (unix(7), autobind).
///
/// # Errors
/// `ENOSPC` if all are taken, `ENOMEM`.
pub fn claim_any(sock: &Arc<UnixSock>) -> Result<UnixName, Errno> {
    const NAMES_MAX: u32 = 1 << 20;
    for _ in 0..NAMES_MAX {
        let number = NEXT_AUTO.fetch_add(1, Ordering::Relaxed) % NAMES_MAX;
        let name = alloc::format!("{number:05x}").into_bytes();
        match claim(&name, sock) {
            Err(Errno::EADDRINUSE) => {}
            Err(error) => return Err(error),
            Ok(()) => return Ok(UnixName::Abstract(name)),
        }
    }
    Err(Errno::ENOSPC)
}

/// Frees the abstract name that `sock` claimed. A connection's end that has its listener's name
/// did not claim it.
pub fn release(name: &[u8], sock: &UnixSock) {
    let removed = {
        let mut names = NAMES.lock();
        let ours = |held: &Weak<UnixSock>| core::ptr::eq(held.as_ptr(), sock);
        names
            .as_mut()
            .filter(|names| names.get(name).is_some_and(ours))
            .and_then(|names| names.remove(name))
    };
    drop(removed);
}

/// Finds the socket with an abstract name.
///
/// # Errors
/// `ECONNREFUSED` if there is none.
pub fn find(name: &[u8]) -> Result<Arc<UnixSock>, Errno> {
    let names = NAMES.lock();
    let held = names.as_ref().and_then(|names| names.get(name));
    held.and_then(Weak::upgrade).ok_or(Errno::ECONNREFUSED)
}
