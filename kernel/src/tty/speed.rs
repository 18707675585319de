//! [`Speeds`]: how fast a terminal's line says it is: the codes of `c_cflag`, and bits a second.

use elfin_syscalls::abi::{BOTHER, CBAUD, CBAUDEX, IBSHIFT, Termios, Termios2};

/// The speeds of the codes 0 to 15.
const LOW: [u32; 16] =
    [0, 50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19_200, 38_400];
/// The speeds of the codes from `CBAUDEX` + 1 on.
const HIGH: [u32; 15] = [
    57_600, 115_200, 230_400, 460_800, 500_000, 576_000, 921_600, 1_000_000, 1_152_000, 1_500_000,
    2_000_000, 2_500_000, 3_000_000, 3_500_000, 4_000_000,
];

/// The speeds of both directions, in bits a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Speeds {
    /// Towards the program.
    pub input: u32,
    /// Away from it.
    pub output: u32,
}

impl Speeds {
    /// Those of a new terminal.
    pub const STANDARD: Self = Self { input: 38_400, output: 38_400 };

    /// The speeds that settings without numbers of their own ask for.
    pub fn of(termios: &Termios) -> Self {
        let output = decode(termios.c_cflag & CBAUD).unwrap_or(Self::STANDARD.output);
        let input = match (termios.c_cflag >> IBSHIFT) & CBAUD {
            0 => output,
            code => decode(code).unwrap_or(output),
        };
        Self { input, output }
    }

    /// The speeds that settings with numbers ask for.
    pub fn of_both(termios: &Termios2) -> Self {
        let codes = Self::of(&narrow(termios));
        let input_code = (termios.c_cflag >> IBSHIFT) & CBAUD;
        let output =
            if termios.c_cflag & CBAUD == BOTHER { termios.c_ospeed } else { codes.output };
        let input = match input_code {
            0 => output,
            BOTHER => termios.c_ispeed,
            _ => codes.input,
        };
        Self { input, output }
    }

    /// Settings with these numbers.
    pub fn widen(self, termios: &Termios) -> Termios2 {
        Termios2 {
            c_iflag: termios.c_iflag,
            c_oflag: termios.c_oflag,
            c_cflag: termios.c_cflag,
            c_lflag: termios.c_lflag,
            c_line: termios.c_line,
            c_cc: termios.c_cc,
            c_ispeed: self.input,
            c_ospeed: self.output,
        }
    }
}

/// Settings without their numbers.
pub fn narrow(termios: &Termios2) -> Termios {
    Termios {
        c_iflag: termios.c_iflag,
        c_oflag: termios.c_oflag,
        c_cflag: termios.c_cflag,
        c_lflag: termios.c_lflag,
        c_line: termios.c_line,
        c_cc: termios.c_cc,
    }
}

/// The speed of a code; `None` for the one that says to look at the number.
fn decode(code: u32) -> Option<u32> {
    let index = usize::try_from(code & !CBAUDEX).ok()?;
    if code & CBAUDEX == 0 {
        LOW.get(index).copied()
    } else {
        HIGH.get(index.checked_sub(1)?).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_numbers() {
        let mut termios = Termios::STANDARD;
        assert_eq!(Speeds::of(&termios), Speeds::STANDARD);
        termios.c_cflag = termios.c_cflag & !CBAUD | 0o10002;
        assert_eq!(Speeds::of(&termios), Speeds { input: 115_200, output: 115_200 });
        let mut both = Speeds::of(&termios).widen(&termios);
        both.c_cflag = both.c_cflag & !CBAUD | BOTHER;
        both.c_ospeed = 12_345;
        assert_eq!(Speeds::of_both(&both), Speeds { input: 12_345, output: 12_345 });
        both.c_cflag |= BOTHER << IBSHIFT;
        both.c_ispeed = 777;
        assert_eq!(Speeds::of_both(&both), Speeds { input: 777, output: 12_345 });
    }
}
