//! Handlers about sockets as such: making, naming, connecting, accepting. What they carry is in
//! `msg.rs`, their options are in `sockopt.rs`.

use alloc::sync::Arc;

use elfin_platform::user;
use elfin_syscalls::abi::SOCKADDR_MAX;
use elfin_syscalls::abi::{SHUT_RD, SHUT_RDWR, SHUT_WR};
use elfin_syscalls::args::{
    Fd, OpenFlags, SockFlags, SockType, UserAddr, UserInOut, UserOut, UserSockaddr,
};
use elfin_syscalls::{Errno, SysResult};

use super::Cx;
use super::usercopy::{efault, user_read, user_write};
use crate::fs::OpenFile;
use crate::net::socket::{Address, Socket, of_file};

/// Reads an address of `len` bytes.
///
/// # Errors
/// `EINVAL` for a length that no address has, `EFAULT`.
pub(super) fn read_address(from: UserAddr, len: i32) -> Result<Address, Errno> {
    let len = usize::try_from(len).map_err(|_| Errno::EINVAL)?;
    let mut bytes = [0; SOCKADDR_MAX];
    let bytes = bytes.get_mut(..len).ok_or(Errno::EINVAL)?;
    user::copy_in(bytes, from.addr()).map_err(efault)?;
    Address::parse(bytes)
}

/// Writes an address, cut off at `room` bytes; its full length.
///
/// # Errors
/// `EFAULT`.
pub(super) fn write_address(to: UserAddr, room: usize, address: &Address) -> Result<usize, Errno> {
    let bytes = address.bytes();
    let fits = bytes.get(..room.min(bytes.len())).unwrap_or(&[]);
    user::copy_out(to.addr(), fits).map_err(efault)?;
    Ok(bytes.len())
}

/// Writes an address where the program wants one, and its length.
pub(super) fn return_address(
    to: UserAddr,
    len: UserInOut<i32>,
    address: &Address,
) -> Result<(), Errno> {
    let room = usize::try_from(user_read(len)?).map_err(|_| Errno::EINVAL)?;
    let full = write_address(to, room, address)?;
    user_write(len, &i32::try_from(full).unwrap_or(i32::MAX))
}

fn install(cx: &Cx<'_>, socket: Socket, flags: SockFlags) -> Result<Fd, Errno> {
    let mut open = OpenFlags::RDWR;
    open.set(OpenFlags::NONBLOCK, flags.contains(SockFlags::NONBLOCK));
    let file = OpenFile::new(Arc::new(socket), open, None);
    cx.thread.files().install(file, flags.contains(SockFlags::CLOEXEC))
}

fn number(fd: Fd) -> SysResult {
    usize::try_from(fd.0).map_err(|_| Errno::EMFILE)
}

/// `socket(2)`.
pub fn socket(cx: &mut Cx<'_>, family: i32, kind: SockType, protocol: i32) -> SysResult {
    let socket = Socket::new(family, kind.kind, protocol)?;
    number(install(cx, socket, kind.flags)?)
}

/// `socketpair(2)`.
pub fn socketpair(
    cx: &mut Cx<'_>,
    family: i32,
    kind: SockType,
    protocol: i32,
    fds: UserOut<[i32; 2]>,
) -> SysResult {
    let (one, two) = Socket::pair(family, kind.kind, protocol)?;
    let first = install(cx, one, kind.flags)?;
    let second = match install(cx, two, kind.flags) {
        Ok(fd) => fd,
        Err(error) => {
            cx.thread.files().close(first)?;
            return Err(error);
        }
    };
    if let Err(error) = user_write(fds, &[first.0, second.0]) {
        cx.thread.files().close(first)?;
        cx.thread.files().close(second)?;
        return Err(error);
    }
    Ok(0)
}

/// `bind(2)`.
pub fn bind(cx: &mut Cx<'_>, fd: Fd, addr: UserSockaddr, len: i32) -> SysResult {
    let file = cx.file(fd)?;
    let socket = of_file(&file)?;
    socket.bind(&read_address(addr.0, len)?)?;
    Ok(0)
}

/// `connect(2)`.
pub fn connect(cx: &mut Cx<'_>, fd: Fd, addr: UserSockaddr, len: i32) -> SysResult {
    let file = cx.file(fd)?;
    let socket = of_file(&file)?;
    socket.connect(&read_address(addr.0, len)?, file.nonblocking())?;
    Ok(0)
}

/// `listen(2)`.
pub fn listen(cx: &mut Cx<'_>, fd: Fd, backlog: i32) -> SysResult {
    let file = cx.file(fd)?;
    of_file(&file)?.listen(backlog)?;
    Ok(0)
}

/// `accept(2)`.
pub fn accept(cx: &mut Cx<'_>, fd: Fd, addr: UserAddr, len: UserInOut<i32>) -> SysResult {
    accept4(cx, fd, addr, len, SockFlags::empty())
}

/// `accept4(2)`.
pub fn accept4(
    cx: &mut Cx<'_>,
    fd: Fd,
    addr: UserAddr,
    len: UserInOut<i32>,
    flags: SockFlags,
) -> SysResult {
    let file = cx.file(fd)?;
    let accepted = of_file(&file)?.accept(file.nonblocking())?;
    if !addr.is_null() {
        // A connection that has ended meanwhile is of no use (ECONNABORTED), as in Linux.
        let remote = accepted.remote().map_err(|_| Errno::ECONNABORTED)?;
        return_address(addr, len, &remote)?;
    }
    number(install(cx, accepted, flags)?)
}

/// `getsockname(2)`.
pub fn getsockname(cx: &mut Cx<'_>, fd: Fd, addr: UserAddr, len: UserInOut<i32>) -> SysResult {
    let file = cx.file(fd)?;
    return_address(addr, len, &of_file(&file)?.local())?;
    Ok(0)
}

/// `getpeername(2)`.
pub fn getpeername(cx: &mut Cx<'_>, fd: Fd, addr: UserAddr, len: UserInOut<i32>) -> SysResult {
    let file = cx.file(fd)?;
    return_address(addr, len, &of_file(&file)?.remote()?)?;
    Ok(0)
}

/// `shutdown(2)`.
pub fn shutdown(cx: &mut Cx<'_>, fd: Fd, how: i32) -> SysResult {
    let file = cx.file(fd)?;
    let socket = of_file(&file)?;
    match how {
        SHUT_RD => socket.shutdown(true, false)?,
        SHUT_WR => socket.shutdown(false, true)?,
        SHUT_RDWR => socket.shutdown(true, true)?,
        _ => return Err(Errno::EINVAL),
    }
    Ok(0)
}
