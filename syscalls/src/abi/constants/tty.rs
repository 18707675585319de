//! Constants of terminals: termios bits and indices.

use crate::abi::macros::constants;

constants! {
    /// `c_iflag`.
    u32 {
        IGNBRK = 1;
        BRKINT = 2;
        IGNPAR = 4;
        PARMRK = 8;
        INPCK = 16;
        ISTRIP = 32;
        INLCR = 64;
        IGNCR = 128;
        ICRNL = 0x100;
        IUCLC = 0x200;
        IXON = 0x400;
        IXANY = 0x800;
        IXOFF = 0x1000;
        IMAXBEL = 0x2000;
        IUTF8 = 0x4000;
    }

    /// `c_oflag`.
    u32 {
        OPOST = 1;
        OLCUC = 2;
        ONLCR = 4;
        OCRNL = 8;
        ONOCR = 16;
        ONLRET = 32;
        OFILL = 64;
        OFDEL = 128;
        TABDLY = 0x1800;
        XTABS = 0x1800;
    }

    /// `c_cflag`.
    u32 {
        CBAUD = 0o10017;
        CBAUDEX = 0o10000;
        BOTHER = 0o10000;
        IBSHIFT = 16;
        B0 = 0;
        B9600 = 0o15;
        B38400 = 0o17;
        B115200 = 0o10002;
        CSIZE = 0o60;
        CS5 = 0;
        CS6 = 0o20;
        CS7 = 0o40;
        CS8 = 0o60;
        CSTOPB = 64;
        CREAD = 128;
        PARENB = 0x100;
        PARODD = 0x200;
        HUPCL = 0x400;
        CLOCAL = 0x800;
        CRTSCTS = 0x8000_0000;
    }

    /// `c_lflag`.
    u32 {
        ISIG = 1;
        ICANON = 2;
        XCASE = 4;
        ECHO = 8;
        ECHOE = 16;
        ECHOK = 32;
        ECHONL = 64;
        NOFLSH = 128;
        TOSTOP = 0x100;
        ECHOCTL = 0x200;
        ECHOPRT = 0x400;
        ECHOKE = 0x800;
        FLUSHO = 0x1000;
        PENDIN = 0x4000;
        IEXTEN = 0x8000;
        EXTPROC = 0x1_0000;
    }

    /// Indices into `c_cc`.
    usize {
        VINTR = 0;
        VQUIT = 1;
        VERASE = 2;
        VKILL = 3;
        VEOF = 4;
        VTIME = 5;
        VMIN = 6;
        VSWTC = 7;
        VSTART = 8;
        VSTOP = 9;
        VSUSP = 10;
        VEOL = 11;
        VREPRINT = 12;
        VDISCARD = 13;
        VWERASE = 14;
        VLNEXT = 15;
        VEOL2 = 16;
        NCCS = 19;
    }

    /// Arguments of TCXONC and TCFLSH.
    usize {
        TCOOFF = 0;
        TCOON = 1;
        TCIOFF = 2;
        TCION = 3;
        TCIFLUSH = 0;
        TCOFLUSH = 1;
        TCIOFLUSH = 2;
    }

    /// What the first byte of a read in packet mode says (`TIOCPKT`).
    u8 {
        TIOCPKT_DATA = 0;
        TIOCPKT_FLUSHREAD = 1;
        TIOCPKT_FLUSHWRITE = 2;
        TIOCPKT_STOP = 4;
        TIOCPKT_START = 8;
        TIOCPKT_NOSTOP = 16;
        TIOCPKT_DOSTOP = 32;
    }

    /// The line discipline of terminals.
    u8 {
        N_TTY = 0;
    }
}
