//! Time: `timespec`, `timeval`, timers, `tms`, `utimbuf`.

use super::macros::abi;

abi! {
    /// `struct timespec`: seconds and nanoseconds.
    pub struct Timespec as Timespec {
        pub tv_sec: i64,
        pub tv_nsec: i64,
    }

    /// `struct timeval`: seconds and microseconds.
    pub struct Timeval as Timeval {
        pub tv_sec: i64,
        pub tv_usec: i64,
    }

    /// `struct timezone`.
    pub struct Timezone {
        pub tz_minuteswest: i32,
        pub tz_dsttime: i32,
    }

    /// `struct itimerspec`.
    pub struct Itimerspec as Itimerspec {
        pub it_interval: Timespec,
        pub it_value: Timespec,
    }

    /// `struct itimerval`.
    pub struct Itimerval as Itimerval {
        pub it_interval: Timeval,
        pub it_value: Timeval,
    }

    /// `struct tms`: clock ticks (100 a second).
    pub struct Tms {
        pub tms_utime: i64,
        pub tms_stime: i64,
        pub tms_cutime: i64,
        pub tms_cstime: i64,
    }

    /// `struct utimbuf`: seconds.
    pub struct Utimbuf {
        pub actime: i64,
        pub modtime: i64,
    }

    /// `struct timex` of `adjtimex`.
    pub struct Timex {
        pub modes: u32,
        pub pad0: u32,
        pub offset: i64,
        pub freq: i64,
        pub maxerror: i64,
        pub esterror: i64,
        pub status: i32,
        pub pad1: u32,
        pub constant: i64,
        pub precision: i64,
        pub tolerance: i64,
        pub time: Timeval,
        pub tick: i64,
        pub ppsfreq: i64,
        pub jitter: i64,
        pub shift: i32,
        pub pad2: u32,
        pub stabil: i64,
        pub jitcnt: i64,
        pub calcnt: i64,
        pub errcnt: i64,
        pub stbcnt: i64,
        pub tai: i32,
        pub pad3: [u32; 11],
    }
}

/// `CLOCKS_PER_SEC` of the kernel's interfaces: the ticks of `times` and `/proc`.
pub const USER_HZ: u32 = 100;
/// Nanoseconds in a second.
pub const NSEC_PER_SEC: i64 = 1_000_000_000;
/// In `tv_nsec` of `utimensat`: now.
pub const UTIME_NOW: i64 = (1 << 30) - 1;
/// In `tv_nsec` of `utimensat`: leave it alone.
pub const UTIME_OMIT: i64 = (1 << 30) - 2;
/// Real time, `SIGALRM`.
pub const ITIMER_REAL: i32 = 0;
/// User CPU time, `SIGVTALRM`.
pub const ITIMER_VIRTUAL: i32 = 1;
/// CPU time, `SIGPROF`.
pub const ITIMER_PROF: i32 = 2;

impl Timespec {
    /// The time in nanoseconds, if it is one that Linux accepts as a timeout: not negative and
    /// with less than a second of nanoseconds. Saturates at `u64::MAX`.
    #[must_use]
    pub fn checked_nanos(self) -> Option<u64> {
        let seconds = u64::try_from(self.tv_sec).ok()?;
        let nanos = u64::try_from(self.tv_nsec).ok()?;
        if self.tv_nsec >= NSEC_PER_SEC {
            return None;
        }
        Some(seconds.saturating_mul(NSEC_PER_SEC.unsigned_abs()).saturating_add(nanos))
    }

    /// From nanoseconds.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        let second = NSEC_PER_SEC.unsigned_abs();
        Self { tv_sec: (nanos / second).cast_signed(), tv_nsec: (nanos % second).cast_signed() }
    }
}

impl Timeval {
    /// Microseconds in a second.
    const USEC_PER_SEC: i64 = 1_000_000;

    /// The time in nanoseconds, under the same rules as [`Timespec::checked_nanos`].
    #[must_use]
    pub fn checked_nanos(self) -> Option<u64> {
        let seconds = u64::try_from(self.tv_sec).ok()?;
        let micros = u64::try_from(self.tv_usec).ok()?;
        if self.tv_usec >= Self::USEC_PER_SEC {
            return None;
        }
        let nanos = micros.saturating_mul(1000);
        Some(seconds.saturating_mul(NSEC_PER_SEC.unsigned_abs()).saturating_add(nanos))
    }

    /// From nanoseconds, rounded down.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        let second = NSEC_PER_SEC.unsigned_abs();
        Self {
            tv_sec: (nanos / second).cast_signed(),
            tv_usec: (nanos % second / 1000).cast_signed(),
        }
    }
}
