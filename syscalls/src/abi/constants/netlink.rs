//! Constants of netlink and network interfaces.

use crate::abi::macros::constants;

constants! {
    /// Netlink families.
    i32 {
        NETLINK_ROUTE = 0;
        NETLINK_SOCK_DIAG = 4;
        NETLINK_NETFILTER = 12;
        NETLINK_KOBJECT_UEVENT = 15;
        NETLINK_GENERIC = 16;
        NETLINK_AUDIT = 9;
        NETLINK_CRYPTO = 21;
    }

    /// Options of SOL_NETLINK.
    i32 {
        NETLINK_ADD_MEMBERSHIP = 1;
        NETLINK_DROP_MEMBERSHIP = 2;
        NETLINK_PKTINFO = 3;
        NETLINK_BROADCAST_ERROR = 4;
        NETLINK_NO_ENOBUFS = 5;
        NETLINK_LISTEN_ALL_NSID = 8;
        NETLINK_LIST_MEMBERSHIPS = 9;
        NETLINK_CAP_ACK = 10;
        NETLINK_EXT_ACK = 11;
        NETLINK_GET_STRICT_CHK = 12;
    }

    /// `nlmsg_type` of control messages, and `nlmsg_flags`.
    u16 {
        NLMSG_NOOP = 1;
        NLMSG_ERROR = 2;
        NLMSG_DONE = 3;
        NLMSG_OVERRUN = 4;
        NLM_F_REQUEST = 1;
        NLM_F_MULTI = 2;
        NLM_F_ACK = 4;
        NLM_F_ECHO = 8;
        NLM_F_DUMP_INTR = 16;
        NLM_F_DUMP_FILTERED = 32;
        NLM_F_ROOT = 0x100;
        NLM_F_MATCH = 0x200;
        NLM_F_ATOMIC = 0x400;
        NLM_F_DUMP = 0x300;
        NLM_F_REPLACE = 0x100;
        NLM_F_EXCL = 0x200;
        NLM_F_CREATE = 0x400;
        NLM_F_APPEND = 0x800;
        NLM_F_CAPPED = 0x100;
        NLM_F_ACK_TLVS = 0x200;
        NLA_F_NESTED = 0x8000;
        NLA_F_NET_BYTEORDER = 0x4000;
    }

    /// `nlmsg_type` of NETLINK_ROUTE.
    u16 {
        RTM_NEWLINK = 16;
        RTM_DELLINK = 17;
        RTM_GETLINK = 18;
        RTM_SETLINK = 19;
        RTM_NEWADDR = 20;
        RTM_DELADDR = 21;
        RTM_GETADDR = 22;
        RTM_NEWROUTE = 24;
        RTM_DELROUTE = 25;
        RTM_GETROUTE = 26;
        RTM_NEWNEIGH = 28;
        RTM_DELNEIGH = 29;
        RTM_GETNEIGH = 30;
        RTM_NEWRULE = 32;
        RTM_DELRULE = 33;
        RTM_GETRULE = 34;
        RTM_GETQDISC = 38;
        RTM_GETSTATS = 94;
    }

    /// Attributes of links, addresses, routes and neighbours.
    u16 {
        IFLA_ADDRESS = 1;
        IFLA_BROADCAST = 2;
        IFLA_IFNAME = 3;
        IFLA_MTU = 4;
        IFLA_LINK = 5;
        IFLA_QDISC = 6;
        IFLA_STATS = 7;
        IFLA_MASTER = 10;
        IFLA_TXQLEN = 13;
        IFLA_MAP = 14;
        IFLA_OPERSTATE = 16;
        IFLA_LINKMODE = 17;
        IFLA_STATS64 = 23;
        IFLA_GROUP = 27;
        IFLA_PROMISCUITY = 30;
        IFLA_NUM_TX_QUEUES = 31;
        IFLA_NUM_RX_QUEUES = 32;
        IFLA_CARRIER = 33;
        IFLA_EXT_MASK = 29;
        IFA_ADDRESS = 1;
        IFA_LOCAL = 2;
        IFA_LABEL = 3;
        IFA_BROADCAST = 4;
        IFA_CACHEINFO = 6;
        IFA_FLAGS = 8;
        RTA_DST = 1;
        RTA_SRC = 2;
        RTA_IIF = 3;
        RTA_OIF = 4;
        RTA_GATEWAY = 5;
        RTA_PRIORITY = 6;
        RTA_PREFSRC = 7;
        RTA_METRICS = 8;
        RTA_CACHEINFO = 12;
        RTA_TABLE = 15;
        NDA_DST = 1;
        NDA_LLADDR = 2;
        NDA_CACHEINFO = 3;
    }

    /// Values in route and address messages.
    u8 {
        RT_TABLE_UNSPEC = 0;
        RT_TABLE_DEFAULT = 253;
        RT_TABLE_MAIN = 254;
        RT_TABLE_LOCAL = 255;
        RTN_UNSPEC = 0;
        RTN_UNICAST = 1;
        RTN_LOCAL = 2;
        RTN_BROADCAST = 3;
        RTPROT_UNSPEC = 0;
        RTPROT_KERNEL = 2;
        RTPROT_BOOT = 3;
        RTPROT_STATIC = 4;
        RTPROT_DHCP = 16;
        RT_SCOPE_UNIVERSE = 0;
        RT_SCOPE_LINK = 253;
        RT_SCOPE_HOST = 254;
        RT_SCOPE_NOWHERE = 255;
        IFA_F_PERMANENT = 128;
        IF_OPER_UNKNOWN = 0;
        IF_OPER_DOWN = 2;
        IF_OPER_UP = 6;
    }

    /// Flags of interfaces.
    u32 {
        IFF_UP = 1;
        IFF_BROADCAST = 2;
        IFF_DEBUG = 4;
        IFF_LOOPBACK = 8;
        IFF_POINTOPOINT = 16;
        IFF_NOTRAILERS = 32;
        IFF_RUNNING = 64;
        IFF_NOARP = 128;
        IFF_PROMISC = 0x100;
        IFF_ALLMULTI = 0x200;
        IFF_MASTER = 0x400;
        IFF_SLAVE = 0x800;
        IFF_MULTICAST = 0x1000;
        IFF_PORTSEL = 0x2000;
        IFF_AUTOMEDIA = 0x4000;
        IFF_DYNAMIC = 0x8000;
        IFF_LOWER_UP = 0x1_0000;
        IFF_DORMANT = 0x2_0000;
    }

    /// Hardware types.
    u16 {
        ARPHRD_ETHER = 1;
        ARPHRD_LOOPBACK = 0x304;
        ARPHRD_NONE = 0xfffe;
    }

    /// The size of an interface name with its zero byte.
    usize {
        IFNAMSIZ = 16;
    }
}
