//! Sockets: message headers, addresses, and the structures of socket options.

use zerocopy::network_endian::{U16, U32};

use super::constants::{AF_INET, AF_INET6, IFNAMSIZ};
use super::macros::abi;

abi! {
    /// `struct msghdr`.
    pub struct Msghdr as Msghdr {
        pub msg_name: u64,
        pub msg_namelen: i32,
        pub pad0: u32,
        pub msg_iov: u64,
        pub msg_iovlen: u64,
        pub msg_control: u64,
        pub msg_controllen: u64,
        pub msg_flags: u32,
        pub pad1: u32,
    }

    /// `struct mmsghdr`.
    pub struct Mmsghdr {
        pub msg_hdr: Msghdr,
        pub msg_len: u32,
        pub pad: u32,
    }

    /// `struct cmsghdr`; the data follow. See [`cmsg_align`].
    pub struct Cmsghdr {
        /// With this header, without padding.
        pub cmsg_len: u64,
        pub cmsg_level: i32,
        pub cmsg_type: i32,
    }

    /// `struct sockaddr_in`.
    pub struct SockaddrIn {
        pub sin_family: u16,
        pub sin_port: U16,
        pub sin_addr: [u8; 4],
        pub sin_zero: [u8; 8],
    }

    /// `struct sockaddr_in6`.
    pub struct SockaddrIn6 {
        pub sin6_family: u16,
        pub sin6_port: U16,
        pub sin6_flowinfo: U32,
        pub sin6_addr: [u8; 16],
        pub sin6_scope_id: u32,
    }

    /// `struct sockaddr_un`.
    pub struct SockaddrUn {
        pub sun_family: u16,
        pub sun_path: [u8; UNIX_PATH_MAX],
    }

    /// `struct sockaddr_nl`.
    pub struct SockaddrNl {
        pub nl_family: u16,
        pub nl_pad: u16,
        pub nl_pid: u32,
        pub nl_groups: u32,
    }

    /// `struct sockaddr_ll` of `AF_PACKET`.
    pub struct SockaddrLl {
        pub sll_family: u16,
        pub sll_protocol: U16,
        pub sll_ifindex: i32,
        pub sll_hatype: u16,
        pub sll_pkttype: u8,
        pub sll_halen: u8,
        pub sll_addr: [u8; 8],
    }

    /// `struct sockaddr_storage`: room for any address.
    pub struct SockaddrStorage {
        pub ss_family: u16,
        pub data: [u8; 126],
    }

    /// `struct linger`.
    pub struct Linger {
        pub l_onoff: i32,
        /// Seconds.
        pub l_linger: i32,
    }

    /// `struct ucred`.
    pub struct Ucred {
        pub pid: i32,
        pub uid: u32,
        pub gid: u32,
    }

    /// `struct ip_mreqn`; `ip_mreq` is the first two fields.
    pub struct IpMreqn {
        pub imr_multiaddr: [u8; 4],
        pub imr_address: [u8; 4],
        pub imr_ifindex: i32,
    }

    /// `struct ipv6_mreq`.
    pub struct Ipv6Mreq {
        pub ipv6mr_multiaddr: [u8; 16],
        pub ipv6mr_interface: i32,
    }

    /// `struct in_pktinfo`.
    pub struct InPktinfo {
        pub ipi_ifindex: i32,
        pub ipi_spec_dst: [u8; 4],
        pub ipi_addr: [u8; 4],
    }

    /// `struct in6_pktinfo`.
    pub struct In6Pktinfo {
        pub ipi6_addr: [u8; 16],
        pub ipi6_ifindex: i32,
    }

    /// `struct sock_extended_err`, the message of an error queue.
    pub struct SockExtendedErr {
        pub ee_errno: u32,
        pub ee_origin: u8,
        pub ee_type: u8,
        pub ee_code: u8,
        pub ee_pad: u8,
        pub ee_info: u32,
        pub ee_data: u32,
    }

    /// `struct tcp_info`, as far as programs read it.
    pub struct TcpInfo {
        pub tcpi_state: u8,
        pub tcpi_ca_state: u8,
        pub tcpi_retransmits: u8,
        pub tcpi_probes: u8,
        pub tcpi_backoff: u8,
        pub tcpi_options: u8,
        /// Send scale in the low four bits, receive scale in the high ones.
        pub tcpi_wscale: u8,
        pub tcpi_flags: u8,
        pub tcpi_rto: u32,
        pub tcpi_ato: u32,
        pub tcpi_snd_mss: u32,
        pub tcpi_rcv_mss: u32,
        pub tcpi_unacked: u32,
        pub tcpi_sacked: u32,
        pub tcpi_lost: u32,
        pub tcpi_retrans: u32,
        pub tcpi_fackets: u32,
        pub tcpi_last_data_sent: u32,
        pub tcpi_last_ack_sent: u32,
        pub tcpi_last_data_recv: u32,
        pub tcpi_last_ack_recv: u32,
        pub tcpi_pmtu: u32,
        pub tcpi_rcv_ssthresh: u32,
        pub tcpi_rtt: u32,
        pub tcpi_rttvar: u32,
        pub tcpi_snd_ssthresh: u32,
        pub tcpi_snd_cwnd: u32,
        pub tcpi_advmss: u32,
        pub tcpi_reordering: u32,
        pub tcpi_rcv_rtt: u32,
        pub tcpi_rcv_space: u32,
        pub tcpi_total_retrans: u32,
    }

    /// `struct ifreq`: a name and 24 bytes that the command reads its way.
    pub struct IfReq {
        pub ifr_name: [u8; IFNAMSIZ],
        pub ifr_data: [u8; 24],
    }

    /// `struct ifconf`.
    pub struct IfConf {
        pub ifc_len: i32,
        pub pad: u32,
        pub ifc_buf: u64,
    }
}

/// The length of `sun_path`.
pub const UNIX_PATH_MAX: usize = 108;
/// The size of `struct sockaddr_storage`: a longer address is `EINVAL`.
pub const SOCKADDR_MAX: usize = 128;
/// The shortest `sockaddr_in6` that is taken: without the scope.
pub const SIN6_LEN_RFC2133: usize = 24;

impl SockaddrIn {
    /// An address and port, in host order.
    #[must_use]
    pub const fn new(addr: [u8; 4], port: u16) -> Self {
        Self { sin_family: AF_INET, sin_port: U16::new(port), sin_addr: addr, sin_zero: [0; 8] }
    }
}

impl SockaddrIn6 {
    /// An address and port, in host order.
    #[must_use]
    pub const fn new(addr: [u8; 16], port: u16) -> Self {
        Self {
            sin6_family: AF_INET6,
            sin6_port: U16::new(port),
            sin6_flowinfo: U32::ZERO,
            sin6_addr: addr,
            sin6_scope_id: 0,
        }
    }
}

/// `CMSG_ALIGN`: control messages begin at multiples of 8. `None` on overflow.
#[must_use]
pub const fn cmsg_align(len: usize) -> Option<usize> {
    len.checked_next_multiple_of(size_of::<u64>())
}

/// `CMSG_LEN`: the header and this many bytes of data.
#[must_use]
pub const fn cmsg_len(data: usize) -> usize {
    size_of::<Cmsghdr>().saturating_add(data)
}
