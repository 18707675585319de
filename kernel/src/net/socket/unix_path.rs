//! AF_UNIX sockets in the file system.

use crate::fs::namei::{self, Make};
use crate::fs::walk::{WalkFlags, Walker};
use crate::fs::{FileKind, PathRef, perm};
use crate::net::unix::UnixSock;
use crate::task::current;
use alloc::sync::{Arc, Weak};
use core::any::Any;
use elfin_syscalls::Errno;

fn walker(flags: WalkFlags) -> Walker {
    let me = current();
    Walker::new(me.fs(), me.cred(), None, flags)
}

/// Makes the name `path` for a socket.
///
/// # Errors
/// `EADDRINUSE` if something is there, `EINVAL` if the socket has a name, and those of the walk.
pub fn bind(sock: &Arc<UnixSock>, path: &[u8]) -> Result<(), Errno> {
    const ALL: u32 = 0o777;
    sock.set_path(path)?;
    let mode = ALL & !current().fs().umask();
    let made =
        namei::make(&mut walker(WalkFlags::empty()), path, Make::new(FileKind::Socket, mode));
    let outcome = made.and_then(|place| attach(&place, sock));
    if outcome.is_err() {
        sock.clear_path();
    }
    outcome.map_err(|error| if error == Errno::EEXIST { Errno::EADDRINUSE } else { error })
}

fn attach(place: &PathRef, sock: &Arc<UnixSock>) -> Result<(), Errno> {
    let slot = place.inode().socket().ok_or(Errno::EPERM)?;
    let any: Arc<dyn Any + Send + Sync> = sock.clone();
    let weak: Weak<dyn Any + Send + Sync> = Arc::downgrade(&any);
    *slot.lock() = Some(weak);
    Ok(())
}

/// Finds the socket that is bound to `path`.
///
/// # Errors
/// `ECONNREFUSED` if nothing that lives is, `EACCES` without the right to write there, and those
/// of the walk.
pub fn find(path: &[u8]) -> Result<Arc<UnixSock>, Errno> {
    let mut walker = walker(WalkFlags::FOLLOW);
    let place = walker.resolve(path)?;
    perm::check(&**place.inode(), perm::MAY_WRITE, &walker.cred)?;
    let slot = place.inode().socket().ok_or(Errno::ECONNREFUSED)?;
    let held = slot.lock().as_ref().and_then(Weak::upgrade);
    let any = held.ok_or(Errno::ECONNREFUSED)?;
    any.downcast().map_err(|_| Errno::ECONNREFUSED)
}
