//! The table at run time: [`Syscall`], [`TABLE`], and the notes beside it.

use crate::abi::*;
use crate::args::*;

/// The architectures that have a column in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Arch {
    /// x86_64 (`syscall`).
    X86_64,
    /// arm64 (`svc`).
    Aarch64,
}

impl Arch {
    /// Both.
    pub const ALL: [Arch; 2] = [Arch::X86_64, Arch::Aarch64];

    /// The one that this code is compiled for.
    pub const NATIVE: Arch =
        if cfg!(target_arch = "aarch64") { Arch::Aarch64 } else { Arch::X86_64 };

    /// As `uname -m` says it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Arch::X86_64 => "x86_64",
            Arch::Aarch64 => "aarch64",
        }
    }
}

/// In place of a number: the architecture has no such call.
pub const NO_NUMBER: u16 = u16::MAX;

/// How much of a call works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// As Linux does it.
    Full,
    /// With something missing.
    Partial,
    /// Success without effect.
    Fake,
    /// `ENOSYS`.
    Stub,
}

impl Status {
    /// The word that the table uses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Status::Full => "full",
            Status::Partial => "partial",
            Status::Fake => "fake",
            Status::Stub => "stub",
        }
    }
}

/// What dispatch and trace know of a call.
#[derive(Debug)]
pub struct Syscall {
    /// Linux's name.
    pub name: &'static str,
    /// The numbers on x86_64 and arm64, or [`NO_NUMBER`].
    pub numbers: [u16; 2],
    /// How much of it works.
    pub status: Status,
    /// The kinds of its arguments, in order, and [`Kind::None`] after them.
    pub kinds: [Kind; 6],
}

/// What only people read about a call: kept apart, so that a kernel does not carry it.
#[derive(Debug)]
pub struct Note {
    /// What is missing, or why callers cope; empty for `full`.
    pub note: &'static str,
    /// Names and types of the arguments.
    pub args: &'static [(&'static str, &'static str)],
    /// Tests that prove it.
    pub proofs: &'static [&'static str],
}

/// A row: the call's place in [`TABLE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry(u16);

impl Entry {
    /// The call with this number.
    #[must_use]
    pub fn by_number(arch: Arch, number: usize) -> Option<Self> {
        let index: &[u16] = match arch {
            Arch::X86_64 => &X86_64_INDEX,
            Arch::Aarch64 => &AARCH64_INDEX,
        };
        index.get(number).filter(|row| **row != NO_NUMBER).map(|row| Self(*row))
    }

    /// The call with this name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        let row = TABLE.iter().position(|call| call.name == name)?;
        u16::try_from(row).ok().map(Self)
    }

    /// All rows, in the table's order.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..TABLE.len()).filter_map(|row| u16::try_from(row).ok().map(Self))
    }

    /// The place in [`TABLE`], for counters per call.
    #[must_use]
    pub const fn row(self) -> usize {
        self.0 as usize
    }

    /// What dispatch and trace know.
    #[must_use]
    pub fn call(self) -> &'static Syscall {
        &TABLE[self.row()]
    }

    /// What people read.
    #[must_use]
    pub fn note(self) -> &'static Note {
        &NOTES[self.row()]
    }

    /// The number on `arch`.
    #[must_use]
    pub fn number(self, arch: Arch) -> Option<usize> {
        self.call().number(arch)
    }
}

impl Syscall {
    /// The kinds of its arguments, in order.
    pub fn args(&self) -> impl Iterator<Item = Kind> {
        self.kinds.into_iter().take_while(|kind| *kind != Kind::None)
    }

    /// The number on `arch`, if it has the call.
    #[must_use]
    pub const fn number(&self, arch: Arch) -> Option<usize> {
        let number = match arch {
            Arch::X86_64 => self.numbers[0],
            Arch::Aarch64 => self.numbers[1],
        };
        if number == NO_NUMBER { None } else { Some(number as usize) }
    }
}

/// Six kinds, of which the last may be none.
const fn kinds(given: &[Kind]) -> [Kind; 6] {
    let mut kinds = [Kind::None; 6];
    let mut index = 0;
    while index < given.len() {
        kinds[index] = given[index];
        index += 1;
    }
    kinds
}

macro_rules! status {
    (full) => {
        Status::Full
    };
    (partial) => {
        Status::Partial
    };
    (fake) => {
        Status::Fake
    };
    (stub) => {
        Status::Stub
    };
}

macro_rules! note {
    () => {
        ""
    };
    ($note:literal) => {
        $note
    };
    ($value:literal, $note:literal) => {
        $note
    };
}

macro_rules! tables {
    ({}
        $($name:ident { $x86_64:tt, $arm64:tt } $status:ident $(($($note:literal),+))?
          ($($arg:ident : $ty:ty),*) [$($proof:literal),*];)*
    ) => {
        /// Every Linux system call, grouped by family.
        pub static TABLE: &[Syscall] = &[$(
            Syscall {
                name: stringify!($name),
                numbers: [crate::__number!($x86_64), crate::__number!($arm64)],
                status: status!($status),
                kinds: kinds(&[$(<$ty as FromArg>::KIND),*]),
            },
        )*];

        static NOTES: &[Note] = &[$(
            Note {
                note: note!($($($note),+)?),
                args: &[$((stringify!($arg), stringify!($ty))),*],
                proofs: &[$($proof),*],
            },
        )*];
    };
}

crate::syscall_table!(tables);

/// One more than the highest number of the architecture compiled for.
pub const NATIVE_LEN: usize = numbers(Arch::NATIVE as usize);

/// The native one of a row's two numbers.
#[must_use]
pub const fn native_number(numbers: [u16; 2]) -> Option<usize> {
    let number = numbers[Arch::NATIVE as usize];
    if number == NO_NUMBER { None } else { Some(number as usize) }
}

/// The native number of the call of this name, for tables made at compile time.
#[must_use]
pub const fn native_number_of(name: &str) -> Option<usize> {
    let mut row = 0;
    while row < TABLE.len() {
        if is_same(TABLE[row].name.as_bytes(), name.as_bytes()) {
            return native_number(TABLE[row].numbers);
        }
        row += 1;
    }
    None
}

const fn is_same(a: &[u8], b: &[u8]) -> bool {
    let mut at = 0;
    while at < a.len() && at < b.len() && a[at] == b[at] {
        at += 1;
    }
    at == a.len() && at == b.len()
}

const X86_64_LEN: usize = numbers(0);
const AARCH64_LEN: usize = numbers(1);
static X86_64_INDEX: [u16; X86_64_LEN] = index(0);
static AARCH64_INDEX: [u16; AARCH64_LEN] = index(1);

/// One more than the highest number in a column.
const fn numbers(column: usize) -> usize {
    let mut highest = 0;
    let mut row = 0;
    while row < TABLE.len() {
        let number = TABLE[row].numbers[column];
        if number != NO_NUMBER && number > highest {
            highest = number;
        }
        row += 1;
    }
    highest as usize + 1
}

/// The rows by number; a number twice is a compile error.
const fn index<const N: usize>(column: usize) -> [u16; N] {
    let mut index = [NO_NUMBER; N];
    let mut row = 0;
    while row < TABLE.len() {
        let number = TABLE[row].numbers[column];
        if number != NO_NUMBER {
            assert!(index[number as usize] == NO_NUMBER, "a system call number appears twice");
            index[number as usize] = row as u16;
        }
        row += 1;
    }
    index
}
