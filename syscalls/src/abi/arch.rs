//! What differs between the architectures: the values of the open flags.

/// The values of the open flags on one architecture.
macro_rules! open_bits {
    ($(#[$meta:meta])* $name:ident, $direct:expr, $largefile:expr, $directory:expr, $nofollow:expr) => {
        $(#[$meta])*
        #[allow(missing_docs, reason = "each is Linux's O_ constant of this name")]
        pub mod $name {
            pub const CREAT: u32 = 0o100;
            pub const EXCL: u32 = 0o200;
            pub const NOCTTY: u32 = 0o400;
            pub const TRUNC: u32 = 0o1000;
            pub const APPEND: u32 = 0o2000;
            pub const NONBLOCK: u32 = 0o4000;
            pub const DSYNC: u32 = 0o10_000;
            pub const ASYNC: u32 = 0o20_000;
            pub const DIRECT: u32 = $direct;
            pub const LARGEFILE: u32 = $largefile;
            pub const DIRECTORY: u32 = $directory;
            pub const NOFOLLOW: u32 = $nofollow;
            pub const NOATIME: u32 = 0o1_000_000;
            pub const CLOEXEC: u32 = 0o2_000_000;
            pub const SYNC: u32 = 0o4_010_000;
            pub const PATH: u32 = 0o10_000_000;
            pub const TMPFILE: u32 = 0o20_000_000 | DIRECTORY;
            /// The names, for a trace. Those that contain another's bits come first.
            pub const NAMES: &crate::args::Names = crate::args::names! {
                "O_" {
                    CREAT = CREAT as u64, EXCL = EXCL as u64, NOCTTY = NOCTTY as u64,
                    TRUNC = TRUNC as u64, APPEND = APPEND as u64, NONBLOCK = NONBLOCK as u64,
                    SYNC = SYNC as u64, DSYNC = DSYNC as u64, ASYNC = ASYNC as u64,
                    DIRECT = DIRECT as u64, LARGEFILE = LARGEFILE as u64,
                    TMPFILE = TMPFILE as u64, DIRECTORY = DIRECTORY as u64,
                    NOFOLLOW = NOFOLLOW as u64, NOATIME = NOATIME as u64,
                    CLOEXEC = CLOEXEC as u64, PATH = PATH as u64,
                }
            };
        }
    };
}

open_bits! {
    /// The open flags of x86_64.
    open_bits_x86_64, 0o40_000, 0o100_000, 0o200_000, 0o400_000
}

open_bits! {
    /// The open flags of arm64.
    open_bits_aarch64, 0o200_000, 0o400_000, 0o40_000, 0o100_000
}

#[cfg(target_arch = "aarch64")]
pub use open_bits_aarch64 as open_bits;
#[cfg(not(target_arch = "aarch64"))]
pub use open_bits_x86_64 as open_bits;
