//! The text of /proc/net: [`dev`], [`tcp`], [`udp`], [`raw`], [`route`], [`arp`], [`if_inet6`],
//! [`unix`].

use super::addr::Endpoint;
use super::dgram::DgramSock;
use super::ip;
use super::machine;
use super::tcp::State;
use alloc::format;
use alloc::string::String;
use core::fmt::Write;
use core::net::Ipv4Addr;
use core::sync::atomic::Ordering;

/// An address as the tables print it: the bytes in memory order.
fn hex(addr: Ipv4Addr) -> String {
    format!("{:08X}", u32::from_ne_bytes(addr.octets()))
}

fn endpoint(endpoint: Endpoint) -> String {
    format!("{}:{:04X}", hex(endpoint.addr), endpoint.port)
}

/// `/proc/net/dev`: packets and bytes per interface.
#[must_use]
pub fn dev() -> String {
    let mut text = String::from(
        "Inter-|   Receive                                                |  Transmit\n \
         face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs \
         drop fifo colls carrier compressed\n",
    );
    for iface in &machine().ifaces {
        let count = |counter: &core::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        let (rx, tx) = (&iface.rx, &iface.tx);
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{:>6}: {:7} {:7}    0 {:4}    0     0          0         0 {:8} {:7}    0 {:4}    0     \
             0       0          0",
            iface.name,
            count(&rx.bytes),
            count(&rx.packets),
            count(&rx.dropped),
            count(&tx.bytes),
            count(&tx.packets),
            count(&tx.dropped),
        );
    }
    text
}

/// `/proc/net/tcp`: the connections.
#[must_use]
pub fn tcp() -> String {
    let mut text = format!(
        "{:<149}\n",
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"
    );
    let mut rows = machine().tcp.rows();
    rows.sort_by_key(|row| (row.state != State::Listen, row.tuple));
    for (index, row) in rows.iter().enumerate() {
        let line = format!(
            "{index:4}: {} {} {:02X} {:08X}:{:08X} 00:00000000 00000000     0        0 {} 1 \
             0000000000000000 100 0 0 10 0",
            endpoint(row.tuple.local),
            endpoint(row.tuple.remote),
            row.state as u8,
            row.tx,
            row.rx,
            row.inode,
        );
        let _ = writeln!(text, "{line:<149}");
    }
    text
}

fn datagrams(socks: impl Iterator<Item = alloc::sync::Arc<DgramSock>>) -> String {
    let mut text = format!(
        "{:<127}\n",
        "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops"
    );
    for (index, sock) in socks.enumerate() {
        let remote = sock.remote();
        let state = if remote.is_ok() { State::Established } else { State::Closed };
        let line = format!(
            "{index:5}: {} {} {:02X} {:08X}:{:08X} 00:00000000 00000000     0        0 {} 2 \
             0000000000000000 0",
            endpoint(sock.local()),
            endpoint(remote.unwrap_or(Endpoint::UNSPECIFIED)),
            state as u8,
            0,
            sock.queued(),
            sock.inode.load(Ordering::Relaxed),
        );
        let _ = writeln!(text, "{line:<127}");
    }
    text
}

/// `/proc/net/udp`: UDP's sockets.
#[must_use]
pub fn udp() -> String {
    datagrams(machine().udp.all().into_iter())
}

/// `/proc/net/raw`: raw sockets; their header alone while there are none to show.
#[must_use]
pub fn raw() -> String {
    datagrams(core::iter::empty())
}

/// `/proc/net/route`: the routes.
#[must_use]
pub fn route() -> String {
    const UP: u32 = 1;
    const GATEWAY: u32 = 2;
    let mut text = format!(
        "{:<127}\n",
        "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT"
    );
    let mut line = |name: &str, to: Ipv4Addr, gateway: Ipv4Addr, flags: u32, mask: Ipv4Addr| {
        let line = format!(
            "{name}\t{}\t{}\t{flags:04X}\t0\t0\t0\t{}\t0\t0\t0",
            hex(to),
            hex(gateway),
            hex(mask)
        );
        let _ = writeln!(text, "{line:<127}");
    };
    let none = Ipv4Addr::UNSPECIFIED;
    for iface in machine().ifaces.iter().skip(1) {
        let Some(cidr) = iface.cidr() else { continue };
        if let Some(gateway) = iface.gateway() {
            line(iface.name, none, gateway, UP | GATEWAY, none);
        }
        line(iface.name, cidr.network(), none, UP, cidr.mask());
    }
    text
}

/// `/proc/net/arp`: the neighbours.
#[must_use]
pub fn arp() -> String {
    let mut text = String::from(
        "IP address       HW type     Flags       HW address            Mask     Device\n",
    );
    for iface in machine().ifaces.iter().skip(1) {
        for (addr, [a, b, c, d, e, f]) in iface.arp.lock().known() {
            let _ = writeln!(
                text,
                "{addr:<16} 0x1         0x2         {a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}     *        {}",
                iface.name
            );
        }
    }
    text
}

/// `/proc/net/if_inet6`: empty, for there is no IPv6.
#[must_use]
pub fn if_inet6() -> String {
    String::new()
}

/// `/proc/net/unix`: the header alone; sockets are not listed.
#[must_use]
pub fn unix() -> String {
    String::from("Num       RefCount Protocol Flags    Type St Inode Path\n")
}

/// `/proc/net/snmp`, as far as programs look at it.
#[must_use]
pub fn snmp() -> String {
    let bad = machine().tcp.bad_segments.load(Ordering::Relaxed);
    format!(
        "Ip: Forwarding DefaultTTL\nIp: 2 {}\nTcp: RtoAlgorithm RtoMin RtoMax MaxConn InErrs\n\
         Tcp: 1 200 120000 -1 {bad}\n",
        ip::DEFAULT_TTL
    )
}
