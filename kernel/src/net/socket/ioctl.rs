//! Commands about sockets and interfaces (netdevice(7)).

use super::socket::{Protocol, Socket};
use crate::net::link::Iface;
use crate::net::machine;
use crate::sys::usercopy::{user_read_at, user_write_at};
use core::net::Ipv4Addr;
use elfin_syscalls::abi::{IFF_BROADCAST, IFF_LOOPBACK, IFF_MULTICAST, IFF_RUNNING, IFF_UP};
use elfin_syscalls::abi::{IfConf, IfReq, SockaddrIn};
use elfin_syscalls::args::{IoctlCmd, UserAddr};
use elfin_syscalls::{Errno, SysResult};
use zerocopy::IntoBytes;

/// Hardware types (`if_arp.h`).
const ARPHRD_ETHER: u16 = 1;
const ARPHRD_LOOPBACK: u16 = 772;
/// Bytes of the socket in send and receive queue.
const TIOCOUTQ: u32 = 0x5411;
/// Bytes not sent yet.
const SIOCOUTQNSD: u32 = 0x894b;
/// Length of a transmit queue, as Linux sets it for Ethernet.
const TX_QUEUE: i32 = 1000;

impl Socket {
    /// Carries out a command.
    ///
    /// # Errors
    /// `ENOTTY`, `ENODEV`, `EADDRNOTAVAIL`, `EFAULT`, `EPERM` for changes.
    pub(super) fn control(&self, cmd: u32, arg: UserAddr) -> SysResult {
        match (IoctlCmd(cmd), cmd) {
            (IoctlCmd::FIONREAD, _) => put(arg, self.readable()?),
            (_, TIOCOUTQ | SIOCOUTQNSD) => {
                let Protocol::Tcp(sock) = &self.protocol else { return put(arg, 0) };
                let (queued, unsent) = sock.unsent_bytes();
                put(arg, if cmd == TIOCOUTQ { queued } else { unsent })
            }
            (IoctlCmd::SIOCATMARK, _) => put(arg, 0),
            (IoctlCmd::SIOCGSTAMP, _) => Err(Errno::ENOENT),
            (IoctlCmd::SIOCGIFCONF, _) => list(arg),
            (IoctlCmd::SIOCGIFNAME, _) => name_of_index(arg),
            _ => interface(IoctlCmd(cmd), arg),
        }
    }

    fn readable(&self) -> Result<usize, Errno> {
        match &self.protocol {
            Protocol::Tcp(sock) => sock.readable_bytes(),
            Protocol::Dgram(sock) => Ok(sock.readable_bytes()),
            Protocol::Unix(sock) => sock.readable_bytes(),
            Protocol::Netlink(sock) => Ok(sock.readable_bytes()),
        }
    }
}

fn put(arg: UserAddr, value: usize) -> SysResult {
    user_write_at(arg, &i32::try_from(value).unwrap_or(i32::MAX))?;
    Ok(0)
}

/// The flags of an interface (`IFF_UP`, …).
#[must_use]
pub fn interface_flags(iface: &Iface) -> u32 {
    let kind = if iface.is_loopback() { IFF_LOOPBACK } else { IFF_BROADCAST | IFF_MULTICAST };
    let running = if iface.is_running() { IFF_RUNNING } else { 0 };
    IFF_UP | kind | running
}

fn put_name(request: &mut IfReq, name: &str) {
    request.ifr_name = [0; 16];
    for (to, from) in request.ifr_name.iter_mut().zip(name.bytes()) {
        *to = from;
    }
}

fn put_data(request: &mut IfReq, data: &[u8]) {
    request.ifr_data = [0; 24];
    for (to, from) in request.ifr_data.iter_mut().zip(data) {
        *to = *from;
    }
}

fn put_addr(request: &mut IfReq, addr: Ipv4Addr) {
    put_data(request, SockaddrIn::new(addr.octets(), 0).as_bytes());
}

/// `SIOCGIFCONF`: the interfaces that have an address.
fn list(arg: UserAddr) -> SysResult {
    let mut conf: IfConf = user_read_at(arg)?;
    let size = size_of::<IfReq>();
    let ifaces = machine().ifaces.iter().filter(|iface| iface.cidr().is_some());
    if conf.ifc_buf == 0 {
        conf.ifc_len = i32::try_from(ifaces.count() * size).unwrap_or(i32::MAX);
    } else {
        let room = usize::try_from(conf.ifc_len).map_err(|_| Errno::EINVAL)?;
        let mut done = 0;
        for iface in ifaces {
            if done + size > room {
                break;
            }
            let mut request = IfReq { ifr_name: [0; 16], ifr_data: [0; 24] };
            put_name(&mut request, iface.name);
            put_addr(&mut request, iface.addr());
            let at = UserAddr(usize::try_from(conf.ifc_buf).map_err(|_| Errno::EFAULT)?);
            user_write_at(at.offset(done)?, &request)?;
            done += size;
        }
        conf.ifc_len = i32::try_from(done).unwrap_or(0);
    }
    user_write_at(arg, &conf)?;
    Ok(0)
}

fn name_of_index(arg: UserAddr) -> SysResult {
    let mut request: IfReq = user_read_at(arg)?;
    let [a, b, c, d, ..] = request.ifr_data;
    let index = u32::from_ne_bytes([a, b, c, d]);
    let mut ifaces = machine().ifaces.iter();
    let iface = ifaces.find(|iface| iface.index == index).ok_or(Errno::ENODEV)?;
    put_name(&mut request, iface.name);
    user_write_at(arg, &request)?;
    Ok(0)
}

/// A question about one interface.
fn interface(cmd: IoctlCmd, arg: UserAddr) -> SysResult {
    let known = [
        IoctlCmd::SIOCGIFFLAGS,
        IoctlCmd::SIOCGIFADDR,
        IoctlCmd::SIOCGIFDSTADDR,
        IoctlCmd::SIOCGIFBRDADDR,
        IoctlCmd::SIOCGIFNETMASK,
        IoctlCmd::SIOCGIFMETRIC,
        IoctlCmd::SIOCGIFMTU,
        IoctlCmd::SIOCGIFHWADDR,
        IoctlCmd::SIOCGIFINDEX,
        IoctlCmd::SIOCGIFTXQLEN,
    ];
    let changes = [
        IoctlCmd::SIOCSIFFLAGS,
        IoctlCmd::SIOCSIFADDR,
        IoctlCmd::SIOCSIFNETMASK,
        IoctlCmd::SIOCSIFMTU,
        IoctlCmd::SIOCADDRT,
        IoctlCmd::SIOCDELRT,
    ];
    if changes.contains(&cmd) {
        // The network is set up by the command line.
        return Err(Errno::EPERM);
    }
    if !known.contains(&cmd) {
        return Err(Errno::ENOTTY);
    }
    let mut request: IfReq = user_read_at(arg)?;
    let name = request.ifr_name.split(|byte| *byte == 0).next().unwrap_or(&[]);
    let mut ifaces = machine().ifaces.iter();
    let iface = ifaces.find(|iface| iface.name.as_bytes() == name).ok_or(Errno::ENODEV)?;
    let cidr = iface.cidr();
    let no_address = Errno::EADDRNOTAVAIL;
    match cmd {
        IoctlCmd::SIOCGIFADDR | IoctlCmd::SIOCGIFDSTADDR => {
            put_addr(&mut request, cidr.ok_or(no_address)?.addr);
        }
        IoctlCmd::SIOCGIFNETMASK => put_addr(&mut request, cidr.ok_or(no_address)?.mask()),
        IoctlCmd::SIOCGIFBRDADDR => {
            let broadcast = cidr.ok_or(no_address)?.broadcast().filter(|_| !iface.is_loopback());
            put_addr(&mut request, broadcast.unwrap_or(Ipv4Addr::UNSPECIFIED));
        }
        IoctlCmd::SIOCGIFFLAGS => {
            let flags = u16::try_from(interface_flags(iface)).unwrap_or(0);
            put_data(&mut request, &flags.to_ne_bytes());
        }
        IoctlCmd::SIOCGIFMETRIC => put_data(&mut request, &0i32.to_ne_bytes()),
        IoctlCmd::SIOCGIFTXQLEN => put_data(&mut request, &TX_QUEUE.to_ne_bytes()),
        IoctlCmd::SIOCGIFMTU => {
            let mtu = i32::try_from(iface.mtu()).unwrap_or(i32::MAX);
            put_data(&mut request, &mtu.to_ne_bytes());
        }
        IoctlCmd::SIOCGIFINDEX => put_data(&mut request, &iface.index.to_ne_bytes()),
        _ => {
            let kind = if iface.is_loopback() { ARPHRD_LOOPBACK } else { ARPHRD_ETHER };
            let [k0, k1] = kind.to_ne_bytes();
            let [a, b, c, d, e, f] = iface.mac();
            put_data(&mut request, &[k0, k1, a, b, c, d, e, f]);
        }
    }
    user_write_at(arg, &request)?;
    Ok(0)
}
