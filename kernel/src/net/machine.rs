//! The machine's own [`Stack`]: made at boot, polled by the scheduler.

use super::addr::Cidr;
use super::bytes;
use super::dhcp::Lease;
use super::link::Link;
use super::names;
use super::stack::Stack;
use super::tcp;
use crate::fs::PathRef;
use crate::task::timer::{self, Expire, TimerHandle};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::Ipv4Addr;
use elfin_platform::cpu::{self, Work};
use elfin_platform::drivers::net::net_devices;
use elfin_platform::sync::{Once, SpinLock};
use elfin_platform::{host, mm, time};

const SECOND: u64 = 1_000_000_000;
/// How long boot waits for an address.
const DHCP_PATIENCE: u64 = 12 * SECOND;

/// How `eth0` gets its address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Config {
    /// There is only the loopback.
    #[default]
    None,
    /// A DHCP server says.
    Dhcp,
    /// The command line says.
    Static {
        /// Address and network.
        cidr: Cidr,
        /// The router.
        gateway: Option<Ipv4Addr>,
        /// Name servers.
        dns: Vec<Ipv4Addr>,
    },
}

static STACK: Once<&'static Stack> = Once::new();

/// The machine's stack. Before [`init`] it has only the loopback.
#[inline]
pub fn machine() -> &'static Stack {
    STACK.call_once(|| make(&[]))
}

fn make(links: &[Link]) -> &'static Stack {
    /// Part of the memory that socket buffers may take.
    const SHARE: usize = 4;
    /// Memory per connection that strangers can make us hold.
    const PER_CONNECTION: usize = 4 << 10;
    let mut secret = [0; 4];
    for word in &mut secret {
        let mut seed = [0; 8];
        crate::rand::fill(&mut seed);
        *word = u64::from_le_bytes(seed);
    }
    let total = mm::stats().total;
    bytes::set_budget(total / SHARE);
    let stack = Stack::new(links, secret, time::now, arm);
    stack.tcp.set_limit(total / PER_CONNECTION);
    stack
}

/// Makes the stack, with the machine's network devices if `config` wants one, and configures the
/// first. Waits for DHCP, for a while; the client goes on in the background.
///
/// What cannot be had is said on the console, and the machine goes on without it. /etc/hosts and
/// /etc/resolv.conf are written below `root` where the program has not brought its own.
pub fn init(config: &Config, root: &PathRef) {
    if *config == Config::None {
        return;
    }
    let dns = bring_up(config);
    names::write(root, &dns);
}

/// Configures the first device; returns the name servers.
fn bring_up(config: &Config) -> Vec<Ipv4Addr> {
    let links: Vec<Link> = net_devices().iter().map(Link::Device).collect();
    let mut fresh = false;
    let stack = *STACK.call_once(|| {
        fresh = true;
        make(&links)
    });
    if !fresh {
        log::error!("eth0: the network was used before it was configured");
        return Vec::new();
    }
    let Some(iface) = stack.ifaces.get(1) else {
        log::error!(
            "eth0: asked for a network (ip=), but the machine has no network device that is \
             supported (looked for virtio-net on PCI and virtio-mmio)"
        );
        return Vec::new();
    };
    if !iface.is_running() {
        log::error!("eth0: the link is down");
    }
    let dns = match config {
        Config::None => Vec::new(),
        Config::Static { cidr, gateway, dns } => {
            iface.set_cidr(Some(*cidr));
            iface.set_gateway(*gateway);
            stack.poll();
            dns.clone()
        }
        Config::Dhcp => {
            wait_for_lease(stack).map(|lease| lease.dns.into_iter().collect()).unwrap_or_default()
        }
    };
    if let Some(cidr) = iface.cidr() {
        host::event(format_args!("elfin-event: net {}/{}", cidr.addr, cidr.prefix));
    }
    dns
}

fn wait_for_lease(stack: &'static Stack) -> Option<Lease> {
    let give_up = time::now() + DHCP_PATIENCE;
    stack.start_dhcp(1);
    loop {
        cpu::take(Work::NET | Work::TIMER);
        stack.poll();
        if let Some(lease) = stack.lease() {
            // Timers of others may have come due meanwhile.
            cpu::raise(Work::TIMER);
            return Some(lease);
        }
        let now = time::now();
        if now >= give_up {
            let tries = stack.dhcp.lock().as_ref().map_or(0, |client| client.tries());
            log::error!(
                "eth0: no address: {tries} DHCP requests in {} s were not answered (is a DHCP \
                 server on this network? else give the address by ip=ADDRESS::GATEWAY:NETMASK)",
                DHCP_PATIENCE / SECOND
            );
            cpu::raise(Work::TIMER);
            return None;
        }
        let next = stack.next_deadline().unwrap_or(give_up).min(give_up);
        time::set_alarm(Some(next.max(now + 1)));
        cpu::idle();
    }
}

/// Lets the stack work: called with [`Work::NET`] raised, and by the timer below.
pub fn poll() {
    if let Some(stack) = STACK.get() {
        stack.poll();
    }
}

/// Gives connections that were just closed a moment to tell their other ends so, which would else
/// wait for a machine that is no more. For the end of the machine.
pub fn drain() {
    /// Nanoseconds for ends that do not answer, or do not close on their side.
    const PATIENCE: u64 = SECOND / 10;
    let Some(stack) = STACK.get() else { return };
    let give_up = time::now() + PATIENCE;
    while tcp::orphans() > 0 && time::now() < give_up {
        cpu::take(Work::NET | Work::TIMER);
        stack.poll();
        time::set_alarm(Some(stack.next_deadline().unwrap_or(give_up).min(give_up)));
        cpu::idle();
    }
}

/// When [`poll`] is due at the latest, in nanoseconds of the monotonic clock.
#[must_use]
pub fn next_deadline() -> Option<u64> {
    STACK.get()?.next_deadline()
}

/// The stack's place in the kernel's timer queue.
struct Tick(&'static Stack);

impl Expire for Tick {
    fn expire(self: Arc<Self>, _now: u64) {
        self.0.poll();
    }
}

static ARMED: SpinLock<Option<(u64, TimerHandle)>> = SpinLock::new(None);

/// Sees to it that the stack is polled at `deadline`.
fn arm(stack: &'static Stack, deadline: u64) {
    let mut armed = ARMED.lock();
    let now = time::now();
    if let Some((at, _)) = &*armed
        && *at <= deadline
        && *at > now
    {
        return;
    }
    let handle = timer::arm(deadline, Arc::new(Tick(stack)));
    *armed = Some((deadline, handle));
}
