//! How the guest is connected: [`NetChoice`], [`PortForward`], [`Cidr`], [`MacAddress`].

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

/// Longest interface name, `IFNAMSIZ` of net/if.h less its NUL.
const IFNAME_MAX: usize = 15;

/// Transport protocol of a forwarded port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        })
    }
}

/// A port of the host that leads to a port of the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortForward {
    /// Transport protocol.
    pub protocol: Protocol,
    /// The host's address to listen on.
    pub address: Ipv4Addr,
    /// The host's port.
    pub host: u16,
    /// The guest's port.
    pub guest: u16,
}

impl FromStr for PortForward {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("'{text}' is not [ADDR:]HOST:GUEST[/tcp|/udp], as in 8080:80");
        let (ports, protocol) = match text.split_once('/') {
            None | Some((_, "tcp")) => (text.trim_end_matches("/tcp"), Protocol::Tcp),
            Some((ports, "udp")) => (ports, Protocol::Udp),
            Some(_) => return Err(expected()),
        };
        let port = |digits: &str| match digits.parse::<u16>() {
            Ok(port) if port != 0 => Ok(port),
            _ => Err(format!("'{digits}' in '{text}' is not a port (1 to 65535)")),
        };
        let mut parts = ports.rsplitn(3, ':');
        let guest = port(parts.next().ok_or_else(expected)?)?;
        let host = port(parts.next().ok_or_else(expected)?)?;
        let address = match parts.next() {
            None => Ipv4Addr::LOCALHOST,
            Some(address) => {
                address.parse().map_err(|_| format!("'{address}' is not an IPv4 address"))?
            }
        };
        Ok(Self { protocol, address, host, guest })
    }
}

/// How the guest's network card is connected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetChoice {
    /// QEMU's user network, with forwarded ports.
    User,
    /// An existing tap interface of the host.
    Tap(String),
    /// No card.
    None,
}

impl FromStr for NetChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name_ok = |name: &str| {
            (1..=IFNAME_MAX).contains(&name.len())
                && !name.contains(|c: char| c == '/' || c == ',' || c.is_whitespace())
        };
        match text {
            "user" => Ok(Self::User),
            "none" => Ok(Self::None),
            _ => match text.strip_prefix("tap=") {
                Some(name) if name_ok(name) => Ok(Self::Tap(name.to_owned())),
                _ => Err(format!("'{text}' is not user, none or tap=IFNAME")),
            },
        }
    }
}

/// An IPv4 address with the length of its network's prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    /// The address.
    pub address: Ipv4Addr,
    /// Prefix length, 0 to 32.
    pub prefix: u8,
}

impl Cidr {
    /// The network mask.
    pub fn netmask(self) -> Ipv4Addr {
        let host_bits = 32 - u32::from(self.prefix.min(32));
        Ipv4Addr::from(u32::MAX.checked_shl(host_bits).unwrap_or(0))
    }
}

impl FromStr for Cidr {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("'{text}' is not ADDR/PREFIX, as in 10.0.0.2/24");
        let (address, prefix) = text.split_once('/').ok_or_else(expected)?;
        let address = address.parse().map_err(|_| expected())?;
        let prefix = prefix.parse().ok().filter(|bits| *bits <= 32).ok_or_else(expected)?;
        Ok(Self { address, prefix })
    }
}

/// A hardware address of a single station.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MacAddress([u8; 6]);

impl fmt::Display for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl FromStr for MacAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("'{text}' is not a hardware address such as 52:54:00:12:34:56");
        let mut bytes = [0; 6];
        let mut parts = text.split(':');
        for byte in &mut bytes {
            let part = parts.next().filter(|part| part.len() == 2).ok_or_else(expected)?;
            *byte = u8::from_str_radix(part, 16).map_err(|_| expected())?;
        }
        if parts.next().is_some() {
            return Err(expected());
        }
        if bytes[0] & 1 != 0 {
            return Err(format!("'{text}' is a multicast address"));
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn port_forwards() {
        let plain: PortForward = "8080:80".parse().unwrap();
        assert_eq!((plain.host, plain.guest, plain.protocol), (8080, 80, Protocol::Tcp));
        assert_eq!(plain.address, Ipv4Addr::LOCALHOST);
        let full: PortForward = "0.0.0.0:53:5353/udp".parse().unwrap();
        assert_eq!((full.host, full.guest, full.protocol), (53, 5353, Protocol::Udp));
        assert_eq!(full.address, Ipv4Addr::UNSPECIFIED);
        assert_eq!("1:2/tcp".parse::<PortForward>().unwrap().protocol, Protocol::Tcp);
        for wrong in ["", "80", "80:", ":80", "0:80", "80:0", "70000:1", "1:2/sctp", "a:1:2"] {
            assert!(wrong.parse::<PortForward>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn networks_and_addresses() {
        assert_eq!("tap=tap0".parse(), Ok(NetChoice::Tap("tap0".into())));
        for wrong in ["tap", "tap=", "tap=a,b", "tap=0123456789abcdef", "bridge"] {
            assert!(wrong.parse::<NetChoice>().is_err(), "{wrong}");
        }
        let cidr: Cidr = "10.0.2.15/24".parse().unwrap();
        assert_eq!(cidr.netmask(), Ipv4Addr::new(255, 255, 255, 0));
        assert_eq!("1.2.3.4/0".parse::<Cidr>().unwrap().netmask(), Ipv4Addr::UNSPECIFIED);
        assert_eq!("1.2.3.4/32".parse::<Cidr>().unwrap().netmask(), Ipv4Addr::BROADCAST);
        assert!("1.2.3.4/33".parse::<Cidr>().is_err());
        assert!("1.2.3.4".parse::<Cidr>().is_err());
        let mac: MacAddress = "52:54:00:AB:cd:01".parse().unwrap();
        assert_eq!(mac.to_string(), "52:54:00:ab:cd:01");
        for wrong in ["53:54:00:12:34:56", "52:54:0:12:34:56", "52:54:00:12:34", "x"] {
            assert!(wrong.parse::<MacAddress>().is_err(), "{wrong}");
        }
    }
}
