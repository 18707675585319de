//! Where packets go: [`Stack::route`], and [`Path`], what a connection remembers of it.

use super::Stack;
use crate::net::link::{Iface, MacAddr};
use core::net::Ipv4Addr;
use elfin_syscalls::Errno;

/// The way to a destination.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// Index of the interface in [`Stack::ifaces`].
    pub iface: usize,
    /// The neighbour to hand the packet to.
    pub neighbour: Ipv4Addr,
    /// Our address there.
    pub src: Ipv4Addr,
}

/// A route with the neighbour's hardware address, looked up again from time to time.
#[derive(Clone, Copy, Debug)]
pub struct Path {
    pub(super) iface: usize,
    pub(super) neighbour: Ipv4Addr,
    pub(super) mac: MacAddr,
    pub(super) valid_until: u64,
}

impl Path {
    /// No way known.
    pub const NONE: Self =
        Self { iface: usize::MAX, neighbour: Ipv4Addr::UNSPECIFIED, mac: [0; 6], valid_until: 0 };
}

impl From<Route> for Path {
    fn from(route: Route) -> Self {
        Self { iface: route.iface, neighbour: route.neighbour, mac: [0; 6], valid_until: 0 }
    }
}

impl Stack {
    /// Finds the way to `dst`.
    ///
    /// # Errors
    /// `ENETUNREACH` if no interface leads there.
    pub fn route(&self, dst: Ipv4Addr) -> Result<Route, Errno> {
        if self.is_local(dst) {
            return Ok(Route { iface: 0, neighbour: dst, src: dst });
        }
        let direct = self.find_iface(|iface| iface.cidr().is_some_and(|net| net.contains(dst)));
        if let Some((index, iface)) = direct {
            return Ok(Route { iface: index, neighbour: dst, src: iface.addr() });
        }
        let everywhere = dst == Ipv4Addr::BROADCAST || dst.is_multicast();
        if everywhere && let Some((index, iface)) = self.find_iface(|iface| iface.cidr().is_some())
        {
            return Ok(Route { iface: index, neighbour: dst, src: iface.addr() });
        }
        let routed = self.find_iface(|iface| iface.cidr().is_some() && iface.gateway().is_some());
        let (index, iface) = routed.ok_or(Errno::ENETUNREACH)?;
        let neighbour = iface.gateway().ok_or(Errno::ENETUNREACH)?;
        Ok(Route { iface: index, neighbour, src: iface.addr() })
    }

    /// The first interface other than the loopback for which `wanted` holds.
    fn find_iface(&self, wanted: impl Fn(&Iface) -> bool) -> Option<(usize, &Iface)> {
        self.ifaces.iter().enumerate().skip(1).find(|(_, iface)| wanted(iface))
    }

    /// The interface of a path.
    pub(super) fn iface_of(&self, path: &Path) -> Option<&Iface> {
        self.ifaces.get(path.iface)
    }
}
