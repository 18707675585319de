//! Handlers that carry data over sockets, and the messages beside it (cmsg(3)).

use alloc::sync::Arc;
use alloc::vec::Vec;

use elfin_platform::{time, user};
use elfin_syscalls::abi::{
    Cmsghdr, InPktinfo, Iovec, Mmsghdr, Msghdr, Timespec, Timeval, Ucred, cmsg_align,
};
use elfin_syscalls::abi::{
    IP_PKTINFO, IP_TOS, IP_TTL, SCM_CREDENTIALS, SCM_MAX_FD, SCM_RIGHTS, SO_TIMESTAMP, SOL_IP,
    SOL_SOCKET,
};
use elfin_syscalls::args::{Fd, MsgFlags, UserAddr, UserIn, UserInOut, UserOut, UserSockaddr};
use elfin_syscalls::{Errno, SysResult};
use zerocopy::{FromBytes, IntoBytes};

use super::Cx;
use super::socket::{read_address, return_address, write_address};
use super::usercopy::{
    efault, user_iovecs, user_read, user_read_at, user_read_slice, user_write_at,
};
use crate::fs::{Dest, OpenFile, Source};
use crate::net::dgram::Datagram;
use crate::net::socket::{Beside, Outgoing, Protocol, Received, Socket, of_file};
use crate::net::unix::{Ancillary, Credentials};
use crate::task::Capability;
use core::sync::atomic::Ordering;

/// Longest control buffer (`net.core.optmem_max`).
const CONTROL_MAX: usize = 20480;
/// Most messages of one `sendmmsg` or `recvmmsg` (`UIO_MAXIOV`).
const MESSAGES_MAX: u32 = 1024;

/// `sendto(2)`.
pub fn sendto(
    cx: &mut Cx<'_>,
    fd: Fd,
    buf: UserIn<[u8]>,
    len: usize,
    flags: MsgFlags,
    addr: UserSockaddr,
    addr_len: i32,
) -> SysResult {
    let file = cx.file(fd)?;
    let socket = of_file(&file)?;
    let mut out = Outgoing::default();
    if !addr.is_null() {
        out.to = Some(read_address(addr.0, addr_len)?);
    }
    socket.send(file.nonblocking(), &mut Source::user(buf.addr(), len), flags, out)
}

/// `recvfrom(2)`.
pub fn recvfrom(
    cx: &mut Cx<'_>,
    fd: Fd,
    buf: UserOut<[u8]>,
    len: usize,
    flags: MsgFlags,
    addr: UserAddr,
    addr_len: UserInOut<i32>,
) -> SysResult {
    let file = cx.file(fd)?;
    let socket = of_file(&file)?;
    let received = socket.recv(file.nonblocking(), &mut Dest::user(buf.addr(), len), flags)?;
    if !addr.is_null() {
        match &received.from {
            Some(from) => return_address(addr, addr_len, from)?,
            None => super::usercopy::user_write(addr_len, &0)?,
        }
    }
    Ok(received.bytes)
}

/// `sendmsg(2)`.
pub fn sendmsg(cx: &mut Cx<'_>, fd: Fd, msg: UserIn<Msghdr>, flags: MsgFlags) -> SysResult {
    let file = cx.file(fd)?;
    let header = user_read(msg)?;
    send_one(cx, &file, &header, flags)
}

/// `recvmsg(2)`.
pub fn recvmsg(cx: &mut Cx<'_>, fd: Fd, msg: UserInOut<Msghdr>, flags: MsgFlags) -> SysResult {
    let file = cx.file(fd)?;
    let mut header = user_read(msg)?;
    let bytes = receive_one(cx, &file, &mut header, flags)?;
    user_write_at(UserAddr(msg.addr()), &header)?;
    Ok(bytes)
}

/// `sendmmsg(2)`.
pub fn sendmmsg(cx: &mut Cx<'_>, fd: Fd, msgs: UserAddr, count: u32, flags: MsgFlags) -> SysResult {
    let file = cx.file(fd)?;
    let mut done = 0;
    for index in 0..count.min(MESSAGES_MAX) {
        let at = msgs.offset(index as usize * size_of::<Mmsghdr>());
        let outcome = at.and_then(|at| {
            let mut message: Mmsghdr = user_read_at(at)?;
            let sent = send_one(cx, &file, &message.msg_hdr, flags)?;
            message.msg_len = u32::try_from(sent).unwrap_or(u32::MAX);
            user_write_at(at, &message)
        });
        match outcome {
            Ok(()) => done += 1,
            Err(_) if done > 0 => break,
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

/// `recvmmsg(2)`. The timeout is looked at after each message, as in Linux.
pub fn recvmmsg(
    cx: &mut Cx<'_>,
    fd: Fd,
    msgs: UserAddr,
    count: u32,
    flags: MsgFlags,
    timeout: UserInOut<Timespec>,
) -> SysResult {
    const NANOS: i64 = 1_000_000_000;
    let file = cx.file(fd)?;
    let deadline = match timeout.non_null() {
        None => None,
        Some(timeout) => {
            let limit = user_read(timeout)?;
            if limit.tv_sec < 0 || !(0..NANOS).contains(&limit.tv_nsec) {
                return Err(Errno::EINVAL);
            }
            let limit = limit.tv_sec.saturating_mul(NANOS).saturating_add(limit.tv_nsec);
            Some(time::now().saturating_add(limit.unsigned_abs()))
        }
    };
    let mut done = 0;
    let mut flags = flags;
    for index in 0..count.min(MESSAGES_MAX) {
        let at = msgs.offset(index as usize * size_of::<Mmsghdr>());
        let outcome = at.and_then(|at| {
            let mut message: Mmsghdr = user_read_at(at)?;
            let passed = flags.difference(MsgFlags::WAITFORONE);
            let bytes = receive_one(cx, &file, &mut message.msg_hdr, passed)?;
            message.msg_len = u32::try_from(bytes).unwrap_or(u32::MAX);
            user_write_at(at, &message)
        });
        match outcome {
            Ok(()) => done += 1,
            Err(_) if done > 0 => break,
            Err(error) => return Err(error),
        }
        if flags.contains(MsgFlags::WAITFORONE) {
            flags |= MsgFlags::DONTWAIT;
        }
        if deadline.is_some_and(|deadline| time::now() >= deadline) {
            break;
        }
    }
    Ok(done)
}

/// The buffers of a message, as a transfer takes them.
fn buffers(header: &Msghdr) -> Result<Vec<Iovec>, Errno> {
    let count = usize::try_from(header.msg_iovlen).map_err(|_| Errno::EMSGSIZE)?;
    user_iovecs(pointer(header.msg_iov)?, count).map_err(|error| {
        if error == Errno::EINVAL && count > MESSAGES_MAX as usize {
            Errno::EMSGSIZE
        } else {
            error
        }
    })
}

fn pointer(word: u64) -> Result<UserAddr, Errno> {
    usize::try_from(word).map(UserAddr).map_err(|_| Errno::EFAULT)
}

fn send_one(cx: &Cx<'_>, file: &Arc<OpenFile>, header: &Msghdr, flags: MsgFlags) -> SysResult {
    let socket = of_file(file)?;
    let iovecs = buffers(header)?;
    let mut out = Outgoing::default();
    if header.msg_name != 0 && header.msg_namelen != 0 {
        out.to = Some(read_address(pointer(header.msg_name)?, header.msg_namelen)?);
    }
    if header.msg_control != 0 && header.msg_controllen != 0 {
        read_control(cx, socket, header, &mut out)?;
    }
    socket.send(file.nonblocking(), &mut Source::iovecs(&iovecs), flags, out)
}

/// Reads the messages beside the data.
fn read_control(
    cx: &Cx<'_>,
    socket: &Socket,
    header: &Msghdr,
    out: &mut Outgoing,
) -> Result<(), Errno> {
    let length = usize::try_from(header.msg_controllen).map_err(|_| Errno::ENOBUFS)?;
    if length > CONTROL_MAX {
        return Err(Errno::ENOBUFS);
    }
    let bytes: Vec<u8> = user_read_slice(pointer(header.msg_control)?, length)?;
    let mut rest = bytes.as_slice();
    while let Ok((head, _)) = Cmsghdr::read_from_prefix(rest) {
        let length = usize::try_from(head.cmsg_len).map_err(|_| Errno::EINVAL)?;
        let data = rest.get(size_of::<Cmsghdr>()..length).ok_or(Errno::EINVAL)?;
        read_one_control(cx, socket, head.cmsg_level, head.cmsg_type, data, out)?;
        let next = cmsg_align(length).ok_or(Errno::EINVAL)?;
        rest = rest.get(next..).unwrap_or(&[]);
    }
    Ok(())
}

fn read_one_control(
    cx: &Cx<'_>,
    socket: &Socket,
    level: i32,
    kind: i32,
    data: &[u8],
    out: &mut Outgoing,
) -> Result<(), Errno> {
    let number = || i32::read_from_prefix(data).map(|(n, _)| n).map_err(|_| Errno::EINVAL);
    let byte = |n: i32| u8::try_from(n).map_err(|_| Errno::EINVAL);
    match (&socket.protocol, level, kind) {
        (Protocol::Unix(_), SOL_SOCKET, SCM_RIGHTS) => read_rights(cx, data, &mut out.ancillary),
        (Protocol::Unix(_), SOL_SOCKET, SCM_CREDENTIALS) => {
            let (claimed, _) = Ucred::read_from_prefix(data).map_err(|_| Errno::EINVAL)?;
            out.ancillary.credentials = Some(check_credentials(cx, &claimed)?);
            Ok(())
        }
        (Protocol::Dgram(_), SOL_IP, IP_PKTINFO) => {
            let (info, _) = InPktinfo::read_from_prefix(data).map_err(|_| Errno::EINVAL)?;
            let src = core::net::Ipv4Addr::from(info.ipi_spec_dst);
            out.overrides.src = Some(src).filter(|src| !src.is_unspecified());
            Ok(())
        }
        (Protocol::Dgram(_), SOL_IP, IP_TTL) => {
            out.overrides.ttl = Some(byte(number()?)?);
            Ok(())
        }
        (Protocol::Dgram(_), SOL_IP, IP_TOS) => {
            out.overrides.tos = Some(byte(number()?)?);
            Ok(())
        }
        (_, SOL_SOCKET, _) => Err(Errno::EINVAL),
        // Other levels are not this protocol's business.
        _ => Ok(()),
    }
}

fn read_rights(cx: &Cx<'_>, data: &[u8], ancillary: &mut Ancillary) -> Result<(), Errno> {
    let (words, _) = data.as_chunks::<4>();
    if ancillary.files.len() + words.len() > SCM_MAX_FD {
        return Err(Errno::EINVAL);
    }
    ancillary.files.try_reserve(words.len()).map_err(|_| Errno::ENOMEM)?;
    for word in words {
        ancillary.files.push(cx.file(Fd(i32::from_ne_bytes(*word)))?);
    }
    Ok(())
}

/// A process may only say who it is, unless it may be anybody (unix(7)).
fn check_credentials(cx: &Cx<'_>, claimed: &Ucred) -> Result<Credentials, Errno> {
    let cred = cx.thread.cred();
    let pid = u32::try_from(claimed.pid).map_err(|_| Errno::ESRCH)?;
    let own_pid = pid == cx.thread.process.pid || cred.has(Capability::SYS_ADMIN);
    let uids = [cred.uid, cred.euid, cred.suid];
    let gids = [cred.gid, cred.egid, cred.sgid];
    let own_uid = uids.contains(&claimed.uid) || cred.has(Capability::SETUID);
    let own_gid = gids.contains(&claimed.gid) || cred.has(Capability::SETGID);
    if own_pid && own_uid && own_gid {
        Ok(Credentials { pid, uid: claimed.uid, gid: claimed.gid })
    } else {
        Err(Errno::EPERM)
    }
}

fn receive_one(
    cx: &Cx<'_>,
    file: &Arc<OpenFile>,
    header: &mut Msghdr,
    flags: MsgFlags,
) -> SysResult {
    let socket = of_file(file)?;
    let iovecs = buffers(header)?;
    let mut received = socket.recv(file.nonblocking(), &mut Dest::iovecs(&iovecs), flags)?;
    if header.msg_name != 0 {
        header.msg_namelen = match &received.from {
            Some(from) => {
                let room = usize::try_from(header.msg_namelen).map_err(|_| Errno::EINVAL)?;
                let full = write_address(pointer(header.msg_name)?, room, from)?;
                i32::try_from(full).unwrap_or(i32::MAX)
            }
            None => 0,
        };
    }
    let mut control = Control {
        at: pointer(header.msg_control)?,
        room: usize::try_from(header.msg_controllen).unwrap_or(0),
        written: 0,
        cut: false,
    };
    if header.msg_control == 0 {
        control.room = 0;
    }
    write_control(cx, socket, &mut received, flags, &mut control)?;
    received.flags.set(MsgFlags::CTRUNC, control.cut);
    received.flags |= flags & MsgFlags::CMSG_CLOEXEC;
    header.msg_controllen = control.written as u64;
    header.msg_flags = received.flags.bits();
    Ok(received.bytes)
}

/// The program's buffer for messages beside the data.
struct Control {
    at: UserAddr,
    room: usize,
    written: usize,
    cut: bool,
}

impl Control {
    /// Appends a message; one that does not fit is cut off.
    fn put(&mut self, level: i32, kind: i32, data: &[u8]) -> Result<(), Errno> {
        const HEAD: usize = size_of::<Cmsghdr>();
        let left = self.room - self.written;
        if left < HEAD {
            self.cut = true;
            return Ok(());
        }
        let fits = data.len().min(left - HEAD);
        self.cut |= fits < data.len();
        let length = HEAD + fits;
        let head = Cmsghdr { cmsg_len: length as u64, cmsg_level: level, cmsg_type: kind };
        let at = self.at.offset(self.written)?;
        user_write_at(at, &head)?;
        user::copy_out(at.offset(HEAD)?.addr(), data.get(..fits).unwrap_or(&[])).map_err(efault)?;
        self.written += cmsg_align(length).unwrap_or(length).min(left);
        Ok(())
    }
}

fn write_control(
    cx: &Cx<'_>,
    socket: &Socket,
    received: &mut Received,
    flags: MsgFlags,
    control: &mut Control,
) -> Result<(), Errno> {
    match &mut received.beside {
        Beside::Nothing => Ok(()),
        Beside::Datagram(datagram) => write_datagram_control(socket, datagram, control),
        Beside::Unix(message) => {
            if socket.common.pass_credentials.load(Ordering::Relaxed) {
                let who = message.ancillary.credentials.unwrap_or(message.sender);
                let pid = i32::try_from(who.pid).unwrap_or(0);
                let body = Ucred { pid, uid: who.uid, gid: who.gid };
                control.put(SOL_SOCKET, SCM_CREDENTIALS, body.as_bytes())?;
            }
            let files = core::mem::take(&mut message.ancillary.files);
            if files.is_empty() { Ok(()) } else { write_rights(cx, files, flags, control) }
        }
    }
}

/// Gives the program descriptors for the files that came; those that do not fit are closed.
fn write_rights(
    cx: &Cx<'_>,
    files: Vec<Arc<OpenFile>>,
    flags: MsgFlags,
    control: &mut Control,
) -> Result<(), Errno> {
    let left = (control.room - control.written).saturating_sub(size_of::<Cmsghdr>());
    let fits = left / size_of::<i32>();
    control.cut |= fits < files.len();
    let cloexec = flags.contains(MsgFlags::CMSG_CLOEXEC);
    let mut numbers = Vec::new();
    for file in files.into_iter().take(fits) {
        let Ok(fd) = cx.thread.files().install(file, cloexec) else {
            control.cut = true;
            break;
        };
        numbers.extend_from_slice(&fd.0.to_ne_bytes());
    }
    if numbers.is_empty() {
        return Ok(());
    }
    control.put(SOL_SOCKET, SCM_RIGHTS, &numbers)
}

fn write_datagram_control(
    socket: &Socket,
    datagram: &Datagram,
    control: &mut Control,
) -> Result<(), Errno> {
    let Protocol::Dgram(sock) = &socket.protocol else { return Ok(()) };
    let settings = sock.settings();
    if socket.common.timestamp.load(Ordering::Relaxed) {
        const MICRO: u64 = 1000;
        const SECOND: u64 = 1_000_000_000;
        let age = time::now().saturating_sub(datagram.time);
        let wall = time::wall().saturating_sub(age);
        let stamp = Timeval {
            tv_sec: i64::try_from(wall / SECOND).unwrap_or(0),
            tv_usec: i64::try_from(wall % SECOND / MICRO).unwrap_or(0),
        };
        control.put(SOL_SOCKET, SO_TIMESTAMP, stamp.as_bytes())?;
    }
    if settings.packet_info {
        let info = InPktinfo {
            ipi_ifindex: i32::try_from(datagram.iface).unwrap_or(0),
            ipi_spec_dst: datagram.to.octets(),
            ipi_addr: datagram.to.octets(),
        };
        control.put(SOL_IP, IP_PKTINFO, info.as_bytes())?;
    }
    if settings.receive_ttl {
        control.put(SOL_IP, IP_TTL, &i32::from(datagram.ttl).to_ne_bytes())?;
    }
    if settings.receive_tos {
        control.put(SOL_IP, IP_TOS, &[datagram.tos])?;
    }
    Ok(())
}
