//! Netlink: the message header and the bodies of `NETLINK_ROUTE`.

use super::macros::abi;

abi! {
    /// `struct nlmsghdr`.
    pub struct Nlmsghdr {
        /// With this header.
        pub nlmsg_len: u32,
        pub nlmsg_type: u16,
        pub nlmsg_flags: u16,
        pub nlmsg_seq: u32,
        pub nlmsg_pid: u32,
    }

    /// `struct nlmsgerr`: the body of `NLMSG_ERROR`; 0 acknowledges.
    pub struct Nlmsgerr {
        /// A negated errno.
        pub error: i32,
        pub msg: Nlmsghdr,
    }

    /// `struct rtgenmsg`.
    pub struct Rtgenmsg {
        pub rtgen_family: u8,
    }

    /// `struct rtattr`; the value follows, padded to 4.
    pub struct Rtattr {
        /// With this header, without padding.
        pub rta_len: u16,
        pub rta_type: u16,
    }

    /// `struct ifinfomsg` of `RTM_NEWLINK`.
    pub struct Ifinfomsg {
        pub ifi_family: u8,
        pub pad: u8,
        pub ifi_type: u16,
        pub ifi_index: i32,
        pub ifi_flags: u32,
        pub ifi_change: u32,
    }

    /// `struct ifaddrmsg` of `RTM_NEWADDR`.
    pub struct Ifaddrmsg {
        pub ifa_family: u8,
        pub ifa_prefixlen: u8,
        pub ifa_flags: u8,
        pub ifa_scope: u8,
        pub ifa_index: u32,
    }

    /// `struct ifa_cacheinfo`.
    pub struct IfaCacheinfo {
        pub ifa_prefered: u32,
        pub ifa_valid: u32,
        pub cstamp: u32,
        pub tstamp: u32,
    }

    /// `struct rtmsg` of `RTM_NEWROUTE`.
    pub struct Rtmsg {
        pub rtm_family: u8,
        pub rtm_dst_len: u8,
        pub rtm_src_len: u8,
        pub rtm_tos: u8,
        pub rtm_table: u8,
        pub rtm_protocol: u8,
        pub rtm_scope: u8,
        pub rtm_type: u8,
        pub rtm_flags: u32,
    }

    /// `struct ndmsg` of `RTM_NEWNEIGH`.
    pub struct Ndmsg {
        pub ndm_family: u8,
        pub ndm_pad1: u8,
        pub ndm_pad2: u16,
        pub ndm_ifindex: i32,
        pub ndm_state: u16,
        pub ndm_flags: u8,
        pub ndm_type: u8,
    }
}

/// Messages and attributes begin at multiples of this.
pub const NLMSG_ALIGNTO: usize = 4;
