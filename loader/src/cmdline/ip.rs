//! [`IpConfig`]: the `ip=` parameter, after Linux's Documentation/admin-guide/nfs/nfsroot.rst:
//!
//! ```text
//! ip=<client>:<server>:<gateway>:<netmask>:<hostname>:<device>:<autoconf>:<dns0>:<dns1>:<ntp0>
//! ip=dhcp | on | any | off | none | …     (an empty one is off)
//! ip=10.0.2.15/24::10.0.2.2        the prefix length is Elfin's addition
//! ```

use core::fmt;
use core::net::Ipv4Addr;

/// Whether to ask the network for an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Autoconf {
    /// No: what is given is all (`off`, `none`, or empty beside an address).
    Off,
    /// By DHCP (`dhcp`).
    Dhcp,
    /// By any means that the kernel has (`on`, `any`, or empty without an address).
    Any,
    /// By BOOTP or RARP (`bootp`, `rarp`, `both`), which Elfin does not speak: take it as [`Self::Any`].
    Legacy,
}

/// What `ip=` says. A field that is empty, or `0.0.0.0`, is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpConfig<'a> {
    /// The machine's address.
    pub client: Option<Ipv4Addr>,
    /// The boot server.
    pub server: Option<Ipv4Addr>,
    /// The default gateway.
    pub gateway: Option<Ipv4Addr>,
    /// Prefix length of the network; see [`Self::prefix_or_class`].
    pub prefix: Option<u8>,
    /// The machine's name.
    pub hostname: Option<&'a str>,
    /// The interface that all this is for.
    pub device: Option<&'a str>,
    /// Whether to ask the network.
    pub autoconf: Autoconf,
    /// Name servers.
    pub dns: [Option<Ipv4Addr>; 2],
    /// Time server.
    pub ntp: Option<Ipv4Addr>,
}

/// A field of `ip=` that makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpError<'a> {
    /// The field.
    pub field: &'static str,
    /// What it holds.
    pub value: &'a str,
    /// What it should hold.
    pub expected: &'static str,
}

impl fmt::Display for IpError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, value, expected } = self;
        write!(f, "ip=: {field} \"{value}\" is not {expected}")
    }
}

impl core::error::Error for IpError<'_> {}

const AN_ADDRESS: &str = "an IPv4 address";
const A_PREFIX: &str = "a prefix length (0 to 32)";
const A_METHOD: &str = "off, none, dhcp, on, any, bootp, rarp or both";
const PREFIX_MAX: u8 = 32;
/// First byte of the lowest class A address; B and C likewise.
const CLASS_A: u8 = 0;
const CLASS_B: u8 = 128;
const CLASS_C: u8 = 192;

impl<'a> IpConfig<'a> {
    /// Reads the value of `ip=`.
    ///
    /// # Errors
    /// Names the field.
    pub fn parse(value: &'a str) -> Result<Self, IpError<'a>> {
        if value.is_empty() {
            return Ok(Self::EMPTY);
        }
        let mut fields = value.split(':');
        let mut next = || fields.next().unwrap_or_default();
        let first = next();
        if let Some(autoconf) = method(first).filter(|_| !value.contains(':')) {
            return Ok(Self { autoconf, ..Self::EMPTY });
        }
        let (client, length) = match first.split_once('/') {
            Some((client, length)) => (client, Some(length)),
            None => (first, None),
        };
        let client = address("client address", client)?;
        let server = address("server address", next())?;
        let gateway = address("gateway", next())?;
        let mask = next();
        let hostname = text(next());
        let device = text(next());
        let autoconf = match next() {
            "" if client.is_some() => Autoconf::Off,
            "" => Autoconf::Any,
            word => method(word).ok_or(IpError {
                field: "autoconf",
                value: word,
                expected: A_METHOD,
            })?,
        };
        let prefix = match (length, mask) {
            (None, "") => None,
            (Some(length), "") => Some(prefix_length("prefix length", length)?),
            (None, mask) => netmask(mask)?,
            (Some(_), mask) => {
                return Err(IpError {
                    field: "netmask",
                    value: mask,
                    expected: "empty beside a prefix length",
                });
            }
        };
        let dns = [address("dns0", next())?, address("dns1", next())?];
        let ntp = address("ntp0", next())?;
        Ok(Self { client, server, gateway, prefix, hostname, device, autoconf, dns, ntp })
    }

    const EMPTY: Self = Self {
        client: None,
        server: None,
        gateway: None,
        prefix: None,
        hostname: None,
        device: None,
        autoconf: Autoconf::Off,
        dns: [None; 2],
        ntp: None,
    };

    /// The prefix length; if none is given that of the client address's class, as Linux guesses it.
    pub fn prefix_or_class(&self) -> Option<u8> {
        let [first, ..] = self.client?.octets();
        Some(self.prefix.unwrap_or(match first {
            CLASS_A..CLASS_B => 8,
            CLASS_B..CLASS_C => 16,
            CLASS_C..=u8::MAX => 24,
        }))
    }
}

/// The method that a word names.
fn method(word: &str) -> Option<Autoconf> {
    Some(match word {
        "off" | "none" => Autoconf::Off,
        "dhcp" => Autoconf::Dhcp,
        "on" | "any" => Autoconf::Any,
        "bootp" | "rarp" | "both" => Autoconf::Legacy,
        _ => return None,
    })
}

fn text(field: &str) -> Option<&str> {
    (!field.is_empty()).then_some(field)
}

fn address<'a>(field: &'static str, value: &'a str) -> Result<Option<Ipv4Addr>, IpError<'a>> {
    if value.is_empty() {
        return Ok(None);
    }
    let address: Ipv4Addr =
        value.parse().map_err(|_| IpError { field, value, expected: AN_ADDRESS })?;
    Ok((!address.is_unspecified()).then_some(address))
}

fn prefix_length<'a>(field: &'static str, value: &'a str) -> Result<u8, IpError<'a>> {
    let length = value.parse().ok().filter(|length| *length <= PREFIX_MAX);
    length.ok_or(IpError { field, value, expected: A_PREFIX })
}

fn netmask(value: &str) -> Result<Option<u8>, IpError<'_>> {
    let field = "netmask";
    let Some(mask) = address(field, value)? else { return Ok(None) };
    let bits = mask.to_bits();
    if bits.leading_ones() + bits.trailing_zeros() != u32::BITS {
        return Err(IpError { field, value, expected: "a netmask: ones, then zeroes" });
    }
    Ok(u8::try_from(bits.leading_ones()).ok())
}
