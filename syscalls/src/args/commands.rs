//! Commands of the calls that are many in one: [`FcntlCmd`], [`IoctlCmd`].

use super::macros::codes;

codes! {
    /// Commands of `fcntl`; unknown ones fail with `EINVAL`.
    pub struct FcntlCmd: u32, "F_" {
        DUPFD = 0;
        GETFD = 1;
        SETFD = 2;
        GETFL = 3;
        SETFL = 4;
        GETLK = 5;
        SETLK = 6;
        SETLKW = 7;
        SETOWN = 8;
        GETOWN = 9;
        SETSIG = 10;
        GETSIG = 11;
        SETOWN_EX = 15;
        GETOWN_EX = 16;
        GETOWNER_UIDS = 17;
        OFD_GETLK = 36;
        OFD_SETLK = 37;
        OFD_SETLKW = 38;
        SETLEASE = 1024;
        GETLEASE = 1025;
        NOTIFY = 1026;
        DUPFD_QUERY = 1027;
        CREATED_QUERY = 1028;
        CANCELLK = 1029;
        DUPFD_CLOEXEC = 1030;
        SETPIPE_SZ = 1031;
        GETPIPE_SZ = 1032;
        ADD_SEALS = 1033;
        GET_SEALS = 1034;
        GET_RW_HINT = 1035;
        SET_RW_HINT = 1036;
        GET_FILE_RW_HINT = 1037;
        SET_FILE_RW_HINT = 1038;
    }
}

codes! {
    /// Commands of `ioctl`; one that a file does not know fails with `ENOTTY`.
    pub struct IoctlCmd: u32, "" {
        TCGETS = 0x5401;
        TCSETS = 0x5402;
        TCSETSW = 0x5403;
        TCSETSF = 0x5404;
        TCSBRK = 0x5409;
        TCXONC = 0x540a;
        TCFLSH = 0x540b;
        TIOCEXCL = 0x540c;
        TIOCNXCL = 0x540d;
        TIOCSCTTY = 0x540e;
        TIOCGPGRP = 0x540f;
        TIOCSPGRP = 0x5410;
        TIOCOUTQ = 0x5411;
        TIOCSTI = 0x5412;
        TIOCGWINSZ = 0x5413;
        TIOCSWINSZ = 0x5414;
        FIONREAD = 0x541b;
        TIOCLINUX = 0x541c;
        TIOCCONS = 0x541d;
        TIOCPKT = 0x5420;
        FIONBIO = 0x5421;
        TIOCNOTTY = 0x5422;
        TIOCSETD = 0x5423;
        TIOCGETD = 0x5424;
        TCSBRKP = 0x5425;
        TIOCSBRK = 0x5427;
        TIOCCBRK = 0x5428;
        TIOCGSID = 0x5429;
        TCGETS2 = 0x802c_542a;
        TCSETS2 = 0x402c_542b;
        TCSETSW2 = 0x402c_542c;
        TCSETSF2 = 0x402c_542d;
        TIOCGPTN = 0x8004_5430;
        TIOCSPTLCK = 0x4004_5431;
        TIOCGDEV = 0x8004_5432;
        TIOCVHANGUP = 0x5437;
        TIOCGPKT = 0x8004_5438;
        TIOCGPTLCK = 0x8004_5439;
        TIOCGEXCL = 0x8004_5440;
        TIOCGPTPEER = 0x5441;
        FIONCLEX = 0x5450;
        FIOCLEX = 0x5451;
        FIOASYNC = 0x5452;
        FIOQSIZE = 0x5460;
        FIOSETOWN = 0x8901;
        SIOCSPGRP = 0x8902;
        FIOGETOWN = 0x8903;
        SIOCGPGRP = 0x8904;
        SIOCATMARK = 0x8905;
        SIOCGSTAMP = 0x8906;
        SIOCADDRT = 0x890b;
        SIOCDELRT = 0x890c;
        SIOCGIFNAME = 0x8910;
        SIOCGIFCONF = 0x8912;
        SIOCGIFFLAGS = 0x8913;
        SIOCSIFFLAGS = 0x8914;
        SIOCGIFADDR = 0x8915;
        SIOCSIFADDR = 0x8916;
        SIOCGIFDSTADDR = 0x8917;
        SIOCGIFBRDADDR = 0x8919;
        SIOCGIFNETMASK = 0x891b;
        SIOCSIFNETMASK = 0x891c;
        SIOCGIFMETRIC = 0x891d;
        SIOCGIFMTU = 0x8921;
        SIOCSIFMTU = 0x8922;
        SIOCGIFHWADDR = 0x8927;
        SIOCGIFINDEX = 0x8933;
        SIOCGIFTXQLEN = 0x8942;
        SIOCETHTOOL = 0x8946;
        FIBMAP = 0x1;
        FIGETBSZ = 0x2;
        FIFREEZE = 0xc004_5877;
        FITHAW = 0xc004_5878;
        FITRIM = 0xc018_5879;
        FICLONE = 0x4004_9409;
        FICLONERANGE = 0x4020_940d;
        FS_IOC_GETFLAGS = 0x8008_6601;
        FS_IOC_SETFLAGS = 0x4008_6602;
        FS_IOC_GETVERSION = 0x8008_7601;
        FS_IOC_FIEMAP = 0xc020_660b;
        FS_IOC_FSGETXATTR = 0x801c_581f;
        FS_IOC_FSSETXATTR = 0x401c_5820;
        BLKROGET = 0x125e;
        BLKGETSIZE = 0x1260;
        BLKFLSBUF = 0x1261;
        BLKSSZGET = 0x1268;
        BLKBSZGET = 0x8008_1270;
        BLKGETSIZE64 = 0x8008_1272;
        BLKDISCARD = 0x1277;
        BLKPBSZGET = 0x127b;
        RNDGETENTCNT = 0x8004_5200;
        RNDADDTOENTCNT = 0x4004_5201;
        RNDADDENTROPY = 0x4008_5203;
        RNDRESEEDCRNG = 0x5207;
    }
}
