//! Socket addresses between program and kernel: [`Address`].

use crate::net::addr::Endpoint;
use crate::net::unix::UnixName;
use alloc::vec::Vec;
use arrayvec::ArrayVec;
use elfin_syscalls::Errno;
use elfin_syscalls::abi::{AF_INET, AF_NETLINK, AF_UNIX, AF_UNSPEC};
use elfin_syscalls::abi::{SOCKADDR_MAX, SockaddrIn, SockaddrNl, UNIX_PATH_MAX};
use zerocopy::{FromBytes, IntoBytes};

/// Bytes of the family in front of every address.
const FAMILY: usize = 2;

/// An address of some family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// No address: dissolves an association.
    Unspecified,
    /// Of the Internet.
    Inet(Endpoint),
    /// Within the machine; `None` without a name.
    Unix(Option<UnixName>),
    /// Of the kernel, by port id.
    Netlink(u32),
    /// Of a family that is not served.
    Other(u16),
}

/// The bytes of an address.
pub type Bytes = ArrayVec<u8, SOCKADDR_MAX>;

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// `EINVAL` if it is too short for its family.
    pub fn parse(bytes: &[u8]) -> Result<Self, Errno> {
        let (family, rest) = bytes.split_first_chunk::<FAMILY>().ok_or(Errno::EINVAL)?;
        match u16::from_ne_bytes(*family) {
            AF_UNSPEC => Ok(Self::Unspecified),
            AF_INET => {
                let (addr, _) = SockaddrIn::read_from_prefix(bytes).map_err(|_| Errno::EINVAL)?;
                Ok(Self::Inet(Endpoint::new(addr.sin_addr.into(), addr.sin_port.get())))
            }
            AF_UNIX => parse_unix(rest),
            AF_NETLINK => {
                let (addr, _) = SockaddrNl::read_from_prefix(bytes).map_err(|_| Errno::EINVAL)?;
                Ok(Self::Netlink(addr.nl_pid))
            }
            other => Ok(Self::Other(other)),
        }
    }

    /// The address as the program sees it.
    #[must_use]
    pub fn bytes(&self) -> Bytes {
        let mut bytes = Bytes::new();
        // The longest is a path with its zero byte: 111 bytes of 128.
        let mut put = |piece: &[u8]| {
            let _fits = bytes.try_extend_from_slice(piece);
        };
        match self {
            Self::Unspecified => put(&AF_UNSPEC.to_ne_bytes()),
            Self::Other(family) => put(&family.to_ne_bytes()),
            Self::Inet(endpoint) => {
                put(SockaddrIn::new(endpoint.addr.octets(), endpoint.port).as_bytes());
            }
            Self::Netlink(pid) => {
                let addr =
                    SockaddrNl { nl_family: AF_NETLINK, nl_pad: 0, nl_pid: *pid, nl_groups: 0 };
                put(addr.as_bytes());
            }
            Self::Unix(name) => {
                put(&AF_UNIX.to_ne_bytes());
                match name {
                    None => {}
                    Some(UnixName::Path(path)) => {
                        put(path);
                        put(&[0]);
                    }
                    Some(UnixName::Abstract(name)) => {
                        put(&[0]);
                        put(name);
                    }
                }
            }
        }
        bytes
    }
}

fn parse_unix(path: &[u8]) -> Result<Address, Errno> {
    if path.len() > UNIX_PATH_MAX {
        return Err(Errno::EINVAL);
    }
    Ok(Address::Unix(match path.split_first() {
        None => None,
        Some((0, name)) => Some(UnixName::Abstract(name.to_vec())),
        Some(_) => {
            let path: Vec<u8> = path.iter().copied().take_while(|byte| *byte != 0).collect();
            Some(UnixName::Path(path))
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for address in [
            Address::Inet(Endpoint::new([1, 2, 3, 4].into(), 80)),
            Address::Unix(None),
            Address::Unix(Some(UnixName::Path(b"/tmp/x".to_vec()))),
            Address::Unix(Some(UnixName::Abstract(b"a\0b".to_vec()))),
            Address::Netlink(7),
        ] {
            assert_eq!(Address::parse(&address.bytes()).unwrap(), address);
        }
        assert_eq!(Address::Inet(Endpoint::UNSPECIFIED).bytes().len(), 16);
        assert_eq!(Address::Unix(Some(UnixName::Path(b"/a".to_vec()))).bytes().len(), 5);
        assert_eq!(Address::parse(&[2, 0, 0]), Err(Errno::EINVAL));
        assert_eq!(Address::parse(&[1]), Err(Errno::EINVAL));
        assert_eq!(Address::parse(&[10, 0, 1]), Ok(Address::Other(10)));
    }
}
