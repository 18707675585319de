//! Looks whether the host's ports are free before QEMU fails in its own words.

use std::io;
use std::net::{SocketAddrV4, TcpListener, UdpSocket};

use anyhow::{Context, Result, bail};

use crate::args::{PortForward, Protocol};

/// Tries each host port of `ports` by listening on it for a moment.
///
/// # Errors
/// Names the port that is in use, not allowed, or given twice.
pub fn check_ports(ports: &[PortForward]) -> Result<()> {
    for (index, port) in ports.iter().enumerate() {
        let PortForward { protocol, address, host, .. } = *port;
        let same = |other: &&PortForward| {
            other.protocol == protocol && other.host == host && other.address == address
        };
        if ports.iter().take(index).any(|other| same(&other)) {
            bail!("the host port {address}:{host}/{protocol} is given twice");
        }
        let at = SocketAddrV4::new(address, host);
        let tried = match protocol {
            Protocol::Tcp => TcpListener::bind(at).map(drop),
            Protocol::Udp => UdpSocket::bind(at).map(drop),
        };
        tried.map_err(|error| explain(error, at, protocol)).with_context(|| {
            format!("can not forward -p {address}:{host}:{}/{protocol}", port.guest)
        })?;
    }
    Ok(())
}

fn explain(error: io::Error, at: SocketAddrV4, protocol: Protocol) -> anyhow::Error {
    match error.kind() {
        io::ErrorKind::AddrInUse => anyhow::anyhow!(
            "port {} ({protocol}) on {} is in use by another program; choose another host port",
            at.port(),
            at.ip()
        ),
        io::ErrorKind::PermissionDenied => anyhow::anyhow!(
            "port {} needs privileges on this host; choose one above 1023",
            at.port()
        ),
        io::ErrorKind::AddrNotAvailable => {
            anyhow::anyhow!("this host has no address {}", at.ip())
        }
        _ => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_named() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        let forward: PortForward = format!("{port}:80").parse().unwrap();
        let error = format!("{:#}", check_ports(&[forward]).unwrap_err());
        assert!(error.contains(&port.to_string()) && error.contains("in use"), "{error}");
        drop(taken);
        assert!(check_ports(&[forward]).is_ok());
        assert!(check_ports(&[forward, forward]).is_err());
    }
}
