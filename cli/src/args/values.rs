//! Value types of the options, each with a parser whose error says what was expected.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::net::Ipv4Addr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::builder::ValueParserFactory;
use clap::builder::{OsStringValueParser, TypedValueParser};

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// The least memory a machine may be given, in bytes.
const MEMORY_MIN: u64 = MIB;
/// The most memory a machine may be given, in bytes.
const MEMORY_MAX: u64 = 1024 * GIB;
/// Longest host name, `HOST_NAME_MAX` of limits.h.
const HOSTNAME_MAX: usize = 64;
/// Longest interface name, `IFNAMSIZ` of net/if.h less its NUL.
const IFNAME_MAX: usize = 15;
/// Longest `--timeout`, a year.
const TIMEOUT_MAX_SECONDS: f64 = 365.0 * 86400.0;

/// An amount of memory in bytes, a multiple of a KiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MemorySize(u64);

impl MemorySize {
    /// Takes a number of bytes, rounded up to whole MiB and kept within what a machine can have.
    pub fn from_bytes(bytes: u64) -> Self {
        let whole = bytes.checked_next_multiple_of(MIB).unwrap_or(MEMORY_MAX);
        Self(whole.clamp(MEMORY_MIN, MEMORY_MAX))
    }
}

impl fmt::Display for MemorySize {
    /// As QEMU's `-m` takes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_multiple_of(MIB) {
            write!(f, "{}M", self.0 / MIB)
        } else {
            write!(f, "{}K", self.0 / KIB)
        }
    }
}

impl FromStr for MemorySize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("'{text}' is not a size such as 64M, 512K or 1G");
        let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (digits, unit) = text.split_at(split);
        let number: u64 = digits.parse().map_err(|_| expected())?;
        let unit = match unit.to_ascii_uppercase().trim_end_matches('B').trim_end_matches('I') {
            "" | "M" => MIB,
            "K" => KIB,
            "G" => GIB,
            _ => return Err(expected()),
        };
        match number.checked_mul(unit) {
            Some(bytes) if (MEMORY_MIN..=MEMORY_MAX).contains(&bytes) => Ok(Self(bytes)),
            _ => Err(format!("'{text}' is not between 1M and 1024G")),
        }
    }
}

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

/// An environment variable for the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnvSetting {
    /// NAME=VALUE.
    Set(OsString, OsString),
    /// NAME, with the host's value if it has one.
    Inherit(OsString),
}

impl EnvSetting {
    /// Parses `NAME=VALUE` or `NAME`.
    pub fn parse(text: &OsStr) -> Result<Self, String> {
        let bytes = text.as_bytes();
        let (name, value) = match bytes.iter().position(|byte| *byte == b'=') {
            Some(at) => (&bytes[..at], Some(&bytes[at + 1..])),
            None => (bytes, None),
        };
        if name.is_empty() {
            return Err(format!("'{}' has no variable name", text.to_string_lossy()));
        }
        let own = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
        Ok(match value {
            Some(value) => Self::Set(own(name), own(value)),
            None => Self::Inherit(own(name)),
        })
    }
}

impl ValueParserFactory for EnvSetting {
    type Parser = clap::builder::ValueParser;

    fn value_parser() -> Self::Parser {
        OsStringValueParser::new().try_map(|text| Self::parse(&text)).into()
    }
}

/// A file or directory of the host and where it goes in the guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileMapping {
    /// Path on the host.
    pub host: PathBuf,
    /// Absolute path in the guest.
    pub guest: PathBuf,
}

impl FileMapping {
    fn parse(text: &OsStr) -> Result<Self, String> {
        let bytes = text.as_bytes();
        let split = bytes.windows(2).rposition(|pair| pair == b":/").filter(|at| *at > 0);
        let Some(at) = split else {
            let text = text.to_string_lossy();
            return Err(format!("'{text}' is not HOST:GUEST with an absolute path GUEST"));
        };
        let own = |bytes: &[u8]| PathBuf::from(OsString::from_vec(bytes.to_vec()));
        Ok(Self { host: own(&bytes[..at]), guest: own(&bytes[at + 1..]) })
    }
}

impl ValueParserFactory for FileMapping {
    type Parser = clap::builder::ValueParser;

    fn value_parser() -> Self::Parser {
        OsStringValueParser::new().try_map(|text| Self::parse(&text)).into()
    }
}

/// A host name: 1 to 64 letters, digits, `-` and `.`.
pub fn parse_hostname(text: &str) -> Result<String, String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    if (1..=HOSTNAME_MAX).contains(&text.len()) && text.chars().all(allowed) {
        Ok(text.to_owned())
    } else {
        Err(format!("'{text}' is not 1 to {HOSTNAME_MAX} letters, digits, '-', '_' or '.'"))
    }
}

/// Seconds, with a fraction if wanted.
pub fn parse_seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds <= TIMEOUT_MAX_SECONDS => {
            Ok(Duration::from_secs_f64(seconds))
        }
        _ => Err(format!("'{text}' is not a positive number of seconds")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_sizes() {
        let bytes = |text: &str| text.parse::<MemorySize>().map(|size| size.0);
        assert_eq!(bytes("64"), Ok(64 * MIB));
        assert_eq!(bytes("64M"), Ok(64 * MIB));
        assert_eq!(bytes("64MiB"), Ok(64 * MIB));
        assert_eq!(bytes("4096k"), Ok(4 * MIB));
        assert_eq!(bytes("2G"), Ok(2 * GIB));
        for wrong in ["", "M", "1X", "-1", "512K", "0", "99999999999999G", "1.5G"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
        assert_eq!("2048K".parse::<MemorySize>().unwrap().to_string(), "2M");
        assert_eq!(MemorySize::from_bytes(MIB + 1).to_string(), "2M");
        assert_eq!(MemorySize::from_bytes(u64::MAX).0, MEMORY_MAX);
    }

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

    #[test]
    fn environment_and_files() {
        let set = EnvSetting::parse(OsStr::new("A=b=c")).unwrap();
        assert_eq!(set, EnvSetting::Set("A".into(), "b=c".into()));
        let inherit = EnvSetting::parse(OsStr::new("HOME")).unwrap();
        assert_eq!(inherit, EnvSetting::Inherit("HOME".into()));
        assert!(EnvSetting::parse(OsStr::new("=x")).is_err());
        let mapping = FileMapping::parse(OsStr::new("a:b:/etc/c")).unwrap();
        assert_eq!((mapping.host, mapping.guest), ("a:b".into(), "/etc/c".into()));
        assert!(FileMapping::parse(OsStr::new("a:b")).is_err());
        assert!(FileMapping::parse(OsStr::new(":/b")).is_err());
    }

    #[test]
    fn names_and_seconds() {
        assert!(parse_hostname("my-host.example").is_ok());
        assert!(parse_hostname("").is_err());
        assert!(parse_hostname("a b").is_err());
        assert_eq!(parse_seconds("1.5"), Ok(Duration::from_millis(1500)));
        for wrong in ["0", "-1", "nan", "inf", "x"] {
            assert!(parse_seconds(wrong).is_err(), "{wrong}");
        }
    }
}
