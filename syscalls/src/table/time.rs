//! Rows about clocks and timers.
//!
//! How to change a row is said in [`crate::table`].

#[doc(hidden)]
#[macro_export]
macro_rules! __rows_time {
    ($to:tt [$next:ident $($rest:ident)*] $($rows:tt)*) => { $crate::$next! { $to [$($rest)*] $($rows)*
        clock_gettime    { 228, 113 } full (clock: ClockId, out: UserOut<Timespec>) ["own:time"];
        clock_settime    { 227, 112 } full (clock: ClockId, new: UserIn<Timespec>) ["own:time"];
        clock_getres     { 229, 114 } full (clock: ClockId, out: UserOut<Timespec>) ["own:time"];
        clock_nanosleep  { 230, 115 } full (clock: ClockId, flags: TimerFlags, request: UserIn<Timespec>, remain: UserOut<Timespec>) ["own:time"];
        nanosleep        {  35, 101 } full (request: UserIn<Timespec>, remain: UserOut<Timespec>) ["own:time"];
        gettimeofday     {  96, 169 } full (tv: UserOut<Timeval>, tz: UserOut<Timezone>) ["own:time"];
        settimeofday     { 164, 170 } partial("the time zone is ignored") (tv: UserIn<Timeval>, tz: UserIn<Timezone>) [];
        time             { 201,   _ } full (out: UserOut<i64>) ["own:time"];
        times            { 100, 153 } partial("all CPU time counts as the program's own") (out: UserOut<Tms>) [];
        alarm            {  37,   _ } full (seconds: u32) ["own:signals"];
        getitimer        {  36, 102 } full (which: i32, out: UserOut<Itimerval>) ["own:signals"];
        setitimer        {  38, 103 } full (which: i32, new: UserIn<Itimerval>, old: UserOut<Itimerval>) ["own:signals"];
        timer_create     { 222, 107 } full (clock: ClockId, event: UserIn<Sigevent>, out: UserOut<i32>) ["own:signals"];
        timer_settime    { 223, 110 } full (timer: i32, flags: TimerFlags, new: UserIn<Itimerspec>, old: UserOut<Itimerspec>) ["own:signals"];
        timer_gettime    { 224, 108 } full (timer: i32, out: UserOut<Itimerspec>) ["own:signals"];
        timer_getoverrun { 225, 109 } full (timer: i32) ["own:signals"];
        timer_delete     { 226, 111 } full (timer: i32) ["own:signals"];
        timerfd_create   { 283,  85 } full                  (clock: ClockId, flags: TimerFdFlags) ["own:events"];
        timerfd_settime  { 286,  86 } full                  (fd: Fd, flags: TimerFdSetFlags, new: UserIn<Itimerspec>, old: UserOut<Itimerspec>) ["own:events"];
        timerfd_gettime  { 287,  87 } full                  (fd: Fd, out: UserOut<Itimerspec>) ["own:events"];
        adjtimex         { 159, 171 } partial("the clock's rate cannot be changed") (timex: UserAddr) [];
        clock_adjtime    { 305, 266 } partial("the clock's rate cannot be changed") (clock: ClockId, timex: UserAddr) [];
    } };
}
