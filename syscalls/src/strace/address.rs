//! Socket addresses and families.

use core::fmt;
use core::net::Ipv6Addr;

use super::memory::{Memory, read, write_addr, write_quoted};
use crate::abi::*;
use crate::args::{Names, names};

/// The families' names.
pub(super) const FAMILIES: &Names = names! {
    "AF_" {
        UNSPEC = AF_UNSPEC as u64, UNIX = AF_UNIX as u64, INET = AF_INET as u64,
        INET6 = AF_INET6 as u64, NETLINK = AF_NETLINK as u64, PACKET = AF_PACKET as u64,
        VSOCK = AF_VSOCK as u64, ALG = AF_ALG as u64,
    }
};

/// Writes the socket address at `addr`; the number if it cannot be read or is cut short.
pub(super) fn write_sockaddr(
    f: &mut fmt::Formatter<'_>,
    memory: &dyn Memory,
    addr: usize,
    len: usize,
) -> fmt::Result {
    let Some(family) = read::<u16>(memory, addr).filter(|_| addr != 0 && len >= 2) else {
        return write_addr(f, addr);
    };
    match family {
        AF_INET if len >= size_of::<SockaddrIn>() => match read::<SockaddrIn>(memory, addr) {
            Some(sockaddr) => {
                let [a, b, c, d] = sockaddr.sin_addr;
                let port = sockaddr.sin_port.get();
                write!(f, "{{sa_family=AF_INET, sin_port=htons({port}), ")?;
                write!(f, "sin_addr=inet_addr(\"{a}.{b}.{c}.{d}\")}}")
            }
            None => write_addr(f, addr),
        },
        AF_INET6 if len >= size_of::<SockaddrIn6>() => match read::<SockaddrIn6>(memory, addr) {
            Some(sockaddr) => {
                let port = sockaddr.sin6_port.get();
                let address = Ipv6Addr::from(sockaddr.sin6_addr);
                write!(f, "{{sa_family=AF_INET6, sin6_port=htons({port}), ")?;
                write!(f, "sin6_addr=\"{address}\"}}")
            }
            None => write_addr(f, addr),
        },
        AF_UNIX => write_unix(f, memory, addr, len),
        other => {
            f.write_str("{sa_family=")?;
            super::names::write_code(f, FAMILIES, u64::from(other))?;
            f.write_str("}")
        }
    }
}

fn write_unix(
    f: &mut fmt::Formatter<'_>,
    memory: &dyn Memory,
    addr: usize,
    len: usize,
) -> fmt::Result {
    let mut path = [0; UNIX_PATH_MAX];
    let wanted = len.saturating_sub(size_of::<u16>()).min(UNIX_PATH_MAX);
    let buffer = path.get_mut(..wanted).unwrap_or_default();
    if memory.read(addr.saturating_add(size_of::<u16>()), buffer) < wanted {
        return write_addr(f, addr);
    }
    f.write_str("{sa_family=AF_UNIX")?;
    match buffer.split_first() {
        // Abstract: all bytes count.
        Some((0, name)) => {
            f.write_str(", sun_path=@")?;
            write_quoted(f, name, false)?;
        }
        Some(_) => {
            let end = buffer.iter().position(|byte| *byte == 0).unwrap_or(wanted);
            f.write_str(", sun_path=")?;
            write_quoted(f, buffer.get(..end).unwrap_or_default(), false)?;
        }
        None => {}
    }
    f.write_str("}")
}
