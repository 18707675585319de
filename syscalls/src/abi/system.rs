//! The machine: `utsname`, `sysinfo`.

use super::macros::abi;

abi! {
    /// `struct new_utsname`.
    pub struct Utsname as Utsname {
        pub sysname: [u8; 65],
        pub nodename: [u8; 65],
        pub release: [u8; 65],
        pub version: [u8; 65],
        pub machine: [u8; 65],
        pub domainname: [u8; 65],
    }

    /// `struct sysinfo`.
    pub struct Sysinfo {
        pub uptime: i64,
        pub loads: [u64; 3],
        pub totalram: u64,
        pub freeram: u64,
        pub sharedram: u64,
        pub bufferram: u64,
        pub totalswap: u64,
        pub freeswap: u64,
        pub procs: u16,
        pub pad: u16,
        pub pad1: u32,
        pub totalhigh: u64,
        pub freehigh: u64,
        pub mem_unit: u32,
        pub pad2: u32,
    }
}

/// The length of each field of [`Utsname`], with its zero byte.
pub const UTS_LEN: usize = 65;
/// The load averages of [`Sysinfo`] are multiplied by 1 << this.
pub const SI_LOAD_SHIFT: u32 = 16;

/// A field of [`Utsname`]: the text, cut at 64 bytes, and zeros.
#[must_use]
pub const fn uts_field(text: &str) -> [u8; UTS_LEN] {
    let mut field = [0; UTS_LEN];
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() && at < UTS_LEN - 1 {
        field[at] = bytes[at];
        at += 1;
    }
    field
}
