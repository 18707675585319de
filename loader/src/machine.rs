//! [`Machine`]: the instruction sets that programs are loaded for, and what their address spaces
//! allow.

use core::fmt;

use goblin::elf::header::{EM_AARCH64, EM_X86_64};

/// Bytes of a page, on both machines.
pub const PAGE_SIZE: u64 = 4096;

/// Lowest address that an executable may ask for, as Linux's `vm.mmap_min_addr`.
pub const LOWEST_ADDRESS: u64 = 0x1_0000;

/// A 64-bit machine that Elfin runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Machine {
    /// AMD64, with 47 bits of user addresses.
    X86_64,
    /// arm64, little-endian, with 48 bits of user addresses.
    Aarch64,
}

impl Machine {
    /// The machine that this code was compiled for.
    #[cfg(target_arch = "x86_64")]
    pub const NATIVE: Self = Self::X86_64;
    /// The machine that this code was compiled for.
    #[cfg(target_arch = "aarch64")]
    pub const NATIVE: Self = Self::Aarch64;

    /// The machine with this `e_machine`.
    pub const fn from_elf(e_machine: u16) -> Option<Self> {
        match e_machine {
            EM_X86_64 => Some(Self::X86_64),
            EM_AARCH64 => Some(Self::Aarch64),
            _ => None,
        }
    }

    /// Its `e_machine`.
    pub const fn elf_number(self) -> u16 {
        match self {
            Self::X86_64 => EM_X86_64,
            Self::Aarch64 => EM_AARCH64,
        }
    }

    /// What `uname -m` and AT_PLATFORM say.
    pub const fn name(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Aarch64 => "aarch64",
        }
    }

    /// End of the addresses that a program may use (Linux's `TASK_SIZE`).
    pub const fn user_limit(self) -> u64 {
        match self {
            Self::X86_64 => 0x7fff_ffff_f000,
            Self::Aarch64 => 0x1_0000_0000_0000,
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The begin of the page that `address` lies in.
pub const fn page_down(address: u64) -> u64 {
    address - address % PAGE_SIZE
}

/// The first page boundary at or above `address`; addresses above the last page stay there.
pub const fn page_up(address: u64) -> u64 {
    page_down(address.saturating_add(PAGE_SIZE - 1))
}
