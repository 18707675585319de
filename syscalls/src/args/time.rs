//! Arguments about time: [`ClockId`] and the flags of timers.

use super::macros::{codes, flag_set};

codes! {
    /// A clock. Negative ids are CPU clocks of a process or thread, or a device's.
    pub struct ClockId: i32, "CLOCK_" {
        REALTIME = 0;
        MONOTONIC = 1;
        PROCESS_CPUTIME_ID = 2;
        THREAD_CPUTIME_ID = 3;
        MONOTONIC_RAW = 4;
        REALTIME_COARSE = 5;
        MONOTONIC_COARSE = 6;
        BOOTTIME = 7;
        REALTIME_ALARM = 8;
        BOOTTIME_ALARM = 9;
        TAI = 11;
    }
}

flag_set! {
    /// Flags of `clock_nanosleep` and `timer_settime`; unknown bits are ignored.
    pub struct TimerFlags: u32, "TIMER_", ignore {
        ABSTIME = 1;
    }
}

flag_set! {
    /// Flags of `timerfd_create`.
    pub struct TimerFdFlags: u32, "TFD_", reject {
        NONBLOCK = 0o4000;
        CLOEXEC = 0o2_000_000;
    }
}

flag_set! {
    /// Flags of `timerfd_settime`.
    pub struct TimerFdSetFlags: u32, "TFD_TIMER_", reject {
        ABSTIME = 1;
        CANCEL_ON_SET = 2;
    }
}
