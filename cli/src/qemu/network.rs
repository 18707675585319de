//! The guest's network: which card ([`Card`]) with which address ([`Addressing`]), decided from the
//! options, and what they are in QEMU's and in the kernel's words.

use std::net::Ipv4Addr;

use anyhow::{Result, bail};

use crate::args::{Cidr, MacAddress, NetChoice, PortForward, RunArgs};

/// The guest's address on QEMU's user network (QEMU's manual, -netdev user).
const USER_ADDRESS: Cidr = Cidr { address: Ipv4Addr::new(10, 0, 2, 15), prefix: 24 };
/// Which host of a user network is the gateway.
const USER_GATEWAY_HOST: u32 = 2;
/// Which host of a user network is the name server.
const USER_NAME_SERVER_HOST: u32 = 3;
/// The interfaces of our network namespace (proc(5)).
const NETWORK_DEVICES: &str = "/proc/net/dev";
/// The guest's name for its card.
const INTERFACE: &str = "eth0";
/// The kernel's parameter takes two name servers.
const NAME_SERVERS_MAX: usize = 2;

/// How the card is connected on the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Card {
    /// QEMU's user network with these ports forwarded.
    User(Vec<PortForward>),
    /// This tap interface.
    Tap(String),
}

/// Where the guest's address comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Addressing {
    /// From DHCP.
    Dhcp,
    /// Given at the start.
    Static {
        /// Address and network.
        address: Cidr,
        /// Next hop to everywhere else.
        gateway: Option<Ipv4Addr>,
        /// At most two.
        name_servers: Vec<Ipv4Addr>,
    },
}

/// A network card with an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// The card.
    pub card: Card,
    /// The address.
    pub addressing: Addressing,
    /// The hardware address, if not QEMU's choice.
    pub mac: Option<MacAddress>,
}

impl Network {
    /// What the options ask for; `None` is a machine without a card. Without `--net` there is a user network
    /// when another option needs one.
    ///
    /// # Errors
    /// When options contradict each other.
    pub fn from_args(args: &RunArgs) -> Result<Option<Self>> {
        let needed = !args.ports.is_empty() || args.dhcp || args.ip.is_some() || args.mac.is_some();
        let choice = match &args.net {
            Some(choice) => choice.clone(),
            None if needed => NetChoice::User,
            None => NetChoice::None,
        };
        if args.dns.len() > NAME_SERVERS_MAX {
            bail!("--dns is given {} times; {NAME_SERVERS_MAX} is the most", args.dns.len());
        }
        let card = match choice {
            NetChoice::None if needed => {
                bail!("--net none leaves nothing for -p, --ip, --dhcp and --mac")
            }
            NetChoice::None => return Ok(None),
            NetChoice::Tap(name) => {
                if !args.ports.is_empty() {
                    bail!("-p works on the user network only; on a tap the guest has an address");
                }
                if args.ip.is_none() && !args.dhcp {
                    bail!("--net tap={name} wants the guest's address: --ip ADDR/PREFIX or --dhcp");
                }
                require_interface(&name)?;
                Card::Tap(name)
            }
            NetChoice::User => Card::User(args.ports.clone()),
        };
        let user = matches!(card, Card::User(_));
        let addressing = if args.dhcp {
            Addressing::Dhcp
        } else {
            let address = args.ip.unwrap_or(USER_ADDRESS);
            let name_servers = match args.dns.as_slice() {
                [] if user => vec![host_of(address, USER_NAME_SERVER_HOST)],
                given => given.to_vec(),
            };
            let gateway = user.then(|| host_of(address, USER_GATEWAY_HOST));
            Addressing::Static { address, gateway: args.gateway.or(gateway), name_servers }
        };
        Ok(Some(Self { card, addressing, mac: args.mac }))
    }

    /// The value of `-netdev`, with the id `net0`.
    pub fn netdev(&self) -> String {
        match &self.card {
            Card::Tap(name) => {
                format!("tap,id=net0,ifname={name},script=no,downscript=no")
            }
            Card::User(ports) => {
                let mut text = String::from("user,id=net0");
                if let Addressing::Static { address, gateway, .. } = self.addressing
                    && address != USER_ADDRESS
                {
                    text.push_str(&format!(",net={}/{}", host_of(address, 0), address.prefix));
                    if let Some(gateway) = gateway {
                        text.push_str(&format!(",host={gateway}"));
                    }
                }
                for PortForward { protocol, address, host, guest } in ports {
                    text.push_str(&format!(",hostfwd={protocol}:{address}:{host}-"));
                    if let Addressing::Static { address, .. } = self.addressing {
                        text.push_str(&address.address.to_string());
                    }
                    text.push_str(&format!(":{guest}"));
                }
                text
            }
        }
    }

    /// The kernel parameter: Linux's `ip=` (nfsroot.txt of the kernel's documentation).
    pub fn ip_parameter(&self, hostname: &str) -> String {
        match &self.addressing {
            Addressing::Dhcp => "ip=dhcp".into(),
            Addressing::Static { address, gateway, name_servers } => {
                let gateway = gateway.map(|gateway| gateway.to_string()).unwrap_or_default();
                let (ip, mask) = (address.address, address.netmask());
                let mut text = format!("ip={ip}::{gateway}:{mask}:{hostname}:{INTERFACE}:off");
                for server in name_servers {
                    text.push_str(&format!(":{server}"));
                }
                text
            }
        }
    }

    /// The address, if it is known before the start.
    pub fn address(&self) -> Option<Ipv4Addr> {
        match &self.addressing {
            Addressing::Dhcp => None,
            Addressing::Static { address, .. } => Some(address.address),
        }
    }

    /// The name servers that are known before the start.
    pub fn name_servers(&self) -> &[Ipv4Addr] {
        match &self.addressing {
            Addressing::Dhcp => &[],
            Addressing::Static { name_servers, .. } => name_servers,
        }
    }
}

/// Whether the host has the interface: QEMU would make one that nobody has set up.
fn require_interface(name: &str) -> Result<()> {
    let Ok(devices) = std::fs::read_to_string(NETWORK_DEVICES) else { return Ok(()) };
    let known = devices.lines().filter_map(|line| line.trim_start().split_once(':'));
    if known.into_iter().any(|(device, _)| device == name) {
        return Ok(());
    }
    bail!(
        "--net tap={name}: this host has no interface '{name}'. Make it: \
         ip tuntap add {name} mode tap user $USER; ip addr add ADDR/PREFIX dev {name}; \
         ip link set {name} up"
    )
}

/// Host number `host` of the network that `address` is in.
fn host_of(address: Cidr, host: u32) -> Ipv4Addr {
    let network = u32::from(address.address) & u32::from(address.netmask());
    Ipv4Addr::from(network.saturating_add(host))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Cli, Command};
    use clap::Parser;
    use elfin_loader::cmdline::{Autoconf, IpConfig};

    fn network(options: &str) -> Result<Option<Network>> {
        let words = ["elfin", "run"].into_iter().chain(options.split_whitespace()).chain(["x"]);
        match Cli::try_parse_from(words)?.command {
            Command::Run(args) => Network::from_args(&args),
            _ => bail!("not run"),
        }
    }

    #[test]
    fn no_card_unless_needed() {
        assert_eq!(network("").unwrap(), None);
        assert_eq!(network("--net none").unwrap(), None);
        assert!(network("--net none -p 1:2").is_err());
        assert!(network("--net tap=t0").is_err());
        assert!(network("--net tap=t0 --ip 10.1.0.2/24 -p 1:2").is_err());
        assert!(network("--net tap=no-such-if --ip 10.1.0.2/24").is_err());
        assert!(network("--ip 1.2.3.4/8 --dhcp").is_err());
        assert!(network("--net user --dns 1.1.1.1 --dns 1.1.1.2 --dns 1.1.1.3").is_err());
    }

    #[test]
    fn the_user_network_needs_no_questions() {
        let user = network("-p 6379:6379 -p 0.0.0.0:53:5353/udp").unwrap().unwrap();
        assert_eq!(
            user.netdev(),
            "user,id=net0,hostfwd=tcp:127.0.0.1:6379-10.0.2.15:6379,\
             hostfwd=udp:0.0.0.0:53-10.0.2.15:5353"
        );
        assert_eq!(
            user.ip_parameter("h"),
            "ip=10.0.2.15::10.0.2.2:255.255.255.0:h:eth0:off:10.0.2.3"
        );
        let moved = network("--ip 192.168.7.9/24 -p 1:2").unwrap().unwrap();
        assert_eq!(
            moved.netdev(),
            "user,id=net0,net=192.168.7.0/24,host=192.168.7.2,hostfwd=tcp:127.0.0.1:1-192.168.7.9:2"
        );
        assert!(moved.ip_parameter("h").ends_with(":192.168.7.3"));
        let parameter = moved.ip_parameter("h");
        let read = IpConfig::parse(parameter.strip_prefix("ip=").unwrap()).unwrap();
        assert_eq!(read.client, Some(Ipv4Addr::new(192, 168, 7, 9)));
        assert_eq!((read.prefix, read.autoconf), (Some(24), Autoconf::Off));
        assert_eq!(read.dns, [Some(Ipv4Addr::new(192, 168, 7, 3)), None]);
        assert_eq!(network("--dhcp").unwrap().unwrap().ip_parameter("h"), "ip=dhcp");
    }

    #[test]
    fn a_tap_has_what_it_is_given() {
        let tap = network("--net tap=lo --ip 10.1.0.2/16 --gateway 10.1.0.1 --dns 9.9.9.9");
        let tap = tap.unwrap().unwrap();
        assert_eq!(tap.netdev(), "tap,id=net0,ifname=lo,script=no,downscript=no");
        assert_eq!(tap.ip_parameter("h"), "ip=10.1.0.2::10.1.0.1:255.255.0.0:h:eth0:off:9.9.9.9");
    }
}
