//! Terminals: the kernel's `termios` and `winsize`.

use super::constants::*;
use super::macros::abi;

abi! {
    /// The kernel's `struct termios` of `TCGETS`; a C library's is longer.
    pub struct Termios {
        pub c_iflag: u32,
        pub c_oflag: u32,
        pub c_cflag: u32,
        pub c_lflag: u32,
        pub c_line: u8,
        pub c_cc: [u8; NCCS],
    }

    /// `struct termios2` of `TCGETS2`.
    pub struct Termios2 {
        pub c_iflag: u32,
        pub c_oflag: u32,
        pub c_cflag: u32,
        pub c_lflag: u32,
        pub c_line: u8,
        pub c_cc: [u8; NCCS],
        /// Bits a second.
        pub c_ispeed: u32,
        pub c_ospeed: u32,
    }

    /// `struct winsize`.
    pub struct Winsize {
        pub ws_row: u16,
        pub ws_col: u16,
        pub ws_xpixel: u16,
        pub ws_ypixel: u16,
    }
}

impl Termios {
    /// The settings of a terminal that was just opened (`tty_std_termios`), as a serial console
    /// of 38400 bits a second.
    pub const STANDARD: Self = Self {
        c_iflag: ICRNL | IXON,
        c_oflag: OPOST | ONLCR,
        c_cflag: B38400 | CS8 | CREAD | HUPCL,
        c_lflag: ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
        c_line: N_TTY,
        c_cc: [
            0x03, // VINTR: ^C
            0x1c, // VQUIT: ^\
            0x7f, // VERASE: DEL
            0x15, // VKILL: ^U
            0x04, // VEOF: ^D
            0,    // VTIME
            1,    // VMIN
            0,    // VSWTC
            0x11, // VSTART: ^Q
            0x13, // VSTOP: ^S
            0x1a, // VSUSP: ^Z
            0,    // VEOL
            0x12, // VREPRINT: ^R
            0x0f, // VDISCARD: ^O
            0x17, // VWERASE: ^W
            0x16, // VLNEXT: ^V
            0,    // VEOL2
            0, 0,
        ],
    };
}
